//! Times as this API writes and reads them.

use app::Ctx;
use domain::Timestamp;
use jiff::SignedDuration;

/// ISO 8601, UTC, whole seconds, `Z`.
pub(crate) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time in the past: a number and `m`, `h` or `d`, or a time as it is written.
pub(crate) fn since(text: &str, ctx: &Ctx) -> Option<Timestamp> {
    let unit = text.chars().next_back()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return text.parse().ok(),
    };
    let number = &text[..text.len() - unit.len_utf8()];
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = number.parse().ok().filter(|_| is_number)?;
    let ago = SignedDuration::try_from_mins(count.checked_mul(minutes)?)?;
    Some(ctx.now.saturating_sub(ago).unwrap_or(Timestamp::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::Operator;
    use domain::OrgId;
    use uuid::Uuid;

    #[test]
    fn times_have_whole_seconds_and_a_z() {
        assert_eq!(iso(Timestamp::from_microsecond(1_795_316_645_678_901).unwrap()), "2026-11-22T03:04:05Z");
    }

    #[test]
    fn a_while_ago_is_a_number_and_a_unit_or_a_time() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let ctx = Operator::of_this_installation().acting_for(OrgId(Uuid::nil()), now);
        let ago = |text| since(text, &ctx).map(iso);
        for (text, time) in [
            ("90m", "2026-11-22T08:30:00Z"),
            ("24h", "2026-11-21T10:00:00Z"),
            ("7d", "2026-11-15T10:00:00Z"),
            ("0d", "2026-11-22T10:00:00Z"),
            ("2026-11-01T00:00:00+01:00", "2026-10-31T23:00:00Z"),
        ] {
            assert_eq!(ago(text).as_deref(), Some(time), "{text}");
        }
        for text in
            ["", "xyz", "h", "-1h", "1w", "1.5h", "+1h", "99999999999999999999d", "9223372036854775807d", "ü", "1ü"]
        {
            assert_eq!(ago(text), None, "{text}");
        }
        assert!(ago("999999999d").is_some(), "before all time is before everything");
    }
}

//! Times as Make writes them.

use domain::Timestamp;

/// ISO 8601, UTC, milliseconds, `Z`.
pub(crate) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_a_z() {
        assert_eq!(iso(Timestamp::from_microsecond(1_795_316_645_678_901).unwrap()), "2026-11-22T03:04:05.678Z");
        assert_eq!(iso(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}

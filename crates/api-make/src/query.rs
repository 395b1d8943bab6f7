//! What the query must hold: ids, which are there and are good, or a fault with the key.

use domain::AgentId;
use web::Query;

use crate::reading::{Fault, Faults, MAX_SAFE_INTEGER, NOT_AN_ID};

/// An id that must be there: an integer above 0.
pub(crate) fn number(query: &Query, key: &str) -> Result<u64, Fault> {
    let text = query.find(key).ok_or_else(|| fault(key, "required"))?;
    whole_number(text).filter(|number| *number > 0).ok_or_else(|| fault(key, "must be an integer above 0"))
}

/// An agent's id that must be there.
pub(crate) fn agent(query: &Query, key: &str) -> Result<AgentId, Fault> {
    let text = query.find(key).ok_or_else(|| fault(key, "required"))?;
    text.parse().map_err(|_| fault(key, NOT_AN_ID))
}

/// A number that may be absent.
pub(crate) fn number_or(text: Option<&str>, key: &str, default: u64, max: u64, faults: &Faults) -> u64 {
    let Some(text) = text else { return default };
    whole_number(text).filter(|number| *number <= max).unwrap_or_else(|| {
        faults.note(key.to_owned(), format!("must be an integer from 0 to {max}"));
        default
    })
}

/// Digits and nothing else: no sign, no space, no exponent.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= MAX_SAFE_INTEGER)
}

fn fault(key: &str, message: &str) -> Fault {
    Fault { path: key.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_positive_integers() {
        assert_eq!(number(&Query::parse("teamId=1"), "teamId"), Ok(1));
        let huge = "teamId=99999999999999999999";
        for wrong in
            ["", "teamId=", "teamId=0", "teamId=abc", "teamId=%2B1", "teamId=-1", "teamId=1e3", "teamId=1.0", huge]
        {
            let fault = number(&Query::parse(wrong), "teamId").unwrap_err();
            assert!(fault.to_string().starts_with("teamId: "), "{wrong}");
        }
    }
}

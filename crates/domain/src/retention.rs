//! Rules of how long things are kept. What no rule speaks of stays.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Serialize};

/// Shorter than this nothing is kept: a slip of the pen must not empty a store at once.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long things are kept, each kind by itself; `None` is for good, or as long as is said
/// where the kind is defined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Sessions in which nothing goes on, from their last event.
    pub sessions: Option<Age>,
    /// What sampled sources of signals gave.
    pub samples: Option<Age>,
    /// What was sent to webhooks and is over.
    pub deliveries: Option<Age>,
}

impl Retention {
    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A length of time for which something is kept: `90d`, `8w`, `36h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age(SignedDuration);

/// A text that says no such length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no length of time from 1h on, written like 90d, 8w or 36h")]
pub struct NoAge(String);

impl Age {
    /// What was there before this moment is kept no longer at `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.0).unwrap_or(Timestamp::MIN)
    }

    /// When something of this moment has been kept for long enough.
    pub fn over(self, at: Timestamp) -> Timestamp {
        at.checked_add(self.0).unwrap_or(Timestamp::MAX)
    }

    /// Whether it is longer than this.
    pub fn exceeds(self, most: SignedDuration) -> bool {
        self.0 > most
    }
}

impl FromStr for Age {
    type Err = NoAge;

    fn from_str(text: &str) -> Result<Self, NoAge> {
        let no_age = || NoAge(text.to_owned());
        let span: Span = text.parse().map_err(|_| no_age())?;
        // Of months and years nobody knows how long they are.
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| no_age())?;
        if length < SHORTEST { Err(no_age()) } else { Ok(Self(length)) }
    }
}

impl TryFrom<String> for Age {
    type Error = NoAge;

    fn try_from(text: String) -> Result<Self, NoAge> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, day) = (self.0.as_secs() / DAY.as_secs(), DAY.as_secs());
        match self.0 == SignedDuration::from_secs(days * day) {
            true => write!(f, "{days}d"),
            false => write!(f, "{:#}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_read_as_people_write_it_and_read_back() {
        for (written, shown) in [("90d", "90d"), ("2w", "14d"), ("36h", "36h"), ("1d 12h", "36h"), ("1h", "1h")] {
            let age: Age = written.parse().unwrap();
            assert_eq!(age.to_string(), shown);
            assert_eq!(shown.parse(), Ok(age));
        }
        for wrong in ["", "90", "0d", "59m", "-90d", "90d ago", "3mo", "1y", "forever", "99999999999d"] {
            let refused = wrong.parse::<Age>().unwrap_err();
            assert!(refused.to_string().contains(wrong), "{refused}");
        }
    }

    #[test]
    fn what_is_older_than_all_time_is_nothing() {
        let age: Age = "7000000d".parse().unwrap();
        assert_eq!(age.before(Timestamp::UNIX_EPOCH), Timestamp::MIN);
        assert_eq!(age.over(Timestamp::UNIX_EPOCH), Timestamp::MAX);
        let day: Age = "1d".parse().unwrap();
        assert_eq!(day.over(day.before(Timestamp::UNIX_EPOCH)), Timestamp::UNIX_EPOCH);
    }
}

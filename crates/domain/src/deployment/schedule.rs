//! A clock: when the runs of a deployment are due.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Longest expression.
const CHARS_MAX: usize = 200;

/// A cron expression in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Minute, hour, day of the month, month, day of the week.
    pub expression: String,
    /// IANA name of the zone whose clock it goes by.
    pub timezone: String,
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    /// The expression cannot be read.
    #[error("{0}")]
    Expression(String),
    /// It is never due.
    #[error("there is no such day: it would never be due")]
    Never,
    /// The zone is not known.
    #[error("must be an IANA time zone such as Europe/Berlin")]
    TimeZone,
}

impl Schedule {
    /// A schedule that is due some day.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(expression: String, timezone: String) -> Result<Self, BadSchedule> {
        TimeZone::get(&timezone).map_err(|_| BadSchedule::TimeZone)?;
        cron(&expression)?;
        let schedule = Self { expression, timezone };
        // Some day of a leap year may be meant, which is at most eight years away.
        schedule.next_after(Timestamp::UNIX_EPOCH).ok_or(BadSchedule::Never)?;
        Ok(schedule)
    }

    /// The first time it is due after this one. In an hour that a zone leaves out it is due
    /// right behind it; in one that comes twice, at its first.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.timezone).ok()?;
        let next = cron(&self.expression).ok()?.find_next_occurrence(&at.to_zoned(zone), false).ok()?;
        Some(next.timestamp()).filter(|next| *next > at)
    }

    /// The next times it is due after this one, at most so many.
    pub fn upcoming(&self, at: Timestamp, limit: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(at), |last| self.next_after(*last)).take(limit).collect()
    }
}

fn cron(expression: &str) -> Result<Cron, BadSchedule> {
    if expression.chars().count() > CHARS_MAX {
        return Err(BadSchedule::Expression(format!("must have at most {CHARS_MAX} characters")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(expression).map_err(|error| BadSchedule::Expression(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn next(expression: &str, zone: &str, after: &str) -> String {
        let schedule = Schedule::new(expression.into(), zone.into()).unwrap();
        schedule.next_after(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn times_are_those_of_the_zone() {
        assert_eq!(next("0 9 * * MON-FRI", "Europe/Berlin", "2026-11-20T08:00:00Z"), "2026-11-23T08:00:00Z");
        assert_eq!(next("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z"), "2026-07-01T07:00:00Z");
        assert_eq!(next("*/15 * * * *", "UTC", "2026-11-22T12:00:00Z"), "2026-11-22T12:15:00Z");
        assert_eq!(next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00Z");
    }

    #[test]
    fn a_day_of_23_or_25_hours_loses_and_doubles_nothing() {
        // 02:30 is left out on the 29th of March, and comes twice on the 25th of October.
        let spring = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z").parse::<Timestamp>().unwrap();
        assert_eq!(spring.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date().to_string(), "2026-03-29");
        let schedule = Schedule::new("30 2 * * *".into(), "Europe/Berlin".into()).unwrap();
        let autumn = schedule.upcoming("2026-10-24T12:00:00Z".parse().unwrap(), 2);
        assert_eq!(autumn[0].to_string(), "2026-10-25T00:30:00Z");
        assert_eq!(autumn[1].to_string(), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for (expression, zone) in [
            ("", "UTC"),
            ("* * * *", "UTC"),
            ("* * * * * *", "UTC"),
            ("60 * * * *", "UTC"),
            ("0 0 30 2 *", "UTC"),
            ("every day", "UTC"),
            (&"1,".repeat(200), "UTC"),
            ("0 0 * * *", "Mars/Olympus"),
            ("0 0 * * *", ""),
        ] {
            assert!(Schedule::new(expression.into(), zone.into()).is_err(), "{expression:?} {zone:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_goes_forward(text in "[0-9*/,L#W -]{5,20}", after in 0i64..4_000_000_000) {
            let Ok(schedule) = Schedule::new(text, "America/New_York".into()) else { return Ok(()) };
            let after = Timestamp::from_second(after).unwrap();
            let times = schedule.upcoming(after, 3);
            prop_assert!(times.iter().all(|time| *time > after) && times.is_sorted());
        }
    }
}

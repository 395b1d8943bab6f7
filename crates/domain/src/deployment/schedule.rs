//! A clock: when the runs of a deployment are due.
//!
//! An expression names times of the wall clock. On the days on which a zone sets its clocks,
//! each of them counts once: one that is left out is made up for as soon as the clocks have
//! gone forward, and one that comes twice counts when it comes first. Only an expression that
//! names every hour goes by the time that passes: an hour that comes twice is two hours.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
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
    /// It is never due any more.
    #[error("there is no such day: it would never be due")]
    Never,
    /// The zone is not known.
    #[error("must be an IANA time zone such as Europe/Berlin")]
    TimeZone,
}

impl Schedule {
    /// A schedule that is due some day after now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(expression: String, timezone: String, now: Timestamp) -> Result<Self, BadSchedule> {
        TimeZone::get(&timezone).map_err(|_| BadSchedule::TimeZone)?;
        cron(&expression)?;
        let schedule = Self { expression, timezone };
        schedule.next_after(now).ok_or(BadSchedule::Never)?;
        Ok(schedule)
    }

    /// The first time it is due after this one.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let (zone, cron) = (TimeZone::get(&self.timezone).ok()?, cron(&self.expression).ok()?);
        if names_every_hour(&cron) {
            let next = cron.find_next_occurrence(&at.to_zoned(zone), false).ok()?;
            return Some(next.timestamp()).filter(|next| *next > at);
        }
        let next = |time: &DateTime| next_on_the_wall(&cron, *time);
        let times = std::iter::successors(next(&zone.to_datetime(at)), next);
        // In the second of two hours that are one, the times ahead counted in the first.
        times.map_while(|time| instant(&zone, time)).find(|due| *due > at)
    }

    /// The next times it is due after this one, at most so many.
    pub fn upcoming(&self, at: Timestamp, limit: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(at), |last| self.next_after(*last)).take(limit).collect()
    }
}

fn names_every_hour(cron: &Cron) -> bool {
    cron.pattern.hours.values().len() == 24
}

/// The next time that an expression names, on a clock that is never set.
fn next_on_the_wall(cron: &Cron, after: DateTime) -> Option<DateTime> {
    let after = after.to_zoned(TimeZone::UTC).ok()?;
    cron.find_next_occurrence(&after, false).ok().map(|next| next.datetime())
}

/// When a zone's clocks first show a time, or are set past it.
fn instant(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(time).ok()
        }
        // By the later offset it would lie before the moment at which they are set.
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(time).ok()?;
            zone.following(before).next().map(|set| set.timestamp())
        }
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

    /// Of each field something that it can hold, so that most of them are read.
    const EXPRESSION: &str = concat!(
        r"(\*|[0-9]|[1-5][0-9]|[0-9]-[1-4][0-9]|\*/[1-9]|[0-9],[2-5][0-9]) ",
        r"(\*|[0-9]|1[0-9]|[0-9]-1[0-9]|\*/[1-9]|[1-3],2[0-3]) ",
        r"(\*|[1-9]|[12][0-9]|3[01]|L|1[0-9]W) ",
        r"(\*|[1-9]|1[0-2]|[1-6]/2) ",
        r"(\*|[0-6]|1-5|[0-6]#[1-5]|[0-6]L)",
    );

    fn next(expression: &str, zone: &str, after: &str) -> String {
        upcoming(expression, zone, after, 1).remove(0)
    }

    fn upcoming(expression: &str, zone: &str, after: &str, limit: usize) -> Vec<String> {
        let after = after.parse().unwrap();
        let schedule = Schedule::new(expression.into(), zone.into(), after).unwrap();
        schedule.upcoming(after, limit).iter().map(Timestamp::to_string).collect()
    }

    #[test]
    fn times_are_those_of_the_zone() {
        assert_eq!(next("0 9 * * MON-FRI", "Europe/Berlin", "2026-11-20T08:00:00Z"), "2026-11-23T08:00:00Z");
        assert_eq!(next("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z"), "2026-07-01T07:00:00Z");
        assert_eq!(next("*/15 * * * *", "UTC", "2026-11-22T12:00:00Z"), "2026-11-22T12:15:00Z");
        assert_eq!(next("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00Z");
    }

    /// In Berlin the hour from two to three is left out on the 29th of March, at 01:00Z, and
    /// comes twice on the 25th of October, from 00:00Z on.
    #[test]
    fn a_day_of_23_or_25_hours_loses_and_doubles_nothing() {
        let spring = "2026-03-28T12:00:00Z";
        let autumn = "2026-10-24T12:00:00Z";
        for (expression, after, due) in [
            ("30 2 * * *", spring, vec!["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            ("30 2 * * *", autumn, vec!["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            ("30 1,2,3 * * *", spring, vec!["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]),
            ("30 1,2,3 * * *", autumn, vec!["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"]),
            // What was left out comes at three, with what is due at three.
            ("0 2,3 * * *", spring, vec!["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
            ("*/20 2 * * *", spring, vec!["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
            (
                "*/20 2-3 * * *",
                autumn,
                vec![
                    "2026-10-25T00:00:00Z",
                    "2026-10-25T00:20:00Z",
                    "2026-10-25T00:40:00Z",
                    "2026-10-25T02:00:00Z",
                    "2026-10-25T02:20:00Z",
                ],
            ),
            ("0 */2 * * *", "2026-10-24T23:00:00Z", vec!["2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"]),
        ] {
            assert_eq!(upcoming(expression, "Europe/Berlin", after, due.len()), due, "{expression}");
        }
        // In the second of the two hours, what counted in the first is not due again.
        assert_eq!(next("*/20 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"), "2026-10-26T01:00:00Z");
    }

    #[test]
    fn what_names_every_hour_goes_by_the_time_that_passes() {
        for expression in ["0 * * * *", "@hourly"] {
            for (after, due) in [
                ("2026-03-29T00:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]),
                ("2026-10-25T00:00:00Z", ["2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]),
            ] {
                assert_eq!(upcoming(expression, "Europe/Berlin", after, 2), due, "{expression}");
            }
        }
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
            let now = "2026-11-22T00:00:00Z".parse().unwrap();
            assert!(Schedule::new(expression.into(), zone.into(), now).is_err(), "{expression:?} {zone:?}");
        }
    }

    proptest! {
        /// Not only sooner or later, but in good time: the calendar repeats itself.
        #[test]
        fn whatever_is_read_goes_forward_and_on(text in EXPRESSION, after in 0i64..4_000_000_000) {
            let after = Timestamp::from_second(after).unwrap();
            let Ok(schedule) = Schedule::new(text, "America/New_York".into(), after) else { return Ok(()) };
            let times = schedule.upcoming(after, 3);
            prop_assert!(times.len() == 3 && times[0] > after && times.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}

//! Hours of a week in which a rule counts.

use std::fmt;
use std::str::FromStr;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

const MINUTES_OF_DAY: u16 = 24 * 60;

/// Hours of some days, by the clock of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days on which it begins; none is every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends, itself not in it. At or before `from`, it ends on the next day.
    pub until: TimeOfDay,
}

impl Window {
    /// Whether this moment lies in it.
    pub fn holds(&self, at: &Zoned) -> bool {
        let minute = u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs());
        let today = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
        let begins_on = |day: usize| self.days.is_empty() || self.days.contains(&Day::ALL[day % Day::ALL.len()]);
        let (TimeOfDay(from), TimeOfDay(until)) = (self.from, self.until);
        if from < until {
            return begins_on(today) && (from..until).contains(&minute);
        }
        (begins_on(today) && minute >= from) || (begins_on(today + Day::ALL.len() - 1) && minute < until)
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days say themselves")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All of them, from Monday on.
    pub const ALL: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Day::Mon => "mon",
            Day::Tue => "tue",
            Day::Wed => "wed",
            Day::Thu => "thu",
            Day::Fri => "fri",
            Day::Sat => "sat",
            Day::Sun => "sun",
        }
    }
}

impl FromStr for Day {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        Day::ALL
            .into_iter()
            .find(|day| day.as_str() == text)
            .ok_or(NotATime("must be mon, tue, wed, thu, fri, sat or sun"))
    }
}

/// A time of day, to the minute; also the end of a day, `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// A text that is no day or no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotATime(&'static str);

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let wrong = NotATime("must be a time of day such as 18:30, or 24:00");
        let number = |text: &str| match text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u16>().ok(),
            false => None,
        };
        let (hour, minute) = text.split_once(':').ok_or(wrong)?;
        let (hour, minute) = (number(hour).ok_or(wrong)?, number(minute).filter(|minute| *minute < 60).ok_or(wrong)?);
        Some(hour * 60 + minute).filter(|minutes| *minutes <= MINUTES_OF_DAY).map(Self).ok_or(wrong)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, tz::TimeZone};
    use proptest::prelude::*;

    fn window(days: &[Day], from: &str, until: &str) -> Window {
        Window { days: days.to_vec(), from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    /// At a time of a day in a week of which the Monday is the 23rd of November 2026.
    fn at(day: usize, time: &str) -> Zoned {
        let day = 23 + day;
        format!("2026-11-{day:02}T{time}:00+01:00[Europe/Berlin]").parse().unwrap()
    }

    #[test]
    fn a_window_begins_on_its_days_and_may_end_on_the_next() {
        let (day, night) = (window(&[Day::Mon], "09:00", "17:30"), window(&[Day::Fri], "18:00", "08:00"));
        for (window, moment, expected) in [
            (&day, at(0, "08:59"), false),
            (&day, at(0, "09:00"), true),
            (&day, at(0, "17:29"), true),
            (&day, at(0, "17:30"), false),
            (&day, at(1, "12:00"), false),
            (&night, at(4, "17:59"), false),
            (&night, at(4, "18:00"), true),
            (&night, at(5, "07:59"), true),
            (&night, at(5, "08:00"), false),
            (&night, at(4, "07:00"), false),
            (&window(&[Day::Sun], "12:00", "24:00"), at(6, "23:59"), true),
            (&window(&[Day::Sun], "20:00", "02:00"), at(0, "01:00"), true),
            (&window(&[], "00:00", "00:00"), at(3, "03:00"), true),
            (&window(&[Day::Wed], "00:00", "24:00"), at(2, "00:00"), true),
        ] {
            assert_eq!(window.holds(&moment), expected, "{window:?} {moment}");
        }
    }

    #[test]
    fn times_are_the_organizations() {
        let moment: Timestamp = "2026-11-23T23:30:00Z".parse().unwrap();
        let tuesday = window(&[Day::Tue], "00:00", "06:00");
        assert!(tuesday.holds(&moment.to_zoned(TimeZone::get("Europe/Berlin").unwrap())));
        assert!(!tuesday.holds(&moment.to_zoned(TimeZone::UTC)));
    }

    #[test]
    fn a_time_of_day_has_one_spelling() {
        for wrong in ["", "9:00", "09:60", "24:01", "25:00", "09", "09:00:00", "+9:00", "0９:00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_in_a_window_or_in_its_complement(minutes in 0_u16..1_440, until in 0_u16..1_440, second in 0_i64..4_000_000) {
            let (from, until) = (TimeOfDay(minutes), TimeOfDay(until));
            prop_assert_eq!(from.to_string().parse(), Ok(from));
            prop_assume!(from != until);
            let moment = Timestamp::from_second(1_700_000_000 + second).unwrap().to_zoned(TimeZone::UTC);
            let inside = Window { days: Vec::new(), from, until }.holds(&moment);
            let outside = Window { days: Vec::new(), from: until, until: from }.holds(&moment);
            prop_assert_ne!(inside, outside);
        }
    }
}

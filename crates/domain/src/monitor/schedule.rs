//! When a rollout is looked at.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A check that is late by no more than this counts as made in time; one that is later moves
/// those after it.
pub const LATE_BY_MAX: SignedDuration = SignedDuration::from_secs(1);

/// Most gaps of a kind.
const GAPS_MAX: usize = 20;
/// Longest time to cool down, and longest gap, in seconds.
const SECONDS_MAX: u32 = 24 * 3_600;
/// Shortest gap.
const GAP_MIN: u32 = 5;

/// The gaps between checks, in seconds. Each is measured from the check before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// The first ones, from the report on,
    pub gaps: Vec<u32>,
    /// and all others, for as long as the rollout goes on.
    pub every: u32,
    /// How long it is looked at when it is over. Of 0, a last check is left.
    pub cool_down: u32,
    /// The first gaps of that time,
    pub cool_down_gaps: Vec<u32>,
    /// and all others.
    pub cool_down_every: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            gaps: vec![10, 30, 60, 300],
            every: 300,
            cool_down: 900,
            cool_down_gaps: vec![30, 60],
            cool_down_every: 300,
        }
    }
}

impl Schedule {
    /// What is wrong with it: the field, and what it must be.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let gap = |gap: &u32| (GAP_MIN..=SECONDS_MAX).contains(gap);
        let gaps = |gaps: &[u32]| gaps.len() <= GAPS_MAX && gaps.iter().all(gap);
        let rule = format!("must be from {GAP_MIN} to {SECONDS_MAX} seconds");
        let each = format!("must have at most {GAPS_MAX} gaps, each from {GAP_MIN} to {SECONDS_MAX} seconds");
        [
            (gaps(&self.gaps), "gaps", each.clone()),
            (gap(&self.every), "every", rule.clone()),
            (self.cool_down <= SECONDS_MAX, "cool_down", format!("must be at most {SECONDS_MAX} seconds")),
            (gaps(&self.cool_down_gaps), "cool_down_gaps", each),
            (gap(&self.cool_down_every), "cool_down_every", rule),
        ]
        .into_iter()
        .find(|(holds, ..)| !holds)
        .map(|(_, field, rule)| (field, rule))
    }
}

/// How far the checks of one round have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Whether the gaps are those of the cool-down.
    is_cooling: bool,
    /// The check before, or what the first gap is measured from.
    last: Timestamp,
    /// Checks since then, and before: so many gaps are used up.
    made: u32,
    /// When it is over; `None` while the rollout goes on.
    ends_at: Option<Timestamp>,
    /// Since when somebody waits for a look besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at: Option<Timestamp>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A check, at this time.
    Check(Timestamp),
    /// The end, at this time.
    End(Timestamp),
}

impl Next {
    /// When.
    pub fn at(self) -> Timestamp {
        let (Next::Check(at) | Next::End(at)) = self;
        at
    }
}

impl Course {
    /// A round that begins with a report. One that is finished already runs the usual gaps,
    /// for as long as its cool-down lasts.
    pub fn begin(schedule: &Schedule, is_finished: bool, at: Timestamp) -> Self {
        let ends_at = is_finished.then(|| after(at, schedule.cool_down));
        Self { is_cooling: false, last: at, made: 0, ends_at, asked_at: None }
    }

    /// The rollout is over: from here on it cools down. Twice is as once.
    #[must_use]
    pub fn finished(self, schedule: &Schedule, at: Timestamp) -> Self {
        match self.ends_at {
            Some(_) => self,
            None => {
                let ends_at = Some(after(at, schedule.cool_down));
                Self { is_cooling: true, last: at, made: 0, ends_at, ..self }
            }
        }
    }

    /// Somebody wants a look now.
    #[must_use]
    pub fn asked(self, at: Timestamp) -> Self {
        Self { asked_at: Some(self.asked_at.unwrap_or(at)), ..self }
    }

    /// A check was made that was due at `due`. After one that was late (the server had
    /// stopped, say) the gap is measured from when it was made.
    #[must_use]
    pub fn checked(self, due: Timestamp, at: Timestamp) -> Self {
        let is_in_time = at.duration_since(due) <= LATE_BY_MAX;
        // One that was asked for besides uses up no gap. One that was due is not it, though
        // somebody asked meanwhile: it answers them too.
        let made = if self.asked_at == Some(due) { self.made } else { self.made.saturating_add(1) };
        Self { last: if is_in_time { due } else { at }, made, asked_at: None, ..self }
    }

    /// What comes next.
    pub fn next(&self, schedule: &Schedule) -> Next {
        let (gaps, every) = match self.is_cooling {
            true => (&schedule.cool_down_gaps, schedule.cool_down_every),
            false => (&schedule.gaps, schedule.every),
        };
        let gap = gaps.get(self.made as usize).copied().unwrap_or(every);
        let due = after(self.last, gap);
        let check = self.asked_at.map_or(due, |asked| asked.min(due));
        match self.ends_at {
            None => Next::Check(check),
            Some(end) if check <= end => Next::Check(check),
            // However short the time, there is one look before the end.
            Some(end) if self.made == 0 => Next::Check(end),
            Some(end) => Next::End(end),
        }
    }
}

fn after(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn second(at: Timestamp) -> i64 {
        at.as_second() - 1_800_000_000
    }

    /// Makes checks as they are due until `until`; when they were, and the course then.
    fn run(schedule: &Schedule, mut course: Course, until: i64) -> (Vec<i64>, Course) {
        let mut checks = Vec::new();
        while let Next::Check(due) = course.next(schedule)
            && second(due) <= until
        {
            checks.push(second(due));
            course = course.checked(due, due);
        }
        (checks, course)
    }

    /// Cases 17 and 18.
    #[test]
    fn checks_come_at_growing_gaps_and_through_the_cool_down() {
        let schedule = Schedule::default();
        let (checks, course) = run(&schedule, Course::begin(&schedule, false, at(0)), 800);
        assert_eq!(checks, [10, 40, 100, 400, 700]);
        let (checks, course) = run(&schedule, course.finished(&schedule, at(800)), i64::MAX);
        assert_eq!(checks, [830, 890, 1190, 1490]);
        assert_eq!(course.next(&schedule), Next::End(at(1700)));
    }

    #[test]
    fn what_is_finished_when_it_is_first_heard_of_cools_down_from_then_on() {
        let schedule = Schedule::default();
        let (checks, course) = run(&schedule, Course::begin(&schedule, true, at(0)), i64::MAX);
        assert_eq!((checks, course.next(&schedule)), (vec![10, 40, 100, 400, 700], Next::End(at(900))));
    }

    #[test]
    fn a_short_cool_down_has_one_last_check() {
        for cool_down in [0, 5, 29] {
            let schedule = Schedule { cool_down, ..Schedule::default() };
            let end = at(800 + i64::from(cool_down));
            let (checks, course) =
                run(&schedule, Course::begin(&schedule, false, at(0)).finished(&schedule, at(800)), i64::MAX);
            assert_eq!((checks, course.next(&schedule)), (vec![second(end)], Next::End(end)));
        }
    }

    /// Case 23.
    #[test]
    fn what_was_missed_is_made_up_for_once() {
        let schedule = Schedule::default();
        let (_, course) = run(&schedule, Course::begin(&schedule, false, at(0)), 50);
        assert_eq!(course.next(&schedule), Next::Check(at(100)));
        let course = course.checked(at(100), at(390));
        assert_eq!(course.next(&schedule), Next::Check(at(690)));
    }

    #[test]
    fn a_check_that_is_late_by_a_moment_moves_nothing() {
        let schedule = Schedule::default();
        let moment = SignedDuration::from_millis(900);
        let course = Course::begin(&schedule, false, at(0)).checked(at(10), at(10) + moment);
        assert_eq!(course.next(&schedule), Next::Check(at(40)));
    }

    #[test]
    fn a_look_that_is_asked_for_while_one_is_made_repeats_no_gap() {
        let schedule = Schedule::default();
        let asked = |from: i64| Course::begin(&schedule, false, at(0)).asked(at(from));
        assert_eq!(asked(3).checked(at(3), at(3)).next(&schedule), Next::Check(at(13)), "besides");
        assert_eq!(asked(11).next(&schedule), Next::Check(at(10)));
        assert_eq!(asked(11).checked(at(10), at(10)).next(&schedule), Next::Check(at(40)), "the one that was due");
    }

    #[test]
    fn what_is_missed_past_the_end_is_one_check_and_the_end() {
        let schedule = Schedule::default();
        let course = Course::begin(&schedule, true, at(0));
        let course = course.checked(at(10), at(100_000));
        assert_eq!(course.next(&schedule), Next::End(at(900)));
    }

    #[test]
    fn a_schedule_is_bounded() {
        assert_eq!(Schedule::default().fault(), None);
        for (schedule, field) in [
            (Schedule { gaps: vec![1], ..Schedule::default() }, "gaps"),
            (Schedule { gaps: vec![60; 21], ..Schedule::default() }, "gaps"),
            (Schedule { every: 0, ..Schedule::default() }, "every"),
            (Schedule { cool_down: 86_401, ..Schedule::default() }, "cool_down"),
            (Schedule { cool_down_gaps: vec![u32::MAX], ..Schedule::default() }, "cool_down_gaps"),
            (Schedule { cool_down_every: 4, ..Schedule::default() }, "cool_down_every"),
        ] {
            assert_eq!(schedule.fault().map(|(field, _)| field), Some(field));
        }
    }

    proptest! {
        /// Whatever is reported when, and however late checks are made: what comes next never
        /// lies before what was, a round that is finished ends, and no check comes after it.
        #[test]
        fn time_goes_forward_and_a_finished_round_ends(
            gaps in prop::collection::vec(5u32..400, 0..5),
            cool_down in 0u32..2_000,
            finish_after in 0usize..10,
            lates in prop::collection::vec(0i64..2_000, 1..60),
        ) {
            let schedule = Schedule { gaps, cool_down, ..Schedule::default() };
            let mut course = Course::begin(&schedule, finish_after == 0, at(0));
            let (mut now, mut end) = (at(0), (finish_after == 0).then(|| after(at(0), cool_down)));
            for (n, late) in lates.iter().cycle().take(4_000).enumerate() {
                if n == finish_after && end.is_none() {
                    course = course.finished(&schedule, now);
                    end = Some(after(now, cool_down));
                }
                match course.next(&schedule) {
                    Next::End(at) => {
                        prop_assert_eq!(Some(at), end);
                        return Ok(());
                    }
                    Next::Check(due) => {
                        prop_assert!(end.is_none_or(|end| due <= end));
                        now = now.max(after(due, u32::try_from(*late).unwrap()));
                        let next = course.clone().checked(due, now);
                        prop_assert!(matches!(next.next(&schedule), Next::End(_)) || next.next(&schedule).at() > due);
                        course = next;
                    }
                }
            }
            prop_assert!(end.is_none(), "a finished round has an end");
        }
    }
}

//! What a metric was before a rollout.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Fewer samples than this say nothing.
pub const SAMPLES_MIN: usize = 5;

/// Fewer samples than this of a week before, and the day before is asked.
pub const WEEK_SAMPLES_MIN: usize = 20;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Around the same hour of the same weekday.
const AROUND: SignedDuration = SignedDuration::from_hours(1);

/// A number, and when it was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What.
    pub value: f64,
}

/// What a metric was before a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Baseline {
    /// The middle one of enough samples.
    Known {
        /// It.
        value: f64,
        /// How many samples there were.
        samples: usize,
        /// From when they are.
        window: Window,
    },
    /// There are too few samples to say.
    TooFew {
        /// How many.
        samples: usize,
    },
}

/// When the samples of a baseline were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A week before, within an hour.
    Week,
    /// In the last day.
    Day,
}

/// The times whose samples count for a rollout at `event`: a week before, within an hour of
/// that time of the week; and, for want of those, the day before.
pub fn windows(event: Timestamp) -> [Range<Timestamp>; 2] {
    let before = |by: SignedDuration| event.saturating_sub(by).unwrap_or(Timestamp::MIN);
    [before(WEEK + AROUND)..before(WEEK - AROUND), before(DAY)..event]
}

/// What a metric was before a rollout at `event`, by its samples in any order. Those that are
/// not finite do not count.
pub fn baseline(samples: impl IntoIterator<Item = Sample>, event: Timestamp) -> Baseline {
    let [week, day] = windows(event);
    let (mut of_week, mut of_day) = (Vec::new(), Vec::new());
    for Sample { at, value } in samples.into_iter().filter(|sample| sample.value.is_finite()) {
        if week.contains(&at) {
            of_week.push(value);
        } else if day.contains(&at) {
            of_day.push(value);
        }
    }
    let (mut values, window) =
        if of_week.len() >= WEEK_SAMPLES_MIN { (of_week, Window::Week) } else { (of_day, Window::Day) };
    let samples = values.len();
    match median(&mut values) {
        Some(value) if samples >= SAMPLES_MIN => Baseline::Known { value, samples, window },
        _ => Baseline::TooFew { samples },
    }
}

/// The middle one of finite numbers, or the middle of the two middle ones.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len().checked_sub(1)? / 2;
    let is_even = values.len().is_multiple_of(2);
    let (_, low, above) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let low = *low;
    if !is_even {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    // Halved first: the sum of two large numbers may be none.
    Some(low / 2.0 + high / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENT: i64 = 1_795_341_600;

    fn event() -> Timestamp {
        Timestamp::from_second(EVENT).unwrap()
    }

    /// One each minute, the first so many seconds before the event.
    fn each_minute(first: i64, count: i64, value: f64) -> Vec<Sample> {
        let at = |n| Timestamp::from_second(EVENT - first + 60 * n).unwrap();
        (0..count).map(|n| Sample { at: at(n), value }).collect()
    }

    fn all(parts: impl IntoIterator<Item = Vec<Sample>>) -> Baseline {
        baseline(parts.into_iter().flatten(), event())
    }

    const IN_A_WEEK: i64 = 7 * 86_400;

    #[test]
    fn the_same_time_of_the_week_counts_before_the_last_day() {
        let day = || each_minute(3_600, 60, 7.0);
        let week = |count| each_minute(IN_A_WEEK + 3_600, count, 5.0);
        assert_eq!(all([day(), week(120)]), Baseline::Known { value: 5.0, samples: 120, window: Window::Week });
        assert_eq!(all([day(), week(20)]), Baseline::Known { value: 5.0, samples: 20, window: Window::Week });
        assert_eq!(all([day(), week(19)]), Baseline::Known { value: 7.0, samples: 60, window: Window::Day });
    }

    #[test]
    fn too_few_say_nothing_and_other_times_do_not_count() {
        assert_eq!(all([each_minute(3_600, 5, 7.0)]), Baseline::Known { value: 7.0, samples: 5, window: Window::Day });
        assert_eq!(all([each_minute(3_600, 4, 7.0)]), Baseline::TooFew { samples: 4 });
        assert_eq!(all([]), Baseline::TooFew { samples: 0 });
        let elsewhen =
            [each_minute(3 * 86_400, 100, 1.0), each_minute(-60, 100, 1.0), each_minute(9 * 86_400, 100, 1.0)];
        assert_eq!(all(elsewhen), Baseline::TooFew { samples: 0 });
        assert_eq!(all([each_minute(3_600, 60, f64::NAN)]), Baseline::TooFew { samples: 0 });
        assert_eq!(
            all([each_minute(0, 60, 1.0)]),
            Baseline::TooFew { samples: 0 },
            "the rollout itself is not before it"
        );
    }

    #[test]
    fn the_middle_is_between_two() {
        for (values, middle) in [
            (vec![3.0, 1.0, 2.0], Some(2.0)),
            (vec![4.0, 1.0, 2.0, 3.0], Some(2.5)),
            (vec![f64::MAX, f64::MAX], Some(f64::MAX)),
            (vec![], None),
        ] {
            assert_eq!(median(&mut values.clone()), middle);
        }
    }

    proptest! {
        #[test]
        fn half_is_below_and_half_is_above(mut values in prop::collection::vec(-1e9f64..1e9, 1..50)) {
            let middle = median(&mut values).unwrap();
            let (below, above) = (values.iter().filter(|v| **v < middle).count(), values.iter().filter(|v| **v > middle).count());
            prop_assert!(2 * below <= values.len() && 2 * above <= values.len());
        }

        #[test]
        fn any_samples_give_a_finite_number_or_none(values: Vec<f64>, offsets in prop::collection::vec(0i64..9 * 86_400, 0..100)) {
            let samples = values.iter().zip(&offsets).map(|(value, offset)| Sample {
                at: Timestamp::from_second(EVENT - offset).unwrap(),
                value: *value,
            });
            match baseline(samples, event()) {
                Baseline::Known { value, samples, .. } => prop_assert!(value.is_finite() && samples >= SAMPLES_MIN),
                Baseline::TooFew { samples } => prop_assert!(samples < WEEK_SAMPLES_MIN),
            }
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        for event in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(baseline([Sample { at: event, value: 1.0 }], event), Baseline::TooFew { samples: 0 });
        }
    }
}

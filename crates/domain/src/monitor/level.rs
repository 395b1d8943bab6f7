//! How bad a number is, beside the number it used to be.

use serde::{Deserialize, Serialize};

use super::baseline::Baseline;

/// How far something is from what it used to be, mildest first. The words between *none* and
/// *medium* say that nobody knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it was.
    #[default]
    None,
    /// There is no number.
    NoData,
    /// There is a number, and too little to compare it with.
    Unknown,
    /// Worse.
    Medium,
    /// Much worse.
    High,
    /// Alarming.
    Critical,
}

impl Level {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::NoData => "no_data",
            Level::Unknown => "unknown",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// Whether something is known to be worse than it was.
    pub fn is_anomaly(self) -> bool {
        self >= Level::Medium
    }
}

/// Which way a metric gets worse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Latency, errors, memory.
    #[default]
    MoreIsWorse,
    /// Throughput, healthy hosts.
    LessIsWorse,
}

/// How much of a threshold a ratio may lack: 0.15 is 1.5 times 0.1 on paper, and a little less
/// in binary.
const ROUNDING: f64 = 1e-12;

/// How many times worse than before makes which level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From here on it is medium,
    pub medium: f64,
    /// high,
    pub high: f64,
    /// and critical.
    pub critical: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { medium: 1.25, high: 1.5, critical: 2.0 }
    }
}

impl Thresholds {
    /// Whether they are three growing numbers above 1.
    pub fn are_sound(&self) -> bool {
        let Self { medium, high, critical } = *self;
        1.0 < medium && medium <= high && high <= critical && critical.is_finite()
    }

    fn level_at(&self, ratio: f64) -> Level {
        let reaches = |threshold: f64| ratio >= threshold - threshold * ROUNDING;
        match () {
            () if reaches(self.critical) => Level::Critical,
            () if reaches(self.high) => Level::High,
            () if reaches(self.medium) => Level::Medium,
            () => Level::None,
        }
    }
}

/// What a metric's numbers mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Which way it gets worse.
    #[serde(default)]
    pub direction: Direction,
    /// Whether it counts errors, so that one where there were none is an alarm.
    #[serde(default)]
    pub counts_errors: bool,
    /// From which ratio on it has which level.
    #[serde(default)]
    pub thresholds: Thresholds,
}

impl Measure {
    /// The level of a number beside its baseline. A number that is not finite is none.
    pub fn level(&self, current: Option<f64>, baseline: Baseline) -> Level {
        let Some(current) = current.filter(|current| current.is_finite()) else { return Level::NoData };
        let Baseline::Known { value: before, .. } = baseline else { return Level::Unknown };
        // How many times a negative number is another says nothing.
        if current < 0.0 || before < 0.0 || !before.is_finite() {
            return Level::Unknown;
        }
        if before == 0.0 {
            return match current {
                0.0 => Level::None,
                _ if self.counts_errors => Level::Critical,
                _ => Level::Unknown,
            };
        }
        // Division rounds once and to the nearest, so the ratio never falls while the number
        // grows.
        self.thresholds.level_at(match self.direction {
            Direction::MoreIsWorse => current / before,
            Direction::LessIsWorse => before / current,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Window;
    use proptest::prelude::*;

    fn known(value: f64) -> Baseline {
        Baseline::Known { value, samples: 20, window: Window::Week }
    }

    const MORE: Measure = Measure {
        direction: Direction::MoreIsWorse,
        counts_errors: false,
        thresholds: Thresholds { medium: 1.25, high: 1.5, critical: 2.0 },
    };
    const LESS: Measure = Measure { direction: Direction::LessIsWorse, ..MORE };
    const ERRORS: Measure = Measure { counts_errors: true, ..MORE };

    /// Case 19.
    #[test]
    fn the_ratio_decides() {
        let levels = [124.0, 125.0, 149.0, 150.0, 199.0, 200.0].map(|current| MORE.level(Some(current), known(100.0)));
        use Level::{Critical, High, Medium, None};
        assert_eq!(levels, [None, Medium, Medium, High, High, Critical]);
        let small = [0.124, 0.125, 0.15, 0.2].map(|current| MORE.level(Some(current), known(0.1)));
        assert_eq!(small, [None, Medium, High, Critical]);
    }

    /// Case 20.
    #[test]
    fn less_is_worse_for_some_and_nothing_is_no_health() {
        assert_eq!(LESS.level(Some(50.0), known(100.0)), Level::Critical);
        assert_eq!(LESS.level(Some(0.0), known(100.0)), Level::Critical);
        assert_eq!(LESS.level(Some(200.0), known(100.0)), Level::None);
        assert_eq!(ERRORS.level(Some(3.0), known(0.0)), Level::Critical);
        assert_eq!(ERRORS.level(Some(0.0), known(0.0)), Level::None);
        assert_eq!(ERRORS.level(Some(-0.0), known(0.0)), Level::None);
        assert_eq!(MORE.level(Some(3.0), known(0.0)), Level::Unknown);
        assert_eq!(MORE.level(Some(3.0), Baseline::TooFew { samples: 3 }), Level::Unknown);
        assert_eq!(MORE.level(None, known(1.0)), Level::NoData);
    }

    #[test]
    fn hostile_numbers_are_no_health() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(ERRORS.level(Some(bad), known(1.0)), Level::NoData);
            assert_eq!(ERRORS.level(Some(1.0), known(bad)), Level::Unknown);
        }
        assert_eq!(MORE.level(Some(-1.0), known(1.0)), Level::Unknown);
        assert_eq!(MORE.level(Some(1.0), known(-1.0)), Level::Unknown);
        assert_eq!(MORE.level(Some(f64::MAX), known(f64::MIN_POSITIVE)), Level::Critical);
        assert_eq!(MORE.level(Some(5e-324), known(f64::MAX)), Level::None);
    }

    proptest! {
        #[test]
        fn any_numbers_have_a_level(current: Option<f64>, before: f64, less: bool, counts_errors: bool) {
            let measure = Measure { direction: if less { Direction::LessIsWorse } else { Direction::MoreIsWorse }, counts_errors, ..MORE };
            let level = measure.level(current, known(before));
            let has_number = current.is_some_and(f64::is_finite);
            prop_assert_eq!(level == Level::NoData, !has_number);
        }

        #[test]
        fn more_of_what_is_bad_is_never_better(before in 0.0f64..1e300, a in 0.0f64..1e300, b in 0.0f64..1e300) {
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            prop_assert!(ERRORS.level(Some(low), known(before)) <= ERRORS.level(Some(high), known(before)));
            if before > 0.0 {
                prop_assert!(LESS.level(Some(high), known(before)) <= LESS.level(Some(low), known(before)));
            }
        }

        #[test]
        fn a_level_does_not_depend_on_the_unit(current in 0u32..100_000, before in 1u32..100_000, power in -20i32..20) {
            let unit = 2f64.powi(power);
            let (current, before) = (f64::from(current), f64::from(before));
            let scaled = MORE.level(Some(current * unit), known(before * unit));
            prop_assert_eq!(MORE.level(Some(current), known(before)), scaled);
            // What the words say, in whole numbers.
            let (now, then) = (current as u64, before as u64);
            let expected = match () {
                () if now >= 2 * then => Level::Critical,
                () if 2 * now >= 3 * then => Level::High,
                () if 4 * now >= 5 * then => Level::Medium,
                () => Level::None,
            };
            prop_assert_eq!(MORE.level(Some(current), known(before)), expected);
        }
    }

    #[test]
    fn thresholds_grow() {
        assert!(Thresholds::default().are_sound());
        for (medium, high, critical) in
            [(1.0, 1.5, 2.0), (1.6, 1.5, 2.0), (1.2, 2.5, 2.0), (f64::NAN, 1.5, 2.0), (1.2, 1.5, f64::INFINITY)]
        {
            assert!(!Thresholds { medium, high, critical }.are_sound(), "{medium} {high} {critical}");
        }
    }
}

//! When a rollout is taken back.

use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::id::RunId;

/// What is done when a rollout does harm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Nothing.
    #[default]
    Off,
    /// A person is asked whether to take it back.
    Propose,
    /// It is taken back.
    Automatic,
}

/// When a rollout is taken back, and whether that time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// What is done.
    pub policy: Policy,
    /// After so many critical checks in a row.
    pub after: u32,
    /// How many there were, up to now.
    #[serde(default)]
    pub criticals: u32,
    /// Whether it was called for: once a round, and no more.
    #[serde(default)]
    pub is_called_for: bool,
    /// The run that takes the rollout back, or asks whether to, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Whether the rollout was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_done: bool,
}

impl Default for Rollback {
    fn default() -> Self {
        Self { policy: Policy::Off, after: 2, criticals: 0, is_called_for: false, run: None, is_done: false }
    }
}

impl Rollback {
    /// After one more check; whether this is the one that calls for it.
    #[must_use]
    pub fn checked(self, level: Level) -> (Self, bool) {
        let criticals = if level == Level::Critical { self.criticals.saturating_add(1) } else { 0 };
        let calls = self.policy != Policy::Off && !self.is_called_for && criticals >= self.after.max(1);
        (Self { criticals, is_called_for: self.is_called_for || calls, ..self }, calls)
    }

    /// At the beginning of another round, or with another commit.
    #[must_use]
    pub fn again(self) -> Self {
        Self { policy: self.policy, after: self.after, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEVELS: [Level; 6] =
        [Level::None, Level::NoData, Level::Unknown, Level::Medium, Level::High, Level::Critical];

    fn calls(policy: Policy, after: u32, levels: &[Level]) -> Vec<usize> {
        let mut rollback = Rollback { policy, after, ..Rollback::default() };
        let mut calls = Vec::new();
        for (n, level) in levels.iter().enumerate() {
            let (next, called) = rollback.checked(*level);
            rollback = next;
            calls.extend(called.then_some(n));
        }
        calls
    }

    #[test]
    fn so_many_critical_checks_in_a_row_call_for_it_once() {
        use Level::{Critical, High, None};
        let levels = [Critical, High, Critical, None, Critical, Critical, Critical, Critical];
        assert_eq!(calls(Policy::Propose, 2, &levels), [5]);
        assert_eq!(calls(Policy::Automatic, 1, &levels), [0]);
        assert_eq!(calls(Policy::Automatic, 0, &levels), [0], "0 is as 1");
        assert_eq!(calls(Policy::Automatic, 5, &levels), [0; 0]);
        assert_eq!(calls(Policy::Off, 1, &levels), [0; 0]);
    }

    #[test]
    fn another_round_counts_anew() {
        let (called, yes) =
            Rollback { policy: Policy::Automatic, after: 1, ..Rollback::default() }.checked(Level::Critical);
        assert!(yes && called.again().checked(Level::Critical).1);
    }

    proptest! {
        #[test]
        fn it_is_called_for_at_most_once_and_only_behind_enough(after in 1u32..5, picks in prop::collection::vec(0usize..6, 0..60)) {
            let levels: Vec<_> = picks.iter().map(|pick| LEVELS[*pick]).collect();
            let called = calls(Policy::Automatic, after, &levels);
            prop_assert!(called.len() <= 1);
            let first = levels.windows(after as usize).position(|row| row.iter().all(|level| *level == Level::Critical));
            prop_assert_eq!(called.first().copied(), first.map(|first| first + after as usize - 1));
        }
    }
}

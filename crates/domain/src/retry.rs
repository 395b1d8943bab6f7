//! What to do about a failed model call: a rule, not a loop.

use std::time::Duration;

use crate::model::{FaultKind, ModelFault};

/// How often and how patiently a failed model call is made again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub attempts_max: u32,
    /// Wait before the second attempt; doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait, and the longest `Retry-After` that is honoured.
    pub wait_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 4, first_wait: Duration::from_millis(500), wait_max: Duration::from_secs(60) }
    }
}

/// The verdict on a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Make it again after this long.
    After(Duration),
    /// The run ends here.
    GiveUp,
}

impl RetryPolicy {
    /// Decides about a call that failed on its `attempt`th attempt (from 1), with
    /// `time_left` until the run's deadline and `jitter` in `0.0..1.0`.
    pub fn decide(&self, fault: &ModelFault, attempt: u32, time_left: Option<Duration>, jitter: f64) -> Retry {
        if attempt >= self.attempts_max || !worth_repeating(fault.kind) {
            return Retry::GiveUp;
        }
        let wait = match fault.retry_after {
            Some(asked) if asked > self.wait_max => return Retry::GiveUp,
            Some(asked) => asked,
            None => self.wait_before(attempt, jitter),
        };
        match time_left {
            Some(left) if wait >= left => Retry::GiveUp,
            _ => Retry::After(wait),
        }
    }

    /// Between half and all of `first_wait · 2^(attempt-1)`, so that callers that failed
    /// together do not come back together.
    fn wait_before(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << (attempt - 1).min(16));
        doubled.min(self.wait_max).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

fn worth_repeating(kind: FaultKind) -> bool {
    match kind {
        FaultKind::RateLimited
        | FaultKind::Overloaded
        | FaultKind::ServerError
        | FaultKind::Unreachable
        | FaultKind::Silent
        | FaultKind::Cut
        | FaultKind::Malformed => true,
        FaultKind::TooLarge | FaultKind::Rejected | FaultKind::Unauthorized | FaultKind::Unavailable => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(kind: FaultKind, retry_after: Option<u64>) -> ModelFault {
        ModelFault { kind, message: String::new(), retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn retry_after_is_honoured_up_to_a_bound() {
        let policy = RetryPolicy::default();
        let asked = |seconds| policy.decide(&fault(FaultKind::RateLimited, Some(seconds)), 1, None, 0.5);
        assert_eq!(asked(7), Retry::After(Duration::from_secs(7)));
        assert_eq!(asked(3_600), Retry::GiveUp);
    }

    #[test]
    fn what_will_fail_again_is_not_repeated() {
        let verdict = RetryPolicy::default().decide(&fault(FaultKind::Unauthorized, None), 1, None, 0.5);
        assert_eq!(verdict, Retry::GiveUp);
    }

    proptest! {
        #[test]
        fn waits_are_bounded_end_before_the_deadline_and_stop(attempt in 1u32..40, left in 0u64..90, jitter in 0.0f64..1.0) {
            let policy = RetryPolicy::default();
            let left = Duration::from_secs(left);
            match policy.decide(&fault(FaultKind::Cut, None), attempt, Some(left), jitter) {
                Retry::After(wait) => {
                    prop_assert!(wait <= policy.wait_max && wait < left && attempt < policy.attempts_max);
                    prop_assert!(wait >= policy.first_wait / 2);
                }
                Retry::GiveUp => prop_assert!(attempt >= policy.attempts_max || left <= policy.wait_max),
            }
        }
    }
}

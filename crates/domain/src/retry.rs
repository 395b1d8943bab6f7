//! What to do about a failed model call: a rule, not a loop.

use std::time::Duration;

use crate::model::{FaultKind, ModelFault};

/// How often and how patiently a failed model call is made again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts at each model in all, the first included.
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

/// A failed call, and what is left to be tried.
#[derive(Debug, Clone, Copy)]
pub struct FailedCall<'a> {
    /// How it failed.
    pub fault: &'a ModelFault,
    /// Which attempt at this model it was, from 1.
    pub attempt: u32,
    /// Time until the run's deadline; `None` if it has none.
    pub time_left: Option<Duration>,
    /// How many models could stand in for this one.
    pub models_left: usize,
    /// How many tokens the conversation has, if it may still be made shorter.
    pub shortenable_tokens: Option<u64>,
}

/// The verdict on a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Make it again after this long.
    After(Duration),
    /// Make the conversation shorter than this, which is too long, and ask again.
    Compact {
        /// Its tokens.
        refused: u64,
    },
    /// Ask the next model now.
    Next,
    /// The run ends here.
    GiveUp,
}

impl RetryPolicy {
    /// Decides about a failed call, with `jitter` in `0.0..1.0`. The same model is asked again
    /// as long as that may help; then the one that stands in for it.
    pub fn decide(&self, failed: FailedCall<'_>, jitter: f64) -> Retry {
        if let (FaultKind::TooLong, Some(refused)) = (failed.fault.kind, failed.shortenable_tokens) {
            return Retry::Compact { refused };
        }
        match self.wait_for(failed, jitter) {
            Some(wait) => Retry::After(wait),
            None if failed.models_left > 0 && is_up_to_the_model(failed.fault.kind) => Retry::Next,
            None => Retry::GiveUp,
        }
    }

    /// How long to wait before the same model is asked again, if it is.
    fn wait_for(&self, failed: FailedCall<'_>, jitter: f64) -> Option<Duration> {
        let FailedCall { fault, attempt, time_left, .. } = failed;
        if attempt >= self.attempts_max || !worth_repeating(fault.kind) {
            return None;
        }
        let wait = fault.retry_after.unwrap_or_else(|| self.wait_before(attempt, jitter));
        (wait <= self.wait_max && time_left.is_none_or(|left| wait < left)).then_some(wait)
    }

    /// Between half and all of `first_wait · 2^(attempt-1)`, so that callers that failed
    /// together do not come back together.
    fn wait_before(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << (attempt - 1).min(16));
        doubled.min(self.wait_max).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

/// Whether the same call may succeed a little later.
fn worth_repeating(kind: FaultKind) -> bool {
    match kind {
        FaultKind::RateLimited
        | FaultKind::Overloaded
        | FaultKind::ServerError
        | FaultKind::Unreachable
        | FaultKind::Silent
        | FaultKind::Cut
        | FaultKind::Malformed => true,
        FaultKind::TooLarge
        | FaultKind::Rejected
        | FaultKind::TooLong
        | FaultKind::Unpaid
        | FaultKind::Declined
        | FaultKind::Unauthorized
        | FaultKind::Unavailable
        | FaultKind::Internal => false,
    }
}

/// Whether another model may do better.
fn is_up_to_the_model(kind: FaultKind) -> bool {
    match kind {
        FaultKind::RateLimited
        | FaultKind::Overloaded
        | FaultKind::ServerError
        | FaultKind::Unreachable
        | FaultKind::Silent
        | FaultKind::Cut
        | FaultKind::Malformed
        | FaultKind::Rejected
        | FaultKind::TooLong
        | FaultKind::Unpaid
        | FaultKind::Declined
        | FaultKind::Unauthorized
        | FaultKind::Unavailable => true,
        // A reply without end is the agent's affair, and it has cost enough.
        FaultKind::TooLarge | FaultKind::Internal => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(kind: FaultKind, retry_after: Option<u64>) -> ModelFault {
        ModelFault { kind, message: String::new(), retry_after: retry_after.map(Duration::from_secs) }
    }

    fn verdict(fault: &ModelFault, attempt: u32, models_left: usize) -> Retry {
        RetryPolicy::default()
            .decide(FailedCall { fault, attempt, time_left: None, models_left, shortenable_tokens: None }, 0.5)
    }

    #[test]
    fn retry_after_is_honoured_up_to_a_bound() {
        let asked = |seconds, models| verdict(&fault(FaultKind::RateLimited, Some(seconds)), 1, models);
        assert_eq!(asked(7, 1), Retry::After(Duration::from_secs(7)));
        assert_eq!(asked(3_600, 0), Retry::GiveUp);
        assert_eq!(asked(3_600, 1), Retry::Next);
    }

    #[test]
    fn what_will_fail_again_is_not_repeated() {
        for kind in [FaultKind::Unauthorized, FaultKind::Unpaid, FaultKind::Unavailable, FaultKind::Rejected] {
            assert_eq!(verdict(&fault(kind, None), 1, 0), Retry::GiveUp);
            assert_eq!(verdict(&fault(kind, None), 1, 1), Retry::Next);
        }
    }

    #[test]
    fn a_busy_model_is_asked_again_before_another_is() {
        let busy = fault(FaultKind::Overloaded, None);
        assert!(matches!(verdict(&busy, 3, 1), Retry::After(_)));
        assert_eq!(verdict(&busy, 4, 1), Retry::Next);
        assert_eq!(verdict(&busy, 4, 0), Retry::GiveUp);
    }

    #[test]
    fn what_is_too_long_is_made_shorter_once_before_anything_else_is_tried() {
        let too_long = fault(FaultKind::TooLong, None);
        let failed = |shortenable_tokens, models_left| FailedCall {
            fault: &too_long,
            attempt: 1,
            time_left: None,
            models_left,
            shortenable_tokens,
        };
        let decide = |failed| RetryPolicy::default().decide(failed, 0.5);
        assert_eq!(decide(failed(Some(9), 1)), Retry::Compact { refused: 9 });
        assert_eq!(decide(failed(None, 1)), Retry::Next);
        assert_eq!(decide(failed(None, 0)), Retry::GiveUp);
    }

    #[test]
    fn a_reply_without_end_is_no_reason_to_ask_another_model() {
        assert_eq!(verdict(&fault(FaultKind::TooLarge, None), 1, 3), Retry::GiveUp);
    }

    proptest! {
        #[test]
        fn waits_are_bounded_end_before_the_deadline_and_stop(
            attempt in 1u32..40, left in 0u64..90, models_left in 0usize..4, jitter in 0.0f64..1.0,
        ) {
            let policy = RetryPolicy::default();
            let (left, fault) = (Duration::from_secs(left), fault(FaultKind::Cut, None));
            let time_left = Some(left);
            let failed = FailedCall { fault: &fault, attempt, time_left, models_left, shortenable_tokens: None };
            match policy.decide(failed, jitter) {
                Retry::After(wait) => {
                    prop_assert!(wait <= policy.wait_max && wait < left && attempt < policy.attempts_max);
                    prop_assert!(wait >= policy.first_wait / 2);
                }
                Retry::Next => prop_assert!(models_left > 0),
                Retry::Compact { .. } => prop_assert!(false, "that it is too long is not the fault"),
                Retry::GiveUp => {
                    prop_assert!(models_left == 0);
                    prop_assert!(attempt >= policy.attempts_max || left <= policy.wait_max);
                }
            }
        }
    }
}

//! What an operator can set about the engine.

use domain::retry::RetryPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How runs are worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EngineOptions {
    /// Runs that are worked on at once. Further ones wait in the queue.
    ///
    /// Since 0.1.
    pub runs_max: usize,
    /// Longest time for one model reply, from the call to its last word, in milliseconds.
    ///
    /// Since 0.1.
    pub model_reply_timeout_ms: u64,
    /// Attempts at a model call that fails in a way that may pass, the first included.
    ///
    /// Since 0.1.
    pub model_attempts_max: u32,
    /// Wait before the second attempt, in milliseconds; doubles with each further one.
    ///
    /// Since 0.1.
    pub model_first_wait_ms: u64,
    /// Longest wait between attempts, and the longest `Retry-After` that is honoured, in
    /// milliseconds.
    ///
    /// Since 0.1.
    pub model_wait_max_ms: u64,
    /// Conversations kept in memory between runs.
    ///
    /// Since 0.1.
    pub transcripts_cached: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let retry = RetryPolicy::default();
        Self {
            runs_max: 256,
            model_reply_timeout_ms: 600_000,
            model_attempts_max: retry.attempts_max,
            model_first_wait_ms: u64::try_from(retry.first_wait.as_millis()).unwrap_or(500),
            model_wait_max_ms: u64::try_from(retry.wait_max.as_millis()).unwrap_or(60_000),
            transcripts_cached: 1_000,
        }
    }
}

impl EngineOptions {
    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            attempts_max: self.model_attempts_max,
            first_wait: Duration::from_millis(self.model_first_wait_ms),
            wait_max: Duration::from_millis(self.model_wait_max_ms),
        }
    }
}

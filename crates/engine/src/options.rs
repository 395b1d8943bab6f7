//! What an operator can set about the engine.

use std::time::Duration;

use domain::retry::RetryPolicy;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as friendly;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How runs are worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EngineOptions {
    /// Runs that are worked on at once. Further ones wait in the queue.
    ///
    /// Since 0.1.
    pub runs_max: usize,
    /// Longest time for one model reply, from the call to its last word.
    ///
    /// Since 0.1.
    #[serde(with = "friendly")]
    #[schemars(with = "String")]
    pub model_reply_timeout: Duration,
    /// Attempts at a model call that fails in a way that may pass, the first included.
    ///
    /// Since 0.1.
    pub model_attempts_max: u32,
    /// Wait before the second attempt; doubles with each further one.
    ///
    /// Since 0.1.
    #[serde(with = "friendly")]
    #[schemars(with = "String")]
    pub model_first_wait: Duration,
    /// Longest wait between attempts, and the longest `Retry-After` that is honoured.
    ///
    /// Since 0.1.
    #[serde(with = "friendly")]
    #[schemars(with = "String")]
    pub model_wait_max: Duration,
    /// Conversations kept in memory between runs.
    ///
    /// Since 0.1.
    pub transcripts_cached: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let retry = RetryPolicy::default();
        Self {
            runs_max: 1_024,
            model_reply_timeout: Duration::from_secs(600),
            model_attempts_max: retry.attempts_max,
            model_first_wait: retry.first_wait,
            model_wait_max: retry.wait_max,
            transcripts_cached: 1_000,
        }
    }
}

impl EngineOptions {
    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            attempts_max: self.model_attempts_max,
            first_wait: self.model_first_wait,
            wait_max: self.model_wait_max,
        }
    }
}

//! Limits of a run: what may be spent, what has been, and what is left before the next call.
//!
//! A limit is checked before a call, never after: the overshoot is at most the one call
//! that was allowed.

use serde::{Deserialize, Serialize};

use crate::model::Usage;
use crate::money::Money;

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Tokens read and written.
    Tokens,
    /// Model calls.
    Steps,
    /// Tool calls.
    ToolCalls,
    /// Time.
    Time,
    /// Money, by the operator's prices.
    Money,
}

impl Unit {
    /// As it stands in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Tokens => "tokens",
            Unit::Steps => "steps",
            Unit::ToolCalls => "tool_calls",
            Unit::Time => "time",
            Unit::Money => "money",
        }
    }
}

/// Bounds on one run. Absent is unbounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Model calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Tool calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u32>,
    /// Tokens, read and written, over all model calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Milliseconds from acceptance to the end, waiting included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

impl Limits {
    /// Model calls that a run may make when nobody said otherwise: enough for long work,
    /// few enough that a model caught in a loop ends.
    pub const DEFAULT_STEPS: u32 = 300;

    /// The limit of each unit from `self`, or from `base` where `self` has none.
    pub fn or(self, base: Limits) -> Limits {
        Limits {
            steps: self.steps.or(base.steps),
            tool_calls: self.tool_calls.or(base.tool_calls),
            tokens: self.tokens.or(base.tokens),
            wall_ms: self.wall_ms.or(base.wall_ms),
        }
    }

    /// The unit, if any, that forbids one more model call.
    pub fn forbids_model_call(&self, spent: &Spent) -> Option<Unit> {
        if spent.steps >= self.steps.unwrap_or(Self::DEFAULT_STEPS) {
            return Some(Unit::Steps);
        }
        self.tokens.is_some_and(|max| spent.usage.total() >= max).then_some(Unit::Tokens)
    }

    /// How many more tool calls are allowed; `None` is no limit.
    pub fn tool_calls_left(&self, spent: &Spent) -> Option<u32> {
        self.tool_calls.map(|max| max.saturating_sub(spent.tool_calls))
    }

    /// The largest answer the token limit leaves room for.
    pub fn tokens_left(&self, spent: &Spent) -> Option<u64> {
        self.tokens.map(|max| max.saturating_sub(spent.usage.total()))
    }
}

/// What a run has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Model calls begun.
    pub steps: u32,
    /// Tool calls begun.
    pub tool_calls: u32,
    /// Tokens of all finished model calls.
    pub usage: Usage,
    /// Milliseconds a worker held the run.
    pub active_ms: u64,
    /// What its model calls cost, as far as they have a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

//! The parts of an agent's configuration that several requests share.

use domain::model::ModelName;
use serde::Serialize;
use utoipa::ToSchema;

use crate::reading::{At, MAX_SAFE_INTEGER};

/// Tokens of one answer, unless the agent or its model says otherwise.
pub(crate) const DEFAULT_MAX_TOKENS: u64 = 100_000;
/// Earlier runs of a thread that the model is shown, unless the agent says otherwise.
pub(crate) const DEFAULT_HISTORY: u32 = 10;
/// Most earlier runs it can be shown.
pub(crate) const HISTORY_MAX: u32 = 100;
/// Model calls of one run, unless the agent says otherwise.
pub(crate) const DEFAULT_RECURSION_LIMIT: u32 = 300;
/// How long a run may take, unless the agent says otherwise.
pub(crate) const DEFAULT_TIMEOUT_MS: u64 = 300_000;
/// Most characters of a system prompt.
pub(crate) const PROMPT_MAX: usize = 100_000;
/// Most characters of a model's name.
pub(crate) const MODEL_MAX: usize = 200;

/// Bounds on each answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LlmConfig {
    /// Tokens of one answer.
    #[schema(minimum = 1)]
    pub(crate) max_tokens: u64,
}

/// How much of a thread the model is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryConfig {
    /// The newest runs before the current one.
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) iterations_from_history_count: u32,
}

/// Bounds on each run.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct InvocationConfig {
    /// Model calls.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    pub(crate) recursion_limit: Option<u32>,
    /// Milliseconds from acceptance to the end, waiting included.
    #[schema(minimum = 1000, maximum = 600_000, nullable = false)]
    pub(crate) timeout: Option<u64>,
}

/// Reads `llmConfig{maxTokens}`.
pub(crate) fn read_llm_config(at: &At<'_>) -> Option<LlmConfig> {
    at.object()?;
    let max_tokens = at.field("maxTokens").optional(read_max_tokens)?;
    Some(LlmConfig { max_tokens })
}

/// Reads a bound on the tokens of one answer.
pub(crate) fn read_max_tokens(at: &At<'_>) -> Option<u64> {
    at.integer(1..=MAX_SAFE_INTEGER)
}

/// Reads `historyConfig{iterationsFromHistoryCount}`; null is the default.
pub(crate) fn read_history_config(at: &At<'_>) -> Option<HistoryConfig> {
    if at.is_null() {
        return Some(HistoryConfig { iterations_from_history_count: DEFAULT_HISTORY });
    }
    at.object()?;
    let count = at.field("iterationsFromHistoryCount").required(|at| at.integer(0..=HISTORY_MAX.into()))?;
    u32::try_from(count).ok().map(|iterations_from_history_count| HistoryConfig { iterations_from_history_count })
}

/// Reads `invocationConfig{recursionLimit, timeout}`.
pub(crate) fn read_invocation_config(at: &At<'_>) -> Option<InvocationConfig> {
    at.object()?;
    let recursion_limit = at.field("recursionLimit").optional(|at| at.integer(1..=1_000));
    let timeout = at.field("timeout").optional(|at| at.integer(1_000..=600_000));
    Some(InvocationConfig { recursion_limit: recursion_limit.and_then(|limit| u32::try_from(limit).ok()), timeout })
}

/// What is wanted, lowered to what the model can write at once.
pub(crate) fn lowered(wanted: u64, limit: Option<u32>) -> u32 {
    u32::try_from(wanted).unwrap_or(u32::MAX).min(limit.unwrap_or(u32::MAX))
}

/// A model of a provider, as the core names it.
pub(crate) fn model_id(provider: &str, model: &str) -> String {
    format!("{provider}/{model}")
}

/// Provider and model of a name, as far as it has them.
pub(crate) fn model_parts(id: &str) -> (&str, &str) {
    ModelName::parse(id).map_or(("", id), |name| (name.provider, name.model))
}

//! Tokens and time used, as sessions, events and runs show them.

use domain::model::Usage;
use domain::money;
use serde::Serialize;
use utoipa::ToSchema;

use crate::budget::Money;

/// What a session has used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    /// Web tools are not served in this release.
    server_tool_use: Option<ServerToolUse>,
    /// What it cost by the operator's prices; null as long as nothing that has a price was used.
    list_cost: Option<Money>,
    /// Seconds in which the session was running.
    active_seconds: f64,
}

/// Tokens written to a provider's cache, by how long they stay.
#[derive(Debug, Serialize, ToSchema)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

/// Calls of tools that the provider runs.
#[derive(Debug, Serialize, ToSchema)]
struct ServerToolUse {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

impl UsageView {
    /// These tokens, what they cost, and this time.
    pub(crate) fn new(usage: Usage, cost: Option<money::Money>, active_ms: u64) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            cache_creation: CacheCreation {
                // Providers that tell the two apart are not served yet; five minutes is their default.
                ephemeral_5m_input_tokens: usage.cache_creation_input_tokens,
                ephemeral_1h_input_tokens: 0,
            },
            server_tool_use: None,
            list_cost: cost.map(Money::from),
            active_seconds: seconds(active_ms),
        }
    }
}

/// Milliseconds as seconds.
pub(crate) fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// What one model call has used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallUsage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_input_tokens: u64,
}

impl From<Usage> for CallUsage {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            cache_creation_input_tokens: usage.cache_creation_input_tokens,
        }
    }
}

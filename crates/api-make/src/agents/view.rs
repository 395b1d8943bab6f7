//! Agents as this façade shows them.

use domain::agent::{Agent, AgentSpec};
use domain::limits::Limits;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::config::{DEFAULT_MAX_TOKENS, HISTORY_MAX, HistoryConfig, LlmConfig, model_parts};
use super::tools::{McpConfigDetail, McpConfigView, ScenarioChoice, mcp_config_details, mcp_configs, scenarios};
use crate::contexts::ContextView;
use crate::output_parser::{OutputParserView, shown};
use crate::times::iso;

/// An agent, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Agent)]
pub(crate) struct AgentView {
    #[serde(flatten)]
    head: AgentHead,
    /// MCP tools that it may call.
    mcp_configs: Vec<McpConfigView>,
}

/// An agent in detail.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentDetail {
    #[serde(flatten)]
    head: AgentHead,
    /// MCP tools that it may call.
    mcp_configs: Vec<McpConfigDetail>,
    /// The connection to its model's provider.
    make_connection_id: u64,
    /// The connection's kind; null if it is gone.
    make_connection_type: Option<String>,
    /// The provider; the same number as the connection's.
    llm_provider_id: u64,
    /// What it was before each change, newest first.
    past_configurations: Vec<PastConfiguration>,
}

/// What lists and the detail show alike.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AgentHead {
    /// Its id.
    id: Uuid,
    /// Its team.
    team_id: u64,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(flatten)]
    configuration: Configuration,
    /// What it has to read.
    contexts: Vec<ContextView>,
    /// The shape of its answers.
    output_parser: OutputParserView,
}

/// An agent's configuration before a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PastConfiguration {
    #[serde(flatten)]
    configuration: Configuration,
    /// MCP tools that it might call.
    mcp_configs: Vec<McpConfigView>,
}

/// What describes an agent at one of its versions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    /// For people.
    name: String,
    /// Instructions to the model.
    system_prompt: String,
    /// A model of its provider.
    default_model: String,
    /// Bounds on each run.
    invocation_config: RecursionLimit,
    /// Scenarios that it may run.
    scenarios: Vec<ScenarioChoice>,
    /// How much of a thread the model is shown.
    history_config: HistoryConfig,
    /// Bounds on each answer.
    llm_config: LlmConfig,
}

/// Bounds on each run. The time limit is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecursionLimit {
    /// Model calls.
    recursion_limit: u32,
}

/// A new agent. Its id is called `agentId` here and `id` everywhere else.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedAgent {
    /// For people.
    name: String,
    /// Its team.
    team_id: u64,
    /// The connection to its model's provider.
    make_connection_id: u64,
    /// A model of its provider.
    default_model: String,
    /// Instructions to the model.
    system_prompt: String,
    /// Its id.
    agent_id: Uuid,
}

/// The connection that an agent names.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Its number.
    pub(crate) number: u64,
    /// Its kind, if it is still there.
    pub(crate) kind: Option<String>,
}

impl AgentView {
    /// As lists show it.
    pub(crate) fn of(agent: &Agent, team: u64, contexts: Vec<ContextView>) -> Self {
        Self { head: AgentHead::of(agent, team, contexts), mcp_configs: mcp_configs(&agent.spec.tools) }
    }
}

impl AgentDetail {
    /// In detail. `versions` are those before the agent's own, newest first.
    pub(crate) fn of(
        agent: &Agent,
        team: u64,
        contexts: Vec<ContextView>,
        connection: Connection,
        versions: &[Agent],
    ) -> Self {
        Self {
            head: AgentHead::of(agent, team, contexts),
            mcp_configs: mcp_config_details(&agent.spec.tools),
            make_connection_id: connection.number,
            make_connection_type: connection.kind,
            llm_provider_id: connection.number,
            past_configurations: versions.iter().map(|version| PastConfiguration::of(&version.spec)).collect(),
        }
    }
}

impl AgentHead {
    fn of(agent: &Agent, team_id: u64, contexts: Vec<ContextView>) -> Self {
        Self {
            id: agent.id.0,
            team_id,
            created_at: iso(agent.created_at),
            configuration: Configuration::of(&agent.spec),
            contexts,
            output_parser: shown(agent.spec.output_schema.as_deref()),
        }
    }
}

impl PastConfiguration {
    fn of(spec: &AgentSpec) -> Self {
        Self { configuration: Configuration::of(spec), mcp_configs: mcp_configs(&spec.tools) }
    }
}

impl Configuration {
    fn of(spec: &AgentSpec) -> Self {
        let (_, model) = model_parts(&spec.model.id);
        Self {
            name: spec.name.clone(),
            system_prompt: spec.instructions.clone().unwrap_or_default(),
            default_model: model.to_owned(),
            invocation_config: RecursionLimit { recursion_limit: spec.limits.steps.unwrap_or(Limits::DEFAULT_STEPS) },
            scenarios: scenarios(&spec.tools),
            // An agent made elsewhere may be shown all; the contract's most is what comes next.
            history_config: HistoryConfig {
                iterations_from_history_count: spec.history_runs.unwrap_or(HISTORY_MAX).min(HISTORY_MAX),
            },
            llm_config: LlmConfig { max_tokens: spec.model.max_tokens.map_or(DEFAULT_MAX_TOKENS, u64::from) },
        }
    }
}

impl CreatedAgent {
    /// As the reply to its making shows it.
    pub(crate) fn of(agent: &Agent, team_id: u64, make_connection_id: u64) -> Self {
        let Configuration { name, default_model, system_prompt, .. } = Configuration::of(&agent.spec);
        Self { name, team_id, make_connection_id, default_model, system_prompt, agent_id: agent.id.0 }
    }
}

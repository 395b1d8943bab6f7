//! Agents as they are shown.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec};
use domain::{AgentId, MemberId, ProjectId, Timestamp};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::model_choice::ModelConfig;
use super::requests::{EXECUTION_IDENTITY, MULTIAGENT, SKILLS};
use super::tools::ToolView;
use crate::budget::BudgetView;

/// An agent at one of its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    #[serde(flatten)]
    described: DescribedAgent,
    #[schema(value_type = std::collections::HashMap<String, String>)]
    metadata: IndexMap<String, String>,
    /// What all its sessions may spend together. Ours.
    budget: Option<BudgetView>,
    /// The people it is open to, besides whoever made it and those who administer the
    /// organization; null is everybody. Ours.
    #[schema(value_type = Option<Vec<String>>)]
    members: Option<Vec<MemberId>>,
    /// The project that owns it. Ours.
    #[schema(value_type = String)]
    project_id: ProjectId,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: Option<Timestamp>,
}

/// What an agent is; all that a session shows of its own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DescribedAgent {
    #[schema(value_type = String)]
    id: AgentId,
    #[serde(rename = "type")]
    kind: AgentType,
    version: u32,
    name: String,
    description: Option<String>,
    model: ModelConfig,
    system: Option<String>,
    tools: Vec<ToolView>,
    #[schema(value_type = Vec<Object>)]
    mcp_servers: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    skills: Value,
    #[schema(value_type = Option<Object>)]
    multiagent: Value,
    #[schema(value_type = Object)]
    execution_identity: Value,
    /// JSON Schema that its answers fit; null is plain text. Ours.
    #[schema(value_type = Option<Object>)]
    output_schema: Option<Arc<Value>>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AgentType {
    Agent,
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        Self {
            metadata: agent.spec.metadata.clone(),
            budget: agent.spec.budget.map(BudgetView::from),
            members: agent.access.members.clone(),
            project_id: agent.project,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
            archived_at: agent.archived_at,
            described: DescribedAgent::new(agent.id, agent.version, &agent.spec),
        }
    }
}

impl DescribedAgent {
    /// The agent of this id, version and description.
    pub(crate) fn new(id: AgentId, version: u32, spec: &AgentSpec) -> Self {
        let extra = |field: &str| spec.extra.get(field).cloned();
        Self {
            id,
            kind: AgentType::Agent,
            version,
            name: spec.name.clone(),
            description: spec.description.clone(),
            model: ModelConfig::from(&spec.model),
            system: spec.instructions.clone(),
            tools: spec.tools.iter().map(ToolView::from).collect(),
            mcp_servers: spec.mcp_servers.clone(),
            skills: extra(SKILLS).unwrap_or_else(|| json!([])),
            multiagent: extra(MULTIAGENT).unwrap_or_default(),
            execution_identity: extra(EXECUTION_IDENTITY).unwrap_or_else(|| json!({ "type": "service_account" })),
            output_schema: spec.output_schema.clone(),
        }
    }
}

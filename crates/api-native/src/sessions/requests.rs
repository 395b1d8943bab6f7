//! What clients send about sessions.

use app::{AgentChoice, Error};
use domain::AgentId;
use domain::agent::{AgentSpec, AgentTool, Overrides};
use domain::session::SessionPatch;
use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::agents::mcp_servers::{self, McpServer};
use crate::agents::model_choice::ModelParam;
use crate::agents::requests::{Metadata, Skill, refuse};
use crate::agents::tools::ToolParam;
use crate::budget::BudgetParam;
use crate::events::sent::EventParam;
use crate::patch::Patch;

/// The one environment there is as long as none can be made.
pub(crate) const DEFAULT_ENVIRONMENT: &str = "env_default";

/// A new session.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateSession {
    pub(crate) agent: AgentParam,
    /// `env_default` if absent, and nothing else in this release.
    #[serde(default)]
    environment_id: Option<String>,
    #[serde(default)]
    pub(crate) title: Option<String>,
    /// At most 16 pairs.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    pub(crate) metadata: Option<Metadata>,
    /// Sent at once, at most 50 messages.
    #[serde(default)]
    pub(crate) initial_events: Option<Vec<EventParam>>,
    /// Not available in this release: empty.
    #[serde(default)]
    vault_ids: Option<Vec<String>>,
    /// Not available in this release: empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    resources: Option<Vec<Value>>,
    /// What it may spend over all its turns.
    #[serde(default)]
    pub(crate) budget: Option<BudgetParam>,
}

/// A change of a session. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateSession {
    /// At most 512 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title: Patch<String>,
    /// A text sets the key, null removes it; other keys stay.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, Option<String>>>)]
    metadata: Option<IndexMap<String, Option<String>>>,
    /// Only while no turn is under way; from the next one on.
    #[serde(default)]
    agent: Option<AgentUpdate>,
    /// Not available in this release: left out.
    #[serde(default)]
    vault_ids: Option<Vec<String>>,
    /// Replaces the budget; null removes it for good. A session that its budget had stopped
    /// goes on.
    #[serde(default)]
    #[schema(value_type = Option<BudgetParam>)]
    budget: Patch<BudgetParam>,
}

/// What changes of a session's agent. A list replaces the one there was.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct AgentUpdate {
    #[serde(default)]
    #[schema(value_type = Option<Vec<ToolParam>>)]
    tools: Patch<Vec<ToolParam>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<McpServer>>)]
    mcp_servers: Patch<Vec<McpServer>>,
}

/// Who answers: an id, or an object with more to choose.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AgentParam {
    /// The agent at its newest version.
    Newest(String),
    /// More to choose.
    #[serde(skip_serializing)]
    Chosen(ChosenAgent),
}

/// An agent at a version, with or without changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ChosenAgent {
    /// As it is.
    Agent {
        id: String,
        /// The newest if absent.
        #[serde(default)]
        version: Option<u32>,
    },
    /// With changes; each given key replaces.
    AgentWithOverrides(Box<AgentWithOverrides>),
}

/// An agent with changes for one session.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AgentWithOverrides {
    id: String,
    /// The newest if absent.
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    model: Option<ModelParam>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    system: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<ToolParam>>)]
    tools: Patch<Vec<ToolParam>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<McpServer>>)]
    mcp_servers: Patch<Vec<McpServer>>,
    /// Not available in this release: empty.
    #[serde(default)]
    skills: Option<Vec<Skill>>,
}

impl<'de> Deserialize<'de> for AgentParam {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(id) => Ok(AgentParam::Newest(id)),
            object @ Value::Object(_) => {
                serde_json::from_value(object).map(AgentParam::Chosen).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom("agent must be the id of an agent or an object")),
        }
    }
}

/// Whether there is such an environment.
///
/// # Errors
/// There is not.
pub(crate) fn check_environment(id: Option<&str>) -> Result<(), Error> {
    match id {
        None | Some(DEFAULT_ENVIRONMENT) => Ok(()),
        Some(other) => Err(Error::not_found(app::Missing::new("environment", other))),
    }
}

impl CreateSession {
    /// Refuses what this release cannot keep, rather than to forget it silently.
    pub(crate) fn check_served(&self) -> Result<(), Error> {
        check_environment(self.environment_id.as_deref())?;
        let unserved = [
            ("vault_ids", self.vault_ids.as_ref().is_some_and(|ids| !ids.is_empty())),
            ("resources", self.resources.as_ref().is_some_and(|resources| !resources.is_empty())),
        ];
        match unserved.iter().find(|(_, is_used)| *is_used) {
            Some((field, _)) => Err(Error::invalid(*field, "is not available in this release")),
            None => Ok(()),
        }
    }
}

impl UpdateSession {
    /// Refuses what this release cannot keep.
    pub(crate) fn check_served(&self) -> Result<(), Error> {
        match self.vault_ids {
            Some(_) => Err(Error::invalid("vault_ids", "cannot be changed")),
            None => Ok(()),
        }
    }

    /// What it changes of a session whose agent answers so.
    ///
    /// # Errors
    /// MCP servers and toolsets that do not match; every other rule is the application's.
    pub(crate) fn patch(&self, current: &AgentSpec) -> Result<SessionPatch, Error> {
        let mut patch = SessionPatch {
            title: self.title.clone().map(Some).given(),
            metadata: self.metadata.clone().unwrap_or_default(),
            budget: match &self.budget {
                Patch::Keep => None,
                Patch::Clear => Some(None),
                Patch::Set(budget) => Some(Some(budget.read()?)),
            },
            ..SessionPatch::default()
        };
        let Some(agent) = &self.agent else { return Ok(patch) };
        let as_tools = |tools: Vec<ToolParam>| tools.into_iter().map(AgentTool::from).collect();
        patch.tools = agent.tools.clone().map(as_tools).given();
        patch.mcp_servers = agent.mcp_servers.clone().map(|servers| mcp_servers::stored(&servers)).given();
        if patch.concerns_agent() {
            let servers = patch.mcp_servers.as_ref().unwrap_or(&current.mcp_servers);
            let tools = patch.tools.as_ref().unwrap_or(&current.tools);
            refuse(mcp_servers::faults(&mcp_servers::read(servers), tools))?;
        }
        Ok(patch)
    }
}

impl AgentParam {
    /// The choice it amounts to.
    ///
    /// # Errors
    /// The id is none of an agent, or a change breaks a rule of its form.
    pub(crate) fn into_choice(self) -> Result<AgentChoice, Error> {
        match self {
            AgentParam::Newest(id) => {
                Ok(AgentChoice { id: agent_id(&id)?, version: None, overrides: Overrides::default() })
            }
            AgentParam::Chosen(ChosenAgent::Agent { id, version }) => {
                Ok(AgentChoice { id: agent_id(&id)?, version, overrides: Overrides::default() })
            }
            AgentParam::Chosen(ChosenAgent::AgentWithOverrides(chosen)) => chosen.into_choice(),
        }
    }
}

impl AgentWithOverrides {
    fn into_choice(self) -> Result<AgentChoice, Error> {
        if self.skills.is_some_and(|skills| !skills.is_empty()) {
            return Err(Error::invalid("agent.skills", "skills are not available in this release"));
        }
        let tools: Option<Vec<AgentTool>> =
            self.tools.map(|tools| tools.into_iter().map(AgentTool::from).collect()).given();
        let servers = self.mcp_servers.given();
        if let (Some(servers), Some(tools)) = (&servers, &tools) {
            refuse(mcp_servers::faults(servers, tools))?;
        }
        let instructions = match self.system {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(Some(text).filter(|text| !text.is_empty())),
        };
        let overrides = Overrides {
            model: self.model.map(Into::into),
            instructions,
            tools,
            mcp_servers: servers.as_deref().map(mcp_servers::stored),
            ..Overrides::default()
        };
        Ok(AgentChoice { id: agent_id(&self.id)?, version: self.version, overrides })
    }
}

/// An id in a body. What is no id of an agent is an agent that is not there.
fn agent_id(text: &str) -> Result<AgentId, Error> {
    text.parse().map_err(|_| Error::not_found(app::Missing::new("agent", text)))
}

//! Agents: named, versioned descriptions. A version never changes; an update makes the next.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::Budget;
use crate::change::{Change, ChangeSet, Guard};
use crate::id::{AgentId, MemberId, ProjectId};
use crate::limits::Limits;
use crate::rights::Access;
use crate::tool::{HttpTool, Permission};

/// An agent at one of its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// The project that owns it.
    pub project: ProjectId,
    /// Which version this is, from 1.
    pub version: u32,
    /// The description.
    pub spec: Arc<AgentSpec>,
    /// When version 1 was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// Since when no new session may begin.
    pub archived_at: Option<Timestamp>,
    /// Who may see and use it. Of the agent, not of a version, so it stands beside them.
    #[serde(skip)]
    pub access: Arc<Access>,
}

/// What an agent is, apart from its identity: the part that versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// 1–256 characters.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The model and how to use it.
    pub model: ModelChoice,
    /// Instructions to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// What it may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<AgentTool>,
    /// Servers of MCP tools, as the façade that stored them spells them; not called yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mcp_servers: Vec<Value>,
    /// Bounds on each run.
    #[serde(default)]
    pub limits: Limits,
    /// What all sessions of the agent may spend together. The newest version's counts, also
    /// for sessions that keep to an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// How many earlier runs of a session the model is shown; `None` is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_runs: Option<u32>,
    /// JSON Schema that the final answer must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Arc<Value>>,
    /// Free pairs for the agent's owner.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub metadata: IndexMap<String, String>,
    /// Fields of a façade that are stored and echoed but mean nothing to the core
    /// (`skills`, `multiagent`, …). A run of an agent that needs one is refused by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub extra: IndexMap<String, Value>,
}

/// Which model, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    /// `provider/model`, or another name that the organization has for one; as sent.
    pub id: String,
    /// The models that are asked instead, in this order, when the one before does not serve:
    /// at most [`ModelChoice::FALLBACKS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<String>,
    /// Upper bound on tokens of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// How hard to think: `low` to `max`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// `standard` or `fast`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// Where to compute, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_geo: Option<String>,
}

impl ModelChoice {
    /// How many models may stand in for the first.
    pub const FALLBACKS_MAX: usize = 3;

    /// The models in the order in which they are asked, as written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id).chain(&self.fallbacks).map(String::as_str)
    }
}

/// One entry of an agent's tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentTool {
    /// An HTTP call described in the agent itself.
    Http {
        /// What is called.
        tool: HttpTool,
        /// Whether it may be.
        permission: Permission,
    },
    /// A tool of the project, by its number; resolved when a run begins.
    Project {
        /// [`crate::tool::Tool::number`].
        number: u64,
        /// Whether it may be called.
        permission: Permission,
    },
    /// The tools that read the signals of the session's project; offered where it has some.
    Signals {
        /// Whether they may be called.
        permission: Permission,
    },
    /// A tool that the client runs.
    Custom {
        /// 1–128 letters, digits, `_`, `-`.
        name: String,
        /// What it does, for the model.
        description: String,
        /// JSON Schema of the arguments, `type: object`.
        input_schema: Value,
    },
    /// Tools of an MCP connection; stored and shown, not called yet.
    Mcp {
        /// The connection's number, or the server's name.
        connection: String,
        /// The tools chosen; `None` is all.
        tools: Option<Vec<String>>,
        /// The façade's own fields, as sent.
        #[serde(default)]
        settings: Value,
    },
    /// A built-in set of tools, as sent; needs a sandbox, which a session without one refuses.
    Toolset {
        /// The set as the façade describes it.
        settings: Value,
    },
}

/// An agent cannot be changed or used as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentRefusal {
    /// It takes no change and no new session any more.
    #[error("agent is archived")]
    Archived,
    /// The change was made from another version than the current one.
    #[error("the agent is at version {current}, not at version {given}")]
    VersionMoved {
        /// The version now.
        current: u32,
        /// The version the caller named.
        given: u32,
    },
}

impl Agent {
    /// A new agent, at version 1, of nobody in particular.
    pub fn create(id: AgentId, project: ProjectId, spec: AgentSpec, now: Timestamp) -> (Agent, ChangeSet) {
        Self::create_by(None, id, project, spec, now)
    }

    /// A new agent, at version 1, made by this person and open to everybody.
    pub fn create_by(
        creator: Option<MemberId>,
        id: AgentId,
        project: ProjectId,
        spec: AgentSpec,
        now: Timestamp,
    ) -> (Agent, ChangeSet) {
        Self::create_open_to(Access::of_all(creator), id, project, spec, now)
    }

    /// A new agent, at version 1, open to these from the beginning.
    pub fn create_open_to(
        access: Access,
        id: AgentId,
        project: ProjectId,
        spec: AgentSpec,
        now: Timestamp,
    ) -> (Agent, ChangeSet) {
        let (spec, access) = (Arc::new(spec), Arc::new(access));
        let agent =
            Agent { id, project, version: 1, spec, created_at: now, updated_at: now, archived_at: None, access };
        let changes = ChangeSet::of([Change::InsertAgent(agent.clone())]);
        (agent, changes)
    }

    /// The next version, if `spec` differs from the current one; otherwise no change.
    ///
    /// # Errors
    /// Archived agents and a stale `expected` version are refused.
    pub fn update(
        self,
        spec: AgentSpec,
        expected: Option<u32>,
        now: Timestamp,
    ) -> Result<(Agent, ChangeSet), AgentRefusal> {
        if self.archived_at.is_some() {
            return Err(AgentRefusal::Archived);
        }
        if let Some(given) = expected.filter(|given| *given != self.version) {
            return Err(AgentRefusal::VersionMoved { current: self.version, given });
        }
        if *self.spec == spec {
            return Ok((self, ChangeSet::default()));
        }
        let guard = Guard::AgentAt { agent: self.id, version: self.version };
        let next = Agent { version: self.version + 1, spec: Arc::new(spec), updated_at: now, ..self };
        let changes = ChangeSet::of([Change::PutAgentVersion(next.clone())]).guarded(guard);
        Ok((next, changes))
    }

    /// Takes no new session from now on. Archiving twice changes nothing.
    pub fn archive(self, now: Timestamp) -> (Agent, ChangeSet) {
        if self.archived_at.is_some() {
            return (self, ChangeSet::default());
        }
        let archived = Agent { archived_at: Some(now), ..self };
        let changes = ChangeSet::of([Change::ArchiveAgent { agent: archived.id, at: now }]);
        (archived, changes)
    }
}

/// What one run, or one session, changes of its agent's description.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Overrides {
    /// Another model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
    /// Other instructions; `Some(None)` is none at all.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
    pub instructions: Option<Option<String>>,
    /// Other tools, instead of the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<AgentTool>>,
    /// Other MCP servers, instead of the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_servers: Option<Vec<Value>>,
    /// Limits; each replaces the agent's of its unit.
    #[serde(default)]
    pub limits: Limits,
    /// How many earlier runs the model is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_runs: Option<u32>,
    /// JSON Schema of the answer; `Some(None)` is plain text.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
    pub output_schema: Option<Option<Arc<Value>>>,
}

impl Overrides {
    /// The description with these changes. Shares the agent's own when nothing changes.
    pub fn apply(&self, spec: &Arc<AgentSpec>) -> Arc<AgentSpec> {
        if *self == Overrides::default() {
            return Arc::clone(spec);
        }
        let base = AgentSpec::clone(spec);
        Arc::new(AgentSpec {
            model: self.model.clone().unwrap_or(base.model),
            instructions: self.instructions.clone().unwrap_or(base.instructions),
            tools: self.tools.clone().unwrap_or(base.tools),
            mcp_servers: self.mcp_servers.clone().unwrap_or(base.mcp_servers),
            limits: self.limits.or(base.limits),
            history_runs: self.history_runs.or(base.history_runs),
            output_schema: self.output_schema.clone().unwrap_or(base.output_schema),
            ..base
        })
    }
}

/// Tells an absent field from a null one.
pub(crate) mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(to)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn agent() -> Agent {
        let spec = AgentSpec { name: "a".into(), ..AgentSpec::default() };
        Agent::create(AgentId(Uuid::nil()), ProjectId(Uuid::nil()), spec, Timestamp::UNIX_EPOCH).0
    }

    #[test]
    fn an_update_that_changes_nothing_keeps_the_version() {
        let spec = AgentSpec::clone(&agent().spec);
        let (same, changes) = agent().update(spec, Some(1), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((same.version, changes.is_empty()), (1, true));
    }

    #[test]
    fn an_update_from_an_old_version_is_refused() {
        let spec = AgentSpec { name: "b".into(), ..AgentSpec::default() };
        let (next, _) = agent().update(spec.clone(), None, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            next.update(spec, Some(1), Timestamp::UNIX_EPOCH).unwrap_err(),
            AgentRefusal::VersionMoved { current: 2, given: 1 }
        );
    }

    #[test]
    fn an_archived_agent_is_not_updated() {
        let (archived, changes) = agent().archive(Timestamp::UNIX_EPOCH);
        assert!(!changes.is_empty());
        let refused = archived.update(AgentSpec::default(), None, Timestamp::UNIX_EPOCH);
        assert_eq!(refused.unwrap_err(), AgentRefusal::Archived);
    }

    #[test]
    fn overrides_survive_storage() {
        let overrides = Overrides { instructions: Some(None), history_runs: Some(0), ..Overrides::default() };
        let stored = serde_json::to_string(&overrides).unwrap();
        assert_eq!(serde_json::from_str::<Overrides>(&stored).unwrap(), overrides);
    }
}

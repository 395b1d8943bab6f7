//! What clients send about agents, and the descriptions it amounts to.

use std::sync::Arc;

use app::{Error, FieldError};
use domain::agent::{AgentSpec, AgentTool};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::mcp_servers::{self, McpServer};
use super::model_choice::ModelParam;
use super::tools::ToolParam;
use crate::budget::BudgetParam;
use crate::patch::Patch;

/// Fields that are stored and echoed; what needs them is not served yet.
pub(crate) const SKILLS: &str = "skills";
pub(crate) const MULTIAGENT: &str = "multiagent";
pub(crate) const EXECUTION_IDENTITY: &str = "execution_identity";

/// Metadata as a client sends it to make something.
pub(crate) type Metadata = IndexMap<String, String>;

/// An object of any keys.
type JsonObject = serde_json::Map<String, Value>;

/// A new agent.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateAgent {
    /// 1–256 characters.
    name: String,
    model: ModelParam,
    /// For people, at most 2,048 characters.
    #[serde(default)]
    description: Option<String>,
    /// Instructions to the model, at most 100,000 characters.
    #[serde(default)]
    system: Option<String>,
    /// At most 256.
    #[serde(default)]
    tools: Option<Vec<ToolParam>>,
    /// At most 20; each is used by an `mcp_toolset`.
    #[serde(default)]
    mcp_servers: Option<Vec<McpServer>>,
    /// At most 16 pairs.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    metadata: Option<Metadata>,
    /// Stored and shown; not served in this release.
    #[serde(default)]
    skills: Option<Vec<Skill>>,
    /// Stored and shown; not served in this release.
    #[serde(default)]
    multiagent: Option<Typed>,
    /// On whose behalf the agent acts.
    #[serde(default)]
    execution_identity: Option<Typed>,
    /// What all its sessions may spend together. Ours.
    #[serde(default)]
    budget: Option<BudgetParam>,
    /// JSON Schema that its answers fit: at most 256 KiB, 64 levels deep. Ours.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    output_schema: Option<JsonObject>,
}

/// A change of an agent. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateAgent {
    /// The version the change was made from; any if left out.
    #[serde(default)]
    pub(crate) version: Option<u32>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<ModelParam>)]
    model: Patch<ModelParam>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    system: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<ToolParam>>)]
    tools: Patch<Vec<ToolParam>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<McpServer>>)]
    mcp_servers: Patch<Vec<McpServer>>,
    /// A text sets the key, null removes it; other keys stay.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, Option<String>>>)]
    metadata: Option<IndexMap<String, Option<String>>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Skill>>)]
    skills: Patch<Vec<Skill>>,
    #[serde(default)]
    #[schema(value_type = Option<Typed>)]
    multiagent: Patch<Typed>,
    #[serde(default)]
    #[schema(value_type = Option<Typed>)]
    execution_identity: Patch<Typed>,
    /// Counts for all sessions from now on, also for those that keep to an older version. Ours.
    #[serde(default)]
    #[schema(value_type = Option<BudgetParam>)]
    budget: Patch<BudgetParam>,
    /// Null is plain text from the next version on. Ours.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    output_schema: Patch<JsonObject>,
}

/// A skill, by its id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Skill {
    #[serde(rename = "type")]
    kind: SkillKind,
    skill_id: String,
    #[serde(default)]
    version: Option<String>,
}

/// Where a skill comes from.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SkillKind {
    Anthropic,
    Custom,
}

/// An object of some `type`; its other keys are kept as sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Typed {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    rest: JsonObject,
}

impl CreateAgent {
    /// The description it amounts to.
    ///
    /// # Errors
    /// MCP servers and toolsets that do not match; every other rule is the application's.
    pub(crate) fn into_spec(self) -> Result<AgentSpec, Error> {
        let tools: Vec<AgentTool> = self.tools.unwrap_or_default().into_iter().map(AgentTool::from).collect();
        let servers = self.mcp_servers.unwrap_or_default();
        refuse(mcp_servers::faults(&servers, &tools))?;
        let mut spec = AgentSpec {
            name: self.name,
            description: not_empty(self.description),
            model: self.model.into(),
            instructions: not_empty(self.system),
            tools,
            mcp_servers: mcp_servers::stored(&servers),
            metadata: self.metadata.unwrap_or_default(),
            budget: self.budget.as_ref().map(BudgetParam::read).transpose()?,
            output_schema: self.output_schema.map(|schema| Arc::new(Value::Object(schema))),
            ..AgentSpec::default()
        };
        keep_extra(&mut spec, SKILLS, self.skills.map_or(Patch::Keep, Patch::Set));
        keep_extra(&mut spec, MULTIAGENT, self.multiagent.map_or(Patch::Keep, Patch::Set));
        keep_extra(&mut spec, EXECUTION_IDENTITY, self.execution_identity.map_or(Patch::Keep, Patch::Set));
        Ok(spec)
    }
}

impl UpdateAgent {
    /// The description after the change.
    ///
    /// # Errors
    /// What cannot be cleared is, or as [`CreateAgent::into_spec`].
    pub(crate) fn apply(&self, current: &AgentSpec) -> Result<AgentSpec, Error> {
        let mut spec = current.clone();
        match &self.name {
            Patch::Keep => {}
            Patch::Clear => return Err(Error::invalid("name", "cannot be cleared")),
            Patch::Set(name) => spec.name.clone_from(name),
        }
        match &self.model {
            Patch::Keep => {}
            Patch::Clear => return Err(Error::invalid("model", "cannot be cleared")),
            Patch::Set(model) => spec.model = model.clone().into(),
        }
        spec.description = not_empty(self.description.clone().map(Some).or(spec.description));
        spec.instructions = not_empty(self.system.clone().map(Some).or(spec.instructions));
        let as_tools = |tools: Vec<ToolParam>| tools.into_iter().map(AgentTool::from).collect();
        spec.tools = self.tools.clone().map(as_tools).or(spec.tools);
        let stored = self.mcp_servers.clone().map(|servers| mcp_servers::stored(&servers));
        spec.mcp_servers = stored.or(spec.mcp_servers);
        if self.tools.is_given() || self.mcp_servers.is_given() {
            refuse(mcp_servers::faults(&mcp_servers::read(&spec.mcp_servers), &spec.tools))?;
        }
        for (key, value) in self.metadata.iter().flatten() {
            match value {
                Some(value) => spec.metadata.insert(key.clone(), value.clone()),
                None => spec.metadata.shift_remove(key),
            };
        }
        match &self.budget {
            Patch::Keep => {}
            Patch::Clear => spec.budget = None,
            Patch::Set(budget) => spec.budget = Some(budget.read()?),
        }
        let as_schema = |schema: JsonObject| Some(Arc::new(Value::Object(schema)));
        spec.output_schema = self.output_schema.clone().map(as_schema).or(spec.output_schema);
        keep_extra(&mut spec, SKILLS, self.skills.clone());
        keep_extra(&mut spec, MULTIAGENT, self.multiagent.clone());
        keep_extra(&mut spec, EXECUTION_IDENTITY, self.execution_identity.clone());
        Ok(spec)
    }
}

/// Fails with these faults, if there are any.
pub(crate) fn refuse(faults: Vec<FieldError>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// Stores a field that the core does not know. What says nothing is not stored, so that
/// sending a default changes nothing.
fn keep_extra<T: Serialize>(spec: &mut AgentSpec, field: &str, value: Patch<T>) {
    let value = match value {
        Patch::Keep => return,
        Patch::Clear => Value::Null,
        Patch::Set(value) => serde_json::to_value(value).unwrap_or_default(),
    };
    let says_nothing = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => field == EXECUTION_IDENTITY && object["type"] == "service_account",
        other => other.is_null(),
    };
    if says_nothing {
        spec.extra.shift_remove(field);
    } else {
        spec.extra.insert(field.to_owned(), value);
    }
}

fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn created(body: Value) -> AgentSpec {
        serde_json::from_value::<CreateAgent>(body).unwrap().into_spec().unwrap()
    }

    fn updated(current: &AgentSpec, body: Value) -> Result<AgentSpec, Error> {
        serde_json::from_value::<UpdateAgent>(body).unwrap().apply(current)
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_null_goes() {
        let full = created(json!({
            "name": "a", "model": "scripted/demo", "description": "d", "system": "s",
            "metadata": {"k": "1", "l": "2"}, "skills": [{"type": "custom", "skill_id": "x"}],
            "execution_identity": {"type": "aws_role", "role_arn": "r"}, "output_schema": {"type": "object"},
        }));
        assert_eq!(updated(&full, json!({})).unwrap(), full);
        let cleared = updated(
            &full,
            json!({"description": null, "system": "", "metadata": {"k": null, "m": "3"}, "skills": [],
                   "output_schema": null, "execution_identity": {"type": "service_account"}}),
        )
        .unwrap();
        assert_eq!((cleared.description, cleared.instructions), (None, None));
        assert_eq!(serde_json::to_value(&cleared.metadata).unwrap(), json!({"l": "2", "m": "3"}));
        assert!(cleared.extra.is_empty() && full.output_schema.is_some() && cleared.output_schema.is_none());
    }

    #[test]
    fn name_and_model_cannot_be_cleared() {
        let spec = created(json!({"name": "a", "model": "scripted/demo"}));
        for field in ["name", "model"] {
            let refused = updated(&spec, json!({ field: null })).unwrap_err();
            assert_eq!(refused.to_string(), format!("{field}: cannot be cleared"));
        }
    }

    #[test]
    fn a_default_identity_says_nothing() {
        let identity = json!({"type": "service_account"});
        let spec = created(json!({"name": "a", "model": "scripted/demo", "execution_identity": identity}));
        assert!(spec.extra.is_empty());
    }
}

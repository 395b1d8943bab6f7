//! What an agent's description must satisfy, whichever façade wrote it.

use std::collections::HashSet;

use domain::agent::{Agent, AgentSpec, AgentTool, ModelChoice, Overrides};
use domain::limits::Limits;
use domain::model::ModelName;
use domain::output::{self, Schema};
use domain::tool::definition::{self, Flaw};
use domain::tool::{HttpTool, SignalTool};
use domain::{OrgId, ProjectId};
use indexmap::IndexMap;
use serde_json::Value;

use crate::error::{Error, Faults, FieldError, Refused};
use crate::{App, Ctx};

const NAME_CHARS_MAX: usize = 256;
const DESCRIPTION_CHARS_MAX: usize = 2_048;
const INSTRUCTIONS_CHARS_MAX: usize = 100_000;

/// One run's instructions: the agent's, what the caller adds, and what the façade adds.
const RUN_INSTRUCTIONS_CHARS_MAX: usize = 250_000;

const TOOLS_MAX: usize = 256;
const MCP_SERVERS_MAX: usize = 20;
const MODEL_CHARS_MAX: usize = 256;
const METADATA_PAIRS_MAX: usize = 16;
const METADATA_KEY_CHARS_MAX: usize = 64;
const METADATA_VALUE_CHARS_MAX: usize = 512;

/// A description is kept with each version and read with each run.
const SPEC_BYTES_MAX: usize = 2 * 1024 * 1024;

impl App {
    /// Checks a whole description. Tools that stand in `before`, the version it comes from,
    /// are not checked again: that one was deleted since must not stop other changes.
    pub(crate) async fn check_agent(
        &self,
        ctx: &Ctx,
        project: ProjectId,
        spec: &AgentSpec,
        before: &[AgentTool],
    ) -> Result<(), Error> {
        let mut faults = Faults::default();
        check_texts(spec, &mut faults);
        self.check_model(ctx.org, &spec.model, &mut faults).await?;
        check_limits(&spec.limits, &mut faults);
        self.check_budget(spec.budget.as_ref(), &mut faults);
        self.check_budgetable(ctx, spec.budget.as_ref(), &spec.model, &mut faults).await?;
        check_metadata(&spec.metadata, &mut faults);
        check_output_schema(spec.output_schema.as_deref(), &mut faults);
        faults.check(spec.mcp_servers.len() <= MCP_SERVERS_MAX, "mcp_servers", "must have at most 20 entries");
        self.check_tools(ctx, project, &spec.tools, before, &mut faults).await?;
        faults.into_result()
    }

    /// Checks what a session or a run changes of an agent.
    pub(crate) async fn check_overrides(&self, ctx: &Ctx, agent: &Agent, overrides: &Overrides) -> Result<(), Error> {
        if *overrides == Overrides::default() {
            return Ok(());
        }
        let mut faults = Faults::default();
        if let Some(model) = &overrides.model {
            self.check_model(ctx.org, model, &mut faults).await?;
            self.check_budgetable(ctx, agent.spec.budget.as_ref(), model, &mut faults).await?;
        }
        let instructions = overrides.instructions.as_ref().and_then(Option::as_deref);
        check_instructions(instructions, RUN_INSTRUCTIONS_CHARS_MAX, &mut faults);
        check_limits(&overrides.limits, &mut faults);
        check_output_schema(overrides.output_schema.as_ref().and_then(Option::as_deref), &mut faults);
        let bytes = serde_json::to_vec(overrides).map_or(usize::MAX, |json| json.len());
        faults.check(bytes <= SPEC_BYTES_MAX, "", "what is changed of the agent is larger than 2 MiB in all");
        if let Some(tools) = &overrides.tools {
            self.check_tools(ctx, agent.project, tools, &agent.spec.tools, &mut faults).await?;
        }
        faults.into_result()
    }

    async fn check_model(&self, org: OrgId, model: &ModelChoice, faults: &mut Faults) -> Result<(), Error> {
        let offering = self.ports().models.of(org).await?;
        faults.check(
            model.fallbacks.len() <= ModelChoice::FALLBACKS_MAX,
            "model.fallbacks",
            "must have at most 3 entries",
        );
        for (index, name) in model.names().take(ModelChoice::FALLBACKS_MAX + 1).enumerate() {
            let path =
                index.checked_sub(1).map_or_else(|| "model.id".to_owned(), |at| format!("model.fallbacks[{at}]"));
            if name.chars().count() > MODEL_CHARS_MAX {
                faults.add(path, "must have at most 256 characters");
            } else if offering.resolve(name).is_none() {
                faults.push(FieldError::new(path, unknown_model(name)).code("unknown_model"));
            }
        }
        check_model_use(model, faults);
        Ok(())
    }

    async fn check_tools(
        &self,
        ctx: &Ctx,
        project: ProjectId,
        tools: &[AgentTool],
        before: &[AgentTool],
        faults: &mut Faults,
    ) -> Result<(), Error> {
        if tools.len() > TOOLS_MAX {
            faults.add("tools", "must have at most 256 entries");
            return Ok(());
        }
        let mut names = HashSet::new();
        for (index, tool) in tools.iter().enumerate() {
            let path = format!("tools[{index}]");
            let is_new = !before.contains(tool);
            let name = match tool {
                AgentTool::Http { tool, .. } => {
                    if is_new {
                        self.check_http_tool(tool, &path, faults);
                    }
                    tool.name.clone()
                }
                AgentTool::Custom { name, description, input_schema } => {
                    if is_new {
                        add_flaws(definition::offer_flaws(name, description, input_schema), &path, faults);
                    }
                    name.clone()
                }
                AgentTool::Project { number, .. } if !names_number(before, *number) => {
                    match self.store(ctx.org).find_tool_numbered(*number).await?.filter(|tool| tool.project == project)
                    {
                        Some(tool) => tool.http.name,
                        None => {
                            let fault = FieldError::new(format!("{path}.number"), "is not a tool of this project");
                            faults.push(fault.code("unknown_tool"));
                            continue;
                        }
                    }
                }
                AgentTool::Signals { .. } => {
                    let are_free = SignalTool::ALL.map(|tool| names.insert(tool.name().to_owned()));
                    faults.check(are_free == [true; 2], &path, "has the name of another tool, or stands there twice");
                    continue;
                }
                AgentTool::Project { .. } | AgentTool::Mcp { .. } | AgentTool::Toolset { .. } => continue,
            };
            if !names.insert(name.clone()) {
                faults.add(format!("{path}.name"), format!("{name:?} is the name of two tools"));
            }
        }
        Ok(())
    }

    /// Checks an HTTP tool, wherever it is kept.
    pub(crate) fn check_http_tool(&self, tool: &HttpTool, path: &str, faults: &mut Faults) {
        let flaws = definition::flaws(tool);
        let callable = flaws.iter().all(|flaw| flaw.field != "url");
        add_flaws(flaws, path, faults);
        if callable {
            // Placeholders stand behind the host, so whom it calls is written out.
            let refused = self.check_url(&tool.url.replace(['{', '}'], "")).err();
            add_flaws(refused.map(|message| Flaw { field: "url".to_owned(), message }), path, faults);
        }
    }
}

/// Whether a session may begin with this description: what is stored and echoed but not
/// served yet is refused by name, rather than silently left out.
pub(crate) fn check_served(spec: &AgentSpec) -> Result<(), Error> {
    let used = |key: &&str| spec.extra.get(*key).is_some_and(is_used);
    if let Some(feature) = ["skills", "multiagent"].into_iter().find(used) {
        return Err(Refused::NotServed(feature.to_owned()).into());
    }
    for tool in &spec.tools {
        match tool {
            AgentTool::Toolset { settings } if has_enabled_tool(settings) => {
                return Err(Refused::NotServed("agent toolset (it needs a sandbox)".into()).into());
            }
            AgentTool::Mcp { .. } => return Err(Refused::NotServed("mcp_servers".into()).into()),
            _ => {}
        }
    }
    Ok(())
}

fn names_number(tools: &[AgentTool], wanted: u64) -> bool {
    tools.iter().any(|tool| matches!(tool, AgentTool::Project { number, .. } if *number == wanted))
}

fn is_used(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Whether a built-in set of tools offers any: by default it offers all.
fn has_enabled_tool(settings: &Value) -> bool {
    let enabled = |of: &Value| of.get("enabled").and_then(Value::as_bool);
    let by_default = settings.get("default_config").and_then(enabled).unwrap_or(true);
    let named = settings.get("configs").and_then(Value::as_array);
    by_default || named.is_some_and(|tools| tools.iter().any(|tool| enabled(tool) == Some(true)))
}

/// The rules of metadata, of agents and sessions alike.
pub(crate) fn check_metadata(metadata: &IndexMap<String, String>, faults: &mut Faults) {
    faults.check(metadata.len() <= METADATA_PAIRS_MAX, "metadata", "must have at most 16 pairs");
    for (key, value) in metadata {
        if !(1..=METADATA_KEY_CHARS_MAX).contains(&key.chars().count()) {
            return faults.add("metadata", "keys must have 1 to 64 characters");
        }
        if value.chars().count() > METADATA_VALUE_CHARS_MAX {
            faults.add(format!("metadata.{key}"), "must have at most 512 characters");
        }
    }
}

fn check_texts(spec: &AgentSpec, faults: &mut Faults) {
    let name = spec.name.chars().count();
    faults.check((1..=NAME_CHARS_MAX).contains(&name), "name", "must have 1 to 256 characters");
    let description = spec.description.as_deref().map_or(0, |text| text.chars().count());
    faults.check(description <= DESCRIPTION_CHARS_MAX, "description", "must have at most 2048 characters");
    check_instructions(spec.instructions.as_deref(), INSTRUCTIONS_CHARS_MAX, faults);
    let bytes = serde_json::to_vec(spec).map_or(usize::MAX, |json| json.len());
    faults.check(bytes <= SPEC_BYTES_MAX, "", "the agent is larger than 2 MiB in all");
}

fn check_instructions(instructions: Option<&str>, chars_max: usize, faults: &mut Faults) {
    if instructions.is_some_and(|text| text.chars().count() > chars_max) {
        faults.add("instructions", format!("must have at most {chars_max} characters"));
    }
}

/// Checks how a model is to be used, whichever it is.
fn check_model_use(model: &ModelChoice, faults: &mut Faults) {
    faults.check(model.max_tokens != Some(0), "model.max_tokens", "must be at least 1");
    let effort = model.effort.as_deref();
    let efforts = ["low", "medium", "high", "xhigh", "max"];
    faults.check(
        effort.is_none_or(|effort| efforts.contains(&effort)),
        "model.effort",
        "must be low, medium, high, xhigh or max",
    );
    let speed = model.speed.as_deref();
    let speeds = ["standard", "fast"];
    faults.check(speed.is_none_or(|speed| speeds.contains(&speed)), "model.speed", "must be standard or fast");
}

fn check_limits(limits: &Limits, faults: &mut Faults) {
    faults.check(limits.steps != Some(0), "limits.steps", "must be at least 1");
    faults.check(limits.tokens != Some(0), "limits.tokens", "must be at least 1");
    faults.check(limits.wall_ms != Some(0), "limits.wall_ms", "must be at least 1");
}

fn check_output_schema(schema: Option<&Value>, faults: &mut Faults) {
    let Some(schema) = schema else { return };
    if let Some(flaw) = output::bounds_flaw(schema) {
        // One without bounds is not compiled, either.
        faults.add("output_schema", flaw);
    } else if let Err(error) = Schema::new(schema) {
        faults.add("output_schema", error.to_string());
    }
}

fn add_flaws(flaws: impl IntoIterator<Item = Flaw>, path: &str, faults: &mut Faults) {
    for flaw in flaws {
        faults.add(joined(path, &flaw.field), flaw.message);
    }
}

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

fn unknown_model(id: &str) -> String {
    match ModelName::parse(id) {
        Some(name) => format!("no provider is named {:?} here: see the list of providers", name.provider),
        None => {
            format!("no model is called {id:?} here: write provider/model, such as local/default, or make it an alias")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(check: impl FnOnce(&mut Faults)) -> Vec<String> {
        let mut faults = Faults::default();
        check(&mut faults);
        match faults.into_result() {
            Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.path).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn texts_have_bounds() {
        let spec = |name: &str, chars: usize| AgentSpec {
            name: name.into(),
            instructions: Some("ä".repeat(chars)),
            ..AgentSpec::default()
        };
        assert!(paths(|faults| check_texts(&spec("a", 100_000), faults)).is_empty());
        assert_eq!(paths(|faults| check_texts(&spec("", 100_001), faults)), ["name", "instructions"]);
        assert_eq!(paths(|faults| check_texts(&spec(&"n".repeat(257), 1), faults)), ["name"]);
    }

    #[test]
    fn metadata_has_bounds() {
        let pairs = |pairs: usize, key: usize, value: usize| -> IndexMap<String, String> {
            (0..pairs).map(|n| (format!("{n:0>key$}"), "v".repeat(value))).collect()
        };
        assert!(paths(|faults| check_metadata(&pairs(16, 64, 512), faults)).is_empty());
        assert_eq!(paths(|faults| check_metadata(&pairs(17, 2, 0), faults)), ["metadata"]);
        assert_eq!(paths(|faults| check_metadata(&pairs(1, 65, 0), faults)), ["metadata"]);
        assert_eq!(paths(|faults| check_metadata(&pairs(1, 1, 513), faults)), ["metadata.0"]);
    }

    #[test]
    fn what_is_not_served_is_refused_by_name() {
        let with = |key: &str, value: Value| AgentSpec {
            extra: IndexMap::from([(key.to_owned(), value)]),
            ..AgentSpec::default()
        };
        assert!(check_served(&with("skills", json!([]))).is_ok());
        assert!(check_served(&with("multiagent", Value::Null)).is_ok());
        assert!(check_served(&with("execution_identity", json!({"type": "service_account"}))).is_ok());
        let refused = check_served(&with("skills", json!([{"type": "a"}]))).unwrap_err();
        assert_eq!(refused.to_string(), "skills is not served in this release");
        let toolset = |settings| AgentSpec { tools: vec![AgentTool::Toolset { settings }], ..AgentSpec::default() };
        assert!(check_served(&toolset(json!({}))).is_err());
        assert!(check_served(&toolset(json!({"default_config": {"enabled": false}}))).is_ok());
        let one = json!({"default_config": {"enabled": false}, "configs": [{"name": "bash", "enabled": true}]});
        assert!(check_served(&toolset(one)).is_err());
    }
}

//! What a request may say of an agent, and what becomes of its description.

use std::sync::Arc;

use domain::DocumentId;
use domain::agent::{AgentSpec, ModelChoice};
use domain::limits::Limits;
use utoipa::ToSchema;

use super::config::{
    DEFAULT_HISTORY, DEFAULT_MAX_TOKENS, DEFAULT_RECURSION_LIMIT, DEFAULT_TIMEOUT_MS, HistoryConfig, InvocationConfig,
    LlmConfig, MODEL_MAX, PROMPT_MAX, lowered, model_id, model_parts, read_history_config, read_invocation_config,
    read_llm_config,
};
use super::tools::{McpChoice, McpKeys, ScenarioChoice, read_mcp_configs, read_scenarios, replaced};
use crate::body::FromJson;
use crate::output_parser::{OutputParser, OutputParserView};
use crate::reading::{ANY_NUMBER, At, ENTRIES_MAX};

/// A new agent.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateAgent {
    /// For people.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// The team; the same as in the query.
    #[schema(minimum = 1)]
    pub(crate) team_id: u64,
    /// The connection to the model's provider.
    #[schema(minimum = 1)]
    pub(crate) make_connection_id: u64,
    /// A model of that provider.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) default_model: String,
    /// Instructions to the model.
    #[schema(min_length = 1, max_length = 100_000)]
    system_prompt: String,
    /// Bounds on each answer.
    #[schema(nullable = false)]
    llm_config: Option<LlmConfig>,
    /// Scenarios that the agent may run.
    #[schema(required = false, max_items = 200)]
    scenarios: Vec<ScenarioChoice>,
    /// How much of a thread the model is shown.
    history_config: Option<HistoryConfig>,
    /// MCP tools that the agent may call.
    #[schema(required = false, max_items = 200)]
    mcp_configs: Vec<McpChoice>,
    /// Contexts of the team that the agent is to have too.
    #[schema(required = false, max_items = 200)]
    contexts: Vec<ContextChoice>,
    /// The shape of each answer.
    #[schema(value_type = Option<OutputParserView>, nullable = false)]
    output_parser_format: Option<OutputParser>,
}

/// A context that was uploaded before.
#[derive(Debug, ToSchema)]
struct ContextChoice {
    /// Its id.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    id: Option<DocumentId>,
}

/// Changes of an agent: what is absent stays, an array replaces the one before.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PatchAgent {
    /// For people.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    name: Option<String>,
    /// Instructions to the model.
    #[schema(min_length = 1, max_length = 100_000, nullable = false)]
    system_prompt: Option<String>,
    /// A model of the agent's provider.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    default_model: Option<String>,
    /// Bounds on each answer.
    #[schema(nullable = false)]
    llm_config: Option<LlmConfig>,
    /// Bounds on each run.
    #[schema(nullable = false)]
    invocation_config: Option<InvocationConfig>,
    /// Scenarios that the agent may run.
    #[schema(nullable = false, max_items = 200)]
    scenarios: Option<Vec<ScenarioChoice>>,
    /// How much of a thread the model is shown; null is 10.
    history_config: Option<HistoryConfig>,
    /// MCP tools that the agent may call; both keys are required in each entry.
    #[schema(nullable = false, max_items = 200)]
    mcp_configs: Option<Vec<McpChoice>>,
    /// The shape of each answer.
    #[schema(value_type = Option<OutputParserView>, nullable = false)]
    output_parser_format: Option<OutputParser>,
}

impl FromJson for CreateAgent {
    fn read(at: &At<'_>) -> Option<Self> {
        let name = at.field("name").required(read_name);
        let team_id = at.field("teamId").required(|at| at.integer(ANY_NUMBER));
        let make_connection_id = at.field("makeConnectionId").required(|at| at.integer(ANY_NUMBER));
        let default_model = at.field("defaultModel").required(read_model);
        let system_prompt = at.field("systemPrompt").required(read_prompt);
        let configs = at.field("mcpConfigs").optional(|at| read_mcp_configs(at, McpKeys::Optional));
        let created = Self {
            llm_config: at.field("llmConfig").optional(read_llm_config),
            scenarios: at.field("scenarios").optional(read_scenarios).unwrap_or_default(),
            history_config: at.field("historyConfig").optional(read_history_config),
            mcp_configs: configs.unwrap_or_default(),
            contexts: at.field("contexts").optional(read_contexts).unwrap_or_default(),
            output_parser_format: at.field("outputParserFormat").optional(OutputParser::read),
            name: name?,
            team_id: team_id?,
            make_connection_id: make_connection_id?,
            default_model: default_model?,
            system_prompt: system_prompt?,
        };
        Some(created)
    }
}

impl FromJson for PatchAgent {
    fn read(at: &At<'_>) -> Option<Self> {
        Some(Self {
            name: at.field("name").optional(read_name),
            system_prompt: at.field("systemPrompt").optional(read_prompt),
            default_model: at.field("defaultModel").optional(read_model),
            llm_config: at.field("llmConfig").optional(read_llm_config),
            invocation_config: at.field("invocationConfig").optional(read_invocation_config),
            scenarios: at.field("scenarios").optional(read_scenarios),
            history_config: at.field("historyConfig").optional(read_history_config),
            mcp_configs: at.field("mcpConfigs").optional(|at| read_mcp_configs(at, McpKeys::Required)),
            output_parser_format: at.field("outputParserFormat").optional(OutputParser::read),
        })
    }
}

/// Reads an agent's name.
fn read_name(at: &At<'_>) -> Option<String> {
    at.text(1..=255).map(str::to_owned)
}

/// Reads a system prompt.
pub(crate) fn read_prompt(at: &At<'_>) -> Option<String> {
    at.text(1..=PROMPT_MAX).map(str::to_owned)
}

/// Reads a model's name.
pub(crate) fn read_model(at: &At<'_>) -> Option<String> {
    at.text(1..=MODEL_MAX).map(str::to_owned)
}

fn read_contexts(at: &At<'_>) -> Option<Vec<ContextChoice>> {
    at.list(0..=ENTRIES_MAX, |at| {
        at.object()?;
        Some(ContextChoice { id: at.field("id").optional(At::id) })
    })
}

impl CreateAgent {
    /// The contexts that the agent is to have from the start.
    pub(crate) fn documents(&self) -> Vec<DocumentId> {
        self.contexts.iter().filter_map(|context| context.id).collect()
    }

    /// The description, on a provider whose model can write `answer_limit` tokens at once.
    pub(crate) fn into_spec(self, provider: &str, answer_limit: Option<u32>) -> AgentSpec {
        let max_tokens = self.llm_config.map_or(DEFAULT_MAX_TOKENS, |config| config.max_tokens);
        let history = self.history_config.map_or(DEFAULT_HISTORY, |config| config.iterations_from_history_count);
        AgentSpec {
            name: self.name,
            model: ModelChoice {
                id: model_id(provider, &self.default_model),
                max_tokens: Some(lowered(max_tokens, answer_limit)),
                ..ModelChoice::default()
            },
            instructions: Some(self.system_prompt),
            tools: replaced(&[], Some(&self.scenarios), Some(&self.mcp_configs)),
            limits: Limits {
                steps: Some(DEFAULT_RECURSION_LIMIT),
                wall_ms: Some(DEFAULT_TIMEOUT_MS),
                ..Limits::default()
            },
            history_runs: Some(history),
            output_schema: self.output_parser_format.and_then(|format| format.schema()).map(Arc::new),
            ..AgentSpec::default()
        }
    }
}

impl PatchAgent {
    /// The provider's model that the agent will use, if the change asks what it can write.
    pub(crate) fn model_to_ask<'a>(&'a self, spec: &'a AgentSpec) -> Option<(&'a str, &'a str)> {
        let (provider, model) = model_parts(&spec.model.id);
        let asks = self.default_model.is_some() || self.llm_config.is_some();
        asks.then(|| (provider, self.default_model.as_deref().unwrap_or(model)))
    }

    /// The description with these changes, where the model can write `answer_limit` tokens
    /// at once.
    pub(crate) fn apply(&self, spec: &AgentSpec, answer_limit: Option<u32>) -> AgentSpec {
        let mut changed = spec.clone();
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
        }
        if let Some(prompt) = &self.system_prompt {
            changed.instructions = Some(prompt.clone());
        }
        if let Some(model) = &self.default_model {
            let (provider, _) = model_parts(&spec.model.id);
            changed.model.id = model_id(provider, model);
        }
        let max_tokens = self.llm_config.as_ref().map(|config| config.max_tokens);
        let max_tokens = max_tokens.or(spec.model.max_tokens.map(u64::from));
        changed.model.max_tokens = max_tokens.map(|wanted| lowered(wanted, answer_limit));
        if let Some(config) = &self.invocation_config {
            let bounds = Limits { steps: config.recursion_limit, wall_ms: config.timeout, ..Limits::default() };
            changed.limits = bounds.or(spec.limits);
        }
        if self.scenarios.is_some() || self.mcp_configs.is_some() {
            changed.tools = replaced(&spec.tools, self.scenarios.as_deref(), self.mcp_configs.as_deref());
        }
        if let Some(config) = &self.history_config {
            changed.history_runs = Some(config.iterations_from_history_count);
        }
        if let Some(format) = &self.output_parser_format {
            changed.output_schema = format.schema().map(Arc::new);
        }
        changed
    }
}

/// A field of the core's description in the words of these requests.
pub(crate) fn in_make_words(path: &str) -> String {
    let (head, rest) = path.split_at(path.find(['[', '.']).unwrap_or(path.len()));
    match (head, rest) {
        ("instructions", _) => "systemPrompt".to_owned(),
        ("model", ".max_tokens") => "llmConfig.maxTokens".to_owned(),
        ("model", _) => "defaultModel".to_owned(),
        // Scenarios come first among the tools that these requests make.
        ("tools", entry) => match entry.split_once('.') {
            Some((index, _)) => format!("scenarios{index}.makeScenarioId"),
            None => "scenarios".to_owned(),
        },
        ("limits", ".steps") => "invocationConfig.recursionLimit".to_owned(),
        ("limits", _) => "invocationConfig.timeout".to_owned(),
        ("output_schema", _) => "outputParserFormat".to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Fault, Faults};
    use serde_json::{Value, json};

    fn read<T: FromJson>(value: Value) -> Result<T, Vec<String>> {
        let faults = Faults::default();
        let read = T::read(&At::root(&value, &faults));
        faults.unless_any(read).map_err(|faults| faults.iter().map(Fault::to_string).collect())
    }

    fn five() -> Value {
        json!({"name": "n", "teamId": 1, "makeConnectionId": 10, "defaultModel": "m", "systemPrompt": "s"})
    }

    fn with(key: &str, value: Value) -> Value {
        let mut body = five();
        body[key] = value;
        body
    }

    fn spec() -> AgentSpec {
        read::<CreateAgent>(five()).unwrap().into_spec("p", None)
    }

    fn patched(patch: Value) -> AgentSpec {
        read::<PatchAgent>(patch).unwrap().apply(&spec(), Some(50))
    }

    #[test]
    fn every_required_field_is_missed_at_once() {
        assert_eq!(
            read::<CreateAgent>(json!({})).unwrap_err(),
            ["name", "teamId", "makeConnectionId", "defaultModel", "systemPrompt"].map(|f| format!("{f}: required"))
        );
        for wrong in [
            ("systemPrompt", json!("")),
            ("name", json!("n".repeat(256))),
            ("teamId", json!(0)),
            ("llmConfig", json!({"maxTokens": 0})),
            ("historyConfig", json!({"iterationsFromHistoryCount": 101})),
            ("contexts", json!([{"id": "x"}])),
            ("outputParserFormat", json!({"type": "make-schema", "schema": []})),
        ] {
            let faults = read::<CreateAgent>(with(wrong.0, wrong.1)).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with(wrong.0), "{faults:?}");
        }
    }

    #[test]
    fn a_new_agent_has_the_defaults_of_the_contract() {
        let spec = spec();
        assert_eq!(
            (spec.model.id.as_str(), spec.model.max_tokens, spec.history_runs),
            ("p/m", Some(100_000), Some(10))
        );
        assert_eq!((spec.limits.steps, spec.limits.wall_ms), (Some(300), Some(300_000)));
        let nothing = read::<CreateAgent>(with("historyConfig", Value::Null)).unwrap().into_spec("p", Some(4_096));
        assert_eq!((nothing.history_runs, nothing.model.max_tokens), (Some(10), Some(4_096)));
        let asked =
            read::<CreateAgent>(with("llmConfig", json!({"maxTokens": 7}))).unwrap().into_spec("p", Some(4_096));
        assert_eq!(asked.model.max_tokens, Some(7));
    }

    #[test]
    fn unknown_keys_are_ignored_at_every_level() {
        let mut body = with("llmConfig", json!({"maxTokens": 5, "foo": 1}));
        body["foo"] = json!(1);
        body["scenarios"] = json!([{"makeScenarioId": 7, "foo": {}}]);
        assert!(read::<CreateAgent>(body).is_ok());
        let ignored = json!({"makeConnectionId": "x", "teamId": -1, "contexts": 7, "id": {}});
        assert_eq!(read::<PatchAgent>(ignored).unwrap().apply(&spec(), None), spec());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        assert_eq!(read::<PatchAgent>(json!({})).unwrap().apply(&spec(), None), spec());
        let named = patched(json!({"name": "n2"}));
        assert_eq!((named.name.as_str(), &named.instructions), ("n2", &spec().instructions));
        let model = patched(json!({"defaultModel": "big/one"}));
        assert_eq!((model.model.id.as_str(), model.model.max_tokens), ("p/big/one", Some(50)));
        let limits = patched(json!({"invocationConfig": {"timeout": 30_000}})).limits;
        assert_eq!((limits.steps, limits.wall_ms), (Some(300), Some(30_000)));
        let history = patched(json!({"historyConfig": {"iterationsFromHistoryCount": 3}}));
        assert_eq!(history.history_runs, Some(3));
        let reset = read::<PatchAgent>(json!({"historyConfig": null})).unwrap().apply(&history, None);
        assert_eq!(reset.history_runs, Some(10));
        let shaped =
            patched(json!({"outputParserFormat": {"type": "make-schema", "schema": [{"name": "a", "type": "any"}]}}));
        assert!(shaped.output_schema.is_some());
        let plain = read::<PatchAgent>(json!({"outputParserFormat": {"type": "text"}})).unwrap().apply(&shaped, None);
        assert_eq!(plain.output_schema, None);
    }

    #[test]
    fn bounds_of_a_patch_are_those_of_the_contract() {
        for (patch, path) in [
            (json!({"invocationConfig": {"timeout": 500}}), "invocationConfig.timeout"),
            (json!({"invocationConfig": {"timeout": 600_001}}), "invocationConfig.timeout"),
            (json!({"invocationConfig": {"recursionLimit": 0}}), "invocationConfig.recursionLimit"),
            (json!({"invocationConfig": {"recursionLimit": 1_001}}), "invocationConfig.recursionLimit"),
            (json!({"systemPrompt": ""}), "systemPrompt"),
            (json!({"name": null}), "name"),
            (json!({"mcpConfigs": [{"mcpConnectionId": 3}]}), "mcpConfigs[0].toolIds"),
        ] {
            let faults = read::<PatchAgent>(patch).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with(path), "{faults:?}");
        }
    }

    #[test]
    fn the_cores_fields_are_named_in_makes_words() {
        for (path, words) in [
            ("name", "name"),
            ("instructions", "systemPrompt"),
            ("model.id", "defaultModel"),
            ("model.max_tokens", "llmConfig.maxTokens"),
            ("tools[2].number", "scenarios[2].makeScenarioId"),
            ("tools", "scenarios"),
            ("limits.steps", "invocationConfig.recursionLimit"),
            ("output_schema", "outputParserFormat"),
            ("contexts[0].id", "contexts[0].id"),
        ] {
            assert_eq!(in_make_words(path), words);
        }
    }
}

//! What a request may say of a run, and what it changes of the agent for it.

use std::sync::Arc;

use app::App;
use domain::EventBody;
use domain::agent::{AgentSpec, AgentTool, ModelChoice, Overrides};
use domain::limits::Limits;
use domain::model::Block;
use serde_json::Value;
use utoipa::ToSchema;

use crate::agents::config::{
    DEFAULT_TIMEOUT_MS, HistoryConfig, InvocationConfig, model_id, model_parts, read_history_config,
    read_invocation_config, read_max_tokens,
};
use crate::agents::tools::{McpChoice, McpKeys, ScenarioChoice, joined, read_mcp_configs, read_scenarios};
use crate::agents::{read_model, read_prompt};
use crate::body::FromJson;
use crate::error::ApiError;
use crate::output_parser::{OutputParser, OutputParserView};
use crate::reading::At;

/// Most messages of one run.
const MESSAGES_MAX: usize = 100;
/// Most characters of one message.
const CONTENT_MAX: usize = 100_000;
/// Most characters of a thread's name.
const THREAD_MAX: usize = 255;
/// Most characters of an address.
const URL_MAX: usize = 2_048;

/// A run.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct RunRequest {
    /// What the agent is to answer.
    #[schema(min_items = 1, max_items = 100)]
    messages: Vec<MessageInput>,
    /// The conversation, by any name of the caller's; a fresh one if absent.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub(super) thread_id: Option<String>,
    /// Where the result is sent too.
    #[schema(max_length = 2048, nullable = false)]
    callback_url: Option<String>,
    /// What differs from the agent's own configuration for this run.
    config: RunConfig,
}

/// A message.
#[derive(Debug, ToSchema)]
struct MessageInput {
    /// Who said it.
    role: MessageRole,
    /// What.
    #[schema(min_length = 1, max_length = 100_000)]
    content: String,
}

/// Who said a message.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
enum MessageRole {
    /// The agent, earlier.
    Assistant,
    /// Whoever uses it.
    User,
}

/// What differs for one run.
#[derive(Debug, Default, ToSchema)]
#[schema(rename_all = "camelCase")]
struct RunConfig {
    /// Instead of the agent's.
    #[schema(min_length = 1, max_length = 100_000, nullable = false)]
    system_prompt: Option<String>,
    /// After the system prompt and a blank line.
    #[schema(min_length = 1, max_length = 100_000, nullable = false)]
    additional_system_prompt: Option<String>,
    /// Added to the agent's; of two for one scenario this one counts.
    #[schema(required = false, max_items = 200)]
    scenarios: Vec<ScenarioChoice>,
    /// Added to the agent's; both keys are required in each entry.
    #[schema(required = false, max_items = 200)]
    mcp_configs: Vec<McpChoice>,
    /// Instead of the agent's.
    history_config: Option<HistoryConfig>,
    /// Instead of the agent's.
    #[schema(nullable = false)]
    llm_config: Option<RunLlmConfig>,
    /// Instead of the agent's.
    #[schema(nullable = false)]
    invocation_config: Option<InvocationConfig>,
    /// Instead of the agent's.
    #[schema(value_type = Option<OutputParserView>, nullable = false)]
    output_parser: Option<OutputParser>,
}

/// Another model, or other bounds on it.
#[derive(Debug, Default, ToSchema)]
#[schema(rename_all = "camelCase")]
struct RunLlmConfig {
    /// A model of the agent's provider.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    llm_model: Option<String>,
    /// Bounds on each answer.
    #[schema(nullable = false)]
    settings: Option<RunLlmSettings>,
}

/// Bounds on each answer of one run.
#[derive(Debug, Default, ToSchema)]
#[schema(rename_all = "camelCase")]
struct RunLlmSettings {
    /// Tokens of one answer.
    #[schema(minimum = 1, nullable = false)]
    max_tokens: Option<u64>,
}

impl FromJson for RunRequest {
    fn read(at: &At<'_>) -> Option<Self> {
        let messages = at.field("messages").required(|at| at.list(1..=MESSAGES_MAX, read_message));
        let thread_id = at.field("threadId").optional(|at| at.text(1..=THREAD_MAX).map(str::to_owned));
        let callback_url = at.field("callbackUrl").optional(|at| at.text(1..=URL_MAX).map(str::to_owned));
        let config = at.field("config").required(RunConfig::read);
        Some(Self { messages: messages?, thread_id, callback_url, config: config? })
    }
}

fn read_message(at: &At<'_>) -> Option<MessageInput> {
    at.object()?;
    let role = at.field("role").required(|at| match at.value().and_then(Value::as_str) {
        Some("user") => Some(MessageRole::User),
        Some("assistant") => Some(MessageRole::Assistant),
        _ => {
            at.fault("must be user or assistant");
            None
        }
    });
    let content = at.field("content").required(|at| at.text(1..=CONTENT_MAX).map(str::to_owned));
    Some(MessageInput { role: role?, content: content? })
}

impl RunConfig {
    fn read(at: &At<'_>) -> Option<Self> {
        at.object()?;
        let configs = at.field("mcpConfigs").optional(|at| read_mcp_configs(at, McpKeys::Required));
        Some(Self {
            system_prompt: at.field("systemPrompt").optional(read_prompt),
            additional_system_prompt: at.field("additionalSystemPrompt").optional(read_prompt),
            scenarios: at.field("scenarios").optional(read_scenarios).unwrap_or_default(),
            mcp_configs: configs.unwrap_or_default(),
            history_config: at.field("historyConfig").optional(read_history_config),
            llm_config: at.field("llmConfig").optional(RunLlmConfig::read),
            invocation_config: at.field("invocationConfig").optional(read_invocation_config),
            output_parser: at.field("outputParser").optional(OutputParser::read),
        })
    }
}

impl RunLlmConfig {
    fn read(at: &At<'_>) -> Option<Self> {
        at.object()?;
        let settings = at.field("settings").optional(|at| {
            at.object()?;
            Some(RunLlmSettings { max_tokens: at.field("maxTokens").optional(read_max_tokens) })
        });
        Some(Self { llm_model: at.field("llmModel").optional(read_model), settings })
    }
}

impl RunRequest {
    /// Where the result is sent too, if that is allowed.
    pub(super) fn callback_url(&self, app: &App) -> Result<Option<String>, ApiError> {
        let Some(url) = &self.callback_url else { return Ok(None) };
        match app.check_url(url) {
            Ok(()) => Ok(Some(url.clone())),
            Err(why) => Err(ApiError::invalid_field("callbackUrl", why)),
        }
    }

    /// The messages as the log keeps them.
    pub(super) fn inputs(&self) -> Vec<EventBody> {
        let input = |message: &MessageInput| {
            let content = vec![Block::text(message.content.as_str())];
            match message.role {
                MessageRole::User => EventBody::UserMessage { content, dropped: false },
                MessageRole::Assistant => EventBody::said(content),
            }
        };
        self.messages.iter().map(input).collect()
    }

    /// What the run changes of the agent. The prompt is among it, since the time in it must
    /// stay the same for the whole run.
    pub(super) fn overrides(&self, spec: &AgentSpec, prompt: String) -> Overrides {
        let config = &self.config;
        let bounds = config.invocation_config.as_ref();
        Overrides {
            model: config.llm_config.as_ref().map(|llm| llm.applied(&spec.model)),
            instructions: Some(Some(prompt)),
            tools: self.tools(&spec.tools),
            limits: Limits {
                steps: bounds.and_then(|bounds| bounds.recursion_limit),
                // An agent made elsewhere may have no time limit; a call of Make's always has.
                wall_ms: bounds
                    .and_then(|bounds| bounds.timeout)
                    .or_else(|| spec.limits.wall_ms.is_none().then_some(DEFAULT_TIMEOUT_MS)),
                ..Limits::default()
            },
            history_runs: config.history_config.as_ref().map(|history| history.iterations_from_history_count),
            output_schema: config.output_parser.as_ref().map(|parser| parser.schema().map(Arc::new)),
            ..Overrides::default()
        }
    }

    fn tools(&self, own: &[AgentTool]) -> Option<Vec<AgentTool>> {
        let scenarios = self.config.scenarios.iter().cloned().map(AgentTool::from);
        let configs = self.config.mcp_configs.iter().cloned().map(AgentTool::from);
        let added: Vec<AgentTool> = scenarios.chain(configs).collect();
        (!added.is_empty()).then(|| joined(own, added))
    }
}

impl RunLlmConfig {
    fn applied(&self, own: &ModelChoice) -> ModelChoice {
        let (provider, model) = model_parts(&own.id);
        let model = self.llm_model.as_deref().unwrap_or(model);
        let asked = self.settings.as_ref().and_then(|settings| settings.max_tokens);
        let asked = asked.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX));
        ModelChoice { id: model_id(provider, model), max_tokens: asked.or(own.max_tokens), ..own.clone() }
    }
}

/// The instructions as the model gets them: the prompt, what the run adds after a blank
/// line, and the time in the organization's zone on a last line.
pub(super) fn effective_prompt(spec: &AgentSpec, request: &RunRequest, local_time: &str) -> String {
    let own = spec.instructions.as_deref().unwrap_or_default();
    let prompt = request.config.system_prompt.as_deref().unwrap_or(own);
    let (gap, more) = match &request.config.additional_system_prompt {
        Some(more) => ("\n\n", more.as_str()),
        None => ("", ""),
    };
    format!("{prompt}{gap}{more}\nCurrent time (ISO): {local_time}")
}

/// A field of the core's in the words of these requests.
pub(super) fn in_make_words(path: &str) -> String {
    let (head, rest) = path.split_at(path.find(['[', '.']).unwrap_or(path.len()));
    match (head, rest) {
        ("inputs", entry) => format!("messages{entry}"),
        ("thread", _) => "threadId".to_owned(),
        ("instructions", _) => "config.systemPrompt".to_owned(),
        ("model", ".max_tokens") => "config.llmConfig.settings.maxTokens".to_owned(),
        ("model", _) => "config.llmConfig.llmModel".to_owned(),
        ("tools", _) => "config.scenarios".to_owned(),
        ("limits", ".steps") => "config.invocationConfig.recursionLimit".to_owned(),
        ("limits", _) => "config.invocationConfig.timeout".to_owned(),
        ("output_schema", _) => "config.outputParser".to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{Fault, Faults};
    use domain::tool::Permission;
    use serde_json::json;

    fn read(value: Value) -> Result<RunRequest, Vec<String>> {
        let faults = Faults::default();
        let read = RunRequest::read(&At::root(&value, &faults));
        faults.unless_any(read).map_err(|faults| faults.iter().map(Fault::to_string).collect())
    }

    fn configured(config: Value) -> RunRequest {
        read(json!({"messages": [{"role": "user", "content": "hi"}], "config": config})).unwrap()
    }

    fn spec() -> AgentSpec {
        AgentSpec {
            instructions: Some("Own.".into()),
            model: ModelChoice { id: "p/m".into(), max_tokens: Some(9), ..ModelChoice::default() },
            tools: vec![AgentTool::Project { number: 1, permission: Permission::Allow }],
            limits: Limits { wall_ms: Some(300_000), ..Limits::default() },
            ..AgentSpec::default()
        }
    }

    fn overrides(config: Value) -> Overrides {
        configured(config).overrides(&spec(), String::new())
    }

    #[test]
    fn faults_are_named_where_they_stand() {
        let message = json!({"role": "user", "content": "hi"});
        for (body, expected) in [
            (json!({"messages": [message]}), "config: required"),
            (json!({"messages": [], "config": {}}), "messages: must not be empty"),
            (
                json!({"messages": [{"role": "system", "content": "x"}], "config": {}}),
                "messages[0].role: must be user or assistant",
            ),
            (json!({"messages": [{"role": "user"}], "config": {}}), "messages[0].content: required"),
            (json!({"messages": [message], "config": [], }), "config: must be an object"),
            (json!({"messages": [message], "config": {}, "threadId": ""}), "threadId: must not be empty"),
            (
                json!({"messages": [message], "config": {"mcpConfigs": [{"toolIds": []}]}}),
                "config.mcpConfigs[0].mcpConnectionId: required",
            ),
            (
                json!({"messages": [message], "config": {"invocationConfig": {"timeout": 999}}}),
                "config.invocationConfig.timeout: must",
            ),
            (
                json!({"messages": [message], "config": {"outputParser": {"type": "x"}}}),
                "config.outputParser.type: must",
            ),
        ] {
            let faults = read(body).unwrap_err();
            assert!(faults.len() == 1 && faults[0].starts_with(expected), "{faults:?}");
        }
        assert_eq!(read(json!({})).unwrap_err(), ["messages: required", "config: required"]);
    }

    #[test]
    fn the_prompt_ends_with_the_time() {
        let prompt = |config| effective_prompt(&spec(), &configured(config), "NOW");
        assert_eq!(prompt(json!({})), "Own.\nCurrent time (ISO): NOW");
        assert_eq!(
            prompt(json!({"systemPrompt": "Other.", "additionalSystemPrompt": "More."})),
            "Other.\n\nMore.\nCurrent time (ISO): NOW"
        );
    }

    #[test]
    fn a_run_changes_what_its_config_names() {
        let nothing = overrides(json!({}));
        assert_eq!(nothing, Overrides { instructions: Some(Some(String::new())), ..Overrides::default() });
        let model =
            overrides(json!({"llmConfig": {"llmModel": "any-name", "settings": {"maxTokens": 5}}})).model.unwrap();
        assert_eq!((model.id.as_str(), model.max_tokens), ("p/any-name", Some(5)));
        let model = overrides(json!({"llmConfig": {"llmModel": "x/y"}})).model.unwrap();
        assert_eq!((model.id.as_str(), model.max_tokens), ("p/x/y", Some(9)));
        let limits = overrides(json!({"invocationConfig": {"recursionLimit": 2, "timeout": 1_000}})).limits;
        assert_eq!((limits.steps, limits.wall_ms), (Some(2), Some(1_000)));
        let tools = overrides(json!({"scenarios": [{"makeScenarioId": 7}]})).tools.unwrap();
        assert_eq!(tools.len(), 2);
        let history = overrides(json!({"historyConfig": {"iterationsFromHistoryCount": 0}}));
        assert_eq!(history.history_runs, Some(0));
        let plain = overrides(json!({"outputParser": {"type": "text"}}));
        assert_eq!(plain.output_schema, Some(None));
    }

    #[test]
    fn an_agent_without_a_time_limit_gets_makes() {
        let unbounded = AgentSpec { limits: Limits::default(), ..spec() };
        assert_eq!(configured(json!({})).overrides(&unbounded, String::new()).limits.wall_ms, Some(300_000));
    }
}

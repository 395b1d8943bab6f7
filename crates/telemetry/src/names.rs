//! Every name that a collector sees. Those that begin with `gen_ai` and `error` are
//! OpenTelemetry's semantic conventions for generative AI; those with `sortie`, ours.

/// The service, and the instrumentation that tells of it.
pub const SERVICE: &str = "sortie";
/// The server's version.
pub const SERVICE_VERSION: &str = "service.version";

/// What was done: one of the three below.
pub const OPERATION: &str = "gen_ai.operation.name";
/// A run.
pub const INVOKE_AGENT: &str = "invoke_agent";
/// A model call.
pub const CHAT: &str = "chat";
/// A tool call.
pub const EXECUTE_TOOL: &str = "execute_tool";

/// Whose model it is.
pub const PROVIDER: &str = "gen_ai.provider.name";
/// The model.
pub const REQUEST_MODEL: &str = "gen_ai.request.model";
/// Why the model stopped.
pub const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// Tokens read, from caches too.
pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// Tokens written.
pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Tokens read from the provider's cache.
pub const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Tokens written to the provider's cache.
pub const CACHE_CREATION_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";

/// The agent's id.
pub const AGENT_ID: &str = "gen_ai.agent.id";
/// The agent's name.
pub const AGENT_NAME: &str = "gen_ai.agent.name";
/// The session.
pub const CONVERSATION: &str = "gen_ai.conversation.id";

/// The tool's name.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// The kind of tool.
pub const TOOL_TYPE: &str = "gen_ai.tool.type";
/// The only kind: the server makes the call.
pub const FUNCTION: &str = "function";
/// The event that told of the call first.
pub const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";

/// What was asked. Like the three below, only if the operator wants it.
pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
/// What was said.
pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// What a tool was called with.
pub const TOOL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
/// What a tool answered.
pub const TOOL_RESULT: &str = "gen_ai.tool.call.result";

/// How it failed.
pub const ERROR_TYPE: &str = "error.type";

/// Whose run it is.
pub const ORG: &str = "sortie.org.id";
/// The run.
pub const RUN: &str = "sortie.run.id";

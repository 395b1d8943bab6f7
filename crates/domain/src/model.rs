//! A language model as the engine speaks with it: what it is asked, what it answers in
//! pieces, and how it fails. How a provider spells this on its wire is the adapters' affair.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One call of a model.
#[derive(Debug, Clone, Default)]
pub struct ModelRequest {
    /// The model's name at its provider (`gpt-5`, not `openai/gpt-5`).
    pub model: String,
    /// Instructions, knowledge included.
    pub system: Option<String>,
    /// The conversation so far, oldest first. Shared: a step adds to it, never copies it.
    pub messages: Vec<Arc<Message>>,
    /// What the model may call.
    pub tools: Vec<Arc<ToolOffer>>,
    /// JSON Schema the whole answer must fit, if the agent has one.
    pub output_schema: Option<Arc<Value>>,
    /// Upper bound on generated tokens; the provider's default if absent.
    pub max_tokens: Option<u32>,
    /// How hard to think, as [`crate::agent::ModelChoice::effort`]. Like the two below it is
    /// told to providers that know such a thing, and means nothing to others.
    pub effort: Option<String>,
    /// `standard` or `fast`.
    pub speed: Option<String>,
    /// Where to compute.
    pub inference_geo: Option<String>,
}

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// From the person or program that uses the agent.
    User {
        /// What was said.
        content: Vec<Block>,
    },
    /// From the model.
    Assistant {
        /// The text, empty if the model only called tools.
        text: String,
        /// The calls the model asked for with this message.
        tool_calls: Vec<ToolCall>,
    },
    /// A tool's answer to one call of the message before.
    Tool {
        /// [`ToolCall::id`] of the call that is answered.
        call_id: String,
        /// The answer as text.
        content: String,
        /// Whether the tool failed.
        is_error: bool,
    },
}

/// A piece of content. Text is what every model takes; other kinds travel as sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture, in the source forms of the native API.
    Image {
        /// `base64`, `url` or `file` source, as sent.
        source: Value,
    },
    /// A document, in the source forms of the native API.
    Document {
        /// `base64`, `text`, `url` or `file` source, as sent.
        source: Value,
        /// Its title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What the model should know about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    },
    /// Something that a search of the client's found. Only in a tool's answer.
    SearchResult {
        /// Where it was found.
        source: String,
        /// Its title.
        title: String,
        /// What it says.
        texts: Vec<String>,
        /// Whether the model is asked to cite it.
        citations: bool,
    },
}

impl Block {
    /// A text block.
    pub fn text(text: impl Into<String>) -> Self {
        Block::Text { text: text.into() }
    }

    /// The block for a reader of text alone; `None` if text cannot say it.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Block::Text { text } => Some(text.into()),
            Block::Image { .. } => None,
            Block::Document { source, title, context } => {
                let is_text = source.get("type").and_then(Value::as_str) == Some("text");
                let data = source.get("data").and_then(Value::as_str).filter(|_| is_text)?;
                let parts = [title.as_deref(), context.as_deref(), Some(data)];
                Some(parts.into_iter().flatten().collect::<Vec<_>>().join("\n").into())
            }
            Block::SearchResult { source, title, texts, .. } => {
                Some(format!("{title} ({source})\n{}", texts.join("\n")).into())
            }
        }
    }
}

/// The answer of a tool as a model is told it: all that text can say, a line for each block.
pub fn answer_of(content: &[Block]) -> String {
    let texts: Vec<Cow<'_, str>> = content.iter().filter_map(Block::as_text).collect();
    texts.join("\n")
}

/// The text of all text blocks, one after the other.
pub fn text_of(content: &[Block]) -> String {
    content
        .iter()
        .filter_map(|block| if let Block::Text { text } = block { Some(text.as_str()) } else { None })
        .collect()
}

/// One tool call of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The id under which the model expects the answer. The engine's own tool-use event id
    /// (see [`crate::event::EventBody::AgentToolUse`]), not the provider's.
    pub id: String,
    /// The tool's name as offered.
    pub name: String,
    /// The arguments. An object if the model kept to the schema.
    pub arguments: Value,
}

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolOffer {
    /// Name, unique within one request: 1–128 letters, digits, `_`, `-`.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of the arguments, `type: object`.
    pub input_schema: Value,
}

/// A piece of a reply, as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelChunk {
    /// More text of the answer.
    Text(String),
    /// More of the model's reasoning summary.
    Thinking(String),
    /// More of a tool call.
    ToolCall {
        /// Which call of this reply, from 0.
        index: usize,
        /// The tool's name; comes with the first piece.
        name: Option<String>,
        /// The next part of the arguments' JSON text.
        arguments: String,
    },
    /// Tokens counted so far in this call; a later report replaces an earlier one.
    Usage(Usage),
    /// The reply is whole. Nothing follows; a stream that ends without it was cut.
    Stop(StopCause),
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// It said what it had to say.
    EndTurn,
    /// It wants tools called.
    ToolUse,
    /// `max_tokens` or the model's window was reached.
    MaxTokens,
    /// The model or its provider declined.
    Refusal,
}

/// Tokens of one call, or a sum of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones not included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    #[serde(default)]
    pub cache_read_input_tokens: u64,
    /// Tokens written to the provider's cache.
    #[serde(default)]
    pub cache_creation_input_tokens: u64,
}

impl Usage {
    /// No tokens.
    pub const NONE: Usage =
        Usage { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

    /// All tokens, of whatever kind.
    pub fn total(&self) -> u64 {
        let Self { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = *self;
        [output_tokens, cache_read_input_tokens, cache_creation_input_tokens]
            .into_iter()
            .fold(input_tokens, u64::saturating_add)
    }
}

/// Sums stop at the top: what providers count is theirs to say, and no number of theirs may
/// end a run or wrap around to a small one that a limit would let pass.
impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |sum: &mut u64, more| *sum = sum.saturating_add(more);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_input_tokens, other.cache_read_input_tokens);
        add(&mut self.cache_creation_input_tokens, other.cache_creation_input_tokens);
    }
}

/// A failed model call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ModelFault {
    /// What went wrong, as far as the retry rule needs to know it.
    pub kind: FaultKind,
    /// For people: what happened and, where known, what to do. Never holds a secret.
    pub message: String,
    /// How long the provider asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl ModelFault {
    /// A fault without a `Retry-After`.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }
}

/// The kinds of fault, by what a caller does about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429.
    RateLimited,
    /// 503 or 529: up, but too busy.
    Overloaded,
    /// Another 5xx.
    ServerError,
    /// The provider could not be reached.
    Unreachable,
    /// Nothing came for too long.
    Silent,
    /// The reply ended in the middle.
    Cut,
    /// The reply could not be understood.
    Malformed,
    /// The reply was larger than any reply may be.
    TooLarge,
    /// Another 4xx: the same request will fail again.
    Rejected,
    /// The conversation is longer than the model can hold.
    TooLong,
    /// The provider wants to be paid first.
    Unpaid,
    /// The model, or its provider, would not answer this, and another model is asked.
    Declined,
    /// The provider refused our credentials.
    Unauthorized,
    /// No such provider or model here, or its file is missing.
    Unavailable,
    /// Not the model's: the run cannot go on as the agent is described, or by a mistake of
    /// ours.
    Internal,
}

/// A model's name as written: `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelName<'a> {
    /// Before the first slash.
    pub provider: &'a str,
    /// After it; may hold slashes of its own.
    pub model: &'a str,
}

impl<'a> ModelName<'a> {
    /// Reads `provider/model`; `None` if either part is missing.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (provider, model) = text.split_once('/')?;
        (!provider.is_empty() && !model.is_empty()).then_some(Self { provider, model })
    }
}

/// What is known of a model that a provider offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its name at the provider.
    pub model: String,
    /// Tokens it can hold, prompt and answer together, if known.
    pub context_tokens: Option<u32>,
    /// Tokens it can write in one answer, if known.
    pub output_tokens: Option<u32>,
}

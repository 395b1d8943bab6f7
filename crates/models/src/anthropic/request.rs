//! A request in the words of the Messages API.
//!
//! Everything borrows from the [`ModelRequest`]: a transcript of megabytes is written once,
//! into the body that is sent.
//!
//! **Turns.** The API wants a user's turn first, then the two roles in turn, and no blank
//! text. What follows one another in one role, results of tools above all, is one turn here.
//!
//! **A schema for the answer** is told in the instructions. The API has two mechanisms of
//! its own, and neither works everywhere: `output_config.format` is known to newer models
//! only and takes a part of JSON Schema, a forced `tool_choice` is refused by the models
//! that always think and keeps the agent's own tools from being called. Words work with
//! every model, schema and tool; and the engine checks the answer against the schema
//! whatever the provider promises, and asks once more if it does not fit.
//!
//! **The cache.** Tools and instructions are the same for every call of an agent, so a
//! breakpoint stands behind them. One behind the newest message pays only if the next call
//! comes within minutes, which it does where there are tools.

use std::borrow::Cow;
use std::sync::Arc;

use domain::model::{Block, Message, ModelRequest, ToolCall, ToolOffer};
use serde::Serialize;
use serde_json::{Value, json};

/// The body of `POST /v1/messages`.
#[derive(Serialize)]
pub(super) struct Asking<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Marked<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<&'a str>,
    stream: bool,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    effort: &'a str,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: Role,
    content: Vec<Marked<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

/// A piece of content, and whether a breakpoint of the cache stands behind it.
#[derive(Serialize)]
struct Marked<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text {
        text: Cow<'a, str>,
    },
    Image {
        source: &'a Value,
    },
    Document {
        source: &'a Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<&'a str>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Cow<'a, Value>,
    },
    ToolResult {
        tool_use_id: &'a str,
        #[serde(skip_serializing_if = "is_blank")]
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_blank")]
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
}

const BREAKPOINT: CacheControl = CacheControl { kind: "ephemeral" };

/// Stands where the API wants a user's words and there are none.
const NO_WORDS: &str = "(no text)";
const BEGAN_EARLIER: &str = "(the conversation began earlier)";

impl<'a> Asking<'a> {
    /// The request as it is sent.
    ///
    /// # Errors
    /// What cannot be said on this wire.
    pub(super) fn new(request: &'a ModelRequest, max_tokens: u32) -> Result<Self, String> {
        let mut asking = Self {
            model: &request.model,
            max_tokens,
            tools: request.tools.iter().map(|offer| Tool::from(&**offer)).collect(),
            system: system(request),
            messages: turns(&request.messages)?,
            output_config: request.effort.as_deref().map(|effort| OutputConfig { effort }),
            // `standard` is what comes anyway, and not every model takes the word.
            speed: request.speed.as_deref().filter(|speed| *speed != "standard"),
            inference_geo: request.inference_geo.as_deref(),
            stream: true,
        };
        asking.mark_for_the_cache();
        Ok(asking)
    }

    /// Whether the fast mode is asked for.
    pub(super) fn is_fast(&self) -> bool {
        self.speed.is_some()
    }

    fn mark_for_the_cache(&mut self) {
        match (self.system.last_mut(), self.tools.last_mut()) {
            (Some(block), _) => block.cache_control = Some(BREAKPOINT),
            (None, Some(tool)) => tool.cache_control = Some(BREAKPOINT),
            (None, None) => {}
        }
        let newest = self.messages.last_mut().and_then(|turn| turn.content.last_mut());
        if let (false, Some(newest)) = (self.tools.is_empty(), newest) {
            newest.cache_control = Some(BREAKPOINT);
        }
    }
}

impl<'a> From<&'a ToolOffer> for Tool<'a> {
    fn from(offer: &'a ToolOffer) -> Self {
        let ToolOffer { name, description, input_schema } = offer;
        Self { name, description, input_schema, cache_control: None }
    }
}

impl<'a> From<Content<'a>> for Marked<'a> {
    fn from(content: Content<'a>) -> Self {
        Self { content, cache_control: None }
    }
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Marked<'a> {
    Content::Text { text: text.into() }.into()
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn system(request: &ModelRequest) -> Vec<Marked<'_>> {
    let instructions = request.system.as_deref().filter(|text| !is_blank(text)).map(text);
    let schema = request.output_schema.as_deref().map(|schema| {
        text(format!(
            "Your final answer must be one JSON value that fits the JSON Schema below, and nothing else: \
             no words around it and no code fence.\n{schema}"
        ))
    });
    instructions.into_iter().chain(schema).collect()
}

fn turns(messages: &[Arc<Message>]) -> Result<Vec<Turn<'_>>, String> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for message in messages {
        let (role, content) = match &**message {
            Message::User { content } => (Role::User, said(content)?),
            Message::Assistant { text, tool_calls } => (Role::Assistant, answered(text, tool_calls)),
            Message::Tool { call_id, content, is_error } => {
                let result = Content::ToolResult { tool_use_id: call_id, content, is_error: *is_error };
                (Role::User, vec![result.into()])
            }
        };
        match turns.last_mut() {
            _ if content.is_empty() => {}
            Some(turn) if turn.role == role => turn.content.extend(content),
            Some(_) => turns.push(Turn { role, content }),
            None => {
                if role == Role::Assistant {
                    turns.push(Turn { role: Role::User, content: vec![text(BEGAN_EARLIER)] });
                }
                turns.push(Turn { role, content });
            }
        }
    }
    Ok(turns)
}

/// What a user said; never nothing, for the turn is theirs.
fn said(content: &[Block]) -> Result<Vec<Marked<'_>>, String> {
    let filled = content.iter().filter(|block| !matches!(block, Block::Text { text } if is_blank(text)));
    let mut said = filled.map(|block| block_of(block).map(Marked::from)).collect::<Result<Vec<_>, _>>()?;
    if said.is_empty() {
        said.push(text(NO_WORDS));
    }
    Ok(said)
}

/// Whether a user's block can be said on this wire.
pub(super) fn check_block(block: &Block) -> Result<(), String> {
    block_of(block).map(drop)
}

fn block_of(block: &Block) -> Result<Content<'_>, String> {
    Ok(match block {
        Block::Text { text } => Content::Text { text: text.into() },
        Block::Image { source } => {
            check_source(source, &["base64", "url"]).ok_or("an image must be given as a base64 or url source")?;
            Content::Image { source }
        }
        Block::Document { source, title, context } => {
            check_source(source, &["base64", "text", "url"])
                .ok_or("a document must be given as a base64, text or url source")?;
            let [title, context] = [title, context].map(|text| text.as_deref().filter(|text| !is_blank(text)));
            Content::Document { source, title, context }
        }
        Block::SearchResult { .. } => Content::Text { text: block.as_text().unwrap_or_default() },
    })
}

/// The native API has its sources from this one, so they travel as they are; all but files,
/// which the provider does not have.
fn check_source(source: &Value, kinds: &[&str]) -> Option<()> {
    let kind = source.get("type").and_then(Value::as_str)?;
    kinds.contains(&kind).then_some(())
}

fn answered<'a>(said: &'a str, calls: &'a [ToolCall]) -> Vec<Marked<'a>> {
    let said = Some(said).filter(|said| !is_blank(said)).map(text);
    let calls = calls.iter().map(|call| {
        Marked::from(Content::ToolUse { id: &call.id, name: &call.name, input: input_of(&call.arguments) })
    });
    said.into_iter().chain(calls).collect()
}

/// The arguments of a call. The API takes only objects, so what the model wrote in place of
/// one is wrapped, under the name that the API's documentation gives to such text.
fn input_of(arguments: &Value) -> Cow<'_, Value> {
    match arguments {
        Value::Object(_) => Cow::Borrowed(arguments),
        Value::String(text) => Cow::Owned(json!({ "INVALID_JSON": text })),
        other => Cow::Owned(json!({ "INVALID_JSON": other.to_string() })),
    }
}

#[cfg(test)]
mod tests;

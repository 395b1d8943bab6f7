//! An answer's events in the words of the Messages API.
//!
//! Lenient on purpose: the API adds events, blocks and fields over time, and endpoints that
//! imitate it leave fields out. What is not understood is passed over unless the answer
//! would change.

use std::borrow::Cow;

use domain::model::{StopCause, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::fault::ToldError;

/// One event of the stream, or a whole message that was not streamed.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    /// Which block an event is about.
    #[serde(default)]
    pub(super) index: Option<u64>,
    /// Of `message_start`.
    #[serde(default)]
    pub(super) message: Option<Begun>,
    /// Of `content_block_start`.
    #[serde(borrow, default)]
    pub(super) content_block: Option<Block<'a>>,
    /// Of `content_block_delta` and `message_delta`.
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    /// Of `message_delta` and whole messages.
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
    /// Of `error`.
    #[serde(borrow, default)]
    pub(super) error: Option<ToldError<'a>>,
    /// Of whole messages.
    #[serde(borrow, default)]
    pub(super) content: Option<Vec<Block<'a>>>,
    /// Of whole messages.
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<Cow<'a, str>>,
}

/// What is known when a message begins.
#[derive(Deserialize)]
pub(super) struct Begun {
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
}

/// A block: where it is streamed, what is known of it when it begins.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) input: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) partial_json: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<Cow<'a, str>>,
}

/// Tokens counted so far; a number that is left out has not changed.
#[derive(Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
}

impl WireUsage {
    /// The count so far, brought up to this.
    pub(super) fn over(&self, before: Usage) -> Usage {
        Usage {
            input_tokens: self.input_tokens.unwrap_or(before.input_tokens),
            output_tokens: self.output_tokens.unwrap_or(before.output_tokens),
            cache_read_input_tokens: self.cache_read_input_tokens.unwrap_or(before.cache_read_input_tokens),
            cache_creation_input_tokens: self.cache_creation_input_tokens.unwrap_or(before.cache_creation_input_tokens),
        }
    }
}

/// What a stop reason means. One that is not known still says that the message is over.
pub(super) fn stop_cause(reason: &str, tools_were_called: bool) -> StopCause {
    match reason {
        // A pause is the provider's own bound on its own tools, of which we offer none: what
        // was said is not all there was to say.
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" => StopCause::MaxTokens,
        "refusal" => StopCause::Refusal,
        _ if tools_were_called => StopCause::ToolUse,
        _ => StopCause::EndTurn,
    }
}

//! An answer's pieces in the words of chat completions.
//!
//! Lenient on purpose: compatible servers leave fields out, send `null` for them, or add
//! their own. What is not understood is passed over unless the answer would change.

use std::borrow::Cow;

use domain::model::{StopCause, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fault::ToldError;

/// One event of the stream, or a whole answer that was not streamed.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
    #[serde(borrow, default)]
    pub(super) error: Option<ToldError<'a>>,
}

impl<'a> Chunk<'a> {
    /// The text, if that is all there is in it.
    pub(super) fn only_text(&self) -> Option<&'a RawValue> {
        let Self { choices: Some(choices), usage: None, error: None } = self else { return None };
        let [Choice { index: None | Some(0), delta: Some(delta), message: None, finish_reason: None }] = &choices[..]
        else {
            return None;
        };
        match delta {
            Delta { content, reasoning_content: None, reasoning: None, refusal: None, tool_calls: None } => *content,
            _ => None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    /// In place of `delta` where the answer is not streamed.
    #[serde(borrow, default)]
    pub(super) message: Option<Delta<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    /// A string, as it stands in the event.
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    /// The same under its other name; some servers send both.
    #[serde(borrow, default)]
    pub(super) reasoning: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<CallPiece<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct CallPiece<'a> {
    #[serde(default)]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) function: Option<FunctionPiece<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FunctionPiece<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

/// No call has more: a count above is a slip of the provider, and sums of it would be no
/// numbers that a client can read.
const TOKENS_MAX: u64 = u32::MAX as u64;

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let bounded = |count: Option<u64>| count.unwrap_or(0).min(TOKENS_MAX);
        let read = bounded(wire.prompt_tokens);
        let details = wire.prompt_tokens_details;
        let cached = bounded(details.and_then(|details| details.cached_tokens)).min(read);
        Usage {
            // On this wire cached tokens are counted among those read.
            input_tokens: read - cached,
            output_tokens: bounded(wire.completion_tokens),
            cache_read_input_tokens: cached,
            cache_creation_input_tokens: 0,
        }
    }
}

/// What a finish reason means. One that is not known still says that the answer is over.
pub(super) fn stop_cause(finish_reason: &str, tools_were_called: bool) -> StopCause {
    match finish_reason {
        "length" | "max_tokens" => StopCause::MaxTokens,
        "content_filter" | "refusal" => StopCause::Refusal,
        // Some servers say `stop` after calls.
        _ if tools_were_called => StopCause::ToolUse,
        _ => StopCause::EndTurn,
    }
}

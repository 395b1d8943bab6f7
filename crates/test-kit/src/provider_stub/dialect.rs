//! What the stub says, in the words of each wire.

use serde_json::{Value, json};

/// A wire that the stub speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Chat completions.
    Chat,
    /// The Messages API.
    Messages,
}

/// One event of a reply, as it goes over the wire.
type Event = Vec<u8>;

impl Dialect {
    /// Text, piece by piece.
    pub(super) fn text(self, pieces: impl IntoIterator<Item = String>) -> Vec<Event> {
        let pieces = pieces.into_iter();
        match self {
            Self::Chat => pieces.map(|piece| event(&chat(json!({ "content": piece })))).collect(),
            Self::Messages => {
                let begin = [message_start(), block_start(json!({ "type": "text", "text": "" }))];
                let deltas = pieces.map(|piece| block_delta(json!({ "type": "text_delta", "text": piece })));
                begin.into_iter().chain(deltas).map(|body| event(&body)).collect()
            }
        }
    }

    /// A tool call, its arguments in two pieces.
    pub(super) fn call(self, tool: &str, arguments: &str) -> Vec<Event> {
        let half = arguments.floor_char_boundary(arguments.len() / 2);
        let parts = [&arguments[..half], &arguments[half..]];
        let bodies = match self {
            Self::Chat => {
                let function = json!({ "name": tool, "arguments": "" });
                let call = json!({ "index": 0, "id": "call_1", "type": "function", "function": function });
                let more = |part: &str| json!({ "tool_calls": [{ "index": 0, "function": { "arguments": part } }] });
                [json!({ "tool_calls": [call] })].into_iter().chain(parts.map(more)).map(chat).collect::<Vec<_>>()
            }
            Self::Messages => {
                let call = json!({ "type": "tool_use", "id": "toolu_1", "name": tool, "input": {} });
                let more = |part: &str| block_delta(json!({ "type": "input_json_delta", "partial_json": part }));
                [message_start(), block_start(call)].into_iter().chain(parts.map(more)).collect()
            }
        };
        bodies.iter().map(event).collect()
    }

    /// The end of a reply that went well, with its usage.
    pub(super) fn ending(self, wants_tools: bool) -> Vec<Event> {
        match self {
            Self::Chat => {
                let reason = if wants_tools { "tool_calls" } else { "stop" };
                let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] });
                let counted = json!({ "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8 });
                let usage = json!({ "choices": [], "usage": counted });
                vec![event(&finish), event(&usage), b"data: [DONE]\n\n".to_vec()]
            }
            Self::Messages => {
                let reason = if wants_tools { "tool_use" } else { "end_turn" };
                let stop = json!({ "type": "content_block_stop", "index": 0 });
                let delta = json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
                    "usage": { "output_tokens": 3 } });
                [stop, delta, json!({ "type": "message_stop" })].iter().map(event).collect()
            }
        }
    }

    /// An error in the middle of a reply: too busy to go on.
    pub(super) fn overloaded(self) -> Event {
        let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
        event(&json!({ "type": "error", "error": error }))
    }

    /// The beginning of an event that says something.
    pub(super) fn line_without_end(self) -> Event {
        match self {
            Self::Chat => b"data: {\"choices\":[{\"delta\":{\"content\":\"".to_vec(),
            Self::Messages => b"data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"".to_vec(),
        }
    }
}

fn chat(delta: Value) -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta }] })
}

fn message_start() -> Value {
    let usage = json!({ "input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 2 });
    json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant",
        "content": [], "stop_reason": null, "usage": usage } })
}

fn block_start(block: Value) -> Value {
    json!({ "type": "content_block_start", "index": 0, "content_block": block })
}

fn block_delta(delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": 0, "delta": delta })
}

/// The Messages API names each event as well; chat completions do not.
fn event(body: &Value) -> Event {
    match body["type"].as_str() {
        Some(name) => format!("event: {name}\ndata: {body}\n\n").into_bytes(),
        None => format!("data: {body}\n\n").into_bytes(),
    }
}

//! A request in the words of chat completions.
//!
//! Everything borrows from the [`ModelRequest`]: a transcript of megabytes is written once,
//! into the body that is sent.

use std::sync::Arc;

use domain::model::{Block, Message, ModelRequest, ToolCall, ToolOffer};
use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The body of `POST /chat/completions`.
#[derive(Serialize)]
pub(super) struct Completion<'a> {
    model: &'a str,
    #[serde(serialize_with = "write_messages")]
    messages: &'a ModelRequest,
    #[serde(serialize_with = "write_tools", skip_serializing_if = "<[_]>::is_empty")]
    tools: &'a [Arc<ToolOffer>],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    stream: bool,
    stream_options: StreamOptions,
}

impl<'a> From<&'a ModelRequest> for Completion<'a> {
    fn from(request: &'a ModelRequest) -> Self {
        let response_format = request
            .output_schema
            .as_deref()
            .map(|schema| ResponseFormat { kind: "json_schema", json_schema: NamedSchema { name: "answer", schema } });
        Self {
            model: &request.model,
            messages: request,
            tools: &request.tools,
            response_format,
            max_tokens: request.max_tokens,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
        }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: NamedSchema<'a>,
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: &'static str,
    schema: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum WireMessage<'a> {
    System {
        content: &'a str,
    },
    User {
        #[serde(serialize_with = "write_user_content")]
        content: &'a [Block],
    },
    Assistant {
        // `null`, not an empty string: some servers refuse the latter beside calls.
        content: Option<&'a str>,
        #[serde(serialize_with = "write_tool_calls", skip_serializing_if = "<[_]>::is_empty")]
        tool_calls: &'a [ToolCall],
    },
    /// The wire has no place for "failed"; the content says it.
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

impl<'a> From<&'a Message> for WireMessage<'a> {
    fn from(message: &'a Message) -> Self {
        match message {
            Message::User { content } => Self::User { content },
            Message::Assistant { text, tool_calls } => {
                Self::Assistant { content: (!text.is_empty()).then_some(text), tool_calls }
            }
            Message::Tool { call_id, content, .. } => Self::Tool { tool_call_id: call_id, content },
        }
    }
}

#[derive(Serialize)]
struct WireCall<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    /// On this wire, arguments are JSON within a JSON string.
    #[serde(serialize_with = "write_as_json_text")]
    arguments: &'a Value,
}

#[derive(Serialize)]
struct WireTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Offered<'a>,
}

#[derive(Serialize)]
struct Offered<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
    File { file: FilePart<'a> },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct FilePart<'a> {
    filename: &'a str,
    file_data: String,
}

fn write_messages<S: Serializer>(request: &ModelRequest, to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(None)?;
    if let Some(system) = &request.system {
        list.serialize_element(&WireMessage::System { content: system })?;
    }
    for message in &request.messages {
        list.serialize_element(&WireMessage::from(&**message))?;
    }
    list.end()
}

fn write_tools<S: Serializer>(tools: &[Arc<ToolOffer>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(tools.iter().map(|tool| WireTool {
        kind: "function",
        function: Offered { name: &tool.name, description: &tool.description, parameters: &tool.input_schema },
    }))
}

fn write_tool_calls<S: Serializer>(calls: &[ToolCall], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(calls.iter().map(|call| WireCall {
        id: &call.id,
        kind: "function",
        function: Called { name: &call.name, arguments: &call.arguments },
    }))
}

fn write_as_json_text<S: Serializer>(value: &Value, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// A single text is sent as a string, which every server takes; parts only where there
/// are parts.
fn write_user_content<S: Serializer>(content: &[Block], to: S) -> Result<S::Ok, S::Error> {
    if let [Block::Text { text }] = content {
        return to.serialize_str(text);
    }
    let mut parts = to.serialize_seq(Some(content.len()))?;
    for block in content {
        match block {
            Block::Text { text } => parts.serialize_element(&Part::Text { text })?,
            Block::Image { source } => parts.serialize_element(&image(source).map_err(S::Error::custom)?)?,
            Block::Document { source, title, context } => {
                for text in [title, context].into_iter().flatten() {
                    parts.serialize_element(&Part::Text { text })?;
                }
                let document = document(source, title.as_deref()).map_err(S::Error::custom)?;
                parts.serialize_element(&document)?;
            }
            Block::SearchResult { .. } => {
                parts.serialize_element(&Part::Text { text: &block.as_text().unwrap_or_default() })?;
            }
        }
    }
    parts.end()
}

/// Whether a user's block can be said on this wire.
pub(super) fn check_block(block: &Block) -> Result<(), String> {
    match block {
        Block::Text { .. } | Block::SearchResult { .. } => Ok(()),
        Block::Image { source } => image(source).map(drop),
        Block::Document { source, title, .. } => document(source, title.as_deref()).map(drop),
    }
}

fn image(source: &Value) -> Result<Part<'_>, String> {
    let url = match text_at(source, "type") {
        Some("url") => text_at(source, "url").map(str::to_owned),
        Some("base64") => data_url(source),
        _ => None,
    };
    let url = url.ok_or("an image must be given as a base64 or url source for this provider")?;
    Ok(Part::ImageUrl { image_url: ImageUrl { url } })
}

fn document<'a>(source: &'a Value, title: Option<&'a str>) -> Result<Part<'a>, String> {
    match text_at(source, "type") {
        Some("text") => {
            let text = text_at(source, "data").ok_or("a document's text source has no `data`")?;
            Ok(Part::Text { text })
        }
        Some("base64") => {
            let file_data = data_url(source).ok_or("a document's base64 source has no `media_type` or `data`")?;
            let filename = title.unwrap_or("document.pdf");
            Ok(Part::File { file: FilePart { filename, file_data } })
        }
        _ => Err("a document must be given as a text or base64 source for this provider".to_owned()),
    }
}

fn data_url(source: &Value) -> Option<String> {
    let media_type = text_at(source, "media_type")?;
    let data = text_at(source, "data")?;
    Some(format!("data:{media_type};base64,{data}"))
}

fn text_at<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wire(messages: Vec<Message>) -> Result<Value, String> {
        let request = ModelRequest {
            model: "m".to_owned(),
            system: Some("be brief".to_owned()),
            messages: messages.into_iter().map(Arc::new).collect(),
            tools: vec![],
            output_schema: None,
            max_tokens: Some(10),
            ..ModelRequest::default()
        };
        serde_json::to_value(Completion::from(&request)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_conversation_with_calls_is_told_in_the_wires_words() {
        let body = wire(vec![
            Message::User { content: vec![Block::text("2+3?")] },
            Message::Assistant {
                text: String::new(),
                tool_calls: vec![ToolCall {
                    id: "sevt_1".to_owned(),
                    name: "add".to_owned(),
                    arguments: json!({"a": 2, "note": "say \"hi\""}),
                }],
            },
            Message::Tool { call_id: "sevt_1".to_owned(), content: "5".to_owned(), is_error: false },
        ]);
        assert_eq!(
            body.unwrap(),
            json!({
                "model": "m",
                "messages": [
                    {"role": "system", "content": "be brief"},
                    {"role": "user", "content": "2+3?"},
                    {"role": "assistant", "content": null, "tool_calls": [{
                        "id": "sevt_1",
                        "type": "function",
                        "function": {"name": "add", "arguments": r#"{"a":2,"note":"say \"hi\""}"#},
                    }]},
                    {"role": "tool", "tool_call_id": "sevt_1", "content": "5"},
                ],
                "max_tokens": 10,
                "stream": true,
                "stream_options": {"include_usage": true},
            })
        );
    }

    #[test]
    fn pictures_and_documents_become_parts() {
        let body = wire(vec![Message::User {
            content: vec![
                Block::text("what is it?"),
                Block::Image { source: json!({"type": "base64", "media_type": "image/png", "data": "AAAA"}) },
                Block::Document {
                    source: json!({"type": "text", "data": "the text"}),
                    title: Some("A title".to_owned()),
                    context: None,
                },
            ],
        }]);
        assert_eq!(
            body.unwrap()["messages"][1]["content"],
            json!([
                {"type": "text", "text": "what is it?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "A title"},
                {"type": "text", "text": "the text"},
            ])
        );
        let unknown = wire(vec![Message::User {
            content: vec![Block::Image { source: json!({"type": "file", "file_id": "f"}) }],
        }]);
        assert!(unknown.unwrap_err().contains("base64 or url"));
    }
}

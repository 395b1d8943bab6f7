//! A conversation as the small model gets it: text alone.

use domain::model::{Block, Message, ModelRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub(crate) enum Turn {
    User { text: String },
    Assistant { text: String, calls: Vec<Call> },
    Tool { name: String, text: String },
}

/// A tool call that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

/// The request's messages as turns. Users' messages that follow each other become one:
/// many chat templates insist on alternating roles.
pub(crate) fn turns_of(request: &ModelRequest) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::with_capacity(request.messages.len());
    let mut names = std::collections::HashMap::new();
    for message in &request.messages {
        match &**message {
            Message::User { content } => {
                let said = content.iter().map(text_of_block).collect::<Vec<_>>().join("\n");
                match turns.last_mut() {
                    Some(Turn::User { text }) => {
                        text.push_str("\n\n");
                        text.push_str(&said);
                    }
                    _ => turns.push(Turn::User { text: said }),
                }
            }
            Message::Assistant { text, tool_calls } => {
                names.extend(tool_calls.iter().map(|call| (call.id.as_str(), call.name.as_str())));
                let calls =
                    tool_calls.iter().map(|call| Call { name: call.name.clone(), arguments: call.arguments.clone() });
                turns.push(Turn::Assistant { text: text.clone(), calls: calls.collect() });
            }
            Message::Tool { call_id, content, is_error } => turns.push(Turn::Tool {
                name: names.get(call_id.as_str()).copied().unwrap_or("tool").to_owned(),
                text: if *is_error { format!("error: {content}") } else { content.clone() },
            }),
        }
    }
    turns
}

/// The model reads text only. It is told that there was something else, so that it does not
/// invent what it cannot see.
fn text_of_block(block: &Block) -> String {
    match block {
        Block::Text { text } => text.clone(),
        Block::Image { .. } => "[an image, which you cannot see]".to_owned(),
        Block::Document { source, title, .. } => {
            let title = title.as_deref().unwrap_or("document");
            match source.get("data").and_then(Value::as_str) {
                Some(text) if source.get("type").and_then(Value::as_str) == Some("text") => {
                    format!("[{title}]\n{text}")
                }
                _ => format!("[{title}, which you cannot read]"),
            }
        }
        Block::SearchResult { .. } => block.as_text().unwrap_or_default().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::model::ToolCall;
    use serde_json::json;

    use super::*;

    fn request(messages: Vec<Message>) -> ModelRequest {
        ModelRequest {
            model: "default".into(),
            system: None,
            messages: messages.into_iter().map(Arc::new).collect(),
            tools: vec![],
            output_schema: None,
            ..ModelRequest::default()
        }
    }

    fn user(text: &str) -> Message {
        Message::User { content: vec![Block::text(text)] }
    }

    fn call(arguments: Value) -> Call {
        Call { name: "search".into(), arguments }
    }

    #[test]
    fn messages_become_alternating_turns() {
        let turns = turns_of(&request(vec![
            user("one"),
            user("two"),
            Message::Assistant {
                text: String::new(),
                tool_calls: vec![ToolCall { id: "c1".into(), name: "search".into(), arguments: json!({"q": 1}) }],
            },
            Message::Tool { call_id: "c1".into(), content: "down".into(), is_error: true },
        ]));

        let expected = [
            Turn::User { text: "one\n\ntwo".into() },
            Turn::Assistant { text: String::new(), calls: vec![call(json!({"q": 1}))] },
            Turn::Tool { name: "search".into(), text: "error: down".into() },
        ];
        assert_eq!(turns, expected);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let content = vec![
            Block::text("Look:"),
            Block::Image { source: json!({"type": "base64", "data": "AAAA"}) },
            Block::Document {
                source: json!({"type": "text", "data": "the text"}),
                title: Some("Notes".into()),
                context: None,
            },
        ];
        let turns = turns_of(&request(vec![Message::User { content }]));
        let text = "Look:\n[an image, which you cannot see]\n[Notes]\nthe text";
        assert_eq!(turns, [Turn::User { text: text.into() }]);
    }
}

//! The model `scripted/demo`: a few written rules, so that a demo does the same each time.

use std::fmt::Write;
use std::time::Duration;

use async_trait::async_trait;
use domain::model::{FaultKind, Message, ModelFault, ModelInfo, ModelRequest, text_of};
use ports::{Model, ModelStream};
use serde_json::{Map, Value, json};

use super::check_request;
use super::reply::{Reply, says, slow};

/// Answers by rules, word by word:
///
/// - after tool results, it repeats them;
/// - each line `call NAME {json}` of the last message calls that tool, if it is offered;
/// - a line `fail KIND` fails the call with that kind of fault (`rate_limited`, `cut`, …);
/// - a line `delay MS` makes it wait that long before each word, at most ten seconds;
/// - `say TEXT` answers exactly the text;
/// - if the agent has an output schema, it answers the simplest value that has its shape;
/// - else it says what it was told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Demo;

/// The one model this provider offers.
const NAME: &str = "demo";

const PAUSE_MAX: Duration = Duration::from_secs(10);

#[async_trait]
impl Model for Demo {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        if request.model != NAME {
            let message = format!("scripted offers one model, `{NAME}`; there is no `{}`", request.model);
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        }
        check_request(&request).map_err(|wrong| ModelFault::new(FaultKind::Rejected, wrong))?;
        let reply = answer(&request)?;
        reply.start().await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        Ok(vec![ModelInfo { model: NAME.to_owned(), context_tokens: Some(128_000), output_tokens: None }])
    }
}

fn answer(request: &ModelRequest) -> Result<Reply, ModelFault> {
    let text = match request.messages.last().map(AsRef::as_ref) {
        Some(Message::User { content }) => text_of(content),
        Some(Message::Tool { .. }) => return Ok(counted(request, repeat_results(request))),
        Some(Message::Assistant { .. }) | None => String::new(),
    };
    let orders = Orders::read(&text);
    if let Some(kind) = orders.fail {
        return Err(ModelFault::new(kind, "failed because the message asked for it"));
    }
    let mut reply = match orders.calls.is_empty() {
        false => call_tools(request, &orders.calls),
        true => says(&orders.words(request)),
    };
    reply = counted(request, reply);
    Ok(match orders.pause {
        Some(pause) => slow(pause, reply),
        None => reply,
    })
}

/// What the last message asks for.
#[derive(Default)]
struct Orders<'a> {
    calls: Vec<(&'a str, &'a str)>,
    fail: Option<FaultKind>,
    pause: Option<Duration>,
    say: Option<&'a str>,
    rest: Vec<&'a str>,
}

impl<'a> Orders<'a> {
    fn read(text: &'a str) -> Self {
        let mut orders = Orders::default();
        for line in text.lines() {
            let (word, rest) = line.trim().split_once(' ').unwrap_or((line, ""));
            match word {
                "call" if !rest.is_empty() => {
                    let (name, arguments) = rest.split_once(' ').unwrap_or((rest, "{}"));
                    orders.calls.push((name, arguments.trim()));
                }
                "fail" => match serde_json::from_value(json!(rest)) {
                    Ok(kind) => orders.fail = Some(kind),
                    Err(_) => orders.rest.push(line),
                },
                "delay" => match rest.parse() {
                    Ok(pause) => orders.pause = Some(Duration::from_millis(pause).min(PAUSE_MAX)),
                    Err(_) => orders.rest.push(line),
                },
                "say" => orders.say = Some(rest),
                _ => orders.rest.push(line),
            }
        }
        orders
    }

    fn words(&self, request: &ModelRequest) -> String {
        match (self.say, &request.output_schema) {
            (Some(text), _) => text.to_owned(),
            (None, Some(schema)) => simplest(schema, 0).to_string(),
            (None, None) => format!("You said: {}", self.rest.join("\n")),
        }
    }
}

fn call_tools(request: &ModelRequest, calls: &[(&str, &str)]) -> Reply {
    let mut reply = Reply::new();
    for (name, arguments) in calls {
        let offered = request.tools.iter().any(|tool| tool.name == *name);
        reply = if offered {
            reply.then_calls_raw(name, arguments)
        } else {
            reply.then_says(&format!("No tool named {name} was offered to me. "))
        };
    }
    reply
}

/// Says what the tools called last have answered.
fn repeat_results(request: &ModelRequest) -> Reply {
    let results = request.messages.iter().rev().map_while(|message| match &**message {
        Message::Tool { content, is_error, .. } => Some((content, is_error)),
        _ => None,
    });
    let mut results: Vec<_> = results.collect();
    results.reverse();
    let mut text = String::new();
    for (content, is_error) in results {
        let verb = if *is_error { "failed" } else { "answered" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "The tool {verb}: {content}");
    }
    says(text.trim_end())
}

/// Reports tokens as a quarter of the bytes read and written: made up, but the same each
/// time.
fn counted(request: &ModelRequest, reply: Reply) -> Reply {
    let system = request.system.as_ref().map_or(0, String::len);
    let messages = request.messages.iter().map(|message| match &**message {
        Message::User { content } => text_of(content).len(),
        Message::Assistant { text, .. } => text.len(),
        Message::Tool { content, .. } => content.len(),
    });
    let read = system + messages.sum::<usize>();
    let written = reply.text_len();
    reply.usage(read.div_ceil(4) as u64, written.div_ceil(4) as u64)
}

/// The simplest value that has the shape of a schema. It knows the common keywords; a
/// schema with `pattern` or `anyOf` may well refuse what comes out.
fn simplest(schema: &Value, depth: usize) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return value.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        _ if depth > 32 => Value::Null,
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array);
            let wanted = |name: &String| required.is_none_or(|names| names.iter().any(|n| n == name));
            let fields = properties.into_iter().flatten().filter(|(name, _)| wanted(name));
            let fields: Map<_, _> = fields.map(|(name, schema)| (name.clone(), simplest(schema, depth + 1))).collect();
            Value::Object(fields)
        }
        Some("array") => match (schema.get("minItems").and_then(Value::as_u64), schema.get("items")) {
            (Some(least), Some(items)) if least > 0 => json!([simplest(items, depth + 1)]),
            _ => json!([]),
        },
        Some("string") => json!("text"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::model::{Block, ModelChunk, ToolCall, ToolOffer};
    use futures::TryStreamExt;

    use super::*;

    fn request(messages: Vec<Message>, output_schema: Option<Value>) -> ModelRequest {
        ModelRequest {
            model: NAME.to_owned(),
            system: None,
            messages: messages.into_iter().map(Arc::new).collect(),
            tools: vec![Arc::new(ToolOffer {
                name: "add".to_owned(),
                description: String::new(),
                input_schema: json!({"type": "object"}),
            })],
            output_schema: output_schema.map(Arc::new),
            ..ModelRequest::default()
        }
    }

    fn user(text: &str) -> Message {
        Message::User { content: vec![Block::text(text)] }
    }

    async fn shown(request: ModelRequest) -> String {
        let stream = match Demo.stream(request).await {
            Ok(stream) => stream,
            Err(fault) => return format!("{:?}", fault.kind),
        };
        let chunks: Vec<ModelChunk> = stream.try_collect().await.unwrap();
        let pieces = chunks.into_iter().map(|chunk| match chunk {
            ModelChunk::Text(text) => text,
            ModelChunk::ToolCall { name, arguments, .. } => format!("[{} {arguments}]", name.unwrap_or_default()),
            ModelChunk::Stop(cause) => format!("|{cause:?}"),
            ModelChunk::Usage(_) | ModelChunk::Thinking(_) => String::new(),
        });
        pieces.collect()
    }

    #[tokio::test]
    async fn it_does_what_its_rules_say() {
        let told = async |text: &str| shown(request(vec![user(text)], None)).await;
        assert_eq!(told("hello there").await, "You said: hello there|EndTurn");
        assert_eq!(told("say just this").await, "just this|EndTurn");
        assert_eq!(told(r#"call add {"a": 2}"#).await, r#"[add {"a": 2}]|ToolUse"#);
        assert_eq!(told("call nothing").await, "No tool named nothing was offered to me. |EndTurn");
        assert_eq!(told("fail rate_limited").await, "RateLimited");
        assert_eq!(told("fail to plan").await, "You said: fail to plan|EndTurn");
        assert_eq!(told("delay 1\nsay slowly now").await, "slowly now|EndTurn");
    }

    #[tokio::test]
    async fn it_repeats_tool_results() {
        let called = Message::Assistant {
            text: String::new(),
            tool_calls: vec![ToolCall { id: "1".to_owned(), name: "add".to_owned(), arguments: json!({}) }],
        };
        let result = Message::Tool { call_id: "1".to_owned(), content: "5".to_owned(), is_error: false };
        let asked = request(vec![user("call add {}"), called, result], None);
        assert_eq!(shown(asked).await, "The tool answered: 5|EndTurn");
    }

    #[tokio::test]
    async fn it_fits_an_output_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "size": {"enum": ["small", "large"]},
                "count": {"type": "integer", "minimum": 3},
                "left_out": {"type": "string"},
            },
            "required": ["name", "size", "count"],
        });
        let answer = shown(request(vec![user("hi")], Some(schema))).await;
        assert_eq!(answer, r#"{"name":"text","size":"small","count":3}|EndTurn"#);
    }
}

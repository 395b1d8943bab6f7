//! The real engine with the smallest model, which is there for smoke tests only: what is
//! looked at is the form of its replies, never their sense.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::model::{FaultKind, Message, ModelChunk, ModelRequest, StopCause, ToolCall, ToolOffer, Usage};
use futures::StreamExt;
use libtest_mimic::Trial;
use model_local::{LocalModel, LocalOptions};
use ports::Model;
use serde_json::{Value, json};

use crate::process::{reply, request};
use crate::trial;

const MODEL: &str = "smollm2-135m";

/// Makes a missing model file a failure, where the file was meant to be fetched.
const REQUIRED: &str = "SORTIE_REQUIRE_MODELS";

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("engine::the_smallest_model_answers_in_every_form", smoke)]
}

async fn smoke() {
    if model_local::find(MODEL).is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {MODEL} is not here");
        eprintln!("skipped: no file of {MODEL}; fetch it with `sortie models pull {MODEL}`");
        return;
    }
    // Never other threads, so that the window is never opened anew between two asks.
    let model = LocalModel::new(LocalOptions { window_tokens: 512, threads: Some(1), ..LocalOptions::default() });
    it_answers_and_counts(&model).await;
    it_stops_where_it_is_told(&model).await;
    it_keeps_to_a_schema(&model).await;
    it_calls_in_good_form_or_answers(&model).await;
    it_refuses_what_is_too_long(&model).await;
    it_can_be_cancelled(&model).await;
    it_refuses_a_file_that_is_no_model().await;
}

fn asked(text: &str, max_tokens: u32) -> ModelRequest {
    ModelRequest { max_tokens: Some(max_tokens), ..request(MODEL, text) }
}

struct Reply {
    text: String,
    calls: Vec<(String, String)>,
    usage: Usage,
    cause: StopCause,
}

async fn answer(model: &LocalModel, request: ModelRequest) -> Reply {
    let mut whole =
        Reply { text: String::new(), calls: Vec::new(), usage: Usage::default(), cause: StopCause::Refusal };
    for chunk in reply(model, request).await.unwrap() {
        match chunk {
            ModelChunk::Text(text) => whole.text += &text,
            ModelChunk::ToolCall { name, arguments, .. } => whole.calls.push((name.unwrap(), arguments)),
            ModelChunk::Usage(usage) => whole.usage = usage,
            ModelChunk::Stop(cause) => whole.cause = cause,
            ModelChunk::Thinking(text) => panic!("{text}"),
        }
    }
    whole
}

async fn it_answers_and_counts(model: &LocalModel) {
    let first = answer(model, asked("Say hello.", 40)).await;
    assert!(!first.text.trim().is_empty());
    assert!((1..=40).contains(&first.usage.output_tokens), "{:?}", first.usage);
    assert_eq!(first.usage.cache_read_input_tokens, 0);

    let again = answer(model, asked("Say hello.", 40)).await;
    assert_eq!(again.text, first.text);
    assert_eq!(again.usage.input_tokens, 1, "all but the last token was still held");
    assert_eq!(again.usage.total(), first.usage.total());
}

async fn it_stops_where_it_is_told(model: &LocalModel) {
    let cut = answer(model, asked("Count to one hundred, one number a line.", 5)).await;
    assert_eq!((cut.cause, cut.usage.output_tokens), (StopCause::MaxTokens, 5));
}

async fn it_keeps_to_a_schema(model: &LocalModel) {
    let schema = json!({
        "type": "object",
        "properties": {"colour": {"enum": ["rød", "grøn"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["colour", "count"],
        "additionalProperties": false
    });
    let request = ModelRequest { output_schema: Some(Arc::new(schema)), ..asked("Which colour, and how many?", 60) };
    let reply = answer(model, request).await;
    assert_eq!(reply.cause, StopCause::EndTurn, "{}", reply.text);
    let value: Value = serde_json::from_str(&reply.text).unwrap();
    assert!(["rød", "grøn"].contains(&value["colour"].as_str().unwrap()));
    assert!((1..=9).contains(&value["count"].as_i64().unwrap()));
}

/// Small models decide badly. Whatever this one decides, what comes is a call that fits the
/// schema or an answer, and never the same call twice.
async fn it_calls_in_good_form_or_answers(model: &LocalModel) {
    let tool = Arc::new(ToolOffer {
        name: "restart".into(),
        description: "Restarts a service".into(),
        input_schema: json!({
            "type": "object",
            "properties": {"service": {"enum": ["api", "web"]}},
            "required": ["service"],
            "additionalProperties": false
        }),
    });
    let mut request = ModelRequest { tools: vec![tool], ..asked("Restart the api service now.", 60) };
    let mut made = Vec::new();
    for round in 0..8 {
        let reply = answer(model, request.clone()).await;
        let Some((name, arguments)) = reply.calls.first().cloned() else {
            assert_ne!(reply.cause, StopCause::ToolUse);
            return;
        };
        assert_eq!((name.as_str(), reply.cause, reply.calls.len()), ("restart", StopCause::ToolUse, 1));
        let arguments: Value = serde_json::from_str(&arguments).unwrap();
        assert!(["api", "web"].contains(&arguments["service"].as_str().unwrap()));
        assert!(!made.contains(&arguments), "the same call again");
        made.push(arguments.clone());
        let id = format!("call{round}");
        request.messages.extend([
            Arc::new(Message::Assistant {
                text: reply.text,
                tool_calls: vec![ToolCall { id: id.clone(), name, arguments }],
            }),
            Arc::new(Message::Tool { call_id: id, content: "restarted".into(), is_error: false }),
        ]);
    }
    panic!("it never answered");
}

async fn it_refuses_what_is_too_long(model: &LocalModel) {
    for text in ["word ".repeat(2000), "x".repeat(1 << 20)] {
        let fault = model.stream(asked(&text, 5)).await.err().unwrap();
        assert_eq!(fault.kind, FaultKind::TooLong);
        assert!(fault.message.contains("the conversation is too long for this model"), "{fault}");
    }
}

async fn it_can_be_cancelled(model: &LocalModel) {
    let mut stream = model.stream(asked("Count to one hundred.", 400)).await.unwrap();
    while !matches!(stream.next().await, Some(Ok(ModelChunk::Text(_)))) {}
    drop(stream);
    let next = answer(model, asked("Say hello.", 3)).await;
    assert!(next.usage.output_tokens <= 3);
}

async fn it_refuses_a_file_that_is_no_model() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("broken.gguf");
    std::fs::write(&path, b"GGUF\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff and so on").unwrap();
    let model = LocalModel::new(LocalOptions {
        files: BTreeMap::from([("broken".to_owned(), path)]),
        ..LocalOptions::default()
    });
    let fault = reply(&model, request("broken", "?")).await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Unavailable | FaultKind::Cut), "{fault:?}");
}

//! The model `scripted`: an endpoint in the OpenAI shape that plays what a case says a good
//! investigator does. Which case it is, the conversation's first message tells.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::case::Case;
use crate::investigation::marker;

/// Its name, for whoever calls this program.
pub(crate) const MODEL: &str = "scripted";

type Cases = Arc<Vec<Case>>;

/// Starts the endpoint; it ends with the process.
pub(crate) async fn start(cases: &[Case]) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("starting the scripted model")?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(async || Json(json!({ "object": "list", "data": [{ "id": "case" }] }))))
        .with_state(Arc::new(cases.to_vec()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn complete(State(cases): State<Cases>, Json(request): Json<Value>) -> Response {
    let said = request["messages"].to_string();
    let Some(case) = cases.iter().find(|case| said.contains(&marker(case))) else {
        return (axum::http::StatusCode::BAD_REQUEST, "no case is named in the conversation").into_response();
    };
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
    let (delta, finish) = next(case, &request);
    let chunk = |choices: Value, usage: Value| {
        json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "case", "choices": choices, "usage": usage })
            .to_string()
    };
    let events = [
        chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]), Value::Null),
        chunk(json!([{ "index": 0, "delta": {}, "finish_reason": finish }]), Value::Null),
        chunk(json!([]), usage),
        "[DONE]".to_owned(),
    ];
    Sse::new(stream::iter(events.map(|data| Ok::<_, Infallible>(Event::default().data(data))))).into_response()
}

/// What a good investigator says next, and how the reply ends.
fn next(case: &Case, request: &Value) -> (Value, &'static str) {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = messages.iter().filter(|message| message["role"] == "tool").count();
    let call = |name: &str, arguments: Value| {
        let function = json!({ "name": name, "arguments": arguments.to_string() });
        let call = json!({ "index": 0, "id": format!("call{asked}"), "type": "function", "function": function });
        (json!({ "role": "assistant", "tool_calls": [call] }), "tool_calls")
    };
    let is_offered = request["tools"].to_string().contains("\"list_signals\"");
    match asked.checked_sub(1) {
        None if is_offered => call("list_signals", json!({})),
        None => (json!({ "role": "assistant", "content": answer(case) }), "stop"),
        Some(read) if read < case.script.reads.len() => {
            call("read_signal", json!({ "signal": case.script.reads[read], "minutes": 60 }))
        }
        Some(_) => (json!({ "role": "assistant", "content": answer(case) }), "stop"),
    }
}

fn answer(case: &Case) -> String {
    let verdict = json!({
        "category": case.expected.category,
        "rollout_is_cause": case.expected.blames_rollout,
        "action": case.script.action,
        "conclusion": case.script.conclusion,
    });
    format!("{}\n{verdict}", case.script.conclusion)
}

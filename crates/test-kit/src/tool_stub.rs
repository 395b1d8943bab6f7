//! An HTTP service for tools to call: it counts, fails, dawdles and holds on request.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use models::scripted::Gate;
use serde_json::{Value, json};

use crate::listening::Listening;

/// A running service. Ends when it is dropped.
pub struct ToolStub {
    listening: Listening,
    state: Arc<Mutex<Seen>>,
}

/// How the service answers a call.
#[derive(Debug, Clone)]
pub struct ToolAnswer {
    status: u16,
    body: Value,
    delay: Duration,
    gate: Option<Gate>,
}

/// Answers 200 with this body.
pub fn answers(body: Value) -> ToolAnswer {
    ToolAnswer { status: 200, body, delay: Duration::ZERO, gate: None }
}

/// Answers with this status and a short reason.
pub fn refuses(status: u16) -> ToolAnswer {
    ToolAnswer { status, ..answers(json!({ "error": "the stub was told to fail" })) }
}

impl ToolAnswer {
    /// The same, after this long.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same, once the test has opened the gate.
    #[must_use]
    pub fn behind(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }
}

/// A call that the service got.
#[derive(Debug, Clone)]
pub struct ToolCallSeen {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if there was none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl ToolCallSeen {
    /// The `Idempotency-Key` it came with.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.headers.get("idempotency-key").and_then(|key| key.to_str().ok())
    }
}

#[derive(Default)]
struct Seen {
    calls: Vec<ToolCallSeen>,
    script: VecDeque<ToolAnswer>,
}

impl ToolStub {
    /// Answers the calls with these, one after the other; further ones with `{"ok": true}`.
    pub async fn start(script: impl IntoIterator<Item = ToolAnswer>) -> Self {
        let state = Arc::new(Mutex::new(Seen { calls: Vec::new(), script: script.into_iter().collect() }));
        let router = Router::new().fallback(take_call).with_state(Arc::clone(&state));
        Self { listening: Listening::start(router).await, state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// The address of a path of it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.listening.url())
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<ToolCallSeen> {
        lock(&self.state).calls.clone()
    }

    /// How often something was done: calls with the same `Idempotency-Key` count once.
    pub fn effects(&self) -> usize {
        let state = lock(&self.state);
        let keys: HashSet<Option<&str>> = state.calls.iter().map(ToolCallSeen::idempotency_key).collect();
        keys.len()
    }

    /// Waits until it has got this many calls.
    ///
    /// # Panics
    /// If they do not come within thirty seconds.
    pub async fn called(&self, times: usize) {
        crate::wait::until("the tool is called", || self.calls().len() >= times).await;
    }
}

async fn take_call(
    State(state): State<Arc<Mutex<Seen>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = {
        let mut state = lock(&state);
        let text = String::from_utf8_lossy(&body).into_owned();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        state.calls.push(ToolCallSeen { method, target: uri.to_string(), headers, body, text });
        state.script.pop_front().unwrap_or_else(|| answers(json!({ "ok": true })))
    };
    tokio::time::sleep(answer.delay).await;
    if let Some(gate) = answer.gate {
        gate.pass().await;
    }
    let status = StatusCode::from_u16(answer.status).expect("a status of HTTP");
    (status, axum::Json(answer.body)).into_response()
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

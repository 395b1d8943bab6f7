//! A model endpoint that fails in every way providers do. It speaks chat completions and
//! the Messages API, and does the same in both.

mod dialect;
mod strict;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{Stream, StreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::listening::Listening;
use dialect::Dialect;

/// One way of answering a call.
#[derive(Debug, Clone)]
pub enum Act {
    /// Says this, word by word, and ends well.
    Says(String),
    /// Calls a tool with this text for arguments, JSON or not, and ends well.
    Calls {
        /// The tool.
        tool: String,
        /// The arguments' text.
        arguments: String,
    },
    /// Answers with an error status.
    Status {
        /// The status.
        status: u16,
        /// The `Retry-After` header.
        retry_after: Option<u64>,
    },
    /// Says this and then breaks the connection.
    CutAfter(String),
    /// Says this and then ends the body as if all were well, without saying so.
    EndsEarly(String),
    /// Says this and then nothing more; the connection stays open.
    SilentAfter(String),
    /// Says this and then, in the middle of the stream, that it is too busy.
    OverloadedAfter(String),
    /// Takes the request and never answers, not even with a head.
    NeverAnswers,
    /// Sends lines that are no stream of events, and events that are no JSON.
    Malformed,
    /// Says this, one byte to a packet, so that characters are split.
    ByteByByte(String),
    /// Says this many bytes of text.
    Huge {
        /// Bytes of text in all.
        bytes: usize,
    },
    /// Sends one line of this many bytes without a line feed.
    EndlessLine {
        /// Bytes of the line.
        bytes: usize,
    },
    /// Answers 200 with an HTML page, as a proxy in between does.
    HtmlPage,
}

/// A running endpoint. Ends when it is dropped.
pub struct ProviderStub {
    listening: Listening,
    state: Arc<Mutex<Played>>,
}

struct Played {
    script: VecDeque<Act>,
    requests: Vec<Value>,
    keys: Vec<String>,
    listed: usize,
}

impl ProviderStub {
    /// Plays these acts, one for each call; the last one again and again.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let script: VecDeque<Act> = script.into_iter().collect();
        assert!(!script.is_empty(), "a provider stub needs something to play");
        let state = Arc::new(Mutex::new(Played { script, requests: Vec::new(), keys: Vec::new(), listed: 0 }));
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/messages", post(answer))
            .route("/v1/models", get(list_models))
            .route("/v1/models/{model}", get(show_model))
            .with_state(Arc::clone(&state));
        Self { listening: Listening::start(router).await, state }
    }

    /// What a provider's `base_url` is set to, whichever it speaks.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.listening.url())
    }

    /// How often it was asked which models it has.
    pub fn listed(&self) -> usize {
        lock(&self.state).listed
    }

    /// The keys it was shown so far, by calls and questions for its models, oldest first.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.state).keys.clone()
    }

    /// The bodies of the calls so far, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.state).requests.clone()
    }
}

/// A `base_url` at which every connection is refused.
pub async fn refused_base_url() -> String {
    // Bound to learn a free port, and closed again.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    format!("http://{address}/v1")
}

async fn list_models(State(state): State<Arc<Mutex<Played>>>, headers: HeaderMap) -> Response {
    let mut played = lock(&state);
    played.listed += 1;
    played.keys.extend(key_in(&headers));
    // A server that knows nobody says so to every question.
    if let Some(Act::Status { status: status @ 401, retry_after }) = played.script.front() {
        return refusal(*status, *retry_after);
    }
    let stub = json!({ "id": "stub", "object": "model", "max_input_tokens": 200_000, "max_tokens": 64_000 });
    Json(json!({ "object": "list", "data": [stub] })).into_response()
}

async fn show_model(Path(model): Path<String>) -> Json<Value> {
    Json(json!({ "type": "model", "id": model, "max_input_tokens": 200_000, "max_tokens": 64_000 }))
}

async fn complete(State(state): State<Arc<Mutex<Played>>>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    lock(&state).keys.extend(key_in(&headers));
    let act = next_act(&state, request);
    act.play(Dialect::Chat).await
}

async fn answer(State(state): State<Arc<Mutex<Played>>>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    if let Err(wrong) = strict::check(&headers, &request) {
        let error = json!({ "type": "invalid_request_error", "message": wrong });
        return (StatusCode::BAD_REQUEST, Json(json!({ "type": "error", "error": error }))).into_response();
    }
    lock(&state).keys.extend(key_in(&headers));
    let act = next_act(&state, request);
    act.play(Dialect::Messages).await
}

/// The key in a request, in either dialect.
fn key_in(headers: &HeaderMap) -> Option<String> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let key = bearer.or_else(|| headers.get("x-api-key")?.to_str().ok());
    key.map(str::to_owned)
}

fn next_act(state: &Mutex<Played>, request: Value) -> Act {
    let mut played = lock(state);
    played.requests.push(request);
    let act = match played.script.len() {
        1 => played.script.front().cloned(),
        _ => played.script.pop_front(),
    };
    act.expect("the script keeps its last act")
}

impl Act {
    async fn play(self, dialect: Dialect) -> Response {
        let said = |text: &str| pieces(dialect.text(words(text)));
        let ending = |wants_tools| pieces(dialect.ending(wants_tools));
        match self {
            Act::Says(text) => events(said(&text).chain(ending(false))),
            Act::Calls { tool, arguments } => events(pieces(dialect.call(&tool, &arguments)).chain(ending(true))),
            Act::Status { status, retry_after } => refusal(status, retry_after),
            Act::CutAfter(text) => events(said(&text).chain(breaking())),
            Act::EndsEarly(text) => events(said(&text)),
            Act::SilentAfter(text) => events(said(&text).chain(stream::pending())),
            Act::OverloadedAfter(text) => events(said(&text).chain(pieces([dialect.overloaded()]))),
            Act::NeverAnswers => std::future::pending().await,
            Act::Malformed => events(pieces(["data: {\"choices\": [{\n\n", "<<<\n\n", "data: nothing of use\n\n"])),
            Act::ByteByByte(text) => {
                let whole = [dialect.text([text]), dialect.ending(false)].concat().concat();
                events(pieces(whole.into_iter().map(|byte| [byte].to_vec())))
            }
            Act::Huge { bytes } => events(repeated(dialect, bytes).chain(ending(false))),
            Act::EndlessLine { bytes } => events(endless(dialect, bytes)),
            Act::HtmlPage => {
                axum::response::Html("<html><body>Sign in to the guest network</body></html>").into_response()
            }
        }
    }
}

type Packet = Result<Bytes, std::io::Error>;

fn events(packets: impl Stream<Item = Packet> + Send + 'static) -> Response {
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(packets)).into_response()
}

fn refusal(status: u16, retry_after: Option<u64>) -> Response {
    let body = json!({ "error": { "message": "the stub was told to fail", "type": "stub_error" } });
    let status = StatusCode::from_u16(status).expect("a status of HTTP");
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn pieces<B: Into<Bytes>, I>(parts: I) -> impl Stream<Item = Packet> + Send + use<B, I>
where
    I: IntoIterator<Item = B>,
    I::IntoIter: Send,
{
    stream::iter(parts.into_iter().map(|part| Ok(part.into())))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_inclusive(' ').map(str::to_owned)
}

fn breaking() -> impl Stream<Item = Packet> + Send {
    // A moment, so that what was said before is on the wire when the connection goes.
    stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("the stub breaks the connection"))
    })
}

fn repeated(dialect: Dialect, bytes: usize) -> impl Stream<Item = Packet> + Send {
    let size = 16 * 1024;
    let chunk = Bytes::from(dialect.text(["x".repeat(size)]).concat());
    stream::iter((0..bytes.div_ceil(size)).map(move |_| Ok(chunk.clone())))
}

fn endless(dialect: Dialect, bytes: usize) -> impl Stream<Item = Packet> + Send {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let rest = stream::iter((0..bytes.div_ceil(chunk.len())).map(move |_| Ok(chunk.clone())));
    pieces([dialect.line_without_end()]).chain(rest)
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What is outside of Sortie: a model endpoint and an HTTP service, with the ledger of
//! every effect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use serde_json::{Value, json};

const STORY_WORDS: usize = 150;
const STORY_PACE: Duration = Duration::from_millis(3);

/// The keys under which each task was done, and how often under each.
pub(super) type Effects = BTreeMap<String, BTreeMap<String, usize>>;

/// The outside world. Lives as long as the test.
#[derive(Clone, Default)]
pub(super) struct World {
    url: String,
    effects: Arc<Mutex<BTreeMap<String, Effects>>>,
}

impl World {
    /// Starts it.
    pub(super) async fn start() -> World {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = World { url, ..World::default() };
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/{effect}/{task}", post(act).get(act).put(act))
            .with_state(world.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        world
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether a tool of this effect has done the task.
    pub(super) fn has_done(&self, effect: &str, task: &str) -> bool {
        self.look(effect, |effects| effects.contains_key(task))
    }

    /// Looks at what was done by tools of this effect.
    pub(super) fn look<T>(&self, effect: &str, look: impl FnOnce(&Effects) -> T) -> T {
        let effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        look(effects.get(effect).unwrap_or(&Effects::default()))
    }
}

/// A tool call arrives: it is in the ledger before it is answered, as with a real service.
async fn act(
    State(world): State<World>,
    Path((effect, task)): Path<(String, String)>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or("none").to_owned();
    {
        let mut effects = world.effects.lock().unwrap_or_else(PoisonError::into_inner);
        *effects.entry(effect).or_default().entry(task).or_default().entry(key).or_default() += 1;
    }
    tokio::time::sleep(Duration::from_millis(15)).await;
    axum::Json(json!({ "done": true }))
}

/// A model that tells a long story to whoever asks for it. To others it calls every tool it is
/// offered once for the task the user names, then says that it is done.
async fn complete(axum::Json(request): axum::Json<Value>) -> Response {
    tokio::time::sleep(Duration::from_millis(5)).await;
    if request["messages"].as_array().and_then(|messages| messages.last()).is_some_and(|last| last["content"] == "tell")
    {
        return tell().into_response();
    }
    let messages = request["messages"].as_array().cloned().unwrap_or_default();
    let tools = request["tools"].as_array().cloned().unwrap_or_default();
    let last = messages.last().cloned().unwrap_or_default();
    let mut chunks = Vec::new();
    if last["role"] == "user" && !tools.is_empty() {
        let task = last["content"].as_str().unwrap_or_default();
        for (index, tool) in tools.iter().enumerate() {
            let function =
                json!({ "name": tool["function"]["name"], "arguments": json!({ "task": task }).to_string() });
            let call = json!({ "index": index, "id": format!("c{index}"), "type": "function", "function": function });
            chunks.push(json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] } }] }));
        }
        chunks.push(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "tool_calls" }] }));
    } else {
        for word in ["it ", "is ", "done"] {
            chunks.push(json!({ "choices": [{ "index": 0, "delta": { "content": word } }] }));
        }
        chunks.push(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }));
    }
    let body: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], format!("{body}data: [DONE]\n\n")).into_response()
}

/// The story, word by word: long enough to be cut in many places.
fn tell() -> impl IntoResponse {
    let words = futures::stream::iter(0..STORY_WORDS).then(async |at| {
        tokio::time::sleep(STORY_PACE).await;
        let choice = match at + 1 {
            STORY_WORDS => json!({ "index": 0, "delta": {}, "finish_reason": "stop" }),
            _ => json!({ "index": 0, "delta": { "content": format!("Wörter № {at}, ") } }),
        };
        let end = if at + 1 == STORY_WORDS { "data: [DONE]\n\n" } else { "" };
        Ok::<_, std::convert::Infallible>(format!("data: {}\n\n{end}", json!({ "choices": [choice] })))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(words))
}

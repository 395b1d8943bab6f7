//! What is outside of Sortie: a model endpoint and an HTTP service, with the ledger of
//! every effect.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::aim::Moment;

const STORY_WORDS: usize = 150;
const STORY_PACE: Duration = Duration::from_millis(3);

/// What a model call costs here, in tokens.
pub(super) const CALL_TOKENS: u64 = 15;
const CALL_TIME: Duration = Duration::from_millis(15);
/// More moments than a load has in the time in which one is waited for.
const MOMENTS_KEPT: usize = 4096;

/// The outside world. Lives as long as the test.
#[derive(Clone)]
pub(super) struct World {
    url: String,
    book: Arc<Mutex<Book>>,
    moments: broadcast::Sender<Moment>,
}

/// What was done here, and who may do it.
#[derive(Default)]
struct Book {
    /// By tool and task: the key under which it was done, and how often.
    done: BTreeMap<(String, String), (String, usize)>,
    /// Calls that somebody is about to allow, or has.
    permitted: BTreeSet<String>,
    /// What should not have been done.
    complaints: Vec<String>,
}

impl Book {
    /// A call arrives. It is in the book before it is answered, as with a real service.
    fn take(&mut self, tool: &str, task: &str, key: &str) {
        let (first, times) = self.done.entry((tool.to_owned(), task.to_owned())).or_insert_with(|| (key.to_owned(), 0));
        *times += 1;
        let is_other = first != key;
        let is_repeated = tool.ends_with("unsafe") && *times > 1;
        let is_unasked = tool.starts_with("asked-") && !self.permitted.contains(key);
        for (is_wrong, what) in
            [(is_other, "under two keys"), (is_repeated, "more than once"), (is_unasked, "though nobody allowed it")]
        {
            if is_wrong {
                self.complaints.push(format!("{tool} of {task} was done {what} ({first}, {key}, {times} times)"));
            }
        }
    }
}

impl World {
    /// Starts it.
    pub(super) async fn start() -> World {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = World { url, book: Arc::default(), moments: broadcast::Sender::new(MOMENTS_KEPT) };
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/{tool}/{task}", post(act).get(act).put(act))
            .with_state(world.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        world
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What can be seen from now on.
    pub(super) fn moments(&self) -> broadcast::Receiver<Moment> {
        self.moments.subscribe()
    }

    /// Something begins.
    pub(super) fn sees(&self, moment: Moment) {
        // Whoever aims at nothing does not look.
        let _ = self.moments.send(moment);
    }

    /// Somebody is about to allow this call.
    pub(super) fn permit(&self, call: &str) {
        self.book().permitted.insert(call.to_owned());
    }

    /// Whether a tool has done the task.
    pub(super) fn was_done(&self, tool: &str, task: &str) -> bool {
        self.key_of(tool, task).is_some()
    }

    /// The key under which a tool has done the task.
    pub(super) fn key_of(&self, tool: &str, task: &str) -> Option<String> {
        self.book().done.get(&(tool.to_owned(), task.to_owned())).map(|(key, _)| key.clone())
    }

    /// What was done that should not have been.
    pub(super) fn complaint(&self) -> Option<String> {
        self.book().complaints.first().cloned()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn act(
    State(world): State<World>,
    Path((tool, task)): Path<(String, String)>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or("none");
    world.book().take(&tool, &task, key);
    world.sees(match tool.trim_start_matches("asked-") {
        "read" => Moment::ReadCall,
        "idempotent" => Moment::IdempotentCall,
        _ => Moment::UnsafeCall,
    });
    tokio::time::sleep(CALL_TIME).await;
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
    chunks.push(json!({ "choices": [], "usage": { "prompt_tokens": 10, "completion_tokens": CALL_TOKENS - 10 } }));
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

mod tests {
    use super::*;

    fn complaints(calls: &[(&str, &str, &str)], permitted: &[&str]) -> Vec<String> {
        let permitted = permitted.iter().map(|call| (*call).to_owned()).collect();
        let mut book = Book { permitted, ..Book::default() };
        for (tool, task, key) in calls {
            book.take(tool, task, key);
        }
        book.complaints
    }

    #[test]
    fn what_should_not_be_done_is_complained_of() {
        assert_eq!(complaints(&[("read", "t", "a"), ("read", "t", "a"), ("unsafe", "t", "b")], &[]), [""; 0]);
        assert_eq!(complaints(&[("asked-unsafe", "t", "a")], &["a"]), [""; 0]);
        for (calls, what) in [
            (&[("idempotent", "t", "a"), ("idempotent", "t", "b")][..], "two keys"),
            (&[("unsafe", "t", "a"), ("unsafe", "t", "a")], "more than once"),
            (&[("asked-unsafe", "t", "b"), ("asked-unsafe", "t", "b")], "more than once"),
            (&[("asked-idempotent", "t", "a")], "nobody allowed"),
        ] {
            let found = complaints(calls, &["b"]);
            assert!(found.len() == 1 && found[0].contains(what), "{calls:?}: {found:?}");
        }
    }
}

//! Mixed load, and the ledger of what its clients were told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::Client;
use serde_json::{Value, json};

use super::process::{KEY, http};

/// What the clients were told, over all lives of the server.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Told>>);

#[derive(Default, Clone)]
pub(super) struct Told {
    /// Messages that were taken.
    pub(super) messages: Vec<Message>,
    /// What was read from streams.
    pub(super) streamed: Vec<Streamed>,
    /// Runs whose answer was given.
    pub(super) answered_runs: Vec<String>,
}

/// A message that sets the tools to work.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) session: String,
    pub(super) event: String,
    pub(super) task: String,
}

/// Stored events that a client read from a stream.
#[derive(Clone)]
pub(super) struct Streamed {
    pub(super) session: String,
    pub(super) events: Vec<Value>,
}

impl Ledger {
    pub(super) fn told(&self) -> Told {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Told)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The agents that the load speaks to.
#[derive(Clone)]
pub(super) struct Agents {
    talker: String,
    worker: String,
}

impl Agents {
    /// Makes them: one without tools, and one with a tool of each effect.
    pub(super) async fn make(url: &str, world: &str) -> Agents {
        let client = http();
        let talker = json!({ "name": "talker", "model": "mock/m" });
        let tools: Vec<Value> = [("look", "GET", "read"), ("put", "PUT", "idempotent"), ("fire", "POST", "unsafe")]
            .map(|(name, method, effect)| {
                json!({ "type": "http", "name": name, "description": name, "method": method, "effect": effect,
                    "url": format!("{world}/{effect}/{{task}}"), "input_schema": { "type": "object",
                    "properties": { "task": { "type": "string" } }, "required": ["task"] } })
            })
            .to_vec();
        let worker = json!({ "name": "worker", "model": "mock/m", "tools": tools });
        let make = async |agent: Value| -> String {
            let made = post(&client, url, "/v1/agents", agent).await.expect("the agent is made");
            made["id"].as_str().expect("an id").to_owned()
        };
        Agents { talker: make(talker).await, worker: make(worker).await }
    }
}

/// One client: goes on until the server stops answering.
pub(super) async fn client(number: usize, url: String, agents: Agents, ledger: Ledger) {
    static TASKS: AtomicUsize = AtomicUsize::new(0);
    let client = http();
    let talker = agents.talker.parse::<domain::AgentId>().expect("an id").0;
    loop {
        let task = TASKS.fetch_add(1, Ordering::Relaxed);
        let went_well = match task % 3 {
            0 => make_run(&client, &url, talker, None, &ledger).await,
            1 => make_run(&client, &url, talker, Some(number), &ledger).await,
            _ => native_session(&client, &url, &agents, task, &ledger).await,
        };
        if went_well.is_none() {
            return;
        }
    }
}

/// A blocking run; with a thread of its own or this client's.
async fn make_run(client: &Client, url: &str, agent: uuid::Uuid, thread: Option<usize>, ledger: &Ledger) -> Option<()> {
    let mut body = json!({ "messages": [{ "role": "user", "content": "hello" }], "config": {} });
    if let Some(number) = thread {
        body["threadId"] = json!(format!("client {number}"));
    }
    let answer = post(client, url, &format!("/api/v2/ai-agents/v1/agents/{agent}/run?teamId=1"), body).await?;
    let run = answer["lastAgentIterationId"].as_str()?.to_owned();
    ledger.note(|told| told.answered_runs.push(run));
    Some(())
}

/// A session with a message that sets the tools to work on a task of its own, followed as far
/// as the server lives.
async fn native_session(client: &Client, url: &str, agents: &Agents, task: usize, ledger: &Ledger) -> Option<()> {
    let made = post(client, url, "/v1/sessions", json!({ "agent": agents.worker })).await?;
    let session = made["id"].as_str()?.to_owned();
    let stream = format!("{url}/v1/sessions/{session}/events/stream");
    let stream = client.get(stream).bearer_auth(KEY).send().await.ok()?;
    let task = format!("task-{task}");
    let message = json!({ "type": "user.message", "content": [{ "type": "text", "text": task }] });
    let sent = post(client, url, &format!("/v1/sessions/{session}/events"), json!({ "events": [message] })).await?;
    let event = sent["data"][0]["id"].as_str()?.to_owned();
    ledger.note(|told| told.messages.push(Message { session: session.clone(), event, task }));
    let (events, went_well) = read_until_idle(stream).await;
    ledger.note(|told| told.streamed.push(Streamed { session, events }));
    went_well.then_some(())
}

/// The stored events of a stream up to the end of the turn; whether it came.
async fn read_until_idle(stream: reqwest::Response) -> (Vec<Value>, bool) {
    let mut events = Vec::new();
    let mut frames = stream.bytes_stream().eventsource();
    while let Some(Ok(frame)) = frames.next().await {
        // Pings carry no id: they are not stored.
        let stored = serde_json::from_str(&frame.data).ok().filter(|event: &Value| event["seq"].is_u64());
        let Some(event) = stored else { continue };
        let is_last = event["type"] == "session.status_idle";
        events.push(event);
        if is_last {
            return (events, true);
        }
    }
    (events, false)
}

/// `None` if the server did not answer, as when it has just been killed.
pub(super) async fn post(client: &Client, url: &str, path: &str, body: Value) -> Option<Value> {
    let sent = client.post(format!("{url}{path}")).bearer_auth(KEY).json(&body).send().await.ok()?;
    let status = sent.status();
    let text = sent.text().await.ok()?;
    assert!(status.is_success() || status.as_u16() == 503, "{path}: {status} {text}");
    serde_json::from_str(&text).ok().filter(|_| status.is_success())
}

/// What the server answers to a GET.
pub(super) async fn get(client: &Client, url: &str, path: &str) -> Value {
    let answer = client.get(format!("{url}{path}")).bearer_auth(KEY).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).expect("JSON")
}

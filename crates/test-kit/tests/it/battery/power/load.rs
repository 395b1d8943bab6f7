//! The load of the power battery: conversations of every kind in a house whose files are on
//! record, and a note of each promise in that record at the moment at which it was made.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::any;
use domain::model::{Block, Message, ModelRequest};
use domain::{OrgId, RunId, SessionId};
use http::HeaderMap;
use serde_json::{Value, json};
use test_kit::conversation::message;
use test_kit::power::Recording;
use test_kit::{Caller, Listening, ModelReply, PlantedBug, Reply, TestHouse, calls, says};

use super::promise::Promise;

const WRITERS: usize = 8;
const ROUNDS: usize = 2;
/// What a budget is raised to.
const RAISED: u64 = 50;

/// What was promised, and the record in which each promise has its place.
#[derive(Clone)]
pub(super) struct Promises {
    made: Arc<Mutex<Vec<(SessionId, Promise)>>>,
    recording: Recording,
}

impl Promises {
    fn note(&self, session: SessionId, promise: Promise) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.push((session, promise));
        self.recording.acknowledged(made.len() as u64 - 1);
    }

    pub(super) fn all(&self) -> Vec<(SessionId, Promise)> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What came of a load.
pub(super) struct Recorded {
    pub(super) recording: Recording,
    /// In the order of their numbers on record.
    pub(super) promises: Vec<(SessionId, Promise)>,
    /// What clients were refused, who then gave up.
    pub(super) complaints: Vec<String>,
    pub(super) org: OrgId,
}

/// A busy house, with every write, flush and promise on record.
pub(super) async fn record(name: &str, planted: Option<PlantedBug>) -> Recorded {
    let recording = Recording::start(name);
    let promises = Promises { made: Arc::default(), recording: recording.clone() };
    let world = Router::new().route("/{tool}/{session}", any(act)).with_state(promises.clone());
    let world = Listening::start(world).await;
    let mut house = TestHouse::new().recorded(&recording).answering(reply).start().await;
    let agents = Agents::make(&house.owner(), &world.url()).await;
    if let Some(bug) = planted {
        house.restart_planted(bug).await;
    }
    let owner = house.owner();
    let writers = (0..WRITERS).map(|_| {
        let writer = Writer { owner: owner.clone(), agents: agents.clone(), promises: promises.clone() };
        tokio::spawn(async move { writer.play(ROUNDS).await })
    });
    let played = futures::future::join_all(writers).await;
    let complaints = played.into_iter().filter_map(|writer| writer.unwrap().err()).collect();
    let org = house.owner_ctx().await.org;
    drop(house);
    Recorded { recording, promises: promises.all(), complaints, org }
}

/// A tool is called, which no power cut takes back.
async fn act(
    State(promises): State<Promises>,
    Path((tool, session)): Path<(String, String)>,
    headers: HeaderMap,
) -> axum::Json<Value> {
    let session: SessionId = session.parse().expect("the model names its session");
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).expect("a key");
    let (call, was_asked) = (key.parse().expect("the id of the call"), tool.starts_with("asked"));
    promises.note(session, Promise::Called { call, was_asked });
    axum::Json(json!({ "done": true }))
}

/// Calls every tool it is offered once, with what the user said, then says that it is done.
fn reply(request: &ModelRequest) -> ModelReply {
    let said = match request.messages.last().map(AsRef::as_ref) {
        Some(Message::User { content }) => content.first().and_then(Block::as_text),
        _ => None,
    };
    let (Some(said), Some((first, others))) = (said, request.tools.split_first()) else {
        return says("It is done.").usage(10, 5);
    };
    let arguments = || json!({ "session": said });
    let asked =
        others.iter().fold(calls(&first.name, arguments()), |reply, tool| reply.then_calls(&tool.name, arguments()));
    asked.usage(10, 5)
}

/// The agents that are spoken to: as in the crash battery.
#[derive(Clone)]
struct Agents {
    talker: String,
    worker: String,
    asker: String,
    helper: String,
}

impl Agents {
    async fn make(owner: &Caller, world: &str) -> Self {
        let input = json!({ "type": "object", "properties": { "session": { "type": "string" } } });
        let http = |name: &str, policy: &str, method: &str| {
            json!({ "type": "http", "name": name, "description": "d", "method": method, "input_schema": input,
                "url": format!("{world}/{name}/{{session}}"), "permission_policy": { "type": policy } })
        };
        let free = [("read", "GET"), ("put", "PUT"), ("fire", "POST")];
        let free = free.map(|(name, method)| http(name, "always_allow", method));
        let asked = [("asked-put", "PUT"), ("asked-fire", "POST")];
        let asked = asked.map(|(name, method)| http(name, "always_ask", method));
        let look = json!({ "type": "custom", "name": "look", "description": "d", "input_schema": input });
        Self {
            talker: owner.agent(json!({})).await,
            worker: owner.agent(json!({ "tools": free })).await,
            asker: owner.agent(json!({ "tools": asked })).await,
            helper: owner.agent(json!({ "tools": [look] })).await,
        }
    }
}

/// Somebody who speaks to all of them, and notes what they are told.
struct Writer {
    owner: Caller,
    agents: Agents,
    promises: Promises,
}

impl Writer {
    async fn play(&self, rounds: usize) -> Result<(), String> {
        for _ in 0..rounds {
            self.run_of_make().await?;
            self.talk(&self.agents.worker, "").await?;
            self.talk(&self.agents.asker, "allow").await?;
            self.talk(&self.agents.asker, "deny").await?;
            self.talk(&self.agents.helper, "result").await?;
            self.interrupt(&self.agents.worker).await?;
            self.interrupt(&self.agents.asker).await?;
            self.exhaust().await?;
        }
        Ok(())
    }

    async fn run_of_make(&self) -> Result<(), String> {
        let agent: domain::AgentId = self.agents.talker.parse().unwrap();
        let body = json!({ "messages": [{ "role": "user", "content": "hello" }], "config": {} });
        let answer = self.post(&format!("/api/v2/ai-agents/v1/agents/{}/run?teamId=1", agent.0), body).await?;
        let run = RunId(answer["lastAgentIterationId"].as_str().unwrap().parse().unwrap());
        let shown = done(self.owner.get(&format!("/v1/runs/{run}")).await)?;
        self.promises.note(id(&shown["session_id"]), Promise::Answered { run });
        Ok(())
    }

    /// A turn, in which whatever waits is decided one by one.
    async fn talk(&self, agent: &str, word: &str) -> Result<(), String> {
        let session = self.session(json!({ "agent": agent })).await?;
        let mut waits = self.say(session, "?wait=60").await?;
        while let Some(call) = waits.first() {
            let decision = match word {
                "result" => json!({ "type": "user.custom_tool_result", "custom_tool_use_id": call }),
                _ => json!({ "type": "user.tool_confirmation", "tool_use_id": call, "result": word }),
            };
            waits = self.send(session, "?wait=60", decision).await?;
        }
        Ok(())
    }

    /// A turn that is interrupted, wherever it is by then.
    async fn interrupt(&self, agent: &str) -> Result<(), String> {
        let session = self.session(json!({ "agent": agent })).await?;
        self.say(session, "").await?;
        self.send(session, "", json!({ "type": "user.interrupt" })).await?;
        // It is held until the turn is over.
        self.send(session, "?wait=60", json!({ "type": "user.interrupt" })).await?;
        Ok(())
    }

    /// A turn that its budget stops, and that goes on when it is raised.
    async fn exhaust(&self) -> Result<(), String> {
        let budget = |steps: u64| json!({ "type": "limit", "max_steps": steps });
        let session = self.session(json!({ "agent": self.agents.worker, "budget": budget(1) })).await?;
        self.say(session, "?wait=60").await?;
        self.post(&format!("/v1/sessions/{session}"), json!({ "budget": budget(RAISED) })).await?;
        self.promises.note(session, Promise::Raised { steps: RAISED });
        self.say(session, "?wait=60").await?;
        Ok(())
    }

    async fn session(&self, create: Value) -> Result<SessionId, String> {
        let session = id(&self.post("/v1/sessions", create).await?["id"]);
        self.promises.note(session, Promise::Made);
        Ok(session)
    }

    /// Has the tools called, which learn which session it is.
    async fn say(&self, session: SessionId, query: &str) -> Result<Vec<Value>, String> {
        self.send(session, query, message(&session.to_string())).await
    }

    /// Sends an event; the calls that the session then waits for.
    async fn send(&self, session: SessionId, query: &str, event: Value) -> Result<Vec<Value>, String> {
        let path = format!("/v1/sessions/{session}/events{query}");
        let answer = self.post(&path, json!({ "events": [event] })).await?;
        for taken in answer["data"].as_array().unwrap() {
            self.promises.note(session, Promise::Taken { event: id(&taken["id"]) });
        }
        for shown in answer["events"].as_array().into_iter().flatten() {
            let seq = shown["seq"].as_u64().unwrap();
            self.promises.note(session, Promise::Logged { seq, event: id(&shown["id"]) });
        }
        Ok(answer["stop_reason"]["event_ids"].as_array().cloned().unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        done(self.owner.post(path, body).await).map_err(|refusal| format!("{path}: {refusal}"))
    }
}

fn done(reply: Reply) -> Result<Value, String> {
    if reply.status.is_success() { Ok(reply.json()) } else { Err(reply.to_string()) }
}

fn id<I: FromStr<Err: Debug>>(text: &Value) -> I {
    text.as_str().expect("an id").parse().expect("an id of this kind")
}

//! What tests do over the native API again and again, in one word each.

use serde_json::{Value, json};

use crate::caller::{Caller, Reply};
use crate::sse::{Frame, SseReader};

impl Caller {
    /// Makes an agent on the scripted model, with these fields besides or instead; its id.
    pub async fn agent(&self, fields: Value) -> String {
        let mut body = json!({ "name": "Ada", "model": "scripted/demo" });
        merge(&mut body, fields);
        id_of(&self.post("/v1/agents", body).await.ok())
    }

    /// Makes a session with an agent; its id.
    pub async fn session(&self, agent: &str) -> String {
        id_of(&self.post("/v1/sessions", json!({ "agent": agent })).await.ok())
    }

    /// Sends events into a session.
    pub async fn send_events(&self, session: &str, events: Value) -> Reply {
        self.post(&format!("/v1/sessions/{session}/events"), json!({ "events": events })).await
    }

    /// Says something in a session; the event as it was taken.
    pub async fn say(&self, session: &str, text: &str) -> Value {
        let sent = self.send_events(session, json!([message(text)])).await.ok();
        sent["data"][0].clone()
    }

    /// Says something and waits until the session is idle again; all events of the turn.
    pub async fn turn(&self, session: &str, text: &str) -> Vec<Value> {
        let mut stream = self.follow(session, "").await;
        self.say(session, text).await;
        idle(&mut stream).await
    }

    /// Opens the stream of a session with this query.
    pub async fn follow(&self, session: &str, query: &str) -> SseReader {
        let stream = self.stream(&format!("/v1/sessions/{session}/events/stream?{query}")).await;
        assert_eq!(stream.status, 200, "the stream opens");
        stream
    }

    /// The log of a session, and behind it what waits.
    pub async fn events(&self, session: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/sessions/{session}/events?limit=1000")).await.ok();
        page["data"].as_array().expect("a page of events").clone()
    }
}

/// A message of the user, as an event to send.
pub fn message(text: &str) -> Value {
    json!({ "type": "user.message", "content": [{ "type": "text", "text": text }] })
}

/// Reads a stream until the session is idle; the events as JSON.
pub async fn idle(stream: &mut SseReader) -> Vec<Value> {
    let frames = stream.until_named("session.status_idle").await;
    frames.iter().map(Frame::json).collect()
}

/// The `type` of each event.
pub fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap_or_default()).collect()
}

/// The events of this type.
pub fn of_type<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == name).collect()
}

/// The first event of this type.
///
/// # Panics
/// If there is none.
#[track_caller]
pub fn one<'a>(events: &'a [Value], name: &str) -> &'a Value {
    match of_type(events, name).first() {
        Some(event) => event,
        None => panic!("no {name} among {:?}", types(events)),
    }
}

/// The `id` of a thing.
///
/// # Panics
/// If it has none.
#[track_caller]
pub fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap_or_else(|| panic!("a thing with an id, not {thing}")).to_owned()
}

fn merge(into: &mut Value, fields: Value) {
    let (Value::Object(into), Value::Object(fields)) = (into, fields) else { return };
    into.extend(fields);
}

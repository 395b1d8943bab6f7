//! The agents that are measured, made over the APIs as any client makes them, and their runs.

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::client::Client;

const MAKE: &str = "/api/v2/ai-agents/v1/agents";

/// An agent of the Make-compatible API on a model of the mock's.
pub(crate) struct MakeAgent {
    id: String,
}

impl MakeAgent {
    pub(crate) async fn create(client: &mut Client, model: &str) -> Result<Self> {
        let connections = client.get_json("/api/v2/connections?teamId=1").await?;
        let listed = connections["connections"].as_array().context("no list of connections")?;
        let mock = listed.iter().find(|connection| connection["name"] == "mock").context("no connection `mock`")?;
        let agent = json!({
            "name": "bench",
            "teamId": 1,
            "makeConnectionId": mock["id"],
            "defaultModel": model,
            "systemPrompt": "You are the tower. Answer in one sentence.",
        });
        let created = client.post_json(&format!("{MAKE}?teamId=1"), &agent).await?;
        Ok(Self { id: created["agentId"].as_str().context("no agentId")?.to_owned() })
    }

    pub(crate) fn run_path(&self) -> String {
        format!("{MAKE}/{}/run?teamId=1", self.id)
    }

    pub(crate) fn stream_path(&self) -> String {
        format!("{MAKE}/{}/run/stream?teamId=1", self.id)
    }

    /// A question without a thread id: every run gets a session of its own.
    pub(crate) fn question() -> Bytes {
        Bytes::from_static(br#"{"messages":[{"role":"user","content":"Request take-off."}],"config":{}}"#)
    }
}

/// A session of the native API with an agent on a model of the mock's.
pub(crate) struct NativeSession {
    agent: String,
    id: String,
}

impl NativeSession {
    pub(crate) async fn create(client: &mut Client, model: &str) -> Result<Self> {
        Self::with_agent(client, &json!({ "name": "bench", "model": model })).await
    }

    /// A session with an agent made of these fields.
    pub(crate) async fn with_agent(client: &mut Client, agent: &Value) -> Result<Self> {
        let agent = client.post_json("/v1/agents", agent).await?;
        Self::begin(client, agent["id"].as_str().context("an agent without an id")?).await
    }

    /// One more session with the same agent.
    pub(crate) async fn another(&self, client: &mut Client) -> Result<Self> {
        Self::begin(client, &self.agent).await
    }

    async fn begin(client: &mut Client, agent: &str) -> Result<Self> {
        let session = client.post_json("/v1/sessions", &json!({ "agent": agent })).await?;
        let id = session["id"].as_str().context("a session without an id")?.to_owned();
        Ok(Self { agent: agent.to_owned(), id })
    }

    pub(crate) fn events_path(&self) -> String {
        format!("/v1/sessions/{}/events", self.id)
    }

    pub(crate) fn stream_path(&self) -> String {
        format!("/v1/sessions/{}/events/stream?event_deltas[]=agent.message", self.id)
    }

    pub(crate) fn question() -> Bytes {
        Self::message("Request take-off.")
    }

    pub(crate) fn message(text: &str) -> Bytes {
        let message = json!({ "type": "user.message", "content": [{ "type": "text", "text": text }] });
        Bytes::from(json!({ "events": [message] }).to_string())
    }
}

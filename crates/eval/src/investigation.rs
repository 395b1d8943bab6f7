//! One case, looked into by the investigator of a real server.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::case::{ACTIONS, CATEGORIES, Case};
use crate::evidence::{Evidence, ROLLED_OUT};
use crate::server::Server;

/// For a small model on a small machine.
const WITHIN: Duration = Duration::from_secs(900);

/// What came of an investigation.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Found {
    /// What it said in the end.
    pub(crate) answer: String,
    /// The last line, if it is what was asked for.
    pub(crate) verdict: Option<Verdict>,
    /// Signals whose server was really asked.
    pub(crate) read: BTreeSet<String>,
    /// Calls of the model and of tools.
    pub(crate) steps: usize,
    /// Why it ended without an answer.
    pub(crate) fault: Option<String>,
}

/// The answer, as far as programs read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) rollout_is_cause: bool,
    #[serde(default)]
    pub(crate) action: String,
    #[serde(default)]
    pub(crate) conclusion: String,
}

/// What names a case in its conversation.
pub(crate) fn marker(case: &Case) -> String {
    format!("Case {}.", case.name)
}

pub(crate) async fn investigate(server: &Server, evidence: &Evidence, case: &Case) -> Result<Found> {
    watch_by(server, evidence.described(case)).await?;
    let begun =
        server.post("/api/v1/agent-sessions/", &json!({ "prompt": prompt(case), "context": case.context })).await?;
    let begun = begun["session_id"].as_str().context("a session without an id")?;
    let shown: Value = server.get(&format!("/api/v1/agent-sessions/{begun}/")).await?.json().await?;
    let session = shown["native_id"].as_str().context("a session without a native id")?;
    let told = tokio::time::timeout(WITHIN, follow(server, session)).await;
    let mut found = match told {
        Ok(found) => found?,
        Err(_) => Found { fault: Some(format!("no answer within {} s", WITHIN.as_secs())), ..Found::default() },
    };
    found.verdict = verdict_in(&found.answer);
    found.read = evidence.asked();
    Ok(found)
}

/// Has the organization's rollout monitor, the only one, watch by these signals.
async fn watch_by(server: &Server, monitor: Value) -> Result<()> {
    let listed: Value = server.get("/v1/deployments").await?.json().await?;
    let id = listed["data"][0]["id"].as_str().context("there is no rollout monitor")?;
    let trigger = json!({ "type": "rollout_monitor", "monitor": monitor });
    server.post(&format!("/v1/deployments/{id}"), &json!({ "trigger": trigger })).await.map(drop)
}

fn prompt(case: &Case) -> String {
    format!(
        "{} {} The rollout was {} minutes ago. Look at the signals before you conclude. End with one line of JSON \
         and nothing after it: {{\"category\": one of {}, \"rollout_is_cause\": true or false, \"action\": one of {}, \
         \"conclusion\": one or two sentences}}.",
        marker(case),
        case.task,
        ROLLED_OUT.as_mins(),
        json!(CATEGORIES),
        json!(ACTIONS),
    )
}

/// Reads along until the session is at rest.
async fn follow(server: &Server, session: &str) -> Result<Found> {
    let response = server.get(&format!("/v1/sessions/{session}/events/stream?after=start")).await?;
    let mut events = response.bytes_stream().eventsource();
    let mut found = Found::default();
    while let Some(event) = events.next().await {
        let event = event.context("reading the stream")?;
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.event.as_str() {
            "span.model_request_start" | "agent.tool_use" => found.steps += 1,
            "agent.message" => found.answer = text_of(&data),
            "session.error" => found.fault = Some(data["error"]["message"].as_str().unwrap_or("an error").to_owned()),
            "session.status_idle" | "session.status_terminated" => return Ok(found),
            _ => {}
        }
    }
    bail!("the stream ended before the investigation did")
}

fn text_of(message: &Value) -> String {
    let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    blocks.iter().filter_map(|block| block["text"].as_str()).collect()
}

/// The last JSON object of a text that is a verdict.
fn verdict_in(text: &str) -> Option<Verdict> {
    text.rmatch_indices('{').find_map(|(at, _)| {
        let mut read = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Verdict>();
        read.next()?.ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_the_last_one_of_the_text_wherever_it_stands() {
        let said = "Maybe {\"category\": \"healthy\"}? No:\n```json\n{\"category\": \"bad_config\", \"x\": {}}\n```";
        assert_eq!(verdict_in(said).unwrap().category, "bad_config");
        assert_eq!(verdict_in("{\"answer\": 1} {"), None);
    }
}

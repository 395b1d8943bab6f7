//! Where a session stands when nothing of it is under way.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use super::requests::try_get;

const REST_MAX: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A session at rest: its log and its runs, the oldest first.
pub(super) struct Standing {
    pub(super) events: Vec<Value>,
    pub(super) runs: Vec<Value>,
}

impl Standing {
    /// Waits until the session rests; `None` if the server is gone meanwhile.
    pub(super) async fn of(client: &Client, url: &str, session: &str) -> Option<Standing> {
        let deadline = Instant::now() + REST_MAX;
        loop {
            let shown = try_get(client, url, &format!("/v1/sessions/{session}")).await?;
            let log = try_get(client, url, &format!("/v1/sessions/{session}/events?limit=1000")).await?;
            let runs = try_get(client, url, &format!("/v1/sessions/{session}/runs")).await?;
            assert_eq!(log["next_page"], Value::Null, "a session of the load is short");
            let standing = Standing { events: entries(&log), runs: entries(&runs) };
            // Read one after the other, they may be of different moments while it works.
            if shown["status"] == "idle" && standing.rests() {
                return Some(standing);
            }
            assert!(Instant::now() < deadline, "{session} never comes to rest: {shown} {:#?}", standing.runs);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// No run is at work or about to be, and nothing that was sent waits for one.
    fn rests(&self) -> bool {
        let is_taken = |event: &Value| !event["processed_at"].is_null();
        let is_still = |run: &Value| !run["ended_at"].is_null() || run["status"] == "waiting";
        let last_is_idle = self.events.last().is_none_or(|last| {
            // An interrupt of a session at rest is recorded behind it.
            last["type"] == "session.status_idle" || last["type"] == "user.interrupt"
        });
        self.events.iter().all(is_taken) && self.runs.iter().all(is_still) && last_is_idle
    }

    /// The calls that wait, each with what it waits for.
    pub(super) fn waiting(&self) -> Vec<(&Value, &str)> {
        let waits = self.runs.iter().flat_map(|run| entries_of(&run["waiting_for"]));
        let of_log = |waits: &Value| self.events.iter().find(|event| event["id"] == waits["tool_use_id"]);
        let need = |waits: &'_ Value| -> &'static str {
            match waits["need"].as_str() {
                Some("approval") => "approval",
                Some("client_result") => "client_result",
                _ => "resolution",
            }
        };
        waits.filter_map(|waits| Some((of_log(waits)?, need(waits)))).collect()
    }

    /// Why it rests; null if it never worked.
    pub(super) fn stop_reason(&self) -> &Value {
        let idle = self.events.iter().rfind(|event| event["type"] == "session.status_idle");
        idle.map_or(&Value::Null, |idle| &idle["stop_reason"])
    }

    /// Whether its budget has stopped it.
    pub(super) fn is_stopped_by_its_budget(&self) -> bool {
        self.stop_reason()["type"] == "budget_reached"
    }

    /// Whether nothing more is to come of it.
    pub(super) fn is_over(&self) -> bool {
        self.waiting().is_empty() && !self.is_stopped_by_its_budget()
    }
}

fn entries(page: &Value) -> Vec<Value> {
    page["data"].as_array().expect("a list").clone()
}

fn entries_of(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

//! Somebody of another organization, who tries what is not theirs.

use std::path::Path;

use reqwest::Client;
use serde_json::Value;

use crate::sortie::{Ended, sortie};

/// The owner of a second organization in the same installation.
pub(super) struct Stranger {
    key: String,
}

impl Stranger {
    /// Makes the organization, over the administration socket of the running server.
    pub(super) fn move_in(data: &Path) -> Self {
        let mut command = sortie(data);
        command.args(["orgs", "create", "Strangers", "--json", "--data-dir"]).arg(data);
        let made = Ended::of(&mut command).json();
        Self { key: made["first_key"]["key"].as_str().expect("a key").to_owned() }
    }

    /// None of these sessions and runs of others is there, nor anything in a list.
    ///
    /// # Errors
    /// What was shown.
    pub(super) async fn check_sees_nothing<'a>(
        &self,
        client: &Client,
        url: &str,
        sessions: impl Iterator<Item = &'a str>,
        runs: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let of_sessions = sessions.flat_map(|session| {
            ["", "/events", "/runs", "/events/stream"].map(|rest| format!("/v1/sessions/{session}{rest}"))
        });
        for path in of_sessions.chain(runs.map(|run| format!("/v1/runs/{run}"))) {
            let (status, _) = self.get(client, url, &path).await;
            if status != 404 {
                return Err(format!("a stranger asked for {path} and was answered {status}"));
            }
        }
        for path in ["/v1/agents", "/v1/sessions", "/v1/tools"] {
            let (status, list) = self.get(client, url, path).await;
            // What every organization begins with, and nothing else.
            let is_own = |one: &Value| path == "/v1/agents" && one["name"] == "investigator";
            let sees_own = list["data"].as_array().is_some_and(|all| all.len() <= 1 && all.iter().all(is_own));
            if status != 200 || !sees_own {
                return Err(format!("a stranger listed {path} and was answered {status} {list}"));
            }
        }
        Ok(())
    }

    async fn get(&self, client: &Client, url: &str, path: &str) -> (u16, Value) {
        let answer = client.get(format!("{url}{path}")).bearer_auth(&self.key).send().await.expect("an answer");
        let status = answer.status().as_u16();
        // A stream that was opened does not end.
        let body = if path.ends_with("/stream") && status == 200 { Value::Null } else { json_of(answer).await };
        (status, body)
    }
}

async fn json_of(answer: reqwest::Response) -> Value {
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

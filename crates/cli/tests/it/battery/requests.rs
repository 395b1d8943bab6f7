//! Requests to a server that may be killed while it answers.

use reqwest::Client;
use serde_json::Value;

use super::process::KEY;

/// `None` if the server did not answer, as when it has just been killed.
pub(super) async fn post(client: &Client, url: &str, path: &str, body: Value) -> Option<Value> {
    let sent = client.post(format!("{url}{path}")).bearer_auth(KEY).json(&body).send().await.ok()?;
    let status = sent.status();
    let text = sent.text().await.ok()?;
    assert!(status.is_success() || status.as_u16() == 503, "{path}: {status} {text}");
    serde_json::from_str(&text).ok().filter(|_| status.is_success())
}

/// What a server answers to a GET; `None` if it did not answer.
pub(super) async fn try_get(client: &Client, url: &str, path: &str) -> Option<Value> {
    let answer = client.get(format!("{url}{path}")).bearer_auth(KEY).send().await.ok()?;
    let status = answer.status();
    let text = answer.text().await.ok()?;
    assert!(status.is_success() || status.as_u16() == 503, "{path}: {status} {text}");
    serde_json::from_str(&text).ok().filter(|_| status.is_success())
}

/// What a server that lives answers to a GET.
pub(super) async fn get(client: &Client, url: &str, path: &str) -> Value {
    try_get(client, url, path).await.unwrap_or_else(|| panic!("{path}: no answer"))
}

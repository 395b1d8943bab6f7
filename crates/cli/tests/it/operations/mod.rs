//! What whoever runs a server does beside it: watch, examine, back up, move.

mod backup;
mod doctor;
mod metrics;
mod restore;
mod tail;
mod traces;
mod transfer;
mod webhooks;

use serde_json::Value;

/// `POST` to a server that takes it, with a key and, if there is one, within a trace.
pub(crate) async fn post(url: &str, key: &str, trace: Option<&str>, body: &Value) -> Value {
    // The first caller installs it; for the others it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut request = reqwest::Client::new().post(url).header("x-api-key", key).json(body);
    if let Some(trace) = trace {
        request = request.header("traceparent", trace);
    }
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{url}: {}", response.text().await.unwrap());
    response.json().await.unwrap()
}

//! `sortie health`.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::native::trusting;
use crate::output::Output;

/// Whoever asks for health does so every few seconds: a server that takes longer is not well.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(address: &str, ca_cert: Option<&Path>, output: Output) -> Result<(), Failure> {
    let client = trusting(Client::builder().timeout(TIMEOUT), ca_cert)?;
    let url = format!("{}/readyz", address.trim_end_matches('/'));
    let answer = client.get(url).send().await;
    let answer = answer.map_err(|error| {
        Failure::new(Code::Unreachable, format!("no server answers at {address}: {}", error.without_url()))
    })?;
    let status = answer.status();
    let said: Value = answer.json().await.unwrap_or_default();
    match (status, said["status"].as_str()) {
        (StatusCode::OK, Some("ready")) => output.either(&said, || format!("{address} is ready")),
        _ => {
            let why = said["why"].as_str().map_or_else(|| status.to_string(), str::to_owned);
            Err(Failure::other(format!("{address} is not ready: {why}")))
        }
    }
}

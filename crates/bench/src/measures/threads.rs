//! A thread of the Cassidy-compatible API: what a message takes beyond the model.

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::json;
use std::time::Instant;

use super::Bench;
use crate::client::Client;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

const WARM_UP: usize = 50;
const MESSAGES: usize = 500;
/// Messages of one thread; then another begins, so that the model's part stays small.
const OF_A_THREAD: usize = 10;

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    let agent = client.post_json("/v1/agents", &json!({ "name": "bench", "model": "mock/instant" })).await?;
    let agent = agent["id"].as_str().context("an agent without an id")?;
    messages(&mut client, agent, WARM_UP).await?;
    let through = messages(&mut client, agent, MESSAGES).await?;
    let alone = alone(&model).await?.percentile_ms(50.0);
    let wanted = Wanted::Below(8.0);
    figures.add_wanted("thread: a message, added, p50", through.percentile_ms(50.0) - alone, "ms", wanted);
    figures.add("thread: a message, added, p99", through.percentile_ms(99.0) - alone, "ms");
    Ok(())
}

async fn messages(client: &mut Client, agent: &str, count: usize) -> Result<Samples> {
    let mut samples = Samples::default();
    while samples.len() < count {
        let thread = client.post_json("/api/assistants/thread/create", &json!({ "assistant_id": agent })).await?;
        let message = json!({ "thread_id": thread["thread_id"], "message": "Request take-off." });
        let message = Bytes::from(message.to_string());
        for _ in 0..OF_A_THREAD {
            let asked = Instant::now();
            client.post("/api/assistants/message/create", message.clone()).await?;
            samples.push(asked.elapsed());
        }
    }
    Ok(samples)
}

async fn alone(model: &Mock) -> Result<Samples> {
    let mut client = Client::connect(model.address, "none").await?;
    let question = Bytes::from_static(br#"{"model":"instant","stream":true,"messages":[]}"#);
    let mut samples = Samples::default();
    for _ in 0..MESSAGES {
        let asked = Instant::now();
        client.post("/v1/chat/completions", question.clone()).await?;
        samples.push(asked.elapsed());
    }
    Ok(samples)
}

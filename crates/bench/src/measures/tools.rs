//! Five rounds of an HTTP tool against a model and a service that answer at once: what the
//! server adds, with every intent and every result on disk before the next step.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::StreamExt;
use hyper::Method;
use serde_json::{Value, json};

use super::Bench;
use super::agents::NativeSession;
use crate::client::Client;
use crate::figures::{Figures, Wanted};
use crate::mock::{Mock, ROUNDS};
use crate::samples::Samples;
use crate::server::Server;

const RUNS: usize = 200;
const WARM_UP: usize = 20;

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    let tool = json!({
        "type": "http", "name": "look_up", "description": "Looks something up.", "method": "POST", "effect": "unsafe",
        "url": format!("http://{}/tool", model.address), "input_schema": { "type": "object" },
        "permission_policy": { "type": "always_allow" },
    });
    let agent = json!({ "name": "bench", "model": "mock/rounds", "tools": [tool] });
    let first = NativeSession::with_agent(&mut client, &agent).await?;
    let mut samples = Samples::default();
    for number in 0..WARM_UP + RUNS {
        let session = first.another(&mut client).await?;
        let took = one_run(&server, &mut client, &session).await?;
        if number >= WARM_UP {
            samples.push(took);
        }
    }
    let alone = alone(&model).await?;
    let name = format!("{ROUNDS} rounds of an HTTP tool");
    figures.add(format!("{name}: model and tool alone, p50"), alone, "ms");
    let wanted = Wanted::Below(15.0);
    figures.add_wanted(format!("{name}: added in all, p50"), samples.percentile_ms(50.0) - alone, "ms", wanted);
    figures.add(format!("{name}: added in all, p99"), samples.percentile_ms(99.0) - alone, "ms");
    Ok(())
}

/// From sending the message to the event that says the session is at rest.
async fn one_run(server: &Server, client: &mut Client, session: &NativeSession) -> Result<std::time::Duration> {
    let mut listener = server.client().await?;
    let mut events = listener.events(Method::GET, &session.stream_path(), Bytes::new()).await?;
    let started = Instant::now();
    client.post(&session.events_path(), NativeSession::question()).await?;
    let mut results = 0;
    while let Some(event) = events.next().await.transpose()? {
        match event.event.as_str() {
            "agent.tool_result" => {
                let data: Value = serde_json::from_str(&event.data)?;
                if data["is_error"] != false {
                    bail!("a tool call failed: {data}");
                }
                results += 1;
            }
            "session.status_idle" if results == ROUNDS => return Ok(started.elapsed()),
            "session.status_idle" | "session.error" => bail!("after {results} rounds: {}", event.data),
            _ => {}
        }
    }
    bail!("the stream ended")
}

/// The same calls of the model and the tool, made directly: the sum of their medians.
async fn alone(model: &Mock) -> Result<f64> {
    let mut client = Client::connect(model.address, "none").await?;
    let question = Bytes::from_static(br#"{"model":"rounds","stream":true,"messages":[]}"#);
    let (mut asked, mut called) = (Samples::default(), Samples::default());
    for _ in 0..RUNS {
        let started = Instant::now();
        client.post("/v1/chat/completions", question.clone()).await?;
        asked.push(started.elapsed());
        let started = Instant::now();
        client.post("/tool", Bytes::from_static(b"{}")).await.context("calling the tool")?;
        called.push(started.elapsed());
    }
    let rounds = ROUNDS as f64;
    Ok(asked.percentile_ms(50.0) * (rounds + 1.0) + called.percentile_ms(50.0) * rounds)
}

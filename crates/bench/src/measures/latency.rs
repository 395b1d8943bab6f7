//! One client: what a run takes beyond the model, and how soon the model's words are passed on.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use hyper::Method;
use serde_json::Value;

use super::Bench;
use super::agents::{MakeAgent, NativeSession};
use crate::client::Client;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

const WARM_UP: usize = 100;
const RUNS: usize = 1000;
const PACED_RUNS: usize = 50;
const WAITED_RUNS: usize = 300;

/// `flush_ms` is what a single flush of this disk takes.
pub(crate) async fn measure(bench: &Bench, flush_ms: f64, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    added_time(&model, &server, &mut client, flush_ms, figures).await?;
    passed_on_by_make(&model, &mut client, figures).await?;
    passed_on_by_native(&model, &server, &mut client, figures).await?;
    waited_for(&server, &mut client, figures).await
}

async fn added_time(
    model: &Mock,
    server: &Server,
    client: &mut Client,
    flush_ms: f64,
    figures: &mut Figures,
) -> Result<()> {
    let question = r#"{"model":"instant","stream":true,"messages":[{"role":"user","content":"Request take-off."}]}"#;
    let mut to_model = Client::connect(model.address, "none").await?;
    let alone = repeat(&mut to_model, "/v1/chat/completions", Bytes::from_static(question.as_bytes())).await?;

    let path = MakeAgent::create(client, "instant").await?.run_path();
    repeat_times(client, &path, MakeAgent::question(), WARM_UP).await?;
    let before = server.processor_time()?;
    let through = repeat(client, &path, MakeAgent::question()).await?;
    let processor = (server.processor_time()? - before).as_secs_f64() * 1000.0 / RUNS as f64;

    let alone_ms = alone.percentile_ms(50.0);
    figures.add("run, 1 client: the model alone, p50", alone_ms, "ms");
    let wanted = Wanted::Below(1.0 + 4.0 * flush_ms);
    figures.add_wanted("run, 1 client: added, p50", through.percentile_ms(50.0) - alone_ms, "ms", wanted);
    figures.add("run, 1 client: added, p99", through.percentile_ms(99.0) - alone_ms, "ms");
    figures.add_wanted("run, 1 client: processor time", processor, "ms", Wanted::Below(0.8));
    Ok(())
}

async fn repeat(client: &mut Client, path: &str, body: Bytes) -> Result<Samples> {
    repeat_times(client, path, body, RUNS).await
}

async fn repeat_times(client: &mut Client, path: &str, body: Bytes, times: usize) -> Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..times {
        let started = Instant::now();
        client.post(path, body.clone()).await?;
        samples.push(started.elapsed());
    }
    Ok(samples)
}

/// Make's stream has whole steps: how long after the model's last byte the assistant's arrives.
async fn passed_on_by_make(model: &Mock, client: &mut Client, figures: &mut Figures) -> Result<()> {
    let path = MakeAgent::create(client, "paced").await?.stream_path();
    let mut samples = Samples::default();
    for _ in 0..PACED_RUNS {
        let mut events = client.events(Method::POST, &path, MakeAgent::question()).await?;
        let arrived = arrival(&mut events, |name, data| name == "step" && data["role"] == "assistant").await?;
        samples.push(since(model.departures().map(|marks| marks.last_byte), arrived)?);
        // To its end, so that the connection can be used again.
        while events.next().await.transpose()?.is_some() {}
    }
    let wanted = Wanted::Below(3.0);
    figures.add_wanted(
        "stream: Make's assistant step after the model's last byte, p50",
        samples.percentile_ms(50.0),
        "ms",
        wanted,
    );
    figures.add("stream: Make's assistant step, p99", samples.percentile_ms(99.0), "ms");
    Ok(())
}

/// The native stream has deltas: how long after the model's first the first one arrives.
async fn passed_on_by_native(model: &Mock, server: &Server, client: &mut Client, figures: &mut Figures) -> Result<()> {
    let session = NativeSession::create(client, "mock/paced").await?;
    let mut listener = server.client().await?;
    let mut events = listener.events(Method::GET, &session.stream_path(), Bytes::new()).await?;
    let mut samples = Samples::default();
    for _ in 0..PACED_RUNS {
        client.post(&session.events_path(), NativeSession::question()).await?;
        let arrived = arrival(&mut events, |name, _| name == "event_delta").await?;
        samples.push(since(model.departures().map(|marks| marks.first_delta), arrived)?);
        arrival(&mut events, |name, _| name == "session.status_idle").await?;
    }
    let wanted = Wanted::Below(3.0);
    figures.add_wanted("stream: first native delta after the model's, p50", samples.percentile_ms(50.0), "ms", wanted);
    figures.add("stream: first native delta, p99", samples.percentile_ms(99.0), "ms");
    Ok(())
}

/// A send that waits for the end of the turn: how long after the turn's last event, as a
/// listener sees it, the answer arrives.
async fn waited_for(server: &Server, client: &mut Client, figures: &mut Figures) -> Result<()> {
    let session = NativeSession::create(client, "mock/instant").await?;
    let mut listener = server.client().await?;
    let mut events = listener.events(Method::GET, &session.stream_path(), Bytes::new()).await?;
    let path = format!("{}?wait=30", session.events_path());
    let mut samples = Samples::default();
    for _ in 0..WAITED_RUNS {
        let answered = async {
            let answer = client.post(&path, NativeSession::question()).await?;
            Ok::<_, anyhow::Error>((Instant::now(), answer))
        };
        let ended = arrival(&mut events, |name, _| name == "session.status_idle");
        let ((answered, answer), ended) = futures::try_join!(answered, ended)?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer["timed_out"] != false {
            bail!("the answer did not wait: {answer}");
        }
        samples.push(answered.saturating_duration_since(ended));
    }
    let wanted = Wanted::Below(2.0);
    figures.add_wanted("wait: answer after the turn's last event, p50", samples.percentile_ms(50.0), "ms", wanted);
    figures.add("wait: answer after the turn's last event, p99", samples.percentile_ms(99.0), "ms");
    Ok(())
}

/// When the first event that is looked for arrived.
async fn arrival(
    events: &mut (impl Stream<Item = Result<eventsource_stream::Event>> + Unpin),
    looked_for: impl Fn(&str, &Value) -> bool,
) -> Result<Instant> {
    while let Some(event) = events.next().await.transpose()? {
        let arrived = Instant::now();
        let data: Value = serde_json::from_str(&event.data).with_context(|| format!("in `{}`", event.event))?;
        if looked_for(&event.event, &data) {
            return Ok(arrived);
        }
        if matches!(event.event.as_str(), "error" | "session.error" | "session.status_terminated") {
            bail!("the run failed: {data}");
        }
    }
    bail!("the stream ended before what was looked for")
}

fn since(left: Option<Instant>, arrived: Instant) -> Result<Duration> {
    Ok(arrived.duration_since(left.context("the model was not asked")?))
}

//! A session with a hundred thousand events: how soon a reader has the first of them, wherever
//! it begins, and whether one more costs what it costs in a short session.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::StreamExt;
use hyper::Method;
use serde_json::{Value, json};

use super::Bench;
use super::agents::NativeSession;
use crate::client::Client;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

const EVENTS: usize = 100_000;
/// As many as one request may send.
const AT_ONCE: usize = 50;
const OPENINGS: usize = 200;
const APPENDS: usize = 500;

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    let long = NativeSession::create(&mut client, "mock/instant").await?;
    let short = long.another(&mut client).await?;
    let mut ids = Vec::with_capacity(EVENTS);
    while ids.len() < EVENTS {
        ids.extend(append(&mut client, &long, AT_ONCE).await?);
    }
    append(&mut client, &short, AT_ONCE).await?;

    let mut openings = Samples::default();
    for number in 0..OPENINGS {
        // All over the log, not in its order; the last one is the event before the end.
        let at = (number * 7_919 + 1) * (EVENTS / OPENINGS) % (EVENTS - 1);
        openings.push(first_byte(&server, &long, &ids[at]).await?);
    }
    let name = format!("a session of {EVENTS} events");
    figures.add(format!("{name}: first event after opening, p50"), openings.percentile_ms(50.0), "ms");
    let slowest = openings.percentile_ms(100.0);
    figures.add_wanted(format!("{name}: first event, the slowest"), slowest, "ms", Wanted::Below(10.0));

    let (mut in_short, mut in_long) = (Samples::default(), Samples::default());
    // In turns, so that both meet the same machine.
    for _ in 0..APPENDS {
        for (session, samples) in [(&short, &mut in_short), (&long, &mut in_long)] {
            let started = Instant::now();
            append(&mut client, session, 1).await?;
            samples.push(started.elapsed());
        }
    }
    let in_short = in_short.percentile_ms(50.0);
    figures.add("a session of some hundred events: one more, p50", in_short, "ms");
    let wanted = Wanted::Below(1.2 * in_short);
    figures.add_wanted(format!("{name}: one more, p50"), in_long.percentile_ms(50.0), "ms", wanted);
    Ok(())
}

/// Adds events to a session at rest; their ids.
async fn append(client: &mut Client, session: &NativeSession, count: usize) -> Result<Vec<String>> {
    let body = json!({ "events": vec![json!({ "type": "user.interrupt" }); count] });
    let sent = client.post_json(&session.events_path(), &body).await?;
    let ids = sent["data"].as_array().context("no list of events")?.iter().map(|event| event["id"].as_str());
    ids.map(|id| id.map(str::to_owned).context("an event without an id")).collect()
}

/// From asking for the stream behind an event to the first byte of the next one, over a
/// connection that is there.
async fn first_byte(server: &Server, session: &NativeSession, after: &str) -> Result<Duration> {
    let mut client = server.client().await?;
    let path = format!("{}&after={after}", session.stream_path());
    let started = Instant::now();
    let mut bytes = client.bytes(Method::GET, &path, Bytes::new()).await?;
    let first = bytes.next().await.context("no event came")??;
    let took = started.elapsed();
    let line = first.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data: "));
    let _: Value = serde_json::from_slice(line.context("no data")?).context("not the first event")?;
    Ok(took)
}

//! Rollouts: how soon a report is answered while many come, and what ten thousand that wait
//! to be looked at cost and whether each is looked at in time.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Bench;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::samples::Samples;
use crate::server::Server;

const DEPLOYMENTS: &str = "/api/v1/deployments/";
const PER_SECOND: u32 = 200;
/// More than are ever under way, so that a slow answer delays no other request.
const CONNECTIONS: u32 = 100;
const WARM_UP: u32 = 200;

const WAITING: usize = 10_000;
/// Clients that report those.
const REPORTING: usize = 64;
/// From a report to its first look: long enough for all of them to be reported, and to wait.
const FIRST_LOOK: Duration = Duration::from_secs(30);
/// For the last looks, and for memory to come to rest.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    reports(bench, figures).await?;
    waiting(bench, figures).await
}

/// Reports at a steady rate, whatever the answers take: a time counts from when the report
/// was due to be sent.
async fn reports(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let server = Server::sortie(bench, &Mock::start().await?).await?;
    at_a_steady_rate(&server, WARM_UP).await?;
    let count = PER_SECOND * u32::try_from(bench.load_time.as_secs())?.max(1);
    let samples = at_a_steady_rate(&server, count).await?;
    let name = format!("rollouts, {PER_SECOND} reports a second");
    figures.add(format!("{name}: p50"), samples.percentile_ms(50.0), "ms");
    figures.add_wanted(format!("{name}: p99"), samples.percentile_ms(99.0), "ms", Wanted::Below(20.0));
    Ok(())
}

async fn at_a_steady_rate(server: &Server, count: u32) -> Result<Samples> {
    let clients = try_join_all((0..CONNECTIONS).map(|_| server.client())).await?;
    let gap = Duration::from_secs(1) / PER_SECOND;
    let started = Instant::now() + gap;
    let tasks = clients.into_iter().zip(0..).map(|(mut client, first)| {
        tokio::spawn(async move {
            let mut samples = Samples::default();
            for number in (first..count).step_by(CONNECTIONS as usize) {
                let due = started + gap * number;
                tokio::time::sleep_until(due).await;
                client.post(DEPLOYMENTS, report(number as usize)).await?;
                samples.push(due.elapsed());
            }
            Ok::<_, anyhow::Error>(samples)
        })
    });
    let mut samples = Samples::default();
    for of_one in try_join_all(tasks).await? {
        samples = samples.join(of_one?);
    }
    Ok(samples)
}

async fn waiting(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let server = Server::sortie(bench, &Mock::start().await?).await?;
    let mut client = server.client().await?;
    let seconds = FIRST_LOOK.as_secs();
    let monitor = json!({ "schedule": { "gaps": [seconds, 3_600], "every": 3_600 } });
    let listed = client.get_json("/v1/deployments").await?;
    let id = listed["data"][0]["id"].as_str().context("there is no rollout monitor")?;
    let trigger = json!({ "type": "rollout_monitor", "monitor": monitor });
    client.post_json(&format!("/v1/deployments/{id}"), &json!({ "trigger": trigger })).await?;
    // Everything that is made once is made before.
    client.post(DEPLOYMENTS, report(WAITING)).await?;
    let before = server.resident_mib()?;
    let started = Instant::now();
    let reporting = (0..REPORTING).map(|first| {
        let server = &server;
        async move {
            let mut client = server.client().await?;
            for number in (first..WAITING).step_by(REPORTING) {
                client.post(DEPLOYMENTS, report(number)).await?;
            }
            Ok::<_, anyhow::Error>(())
        }
    });
    try_join_all(reporting).await?;
    let took = started.elapsed();
    if took + SETTLED_AFTER > FIRST_LOOK {
        bail!("{WAITING} reports took {took:?}: none may be looked at before all of them wait");
    }
    let name = format!("{WAITING} rollouts that wait");
    figures.add(format!("{name}: reported in"), took.as_secs_f64(), "s");
    tokio::time::sleep(SETTLED_AFTER).await;
    figures.add_wanted(format!("{name}: memory added"), server.resident_mib()? - before, "MiB", Wanted::Below(64.0));
    let busy = server.processor_time()?;
    tokio::time::sleep_until(started + FIRST_LOOK - Duration::from_secs(1)).await;
    let idle = server.processor_time()? - busy;
    figures.add(format!("{name}: processor time while they do"), idle.as_secs_f64() * 1000.0, "ms");
    tokio::time::sleep_until(started + took + FIRST_LOOK + SETTLED_AFTER).await;
    let late = how_late(&server).await?;
    figures.add(format!("{name}: looked at late by, p50"), late.percentile_ms(50.0), "ms");
    figures.add_wanted(
        format!("{name}: looked at late by, most"),
        late.percentile_ms(100.0),
        "ms",
        Wanted::Below(1000.0),
    );
    Ok(())
}

/// By how much the first look of each rollout came later than it was due.
async fn how_late(server: &Server) -> Result<Samples> {
    let mut client = server.client().await?;
    let (mut samples, mut after) = (Samples::default(), String::new());
    loop {
        let page = client.get_json(&format!("/v1/sessions?limit=100{after}")).await?;
        for session in page["data"].as_array().context("no list of sessions")? {
            let id = session["id"].as_str().context("a session without an id")?;
            samples.push(lateness(&client.get_json(&format!("/v1/sessions/{id}/events")).await?)?);
        }
        match page["next_page"].as_str() {
            Some(next) => after = format!("&page={next}"),
            None => break,
        }
    }
    if samples.len() <= WAITING {
        bail!("there are {} sessions", samples.len());
    }
    Ok(samples)
}

fn lateness(events: &Value) -> Result<Duration> {
    let told = |kind: &str| {
        let events = events["data"].as_array()?;
        events.iter().find(|event| event["type"] == kind)?["processed_at"].as_str()
    };
    let reported: Timestamp = told("rollout.reported").context("a rollout that nobody reported")?.parse()?;
    let looked: Timestamp = told("monitor.update").context("a rollout that nobody looked at")?.parse()?;
    let took = Duration::try_from(looked.duration_since(reported)).context("a look before its report")?;
    Ok(took.saturating_sub(FIRST_LOOK))
}

/// A report of a rollout of its own.
fn report(number: usize) -> Bytes {
    let report = json!({
        "deployment_request": format!("Deploy {number}"),
        "status": "running",
        "github_run_id": format!("{number}-{}", uniqueness()),
        "commit_sha": "4f2c1e0d9b8a7c6e5f4d3c2b1a09f8e7d6c5b4a3",
        "event_metadata": { "environment": "production" },
    });
    Bytes::from(report.to_string())
}

/// Warm-up and measure report different rollouts.
fn uniqueness() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

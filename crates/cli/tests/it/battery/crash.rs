//! `kill -9` at random moments of mixed load.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use super::load::{Agents, Ledger, client, get};
use super::process::{Server, http, log_tail};
use super::world::{Effects, World};

const CLIENTS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_no_effect_is_repeated_when_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let (world, world_url) = World::start().await;
    let mut server = Server::start(&data, &world_url).await;
    let agents = Agents::make(&server.url, &world_url).await;
    let ledger = Ledger::default();
    let mut checked = Checked::default();
    for round in 0..super::count(50) {
        let clients =
            (0..CLIENTS).map(|number| tokio::spawn(client(number, server.url.clone(), agents.clone(), ledger.clone())));
        let clients: Vec<_> = clients.collect();
        tokio::time::sleep(moment(round)).await;
        server.kill();
        for client in clients {
            client.await.unwrap();
        }
        server = Server::start(&data, &world_url).await;
        checked.check(&server.url, &ledger, &data).await;
        check_effects(&world, round);
    }
    assert!(checked.runs > 0 && checked.events > 0, "the load did nothing");
    println!("{} runs and {} events were acknowledged, and all are there", checked.runs, checked.events);
}

/// When to kill: from right after the start to well into the load, a different moment each round.
fn moment(round: usize) -> Duration {
    Duration::from_millis(30 + (round as u64 * 97) % 700)
}

/// How much of the ledger has been found.
#[derive(Default)]
struct Checked {
    runs: usize,
    events: usize,
}

impl Checked {
    /// Everything that clients were told since the last check is there, and every run comes
    /// to its end.
    async fn check(&mut self, url: &str, ledger: &Ledger, data: &Path) {
        let told = ledger.told();
        let client = http();
        wait_until_settled(&client, url, data).await;
        for run in &told.answered_runs[self.runs..] {
            let run = get(&client, url, &format!("/v1/runs/{run}")).await;
            assert_eq!(run["status"], "completed", "an answered run: {run}");
        }
        for (session, event) in &told.events[self.events..] {
            wait_until_idle(&client, url, session, data).await;
            let events = all_events(&client, url, session).await;
            assert!(events.iter().any(|stored| stored["id"] == event.as_str()), "{event} of {session} is lost");
            let gap_free = events.iter().enumerate().all(|(index, event)| event["seq"] == index as u64 + 1);
            assert!(gap_free, "the log of {session} has a gap or a repeat");
        }
        self.runs = told.answered_runs.len();
        self.events = told.events.len();
    }
}

/// No session works any more: each is idle, some of them because a person must decide.
async fn wait_until_settled(client: &Client, url: &str, data: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let busy = get(client, url, "/v1/sessions?statuses[]=running&statuses[]=rescheduling&limit=100").await;
        let busy = busy["data"].as_array().expect("a list").len();
        if busy == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{busy} sessions never came to rest\n{}", log_tail(data));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A run that waits for its first worker is in no list of busy sessions; the session itself
/// shows it.
async fn wait_until_idle(client: &Client, url: &str, session: &str, data: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let shown = get(client, url, &format!("/v1/sessions/{session}")).await;
        if shown["status"] == "idle" {
            return;
        }
        assert!(Instant::now() < deadline, "{session} is still {}\n{}", shown["status"], log_tail(data));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn all_events(client: &Client, url: &str, session: &str) -> Vec<Value> {
    let page = get(client, url, &format!("/v1/sessions/{session}/events?limit=1000")).await;
    assert_eq!(page["next_page"], Value::Null, "a session of the load is short");
    page["data"].as_array().expect("a list").clone()
}

/// The outside world's own ledger: no task was done under two keys, and no unsafe call was
/// made twice.
fn check_effects(world: &World, round: usize) {
    for effect in ["read", "idempotent", "unsafe"] {
        for (task, keys) in &world.effects(effect) {
            assert_eq!(keys.len(), 1, "round {round}: {effect} {task} was done under {keys:?}");
        }
    }
    let repeated: Effects =
        world.effects("unsafe").into_iter().filter(|(_, keys)| keys.values().any(|times| *times > 1)).collect();
    assert!(repeated.is_empty(), "round {round}: unsafe calls were repeated: {repeated:?}");
}

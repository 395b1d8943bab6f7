//! What must hold after each kill. The checker believes its own ledgers: what clients were
//! told, and what the outside world saw. From the server it reads only what it holds
//! against them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use super::load::{Ledger, Message, Streamed, get, post};
use super::process::http;
use super::stranger::Stranger;
use super::world::World;

/// Acknowledged things of each kind, per round, that the stranger asks for.
const STRANGERS_PICKS: usize = 5;

/// How much of the ledger has been found.
#[derive(Default)]
pub(super) struct Checker {
    pub(super) runs: usize,
    pub(super) sessions: usize,
    pub(super) streamed: usize,
    /// Calls whose outcome the crash had left open.
    pub(super) resolved: usize,
}

impl Checker {
    /// Everything that clients were told since the last check is there, every run comes to
    /// its end, and every task was done as its tools' effects say.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub(super) async fn check(
        &mut self,
        url: &str,
        ledger: &Ledger,
        world: &World,
        stranger: &Stranger,
    ) -> Result<(), String> {
        let told = ledger.told();
        let client = http();
        wait_until_settled(&client, url).await?;
        for run in &told.answered_runs[self.runs..] {
            expect_completed(&get(&client, url, &format!("/v1/runs/{run}")).await)?;
        }
        for message in &told.messages[self.sessions..] {
            self.check_message(&client, url, message, world).await?;
        }
        for streamed in &told.streamed[self.streamed..] {
            check_streamed(&client, url, streamed).await?;
        }
        let newest = |told: usize, checked: usize| checked.max(told.saturating_sub(STRANGERS_PICKS));
        let runs = &told.answered_runs[newest(told.answered_runs.len(), self.runs)..];
        let messages = &told.messages[newest(told.messages.len(), self.sessions)..];
        let sessions = messages.iter().map(|message| message.session.as_str());
        stranger.check_sees_nothing(&client, url, sessions, runs.iter().map(String::as_str)).await?;
        (self.runs, self.sessions, self.streamed) =
            (told.answered_runs.len(), told.messages.len(), told.streamed.len());
        check_effects(world)
    }

    /// An acknowledged message is in a log without gap or repeat, its run comes to an end,
    /// and its task is done.
    async fn check_message(
        &mut self,
        client: &Client,
        url: &str,
        message: &Message,
        world: &World,
    ) -> Result<(), String> {
        let Message { session, event, task } = message;
        wait_until_idle(client, url, session).await?;
        let run = run_of(client, url, session).await?;
        if run["status"] == "waiting" {
            // A person looks whether it happened, and says so.
            let happened = world.has_done("unsafe", task);
            let path = format!("/v1/runs/{}/resolve", run["id"].as_str().expect("an id"));
            let word = post(client, url, &path, json!({ "happened": happened })).await;
            word.ok_or_else(|| format!("no answer to the word on {task}"))?;
            self.resolved += 1;
            wait_until_over(client, url, session).await?;
        }
        expect_completed(&run_of(client, url, session).await?)?;
        let events = all_events(client, url, session).await;
        if !events.iter().any(|stored| stored["id"] == event.as_str()) {
            return Err(format!("{event} of {session} is lost"));
        }
        if !events.iter().enumerate().all(|(index, event)| event["seq"] == index as u64 + 1) {
            return Err(format!("the log of {session} has a gap or a repeat: {events:#?}"));
        }
        for effect in ["read", "idempotent", "unsafe"] {
            if !world.has_done(effect, task) {
                return Err(format!("{effect} {task} was never done, and its run is completed"));
            }
        }
        Ok(())
    }
}

/// The one run of a session of the load.
async fn run_of(client: &Client, url: &str, session: &str) -> Result<Value, String> {
    let runs = get(client, url, &format!("/v1/sessions/{session}/runs")).await;
    match runs["data"].as_array().map(Vec::as_slice) {
        Some([run]) => Ok(run.clone()),
        _ => Err(format!("{session} has not one run: {runs}")),
    }
}

fn expect_completed(run: &Value) -> Result<(), String> {
    if run["status"] == "completed" { Ok(()) } else { Err(format!("a run that must be completed: {run}")) }
}

/// What a client read from a stream is stored, to the letter and in its place.
async fn check_streamed(client: &Client, url: &str, streamed: &Streamed) -> Result<(), String> {
    let Streamed { session, events } = streamed;
    let stored = all_events(client, url, session).await;
    for event in events {
        let index = event["seq"].as_u64().expect("a streamed event has its seq") as usize - 1;
        if stored.get(index) != Some(event) {
            return Err(format!("{session} streamed {event}, and has {:?}", stored.get(index)));
        }
    }
    Ok(())
}

/// No session works any more: each is idle, some of them because a person must decide.
async fn wait_until_settled(client: &Client, url: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let busy = get(client, url, "/v1/sessions?statuses[]=running&statuses[]=rescheduling&limit=100").await;
        let busy = busy["data"].as_array().expect("a list").len();
        if busy == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{busy} sessions never came to rest"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A run that waits for its first worker is in no list of busy sessions; the session itself
/// shows it.
async fn wait_until_idle(client: &Client, url: &str, session: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let shown = get(client, url, &format!("/v1/sessions/{session}")).await;
        if shown["status"] == "idle" {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{session} is still {}", shown["status"]));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A run that waited goes on with a person's word.
async fn wait_until_over(client: &Client, url: &str, session: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let run = run_of(client, url, session).await?;
        if !run["ended_at"].is_null() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("it goes on without end: {run}"));
        }
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
fn check_effects(world: &World) -> Result<(), String> {
    for effect in ["read", "idempotent", "unsafe"] {
        let wrong = |(task, keys): (&String, &BTreeMap<String, usize>)| {
            let is_repeated = effect == "unsafe" && keys.values().any(|times| *times > 1);
            let is_wrong = keys.len() != 1 || is_repeated;
            is_wrong.then(|| format!("{effect} {task} was done under {keys:?}"))
        };
        if let Some(complaint) = world.look(effect, |effects| effects.iter().find_map(wrong)) {
            return Err(complaint);
        }
    }
    Ok(())
}

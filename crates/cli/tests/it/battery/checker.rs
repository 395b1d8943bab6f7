//! What must hold after each kill. The checker believes its own ledgers: what clients were
//! told, and what the world outside saw. From the server it reads only what it holds
//! against them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use super::ledger::{Story, Streamed, Told};
use super::person::Person;
use super::requests::get;
use super::rules::{check_at_rest, check_end};
use super::standing::Standing;
use super::stranger::Stranger;

/// Acknowledged things of each kind, per round, that the stranger asks for.
const STRANGERS_PICKS: usize = 5;
/// Kills that a task waits over at most before it is seen to its end.
const KILLS_WAITED_MAX: usize = 3;

/// How much of the ledger has been found, and what came of it.
#[derive(Default)]
pub(super) struct Checker {
    runs: usize,
    streamed: usize,
    tasks: usize,
    /// Tasks of which more is to come, each with the kills that it has waited over.
    open: Vec<(usize, usize)>,
    pub(super) tally: Tally,
}

/// What came of the load.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) answered_runs: usize,
    pub(super) streamed: usize,
    pub(super) tasks: usize,
    /// Tasks that waited for somebody over a kill.
    pub(super) waited: usize,
    /// Calls whose outcome a kill had left open.
    pub(super) in_doubt: usize,
    pub(super) allowed: usize,
    pub(super) denied: usize,
    pub(super) client_results: usize,
    pub(super) interrupted: usize,
    pub(super) raised: usize,
}

/// What is done about tasks that wait for somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// Some of them wait on, for the clients of the server's next life.
    Lasts,
    /// All are seen to their end.
    Ends,
}

impl Checker {
    /// Everything that clients were told since the last check is there, every run comes to
    /// its end or waits for somebody, and every task was done as its tools' effects and its
    /// people say.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub(super) async fn check(&mut self, person: &Person, stranger: &Stranger) -> Result<(), String> {
        self.check_all(person, stranger, Waiting::Lasts).await
    }

    /// The same, and nothing waits any more afterwards.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn finish(&mut self, person: &Person, stranger: &Stranger) -> Result<(), String> {
        self.check_all(person, stranger, Waiting::Ends).await
    }

    async fn check_all(&mut self, person: &Person, stranger: &Stranger, waiting: Waiting) -> Result<(), String> {
        let Person { client, url, ledger, world } = person;
        let told = ledger.told();
        wait_until_settled(client, url).await?;
        for run in &told.answered_runs[self.runs..] {
            expect_completed(&get(client, url, &format!("/v1/runs/{run}")).await)?;
        }
        self.open.extend((self.tasks..told.tasks.len()).map(|place| (place, 0)));
        let mut still_open = Vec::new();
        for (place, kills) in std::mem::take(&mut self.open) {
            let may_wait = waiting == Waiting::Lasts && kills < KILLS_WAITED_MAX && place.is_multiple_of(2);
            if self.check_task(person, place, may_wait).await? {
                self.tally.waited += usize::from(kills == 0);
                still_open.push((place, kills + 1));
            }
        }
        self.open = still_open;
        ledger.leave(self.open.iter().map(|(place, _)| *place));
        for streamed in &told.streamed[self.streamed..] {
            check_streamed(client, url, streamed).await?;
        }
        self.check_stranger(client, url, &told, stranger).await?;
        (self.runs, self.tasks, self.streamed) = (told.answered_runs.len(), told.tasks.len(), told.streamed.len());
        (self.tally.answered_runs, self.tally.tasks, self.tally.streamed) = (self.runs, self.tasks, self.streamed);
        world.complaint().map_or(Ok(()), Err)
    }

    /// Whether the task is left to wait for somebody.
    async fn check_task(&mut self, person: &Person, place: usize, may_wait: bool) -> Result<bool, String> {
        let standing = self.look(person, place).await?;
        self.tally.in_doubt += standing.waiting().iter().filter(|(_, need)| *need == "resolution").count();
        if !standing.is_over() && may_wait {
            return Ok(true);
        }
        if !standing.is_over() {
            person.attend(place).await.ok_or_else(|| format!("no answer while task {place} was seen to its end"))?;
        }
        let standing = self.look(person, place).await?;
        let task = person.ledger.task(place);
        check_end(&task, &standing)?;
        self.count(&standing, task.story);
        Ok(false)
    }

    /// Where a task stands, which is as it must be at any rest.
    async fn look(&self, person: &Person, place: usize) -> Result<Standing, String> {
        let task = person.ledger.task(place);
        let standing = Standing::of(&person.client, &person.url, &task.session).await;
        let standing = standing.ok_or_else(|| format!("no answer about {task:?}"))?;
        check_at_rest(&task, &standing, &|tool| person.world.key_of(tool, &task.name()))?;
        Ok(standing)
    }

    fn count(&mut self, standing: &Standing, story: Story) {
        let said = |result: &str| standing.events.iter().filter(|event| event["result"] == result).count();
        let count = |name: &str| standing.events.iter().filter(|event| event["type"] == name).count();
        let tally = &mut self.tally;
        tally.allowed += said("allow");
        tally.denied += said("deny");
        tally.client_results += count("user.custom_tool_result");
        tally.interrupted += standing.runs.iter().filter(|run| run["outcome"]["type"] == "interrupted").count();
        tally.raised += if let Story::Budget { .. } = story { count("session.updated") } else { 0 };
    }

    async fn check_stranger(&self, client: &Client, url: &str, told: &Told, stranger: &Stranger) -> Result<(), String> {
        let newest = |told: usize, checked: usize| checked.max(told.saturating_sub(STRANGERS_PICKS));
        let runs = &told.answered_runs[newest(told.answered_runs.len(), self.runs)..];
        let tasks = &told.tasks[newest(told.tasks.len(), self.tasks)..];
        let sessions: BTreeSet<&str> = tasks.iter().map(|task| task.session.as_str()).collect();
        stranger.check_sees_nothing(client, url, sessions.into_iter(), runs.iter().map(String::as_str)).await
    }
}

fn expect_completed(run: &Value) -> Result<(), String> {
    if run["status"] == "completed" { Ok(()) } else { Err(format!("a run that must be completed: {run}")) }
}

/// What a client was shown is stored, to the letter and in its place.
async fn check_streamed(client: &Client, url: &str, streamed: &Streamed) -> Result<(), String> {
    let Streamed { session, events } = streamed;
    let page = get(client, url, &format!("/v1/sessions/{session}/events?limit=1000")).await;
    let stored = page["data"].as_array().expect("a list");
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

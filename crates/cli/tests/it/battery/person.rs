//! Somebody who sees tasks to their end: says what calls wait for, runs the client's own tool,
//! raises budgets. What is said is in the ledger before it is relied on, and a call is made
//! known to the outside as permitted before it is allowed.

use reqwest::Client;
use serde_json::{Value, json};

use super::aim::Moment;
use super::ledger::{Ledger, Story, Task, Unit};
use super::process::http;
use super::requests::post;
use super::standing::Standing;
use super::world::World;

/// What a budget is raised to: more than any task needs.
pub(super) const RAISED: u64 = 1_000;
/// A task needs a handful of words; more means that it turns in a circle.
const WORDS_MAX: usize = 20;

/// Everything they need: where the server is, what was said before, and a look outside.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) ledger: Ledger,
    pub(super) world: World,
}

impl Person {
    pub(super) fn at(url: &str, ledger: &Ledger, world: &World) -> Self {
        Self { client: http(), url: url.to_owned(), ledger: ledger.clone(), world: world.clone() }
    }

    /// Sees a task to its end; `None` if the server is gone before.
    pub(super) async fn attend(&self, place: usize) -> Option<()> {
        let task = self.ledger.task(place);
        for _ in 0..WORDS_MAX {
            let standing = Standing::of(&self.client, &self.url, &task.session).await?;
            if standing.is_stopped_by_its_budget() {
                self.raise(place, &task).await?;
                continue;
            }
            match &*standing.waiting() {
                [] => return Some(()),
                [first, ..] if !task.number.is_multiple_of(2) => self.decide(place, &task, &[*first]).await?,
                all => self.decide(place, &task, all).await?,
            }
        }
        panic!("{task:?} is told again and again what to do");
    }

    /// Sends a message or decisions and waits for what comes of it.
    pub(super) async fn send(&self, place: usize, events: Value) -> Option<()> {
        let session = self.ledger.task(place).session;
        let path = format!("/v1/sessions/{session}/events?wait=60");
        let answer = post(&self.client, &self.url, &path, json!({ "events": events })).await?;
        self.ledger.taken(place, ids(&answer["data"]));
        self.ledger.shown(&session, answer["events"].as_array().cloned().unwrap_or_default());
        Some(())
    }

    /// Interrupts the turn, and waits for its end.
    pub(super) async fn interrupt(&self, place: usize) -> Option<()> {
        self.world.sees(Moment::Interrupt);
        let session = self.ledger.task(place).session;
        let path = format!("/v1/sessions/{session}/events");
        let events = json!({ "events": [{ "type": "user.interrupt" }] });
        let answer = post(&self.client, &self.url, &path, events).await?;
        for event in ids(&answer["data"]) {
            self.ledger.interrupted(place, event);
        }
        Standing::of(&self.client, &self.url, &session).await.map(|_| ())
    }

    async fn decide(&self, place: usize, task: &Task, calls: &[(&Value, &str)]) -> Option<()> {
        let words = calls.iter().map(|(call, need)| self.word(task, call, need));
        self.send(place, Value::Array(words.collect())).await
    }

    /// What is to be said about a call that waits.
    fn word(&self, task: &Task, call: &Value, need: &str) -> Value {
        let (id, tool) = (text(&call["id"]), text(&call["name"]));
        let confirm = |result: &str| json!({ "type": "user.tool_confirmation", "tool_use_id": id, "result": result });
        match need {
            "client_result" => {
                self.world.sees(Moment::ClientResult);
                let content = json!([{ "type": "text", "text": "looked" }]);
                json!({ "type": "user.custom_tool_result", "custom_tool_use_id": id, "content": content })
            }
            "approval" if denies(task.story, tool) => {
                self.world.sees(Moment::Denial);
                confirm("deny")
            }
            "approval" => {
                self.world.permit(id);
                self.world.sees(Moment::Approval);
                confirm("allow")
            }
            // A crash cut it off: somebody looks whether it happened.
            _ if self.world.was_done(tool, &task.name()) => confirm("happened"),
            _ => confirm("did_not_happen"),
        }
    }

    async fn raise(&self, place: usize, task: &Task) -> Option<()> {
        let Story::Budget { unit, .. } = task.story else { panic!("{task:?} has no budget") };
        self.world.sees(Moment::Raise);
        let path = format!("/v1/sessions/{}", task.session);
        post(&self.client, &self.url, &path, json!({ "budget": budget(unit, RAISED) })).await?;
        self.ledger.raised(place);
        Some(())
    }
}

/// Whether the person who has this story in mind says no to this tool.
pub(super) fn denies(story: Story, tool: &str) -> bool {
    match story {
        Story::Deny => tool == "asked-unsafe",
        // If it still waits, the interrupt was lost; a no ends it as well.
        Story::InterruptAsking => true,
        _ => false,
    }
}

pub(super) fn budget(unit: Unit, max: u64) -> Value {
    json!({ "type": "limit", unit.bound(): max })
}

fn ids(sent: &Value) -> Vec<String> {
    sent.as_array().expect("what was taken").iter().map(|event| text(&event["id"]).to_owned()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

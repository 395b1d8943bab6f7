//! Mixed load: conversations of every kind, over both APIs.

use std::sync::atomic::{AtomicUsize, Ordering};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};

use super::aim::Moment;
use super::ledger::{Story, Unit};
use super::person::{Person, budget};
use super::process::{KEY, http};
use super::requests::post;

/// The agents that the load speaks to.
#[derive(Clone)]
pub(super) struct Agents {
    talker: String,
    worker: String,
    asker: String,
    helper: String,
}

impl Agents {
    /// Makes them: one without tools, one with a tool of each effect, one whose tools ask for
    /// leave, and one with a tool that its client runs.
    pub(super) async fn make(url: &str, world: &str) -> Agents {
        let client = http();
        let make = async |name: &str, tools: Vec<Value>| -> String {
            let agent = json!({ "name": name, "model": "mock/m", "tools": tools });
            let made = post(&client, url, "/v1/agents", agent).await.expect("the agent is made");
            made["id"].as_str().expect("an id").to_owned()
        };
        let [read, idempotent, not_safe] = ["read", "idempotent", "unsafe"].map(|name| http_tool(world, name));
        let [ask_idempotent, ask_unsafe] = ["asked-idempotent", "asked-unsafe"].map(|name| http_tool(world, name));
        let of_client = json!({ "type": "custom", "name": "look", "description": "look", "input_schema": input() });
        Agents {
            talker: make("talker", vec![]).await,
            worker: make("worker", vec![read.clone(), idempotent.clone(), not_safe]).await,
            asker: make("asker", vec![read, ask_idempotent, ask_unsafe]).await,
            helper: make("helper", vec![idempotent, of_client]).await,
        }
    }

    fn of(&self, story: Story) -> &str {
        match story {
            Story::Plain | Story::InterruptAtWork | Story::Budget { .. } => &self.worker,
            Story::Approve | Story::Deny | Story::InterruptAsking => &self.asker,
            Story::ClientTool => &self.helper,
        }
    }
}

/// A tool of the outside, named by what it does there.
fn http_tool(world: &str, name: &str) -> Value {
    let (policy, effect) = match name.strip_prefix("asked-") {
        Some(effect) => ("always_ask", effect),
        None => ("always_allow", name),
    };
    let method = match effect {
        "read" => "GET",
        "idempotent" => "PUT",
        _ => "POST",
    };
    json!({ "type": "http", "name": name, "description": name, "method": method, "effect": effect,
        "url": format!("{world}/{name}/{{task}}"), "input_schema": input(),
        "permission_policy": { "type": policy } })
}

fn input() -> Value {
    json!({ "type": "object", "properties": { "task": { "type": "string" } }, "required": ["task"] })
}

/// One client: goes on until the server stops answering. What others had to leave in an
/// earlier life of the server it takes up first.
pub(super) async fn client(number: usize, person: Person, agents: Agents) {
    static TASKS: AtomicUsize = AtomicUsize::new(0);
    loop {
        if let Some(left) = person.ledger.take_up()
            && person.attend(left).await.is_none()
        {
            return;
        }
        let task = TASKS.fetch_add(1, Ordering::Relaxed);
        let went_well = match task % 10 {
            0 => make_run(&person, &agents, None).await,
            1 => make_run(&person, &agents, Some(number)).await,
            kind => play(&person, &agents, task, story(kind, task / 10)).await,
        };
        if went_well.is_none() {
            return;
        }
    }
}

fn story(kind: usize, round: usize) -> Story {
    match kind {
        2 | 3 => Story::Approve,
        4 => Story::Deny,
        5 => Story::ClientTool,
        6 => Story::InterruptAtWork,
        7 => Story::InterruptAsking,
        8 => match round % 3 {
            0 => Story::Budget { unit: Unit::Steps, max: 1 },
            1 => Story::Budget { unit: Unit::ToolCalls, max: 2 },
            _ => Story::Budget { unit: Unit::Tokens, max: 10 },
        },
        _ => Story::Plain,
    }
}

/// A blocking run; with a thread of its own or this client's.
async fn make_run(person: &Person, agents: &Agents, thread: Option<usize>) -> Option<()> {
    let agent = agents.talker.parse::<domain::AgentId>().expect("an id").0;
    let mut body = json!({ "messages": [{ "role": "user", "content": "hello" }], "config": {} });
    if let Some(number) = thread {
        body["threadId"] = json!(format!("client {number}"));
    }
    let path = format!("/api/v2/ai-agents/v1/agents/{agent}/run?teamId=1");
    let answer = post(&person.client, &person.url, &path, body).await?;
    person.ledger.answered(answer["lastAgentIterationId"].as_str()?.to_owned());
    Some(())
}

/// A session with a message that sets the tools to work on a task of its own, seen to its end
/// as far as the server lives.
async fn play(person: &Person, agents: &Agents, number: usize, story: Story) -> Option<()> {
    let mut create = json!({ "agent": agents.of(story) });
    if let Story::Budget { unit, max } = story {
        create["budget"] = budget(unit, max);
    }
    let made = post(&person.client, &person.url, "/v1/sessions", create).await?;
    let place = person.ledger.begin(number, made["id"].as_str()?.to_owned(), story);
    match story {
        Story::Plain => say_and_follow(person, place, "session.status_idle").await?,
        Story::InterruptAtWork => {
            say_and_follow(person, place, "agent.tool_use").await?;
            person.interrupt(place).await?;
        }
        Story::InterruptAsking => {
            say_and_wait(person, place, Moment::Wait).await?;
            person.interrupt(place).await?;
        }
        Story::Budget { .. } => say_and_wait(person, place, Moment::BudgetStop).await?,
        Story::Approve | Story::Deny | Story::ClientTool => say_and_wait(person, place, Moment::Wait).await?,
    }
    person.attend(place).await
}

async fn say_and_wait(person: &Person, place: usize, moment: Moment) -> Option<()> {
    person.world.sees(moment);
    person.send(place, json!([message(person, place)])).await
}

/// Says it over an open stream, and reads that up to the first event of this name.
async fn say_and_follow(person: &Person, place: usize, until: &str) -> Option<()> {
    let session = person.ledger.task(place).session;
    let stream = format!("{}/v1/sessions/{session}/events/stream", person.url);
    let stream = person.client.get(stream).bearer_auth(KEY).send().await.ok()?;
    let events = json!({ "events": [message(person, place)] });
    let sent = post(&person.client, &person.url, &format!("/v1/sessions/{session}/events"), events).await?;
    person.ledger.taken(place, [sent["data"][0]["id"].as_str()?.to_owned()]);
    let (events, is_seen) = read_until(stream, until).await;
    person.ledger.shown(&session, events);
    is_seen.then_some(())
}

fn message(person: &Person, place: usize) -> Value {
    let name = person.ledger.task(place).name();
    json!({ "type": "user.message", "content": [{ "type": "text", "text": name }] })
}

/// The stored events of a stream up to one of this name; whether it came.
async fn read_until(stream: reqwest::Response, name: &str) -> (Vec<Value>, bool) {
    let mut events = Vec::new();
    let mut frames = stream.bytes_stream().eventsource();
    while let Some(Ok(frame)) = frames.next().await {
        // Pings carry no id: they are not stored.
        let stored = serde_json::from_str(&frame.data).ok().filter(|event: &Value| event["seq"].is_u64());
        let Some(event) = stored else { continue };
        let is_last = event["type"] == name;
        events.push(event);
        if is_last {
            return (events, true);
        }
    }
    (events, false)
}

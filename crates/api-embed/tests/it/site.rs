//! The fixtures: an agent that echoes, its embeds, and a visitor.

use std::sync::Arc;

use domain::DeploymentId;
use domain::model::{Message, ModelRequest};
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::sources::StoppedClock;
use test_kit::sse::SseReader;
use test_kit::{Caller, HouseBuilder, ModelReply, Reply, TestHouse, says};

/// A house with an agent, and a clock that stands.
pub(crate) struct Site {
    pub(crate) house: TestHouse,
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) agent: String,
}

impl Site {
    pub(crate) async fn echoing() -> Self {
        Self::in_house(TestHouse::new().answering(echo)).await
    }

    pub(crate) async fn in_house(house: HouseBuilder) -> Self {
        let clock = Arc::new(StoppedClock::default());
        let house = house.clock(Arc::clone(&clock) as Arc<dyn ports::Clock>).start().await;
        let agent = house.owner().agent(json!({})).await;
        Self { house, clock, agent }
    }

    /// An embed with these fields; its id.
    pub(crate) async fn embed(&self, fields: Value) -> String {
        self.deploy(fields, json!({})).await
    }

    /// The same, with these fields of the deployment besides.
    pub(crate) async fn deploy(&self, fields: Value, besides: Value) -> String {
        let mut new = json!({ "name": "Help", "agent": self.agent, "trigger": { "type": "embed" } });
        merge(&mut new["trigger"], fields);
        merge(&mut new, besides);
        id_of(&self.house.owner().post("/v1/deployments", new).await.ok())
    }

    /// Does this to an embed.
    pub(crate) async fn change(&self, embed: &str, how: &str) {
        self.house.owner().post(&format!("/v1/deployments/{embed}/{how}"), json!({})).await.ok();
    }

    /// A visitor's token, as the site's back end gets one.
    pub(crate) async fn token(&self, embed: &str, fields: Value) -> String {
        let mut body = json!({ "deployment_key": embed });
        merge(&mut body, fields);
        let minted = self.house.owner().post("/api/assistants/embed/token/create", body).await.ok();
        minted["token"].as_str().unwrap().to_owned()
    }

    /// A visitor of an embed, with a secret of their own.
    pub(crate) fn visitor(&self, embed: &str, name: &str) -> Visitor {
        let secret = format!("{name:x<40}");
        Visitor { embed: embed.to_owned(), caller: self.house.nobody().with_header("sortie-visitor", &secret), said: 0 }
    }
}

/// A visitor in a browser.
#[derive(Clone)]
pub(crate) struct Visitor {
    embed: String,
    pub(crate) caller: Caller,
    said: u128,
}

impl Visitor {
    pub(crate) fn with(&self, header: &str, value: &str) -> Self {
        Self { caller: self.caller.with_header(header, value), ..self.clone() }
    }

    pub(crate) fn bearing(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn path(&self, what: &str) -> String {
        format!("/embed/chat/v2/{}/{what}", self.embed)
    }

    pub(crate) async fn say(&mut self, text: &str) -> Reply {
        self.said += 1;
        self.say_as(self.said, text).await
    }

    /// Says something under a name of the visitor's.
    pub(crate) async fn say_as(&self, name: u128, text: &str) -> Reply {
        let id = uuid::Uuid::from_u128(name);
        self.caller.post(&self.path("messages"), json!({ "id": id, "text": text })).await
    }

    pub(crate) async fn follow(&self) -> SseReader {
        self.caller.stream(&self.path("stream")).await
    }

    pub(crate) async fn stop(&self) -> Reply {
        self.caller.send(http::Method::POST, &self.path("stop"), None).await
    }

    /// Says something and waits for the whole answer.
    pub(crate) async fn turn(&mut self, text: &str) {
        self.say(text).await.ok();
        rest(&mut self.follow().await, self.said as usize).await;
    }
}

/// Reads until the agent has come to rest so many times; everything that was told.
pub(crate) async fn rest(stream: &mut SseReader, times: usize) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    let mut rests = 0;
    while rests < times {
        let frame = stream.next().await.expect("the stream goes on");
        if frame.is_comment() {
            continue;
        }
        let data = frame.json();
        rests += usize::from(data["activity"] == "rests");
        told.push((frame.name().to_owned(), data));
    }
    told
}

/// Who said what.
pub(crate) fn said(told: &[(String, Value)]) -> Vec<(&str, &str)> {
    let messages = told.iter().filter(|(name, _)| name == "message");
    messages.map(|(_, data)| (data["by"].as_str().unwrap(), data["text"].as_str().unwrap())).collect()
}

pub(crate) fn echo(request: &ModelRequest) -> ModelReply {
    let said = request.messages.iter().rev().find_map(|message| match &**message {
        Message::User { content } => content.first().and_then(|block| block.as_text()),
        _ => None,
    });
    says(&format!("echo: {}", said.unwrap_or_default()))
}

/// A refusal: its status and code.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, code: &str) -> Value {
    let body = reply.expect(status);
    assert_eq!(body["code"], code, "{reply}");
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
    body
}

pub(crate) fn deployment(id: &str) -> DeploymentId {
    id.parse().unwrap()
}

fn merge(into: &mut Value, fields: Value) {
    let (Some(into), Value::Object(fields)) = (into.as_object_mut(), fields) else { return };
    into.extend(fields);
}

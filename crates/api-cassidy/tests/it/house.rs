//! The fixtures of the contract: two persons, an agent for both, and one for the second.

use domain::AgentId;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::{Caller, HouseBuilder, ModelReply, Reply, TestHouse, says};

pub(crate) const CREATE: &str = "/api/assistants/thread/create";
pub(crate) const SEND: &str = "/api/assistants/message/create";
pub(crate) const GET: &str = "/api/assistants/thread/get";
pub(crate) const LIST: &str = "/api/assistants/threads/get";

pub(crate) struct Cast {
    pub(crate) house: TestHouse,
    /// A person.
    pub(crate) p: Caller,
    /// Another.
    pub(crate) q: Caller,
    /// An agent for both.
    pub(crate) a1: String,
    /// An agent for the second alone.
    pub(crate) a2: String,
}

impl Cast {
    /// With a model that answers `echo: <message>`.
    pub(crate) async fn echoing() -> Self {
        Self::in_house(TestHouse::new().answering(echo)).await
    }

    /// With a model that plays this script.
    pub(crate) async fn playing(script: impl IntoIterator<Item = ModelReply>) -> Self {
        Self::in_house(TestHouse::new().model(script)).await
    }

    pub(crate) async fn in_house(house: HouseBuilder) -> Self {
        let house = house
            .web(|web| {
                if web.cassidy_per_minute == 60 {
                    web.cassidy_per_minute = 0
                }
            })
            .start()
            .await;
        let (p, q) = (house.person("pia", Role::Member).await, house.person("quinn", Role::Member).await);
        let owner = house.owner();
        let (a1, a2) = (owner.agent(json!({})).await, owner.agent(json!({})).await);
        let member = house.app().authenticate(q.key()).await.unwrap().member.unwrap();
        let closed = json!({ "members": [member.to_string()] });
        owner.post(&format!("/v1/agents/{a2}/access"), closed).await.ok();
        let [a1, a2] = [a1, a2].map(|id| id.parse::<AgentId>().unwrap().compact());
        Self { house, p, q, a1, a2 }
    }

    /// A new thread of the first person.
    pub(crate) async fn thread(&self) -> String {
        thread_of(&self.p, &self.a1).await
    }

    /// Says something in a thread of the first person.
    pub(crate) async fn say(&self, thread: &str, message: &str) -> Reply {
        self.p.post(SEND, json!({ "thread_id": thread, "message": message })).await
    }

    /// A thread of the first person, as it is shown.
    pub(crate) async fn read(&self, thread: &str) -> Value {
        self.p.get(&format!("{GET}?thread_id={thread}")).await.ok()
    }
}

pub(crate) fn echo(request: &domain::model::ModelRequest) -> ModelReply {
    let said = request.messages.iter().rev().find_map(|message| match &**message {
        domain::model::Message::User { content } => content.first().and_then(|block| block.as_text()),
        _ => None,
    });
    says(&format!("echo: {}", said.unwrap_or_default()))
}

pub(crate) async fn thread_of(caller: &Caller, agent: &str) -> String {
    let made = caller.post(CREATE, json!({ "assistant_id": agent })).await.ok();
    made["thread_id"].as_str().unwrap().to_owned()
}

/// A refusal: its status and code fit, its message is not empty.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, code: &str) -> Value {
    let body = reply.expect(status);
    assert_eq!(body["code"], code, "{reply}");
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
    assert!(body.get("error").is_none(), "{reply}");
    body
}

/// A refusal of these fields.
#[track_caller]
pub(crate) fn refused_for(reply: &Reply, fields: &[&str]) -> Value {
    let body = refused(reply, 400, "BAD_REQUEST");
    assert_eq!(body["message"], "Input validation failed");
    let paths: Vec<_> = body["issues"].as_array().unwrap().iter().map(|issue| issue["path"].clone()).collect();
    assert_eq!(paths, fields.iter().map(|field| json!([field])).collect::<Vec<_>>());
    body
}

/// Who said what, in order.
pub(crate) fn said(thread: &Value) -> Vec<(&str, &str)> {
    let messages = thread["messages"].as_array().unwrap();
    messages.iter().map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap())).collect()
}

//! Threads: whose they are, what they show.

use domain::Timestamp;
use domain::org::Role;
use serde_json::json;
use test_kit::conversation::id_of;

use crate::house::{CREATE, Cast, GET, LIST, SEND, refused, refused_for, said, thread_of};

/// Cases 1, 6, 7, 11 and 12.
#[tokio::test]
async fn a_thread_is_made_with_an_agent_that_the_person_may_use() {
    let cast = Cast::echoing().await;
    let made = cast.p.post(CREATE, json!({ "assistant_id": cast.a1, "foo": 1 })).await.ok();
    assert_eq!(made.as_object().unwrap().keys().collect::<Vec<_>>(), ["thread_id"]);
    let id = made["thread_id"].as_str().unwrap();
    assert!(id.len() == 25 && id.starts_with('c'), "{id}");

    let body = refused_for(&cast.p.post(CREATE, json!({})).await, &["assistant_id"]);
    assert_eq!(body["issues"][0]["code"], "invalid_type");
    for wrong in [json!(7), json!(null), json!(["a"])] {
        let body = refused_for(&cast.p.post(CREATE, json!({ "assistant_id": wrong })).await, &["assistant_id"]);
        assert_eq!(body["issues"][0]["expected"], "string");
    }
    for wrong in ["", &"x".repeat(65)] {
        refused_for(&cast.p.post(CREATE, json!({ "assistant_id": wrong })).await, &["assistant_id"]);
    }
    for unknown in ["none", "c000000000000000000000000", id] {
        refused(&cast.p.post(CREATE, json!({ "assistant_id": unknown })).await, 404, "NOT_FOUND");
    }
    refused(&cast.p.post(CREATE, json!({ "assistant_id": cast.a2 })).await, 403, "FORBIDDEN");
    cast.q.post(CREATE, json!({ "assistant_id": cast.a2 })).await.ok();
    let agent: domain::AgentId = cast.a1.parse().unwrap();
    for spelling in [agent.to_string(), agent.0.to_string()] {
        cast.p.post(CREATE, json!({ "assistant_id": spelling })).await.ok();
    }
}

/// Case 17, 18 and 19.
#[tokio::test]
async fn a_thread_shows_what_was_said_to_its_person_alone() {
    let cast = Cast::echoing().await;
    let thread = cast.thread().await;
    let empty = cast.read(&thread).await;
    assert_eq!((&empty["name"], &empty["messages"]), (&json!("New thread"), &json!([])));
    cast.say(&thread, "hi").await.ok();
    let shown = cast.read(&thread).await;
    assert_eq!(said(&shown), [("user", "hi"), ("assistant", "echo: hi")]);
    assert_eq!(
        (&shown["name"], &shown["thread_id"], &shown["assistant_id"]),
        (&json!("hi"), &json!(thread), &json!(cast.a1))
    );
    for message in shown["messages"].as_array().unwrap() {
        assert!(message["created_at"].as_str().unwrap().parse::<Timestamp>().is_ok());
        assert_eq!(message.get("references").is_some(), message["role"] == "assistant");
    }
    for field in ["created_at", "updated_at", "organization_id"] {
        assert!(shown[field].is_string(), "{field}");
    }

    refused_for(&cast.p.get(GET).await, &["thread_id"]);
    refused_for(&cast.p.get(&format!("{GET}?thread_id=")).await, &["thread_id"]);
    let foreign = thread_of(&cast.q, &cast.a1).await;
    let native = cast.house.owner().session(&cast.a1).await;
    for id in ["none", &cast.a1, &foreign, &native] {
        refused(&cast.p.get(&format!("{GET}?thread_id={id}")).await, 404, "NOT_FOUND");
        let send = json!({ "thread_id": id, "message": "hi" });
        refused(&cast.p.post(SEND, send).await, 404, "NOT_FOUND");
    }
    let session: domain::SessionId = thread.parse().unwrap();
    assert_eq!(cast.p.get(&format!("{GET}?thread_id={session}")).await.ok()["thread_id"], *thread);
}

/// Cases 20 to 22, and rule 4.11: what is no thread of the person's is not in the list.
#[tokio::test]
async fn a_person_lists_their_threads_the_newest_activity_first() {
    let cast = Cast::echoing().await;
    assert_eq!(cast.p.get(LIST).await.ok(), json!({ "threads": [] }));
    let (first, second) = (cast.thread().await, cast.thread().await);
    thread_of(&cast.q, &cast.a1).await;
    cast.p.session(&cast.a1).await;
    cast.say(&first, "hi").await.ok();
    let expected = json!({ "threads": [{ "thread_id": first }, { "thread_id": second }] });
    assert_eq!(cast.p.get(LIST).await.ok(), expected);
    assert_eq!(cast.p.get(&format!("{LIST}?assistant_id={}&limit=1", cast.a2)).await.ok(), expected);
    let typed = cast.p.with_header("content-type", "application/json").get(LIST).await;
    assert_eq!(typed.ok(), expected);
    assert_eq!(cast.q.get(LIST).await.ok()["threads"].as_array().unwrap().len(), 1);
}

/// A thread follows its agent: what is changed of it counts from the next message on. One
/// whose agent is closed to the person meanwhile is closed to them too.
#[tokio::test]
async fn a_thread_follows_its_agent() {
    let cast = Cast::echoing().await;
    let thread = cast.thread().await;
    cast.say(&thread, "one").await.ok();
    let owner = cast.house.owner();
    let agent = owner.get(&format!("/v1/agents/{}", cast.a1)).await.ok();
    owner.post(&format!("/v1/agents/{}", id_of(&agent)), json!({ "system": "be brief" })).await.ok();
    cast.say(&thread, "two").await.ok();
    let asked = cast.house.model_requests();
    assert_eq!(asked.last().unwrap().system.as_deref(), Some("be brief"));
    assert_eq!(asked.last().unwrap().messages.len(), 3, "and it remembers");
    owner.post(&format!("/v1/agents/{}/access", cast.a1), json!({ "members": [] })).await.ok();
    refused(&cast.say(&thread, "three").await, 403, "FORBIDDEN");
    refused(&cast.p.get(&format!("{GET}?thread_id={thread}")).await, 403, "FORBIDDEN");
    let admin = cast.house.person("ann", Role::Admin).await;
    admin.post(CREATE, json!({ "assistant_id": cast.a1 })).await.ok();
}

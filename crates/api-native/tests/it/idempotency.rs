//! Requests with an `Idempotency-Key`: case 35, and what it leaves open.

use std::time::Duration;

use serde_json::{Value, json};
use test_kit::conversation::message;
use test_kit::{Caller, Gate, Reply, TestHouse, says};

fn replayed(reply: &Reply) -> bool {
    reply.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

fn keyed(caller: &Caller, key: &str) -> Caller {
    caller.with_header("idempotency-key", key)
}

async fn sessions(owner: &Caller) -> Vec<Value> {
    owner.get("/v1/sessions").await.ok()["data"].as_array().unwrap().clone()
}

/// Case 35.
#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_as_before() {
    let mut house = TestHouse::new().model([says("One."), says("Two.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let create = json!({ "agent": agent, "title": "the one" });
    let session = owner.session(&agent).await;
    let path = format!("/v1/sessions/{session}/events");
    let say = json!({ "events": [message("hi")] });
    for (path, body, other) in [
        ("/v1/sessions", create.clone(), json!({ "agent": agent, "title": "another" })),
        (
            "/v1/agents",
            json!({ "name": "b", "model": "scripted/demo" }),
            json!({ "name": "c", "model": "scripted/demo" }),
        ),
        (&path, say.clone(), json!({ "events": [message("ho")] })),
        ("/v1/agents", json!({ "name": "no model" }), json!({})),
    ] {
        // A path may have both: an agent that is made, and one that is refused.
        let name = if body.get("name") == Some(&json!("no model")) { "k-2" } else { "k-1" };
        let key = keyed(&house.owner(), name);
        let first = key.post(path, body.clone()).await;
        assert!(!replayed(&first), "{path}");
        let again = key.post(path, body.clone()).await;
        assert!(replayed(&again), "{path}");
        assert_eq!((again.status, again.json()), (first.status, first.json()), "{path}");
        let refused = key.post(path, other).await;
        let refused = refused.expect(409);
        assert_eq!(refused["error"]["details"]["error_code"], "idempotency_mismatch", "{path}");
        house.restart().await;
        let later = keyed(&house.owner(), name).post(path, body).await;
        assert_eq!((replayed(&later), later.json()), (true, first.json()), "{path}, after a crash");
    }
    let owner = house.owner();
    let titled = sessions(&owner).await.into_iter().filter(|session| session["title"] == "the one").count();
    assert_eq!(titled, 1);
    let said = owner.events(&session).await.into_iter().filter(|event| event["type"] == "user.message").count();
    assert_eq!(said, 1);
}

#[tokio::test]
async fn a_key_is_one_of_its_api_key_and_path() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let body = json!({ "agent": agent });
    let other = house.key(domain::key::Scope::ALL.iter().copied()).await;
    let mut ids = Vec::new();
    for caller in [&owner, &other] {
        let reply = keyed(caller, "k").post("/v1/sessions", body.clone()).await;
        assert!(!replayed(&reply));
        ids.push(reply.ok()["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    // A final slash is the same path; a read has no key at all.
    assert!(replayed(&keyed(&owner, "k").post("/v1/sessions/", body).await));
    keyed(&owner, "k").get("/v1/sessions").await.ok();
    for wrong in ["", &"k".repeat(256), "Schlüssel"] {
        keyed(&owner, wrong).post("/v1/sessions", json!({ "agent": agent })).await.expect(400);
    }
}

/// The second of two at once is told to come again, and then finds the first one's answer.
#[tokio::test]
async fn a_request_that_is_being_served_is_not_served_twice() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let caller = keyed(&owner, "k");
    let attempts = (0..16).map(|_| caller.post("/v1/sessions", json!({ "agent": agent })));
    let replies = futures::future::join_all(attempts).await;
    let mut ids = Vec::new();
    for reply in replies {
        match reply.status.as_u16() {
            200 => ids.push(reply.ok()["id"].clone()),
            409 => {
                assert_eq!(reply.headers["x-should-retry"], "true");
                assert!(reply.headers.contains_key("retry-after"));
                ids.push(caller.post("/v1/sessions", json!({ "agent": agent })).await.ok()["id"].clone());
            }
            _ => panic!("{reply}"),
        }
    }
    ids.dedup();
    assert_eq!((ids.len(), sessions(&owner).await.len()), (1, 1));
}

/// A client that hangs up stops nothing, and finds the answer when it comes again.
#[tokio::test]
async fn a_client_that_leaves_finds_its_answer() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("").then_waits(&gate).then_says("Done.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let (caller, path) = (keyed(&owner, "k"), format!("/v1/sessions/{session}/events"));
    let say = json!({ "events": [message("hi")] });
    // Polled once or twice and dropped.
    let left = tokio::time::timeout(Duration::ZERO, caller.post(&path, say.clone())).await;
    drop(left);
    gate.open();
    let reply = loop {
        let reply = caller.post(&path, say.clone()).await;
        if reply.status != 409 {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    reply.ok();
    let said = owner.events(&session).await.into_iter().filter(|event| event["type"] == "user.message").count();
    assert_eq!(said, 1);
}

/// A deleted session takes with it what was answered about it.
#[tokio::test]
async fn nothing_of_a_deleted_session_is_answered_again() {
    let house = TestHouse::new().model([says("Hello.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let (caller, path) = (keyed(&owner, "k"), format!("/v1/sessions/{session}/events?wait=30"));
    let say = json!({ "events": [message("a secret")] });
    assert!(caller.post(&path, say.clone()).await.ok().to_string().contains("a secret"));
    assert!(replayed(&caller.post(&path, say.clone()).await));
    owner.delete(&format!("/v1/sessions/{session}")).await.ok();
    let gone = caller.post(&path, say).await;
    assert!(!replayed(&gone));
    gone.expect(404);
}

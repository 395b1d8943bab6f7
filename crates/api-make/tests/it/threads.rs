//! Threads: what an agent remembers, and where it does not.

use serde_json::{Value, json};
use test_kit::{Gate, says};
use uuid::Uuid;

use crate::team::{BASE, Team, request, roles};

/// Case 17.
#[tokio::test]
async fn a_named_thread_is_remembered_and_a_fresh_one_is_fresh() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let fresh = async || team.run(&agent, "hi", json!({})).await.ok()["threadId"].as_str().unwrap().to_owned();
    let (one, other) = (fresh().await, fresh().await);
    assert_ne!(one, other);
    assert_eq!(one.parse::<Uuid>().unwrap().get_version_num(), 4);

    let in_thread = async |text: &str, config: Value| {
        let fields = json!({"threadId": "user 42", "config": config});
        team.run_with(&agent, text, fields).await.ok()
    };
    assert_eq!(in_thread("first", json!({})).await["threadId"], "user 42");
    let second = in_thread("second", json!({})).await;
    assert_eq!(roles(&second), ["system", "user", "assistant"], "history is not repeated");
    assert_eq!(team.last_request().messages.len(), 3);
    in_thread("third", json!({"historyConfig": {"iterationsFromHistoryCount": 1}})).await;
    assert_eq!(team.last_request().messages.len(), 3);
    in_thread("fourth", json!({"historyConfig": {"iterationsFromHistoryCount": 0}})).await;
    assert_eq!(team.last_request().messages.len(), 1);

    let told = json!({"threadId": one});
    team.run_with(&agent, "again", told).await.ok();
    assert_eq!(team.last_request().messages.len(), 3, "a fresh thread can be named later");
    let other_agent = team.agent(json!({})).await;
    team.run_with(&other_agent, "hi", json!({"threadId": "user 42"})).await.ok();
    assert_eq!(team.last_request().messages.len(), 1, "a thread is of one agent");
}

/// Case 18.
#[tokio::test]
async fn a_thread_is_private_to_its_team() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    team.run_with(&agent, "secret", json!({"threadId": "t"})).await.ok();
    let five = team.five_and(json!({"teamId": 2}));
    let created = team.t.post(&format!("{BASE}/agents?teamId=2"), five).await.expect(201);
    let path = format!("{BASE}/agents/{}/run?teamId=2", created["agentId"].as_str().unwrap());
    team.t.post(&path, request("hi", json!({"threadId": "t"}))).await.ok();
    assert_eq!(team.last_request().messages.len(), 1);
}

/// Rule 2.6: the second of two runs on one thread waits.
#[tokio::test]
async fn runs_on_one_thread_wait_for_each_other() {
    let gate = Gate::new();
    let team = Team::with([says("one").then_waits(&gate), says("two")]).await;
    let agent = team.agent(json!({})).await;
    let mut first = team.stream(&agent, "first", json!({"threadId": "t"})).await;
    first.until(|frame| frame.json()["role"] == "user").await;
    let mut second = team.stream(&agent, "second", json!({"threadId": "t"})).await;
    assert_eq!(second.next_event().await.unwrap().json()["role"], "system");
    assert_eq!(team.house.model_requests().len(), 1);
    gate.open();
    first.until_named("result").await;
    let last = second.until_named("result").await.pop().unwrap();
    assert_eq!(last.json()["response"], "two");
    assert_eq!(team.last_request().messages.len(), 3);
}

//! Answers that do not come, come late, or wait for somebody.

use std::time::Duration;

use domain::model::FaultKind;
use serde_json::json;
use test_kit::conversation::{idle, one};
use test_kit::{Gate, TestHouse, ToolStub, answers, calls, fails, hangs, says};

use crate::house::{Cast, SEND, refused, said};

/// Case 26: the message stays.
#[tokio::test]
async fn a_model_that_fails_leaves_the_message_in_the_thread() {
    let failing = (0..3).map(|_| fails(FaultKind::Overloaded, "the model is down"));
    let house = TestHouse::new().model(failing.chain([says("back")])).engine(|engine| {
        engine.model_attempts_max = 3;
        engine.model_first_wait = Duration::from_millis(1);
    });
    let cast = Cast::in_house(house).await;
    let thread = cast.thread().await;
    let body = refused(&cast.say(&thread, "hi").await, 502, "BAD_GATEWAY");
    assert!(body["message"].as_str().unwrap().contains("model is down"), "{body}");
    assert_eq!(said(&cast.read(&thread).await), [("user", "hi")]);
    assert_eq!(cast.say(&thread, "hi").await.ok()["content"], "back");
    assert_eq!(said(&cast.read(&thread).await), [("user", "hi"), ("user", "hi"), ("assistant", "back")]);
}

/// Case 27.
#[tokio::test]
async fn an_answer_that_takes_too_long_is_stopped() {
    let house = TestHouse::new().model([hangs("half an answer"), says("again")]);
    let cast = Cast::in_house(house.web(|web| web.answer_within = Duration::from_millis(300))).await;
    let thread = cast.thread().await;
    let late = cast.say(&thread, "hi").await;
    refused(&late, 504, "GATEWAY_TIMEOUT");
    // The thread is free for the next message as soon as the run has stopped.
    assert_eq!(cast.say(&thread, "and now?").await.ok()["content"], "again");
    assert_eq!(said(&cast.read(&thread).await), [("user", "hi"), ("user", "and now?"), ("assistant", "again")]);
}

/// Case 28.
#[tokio::test]
async fn a_caller_that_leaves_finds_the_answer_in_the_thread() {
    let gate = Gate::new();
    let cast = Cast::playing([says("").then_waits(&gate).then_says("late")]).await;
    let thread = cast.thread().await;
    let session: domain::SessionId = thread.parse().unwrap();
    let mut log = cast.house.owner().follow(&session.to_string(), "").await;
    let (caller, body) = (cast.p.clone(), json!({ "thread_id": thread, "message": "hi" }));
    let asking = tokio::spawn(async move { caller.post(SEND, body).await });
    log.until_named("span.model_request_start").await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    gate.open();
    idle(&mut log).await;
    assert_eq!(said(&cast.read(&thread).await), [("user", "hi"), ("assistant", "late")]);
}

/// A call that needs a person's word: the caller is told, and the answer comes when it is given.
#[tokio::test]
async fn an_answer_that_waits_for_approval_comes_after_it() {
    let stub = ToolStub::start([answers(json!("42"))]).await;
    let house = TestHouse::new().model([calls("look", json!({})), says("it is 42")]);
    let cast = Cast::in_house(house.web(|web| web.answer_within = Duration::from_millis(500))).await;
    let owner = cast.house.owner();
    let tool = json!({ "type": "http", "name": "look", "description": "looks", "method": "GET", "url": stub.url("/"),
        "input_schema": { "type": "object" }, "permission_policy": { "type": "always_ask" } });
    owner.post(&format!("/v1/agents/{}", cast.a1), json!({ "tools": [tool] })).await.ok();
    let thread = cast.thread().await;
    let body = refused(&cast.say(&thread, "what is it?").await, 504, "GATEWAY_TIMEOUT");
    assert_eq!(body["message"], "Approval pending");
    assert_eq!(said(&cast.read(&thread).await), [("user", "what is it?")]);

    let session: domain::SessionId = thread.parse().unwrap();
    let session = session.to_string();
    let asked = one(&owner.events(&session).await, "agent.tool_use")["id"].clone();
    let mut log = owner.follow(&session, "").await;
    let allow = json!([{ "type": "user.tool_confirmation", "tool_use_id": asked, "result": "allow" }]);
    owner.send_events(&session, allow).await.ok();
    idle(&mut log).await;
    assert_eq!(said(&cast.read(&thread).await), [("user", "what is it?"), ("assistant", "it is 42")]);
}

/// A server that stops says so to those who wait.
#[tokio::test]
async fn a_stopping_server_lets_nobody_wait_in_vain() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("").then_waits(&gate).then_says("late")]);
    let cast = Cast::in_house(house.web(|web| web.drain_grace = Duration::ZERO)).await;
    let thread = cast.thread().await;
    let mut log = cast.house.owner().follow(&thread.parse::<domain::SessionId>().unwrap().to_string(), "").await;
    let (caller, body) = (cast.p.clone(), json!({ "thread_id": thread, "message": "hi" }));
    let asking = tokio::spawn(async move { caller.post(SEND, body).await });
    log.until_named("span.model_request_start").await;
    cast.house.begin_drain();
    let told = asking.await.unwrap();
    refused(&told, 503, "SERVICE_UNAVAILABLE");
    assert_eq!(told.header("retry-after"), Some("1"));
    gate.open();
}

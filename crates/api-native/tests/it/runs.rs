//! Runs, for whoever runs the system; and the models there are.

use serde_json::{Value, json};
use test_kit::conversation::{idle, one, types};
use test_kit::{Gate, TestHouse, ToolStub, answers, calls, hangs, says};

#[tokio::test]
async fn a_run_is_found_by_its_events() {
    let house = TestHouse::new().model([says("Hello.").usage(7, 3)]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let events = owner.turn(&session, "hi").await;
    let run = events[0]["run_id"].as_str().unwrap();
    let shown = owner.get(&format!("/v1/runs/{run}")).await.ok();
    assert_eq!((&shown["status"], &shown["outcome"]), (&json!("completed"), &json!({ "type": "done" })));
    assert_eq!((&shown["steps"], &shown["usage"]["input_tokens"]), (&json!(1), &json!(7)));
    let listed = owner.get(&format!("/v1/sessions/{session}/runs")).await.ok();
    assert_eq!(listed["data"], json!([shown]));
}

#[tokio::test]
async fn a_run_is_cancelled() {
    let house = TestHouse::new().model([hangs("Well,")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "hi").await;
    let running = stream.until_named("span.model_request_start").await;
    let path = format!("/v1/runs/{}", running[0].json()["run_id"].as_str().unwrap());
    owner.post(&format!("{path}/cancel"), json!({})).await.ok();
    assert_eq!(one(&idle(&mut stream).await, "session.status_idle")["stop_reason"]["type"], "end_turn");
    let over = owner.get(&path).await.ok();
    assert_eq!((&over["status"], &over["outcome"]["type"]), (&json!("cancelled"), &json!("interrupted")));
    owner.post(&format!("{path}/cancel"), json!({})).await.expect(400);
}

/// Promise 4 and C.10: an unsafe call that a crash cut is not made again; a person says
/// what became of it.
async fn after_a_crash_in_an_unsafe_call(happened: bool) -> (Vec<Value>, usize) {
    let gate = Gate::new();
    let stub = ToolStub::start([answers(json!({})).behind(&gate)]).await;
    let tool =
        json!({ "type": "http", "name": "pay", "description": "pays", "method": "POST", "url": stub.url("/pay") });
    let mut house = TestHouse::new().model([calls("pay", json!({})), says("Done.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({ "tools": [tool] })).await).await;
    owner.say(&session, "pay").await;
    stub.called(1).await;
    house.restart().await;
    gate.open();

    let owner = house.owner();
    let mut stream = owner.follow(&session, "after=start").await;
    let events = idle(&mut stream).await;
    let used = one(&events, "agent.tool_use").clone();
    let reason = json!({ "type": "requires_action", "event_ids": [used["id"]] });
    assert_eq!(one(&events, "session.status_idle")["stop_reason"], reason);
    assert_eq!(stub.calls().len(), 1);

    let run = format!("/v1/runs/{}", used["run_id"].as_str().unwrap());
    let waiting = json!([{ "tool_use_id": used["id"], "need": "resolution" }]);
    assert_eq!(owner.get(&run).await.ok()["waiting_for"], waiting);
    let content = json!([{ "type": "text", "text": "paid, receipt 7" }]);
    let body = if happened { json!({ "happened": true, "content": content }) } else { json!({ "happened": false }) };
    owner.post(&format!("{run}/resolve"), body.clone()).await.ok();
    let rest = idle(&mut stream).await;
    owner.post(&format!("{run}/resolve"), body).await.expect(400);
    (rest, stub.calls().len())
}

#[tokio::test]
async fn a_call_that_happened_is_not_made_again() {
    let (events, calls) = after_a_crash_in_an_unsafe_call(true).await;
    assert_eq!(calls, 1);
    assert_eq!(one(&events, "agent.tool_result")["content"][0]["text"], "paid, receipt 7");
    assert_eq!(types(&events)[0], "user.tool_confirmation");
}

#[tokio::test]
async fn a_call_that_did_not_happen_is_made() {
    let (events, calls) = after_a_crash_in_an_unsafe_call(false).await;
    assert_eq!(calls, 2);
    assert_eq!(one(&events, "agent.tool_result")["is_error"], false);
}

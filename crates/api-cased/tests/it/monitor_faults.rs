//! The deploy monitor under faults: whatever stops when, it goes on, and nothing is done twice.

use domain::RunId;
use serde_json::json;
use test_kit::conversation::of_type;
use test_kit::{Gate, TestHouse, answers, says};

use crate::monitor::updates;
use crate::watched::{Watched, rollback, says_in};

fn house() -> test_kit::HouseBuilder {
    TestHouse::new().default_model("nowhere/none")
}

/// A look that a crash cut short has changed nothing, and is made again.
#[tokio::test]
async fn a_look_that_a_crash_cut_is_made_again_and_told_once() {
    let mut watched = Watched::new(house(), rollback(json!({ "after": 1 })), json!({}), vec![]).await;
    let gate = Gate::new();
    watched.metrics.waits_for(&gate);
    watched.metrics.shows(300.0);
    watched.two.pass(10);
    test_kit::wait::until("the metrics are asked", || watched.metrics.asked() > 0).await;
    watched.restart().await;
    gate.open();
    watched.proposed().await;
    let seen = watched.once(|session| updates(session).len() == 1).await;
    assert!(updates(&seen)[0].starts_with("Check 1: critical"), "{seen}");
    assert_eq!(watched.steps().await, ["proposed"]);
    watched.two.pass(30);
    let seen = watched.once(|session| updates(session).len() == 2).await;
    assert!(updates(&seen)[1].starts_with("Check 2: critical"), "{seen}");
}

#[tokio::test]
async fn an_explanation_that_a_crash_cut_goes_on() {
    let gate = Gate::new();
    let script = [says("It is").then_waits(&gate).then_says(" lost."), says("It is slow.")];
    let policy = rollback(json!({ "policy": "off" }));
    let mut watched = Watched::new(TestHouse::new().model(script), policy, json!({}), vec![]).await;
    watched.check(160.0).await;
    test_kit::wait::until("the model is asked", || watched.two.house.model_requests().len() == 1).await;
    watched.restart().await;
    watched.once(|session| says_in(&session["conversation"], "content", "It is slow.")).await;
    let events = watched.events().await;
    assert_eq!(of_type(&events, "agent.message").len(), 1, "{events:?}");
    assert_eq!(of_type(&events, "user.message").len(), 1, "it is asked the same");
}

#[tokio::test]
async fn a_proposal_survives_a_restart_and_is_still_one() {
    let mut watched = Watched::new(house(), rollback(json!({})), json!({}), vec![]).await;
    watched.check(300.0).await;
    watched.restart().await;
    watched.check(300.0).await;
    let call = watched.proposed().await;
    watched.restart().await;
    watched.check(300.0).await;
    assert_eq!(watched.proposed().await, call, "the same call waits");
    watched.decide(&watched.two.one, &call, json!({ "result": "allow" })).await.ok();
    watched.stub.called(1).await;
    watched.once(|session| says_in(&session["session_summary"]["key_actions"], "-", "Rolled back")).await;
    watched.restart().await;
    watched.check(300.0).await;
    assert_eq!((watched.stub.calls().len(), watched.steps().await), (1, vec!["proposed".to_owned()]));
}

/// A call that may be repeated is repeated under its own key, so that it is done once.
#[tokio::test]
async fn a_call_that_a_crash_cut_is_done_once() {
    let gate = Gate::new();
    let policy = rollback(json!({ "policy": "automatic", "after": 1 }));
    let answers = vec![answers(json!({})).behind(&gate)];
    let mut watched = Watched::new(house(), policy, json!({ "effect": "idempotent" }), answers).await;
    watched.check(300.0).await;
    watched.stub.called(1).await;
    watched.restart().await;
    gate.open();
    watched.stub.called(2).await;
    watched.once(|session| says_in(&session["session_summary"]["key_actions"], "-", "Rolled back")).await;
    assert_eq!((watched.stub.calls().len(), watched.stub.effects()), (2, 1));
}

/// One that may not waits for somebody who knows.
#[tokio::test]
async fn a_call_whose_outcome_a_crash_left_unknown_waits_for_somebodys_word() {
    let gate = Gate::new();
    let policy = rollback(json!({ "policy": "automatic", "after": 1 }));
    let answers = vec![answers(json!({})).behind(&gate)];
    let mut watched = Watched::new(house(), policy, json!({ "effect": "unsafe" }), answers).await;
    watched.check(300.0).await;
    watched.stub.called(1).await;
    watched.restart().await;
    gate.open();
    watched.is("pending_user_input").await;
    assert_eq!(watched.stub.calls().len(), 1, "it is not simply repeated");
    let shown = watched.two.one.get(&format!("/v1/sessions/{}", watched.native)).await.ok();
    let run: RunId = shown["active_run_id"].as_str().unwrap().parse().unwrap();
    let (app, ctx) = (watched.two.house.app(), watched.two.house.owner_ctx().await);
    app.resolve_run(&ctx, run, true, None).await.unwrap();
    watched.once(|session| says_in(&session["session_summary"]["key_actions"], "-", "Rolled back")).await;
    assert_eq!(watched.stub.calls().len(), 1);
}

/// Nobody decides for a day, and then it is over.
#[tokio::test]
async fn a_proposal_that_nobody_decides_is_over_after_a_day() {
    let mut watched = Watched::new(house(), rollback(json!({})), json!({}), vec![]).await;
    watched.check(300.0).await;
    watched.check(300.0).await;
    watched.proposed().await;
    watched.two.pass(24 * 3_600);
    watched.two.house.feed().work_waits();
    watched.once(|session| session["session_status"] != "pending_user_input").await;
    let events = watched.events().await;
    assert_eq!(of_type(&events, "agent.tool_result").len(), 1);
    assert!(watched.stub.calls().is_empty());
}

//! Taking a deployment back while reports, stops and other work come at the wrong time: the
//! call is made once a round, and nothing is told that is not so.

use serde_json::{Value, json};
use test_kit::conversation::{of_type, one};
use test_kit::{Gate, HouseBuilder, TestHouse, answers, says};

use crate::watched::{Watched, rollback, says_in};

fn house() -> HouseBuilder {
    TestHouse::new().default_model("nowhere/none")
}

/// At the first critical check, whatever the commit.
fn at_once(policy: &str) -> Value {
    rollback(json!({ "policy": policy, "after": 1, "input": { "to": "{ref}" } }))
}

async fn rolled_back(watched: &Watched) {
    watched.once(|session| says_in(&session["session_summary"]["key_actions"], "-", "Rolled back")).await;
}

/// A house with one slot, which somebody's turn has until the gate is opened.
struct Crowded {
    gate: Gate,
}

impl Crowded {
    fn house(&self) -> HouseBuilder {
        let slow = says("It is").then_waits(&self.gate).then_says(" slow.");
        house().engine(|engine| engine.runs_max = 1).model([slow])
    }

    async fn begin(&self, watched: &Watched) {
        let one = &watched.two.one;
        let session = one.session(&one.agent(json!({})).await).await;
        one.say(&session, "hello").await;
        test_kit::wait::until("the slot is taken", || watched.two.house.model_requests().len() == 1).await;
    }
}

#[tokio::test]
async fn a_commit_that_is_said_after_the_call_calls_for_no_other() {
    let mut watched = Watched::unnamed(house(), at_once("automatic"), json!({}), vec![]).await;
    watched.check(300.0).await;
    rolled_back(&watched).await;
    watched.is_named().await;
    for _ in 0..3 {
        watched.check(300.0).await;
    }
    assert_eq!((watched.stub.calls().len(), watched.steps().await), (1, vec!["begun".to_owned()]));
}

#[tokio::test]
async fn a_commit_that_is_said_during_the_call_calls_for_no_other() {
    let gate = Gate::new();
    let slow = vec![answers(json!({})).behind(&gate)];
    let mut watched = Watched::unnamed(house(), at_once("automatic"), json!({}), slow).await;
    watched.check(300.0).await;
    watched.stub.called(1).await;
    watched.is_named().await;
    watched.check(300.0).await;
    gate.open();
    rolled_back(&watched).await;
    watched.check(300.0).await;
    assert_eq!((watched.stub.calls().len(), watched.steps().await), (1, vec!["begun".to_owned()]));
}

/// Neither another commit nor a stop makes a call that may have happened one that was not made.
#[tokio::test]
async fn a_call_in_doubt_is_never_told_as_not_made() {
    let gate = Gate::new();
    let slow = vec![answers(json!({})).behind(&gate)];
    let unsafe_tool = json!({ "effect": "unsafe" });
    let mut watched = Watched::unnamed(house(), at_once("automatic"), unsafe_tool, slow).await;
    watched.check(300.0).await;
    watched.stub.called(1).await;
    watched.restart().await;
    gate.open();
    watched.is("pending_user_input").await;
    watched.is_named().await;
    watched.check(300.0).await;
    watched.is("pending_user_input").await;
    watched.two.one.send_events(&watched.native, json!([{ "type": "user.interrupt" }])).await.ok();
    let seen = watched.is("cancelled").await;
    assert!(says_in(&seen["session_summary"]["key_actions"], "-", "unknown"), "{seen}");
    let told = one(&watched.events().await, "agent.tool_result")["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(told.contains("unknown") && !told.contains("not made"), "{told}");
    assert_eq!((watched.stub.calls().len(), watched.steps().await), (1, vec!["begun".to_owned()]));
}

/// What was proposed in one round is not in question in the next.
#[tokio::test]
async fn a_deployment_that_begins_again_voids_a_proposal() {
    let mut watched = Watched::new(house(), at_once("propose"), json!({}), vec![]).await;
    watched.check(300.0).await;
    let old = watched.proposed().await;
    watched.is_begun_again().await;
    let seen = watched.is("agent_running").await;
    assert!(says_in(&seen["execution_logs"], "message", "begun again"), "{seen}");
    let late = watched.decide(&watched.two.one, &old, json!({ "result": "allow" })).await;
    assert_eq!(late.status, 400, "{late}");
    watched.check(300.0).await;
    let new = watched.proposed().await;
    assert_eq!(watched.steps().await, ["proposed", "void", "proposed"]);
    watched.decide(&watched.two.one, &new, json!({ "result": "allow" })).await.ok();
    watched.stub.called(1).await;
    assert_eq!(watched.stub.calls()[0].idempotency_key(), Some(new.as_str()));
}

/// A call that is under way belongs to its round, and stands for no other.
#[tokio::test]
async fn each_round_has_a_call_of_its_own() {
    let gate = Gate::new();
    let slow = vec![answers(json!({})).behind(&gate)];
    let mut watched = Watched::new(house(), at_once("automatic"), json!({}), slow).await;
    watched.check(300.0).await;
    watched.stub.called(1).await;
    watched.is_begun_again().await;
    watched.check(300.0).await;
    gate.open();
    watched.stub.called(2).await;
    let calls = watched.stub.calls();
    assert_ne!(calls[0].idempotency_key(), calls[1].idempotency_key());
    assert_eq!(watched.steps().await, ["begun", "begun"]);
}

#[tokio::test]
async fn one_that_was_just_allowed_is_stopped_while_nobody_is_free() {
    let crowded = Crowded { gate: Gate::new() };
    let mut watched = Watched::new(crowded.house(), at_once("propose"), json!({}), vec![]).await;
    watched.check(300.0).await;
    let call = watched.proposed().await;
    crowded.begin(&watched).await;
    watched.decide(&watched.two.one, &call, json!({ "result": "allow" })).await.ok();
    watched.two.one.send_events(&watched.native, json!([{ "type": "user.interrupt" }])).await.ok();
    let events = watched.events().await;
    assert_eq!(of_type(&events, "user.interrupt").len(), 2, "the monitor's and the caller's: {events:?}");
    crowded.gate.open();
    watched.is("cancelled").await;
    assert!(watched.stub.calls().is_empty() && watched.steps().await == ["proposed", "void"]);
}

/// Whoever reads the log never reads that something was begun, or asked, that was not.
#[tokio::test]
async fn what_is_called_off_before_its_turn_is_void_and_nothing_else() {
    let crowded = Crowded { gate: Gate::new() };
    let mut watched = Watched::unnamed(crowded.house(), at_once("propose"), json!({}), vec![]).await;
    crowded.begin(&watched).await;
    watched.check(300.0).await;
    watched.is_named().await;
    assert_eq!(watched.steps().await, ["void"]);
    watched.check(300.0).await;
    watched.two.one.send_events(&watched.native, json!([{ "type": "user.interrupt" }])).await.ok();
    let seen = watched.is("cancelled").await;
    assert_eq!(watched.steps().await, ["void", "void"]);
    assert!(!says_in(&seen["conversation"], "content", "somebody's word"), "{seen}");
    crowded.gate.open();
}

#[tokio::test]
async fn what_has_its_turn_too_late_is_void_and_nothing_else() {
    let crowded = Crowded { gate: Gate::new() };
    let mut watched = Watched::new(crowded.house(), at_once("automatic"), json!({}), vec![]).await;
    crowded.begin(&watched).await;
    watched.check(300.0).await;
    watched.two.pass(601);
    crowded.gate.open();
    let told = |session: &Value| says_in(&session["session_summary"]["key_actions"], "-", "did not come in time");
    watched.once(told).await;
    assert!(watched.stub.calls().is_empty() && watched.steps().await == ["void"]);
}

//! Sending and waiting for what comes of it: C.3, case 36.

use std::time::Duration;

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message, types};
use test_kit::{Caller, Gate, Reply, TestHouse, calls, says};

async fn send(owner: &Caller, session: &str, wait: &str, events: Value) -> Reply {
    owner.post(&format!("/v1/sessions/{session}/events?wait={wait}"), json!({ "events": events })).await
}

#[tokio::test]
async fn the_answer_is_held_until_the_session_is_idle() {
    let house = TestHouse::new().model([says("Hello."), says("Again.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let answer = send(&owner, &session, "30", json!([message("hi")])).await.ok();
    let log = owner.events(&session).await;
    assert_eq!((&answer["events"], answer["data"][0]["id"].as_str()), (&json!(log), log[0]["id"].as_str()));
    assert_eq!(types(&log).last(), Some(&"session.status_idle"));
    assert_eq!(answer["session"], json!({ "id": session, "status": "idle" }));
    assert_eq!((&answer["stop_reason"], &answer["timed_out"]), (&json!({ "type": "end_turn" }), &json!(false)));
    assert_eq!((&answer["cursor"], &answer["has_more"]), (&log.last().unwrap()["id"], &json!(false)));

    let next = send(&owner, &session, "290", json!([message("again")])).await.ok();
    assert_eq!(next["events"], json!(owner.events(&session).await[log.len()..]), "only what came since");
    let plain = owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
    assert_eq!(plain.as_object().unwrap().keys().collect::<Vec<_>>(), ["data"]);
}

#[tokio::test]
async fn a_slow_turn_outlasts_the_wait_and_goes_on() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("Slow").then_waits(&gate).then_says("ly.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let answer = send(&owner, &session, "1", json!([message("hi")])).await.ok();
    assert_eq!((&answer["timed_out"], &answer["session"]["status"]), (&json!(true), &json!("running")));
    assert_eq!(answer["stop_reason"], Value::Null);
    let seen = answer["events"].as_array().unwrap().clone();
    assert_eq!(types(&seen), ["user.message", "session.status_running", "span.model_request_start"]);

    gate.open();
    let mut rest = owner.follow(&session, &format!("after={}", answer["cursor"].as_str().unwrap())).await;
    let rest = idle(&mut rest).await;
    assert_eq!([seen, rest].concat(), owner.events(&session).await, "the cursor leads on");
}

#[tokio::test]
async fn a_wait_has_bounds() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    for wrong in ["0", "-1", "291", "soon", "1.5"] {
        let refused = send(&owner, &session, wrong, json!([message("hi")])).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], "wait", "{wrong}");
    }
    assert_eq!(owner.events(&session).await, Vec::<Value>::new(), "nothing was sent");
    let writer = house.key([domain::key::Scope::SessionsWrite, domain::key::Scope::AgentsRun]).await;
    send(&writer, &session, "5", json!([message("hi")])).await.expect(403);
    assert_eq!(owner.events(&session).await, Vec::<Value>::new());
}

/// Whatever leaves the session idle ends the wait: a call that waits for someone, a decision
/// of one of two, an interrupt, and nothing at all.
#[tokio::test]
async fn the_wait_ends_whenever_nothing_more_happens_by_itself() {
    let both = calls("look", json!({ "n": 1 })).then_calls("look", json!({ "n": 2 }));
    let house = TestHouse::new().model([both, says("Seen.")]).start().await;
    let owner = house.owner();
    let look = json!({ "type": "custom", "name": "look", "description": "d", "input_schema": { "type": "object" } });
    let session = owner.session(&owner.agent(json!({ "tools": [look] })).await).await;

    let interrupted = send(&owner, &session, "30", json!([{ "type": "user.interrupt" }])).await.ok();
    assert_eq!(types(interrupted["events"].as_array().unwrap()), ["user.interrupt"]);
    let asked = send(&owner, &session, "30", json!([message("look twice")])).await.ok();
    let used = asked["stop_reason"]["event_ids"].clone();
    assert_eq!((&asked["stop_reason"]["type"], &asked["timed_out"]), (&json!("requires_action"), &json!(false)));
    let result = |call: &Value| json!([{ "type": "user.custom_tool_result", "custom_tool_use_id": call }]);
    let first = send(&owner, &session, "30", result(&used[0])).await.ok();
    assert_eq!(first["stop_reason"], json!({ "type": "requires_action", "event_ids": [used[1]] }));
    // Queued behind what waits: nothing comes of it by itself.
    let queued = send(&owner, &session, "30", json!([message("later")])).await.ok();
    assert_eq!((&queued["events"], &queued["data"][0]["processed_at"]), (&json!([]), &Value::Null));
    assert_eq!(queued["cursor"], first["cursor"], "the last event there was");

    // And now to the end of both turns, the queued one included.
    house.model().then(says("Later, then."));
    let last = send(&owner, &session, "30", result(&used[1])).await.ok();
    let told = types(last["events"].as_array().unwrap()).iter().filter(|name| **name == "session.status_idle").count();
    assert_eq!((told, &last["stop_reason"]["type"]), (2, &json!("end_turn")));
}

/// C.11: a stopping server gives a held answer its grace.
#[tokio::test]
async fn a_stopping_server_answers_before_it_ends() {
    let gate = Gate::new();
    let script = [says("Half").then_waits(&gate), says("x")];
    let grace = |web: &mut web::WebOptions| web.drain_grace = Duration::from_secs(25);
    let house = TestHouse::new().web(grace).model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    let held = {
        let (owner, session) = (owner.clone(), session.clone());
        tokio::spawn(async move { send(&owner, &session, "290", json!([message("hi")])).await })
    };
    stream.until_named("event_delta").await;
    house.begin_drain();
    gate.open();
    let answer = held.await.unwrap().ok();
    assert_eq!((&answer["timed_out"], &answer["session"]["status"]), (&json!(false), &json!("idle")));
}

/// C.11: and no longer than that.
#[tokio::test]
async fn a_stopping_server_lets_nobody_wait_for_what_it_left() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("Half").then_waits(&gate)]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    let held = {
        let (owner, session) = (owner.clone(), session.clone());
        tokio::spawn(async move { send(&owner, &session, "290", json!([message("hi")])).await })
    };
    stream.until_named("event_delta").await;
    house.begin_drain();
    // Out of patience, the engine hands the run back for the next start.
    house.engine().drain(Duration::ZERO).await;
    let answer = held.await.unwrap().ok();
    assert_eq!((&answer["timed_out"], &answer["session"]["status"]), (&json!(true), &json!("rescheduling")));
    let last = answer["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["type"], id_of(&last)),
        (&json!("session.status_rescheduled"), answer["cursor"].as_str().unwrap().to_owned())
    );
}

/// Whoever waits in a session that is deleted is told so.
#[tokio::test]
async fn a_wait_in_a_session_that_is_deleted_ends() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    owner.delete(&format!("/v1/sessions/{session}")).await.ok();
    send(&owner, &session, "30", json!([message("hi")])).await.expect(404);
}

//! People steer: they stop what is under way, decide what waits, and are not fooled by what
//! a crash left.

use std::collections::HashSet;

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, of_type, one, types};
use test_kit::{Frame, Gate, TestHouse, ToolStub, answers, calls, hangs, says};

fn http_tool(stub: &ToolStub, name: &str, fields: Value) -> Value {
    let mut tool = json!({
        "type": "http", "name": name, "description": "d", "method": "POST", "url": stub.url(&format!("/{name}"))
    });
    tool.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    tool
}

/// Case 25: the tool would answer some day; nobody waits for it.
#[tokio::test]
async fn an_interrupt_ends_a_tool_call_that_is_under_way() {
    let never = Gate::new();
    let stub = ToolStub::start([answers(json!({})).behind(&never)]).await;
    let house = TestHouse::new().model([calls("slow", json!({})), says("As you like.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "tools": [http_tool(&stub, "slow", json!({}))] })).await;
    let session = owner.session(&agent).await;
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "go").await;
    stub.called(1).await;
    owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
    let events = idle(&mut stream).await;
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "end_turn");
    let result = one(&events, "agent.tool_result");
    assert_eq!((&result["is_error"], &result["tool_use_id"]), (&json!(true), &one(&events, "agent.tool_use")["id"]));
    assert!(result["content"][0]["text"].as_str().unwrap().contains("unknown"), "{result}");
    let next = owner.turn(&session, "never mind").await;
    assert_eq!(one(&next, "agent.message")["content"][0]["text"], "As you like.");
}

/// A decision names one call, of its session, of its kind, with its arguments, and counts once.
#[tokio::test]
async fn a_decision_is_bound_to_its_very_call() {
    let stub = ToolStub::start([]).await;
    let script = [calls("add", json!({ "a": 1 })), calls("add", json!({ "a": 2 })), says("Two."), says("One.")];
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let ask = json!({ "permission_policy": { "type": "always_ask" } });
    let agent = owner.agent(json!({ "tools": [http_tool(&stub, "add", ask)] })).await;
    let (one_session, two_session) = (owner.session(&agent).await, owner.session(&agent).await);
    let first = one(&owner.turn(&one_session, "one").await, "agent.tool_use").clone();
    let second = one(&owner.turn(&two_session, "two").await, "agent.tool_use").clone();

    let decide = |call: &Value, fields: Value| {
        let mut decision = json!({ "type": "user.tool_confirmation", "tool_use_id": call["id"] });
        decision.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!([decision])
    };
    let allow = || json!({ "result": "allow" });
    let other_kind = json!([{ "type": "user.custom_tool_result", "custom_tool_use_id": first["id"] }]);
    for (session, wrong) in [
        (&one_session, decide(&second, allow())),
        (&two_session, decide(&first, allow())),
        (&one_session, decide(&first, json!({ "result": "happened" }))),
        (&one_session, decide(&first, json!({ "result": "perhaps" }))),
        (&one_session, other_kind),
        (&one_session, json!([decide(&first, allow())[0], decide(&first, allow())[0]])),
        (&one_session, json!([decide(&first, allow())[0], decide(&second, allow())[0]])),
    ] {
        owner.send_events(session, wrong.clone()).await.expect(400);
    }
    assert!(stub.calls().is_empty(), "nothing was allowed by a wrong decision");

    let mut stream = owner.follow(&two_session, "").await;
    owner.send_events(&two_session, decide(&second, allow())).await.ok();
    idle(&mut stream).await;
    assert_eq!(stub.calls().iter().map(|call| call.body.clone()).collect::<Vec<_>>(), [json!({ "a": 2 })]);
    assert_eq!(owner.get(&format!("/v1/sessions/{one_session}")).await.ok()["status"], "idle");
    owner.send_events(&two_session, decide(&second, allow())).await.expect(400);

    let mut stream = owner.follow(&one_session, "").await;
    owner.send_events(&one_session, decide(&first, json!({ "result": "deny" }))).await.ok();
    assert_eq!(one(&idle(&mut stream).await, "agent.tool_result")["is_error"], true);
    assert_eq!(stub.calls().len(), 1);
}

/// What waits for a person takes nobody's place, and outlives the server.
#[tokio::test]
async fn a_turn_that_waits_holds_no_worker_and_survives_a_restart() {
    let stub = ToolStub::start([]).await;
    let script = [calls("add", json!({})), says("Meanwhile."), says("Added.")];
    let mut house = TestHouse::new().engine(|engine| engine.runs_max = 1).model(script).start().await;
    let owner = house.owner();
    let ask = json!({ "permission_policy": { "type": "always_ask" } });
    let agent = owner.agent(json!({ "tools": [http_tool(&stub, "add", ask)] })).await;
    let (waits, other) = (owner.session(&agent).await, owner.session(&agent).await);
    let used = one(&owner.turn(&waits, "add").await, "agent.tool_use").clone();
    assert_eq!(one(&owner.turn(&other, "hello").await, "agent.message")["content"][0]["text"], "Meanwhile.");

    house.restart().await;
    let owner = house.owner();
    let shown = owner.get(&format!("/v1/sessions/{waits}")).await.ok();
    assert_eq!((&shown["status"], shown["active_run_id"].is_string()), (&json!("idle"), true));
    let mut stream = owner.follow(&waits, "").await;
    let allow = json!([{ "type": "user.tool_confirmation", "tool_use_id": used["id"], "result": "allow" }]);
    owner.send_events(&waits, allow).await.ok();
    let events = idle(&mut stream).await;
    assert_eq!(one(&events, "agent.tool_result")["tool_use_id"], used["id"]);
    assert_eq!((stub.calls().len(), one(&events, "agent.message")["content"][0]["text"].as_str()), (1, Some("Added.")));
}

/// Case 37: a call that may be repeated is repeated under its own key, so that it is done
/// once. (One that may not waits for a person: `runs.rs`.)
#[tokio::test]
async fn a_call_that_a_crash_cut_is_done_once() {
    let gate = Gate::new();
    let stub = ToolStub::start([answers(json!({})).behind(&gate)]).await;
    let mut house = TestHouse::new().model([calls("put", json!({})), says("Put.")]).start().await;
    let owner = house.owner();
    let tool = http_tool(&stub, "put", json!({ "effect": "idempotent" }));
    let session = owner.session(&owner.agent(json!({ "tools": [tool] })).await).await;
    owner.say(&session, "put it").await;
    stub.called(1).await;
    let before = owner.events(&session).await;
    house.restart().await;
    gate.open();

    let owner = house.owner();
    let mut stream = owner.follow(&session, "after=start").await;
    let events = idle(&mut stream).await;
    assert_eq!(events[..before.len()], before);
    assert_eq!(types(&events[before.len()..])[..2], ["session.status_running", "agent.tool_result"]);
    let ids: HashSet<String> = events.iter().map(id_of).collect();
    assert_eq!(ids.len(), events.len(), "no event stands twice");
    assert_eq!((stub.calls().len(), stub.effects()), (2, 1), "asked again, done once");
    assert_eq!(of_type(&events, "agent.tool_use").len(), 1);
    assert_eq!(stub.calls()[1].idempotency_key(), one(&events, "agent.tool_use")["id"].as_str());
}

/// C.1: text that no message will follow is closed by the end of its model call; the next
/// text has an id of its own, whether it was a fault or a crash.
#[tokio::test]
async fn a_text_that_comes_to_nothing_is_closed_and_the_next_is_another() {
    let quick = |options: &mut engine::EngineOptions| {
        options.model_first_wait = std::time::Duration::from_millis(1);
    };
    let gate = Gate::new();
    let script = [says("Half of").then_waits(&gate).then_cut(), hangs("Another half"), says("Whole.")];
    let mut house = TestHouse::new().engine(quick).model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let deltas = "event_deltas[]=agent.message";
    let mut stream = owner.follow(&session, deltas).await;
    owner.say(&session, "hi").await;
    let mut frames = until_text(&mut stream, "Half of").await;
    gate.open();
    frames.extend(until_text(&mut stream, "Another half").await);
    let (first, cut) = (shown(&frames, 0), one_frame(&frames, "span.model_request_end"));
    let second = shown(&frames, 1);
    assert_ne!(first, second);
    assert_eq!(cut["is_error"], true);
    let position =
        |name: &str, of: usize| frames.iter().enumerate().filter(|(_, f)| f.name() == name).nth(of).unwrap().0;
    assert!(position("span.model_request_end", 0) < position("event_start", 1), "closed before the next begins");

    house.restart().await;
    let owner = house.owner();
    let last = frames.iter().rev().find_map(|frame| frame.id.clone()).unwrap();
    let query = format!("{deltas}&after={last}&delta_after={second}:0:{}", "Another half".len());
    let rest = owner.follow(&session, &query).await.until_named("session.status_idle").await;
    assert_eq!(one_frame(&rest, "span.model_request_end")["is_error"], true);
    let message = one_frame(&rest, "agent.message");
    assert_ne!(message["id"], json!(second));
    let told: String = rest
        .iter()
        .filter(|frame| frame.name() == "event_delta" && frame.json()["event_id"] == message["id"])
        .map(|frame| frame.json()["delta"]["content"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert!("Whole.".starts_with(&told) && message["content"][0]["text"] == "Whole.", "{told}");
    assert!(rest.iter().all(|frame| frame.name() != "event_delta" || frame.json()["event_id"] != json!(second)));
}

/// All frames until this text has been told.
async fn until_text(stream: &mut test_kit::SseReader, text: &str) -> Vec<Frame> {
    stream.until(|frame| frame.name() == "event_delta" && frame.json()["end"] == text.len()).await
}

/// The message of this number whose text was begun.
fn shown(frames: &[Frame], number: usize) -> String {
    let starts: Vec<&Frame> = frames.iter().filter(|frame| frame.name() == "event_start").collect();
    starts[number].json()["event"]["id"].as_str().unwrap().to_owned()
}

fn one_frame(frames: &[Frame], name: &str) -> Value {
    frames.iter().find(|frame| frame.name() == name).unwrap_or_else(|| panic!("no {name}")).json()
}

//! Events: sent, listed, queued, interrupted.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message, of_type, one, types};
use test_kit::{Gate, TestHouse, fails, says};

use domain::model::FaultKind;

/// Case 15.
#[tokio::test]
async fn a_turn_is_stored_in_order_and_without_gaps() {
    let house = TestHouse::new().model([says("Hello there.").usage(7, 3)]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let sent = owner.say(&session, "hi");
    let sent = sent.await;
    assert!(id_of(&sent).starts_with("sevt_"));
    assert_eq!(sent["content"], json!([{ "type": "text", "text": "hi" }]));

    let mut stream = owner.follow(&session, "after=start").await;
    idle(&mut stream).await;
    let events = owner.events(&session).await;
    assert_eq!(
        types(&events),
        [
            "user.message",
            "session.status_running",
            "span.model_request_start",
            "agent.message",
            "span.model_request_end",
            "session.usage",
            "session.status_idle"
        ]
    );
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=7).collect::<Vec<_>>());
    assert_eq!(events[0]["id"], sent["id"]);
    assert_eq!(events[3]["content"], json!([{ "type": "text", "text": "Hello there." }]));
    assert_eq!(events[4]["model_request_start_id"], events[2]["id"]);
    assert_eq!((&events[6]["stop_reason"], &events[6]["stop_details"]), (&json!({ "type": "end_turn" }), &Value::Null));
}

/// Case 43.
#[tokio::test]
async fn the_sessions_usage_is_the_sum_of_its_calls() {
    let house = TestHouse::new().model([says("One.").usage(7, 3), says("Two.").usage(11, 2)]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    owner.turn(&session, "one").await;
    owner.turn(&session, "two").await;
    let events = owner.events(&session).await;
    let sum = |field: &str| {
        let ends = of_type(&events, "span.model_request_end");
        ends.iter().map(|end| end["model_usage"][field].as_u64().unwrap()).sum::<u64>()
    };
    let usage = &owner.get(&format!("/v1/sessions/{session}")).await.ok()["usage"];
    assert_eq!((sum("input_tokens"), sum("output_tokens")), (18, 5));
    assert_eq!((usage["input_tokens"].as_u64(), usage["output_tokens"].as_u64()), (Some(18), Some(5)));
}

/// Case 27.
#[tokio::test]
async fn a_request_is_taken_whole_or_not_at_all() {
    let house = TestHouse::new().model([says("Briefly.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let system = json!({ "type": "system.message", "content": [{ "type": "text", "text": "be brief" }] });
    for (events, part) in [
        (json!([]), "1 to 50"),
        (json!(vec![message("a"); 51]), "1 to 50"),
        (json!([{ "type": "user.dance" }]), "user.dance"),
        (json!([message("a"), { "type": "user.message", "content": [] }]), "events[1].content"),
        (json!([message("a"), { "type": "user.message" }]), "content"),
        (json!([system]), "system.message"),
        (json!([message("a"), system, system]), "system.message"),
        (json!([{ "type": "agent.message", "content": [] }]), "agent.message"),
        (json!([{ "type": "user.tool_confirmation", "tool_use_id": "sevt_x", "result": "allow" }]), "sevt_"),
    ] {
        let reply = owner.send_events(&session, events.clone()).await;
        let error = reply.expect(400)["error"].to_string();
        assert!(error.contains(part), "{events}: {error}");
    }
    assert_eq!(owner.events(&session).await, Vec::<Value>::new());

    let mut stream = owner.follow(&session, "").await;
    owner.send_events(&session, json!([message("a"), system])).await.ok();
    assert_eq!(types(&idle(&mut stream).await)[..2], ["user.message", "system.message"]);
    assert!(format!("{:?}", house.model_requests()[0]).contains("be brief"));
}

/// Case 26.
/// Section 4: what the model's provider is known not to take is refused when it is sent.
#[tokio::test]
async fn a_block_the_model_cannot_take_is_refused_on_send() {
    let house = TestHouse::new().openai("other", "http://127.0.0.1:9/v1").start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "model": "other/m" })).await;
    let session = owner.session(&agent).await;
    let of_url = json!({ "type": "document", "source": { "type": "url", "url": "https://example.com/a.pdf" } });
    let said = json!({ "type": "user.message", "content": [{ "type": "text", "text": "read" }, of_url] });
    let interrupt = json!({ "type": "user.interrupt" });
    let refused = owner.send_events(&session, json!([interrupt, said])).await.expect(400);
    let error = &refused["error"];
    assert_eq!(error["details"], json!({ "error_code": "block_not_taken", "param": "events[1].content[1]" }));
    assert!(error["message"].as_str().unwrap().contains("other/m"), "{error}");
    assert_eq!(owner.events(&session).await, Vec::<Value>::new(), "nothing is stored");
    let begun = owner.post("/v1/sessions", json!({ "agent": agent, "initial_events": [said] })).await;
    assert_eq!(begun.expect(400)["error"]["details"]["param"], "initial_events[0].content[1]");

    let demo = owner.session(&owner.agent(json!({})).await).await;
    owner.send_events(&demo, json!([said])).await.ok();
}

#[tokio::test]
async fn what_is_said_during_a_turn_waits_for_its_end() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("One.").then_waits(&gate), says("Two.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "one").await;
    stream.until_named("event_delta").await;

    let queued = owner.say(&session, "two").await;
    assert_eq!((&queued["processed_at"], &queued["seq"]), (&Value::Null, &Value::Null));
    let listed = owner.events(&session).await;
    assert_eq!((&listed.last().unwrap()["id"], &listed.last().unwrap()["processed_at"]), (&queued["id"], &Value::Null));
    let only = owner.get(&format!("/v1/sessions/{session}/events?types[]=agent.message")).await.ok();
    assert_eq!(only["data"], json!([]));

    gate.open();
    stream.until_named("session.status_idle").await;
    let second = stream.until_named("session.status_idle").await;
    assert_eq!(second[0].id.as_deref(), queued["id"].as_str(), "it is streamed when it is taken");
    let events = owner.events(&session).await;
    let taken: Vec<&Value> = events.iter().filter(|event| event["id"] == queued["id"]).collect();
    assert!(taken.len() == 1 && taken[0]["processed_at"].is_string());
    let first_idle = one(&events, "session.status_idle")["seq"].as_u64();
    assert!(taken[0]["seq"].as_u64() > first_idle);
}

/// The inbox is paged behind the log, and nothing is lost on the way.
#[tokio::test]
async fn what_waits_is_paged_behind_the_log() {
    let gate = Gate::new();
    let house = TestHouse::new().model([says("One.").then_waits(&gate), says("Two.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "one").await;
    stream.until_named("event_delta").await;
    owner.send_events(&session, json!([message("two"), message("three"), message("four")])).await.ok();

    let whole = owner.events(&session).await;
    let (mut walked, mut page) = (Vec::new(), String::new());
    loop {
        let reply = owner.get(&format!("/v1/sessions/{session}/events?limit=2{page}")).await.ok();
        walked.extend(reply["data"].as_array().unwrap().clone());
        let Some(next) = reply["next_page"].as_str() else { break };
        page = format!("&page={next}");
    }
    assert_eq!(walked, whole);
    assert_eq!(whole.iter().filter(|event| event["processed_at"].is_null()).count(), 3);
    gate.open();
    stream.until_named("session.status_idle").await;
    stream.until_named("session.status_idle").await;
}

/// Case 25.
#[tokio::test]
async fn an_interrupt_ends_the_turn() {
    let house = TestHouse::new().model([test_kit::hangs("Well,")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "hi").await;
    stream.until_named("event_delta").await;
    owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
    let events = idle(&mut stream).await;
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "end_turn");
    assert_eq!(one(&events, "span.model_request_end")["is_error"], true);
    assert!(of_type(&events, "agent.message").is_empty());
}

/// Case 25.
#[tokio::test]
async fn an_interrupt_of_an_idle_session_is_only_recorded() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let sent = owner.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
    assert!(sent["data"][0]["processed_at"].is_string());
    assert_eq!(types(&owner.events(&session).await), ["user.interrupt"]);
    assert_eq!(owner.get(&format!("/v1/sessions/{session}")).await.ok()["status"], "idle");
}

/// Case 28.
#[tokio::test]
async fn the_log_is_filtered_by_type_time_and_order() {
    let house = TestHouse::new().model([says("One."), says("Two.")]).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    owner.turn(&session, "one").await;
    owner.turn(&session, "two").await;
    let list = async |query: &str| {
        let page = owner.get(&format!("/v1/sessions/{session}/events?{query}")).await.ok();
        page["data"].as_array().unwrap().clone()
    };
    let expected = ["user.message", "agent.message", "user.message", "agent.message"];
    for query in ["types[]=agent.message&types[]=user.message", "types%5B%5D=agent.message&types=user.message"] {
        assert_eq!(types(&list(query).await), expected);
    }
    let mut whole = list("").await;
    let newest_first = list("order=desc").await;
    let middle = whole[7].clone();
    let time = middle["processed_at"].as_str().unwrap();
    assert!(list(&format!("created_at[gte]={time}")).await.contains(&middle));
    assert!(list(&format!("created_at[lte]={time}")).await.contains(&middle));
    assert!(!list(&format!("created_at[gt]={time}")).await.contains(&middle));
    assert!(!list(&format!("created_at[lt]={time}")).await.contains(&middle));

    let after = list(&format!("after={}", id_of(&middle))).await;
    assert_eq!(after, whole[8..]);
    assert_eq!(list("after=start").await, whole);
    whole.reverse();
    assert_eq!(newest_first, whole);
    for wrong in ["after=junk", "after=sevt_00000000000000000000000000", "order=desc&after=start", "limit=1001"] {
        owner.get(&format!("/v1/sessions/{session}/events?{wrong}")).await.expect(400);
    }
}

/// Case 19.
#[tokio::test]
async fn a_model_that_fails_is_tried_again_and_then_given_up() {
    let quick = |options: &mut engine::EngineOptions| {
        options.model_attempts_max = 3;
        options.model_first_wait = std::time::Duration::from_millis(1);
    };
    let cut = || says("half of").then_cut();
    let script = [cut(), cut(), fails(FaultKind::Overloaded, "too busy"), says("Well.")];
    let house = TestHouse::new().engine(quick).model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let events = owner.turn(&session, "hi").await;
    assert!(of_type(&events, "agent.message").is_empty());
    assert!(of_type(&events, "span.model_request_end").iter().all(|end| end["is_error"] == true));
    let errors: Vec<(&Value, &Value)> = of_type(&events, "session.error")
        .iter()
        .map(|event| (&event["error"]["type"], &event["error"]["retry_status"]["type"]))
        .collect();
    let failed = json!("model_request_failed_error");
    let retrying = json!("retrying");
    assert_eq!(
        errors,
        [(&failed, &retrying), (&failed, &retrying), (&json!("model_overloaded_error"), &json!("exhausted"))]
    );
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "retries_exhausted");
    let next = owner.turn(&session, "again").await;
    assert_eq!(one(&next, "session.status_idle")["stop_reason"]["type"], "end_turn");
}

/// Section 4: what was said to a turn that dies is dropped with it, and stands in the log as
/// such before the session is idle.
#[tokio::test]
async fn what_waits_behind_a_turn_that_dies_is_dropped() {
    let gate = Gate::new();
    let script = [says("half").then_waits(&gate).then_cut(), says("Fresh.")];
    let once = |options: &mut engine::EngineOptions| options.model_attempts_max = 1;
    let house = TestHouse::new().engine(once).model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "one").await;
    stream.until_named("event_delta").await;
    let system = json!({ "type": "system.message", "content": [{ "type": "text", "text": "be brief" }] });
    let queued = owner.send_events(&session, json!([message("two"), system])).await.ok()["data"].clone();
    gate.open();

    let events = idle(&mut stream).await;
    assert_eq!(
        types(&events)[1..],
        [
            "session.error",
            "user.message",
            "system.message",
            "session.run_dropped",
            "session.usage",
            "session.status_idle"
        ]
    );
    for (dropped, queued) in events[2..4].iter().zip(queued.as_array().unwrap()) {
        assert_eq!((&dropped["id"], &dropped["dropped"]), (&queued["id"], &json!(true)));
        assert!(dropped["processed_at"].is_string());
    }
    assert_eq!(events[1]["error"]["retry_status"]["type"], "exhausted");
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "retries_exhausted");
    assert_eq!(owner.get(&format!("/v1/sessions/{session}")).await.ok()["status"], "idle");

    let next = owner.turn(&session, "three").await;
    assert_eq!(one(&next, "session.status_idle")["stop_reason"]["type"], "end_turn");
    let asked = format!("{:?}", house.model_requests()[1]);
    assert!(asked.contains("three") && !asked.contains("two") && !asked.contains("be brief"), "{asked}");
}

//! Results that are sent to another address too.

use std::time::Duration;

use serde_json::{Value, json};
use test_kit::{Gate, TestHouse, ToolStub, refuses, says};

use crate::team::{Team, refused_for};

/// Case 31.
#[tokio::test]
async fn the_result_is_posted_once_as_it_was_answered() {
    let stub = ToolStub::start([]).await;
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let answered = team.run_with(&agent, "hi", json!({"callbackUrl": stub.url("/done")})).await.ok();
    stub.called(1).await;
    team.house.app().settle().await;
    let calls = stub.calls();
    assert_eq!((calls.len(), calls[0].target.as_str(), &calls[0].body), (1, "/done", &answered));
    assert_eq!(calls[0].headers["content-type"], "application/json");
}

/// Case 31: what goes wrong there changes nothing here.
#[tokio::test]
async fn a_callback_that_fails_is_tried_three_times_and_changes_nothing() {
    let stub = ToolStub::start([refuses(500), refuses(500), refuses(500), refuses(500)]).await;
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    team.run_with(&agent, "hi", json!({"callbackUrl": stub.url("/done")})).await.ok();
    stub.called(3).await;
    team.house.app().settle().await;
    assert_eq!(stub.calls().len(), 3);
}

/// Case 31: streams too, whole, and when the client has left.
#[tokio::test]
async fn a_streamed_run_is_posted_whole_even_when_nobody_reads_it() {
    let gate = Gate::new();
    let stub = ToolStub::start([]).await;
    let team = Team::with([says("Hello.").then_waits(&gate), says("Hello.")]).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({"callbackUrl": stub.url("/done")})).await;
    stream.until(|frame| frame.json()["role"] == "user").await;
    drop(stream);
    gate.open();
    stub.called(1).await;
    let posted = stub.calls()[0].body.clone();
    assert_eq!((&posted["response"], posted["executionSteps"].as_array().unwrap().len()), (&json!("Hello."), 3));

    let read = team.stream(&agent, "hi", json!({"callbackUrl": stub.url("/done")})).await.collect().await;
    let result: Value = read.last().unwrap().json();
    assert_eq!((read.len(), &result["executionSteps"]), (4, &json!([])));
    stub.called(2).await;
}

/// Case 31: a run that fails is told there in the envelope.
#[tokio::test]
async fn a_failure_is_posted_in_the_envelope() {
    let stub = ToolStub::start([]).await;
    let team = Team::with([test_kit::hangs("x")]).await;
    let agent = team.agent(json!({})).await;
    let fields = json!({"callbackUrl": stub.url("/done"), "config": {"invocationConfig": {"timeout": 1000}}});
    team.run_with(&agent, "hi", fields).await.expect(424);
    stub.called(1).await;
    assert_eq!(stub.calls()[0].body["code"], "SC424");
}

/// Case 31: private addresses are refused unless the operator allows them.
#[tokio::test]
async fn private_addresses_are_refused() {
    let house = TestHouse::new().outbound(|outbound| outbound.allow.clear()).answering(|_| says("ok"));
    let team = Team::of(house.engine(|engine| engine.model_first_wait = Duration::from_millis(1))).await;
    let agent = team.agent(json!({})).await;
    for url in ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "ftp://example.com/", "nonsense"]
    {
        let refused = team.run_with(&agent, "hi", json!({ "callbackUrl": url })).await;
        refused_for(&refused, "callbackUrl");
    }
    assert!(team.house.model_requests().is_empty());
}

/// Rule 2.6 with 2.7: a run that goes on after a restart is told of when it is finished, and
/// once it was told nobody is told again.
#[tokio::test]
async fn a_run_that_outlives_the_server_is_posted_after_the_restart() {
    let gate = Gate::new();
    let stub = ToolStub::start([]).await;
    let mut team = Team::with([says("cut").then_waits(&gate), says("Done.")]).await;
    let agent = team.agent(json!({})).await;
    let fields = json!({"threadId": "t", "callbackUrl": stub.url("/done")});
    let mut stream = team.stream(&agent, "hi", fields).await;
    stream.until(|frame| frame.json()["role"] == "user").await;

    team.house.restart().await;
    stub.called(1).await;
    let told = stub.calls()[0].body.clone();
    assert_eq!((&told["response"], &told["threadId"]), (&json!("Done."), &json!("t")));
    assert_eq!(crate::team::roles(&told), ["system", "user", "assistant"]);
    assert!(told["executionSteps"][0]["content"].as_str().unwrap().starts_with("Be brief.\nCurrent time"), "{told}");
    team.house.app().settle().await;
    assert_eq!(team.house.app().list_callbacks(&app::Operator::of_this_installation()).await.unwrap(), []);

    team.house.restart().await;
    team.house.app().settle().await;
    assert_eq!(stub.calls().len(), 1);
}

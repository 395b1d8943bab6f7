//! Streamed runs, to the byte.

use domain::model::FaultKind;
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::{Value, json};
use test_kit::{Frame, Gate, ToolStub, answers, calls, fails, says};
use uuid::Uuid;

use crate::team::{Team, refused_for, request, stream_path};

/// Cases 27 and 28.
#[tokio::test]
async fn a_stream_has_the_grammar_of_the_contract() {
    let team = Team::with([says("Hello\nthere.").usage(5, 2)]).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({"threadId": "t 1"})).await;
    let header = |name: &str| stream.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(header("cache-control").as_deref(), Some("no-cache"));
    assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
    assert_eq!(header("content-encoding"), None);

    let mut bytes = Vec::new();
    while let Some(more) = stream.bytes().await {
        bytes.extend_from_slice(&more);
    }
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mut rest = text.as_str();
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (frame, after) = rest.split_once("\n\n").expect("frames end with an empty line");
        let lines: Vec<&str> = frame.split('\n').collect();
        let [event, id, data] = lines[..] else { panic!("three lines: {frame}") };
        names.push(event.strip_prefix("event:").unwrap());
        let id: Uuid = id.strip_prefix("id:").unwrap().parse().unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data:").unwrap()).unwrap();
        assert_ne!(data["id"], json!(id));
        rest = after;
    }
    assert_eq!(names, ["step", "step", "step", "result"]);
    assert!(!text.contains("[DONE]"));

    let parsed: Vec<_> = futures::stream::iter([Ok::<_, std::io::Error>(bytes)]).eventsource().collect().await;
    let events: Vec<Value> =
        parsed.iter().map(|event| serde_json::from_str(&event.as_ref().unwrap().data).unwrap()).collect();
    let indexes: Vec<&Value> = events.iter().map(|event| &event["index"]).collect();
    assert_eq!(indexes, [&json!(1), &json!(2), &json!(3), &Value::Null]);
    assert_eq!(events[2]["content"], "Hello\nthere.");
    let result = &events[3];
    assert_eq!((&result["threadId"], &result["executionSteps"]), (&json!("t 1"), &json!([])));
    assert_eq!(result["tokenUsageSummary"]["totalTokens"], 7);
    assert_eq!(result["response"], "Hello\nthere.");
}

/// Case 29.
#[tokio::test]
async fn a_failure_is_the_last_frame_or_no_stream_at_all() {
    let team = Team::with([fails(FaultKind::Rejected, "no such model")]).await;
    let agent = team.agent(json!({})).await;
    let frames = team.stream(&agent, "hi", json!({})).await.collect().await;
    assert_eq!(names(&frames), ["step", "step", "error"]);
    let envelope = frames[2].json();
    assert_eq!((&envelope["code"], &envelope["detail"]), (&json!("SC424"), &json!("No such model.")));

    let refused = team.t.post(&stream_path(&agent), json!({"messages": []})).await;
    assert_eq!(refused.header("content-type"), Some("application/json"));
    refused.expect(400);
    refused_for(&team.t.post(&stream_path(&agent), request("hi", json!({"config": 7}))).await, "config");
}

/// Rules 3.4 and 3.11: steps come as they are finished.
#[tokio::test]
async fn steps_come_when_they_are_finished_and_not_later() {
    let (first, tool, last) = (Gate::new(), Gate::new(), Gate::new());
    let stub = ToolStub::start([answers(json!(5)).behind(&tool)]).await;
    let script = [calls("add", json!({"a": 2})).then_waits(&first), says("5").then_waits(&last)];
    let team = Team::with(script).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}]})).await;
    let mut stream = team.stream(&agent, "hi", json!({})).await;
    assert_eq!(stream.next_event().await.unwrap().json()["role"], "system");
    assert_eq!(stream.next_event().await.unwrap().json()["role"], "user");
    first.open();
    let asking = stream.next_event().await.unwrap().json();
    assert_eq!(asking["toolCalls"][0]["name"], "add", "it comes before the tool has answered");
    tool.open();
    assert_eq!(stream.next_event().await.unwrap().json()["toolResponse"]["result"], 5);
    last.open();
    assert_eq!(names(&stream.collect().await), ["step", "result"]);
}

/// Case 30.
#[tokio::test]
async fn silence_is_filled_with_comments_and_a_client_that_leaves_stops_nothing() {
    let gate = Gate::new();
    let team = Team::with([says("slow").then_waits(&gate)]).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({})).await;
    stream.until(|frame| frame.json()["role"] == "user").await;
    tokio::time::pause();
    for _ in 0..2 {
        assert_eq!(stream.next().await.unwrap().raw, ":\n\n");
    }
    tokio::time::resume();
    drop(stream);
    gate.open();
    let owner = team.house.owner_ctx().await;
    let sessions = team.house.app().list_sessions(&owner, app::SessionFilter::default()).await.unwrap();
    let session = sessions[0].id;
    let run = team.house.app().list_runs(&owner, session).await.unwrap().remove(0);
    let is_over = async || team.house.app().find_run(&owner, run.id).await.unwrap().status.is_over();
    while !is_over().await {
        tokio::task::yield_now().await;
    }
    let run = team.house.app().find_run(&owner, run.id).await.unwrap();
    assert_eq!(run.status, domain::run::RunStatus::Completed);
}

/// Rule 3.13 and 1.21.
#[tokio::test]
async fn accept_is_not_negotiated() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    for accept in ["*/*", "text/event-stream", "application/json"] {
        let caller = team.t.clone().with_header("accept", accept);
        let frames = caller.post_stream(&stream_path(&agent), request("hi", json!({}))).await.collect().await;
        assert_eq!(names(&frames), ["step", "step", "step", "result"], "{accept}");
    }
}

/// Rule 3.8, and drain: a stream that the server ends says so.
#[tokio::test]
async fn a_stopping_server_ends_a_stream_with_an_error() {
    let house = test_kit::TestHouse::new().web(|web| web.drain_grace = std::time::Duration::ZERO);
    let team = Team::of(house.model([test_kit::hangs("thinking")])).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({})).await;
    let step = stream.until(|frame| frame.json()["role"] == "user").await.pop().unwrap().json();
    team.house.begin_drain();
    let last = stream.collect().await.pop().unwrap();
    assert_eq!((last.name(), &last.json()["code"]), ("error", &json!("SC503")));
    assert!(last.json()["detail"].as_str().unwrap().contains(step["agentIterationId"].as_str().unwrap()));
}

fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(Frame::name).collect()
}

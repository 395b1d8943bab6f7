//! Providers fail in every way they can; every run ends in a named state, soon, and small.

use std::time::Duration;

use models::ProviderKind;
use serde_json::{Value, json};
use test_kit::conversation::{of_type, one, types};
use test_kit::{Act, ProviderStub, TestHouse, provider_stub, says as says_so};

const SAID: &str = "Grüße aus der Küche.";

/// Two attempts, and patience counted in tenths of a second.
async fn house(kind: ProviderKind, base_url: &str) -> TestHouse {
    let impatient = |options: &mut models::ProviderOptions| {
        options.first_byte_timeout = Duration::from_millis(300);
        options.chunk_timeout = Duration::from_millis(300);
    };
    let engine = |options: &mut engine::EngineOptions| {
        options.model_attempts_max = 2;
        options.model_first_wait = Duration::from_millis(1);
    };
    TestHouse::new().endpoint(kind, "stub", base_url, impatient).engine(engine).start().await
}

/// All events of one turn against a provider that acts like this.
async fn turn(kind: ProviderKind, base_url: &str) -> Vec<Value> {
    let house = house(kind, base_url).await;
    let owner = house.owner();
    let tool = json!({ "type": "custom", "name": "add", "description": "adds",
        "input_schema": { "type": "object", "required": ["a"], "properties": { "a": { "type": "integer" } } } });
    let agent = owner.agent(json!({ "model": "stub/model", "tools": [tool] })).await;
    let session = owner.session(&agent).await;
    let turn = tokio::time::timeout(Duration::from_secs(60), owner.turn(&session, "hi"));
    turn.await.expect("the run ends within its time")
}

const KINDS: [ProviderKind; 2] = [ProviderKind::Openai, ProviderKind::Anthropic];

/// Plays the acts to a provider of each kind, and checks why the session is idle in the end,
/// and the faults on the way: they are the same for all. The events are the last one's.
async fn check(acts: impl IntoIterator<Item = Act> + Clone, reason: &str, faults: &[(&str, &str)]) -> Vec<Value> {
    let mut events = Vec::new();
    for kind in KINDS {
        let stub = ProviderStub::start(acts.clone()).await;
        events = check_at(kind, &stub.base_url(), reason, faults).await;
    }
    events
}

async fn check_at(kind: ProviderKind, base_url: &str, reason: &str, faults: &[(&str, &str)]) -> Vec<Value> {
    let events = turn(kind, base_url).await;
    let said = |event: &&Value| {
        let error = &event["error"];
        (error["type"].as_str().unwrap().to_owned(), error["retry_status"]["type"].as_str().unwrap().to_owned())
    };
    let found: Vec<_> = of_type(&events, "session.error").iter().map(said).collect();
    let expected: Vec<_> = faults.iter().map(|(kind, retry)| ((*kind).to_owned(), (*retry).to_owned())).collect();
    assert_eq!(found, expected, "{kind:?}");
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], reason, "{:?}", types(&events));
    assert_eq!(of_type(&events, "span.model_request_start").len(), of_type(&events, "span.model_request_end").len());
    events
}

fn answer(events: &[Value]) -> &str {
    one(events, "agent.message")["content"][0]["text"].as_str().unwrap()
}

fn says() -> Act {
    Act::Says(SAID.to_owned())
}

const FAILED: (&str, &str) = ("model_request_failed_error", "retrying");
const GIVEN_UP: (&str, &str) = ("model_request_failed_error", "exhausted");

#[tokio::test]
async fn a_fault_that_passes_is_passed_over() {
    let limited = |retry_after| Act::Status { status: 429, retry_after };
    let rate = [("model_rate_limited_error", "retrying")];
    for act in [limited(None), limited(Some(0))] {
        assert_eq!(answer(&check([act, says()], "end_turn", &rate).await), SAID);
    }
    let status = |status| Act::Status { status, retry_after: None };
    let busy = [("model_overloaded_error", "retrying")];
    for act in [status(503), status(529), Act::OverloadedAfter("Grü".to_owned())] {
        assert_eq!(answer(&check([act, says()], "end_turn", &busy).await), SAID);
    }
    for act in [
        status(500),
        Act::CutAfter("Grü".to_owned()),
        Act::EndsEarly("Grü".to_owned()),
        Act::SilentAfter("Grü".to_owned()),
        Act::NeverAnswers,
        Act::Malformed,
        Act::HtmlPage,
    ] {
        let events = check([act, says()], "end_turn", &[FAILED]).await;
        assert_eq!(answer(&events), SAID, "nothing is left of what was cut");
    }
}

#[tokio::test]
async fn a_fault_that_stays_ends_the_run() {
    for act in [
        Act::Status { status: 500, retry_after: None },
        Act::CutAfter("a".to_owned()),
        Act::NeverAnswers,
        Act::Malformed,
    ] {
        let events = check([act], "retries_exhausted", &[FAILED, GIVEN_UP]).await;
        assert!(of_type(&events, "agent.message").is_empty());
    }
    let refused = provider_stub::refused_base_url().await;
    for kind in KINDS {
        check_at(kind, &refused, "retries_exhausted", &[FAILED, GIVEN_UP]).await;
    }
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 413] {
        check([Act::Status { status, retry_after: None }], "retries_exhausted", &[GIVEN_UP]).await;
    }
    let patience = Act::Status { status: 429, retry_after: Some(86_400) };
    check([patience], "retries_exhausted", &[("model_rate_limited_error", "exhausted")]).await;
}

#[tokio::test]
async fn split_characters_arrive_whole() {
    let events = check([Act::ByteByByte(SAID.to_owned())], "end_turn", &[]).await;
    assert_eq!(answer(&events), SAID);
}

#[tokio::test]
async fn arguments_that_are_no_json_are_the_models_to_mend() {
    let calls = |arguments: &str| Act::Calls { tool: "add".to_owned(), arguments: arguments.to_owned() };
    for wrong in ["{\"a\": ", "{\"a\": \"one\"}", "[]"] {
        let events = check([calls(wrong), says()], "end_turn", &[]).await;
        assert_eq!(one(&events, "agent.tool_result")["is_error"], true, "{wrong}");
        assert_eq!(answer(&events), SAID);
    }
    check([calls("{\"a\": 1}"), says()], "requires_action", &[]).await;
}

/// Whatever a provider counts: sums stop at the top, and the session goes on.
#[tokio::test]
async fn absurd_counts_of_tokens_end_nothing() {
    let script = ["one", "two"].map(|text| says_so(text).usage(u64::MAX, u64::MAX));
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    for text in ["one", "two"] {
        let events = owner.turn(&session, "hi").await;
        assert_eq!(answer(&events), text);
        assert_eq!(one(&events, "session.usage")["usage"]["output_tokens"], u64::MAX);
    }
}

/// A mistake of ours, or of a crate we use: the run ends in a named state, and neither its
/// session nor anyone else waits for it.
#[tokio::test]
async fn a_panic_ends_its_run_and_nothing_else() {
    let mut calls = 0;
    let rule = move |_: &_| {
        calls += 1;
        assert!(calls > 1, "a panic on purpose");
        says_so("Fine.")
    };
    let house = TestHouse::new().answering(rule).engine(|engine| engine.runs_max = 1).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let events = owner.turn(&session, "hi").await;
    let error = &one(&events, "session.error")["error"];
    assert!(error["message"].as_str().unwrap().contains("internal error"), "{error}");
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "retries_exhausted");
    assert_eq!(of_type(&events, "span.model_request_start").len(), of_type(&events, "span.model_request_end").len());
    let run = events.last().unwrap()["run_id"].as_str().unwrap();
    assert_eq!(owner.get(&format!("/v1/runs/{run}")).await.ok()["status"], "failed");
    assert_eq!(answer(&owner.turn(&session, "again").await), "Fine.");
}

/// Neither 50 MB of text nor one line of as much is ever held.
#[tokio::test]
async fn a_provider_that_never_stops_fills_no_memory() {
    const BYTES: usize = 50 << 20;
    // The first turn warms up what every turn needs.
    check([says()], "end_turn", &[]).await;
    let before = peak_memory_kib();
    check([Act::Huge { bytes: BYTES }], "retries_exhausted", &[GIVEN_UP]).await;
    check([Act::EndlessLine { bytes: BYTES }], "retries_exhausted", &[GIVEN_UP]).await;
    let grown = peak_memory_kib().saturating_sub(before);
    assert!(grown < 40 << 10, "the process grew by {grown} KiB");
}

/// The most memory this process ever had, as the system says.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

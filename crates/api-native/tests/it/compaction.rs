//! Conversations that outgrow their model: made shorter in the open, and never in the log.

use domain::model::{FaultKind, Message, ModelRequest, text_of};
use serde_json::{Value, json};
use test_kit::conversation::{of_type, one, types};
use test_kit::{Caller, ModelReply, Scripted, TestHouse, ToolStub, answers, calls, fails, says};

/// Tokens that the model of these tests can hold.
const WINDOW: u32 = 4_000;

fn is_for_a_summary(request: &ModelRequest) -> bool {
    request.system.as_deref().is_some_and(|system| system.starts_with("You condense"))
}

fn texts(request: &ModelRequest) -> Vec<String> {
    let text = |message: &Message| match message {
        Message::User { content } => text_of(content),
        Message::Assistant { text, .. } => text.clone(),
        Message::Tool { content, .. } => content.clone(),
    };
    request.messages.iter().map(|message| text(message)).collect()
}

/// Says a summary where one is asked for, and otherwise a long story.
fn teller(tokens: u32) -> Scripted {
    Scripted::answering(|request| match is_for_a_summary(request) {
        true => says("They told stories.").usage(70, 7),
        false => says(&"once upon a time ".repeat(200)).usage(10, 1),
    })
    .holding(tokens)
}

async fn session(owner: &Caller) -> String {
    owner.session(&owner.agent(json!({ "system": "Tell stories." })).await).await
}

/// The turns of a session until the first in which something was summarized.
async fn talk_until_summarized(owner: &Caller, session: &str) -> Vec<Value> {
    for n in 0..20 {
        let events = owner.turn(session, &format!("story {n}")).await;
        if !of_type(&events, "agent.thread_context_compacted").is_empty() {
            return events;
        }
    }
    panic!("nothing was ever summarized");
}

#[tokio::test]
async fn the_oldest_messages_give_way_to_a_summary_that_later_turns_build_on() {
    let mut house = TestHouse::new().scripted(teller(WINDOW)).start().await;
    let owner = house.owner();
    let session = session(&owner).await;
    let events = talk_until_summarized(&owner, &session).await;
    assert_eq!(
        types(&events)[1..],
        [
            "session.status_running",
            "span.model_request_start",
            "agent.thread_context_compacted",
            "span.model_request_end",
            "span.model_request_start",
            "agent.message",
            "span.model_request_end",
            "session.usage",
            "session.status_idle"
        ]
    );
    assert_eq!(one(&events, "agent.thread_context_compacted")["summary"], "They told stories.");
    let spent = &of_type(&events, "span.model_request_end")[0]["model_usage"];
    assert_eq!((&spent["input_tokens"], &spent["output_tokens"]), (&json!(70), &json!(7)), "it is counted");

    let requests = house.model_requests();
    let answering = requests.last().unwrap();
    let shown = texts(answering);
    assert!(shown[0].contains("They told stories.") && !shown.iter().any(|text| text == "story 0"), "{shown:?}");
    assert_eq!(answering.system.as_deref(), Some("Tell stories."));
    let record = &texts(&requests[requests.len() - 2])[0];
    assert!(record.contains("story 0") && record.contains("Assistant: once upon"), "{record}");

    let all = owner.events(&session).await;
    assert!(all.iter().any(|event| event["content"][0]["text"] == "story 0"), "the log loses nothing");

    // Whoever has to read the conversation again sees what the model saw.
    house.restart().await;
    let owner = house.owner();
    owner.turn(&session, "the last one").await;
    let after = texts(house.model_requests().last().unwrap());
    assert_eq!(after[..shown.len()], shown);
    assert_eq!(after.last().map(String::as_str), Some("the last one"));
}

#[tokio::test]
async fn the_usage_of_a_session_is_the_sum_of_its_model_calls() {
    let house = TestHouse::new().scripted(teller(WINDOW)).start().await;
    let owner = house.owner();
    let session = session(&owner).await;
    talk_until_summarized(&owner, &session).await;
    let events = owner.events(&session).await;
    let ends = of_type(&events, "span.model_request_end");
    let sum: u64 = ends.iter().map(|end| end["model_usage"]["input_tokens"].as_u64().unwrap()).sum();
    assert_eq!(owner.get(&format!("/v1/sessions/{session}")).await.ok()["usage"]["input_tokens"], sum);
}

#[tokio::test]
async fn long_results_are_shortened_before_anything_is_summarized() {
    let long = json!({ "rows": "17 ".repeat(2_500) });
    let stub = ToolStub::start([answers(long.clone()), answers(long)]).await;
    let script = [calls("look", json!({})), calls("look", json!({})), says("Done."), says("Again.")];
    let house = TestHouse::new().scripted(Scripted::new(script).holding(9_000)).start().await;
    let owner = house.owner();
    let tool = json!({
        "type": "http", "name": "look", "description": "looks", "method": "GET", "url": stub.url("/look"),
        "input_schema": { "type": "object", "properties": {} }, "permission_policy": { "type": "always_allow" },
    });
    let session = owner.session(&owner.agent(json!({ "tools": [tool] })).await).await;
    let events = owner.turn(&session, "look twice").await;

    let compacted = one(&events, "agent.thread_context_compacted");
    let results = of_type(&events, "agent.tool_result");
    let before = compacted["tool_results_shortened_before"].as_u64().unwrap();
    assert!(before > results[0]["seq"].as_u64().unwrap() && compacted["summary"].is_null());
    let shown = texts(&house.model_requests()[2]);
    assert!(shown[2].len() < 2_000 && shown[2].contains("characters left out"), "{}", shown[2]);
    assert!(results.iter().all(|result| result["content"][0]["text"].as_str().unwrap().len() > 7_000));
}

#[tokio::test]
async fn a_refusal_as_too_long_makes_the_conversation_shorter_once() {
    for (refusals, ends_with) in [(1, "agent.message"), (2, "session.error")] {
        let mut left = refusals;
        let mut turns = 0;
        let model = Scripted::answering(move |request| -> ModelReply {
            if is_for_a_summary(request) {
                return says("They told stories.");
            }
            turns += 1;
            if turns > 4 && left > 0 {
                left -= 1;
                return fails(FaultKind::TooLong, "prompt is too long");
            }
            says(&"once upon a time ".repeat(200))
        });
        let house = TestHouse::new().scripted(model).start().await;
        let owner = house.owner();
        let session = session(&owner).await;
        for n in 0..4 {
            owner.turn(&session, &format!("story {n}")).await;
        }
        let events = owner.turn(&session, "one more").await;
        let told = of_type(&events, "session.error");
        assert_eq!(told.len(), refusals, "{events:#?}");
        for (index, error) in told.iter().enumerate() {
            let status = if index == 0 { "retrying" } else { "exhausted" };
            assert_eq!(error["error"]["type"], "compaction_limit_reached_error");
            assert_eq!(error["error"]["retry_status"]["type"], status);
        }
        assert!(!of_type(&events, "agent.thread_context_compacted").is_empty());
        assert_eq!(of_type(&events, ends_with).len(), refusals);
    }
}

#[tokio::test]
async fn what_cannot_be_made_shorter_is_the_models_to_judge() {
    let house = TestHouse::new().scripted(Scripted::new([says("I can.")]).holding(500)).start().await;
    let owner = house.owner();
    let session = session(&owner).await;
    let events = owner.turn(&session, &"a long question ".repeat(500)).await;
    assert_eq!(one(&events, "agent.message")["content"][0]["text"], "I can.");

    let refuses = [fails(FaultKind::TooLong, "prompt is too long")];
    let house = TestHouse::new().scripted(Scripted::new(refuses)).start().await;
    let owner = house.owner();
    let session = self::session(&owner).await;
    let events = owner.turn(&session, "hi").await;
    assert_eq!(house.model_requests().len(), 1, "nothing is asked again that cannot be otherwise");
    let last = of_type(&events, "session.error").into_iter().next_back().unwrap();
    assert_eq!(last["error"]["type"], "compaction_limit_reached_error");
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "retries_exhausted");
}

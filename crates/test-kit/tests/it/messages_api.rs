//! Whole runs on a model behind the Messages API. The stub refuses what the API refuses.

use models::ProviderKind;
use serde_json::{Value, json};
use test_kit::conversation::{of_type, one, types};
use test_kit::{Act, Caller, ProviderStub, TestHouse, ToolStub, answers};

fn says(text: &str) -> Act {
    Act::Says(text.to_owned())
}

fn adds(arguments: &str) -> Act {
    Act::Calls { tool: "add".to_owned(), arguments: arguments.to_owned() }
}

async fn house(stub: &ProviderStub) -> TestHouse {
    TestHouse::new().endpoint(ProviderKind::Anthropic, "claude", &stub.base_url(), |_| {}).start().await
}

async fn session(owner: &Caller, more: Value) -> String {
    let mut agent = json!({ "model": "claude/small" });
    agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let agent = owner.agent(agent).await;
    owner.session(&agent).await
}

#[tokio::test]
async fn a_run_with_tools_goes_to_its_end() {
    let tools = ToolStub::start([answers(json!({ "sum": 5 })), answers(json!({ "sum": 9 }))]).await;
    let stub =
        ProviderStub::start([adds("{\"a\": 2}"), adds("{\"a\": 4}"), says("Five and nine."), says("Bye.")]).await;
    let house = house(&stub).await;
    let owner = house.owner();
    let tool = json!({ "type": "http", "name": "add", "description": "adds", "method": "POST", "url": tools.url("/add"),
        "input_schema": { "type": "object", "properties": { "a": { "type": "integer" } } },
        "permission_policy": { "type": "always_allow" } });
    let session = session(&owner, json!({ "system": "Be brief.", "tools": [tool] })).await;

    let events = owner.turn(&session, "2+3, 4+5?").await;
    assert_eq!(of_type(&events, "agent.tool_use").len(), 2, "{:?}", types(&events));
    assert_eq!(one(&events, "agent.message")["content"][0]["text"], "Five and nine.");
    let usage = &one(&events, "span.model_request_end")["model_usage"];
    let expected = json!({ "input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 2 });
    assert_eq!(usage, &expected);

    owner.turn(&session, "Thanks.").await;
    let requests = stub.requests();
    let roles: Vec<_> =
        requests[3]["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user", "assistant", "user"]);
    assert_eq!(requests[3]["max_tokens"], 64_000);
    assert_eq!(requests[3]["system"][0]["text"], "Be brief.");
    let (call, result) = (&requests[1]["messages"][1]["content"][0], &requests[1]["messages"][2]["content"][0]);
    assert_eq!((&call["type"], &call["id"]), (&json!("tool_use"), &result["tool_use_id"]));
    assert!(result["content"].as_str().unwrap().contains('5'), "{result}");
}

#[tokio::test]
async fn text_is_passed_on_before_the_answer_is_whole() {
    let stub = ProviderStub::start([Act::SilentAfter("Hello ".to_owned())]).await;
    let house = house(&stub).await;
    let owner = house.owner();
    let session = session(&owner, json!({})).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "hi").await;
    let delta = stream.until_named("event_delta").await.last().unwrap().json();
    assert_eq!(delta["delta"]["content"]["text"], "Hello ");
}

#[tokio::test]
async fn a_call_that_went_wrong_is_told_as_such() {
    let stub = ProviderStub::start([adds("{\"a\": "), says("Sorry.")]).await;
    let house = house(&stub).await;
    let owner = house.owner();
    let tool = json!({ "type": "custom", "name": "add", "description": "adds", "input_schema": { "type": "object" } });
    let session = session(&owner, json!({ "tools": [tool] })).await;
    let events = owner.turn(&session, "2+3?").await;
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "end_turn", "{:?}", types(&events));
    let told = &stub.requests()[1]["messages"];
    assert_eq!(told[1]["content"][0]["input"], json!({ "INVALID_JSON": "{\"a\": " }));
    assert_eq!(told[2]["content"][0]["is_error"], true);
}

#[tokio::test]
async fn its_models_are_listed_with_their_bounds() {
    let stub = ProviderStub::start([says("Hi.")]).await;
    let house = house(&stub).await;
    let list = house.owner().get("/v1/models").await.ok();
    let models = list["data"].as_array().unwrap();
    let found = models.iter().find(|model| model["id"] == "claude/stub").unwrap();
    assert_eq!((&found["max_input_tokens"], &found["max_tokens"]), (&json!(200_000), &json!(64_000)));
}

//! Tools: run by the server, by the client, and only with somebody's leave.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, of_type, one};
use test_kit::{Caller, TestHouse, ToolStub, answers, calls, refuses, says};

fn http_tool(stub: &ToolStub, policy: &str) -> Value {
    json!({
        "type": "http", "name": "add", "description": "adds", "method": "POST", "url": stub.url("/add"),
        "input_schema": { "type": "object", "properties": { "a": { "type": "integer" } } },
        "permission_policy": { "type": policy }
    })
}

async fn session_with(owner: &Caller, tool: Value) -> String {
    let agent = owner.agent(json!({ "tools": [tool] })).await;
    owner.session(&agent).await
}

/// Case 41.
#[tokio::test]
async fn an_http_tool_is_called_once_with_its_own_key() {
    let stub = ToolStub::start([answers(json!({ "sum": 3 })), refuses(500)]).await;
    let script = [calls("add", json!({ "a": 1 })), says("Three."), calls("add", json!({ "a": 2 })), says("Oh.")];
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let session = session_with(&owner, http_tool(&stub, "always_allow")).await;

    let events = owner.turn(&session, "add").await;
    let (used, result) = (one(&events, "agent.tool_use"), one(&events, "agent.tool_result"));
    assert_eq!((&used["name"], &used["input"]), (&json!("add"), &json!({ "a": 1 })));
    assert_eq!(
        (&used["evaluated_permission"], &used["evaluation"]),
        (&json!("allow"), &json!({ "type": "always_allow" }))
    );
    assert_eq!((&result["tool_use_id"], &result["is_error"]), (&used["id"], &json!(false)));
    assert!(result["content"][0]["text"].as_str().unwrap().contains("\"sum\":3"), "{result}");
    let call = &stub.calls()[0];
    assert_eq!((call.idempotency_key(), &call.body), (used["id"].as_str(), &json!({ "a": 1 })));

    let events = owner.turn(&session, "again").await;
    assert_eq!(one(&events, "agent.tool_result")["is_error"], true);
    assert_eq!(stub.calls().len(), 2, "a failure is the model's to judge, not to be repeated");
}

/// Case 20; and section 2: without a judging model, `auto` asks a person.
#[tokio::test]
async fn a_tool_that_asks_waits_for_leave() {
    for policy in ["always_ask", "auto"] {
        let stub = ToolStub::start([]).await;
        let house = TestHouse::new().model([calls("add", json!({ "a": 1 })), says("Done.")]).start().await;
        let owner = house.owner();
        let agent = owner.agent(json!({ "tools": [http_tool(&stub, policy)] })).await;
        let shown = owner.get(&format!("/v1/agents/{agent}")).await.ok();
        assert_eq!(shown["tools"][0]["permission_policy"], json!({ "type": policy }));
        let session = owner.session(&agent).await;
        let events = owner.turn(&session, "add").await;
        let used = one(&events, "agent.tool_use");
        assert_eq!((&used["evaluated_permission"], &used["evaluation"]), (&json!("ask"), &json!({ "type": policy })));
        let reason = json!({ "type": "requires_action", "event_ids": [used["id"]] });
        assert_eq!(one(&events, "session.status_idle")["stop_reason"], reason);
        assert!(stub.calls().is_empty());

        let mut stream = owner.follow(&session, "").await;
        decide(&owner, &session, used, "allow", Value::Null).await.ok();
        let events = idle(&mut stream).await;
        assert_eq!(one(&events, "agent.tool_result")["tool_use_id"], used["id"]);
        assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "end_turn");
        assert_eq!(stub.calls().len(), 1);
    }
}

async fn decide(owner: &Caller, session: &str, used: &Value, result: &str, deny: Value) -> test_kit::Reply {
    let decision = json!({
        "type": "user.tool_confirmation", "tool_use_id": used["id"], "result": result, "deny_message": deny
    });
    owner.send_events(session, json!([decision])).await
}

/// Case 21.
#[tokio::test]
async fn a_denial_reaches_the_model_and_is_given_once() {
    let stub = ToolStub::start([]).await;
    let house = TestHouse::new().model([calls("add", json!({ "a": 1 })), says("Pity.")]).start().await;
    let owner = house.owner();
    let session = session_with(&owner, http_tool(&stub, "always_ask")).await;
    let events = owner.turn(&session, "add").await;
    let used = one(&events, "agent.tool_use").clone();
    decide(&owner, &session, &used, "allow", json!("but")).await.expect(400);
    decide(&owner, &session, &json!({ "id": "sevt_00000000000000000000000001" }), "allow", Value::Null)
        .await
        .expect(400);

    let mut stream = owner.follow(&session, "").await;
    decide(&owner, &session, &used, "deny", json!("too dear")).await.ok();
    let events = idle(&mut stream).await;
    let result = one(&events, "agent.tool_result");
    assert_eq!(result["is_error"], true);
    assert!(result["content"][0]["text"].as_str().unwrap().contains("too dear"));
    decide(&owner, &session, &used, "deny", Value::Null).await.expect(400);
    assert!(stub.calls().is_empty());
}

/// Case 22.
#[tokio::test]
async fn two_that_ask_are_decided_one_by_one() {
    let stub = ToolStub::start([]).await;
    let both = calls("add", json!({ "a": 1 })).then_calls("add", json!({ "a": 2 }));
    let house = TestHouse::new().model([both, says("Done.")]).start().await;
    let owner = house.owner();
    let session = session_with(&owner, http_tool(&stub, "always_ask")).await;
    let events = owner.turn(&session, "add").await;
    let used: Vec<Value> = of_type(&events, "agent.tool_use").into_iter().cloned().collect();

    let mut stream = owner.follow(&session, "").await;
    decide(&owner, &session, &used[0], "allow", Value::Null).await.ok();
    let still = idle(&mut stream).await;
    assert_eq!(one(&still, "session.status_idle")["stop_reason"]["event_ids"], json!([used[1]["id"]]));
    assert!(of_type(&still, "session.status_running").is_empty());
    decide(&owner, &session, &used[1], "allow", Value::Null).await.ok();
    let done = idle(&mut stream).await;
    assert_eq!(of_type(&done, "agent.tool_result").len(), 2);
}

/// Case 23.
#[tokio::test]
async fn a_custom_tool_is_the_clients_to_run() {
    let house = TestHouse::new().model([calls("look", json!({ "q": "sky" })), says("Blue.")]).start().await;
    let owner = house.owner();
    let look =
        json!({ "type": "custom", "name": "look", "description": "looks", "input_schema": { "type": "object" } });
    let session = session_with(&owner, look).await;
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "what colour?").await;
    let before = stream.until_named("agent.custom_tool_use").await;
    let used = before.last().unwrap().json();
    assert_eq!((&used["name"], &used["input"]), (&json!("look"), &json!({ "q": "sky" })));

    // It may come before the session is idle, and after: either way the turn goes on.
    let result = |content: Value| json!({ "type": "user.custom_tool_result", "custom_tool_use_id": used["id"], "content": [content] });
    let picture = json!({ "type": "image", "source": { "type": "url", "url": "https://example.com/sky.png" } });
    owner.send_events(&session, json!([result(picture)])).await.expect(400);
    let found = json!({
        "type": "search_result", "source": "https://example.com", "title": "Sky",
        "content": [{ "type": "text", "text": "blue" }], "citations": { "enabled": true }
    });
    let result = result(found);
    let sent = owner.send_events(&session, json!([result])).await.ok();
    assert_eq!(sent["data"][0]["content"], result["content"], "it is kept as it was sent");
    let rest = stream.until(|frame| frame.json()["stop_reason"]["type"] == "end_turn").await;
    assert!(rest.iter().any(|frame| frame.name() == "user.custom_tool_result"));
    owner.send_events(&session, json!([result])).await.expect(400);
    assert!(format!("{:?}", house.model_requests()[1]).contains("blue"));
}

/// The tools a project keeps, as the command line administers them.
#[tokio::test]
async fn a_project_keeps_tools_for_its_agents() {
    let stub = ToolStub::start([answers(json!({ "sum": 3 }))]).await;
    let house = TestHouse::new().model([calls("add", json!({ "a": 1 })), says("Three.")]).start().await;
    let owner = house.owner();
    let create = json!({ "name": "add", "description": "adds", "method": "post", "url": stub.url("/add") });
    let tool = owner.post("/v1/tools", create.clone()).await.ok();
    assert!(id_of(&tool).starts_with("tool_"));
    assert_eq!((&tool["number"], &tool["method"], &tool["effect"]), (&json!(1), &json!("POST"), &json!("unsafe")));
    owner.post("/v1/tools", create).await.expect(400);
    owner.post("/v1/tools", json!({ "name": "x" })).await.expect(400);

    let session = session_with(&owner, json!({ "type": "project_tool", "number": 1 })).await;
    let events = owner.turn(&session, "add").await;
    assert_eq!(one(&events, "agent.tool_result")["is_error"], false);

    assert_eq!(owner.get("/v1/tools").await.ok()["data"], json!([tool]));
    for name in ["1", &id_of(&tool)] {
        assert_eq!(owner.get(&format!("/v1/tools/{name}")).await.ok(), tool);
    }
    let gone = owner.delete("/v1/tools/1").await.ok();
    assert_eq!(gone, json!({ "id": tool["id"], "type": "tool_deleted" }));
    for path in ["/v1/tools/1", "/v1/tools/junk"] {
        owner.get(path).await.expect(404);
    }
}

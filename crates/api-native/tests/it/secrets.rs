//! Credentials in the headers of tools: sent where they belong, shown and kept nowhere.

use serde_json::{Value, json};
use test_kit::{Caller, TestHouse, ToolStub, calls, says};

const SECRET: &str = "hunter2-hunter2-hunter2";
const MASK: &str = "••••••••";

fn tool(url: &str, authorization: &str) -> Value {
    json!({
        "type": "http", "name": "add", "description": "adds", "method": "POST", "url": url,
        "headers": { "Authorization": authorization },
    })
}

fn bearer() -> String {
    format!("Bearer {SECRET}")
}

fn authorization(stub: &ToolStub) -> Vec<String> {
    stub.calls().iter().map(|call| call.headers["authorization"].to_str().unwrap().to_owned()).collect()
}

/// What is read at a path, which must hold the mask and not the secret.
async fn shown(owner: &Caller, path: &str) -> Value {
    let reply = owner.get(path).await;
    assert!(!reply.text.contains(SECRET), "{path}: {}", reply.text);
    assert!(reply.text.contains(&format!(r#"{{"Authorization":"{MASK}"}}"#)), "{path}: {}", reply.text);
    reply.ok()
}

#[tokio::test]
async fn it_reaches_its_server_and_is_found_nowhere_else() {
    let stub = ToolStub::start([]).await;
    let script = (0..3).flat_map(|_| [calls("add", json!({ "a": 1 })), says("Done.")]);
    let mut house = TestHouse::new().model(script).start().await;
    let owner = house.owner();

    let agent = owner.agent(json!({ "tools": [tool(&stub.url("/inline"), &bearer())] })).await;
    shown(&owner, &format!("/v1/agents/{agent}")).await;
    shown(&owner, &format!("/v1/agents/{agent}/versions")).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "add").await;

    let kept = owner.post("/v1/tools", tool(&stub.url("/kept"), &bearer())).await.ok();
    assert_eq!(kept["headers"]["Authorization"], MASK);
    shown(&owner, "/v1/tools").await;
    let named = json!({ "tools": [{ "type": "project_tool", "number": kept["number"] }] });
    let session = owner.session(&owner.agent(named).await).await;
    owner.turn(&session, "add").await;

    let overrides =
        json!({ "type": "agent_with_overrides", "id": agent, "tools": [tool(&stub.url("/session"), &bearer())] });
    let begun = owner.post("/v1/sessions", json!({ "agent": overrides })).await.ok();
    let session = begun["id"].as_str().unwrap();
    shown(&owner, &format!("/v1/sessions/{session}")).await;
    owner.turn(session, "add").await;

    assert_eq!(authorization(&stub), [bearer(), bearer(), bearer()]);
    let events = owner.get(&format!("/v1/sessions/{session}/events")).await;
    assert!(events.text.contains("agent.tool_result") && !events.text.contains(SECRET), "{}", events.text);
    assert!(house.file_with("/session").is_some(), "the search finds what is stored");
    assert_eq!(house.file_with(SECRET), None);
    house.restart().await;
    assert_eq!(house.file_with(SECRET), None);
}

#[tokio::test]
async fn what_was_shown_can_be_sent_back_but_not_to_another_address() {
    let (stub, thief) = (ToolStub::start([]).await, ToolStub::start([]).await);
    let house = TestHouse::new().model([calls("add", json!({})), says("Done.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "tools": [tool(&stub.url("/a"), &bearer())] })).await;
    let path = format!("/v1/agents/{agent}");
    let update = async |tool: Value| owner.post(&path, json!({ "tools": [tool] })).await;

    let read = shown(&owner, &path).await["tools"][0].clone();
    assert_eq!(update(read).await.ok()["version"], 1, "nothing changed");
    assert_eq!(update(tool(&stub.url("/a"), &bearer())).await.ok()["version"], 1, "nor by the same secret");
    assert_eq!(update(tool(&stub.url("/b"), MASK)).await.ok()["version"], 2);

    let moved = tool(&thief.url("/b"), MASK);
    let chosen = json!({ "type": "agent_with_overrides", "id": agent, "tools": [moved.clone()] });
    for refused in [update(moved).await, owner.post("/v1/sessions", json!({ "agent": chosen })).await] {
        let message = &refused.expect(400)["error"]["message"];
        assert!(message.as_str().unwrap().contains("give the value itself"), "{refused}");
    }
    owner.post("/v1/tools", tool(&stub.url("/a"), MASK)).await.expect(400);

    let session = owner.session(&agent).await;
    owner.turn(&session, "add").await;
    assert_eq!((authorization(&stub), thief.calls().len()), (vec![bearer()], 0));
}

#[tokio::test]
async fn a_value_that_no_header_may_hold_is_refused_and_not_repeated() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let bad = format!("{SECRET}\n{SECRET}");
    let reply = owner.post("/v1/tools", tool("http://127.0.0.1/", &bad)).await;
    let error = &reply.expect(400)["error"];
    assert_eq!(error["details"]["param"], "headers.Authorization");
    assert!(!reply.text.contains(SECRET), "{reply}");
}

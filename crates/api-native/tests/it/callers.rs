//! Who may call, and what they are told if they may not.

use serde_json::{Value, json};
use test_kit::conversation::message;
use test_kit::{Caller, Reply, TestHouse};

use domain::key::Scope;

fn error_type(reply: &Reply) -> Value {
    reply.json()["error"]["type"].clone()
}

/// Case 2.
#[tokio::test]
async fn a_key_works_in_every_spelling() {
    let house = TestHouse::new().start().await;
    let (owner, nobody) = (house.owner(), house.nobody());
    let key = owner.key();
    for (header, value) in [
        ("x-api-key", key.to_owned()),
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("token {key}")),
        ("authorization", key.to_owned()),
    ] {
        nobody.with_header(header, &value).get("/v1/agents").await.ok();
    }
    let both = nobody.with_header("authorization", "Bearer wrong").with_header("x-api-key", key);
    both.get("/v1/agents").await.ok();
}

/// Case 2.
#[tokio::test]
async fn without_a_key_there_is_an_envelope_with_the_requests_id() {
    let house = TestHouse::new().start().await;
    for caller in [house.nobody(), house.nobody().with_header("x-api-key", "srt_wrong")] {
        let reply = caller.get("/v1/agents").await;
        let body = reply.expect(401);
        assert_eq!(body["type"], "error");
        assert_eq!(error_type(&reply), "authentication_error");
        assert_eq!(body["request_id"], reply.header("request-id").unwrap());
        assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
    }
}

/// Case 3.
#[tokio::test]
async fn beta_headers_are_ignored_and_a_workspace_must_be_the_keys_own() {
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    owner.with_header("anthropic-beta", "managed-agents-2026-04-01,what-ever").get("/v1/agents?beta=true").await.ok();

    let project = house.app().list_projects(&house.owner_ctx().await).await.unwrap()[0].id;
    let workspace = |id: &str| id.replace("proj_", "wrkspc_");
    let own = workspace(&project.to_string());
    owner.with_header("anthropic-workspace-id", &own).get("/v1/agents").await.ok();

    let other = house.other_org().await;
    for (caller, id) in [(&owner, "wrkspc_00000000000000000000000001"), (&owner, "junk"), (&other, own.as_str())] {
        let reply = caller.with_header("anthropic-workspace-id", id).get("/v1/agents").await;
        reply.expect(403);
        assert_eq!(error_type(&reply), "permission_error");
    }
}

/// Case 39.
#[tokio::test]
async fn a_key_that_may_read_may_not_write() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    let reader = house.key([Scope::AgentsRead, Scope::SessionsRead]).await;

    for path in readable(&agent, &session) {
        reader.get(&path).await.ok();
    }
    for (path, body) in writable(&agent, &session) {
        let reply = reader.post(&path, body).await;
        reply.expect(403);
        assert_eq!(error_type(&reply), "permission_error", "{path}");
    }
    reader.delete(&format!("/v1/sessions/{session}")).await.expect(403);
}

#[tokio::test]
async fn a_turn_needs_the_right_to_run_agents() {
    let house = TestHouse::new().start().await;
    let agent = house.owner().agent(json!({})).await;
    let writer = house.key([Scope::SessionsWrite]).await;
    let session = writer.session(&agent).await;
    let reply = writer.send_events(&session, json!([message("hi")])).await;
    assert!(reply.expect(403)["error"]["message"].as_str().unwrap().contains("agents:run"), "{reply}");
    writer.send_events(&session, json!([{ "type": "user.interrupt" }])).await.ok();
}

/// Case 39: a foreign id and one that never was get the same answer but for the request's id.
#[tokio::test]
async fn another_organization_sees_nothing() {
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    let other = house.other_org().await;
    let never = |path: &str| {
        let id = uuid::Uuid::from_u128(1).to_string();
        path.replace(&agent, &id).replace(&session, &id)
    };
    for path in readable(&agent, &session).into_iter().filter(|path| path.contains('_')) {
        same_404(&other.get(&path).await, &other.get(&never(&path)).await);
    }
    for (path, body) in writable(&agent, &session).into_iter().filter(|(path, _)| path.contains('_')) {
        same_404(&other.post(&path, body.clone()).await, &other.post(&never(&path), body).await);
    }
    let path = format!("/v1/sessions/{session}");
    same_404(&other.delete(&path).await, &other.delete(&never(&path)).await);
    let foreign = json!({ "agent": agent });
    other.post("/v1/sessions", foreign).await.expect(404);
    assert_eq!(list_len(&other, "/v1/agents").await, 0);
    assert_eq!(list_len(&other, "/v1/sessions").await, 0);
}

fn same_404(one: &Reply, another: &Reply) {
    let without_id = |reply: &Reply| {
        let mut body = reply.expect(404);
        body["request_id"] = Value::Null;
        body
    };
    assert_eq!(without_id(one), without_id(another));
}

async fn list_len(caller: &Caller, path: &str) -> usize {
    caller.get(path).await.ok()["data"].as_array().unwrap().len()
}

fn readable(agent: &str, session: &str) -> Vec<String> {
    vec![
        "/v1/agents".to_owned(),
        format!("/v1/agents/{agent}"),
        format!("/v1/agents/{agent}?version=1"),
        format!("/v1/agents/{agent}/versions"),
        "/v1/sessions".to_owned(),
        format!("/v1/sessions/{session}"),
        format!("/v1/sessions/{session}/events"),
        format!("/v1/sessions/{session}/runs"),
    ]
}

fn writable(agent: &str, session: &str) -> Vec<(String, Value)> {
    vec![
        ("/v1/agents".to_owned(), json!({ "name": "b", "model": "scripted/demo" })),
        (format!("/v1/agents/{agent}"), json!({ "name": "b" })),
        ("/v1/sessions".to_owned(), json!({ "agent": agent })),
        (format!("/v1/sessions/{session}/events"), json!({ "events": [message("hi")] })),
        (format!("/v1/sessions/{session}"), json!({ "title": "t" })),
        (format!("/v1/sessions/{session}/archive"), json!({})),
        (format!("/v1/agents/{agent}/archive"), json!({})),
    ]
}

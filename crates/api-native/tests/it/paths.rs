//! Paths and methods, known and unknown.

use std::sync::Arc;

use serde_json::json;
use test_kit::TestHouse;
use test_kit::sources::FailingIds;

/// Case 12.
#[tokio::test]
async fn updates_are_post_and_nothing_else() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let path = format!("/v1/agents/{}", owner.agent(json!({})).await);
    for reply in [owner.patch(&path, json!({})).await, owner.put(&path, json!({})).await, owner.delete(&path).await] {
        assert_eq!(reply.expect(405)["error"]["type"], "invalid_request_error");
    }
}

/// Cases 12 and 1.9.
#[tokio::test]
async fn a_final_slash_changes_nothing() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let id = owner.agent(json!({})).await;
    for path in ["/v1/agents/".to_owned(), format!("/v1/agents/{id}/"), format!("//v1//agents//{id}/versions/")] {
        owner.get(&path).await.ok();
    }
}

/// Case 12.
#[tokio::test]
async fn an_unknown_path_has_the_envelope_too() {
    let house = TestHouse::new().start().await;
    for path in ["/v1", "/v1/nothing", "/v1/agents/a/b/c", "/v1/sessions/x/nothing"] {
        let reply = house.nobody().get(path).await;
        assert_eq!(reply.expect(404)["error"]["type"], "not_found_error", "{path}");
        assert_eq!(reply.json()["request_id"], reply.header("request-id").unwrap());
    }
}

/// Case 40.
#[tokio::test]
async fn what_comes_later_says_so() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let replies = [
        owner.get("/v1/environments").await,
        owner.post("/v1/vaults/vlt_x/credentials", json!({})).await,
        owner.get("/v1/memory_stores").await,
        owner.get(&format!("/v1/sessions/{session}/resources")).await,
        owner.get(&format!("/v1/sessions/{session}/threads")).await,
    ];
    for reply in replies {
        assert_eq!(reply.expect(404)["error"]["message"], "Not available in this release");
    }
}

#[tokio::test]
async fn a_wrong_prefix_is_a_thing_that_is_not_there() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let digits = agent.strip_prefix("agent_").unwrap();
    for path in [
        format!("/v1/agents/sesn_{digits}"),
        "/v1/agents/junk".to_owned(),
        "/v1/agents/%ff".to_owned(),
        "/v1/tools/junk".to_owned(),
        "/v1/tools/%ff".to_owned(),
        "/v1/tools/99999999999999999999".to_owned(),
        format!("/v1/sessions/{agent}"),
    ] {
        assert_eq!(owner.get(&path).await.expect(404)["error"]["type"], "not_found_error", "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_by_name() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let send = async |content_type: &str, body: &'static str| {
        let request = axum::http::Request::post("/v1/agents").header("content-type", content_type);
        owner.send_raw(request.body(body.into()).unwrap()).await
    };
    for (content_type, body, part) in [
        ("application/json", "{", "not JSON"),
        ("application/json", "[]", "JSON object"),
        ("text/plain", "{}", "content-type"),
        ("application/json", "{\"name\": 7, \"model\": \"scripted/demo\"}", "name"),
        ("application/json", "{\"name\": \"a\", \"model\": null}", "model"),
    ] {
        let reply = send(content_type, body).await;
        let message = reply.expect(400)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{body}: {message}");
    }
}

/// A handler that panics is our fault, and is told in the envelope like every other.
#[tokio::test]
async fn a_panic_is_answered_in_the_envelope() {
    let ids = Arc::new(FailingIds::default());
    let house = TestHouse::new().ids(ids.clone()).start().await;
    let owner = house.owner();
    let new = json!({ "name": "Ada", "model": "scripted/demo" });
    ids.fail(true);
    let reply = owner.post("/v1/agents", new.clone()).await;
    ids.fail(false);
    let body = reply.expect(500);
    assert_eq!(
        (&body["type"], &body["error"]),
        (&json!("error"), &json!({ "type": "api_error", "message": "internal error" }))
    );
    assert_eq!(body["request_id"].as_str(), reply.header("request-id"));
    assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
    owner.post("/v1/agents", new).await.ok();
}

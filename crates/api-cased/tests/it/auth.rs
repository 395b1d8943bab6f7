//! Who is let in, by which header, how often, and to what.

use domain::key::Scope;
use http::{Method, Request};
use serde_json::json;
use test_kit::TestHouse;

use crate::two::{Two, deploy, refused};

/// Case 2.
#[tokio::test]
async fn a_key_is_read_in_every_spelling() {
    let two = Two::new().await;
    let key = two.one.key();
    let nobody = two.house.nobody();
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("Token {key}")),
        ("authorization", format!("TOKEN {key}")),
        ("authorization", key.to_owned()),
        ("x-api-key", key.to_owned()),
        ("X-CASED-API-KEY", key.to_owned()),
    ] {
        let caller = nobody.with_header(name, &value).with_header("X-CASED-ORG-ID", "whatever");
        deploy(&caller, json!({})).await.expect(201);
    }
    // The first that is there decides.
    let both = nobody.with_header("x-cased-api-key", key).with_header("authorization", "Bearer wrong");
    refused(&deploy(&both, json!({})).await, 401);
}

/// Case 3.
#[tokio::test]
async fn slashes_do_not_matter_and_nothing_is_redirected() {
    let two = Two::new().await;
    let body = || json!({ "deployment_request": "d" });
    for path in ["/api/v1/deployments/", "/api/v1/deployments", "//api/v1//deployments/", "/api//v1/deployments//"] {
        two.one.post(path, body()).await.expect(201);
    }
}

/// Case 4, and 40 for what no operation answers.
#[tokio::test]
async fn every_refusal_has_detail_and_error() {
    let two = Two::new().await;
    let reply = deploy(&two.house.nobody(), json!({})).await;
    refused(&reply, 401);
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    assert!(reply.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{:?}", reply.headers);
    refused(&two.one.get("/api/v1/nothing/here/").await, 404);
    refused(&two.one.get("/api/v1").await, 404);
    refused(&two.one.get("/api/v1/telemetry/query/slow/").await, 404);
    let reply = two.one.put("/api/v1/deployments/", json!({})).await;
    refused(&reply, 405);
    let allowed = reply.header("allow").unwrap_or_default().to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

/// Case 15.
#[tokio::test]
async fn a_body_must_be_an_object_of_a_bearable_size() {
    let two = Two::new().await;
    let send = async |body: String| {
        let request = Request::builder().method(Method::POST).uri("/api/v1/deployments/").body(body.into()).unwrap();
        two.one.send_raw(request).await
    };
    for body in ["[]", "null", "", "{\"deployment_request\": \"d\"", "7", "{} x"] {
        refused(&send(body.to_owned()).await, 400);
    }
    // Whatever the headers call it.
    send(json!({ "deployment_request": "d" }).to_string()).await.expect(201);
    let large = json!({ "deployment_request": "d", "commit_message": "m".repeat(2 << 20) });
    refused(&send(large.to_string()).await, 413);
    for metadata in [json!({ "a": "m".repeat(65 << 10) }), json!("m".repeat(65 << 10))] {
        refused(&send(json!({ "deployment_request": "d", "event_metadata": metadata }).to_string()).await, 413);
    }
}

/// Case 39.
#[tokio::test]
async fn the_121st_request_in_a_minute_waits() {
    let two = Two::new().await;
    for _ in 0..120 {
        two.one.get("/api/v1/deployments/").await.ok();
    }
    let reply = two.one.get("/api/v1/deployments/").await;
    refused(&reply, 429);
    assert_eq!(reply.header("retry-after"), Some("60"));
    let other = two.house.key([Scope::RolloutsRead]).await;
    other.get("/api/v1/deployments/").await.ok();
    two.clock.advance(std::time::Duration::from_secs(60));
    two.one.get("/api/v1/deployments/").await.ok();
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say() {
    let house = TestHouse::new().start().await;
    let session = json!({ "prompt": "Why?" });
    let document = json!({ "title": "t", "content": "c" });
    let all =
        [Scope::RolloutsWrite, Scope::RolloutsRead, Scope::SessionsWrite, Scope::SessionsRead, Scope::KnowledgeWrite];
    for held in all {
        let key = house.key([held]).await;
        for (scope, reply) in [
            (Scope::RolloutsWrite, deploy(&key, json!({})).await),
            (Scope::RolloutsRead, key.get("/api/v1/deployments").await),
            (Scope::SessionsWrite, key.post("/api/v1/agent-sessions", session.clone()).await),
            (Scope::SessionsRead, key.get("/api/v1/agent/sessions").await),
            (Scope::KnowledgeWrite, key.post("/api/v1/docs", document.clone()).await),
        ] {
            if scope == held {
                assert!(reply.status.is_success(), "{scope}: {reply}");
            } else {
                refused(&reply, 403);
            }
        }
    }
}

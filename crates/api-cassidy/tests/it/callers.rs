//! Who may call, on which path, in which order it is checked.

use std::sync::Arc;
use std::time::Duration;

use app::MemberPatch;
use axum::body::Body;
use domain::key::Scope;
use domain::org::Role;
use http::{Method, Request};
use serde_json::json;
use test_kit::TestHouse;
use test_kit::sources::StoppedClock;

use crate::house::{CREATE, Cast, GET, LIST, SEND, echo, refused};

/// Cases 2 to 5.
#[tokio::test]
async fn a_key_is_read_in_every_spelling_and_the_plain_header_wins() {
    let cast = Cast::echoing().await;
    let (nobody, key) = (cast.house.nobody(), cast.p.key().to_owned());
    let create = || json!({ "assistant_id": cast.a1 });
    for (name, value) in [
        ("x-api-key", key.clone()),
        ("X-Api-Key", key.clone()),
        ("authorization", format!("Token {key}")),
        ("authorization", format!("bearer   {key}")),
        ("authorization", key.clone()),
    ] {
        nobody.with_header(name, &value).post(CREATE, create()).await.ok();
    }
    let both = nobody.with_header("x-api-key", &key).with_header("authorization", "Bearer nonsense");
    both.post(CREATE, create()).await.ok();
    let bad = nobody.with_header("x-api-key", "nonsense").with_header("authorization", &format!("Bearer {key}"));
    refused(&bad.post(CREATE, create()).await, 401, "UNAUTHORIZED");
    let body = refused(&nobody.post(CREATE, create()).await, 401, "UNAUTHORIZED");
    assert!(body.get("issues").is_none());
    refused(&nobody.get(&format!("{LIST}?api_key={key}&x-api-key={key}")).await, 401, "UNAUTHORIZED");
}

/// Cases 23 and 24, and rules 1.2 and 1.13.
#[tokio::test]
async fn paths_are_folded_and_a_wrong_method_is_no_path() {
    let cast = Cast::echoing().await;
    let create = json!({ "assistant_id": cast.a1 });
    for path in [format!("{CREATE}/"), CREATE.replace('/', "//")] {
        cast.p.post(&path, create.clone()).await.ok();
    }
    for caller in [&cast.p, &cast.house.nobody()] {
        for (method, path) in [
            (Method::GET, CREATE),
            (Method::DELETE, LIST),
            (Method::PUT, SEND),
            (Method::GET, "/api"),
            (Method::GET, "/api/assistants/none"),
            (Method::POST, "/api/none"),
        ] {
            refused(&caller.send(method, path, None).await, 404, "NOT_FOUND");
        }
    }
    cast.house.owner().get("/api/v2/users/me").await.ok();
    let elsewhere = cast.p.get("/api/v2/none").await;
    assert_eq!(elsewhere.json()["code"], "SC404", "another façade's paths are its own");
    for reply in [cast.p.get(LIST).await, cast.p.get("/api/none").await] {
        assert_eq!(reply.header("x-request-id"), reply.header("request-id"));
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
}

/// Cases 8 to 10, and the order of checks.
#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let cast = Cast::echoing().await;
    let good = json!({ "assistant_id": cast.a1 }).to_string();
    let send = async |kind: Option<&str>, body: String| {
        let mut request = Request::builder().method(Method::POST).uri(CREATE);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        cast.p.send_raw(request.body(Body::from(body)).unwrap()).await
    };
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        send(Some(kind), good.clone()).await.ok();
    }
    for kind in [Some("text/plain"), None] {
        refused(&send(kind, good.clone()).await, 415, "UNSUPPORTED_MEDIA_TYPE");
        refused(&send(kind, "x".repeat(2 << 20)).await, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let json = Some("application/json");
    refused(&send(json, format!("\"{}\"", "x".repeat(2 << 20))).await, 413, "PAYLOAD_TOO_LARGE");
    for cut in ["{\"assistant_id\":", "", "\u{0}", "{}x"] {
        let body = refused(&send(json, cut.to_owned()).await, 400, "BAD_REQUEST");
        assert_eq!((body["message"].as_str(), body.get("issues")), (Some("Invalid JSON"), None), "{cut:?}");
    }
    let body = refused(&send(json, "[1]".to_owned()).await, 400, "BAD_REQUEST");
    assert_eq!(body["issues"][0]["expected"], "object");
}

/// Case 29.
#[tokio::test]
async fn each_key_has_its_requests_in_a_minute() {
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().answering(echo).clock(Arc::clone(&clock) as Arc<dyn ports::Clock>);
    let cast = Cast::in_house(house.web(|web| web.cassidy_per_minute = 2)).await;
    for _ in 0..2 {
        cast.p.get(LIST).await.ok();
    }
    let limited = cast.p.get(LIST).await;
    refused(&limited, 429, "TOO_MANY_REQUESTS");
    let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    cast.q.get(LIST).await.ok();
    clock.advance(Duration::from_secs(wait));
    cast.p.get(LIST).await.ok();
}

/// Case 30, and rules 1.20, 1.22, 1.23 and 1.25.
#[tokio::test]
async fn a_key_is_worth_what_its_person_is_at_the_moment() {
    let cast = Cast::echoing().await;
    let (app, owner) = (cast.house.app(), cast.house.owner_ctx().await);
    let member = app.authenticate(cast.p.key()).await.unwrap().member.unwrap();
    let create = async || cast.p.post(CREATE, json!({ "assistant_id": cast.a1 })).await;
    create().await.ok();
    let role = |role| MemberPatch { role: Some(role), ..MemberPatch::default() };
    app.update_member(&owner, member, role(Role::Viewer)).await.unwrap();
    refused(&create().await, 403, "FORBIDDEN");
    cast.p.get(LIST).await.ok();
    app.update_member(&owner, member, role(Role::Member)).await.unwrap();
    create().await.ok();
    app.suspend_member(&owner, member).await.unwrap();
    refused(&create().await, 401, "UNAUTHORIZED");
    app.reinstate_member(&owner, member).await.unwrap();
    create().await.ok();
    let key = app.authenticate(cast.p.key()).await.unwrap().key.unwrap();
    app.revoke_key(&owner, key).await.unwrap();
    refused(&create().await, 401, "UNAUTHORIZED");

    let reader = cast.house.key([Scope::SessionsRead]).await;
    reader.get(LIST).await.ok();
    let body = refused(&reader.post(CREATE, json!({ "assistant_id": cast.a1 })).await, 403, "FORBIDDEN");
    assert_eq!(body["message"], "Insufficient access");
    let runner = cast.house.key([Scope::AgentsRun]).await;
    refused(&runner.get(&format!("{GET}?thread_id=x")).await, 403, "FORBIDDEN");
}

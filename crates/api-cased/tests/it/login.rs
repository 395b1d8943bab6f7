//! The command line's login.

use std::time::Duration;

use domain::key::Scope;
use serde_json::{Value, json};
use test_kit::Caller;

use crate::two::{Two, refused};

async fn initiate(two: &Two) -> (String, String) {
    let begun = two.house.nobody().post("/api/v1/cli/auth/initiate", json!({})).await.ok();
    assert_eq!((begun["expires_in"].as_u64(), begun["interval"].as_u64()), (Some(600), Some(2)));
    assert_eq!(begun["verification_uri"], "http://house.example/cli/verify");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(two: &Two, code: &str) -> test_kit::Reply {
    two.house.nobody().get(&format!("/api/v1/cli/auth/poll?device_code={code}")).await
}

async fn decide(caller: &Caller, code: &str, decision: &str) -> test_kit::Reply {
    caller.post("/api/v1/cli/auth/decide", json!({ "user_code": code, "decision": decision })).await
}

/// Cases 33 and 35.
#[tokio::test]
async fn a_login_that_is_allowed_gives_a_key_once() {
    let two = Two::new().await;
    let (device, user) = initiate(&two).await;
    assert_eq!(poll(&two, &device).await.ok(), json!({ "status": "pending" }));
    decide(&two.one, &user.to_lowercase().replace('-', " "), "allow").await.ok();
    let complete = poll(&two, &device).await.ok();
    assert_eq!(complete["status"], "complete");
    refused(&poll(&two, &device).await, 400);

    let token = complete["token"].as_str().unwrap();
    let program = two.house.nobody().with_header("authorization", &format!("Bearer {token}"));
    let listed = program.get("/api/v1/agent/sessions/?since=7d&limit=5&status=completed").await.ok();
    assert!(listed["count"].is_u64() && listed["results"].is_array());
    let owner = two.house.owner_ctx().await;
    let keys = two.house.app().list_keys(&owner).await.unwrap();
    assert_eq!(keys.last().unwrap().name, "CLI of otto@house.example");

    let validate =
        async |token: &str| two.house.nobody().post("/api/v1/cli/auth/validate", json!({ "token": token })).await.ok();
    let good = validate(token).await;
    assert_eq!((&good["valid"], &good["user"]["email"]), (&json!(true), &json!("otto@house.example")));
    assert_eq!(good["organization"]["name"], "Test House");
    assert_eq!(validate("junk").await, json!({ "valid": false }));
}

#[tokio::test]
async fn somebody_who_is_logged_in_lets_a_program_in_from_this_servers_page_alone() {
    let two = Two::new().await;
    let house = &two.house;
    let owner = house.owner_ctx().await.member.unwrap();
    let link = house.app().invite_member(&house.owner_ctx().await, owner).await.unwrap();
    let page = house.nobody().with_header("sec-fetch-site", "same-origin");
    let path = format!("/v1/links/{}", link.token.reveal());
    let came_in = page.post(&path, json!({ "password": "correct horse battery" })).await;
    came_in.ok();
    let cookie = came_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let browser = page.with_header("cookie", &cookie);
    let (device, user) = initiate(&two).await;
    refused(&decide(&browser.with_header("sec-fetch-site", "cross-site"), &user, "allow").await, 403);
    refused(&browser.get("/api/v1/deployments").await, 401);
    decide(&browser, &user, "allow").await.ok();
    let complete = poll(&two, &device).await.ok();
    let program = house.nobody().with_header("x-api-key", complete["token"].as_str().unwrap());
    program.get("/api/v1/deployments").await.ok();
}

/// Case 34.
#[tokio::test]
async fn a_login_that_is_refused_or_too_old_is_gone() {
    let two = Two::new().await;
    let (device, user) = initiate(&two).await;
    decide(&two.one, &user, "refuse").await.ok();
    refused(&poll(&two, &device).await, 400);
    let (device, _) = initiate(&two).await;
    for _ in 0..50 {
        poll(&two, &device).await.ok();
    }
    two.clock.advance(Duration::from_secs(601));
    refused(&poll(&two, &device).await, 400);
    refused(&poll(&two, "unknown").await, 400);
    refused(&two.house.nobody().get("/api/v1/cli/auth/poll").await, 400);
}

#[tokio::test]
async fn a_key_that_is_revoked_gives_no_other_key() {
    let two = Two::new().await;
    let owner = two.house.owner_ctx().await;
    let (device, user) = initiate(&two).await;
    decide(&two.house.key([Scope::Admin]).await, &user, "allow").await.ok();
    let keys = two.house.app().list_keys(&owner).await.unwrap();
    two.house.app().revoke_key(&owner, keys.last().unwrap().id).await.unwrap();
    for _ in 0..2 {
        refused(&poll(&two, &device).await, 400);
    }
    assert_eq!(two.house.app().list_keys(&owner).await.unwrap().len(), keys.len());
}

/// Large bodies have few places, and who shows no key gets none.
#[tokio::test]
async fn without_a_key_little_is_read() {
    let two = Two::new().await;
    let large = json!({ "token": "x".repeat(20_000) });
    refused(&two.house.nobody().post("/api/v1/cli/auth/validate", large).await, 413);
}

#[tokio::test]
async fn only_who_may_give_keys_logs_a_program_in() {
    let two = Two::new().await;
    let (device, user) = initiate(&two).await;
    refused(&decide(&two.house.nobody(), &user, "allow").await, 401);
    refused(&decide(&two.house.key([Scope::RolloutsRead]).await, &user, "allow").await, 403);
    refused(&decide(&two.one, &user, "perhaps").await, 400);
    assert_eq!(poll(&two, &device).await.ok()["status"], "pending");
    for _ in 0..10 {
        let wrong: Value = refused(&decide(&two.one, "AAAA-0000", "allow").await, 400);
        assert!(wrong["user_code"].is_array());
    }
    let locked = decide(&two.one, &user, "allow").await;
    refused(&locked, 429);
    assert_eq!(locked.header("retry-after"), Some("600"));
    decide(&two.two, &user, "allow").await.ok();
}

#[tokio::test]
async fn an_address_begins_only_so_many() {
    let two = Two::new().await;
    for _ in 0..20 {
        initiate(&two).await;
    }
    refused(&two.house.nobody().post("/api/v1/cli/auth/initiate", json!({})).await, 429);
}

//! People who log in with a browser.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use app::MemberPatch;
use axum::extract::ConnectInfo;
use domain::org::Role;
use http::Request;
use serde_json::{Value, json};
use test_kit::TestHouse;
use test_kit::conversation::id_of;
use test_kit::sources::{ShiftedClock, StoppedClock};

use crate::browser::{PASSWORD, comes_in, elsewhere, email, given, invite, log_in, message, page, shown};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn whoever_logs_in_works_with_their_whole_role() {
    let house = TestHouse::new().start().await;
    let (id, _) = comes_in(&house, "ada", Role::Member).await;
    let reply = page(&house).post("/v1/login", json!({ "email": "ADA@House.Example", "password": PASSWORD })).await;
    let view = reply.ok();
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let member = json!({ "id": id, "name": "ada", "email": email("ada"), "role": "member" });
    assert_eq!(view["member"], member);
    assert_eq!((&view["org"]["name"], &view["org"]["time_zone"]), (&json!("Test House"), &json!("Europe/Berlin")));
    assert_eq!(view["orgs"], json!([{ "id": view["org"]["id"], "name": "Test House", "role": "member" }]));
    let scopes: Vec<&str> = view["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(scopes.contains(&"agents:write") && !scopes.contains(&"admin"), "{scopes:?}");

    let ada = given(&house, &reply);
    assert_eq!(ada.get("/v1/login").await.ok(), view);
    let agent = ada.post("/v1/agents", json!({ "name": "hers", "model": "scripted/demo" })).await.ok();
    ada.get(&format!("/v1/agents/{}", id_of(&agent))).await.ok();
    ada.get("/v1/audit").await.expect(403);
    // A key says whose it is in the same words.
    let key = house.owner().get("/v1/login").await.ok();
    assert_eq!((&key["member"]["role"], &key["expires_at"]), (&json!("owner"), &Value::Null));
    assert_eq!(key["orgs"].as_array().unwrap().len(), 1);
    page(&house).get("/v1/login").await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_alike() {
    let house = TestHouse::new().start().await;
    comes_in(&house, "ada", Role::Owner).await;
    let wrong = log_in(&house, "ada", "another horse battery").await;
    let unknown = log_in(&house, "eva", PASSWORD).await;
    assert_eq!((wrong.status.as_u16(), message(&wrong)), (401, message(&unknown)));
    assert_eq!(message(&wrong), "the e-mail address or the password is wrong");
    assert!(wrong.header("set-cookie").is_none() && unknown.header("set-cookie").is_none());
    // The first owner has no password to be guessed.
    log_in(&house, "otto", "").await.expect(401);
    for body in [json!({}), json!({ "email": 1, "password": "a" }), json!({ "email": "a".repeat(1 << 20) })] {
        let reply = page(&house).post("/v1/login", body).await;
        assert!([400, 413].contains(&reply.status.as_u16()), "{reply}");
    }
}

#[tokio::test]
async fn a_login_is_for_this_servers_pages_and_a_key_wins_over_it() {
    let house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let new = || json!({ "name": "n", "model": "scripted/demo" });
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("sec-fetch-site", "none")]
    {
        let elsewhere = ada.with_header(name, value);
        let reply = elsewhere.post("/v1/agents", new()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["type"]), (403, &json!("permission_error")));
        elsewhere.get("/v1/agents").await.ok();
        elsewhere.post("/v1/logout", json!({})).await.expect(403);
        elsewhere.post("/v1/login/password", json!({ "old": PASSWORD, "new": PASSWORD })).await.expect(403);
        let foreign = house.nobody().with_header(name, value);
        foreign.post("/v1/login", json!({ "email": email("ada"), "password": PASSWORD })).await.expect(403);
        // What shows a key shows it on purpose.
        elsewhere.with_header("x-api-key", house.owner().key()).post("/v1/agents", new()).await.ok();
    }
    let silent = ada.without_header("sec-fetch-site");
    silent.post("/v1/agents", new()).await.expect(403);
    silent.with_header("origin", "http://evil.example").post("/v1/agents", new()).await.expect(403);
    silent.with_header("origin", "http://house.example").post("/v1/agents", new()).await.ok();

    let view = ada.with_header("x-api-key", house.owner().key()).get("/v1/login").await.ok();
    assert_eq!(view["member"]["role"], "owner");
    ada.with_header("x-api-key", "wrong").get("/v1/login").await.expect(401);
    // Only the native API takes it.
    for path in ["/api/v2/users/me", "/api/assistants/threads/get", "/api/v1/deployments"] {
        ada.get(path).await.expect(401);
    }
}

#[tokio::test]
async fn where_connections_are_encrypted_the_cookie_is_too() {
    let house = TestHouse::new().web(|web| web.public_url = "https://house.example".into()).start().await;
    let owner = house.owner();
    let member = id_of(&owner.get("/v1/login").await.ok()["member"]);
    let link = owner.post(&format!("/v1/members/{member}/invitation"), json!({})).await.ok();
    let token = link["url"].as_str().unwrap().strip_prefix("https://house.example/invite/").unwrap().to_owned();
    let reply = page(&house).post(&format!("/v1/links/{token}"), json!({ "password": PASSWORD })).await;
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-sortie_login=") && cookie.ends_with("; Secure"), "{cookie}");
    given(&house, &reply).get("/v1/agents").await.ok();
    let plain = shown(&reply).replace("__Host-", "");
    page(&house).with_header("cookie", &plain).get("/v1/agents").await.expect(401);
}

#[tokio::test]
async fn who_logs_out_is_out_and_so_is_what_they_had_open() {
    let house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let elsewhere = given(&house, &log_in(&house, "ada", PASSWORD).await);
    let (_, eva) = comes_in(&house, "eva", Role::Member).await;
    let mut stream = ada.stream("/v1/stream").await;
    assert_eq!(stream.status, 200);

    let reply = ada.post("/v1/logout", json!({})).await;
    reply.expect(204);
    assert!(reply.header("set-cookie").unwrap().starts_with("sortie_login=; Path=/; Max-Age=0;"));
    let last = stream.until_named("error").await.pop().unwrap();
    assert_eq!(last.json()["error"]["type"], "authentication_error");
    let after = ada.get("/v1/login").await;
    assert_eq!((after.status.as_u16(), message(&after).as_str()), (401, "you are logged out: log in again"));
    ada.post("/v1/logout", json!({})).await.expect(204);
    page(&house).send(http::Method::POST, "/v1/logout", None).await.expect(204);

    // Another browser's is its own, until everywhere is said.
    let mut stream = elsewhere.stream("/v1/stream").await;
    let third = given(&house, &log_in(&house, "ada", PASSWORD).await);
    third.post("/v1/logout", json!({ "everywhere": true })).await.expect(204);
    stream.until_named("error").await;
    elsewhere.get("/v1/login").await.expect(401);
    third.get("/v1/login").await.expect(401);
    eva.get("/v1/login").await.ok();
}

#[tokio::test]
async fn logging_in_again_ends_the_login_before() {
    let house = TestHouse::new().start().await;
    let (_, first) = comes_in(&house, "ada", Role::Member).await;
    let again = json!({ "email": email("ada"), "password": PASSWORD });
    let second = given(&house, &first.post("/v1/login", again).await);
    first.get("/v1/login").await.expect(401);
    second.get("/v1/login").await.ok();
    // Whoever takes the browser over takes the place of whoever had it.
    let (eva, _) = comes_in(&house, "eva", Role::Member).await;
    let third = second.post("/v1/login", json!({ "email": email("eva"), "password": PASSWORD })).await;
    assert_eq!(third.ok()["member"]["id"], json!(eva));
    second.get("/v1/login").await.expect(401);
}

#[tokio::test]
async fn another_password_ends_every_login_but_the_new_one() {
    let house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let other = given(&house, &log_in(&house, "ada", PASSWORD).await);
    let mut stream = other.stream("/v1/stream").await;
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let wrong = ada.post("/v1/login/password", change("wrong horse", "a new battery")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["details"]["param"]), (400, &json!("old")));
    let short = ada.post("/v1/login/password", change(PASSWORD, "123456789")).await;
    assert_eq!((short.status.as_u16(), message(&short).as_str()), (400, "new: must have 10 to 256 characters"));
    house.owner().post("/v1/login/password", change(PASSWORD, "a new battery")).await.expect(403);

    let now = given(&house, &ada.post("/v1/login/password", change(PASSWORD, "a new battery")).await);
    now.get("/v1/login").await.ok();
    stream.until_named("error").await;
    ada.get("/v1/login").await.expect(401);
    other.get("/v1/login").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.expect(401);
    log_in(&house, "ada", "a new battery").await.ok();
}

#[tokio::test]
async fn a_person_goes_from_one_organization_to_another() {
    let mut house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let (other, member) = elsewhere(&mut house, "ada", Role::Admin).await;
    let strange = house.other_org().await.get("/v1/login").await.ok()["org"]["id"].clone();
    let link = invite(&other, member).await;
    page(&house).post(&link, json!({ "password": PASSWORD })).await.ok();

    let view = ada.get("/v1/login").await.ok();
    let orgs: Vec<_> = view["orgs"].as_array().unwrap().iter().map(|org| (&org["name"], &org["role"])).collect();
    assert_eq!(orgs, [(&json!("Test House"), &json!("member")), (&json!("Other 2"), &json!("admin"))]);
    let (home, there) = (view["org"]["id"].clone(), view["orgs"][1]["id"].clone());
    let agent = id_of(&ada.post("/v1/agents", json!({ "name": "n", "model": "scripted/demo" })).await.ok());

    let never = "org_00000000000000000000000001";
    let foreign = ada.post("/v1/login/switch", json!({ "org": strange })).await;
    let unknown = ada.post("/v1/login/switch", json!({ "org": never })).await;
    assert_eq!((foreign.status.as_u16(), message(&foreign)), (404, message(&unknown)));
    house.owner().post("/v1/login/switch", json!({ "org": there })).await.expect(403);

    let moved = given(&house, &ada.post("/v1/login/switch", json!({ "org": there })).await);
    ada.get("/v1/login").await.expect(401);
    let view = moved.get("/v1/login").await.ok();
    assert_eq!((&view["org"]["id"], &view["member"]["role"]), (&there, &json!("admin")));
    moved.get(&format!("/v1/agents/{agent}")).await.expect(404);
    let back = given(&house, &moved.post("/v1/login/switch", json!({ "org": home })).await);
    back.get(&format!("/v1/agents/{agent}")).await.ok();

    let credentials = |org: &Value| json!({ "email": email("ada"), "password": PASSWORD, "org": org });
    let direct = page(&house).post("/v1/login", credentials(&there)).await.ok();
    assert_eq!(direct["org"]["id"], there);
    page(&house).post("/v1/login", credentials(&strange)).await.expect(404);
    // Out of everything at once, wherever it was logged in to.
    back.post("/v1/logout", json!({ "everywhere": true })).await.expect(204);
    moved.get("/v1/login").await.expect(401);
}

#[tokio::test]
async fn what_changes_of_a_member_changes_for_their_login_at_once() {
    let house = TestHouse::new().start().await;
    let owner = house.owner_ctx().await;
    let (id, ada) = comes_in(&house, "ada", Role::Viewer).await;
    let agent = || json!({ "name": "n", "model": "scripted/demo" });
    ada.post("/v1/agents", agent()).await.expect(403);
    let mut stream = ada.stream("/v1/stream").await;
    let role = |role| MemberPatch { role: Some(role), ..MemberPatch::default() };
    house.app().update_member(&owner, id, role(Role::Member)).await.unwrap();
    ada.post("/v1/agents", agent()).await.ok();
    stream.until_named("error").await;

    let mut stream = ada.stream("/v1/stream").await;
    house.app().suspend_member(&owner, id).await.unwrap();
    stream.until_named("error").await;
    ada.get("/v1/agents").await.expect(401);
    let kept_out = log_in(&house, "ada", PASSWORD).await;
    assert_eq!(kept_out.status, 401);
    assert!(message(&kept_out).contains("suspended"), "{kept_out}");
    house.app().reinstate_member(&owner, id).await.unwrap();
    ada.get("/v1/agents").await.ok();
    house.app().remove_member(&owner, id).await.unwrap();
    ada.get("/v1/agents").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.expect(401);
}

#[tokio::test]
async fn a_login_is_over_after_a_week_unused_and_after_a_month_used() {
    let clock = Arc::new(ShiftedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let (_, used) = comes_in(&house, "ada", Role::Member).await;
    let unused = given(&house, &log_in(&house, "ada", PASSWORD).await);
    for day in [6, 12, 18, 24, 29] {
        clock.shift(DAY * day);
        used.get("/v1/login").await.ok();
    }
    unused.get("/v1/login").await.expect(401);
    clock.shift(DAY * 30);
    used.get("/v1/login").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_login_and_a_link_survive_a_restart() {
    let mut house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let eva = crate::browser::member(&house, "eva", Role::Member).await;
    let link = invite(&house.owner(), eva).await;
    let cookie = shown(&log_in(&house, "ada", PASSWORD).await);
    ada.post("/v1/logout", json!({})).await.expect(204);
    house.restart().await;
    page(&house).with_header("cookie", &cookie).get("/v1/login").await.ok();
    page(&house).post(&link, json!({ "password": PASSWORD })).await.ok();
    // What a copy of the data shows opens nothing: neither stands there.
    let token = cookie.strip_prefix("sortie_login=").unwrap();
    for secret in [token, link.strip_prefix("/v1/links/").unwrap(), PASSWORD] {
        assert_eq!(house.file_with(secret), None);
    }
}

#[tokio::test]
async fn a_guesser_has_to_wait_longer_each_time() {
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            log_in(&house, name, "a wrong password").await.expect(401);
        }
        for seconds in ["1", "2", "4"] {
            let early = log_in(&house, name, PASSWORD).await;
            assert_eq!((early.status.as_u16(), early.header("retry-after")), (429, Some(seconds)), "{name}");
            clock.advance(Duration::from_secs(seconds.parse().unwrap()));
            log_in(&house, name, "a wrong password").await.expect(401);
        }
    }
    ada.get("/v1/login").await.ok();
    clock.advance(Duration::from_secs(8));
    log_in(&house, "ada", PASSWORD).await.ok();
    log_in(&house, "ada", "a wrong password").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_network_that_guesses_has_to_wait_whomever_it_tries() {
    let house = TestHouse::new().clock(Arc::new(StoppedClock::default())).start().await;
    let from = async |address: &str, name: &str| {
        let body = json!({ "email": email(name), "password": "a wrong password" }).to_string();
        let request = Request::post("/v1/login").header("content-type", "application/json");
        let peer: IpAddr = address.parse().unwrap();
        let request = request.extension(ConnectInfo(SocketAddr::new(peer, 1)));
        house.nobody().send_raw(request.body(body.into()).unwrap()).await.status.as_u16()
    };
    for n in 0..5 {
        assert_eq!(from("198.51.100.7", &format!("n{n}")).await, 401);
    }
    assert_eq!(from("198.51.100.7", "n9").await, 429);
    assert_eq!(from("198.51.100.8", "n9").await, 401);
}

#[tokio::test]
async fn who_logs_in_and_who_fails_to_is_written_down() {
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let (id, ada) = comes_in(&house, "ada", Role::Member).await;
    for _ in 0..3 {
        log_in(&house, "ada", "a wrong password").await.expect(401);
    }
    clock.advance(Duration::from_secs(60));
    log_in(&house, "ada", "a wrong password").await.expect(401);
    house.app().settle().await;
    let again = given(&house, &log_in(&house, "ada", PASSWORD).await);
    let change = json!({ "old": PASSWORD, "new": "a new battery" });
    let now = given(&house, &again.post("/v1/login/password", change).await);
    now.post("/v1/logout", json!({})).await.expect(204);
    ada.get("/v1/login").await.expect(401);

    let reply = house.owner().get("/v1/audit").await;
    let page = reply.ok();
    let entries: Vec<_> =
        page["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let newest = ["login.ended", "password.changed", "login.created", "login.failed", "login.failed", "member.joined"];
    assert_eq!(entries[..newest.len()], newest);
    assert_eq!(entries[newest.len()], "member.invited");
    let by = &page["data"][0]["actor"];
    assert_eq!(by, &json!({ "type": "member", "member_id": id, "key_id": null }));
    assert_eq!(page["data"][3]["actor"], json!({ "type": "system" }));
    assert_eq!(page["data"][3]["subject"], json!(id));
    assert!(!reply.text.contains("battery"), "{reply}");
}

#[tokio::test]
async fn a_request_of_a_browser_that_is_sent_again_is_done_once() {
    let house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let new = || json!({ "name": "once", "model": "scripted/demo" });
    let first = ada.with_header("idempotency-key", "a").post("/v1/agents", new()).await.ok();
    let second = given(&house, &log_in(&house, "ada", PASSWORD).await);
    let again = second.with_header("idempotency-key", "a").post("/v1/agents", new()).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), first);
}

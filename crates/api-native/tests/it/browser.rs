//! Somebody with a browser: what it shows, and how they come to have a login.

use app::AddMember;
use domain::MemberId;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::{Caller, Reply, TestHouse};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A page of the house's own, in a browser that shows no login.
pub(crate) fn page(house: &TestHouse) -> Caller {
    house.nobody().with_header("sec-fetch-site", "same-origin")
}

/// The browser behind this answer: it shows the login that it was given.
pub(crate) fn given(house: &TestHouse, reply: &Reply) -> Caller {
    page(house).with_header("cookie", &shown(reply))
}

/// What a browser shows after this answer: `sortie_login=…`.
#[track_caller]
pub(crate) fn shown(reply: &Reply) -> String {
    reply.ok();
    let cookie = reply.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {reply}"));
    cookie.split(';').next().unwrap().to_owned()
}

/// A member of the first organization, who cannot log in yet.
pub(crate) async fn member(house: &TestHouse, name: &str, role: Role) -> MemberId {
    let add = AddMember { name: name.into(), email: email(name), role };
    house.app().add_member(&house.owner_ctx().await, add).await.unwrap().id
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@house.example")
}

/// The path that a link's page asks: `/v1/links/…`.
pub(crate) fn path_of(link: &Value) -> String {
    let url = link["url"].as_str().unwrap_or_else(|| panic!("no link: {link}"));
    let token = url.strip_prefix("http://house.example/invite/").unwrap_or_else(|| panic!("{url}"));
    assert_eq!(token.len(), 52, "256 bits");
    format!("/v1/links/{token}")
}

pub(crate) async fn invite(by: &Caller, member: MemberId) -> String {
    path_of(&by.post(&format!("/v1/members/{member}/invitation"), json!({})).await.ok())
}

pub(crate) async fn offer_reset(by: &Caller, member: MemberId) -> Reply {
    by.post(&format!("/v1/members/{member}/reset"), json!({})).await
}

/// Somebody of the first organization who has logged in.
pub(crate) async fn comes_in(house: &TestHouse, name: &str, role: Role) -> (MemberId, Caller) {
    let id = member(house, name, role).await;
    let link = invite(&house.owner(), id).await;
    let reply = page(house).post(&link, json!({ "password": PASSWORD })).await;
    (id, given(house, &reply))
}

pub(crate) async fn log_in(house: &TestHouse, name: &str, password: &str) -> Reply {
    page(house).post("/v1/login", json!({ "email": email(name), "password": password })).await
}

/// The owner of another organization, and a member of it whose address is somebody's already.
pub(crate) async fn elsewhere(house: &mut TestHouse, name: &str, role: Role) -> (Caller, MemberId) {
    let owner = house.other_org().await;
    let ctx = house.app().authenticate(owner.key()).await.unwrap();
    let add = AddMember { name: format!("{name} elsewhere"), email: email(name), role };
    (owner, house.app().add_member(&ctx, add).await.unwrap().id)
}

/// The message of a refusal.
pub(crate) fn message(reply: &Reply) -> String {
    reply.json()["error"]["message"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

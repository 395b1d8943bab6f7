//! Links by which people come in, and whom they let in as whom.

use std::sync::Arc;
use std::time::Duration;

use app::{MemberPatch, Operator};
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::sources::ShiftedClock;
use test_kit::{Caller, Reply, TestHouse};

use crate::browser::{
    PASSWORD, comes_in, elsewhere, email, given, invite, log_in, member, message, offer_reset, page, path_of,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a link that is not good is answered with, but for the request's id.
async fn refused(caller: &Caller, path: &str) -> [(u16, Value); 2] {
    let body = json!({ "password": "yet another battery" });
    [caller.get(path).await, caller.post(path, body).await]
        .map(|reply: Reply| (reply.status.as_u16(), reply.json()["error"].clone()))
}

#[tokio::test]
async fn an_invitation_lets_a_member_in_once() {
    let house = TestHouse::new().start().await;
    let ada = member(&house, "ada", Role::Member).await;
    let link = invite(&house.owner(), ada).await;
    let expected = json!({
        "kind": "invitation", "org": { "name": "Test House" }, "email": email("ada"), "name": "ada", "has_account": false
    });
    for _ in 0..2 {
        let shown = page(&house).get(&link).await;
        assert_eq!((shown.ok(), shown.header("cache-control")), (expected.clone(), Some("no-store")));
    }
    for (body, param) in [
        (json!({}), "password"),
        (json!({ "password": "123456789" }), "password"),
        (json!({ "password": PASSWORD, "name": " " }), "name"),
    ] {
        let reply = page(&house).post(&link, body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["details"]["param"]), (400, &json!(param)));
    }
    let body = json!({ "name": "Ada L.", "email": "other@house.example", "password": PASSWORD });
    let reply = page(&house).post(&link, body).await;
    let view = reply.ok();
    assert_eq!((&view["member"]["name"], &view["member"]["email"]), (&json!("Ada L."), &json!(email("ada"))));
    given(&house, &reply).get("/v1/agents").await.ok();
    log_in(&house, "ada", PASSWORD).await.ok();

    let used = refused(&page(&house), &link).await;
    let never = refused(&page(&house), &format!("/v1/links/{}", "0".repeat(52))).await;
    assert_eq!(used, never);
    assert!(used.iter().all(|(status, _)| *status == 404), "{used:?}");
    for junk in ["a", "%00", "%ff", "..%2f..", &"z".repeat(5_000)] {
        assert_eq!(refused(&page(&house), &format!("/v1/links/{junk}")).await, never, "{junk}");
    }
    let again = house.owner().post(&format!("/v1/members/{ada}/invitation"), json!({})).await;
    assert_eq!(again.status, 409, "{again}");
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_comes_in() {
    let house = TestHouse::new().start().await;
    let ada = member(&house, "ada", Role::Member).await;
    let link = invite(&house.owner(), ada).await;
    let tries = (0..4).map(|n| {
        let (page, link) = (page(&house), link.clone());
        async move { page.post(&link, json!({ "password": format!("{PASSWORD} {n}") })).await.status.as_u16() }
    });
    let mut statuses = futures::future::join_all(tries).await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| [401, 404, 409].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_link_ends_by_its_time_and_by_the_next_one() {
    let clock = Arc::new(ShiftedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let (ada, _) = comes_in(&house, "ada", Role::Member).await;
    let eva = member(&house, "eva", Role::Member).await;
    let first = invite(&house.owner(), eva).await;
    let second = invite(&house.owner(), eva).await;
    page(&house).get(&first).await.expect(404);
    let reset = path_of(&offer_reset(&house.owner(), ada).await.ok());
    page(&house).get(&reset).await.ok();
    clock.shift(DAY);
    page(&house).get(&reset).await.expect(404);
    page(&house).get(&second).await.ok();
    clock.shift(DAY * 7);
    page(&house).get(&second).await.expect(404);
    page(&house).post(&second, json!({ "password": PASSWORD })).await.expect(404);
}

#[tokio::test]
async fn a_reset_sets_another_password_and_ends_every_login() {
    let house = TestHouse::new().start().await;
    let (ada, browser) = comes_in(&house, "ada", Role::Member).await;
    let mut stream = browser.stream("/v1/stream").await;
    let link = path_of(&offer_reset(&house.owner(), ada).await.ok());
    let shown = page(&house).get(&link).await.ok();
    assert_eq!((&shown["kind"], &shown["has_account"]), (&json!("reset"), &json!(true)));
    browser.get("/v1/login").await.ok();
    // Whoever guessed in between has not kept the person out.
    for _ in 0..6 {
        log_in(&house, "ada", "a wrong password").await;
    }
    let reply = page(&house).post(&link, json!({ "password": "a new battery" })).await;
    given(&house, &reply).get("/v1/login").await.ok();
    stream.until_named("error").await;
    browser.get("/v1/login").await.expect(401);
    log_in(&house, "ada", "a new battery").await.ok();
    log_in(&house, "ada", PASSWORD).await.expect(401);
    page(&house).get(&link).await.expect(404);
    // Another password makes a link that is under way useless.
    let link = path_of(&offer_reset(&house.owner(), ada).await.ok());
    let browser = given(&house, &log_in(&house, "ada", "a new battery").await);
    browser.post("/v1/login/password", json!({ "old": "a new battery", "new": PASSWORD })).await.ok();
    page(&house).get(&link).await.expect(404);
    let eva = member(&house, "eva", Role::Member).await;
    assert_eq!(offer_reset(&house.owner(), eva).await.status, 409);
}

#[tokio::test]
async fn an_address_that_is_somebodys_takes_their_password_or_their_login() {
    let mut house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let (other, member) = elsewhere(&mut house, "ada", Role::Owner).await;
    let link = invite(&other, member).await;
    let shown = page(&house).get(&link).await.ok();
    assert_eq!((&shown["name"], &shown["has_account"]), (&json!("ada elsewhere"), &json!(true)));
    page(&house).post(&link, json!({ "password": "what they would like" })).await.expect(401);
    page(&house).post(&link, json!({})).await.expect(400);
    ada.with_header("sec-fetch-site", "cross-site").post(&link, json!({})).await.expect(403);
    let view = ada.post(&link, json!({})).await.ok();
    assert_eq!(view["orgs"].as_array().unwrap().len(), 2);
    log_in(&house, "ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn whoever_is_logged_in_comes_in_as_who_they_are_whatever_was_written_down() {
    let mut house = TestHouse::new().start().await;
    let (_, ada) = comes_in(&house, "ada", Role::Member).await;
    let (other, member) = elsewhere(&mut house, "ada-at-work", Role::Member).await;
    let link = invite(&other, member).await;
    assert_eq!(ada.post(&link, json!({})).await.ok()["org"]["name"], "Other 2");
    log_in(&house, "ada-at-work", PASSWORD).await.expect(401);
    // Not twice into one organization.
    let second = crate::browser::member(&house, "ada2", Role::Member).await;
    let link = invite(&house.owner(), second).await;
    let ada = given(&house, &log_in(&house, "ada", PASSWORD).await);
    let reply = ada.post(&link, json!({})).await;
    assert_eq!(reply.status, 409, "{reply}");
}

#[tokio::test]
async fn no_administrator_comes_into_an_account_that_is_elsewhere_too() {
    let mut house = TestHouse::new().start().await;
    comes_in(&house, "ada", Role::Owner).await;
    let (evil, theirs) = elsewhere(&mut house, "ada", Role::Member).await;
    // A link to an address is no way to its account.
    let link = invite(&evil, theirs).await;
    page(&house).post(&link, json!({ "password": "chosen by evil" })).await.expect(401);
    offer_reset(&evil, theirs).await.expect(409);
    // Once they have come in, their password is not that organization's to set.
    page(&house).post(&link, json!({ "password": PASSWORD })).await.ok();
    let reply = offer_reset(&evil, theirs).await;
    assert_eq!(reply.status, 403);
    assert!(message(&reply).contains("sortie members reset"), "{reply}");
    // Nor by what is written down about a member.
    let ctx = house.app().authenticate(evil.key()).await.unwrap();
    let patch = MemberPatch { email: Some(email("mallory")), ..MemberPatch::default() };
    house.app().update_member(&ctx, theirs, patch).await.unwrap();
    log_in(&house, "mallory", PASSWORD).await.expect(401);
    log_in(&house, "ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_reset_link_ends_when_its_person_comes_into_another_organization() {
    let mut house = TestHouse::new().start().await;
    let (ada, _) = comes_in(&house, "ada", Role::Member).await;
    let reset = path_of(&offer_reset(&house.owner(), ada).await.ok());
    page(&house).get(&reset).await.ok();
    let (other, member) = elsewhere(&mut house, "ada", Role::Owner).await;
    let link = invite(&other, member).await;
    page(&house).post(&link, json!({ "password": PASSWORD })).await.ok();
    page(&house).get(&reset).await.expect(404);
    page(&house).post(&reset, json!({ "password": "chosen by others" })).await.expect(404);
    // The operator's are good.
    let ctx = Operator::of_this_installation().acting_for(house.owner_ctx().await.org, house.now());
    let made = house.app().offer_reset(&ctx, ada).await.unwrap();
    let reset = format!("/v1/links/{}", made.token.reveal());
    page(&house).post(&reset, json!({ "password": "a new battery" })).await.ok();
    assert_eq!(log_in(&house, "ada", "a new battery").await.ok()["orgs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn links_are_made_by_those_who_administer_for_those_who_are_no_more_than_they() {
    let house = TestHouse::new().start().await;
    let (boss, _) = comes_in(&house, "boss", Role::Owner).await;
    let (_, member_browser) = comes_in(&house, "mel", Role::Member).await;
    let (admin, browser) = comes_in(&house, "adi", Role::Admin).await;
    let new = member(&house, "new", Role::Member).await;
    let invitation = format!("/v1/members/{new}/invitation");
    member_browser.post(&invitation, json!({})).await.expect(403);
    offer_reset(&browser, boss).await.expect(403);
    let owner = house.owner_ctx().await;
    browser.post(&format!("/v1/members/{}/invitation", owner.member.unwrap()), json!({})).await.expect(403);
    let unknown = "/v1/members/user_00000000000000000000000001/reset";
    assert_eq!(browser.post(unknown, json!({})).await.status, 404);

    // What somebody may do no more, their links do no more.
    let role = |role| MemberPatch { role: Some(role), ..MemberPatch::default() };
    for undo in [Role::Admin, Role::Owner] {
        let link = invite(&browser, new).await;
        page(&house).get(&link).await.ok();
        match undo {
            Role::Owner => house.app().update_member(&owner, new, role(Role::Owner)).await.unwrap(),
            _ => house.app().update_member(&owner, admin, role(Role::Member)).await.unwrap(),
        };
        page(&house).get(&link).await.expect(404);
        house.app().update_member(&owner, admin, role(Role::Admin)).await.unwrap();
    }
    house.app().suspend_member(&owner, new).await.unwrap();
    house.owner().post(&invitation, json!({})).await.expect(409);
}

#[tokio::test]
async fn the_first_owner_comes_in_by_a_link_of_the_operators() {
    let house = TestHouse::new().start().await;
    let setup = async || page(&house).get("/v1/setup").await.ok()["owner_needed"].clone();
    assert_eq!(setup().await, true);
    comes_in(&house, "ada", Role::Member).await;
    assert_eq!(setup().await, true, "a member is none");
    let operator = Operator::of_this_installation();
    let org = house.app().list_orgs(&operator).await.unwrap().remove(0);
    let link = house.app().link_for_owner(&operator, &org).await.unwrap();
    let path = format!("/v1/links/{}", link.token.reveal());
    assert_eq!(page(&house).get(&path).await.ok()["kind"], "owner");
    let body = json!({ "name": "Olaf", "email": email("olaf"), "password": PASSWORD });
    let view = page(&house).post(&path, body).await.ok();
    assert_eq!((&view["member"]["name"], &view["member"]["email"]), (&json!("Olaf"), &json!(email("olaf"))));
    assert_eq!(setup().await, false);
    log_in(&house, "olaf", PASSWORD).await.ok();
    // From then on it is the way back in.
    let link = house.app().link_for_owner(&operator, &org).await.unwrap();
    let path = format!("/v1/links/{}", link.token.reveal());
    assert_eq!(page(&house).get(&path).await.ok()["kind"], "reset");
    page(&house).post(&path, json!({ "password": "a new battery" })).await.ok();
    log_in(&house, "olaf", "a new battery").await.ok();
}

//! People who log in elsewhere, and what an issuer and a browser may do wrong.

use std::sync::Arc;
use std::time::Duration;

use app::AddMember;
use domain::org::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use test_kit::issuer_stub::ada;
use test_kit::sources::ShiftedClock;
use test_kit::{Caller, HouseBuilder, IssuerStub, Lie, Reply, TestHouse};

use crate::browser::{
    PASSWORD, comes_in, elsewhere, email, given, invite, log_in, member, message, offer_reset, page, path_of,
};

/// What a browser says of pages of the house's own.
const OWN: &str = "same-origin";

/// A browser that was sent to an issuer: what it keeps, and where it comes back to.
struct Sent {
    cookie: String,
    back: String,
}

/// A house that trusts an issuer.
async fn trusting(change: impl FnOnce(HouseBuilder) -> HouseBuilder) -> (TestHouse, IssuerStub) {
    let issuer = IssuerStub::start().await;
    let house = change(TestHouse::new().trusting("corp", &issuer, |_| {})).start().await;
    (house, issuer)
}

/// Somebody who came by a link on a page elsewhere, as all do who come from an issuer.
fn from_elsewhere(house: &TestHouse, cookie: &str) -> Caller {
    house.nobody().with_header("sec-fetch-site", "cross-site").with_header("cookie", cookie)
}

/// Goes to an issuer, and logs in there.
async fn go(house: &TestHouse, issuer: &IssuerStub, path: &str) -> Sent {
    go_in(&page(house), issuer, path).await
}

async fn go_in(browser: &Caller, issuer: &IssuerStub, path: &str) -> Sent {
    let sent = browser.get(path).await;
    assert_eq!(sent.status, 303, "{sent}");
    let cookie = sent.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    Sent { cookie, back: issuer.logs_in(sent.header("location").unwrap()) }
}

async fn come_back(house: &TestHouse, sent: &Sent) -> Reply {
    from_elsewhere(house, &sent.cookie).get(&sent.back).await
}

async fn log_in_elsewhere(house: &TestHouse, issuer: &IssuerStub) -> Reply {
    log_in_at(house, "corp", issuer).await
}

async fn log_in_at(house: &TestHouse, name: &str, issuer: &IssuerStub) -> Reply {
    let sent = go(house, issuer, &format!("/login/oidc/{name}")).await;
    come_back(house, &sent).await
}

/// The same, in a browser that has logged in by the reply of before, sent there by a page of this
/// site.
async fn log_in_besides(house: &TestHouse, name: &str, issuer: &IssuerStub, before: &Reply, site: &str) -> Reply {
    let login = cookies(before)[0].split(';').next().unwrap().to_owned();
    let browser = house.nobody().with_header("sec-fetch-site", site).with_header("cookie", &login);
    let sent = go_in(&browser, issuer, &format!("/login/oidc/{name}")).await;
    come_back(house, &Sent { cookie: format!("{login}; {}", sent.cookie), back: sent.back }).await
}

/// Whom an issuer calls so, by an address that it has verified.
fn called(subject: &str, name: &str) -> Value {
    json!({ "sub": subject, "email": email(name), "email_verified": true })
}

fn cookies(reply: &Reply) -> Vec<String> {
    reply.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

/// The browser of somebody who was let in.
#[track_caller]
fn let_in(house: &TestHouse, reply: &Reply) -> Caller {
    assert_eq!(reply.status, 303, "{reply}");
    let cookies = cookies(reply);
    let login = cookies.iter().find_map(|cookie| cookie.strip_prefix("sortie_login="));
    let login = login.unwrap_or_else(|| panic!("not let in: {:?}", reply.header("location")));
    page(house).with_header("cookie", &format!("sortie_login={}", login.split(';').next().unwrap()))
}

/// What the login page is told of somebody who was not.
#[track_caller]
fn problem(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{reply}");
    assert!(cookies(reply).iter().all(|cookie| !cookie.starts_with("sortie_login")), "{:?}", cookies(reply));
    let page = reply.header("location").unwrap();
    let query = web_query(page.strip_prefix("/login?").unwrap_or_else(|| panic!("{page}")));
    assert_eq!(query[1], ("request".to_owned(), reply.header("request-id").unwrap().to_owned()));
    assert!(!page.contains("code") && !page.contains("state"), "{page}");
    query[0].1.clone()
}

fn web_query(query: &str) -> Vec<(String, String)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

async fn audited(house: &TestHouse, action: &str) -> Vec<Value> {
    let page = house.owner().get(&format!("/v1/audit?actions[]={action}")).await.ok();
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_member_comes_in_by_the_address_that_the_issuer_has_verified_and_stays_who_they_are() {
    let (house, issuer) = trusting(|house| house).await;
    let id = member(&house, "ada", Role::Member).await;
    let setup = house.nobody().get("/v1/setup").await.ok();
    assert_eq!((&setup["passwords"], &setup["issuers"]), (&json!(true), &json!([{ "name": "corp", "title": "corp" }])));

    let sent = page(&house).get("/login/oidc/corp?return_to=/agents%3Ftab%3Ddeploy").await;
    let cookie = sent.header("set-cookie").unwrap();
    assert!(cookie.starts_with("sortie_attempt=") && cookie.ends_with("; Max-Age=900; HttpOnly; SameSite=Lax"));
    let there = sent.header("location").unwrap();
    assert!(there.contains("redirect_uri=http%3A%2F%2Fhouse.example%2Flogin%2Foidc%2Fcorp%2Fcallback"), "{there}");
    let sent = Sent { cookie: cookie.split(';').next().unwrap().to_owned(), back: issuer.logs_in(there) };
    let reply = come_back(&house, &sent).await;
    assert_eq!(
        (reply.header("location"), reply.header("cache-control")),
        (Some("/agents?tab=deploy"), Some("no-store"))
    );
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    let [login, attempt] = &cookies(&reply)[..] else { panic!("{:?}", cookies(&reply)) };
    assert!(login.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{login}");
    assert!(attempt.starts_with("sortie_attempt=; Path=/; Max-Age=0;"), "{attempt}");
    let ada = let_in(&house, &reply);
    assert_eq!(ada.get("/v1/login").await.ok()["member"]["id"], json!(id));
    let created = audited(&house, "login.created").await;
    assert_eq!((created.len(), &created[0]["details"]["issuer"]), (1, &json!("corp")));
    assert_eq!(audited(&house, "member.joined").await[0]["details"]["issuer"], "corp");
    for secret in ["access-of-the-issuer", "code-of-the-issuer", "a secret of both"] {
        assert_eq!(house.file_with(secret), None, "{secret}");
    }

    // Whatever their address becomes, they are who they were; and an account of this kind has
    // no password to be guessed or changed.
    issuer.knows(json!({ "sub": "subject-of-ada", "email": "ada.king@elsewhere.example", "email_verified": false }));
    let again = let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    assert_eq!(again.get("/v1/login").await.ok()["member"]["id"], json!(id));
    log_in(&house, "ada", "").await.expect(401);
    let change = again.post("/v1/login/password", json!({ "old": "", "new": PASSWORD })).await;
    assert_eq!(change.status, 400, "{change}");
}

#[tokio::test]
async fn what_proves_nothing_lets_nobody_in() {
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Owner).await;
    member(&house, "karl", Role::Owner).await;
    for lie in [
        Lie::OtherNonce,
        Lie::OtherAudience,
        Lie::TwoAudiences,
        Lie::OtherParty,
        Lie::OtherIssuer,
        Lie::Expired,
        Lie::Unsigned,
        Lie::SignedWithTheSecret,
        Lie::SignedByNobody,
        Lie::Changed,
        Lie::OtherAccessToken,
        Lie::NoToken,
        Lie::NoJson,
    ] {
        issuer.lies(lie);
        assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "issuer_wrong", "{lie:?}");
    }
    issuer.lies(None);
    for (person, word) in [
        (json!({ "sub": "1", "email": email("ada"), "email_verified": false }), "email_not_verified"),
        (json!({ "sub": "1", "email": email("ada") }), "email_not_verified"),
        (json!({ "sub": "1", "email": "no address", "email_verified": true }), "no_email"),
        (json!({ "sub": "1", "name": "Ada" }), "no_email"),
        (json!({ "sub": "1", "email": "\u{212a}arl@house.example", "email_verified": true }), "no_email"),
        (json!({ "sub": "1", "email": email("eva"), "email_verified": true }), "nobody"),
        (json!({ "sub": "", "email": email("ada"), "email_verified": true }), "issuer_wrong"),
        (json!({ "sub": "1".repeat(256), "email": email("ada"), "email_verified": true }), "issuer_wrong"),
    ] {
        issuer.knows(person.clone());
        assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), word, "{person}");
    }
    assert_eq!(audited(&house, "login.created").await, [] as [Value; 0]);
    issuer.knows(ada());
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
}

#[tokio::test]
async fn an_answer_is_good_once_in_the_browser_that_asked_for_it() {
    let (clock, other) = (Arc::new(ShiftedClock::default()), IssuerStub::start().await);
    let change = |house: HouseBuilder| house.trusting("other", &other, |_| {}).clock(clock.clone());
    let (house, issuer) = trusting(change).await;
    member(&house, "ada", Role::Member).await;

    // Somebody else's answer in this browser, none at all, and one of another attempt.
    let theirs = go(&house, &issuer, "/login/oidc/corp").await;
    assert_eq!(problem(&page(&house).get(&theirs.back).await), "lost");
    let own = go(&house, &issuer, "/login/oidc/corp?return_to=/usage").await;
    let mixed = come_back(&house, &Sent { back: theirs.back.clone(), ..own }).await;
    assert_eq!(problem(&mixed), "lost");
    assert!(mixed.header("location").unwrap().ends_with("&next=%2Fusage"), "{:?}", mixed.header("location"));
    let forged = Sent { cookie: format!("{}0", theirs.cookie), back: theirs.back.clone() };
    assert_eq!(problem(&come_back(&house, &forged).await), "lost");
    assert_eq!(issuer.exchanges(), 0, "nothing of this is the issuer's to judge");

    // An answer of one issuer, brought to where the other's are taken.
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let mixed_up = Sent { back: sent.back.replace("/corp/", "/other/"), cookie: sent.cookie.clone() };
    assert_eq!(problem(&come_back(&house, &mixed_up).await), "lost");
    let mixed_up = Sent { back: format!("{}&iss={}", sent.back, other.url()), cookie: sent.cookie.clone() };
    assert_eq!(problem(&come_back(&house, &mixed_up).await), "issuer_wrong");
    assert_eq!((issuer.exchanges(), other.exchanges()), (0, 0));

    // Used, also by whoever has the cookie too.
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let_in(&house, &come_back(&house, &sent).await);
    assert_eq!(problem(&come_back(&house, &sent).await), "used");
    assert_eq!(issuer.exchanges(), 1);

    // Too late, and called off.
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let declined = go(&house, &issuer, "/login/oidc/corp").await;
    let state = declined.back.split_once("&state=").unwrap().1;
    for (error, word) in [("access_denied", "declined"), ("server_error", "issuer_wrong")] {
        let sent = go(&house, &issuer, "/login/oidc/corp").await;
        let own = sent.back.split_once("&state=").unwrap().1;
        assert_ne!(own, state);
        let back = format!("/login/oidc/corp/callback?error={error}&state={own}&error_description=%3Cscript%3E");
        assert_eq!(problem(&come_back(&house, &Sent { back, cookie: sent.cookie }).await), word);
    }
    clock.shift(Duration::from_secs(10 * 60));
    assert_eq!(problem(&come_back(&house, &sent).await), "expired");
}

#[tokio::test]
async fn nobody_is_sent_to_another_server() {
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    for place in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/%09/evil.example", "javascript:1", ""]
    {
        let sent = go(&house, &issuer, &format!("/login/oidc/corp?return_to={place}")).await;
        assert_eq!(come_back(&house, &sent).await.header("location"), Some("/"), "{place}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_gone_keeps_nobody_out_for_longer_than_it_is() {
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    issuer.is_down(true);
    assert_eq!(problem(&page(&house).get("/login/oidc/corp").await), "issuer_down");
    issuer.is_down(false);
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    issuer.is_down(true);
    assert_eq!(problem(&come_back(&house, &sent).await), "issuer_down");
    issuer.is_down(false);
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    assert_eq!(problem(&page(&house).get("/login/oidc/nowhere").await), "unknown_issuer");
    assert_eq!(problem(&page(&house).get("/login/oidc/%FF/callback").await), "unknown_issuer");
}

/// An issuer that is slow keeps so many waiting, and no more.
#[tokio::test]
async fn who_finds_too_many_waiting_for_an_issuer_comes_back_with_the_same_answer() {
    const PLACES: usize = 64;
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    let mut sent = Vec::new();
    for _ in 0..=PLACES + 1 {
        sent.push(go(&house, &issuer, "/login/oidc/corp").await);
    }
    let (one, mut other) = (sent.remove(0), sent.remove(0));
    issuer.holds(true);
    let meanwhile = async {
        while issuer.exchanges() < PLACES {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let turned_away = come_back(&house, &one).await;
        assert_eq!(problem(&turned_away), "busy");
        assert!(cookies(&turned_away).is_empty(), "it keeps what it came back with");
        // Who did not want to asks the issuer nothing.
        other.back = other.back.replace("code=", "error=access_denied&was=");
        assert_eq!(problem(&come_back(&house, &other).await), "declined");
        issuer.holds(false);
    };
    let (waited, ()) = tokio::join!(join_all(sent.iter().map(|sent| come_back(&house, sent))), meanwhile);
    waited.iter().for_each(|reply| drop(let_in(&house, reply)));
    let_in(&house, &come_back(&house, &one).await);
}

#[tokio::test]
async fn what_an_issuer_serves_is_remembered_and_asked_for_again_when_it_signs_with_another_key() {
    let clock = Arc::new(ShiftedClock::default());
    let (house, issuer) = trusting(|house| house.clock(clock.clone())).await;
    member(&house, "ada", Role::Member).await;
    for _ in 0..2 {
        let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    }
    assert_eq!(issuer.readings(), 1);
    issuer.changes_its_key();
    for _ in 0..2 {
        let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    }
    assert_eq!(issuer.readings(), 2);
    issuer.signs_with_rsa();
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    assert_eq!(issuer.readings(), 3);
    // A key that nobody serves is asked for once.
    issuer.lies(Lie::SignedByNobody);
    assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "issuer_wrong");
    assert_eq!(issuer.readings(), 4);
    clock.shift(Duration::from_secs(60 * 60));
    page(&house).get("/login/oidc/corp").await;
    assert_eq!(issuer.readings(), 5);
}

#[tokio::test]
async fn issuers_of_several_habits_are_understood() {
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    issuer.is_thin();
    issuer.takes_secret_in_body();
    issuer.says_whose_answer_it_is();
    // As some write it.
    issuer.knows(json!({ "sub": "1", "email": "ADA@House.Example", "email_verified": "true" }));
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let silent = Sent { back: sent.back.split("&iss=").next().unwrap().to_owned(), cookie: sent.cookie };
    assert_eq!(problem(&come_back(&house, &silent).await), "issuer_wrong", "all of its answers say whose they are");
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);

    // One that does not say whether addresses are verified, and an operator who knows.
    let issuer = IssuerStub::start().await;
    let house = TestHouse::new().trusting("corp", &issuer, |options| options.trust_email = true).start().await;
    member(&house, "ada", Role::Member).await;
    issuer.knows(json!({ "sub": "1", "email": email("ada"), "email_verified": false }));
    assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "email_not_verified");
    issuer.knows(json!({ "sub": "1", "email": email("ada") }));
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
}

#[tokio::test]
async fn whoever_proves_that_an_address_is_theirs_has_its_account_and_nobody_else_keeps_it() {
    let (house, issuer) = trusting(|house| house).await;
    // Somebody was quicker, with a password of their own.
    let (id, quicker) = comes_in(&house, "ada", Role::Member).await;
    let ada = let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    assert_eq!(ada.get("/v1/login").await.ok()["member"]["id"], json!(id));
    quicker.get("/v1/login").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.expect(401);
    assert_eq!(audited(&house, "login.linked").await.len(), 1);

    // The issuer gives the address to somebody else: it is still the first one's here.
    issuer.knows(json!({ "sub": "subject-of-another", "email": email("ada"), "email_verified": true }));
    assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "address_taken");

    // A reset ends what the issuer says too, until the address is proved anew.
    let link = path_of(&offer_reset(&house.owner(), id).await.ok());
    page(&house).post(&link, json!({ "password": PASSWORD })).await.ok();
    ada.get("/v1/login").await.expect(401);
    log_in(&house, "ada", PASSWORD).await.ok();
    let another = let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    assert_eq!(another.get("/v1/login").await.ok()["member"]["id"], json!(id));
}

#[tokio::test]
async fn an_address_by_which_a_person_is_known_lets_nobody_else_in_at_any_issuer() {
    let other = IssuerStub::start().await;
    let (mut house, issuer) = trusting(|house| house.trusting("other", &other, |_| {})).await;
    let id = member(&house, "ada", Role::Admin).await;
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);

    // The address is another's now, whichever issuer says so first.
    for (name, says) in [("other", &other), ("corp", &issuer), ("other", &other)] {
        says.knows(called("subject-of-another", "ada"));
        assert_eq!(problem(&log_in_at(&house, name, says).await), "address_taken", "{name}");
    }
    // Nor does it lead to where somebody of this address is waited for: nobody can tell whom.
    let eva = member(&house, "eva", Role::Viewer).await;
    other.knows(called("subject-of-eva", "eva"));
    let_in(&house, &log_in_at(&house, "other", &other).await);
    elsewhere(&mut house, "ada", Role::Owner).await;
    other.knows(called("subject-of-eva", "ada"));
    let login = let_in(&house, &log_in_at(&house, "other", &other).await).get("/v1/login").await.ok();
    assert_eq!((&login["member"]["id"], login["orgs"].as_array().unwrap().len()), (&json!(eva), 1), "{login}");
    other.knows(called("subject-of-another", "ada"));
    assert_eq!(problem(&log_in_at(&house, "other", &other).await), "address_taken");
    assert_eq!(audited(&house, "login.linked").await, [] as [Value; 0]);

    // She comes in by what she is called, and to where she is waited for.
    issuer.knows(ada());
    let login = let_in(&house, &log_in_elsewhere(&house, &issuer).await).get("/v1/login").await.ok();
    assert_eq!((&login["member"]["id"], login["orgs"].as_array().unwrap().len()), (&json!(id), 2), "{login}");
}

#[tokio::test]
async fn an_address_is_free_again_when_its_person_is_a_member_nowhere() {
    let other = IssuerStub::start().await;
    let (house, issuer) = trusting(|house| house.trusting("other", &other, |_| {})).await;
    let first = member(&house, "ada", Role::Admin).await;
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
    house.owner().delete(&format!("/v1/members/{first}")).await.ok();
    other.knows(called("subject-of-another", "ada"));
    assert_eq!(problem(&log_in_at(&house, "other", &other).await), "left", "nobody waits for them");

    let next = member(&house, "ada", Role::Viewer).await;
    house.owner().post(&format!("/v1/members/{next}/suspend"), json!({})).await.ok();
    assert_eq!(problem(&log_in_at(&house, "other", &other).await), "suspended");
    house.owner().post(&format!("/v1/members/{next}/resume"), json!({})).await.ok();
    let login = let_in(&house, &log_in_at(&house, "other", &other).await).get("/v1/login").await.ok();
    assert_eq!(login["member"]["id"], json!(next));
    // Who had it before is nobody here, and the address is theirs no more.
    assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "address_taken");
}

#[tokio::test]
async fn a_person_who_is_logged_in_is_known_by_one_more_issuer_from_then_on() {
    let (other, moved) = (IssuerStub::start().await, IssuerStub::start().await);
    let change = |house: HouseBuilder| house.trusting("other", &other, |_| {}).trusting("moved", &moved, |_| {});
    let (mut house, issuer) = trusting(change).await;
    let id = member(&house, "ada", Role::Member).await;
    let first = log_in_elsewhere(&house, &issuer).await;
    let_in(&house, &first);

    other.knows(called("ada-at-another", "ada"));
    assert_eq!(problem(&log_in_at(&house, "other", &other).await), "address_taken", "who knows who that is");
    member(&house, "mia", Role::Member).await;
    issuer.knows(called("subject-of-mia", "mia"));
    let mia = log_in_elsewhere(&house, &issuer).await;
    assert_eq!(problem(&log_in_besides(&house, "other", &other, &mia, OWN).await), "address_taken", "mia is not ada");

    let lured = log_in_besides(&house, "other", &other, &first, "cross-site").await;
    assert_eq!(problem(&lured), "address_taken", "a page elsewhere has begun it");
    let second = let_in(&house, &log_in_besides(&house, "other", &other, &first, OWN).await);
    assert_eq!(second.get("/v1/login").await.ok()["member"]["id"], json!(id));
    assert_eq!(audited(&house, "login.linked").await[0]["details"]["issuer"], "other");
    issuer.knows(ada());
    for (name, issuer) in [("corp", &issuer), ("other", &other)] {
        let login = let_in(&house, &log_in_at(&house, name, issuer).await).get("/v1/login").await.ok();
        assert_eq!(login["member"]["id"], json!(id), "{name}");
    }
    // Another account of the same issuer is somebody else, whoever is logged in.
    let before = log_in_elsewhere(&house, &issuer).await;
    other.knows(called("another-ada-at-another", "ada"));
    assert_eq!(problem(&log_in_besides(&house, "other", &other, &before, OWN).await), "address_taken");

    // What an issuer says who is trusted no more keeps nobody out.
    moved.knows(called("ada-who-moved", "ada"));
    assert_eq!(problem(&log_in_at(&house, "moved", &moved).await), "address_taken");
    house.restart_with_ways_in(|ways_in| ways_in.issuers.retain(|trusted| trusted.name == "moved")).await;
    let login = let_in(&house, &log_in_at(&house, "moved", &moved).await).get("/v1/login").await.ok();
    assert_eq!(login["member"]["id"], json!(id));
}

#[tokio::test]
async fn those_of_a_domain_join_as_the_operator_says() {
    let issuer = IssuerStub::start().await;
    let join = |options: &mut oidc::OidcOptions| {
        options.domains = vec!["House.Example".to_owned()];
        options.join = Some(oidc::JoinOptions { org: Some("Test House".to_owned()), role: oidc::JoinRole::Member });
    };
    let house = TestHouse::new().trusting("corp", &issuer, join).start().await;
    let person =
        |name: &str| json!({ "sub": name, "email": email(name), "email_verified": true, "name": "Mia Member" });
    issuer.knows(person("mia"));
    let mia = let_in(&house, &log_in_elsewhere(&house, &issuer).await).get("/v1/login").await.ok();
    assert_eq!((&mia["member"]["name"], &mia["member"]["role"]), (&json!("Mia Member"), &json!("member")));
    let added = audited(&house, "member.added").await;
    assert_eq!((&added[0]["actor"]["type"], &added[0]["details"]["issuer"]), (&json!("system"), &json!("corp")));
    for (person, word) in [
        (json!({ "sub": "x", "email": "x@sub.house.example", "email_verified": true }), "other_domain"),
        (json!({ "sub": "x", "email": "x@house.example.evil.example", "email_verified": true }), "other_domain"),
        // Also of somebody who was let in before.
        (json!({ "sub": "mia", "email": "mia@elsewhere.example", "email_verified": true }), "other_domain"),
        (json!({ "sub": "mia", "email": email("mia"), "email_verified": false }), "email_not_verified"),
    ] {
        issuer.knows(person.clone());
        assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), word, "{person}");
    }

    // Who was removed, or is suspended, does not come back by joining: come before or not.
    let owner = house.owner();
    owner.delete(&format!("/v1/members/{}", mia["member"]["id"].as_str().unwrap())).await.ok();
    issuer.knows(person("mia"));
    assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), "left");
    for (name, how, word) in [("eva", "suspend", "suspended"), ("udo", "remove", "left")] {
        let id = member(&house, name, Role::Admin).await;
        match how {
            "suspend" => owner.post(&format!("/v1/members/{id}/suspend"), json!({})).await.ok(),
            _ => owner.delete(&format!("/v1/members/{id}")).await.ok(),
        };
        issuer.knows(person(name));
        assert_eq!(problem(&log_in_elsewhere(&house, &issuer).await), word, "{name}");
    }
}

#[tokio::test]
async fn one_person_comes_in_to_every_organization_that_waits_for_them() {
    let (mut house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    let (theirs, _) = elsewhere(&mut house, "ada", Role::Viewer).await;
    let ada = let_in(&house, &log_in_elsewhere(&house, &issuer).await).get("/v1/login").await.ok();
    let roles: Vec<&Value> = ada["orgs"].as_array().unwrap().iter().map(|org| &org["role"]).collect();
    assert_eq!((roles, &ada["org"]["name"]), (vec![&json!("member"), &json!("viewer")], &json!("Test House")));
    assert_eq!(theirs.get("/v1/audit?actions[]=member.joined").await.ok()["data"].as_array().unwrap().len(), 1);

    // And later ones, by the address that they have then.
    let third = house.other_org().await;
    let ctx = house.app().authenticate(third.key()).await.unwrap();
    let add = AddMember { name: "Ada".into(), email: "ada.king@house.example".into(), role: Role::Viewer };
    house.app().add_member(&ctx, add).await.unwrap();
    issuer.knows(json!({ "sub": "subject-of-ada", "email": "ada.king@house.example", "email_verified": true }));
    let ada = let_in(&house, &log_in_elsewhere(&house, &issuer).await).get("/v1/login").await.ok();
    assert_eq!(ada["orgs"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn without_passwords_the_links_of_the_operator_alone_let_in() {
    let (mut house, issuer) = trusting(|house| house).await;
    comes_in(&house, "eva", Role::Member).await;
    let mia = member(&house, "mia", Role::Member).await;
    let by_admin = invite(&house.owner(), mia).await;
    house.restart_with_ways_in(|ways_in| ways_in.passwords = false).await;
    assert_eq!(house.nobody().get("/v1/setup").await.ok()["passwords"], false);
    let refused = log_in(&house, "eva", PASSWORD).await;
    assert_eq!(refused.status, 403, "{refused}");
    assert!(message(&refused).contains("passwords are switched off"), "{refused}");
    page(&house).get(&by_admin).await.expect(404);
    page(&house).post(&by_admin, json!({ "password": PASSWORD })).await.expect(404);
    house.owner().post(&format!("/v1/members/{mia}/invitation"), json!({})).await.expect(403);

    // The first owner is never locked out.
    let operator = app::Operator::of_this_installation();
    let org = house.app().list_orgs(&operator).await.unwrap().remove(0);
    let link = house.app().link_for_owner(&operator, &org).await.unwrap();
    let come = json!({ "password": PASSWORD, "email": email("otto") });
    let owner = given(&house, &page(&house).post(&format!("/v1/links/{}", link.token.reveal()), come).await);
    assert_eq!(owner.get("/v1/login").await.ok()["member"]["role"], "owner");
    owner.post("/v1/login/password", json!({ "old": PASSWORD, "new": "another horse battery" })).await.expect(403);
    member(&house, "ada", Role::Member).await;
    let_in(&house, &log_in_elsewhere(&house, &issuer).await);
}

#[tokio::test]
async fn what_is_under_way_survives_a_restart_and_an_issuer_that_is_trusted_no_more_lets_nobody_in() {
    let (mut house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let late = go(&house, &issuer, "/login/oidc/corp").await;
    house.restart().await;
    let reply = come_back(&house, &sent).await;
    let_in(&house, &reply);
    house.restart_with_ways_in(|ways_in| ways_in.issuers.clear()).await;
    assert_eq!(problem(&come_back(&house, &late).await), "unknown_issuer");
    assert_eq!(problem(&page(&house).get("/login/oidc/corp").await), "unknown_issuer");
    // Who is in stays in: a reset or a suspension puts them out.
    let_in(&house, &reply).get("/v1/login").await.ok();
}

#[tokio::test]
async fn a_login_takes_the_place_of_the_one_before() {
    let (house, issuer) = trusting(|house| house).await;
    member(&house, "ada", Role::Member).await;
    let first = log_in_elsewhere(&house, &issuer).await;
    let first_cookie = cookies(&first)[0].split(';').next().unwrap().to_owned();
    let sent = go(&house, &issuer, "/login/oidc/corp").await;
    let both = Sent { cookie: format!("{first_cookie}; {}", sent.cookie), back: sent.back };
    let second = let_in(&house, &come_back(&house, &both).await);
    let_in(&house, &first).get("/v1/login").await.expect(401);
    second.get("/v1/login").await.ok();
    second.post("/v1/logout", json!({})).await.expect(204);
    second.get("/v1/login").await.expect(401);
}

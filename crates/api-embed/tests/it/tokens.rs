//! Verified visitors, and pages that may show an embed.

use std::time::Duration;

use serde_json::json;

use crate::site::{Site, refused, rest, said};

const SITE: &str = "https://site.test";

/// Case 33, and rules 4.4 to 4.6.
#[tokio::test]
async fn a_page_in_secure_mode_wants_a_token_of_its_own() {
    let site = Site::echoing().await;
    let secure = json!({ "secure": true, "allowed_origins": [SITE], "greeting": "Dear customer" });
    let (e1, other) = (site.embed(secure.clone()).await, site.embed(secure).await);
    let nowhere = site.embed(json!({ "secure": true })).await;
    let token = site.token(&e1, json!({ "expires_in_seconds": 60 })).await;
    let others = site.token(&other, json!({})).await;
    let page = async |id: &str, query: &str| site.house.nobody().get(&format!("/embed/chat/v2/{id}{query}")).await;

    let shown = page(&e1, &format!("?token={token}")).await;
    assert_eq!(shown.status, 200, "{shown}");
    assert!(!shown.text.contains(&token), "the token is in no page");
    let mut forged = token.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    for query in ["", "?token=", "?token=x.y.z", &format!("?token={others}"), &format!("?token={forged}")] {
        let refused = page(&e1, query).await;
        assert_eq!(refused.status, 401, "{query}: {refused}");
        assert_eq!(refused.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!refused.text.contains("Dear customer") && !refused.text.contains("Help"), "{refused}");
        let policy = refused.header("content-security-policy").unwrap();
        assert!(policy.ends_with("frame-ancestors https://site.test"), "{policy}");
    }
    let nobodys = page(&nowhere, "").await;
    assert!(nobodys.header("content-security-policy").unwrap().ends_with("frame-ancestors 'none'"));
    site.clock.advance(Duration::from_secs(59));
    assert_eq!(page(&e1, &format!("?token={token}")).await.status, 200);
    site.clock.advance(Duration::from_secs(2));
    assert_eq!(page(&e1, &format!("?token={token}")).await.status, 401, "a second past its end");
}

#[tokio::test]
async fn every_request_of_a_verified_visitor_shows_a_token_that_holds() {
    let site = Site::echoing().await;
    let (e1, other) = (site.embed(json!({ "secure": true, "allowed_origins": [SITE] })).await, {
        site.embed(json!({ "secure": true, "allowed_origins": [SITE] })).await
    });
    let token = site.token(&e1, json!({ "expires_in_seconds": 60 })).await;
    let others = site.token(&other, json!({})).await;
    let visitor = site.visitor(&e1, "vera");
    let mut known = visitor.bearing(&token);
    known.turn("hi").await;
    for (guest, code) in [(visitor.clone(), "token_needed"), (visitor.bearing(&others), "token_needed")] {
        refused(&guest.say_as(9, "hi").await, 401, code);
        refused(&guest.stop().await, 401, code);
        for what in ["stream", "look"] {
            refused(&guest.caller.get(&guest.path(what)).await, 401, code);
        }
    }
    // In the address of a request it counts for nothing: addresses stand in logs.
    refused(&visitor.caller.get(&format!("{}?token={token}", visitor.path("look"))).await, 401, "token_needed");
    site.clock.advance(Duration::from_secs(61));
    refused(&known.say("too late").await, 401, "token_expired");
    refused(&known.caller.get(&known.path("stream")).await, 401, "token_expired");
    // A fresh token, and the chat goes on.
    let fresh = visitor.bearing(&site.token(&e1, json!({})).await);
    assert_eq!(said(&rest(&mut fresh.follow().await, 1).await), [("visitor", "hi"), ("agent", "echo: hi")]);
}

/// The stream's own timer is the runtime's: it is the token's last second that is waited for.
#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let site = Site::echoing().await;
    let e1 = site.embed(json!({ "secure": true, "allowed_origins": [SITE] })).await;
    let token = site.token(&e1, json!({ "expires_in_seconds": 60 })).await;
    let mut visitor = site.visitor(&e1, "vera").bearing(&token);
    visitor.turn("hi").await;
    site.clock.advance(Duration::from_secs(59));
    let mut stream = visitor.follow().await;
    let fault = stream.until_named("fault").await;
    assert_eq!(fault.last().unwrap().json()["code"], "token_expired");
    assert!(stream.next().await.is_none(), "nothing comes behind it");
}

#[tokio::test]
async fn two_users_of_one_browser_are_two_visitors() {
    let site = Site::echoing().await;
    let e1 = site.embed(json!({ "secure": true, "allowed_origins": [SITE] })).await;
    let visitor = site.visitor(&e1, "shared");
    let mut ann = visitor.bearing(&site.token(&e1, json!({ "user": "ann" })).await);
    ann.turn("mine").await;
    for user in [json!({ "user": "bob" }), json!({}), json!({ "user": "" })] {
        let other = visitor.bearing(&site.token(&e1, user).await);
        assert_eq!(other.caller.get(&other.path("stream")).await.status, 204);
    }
    let again = visitor.bearing(&site.token(&e1, json!({ "user": "ann" })).await);
    assert_eq!(said(&rest(&mut again.follow().await, 1).await)[0], ("visitor", "mine"));
}

/// The rule of origins, by the API itself: for browsers that do not keep to the page's policy.
#[tokio::test]
async fn only_the_embeds_own_page_asks_and_stands_where_it_may() {
    let site = Site::echoing().await;
    let listed = site.embed(json!({ "allowed_origins": [SITE, "https://*.example.org"] })).await;
    let visitor = site.visitor(&listed, "ada");
    let allowed = [
        vec![],
        vec![("sec-fetch-site", "same-origin"), ("sortie-embedded-in", SITE)],
        vec![("sortie-embedded-in", "https://shop.example.org")],
        vec![("origin", "http://chat.test"), ("host", "chat.test"), ("sortie-embedded-in", SITE)],
    ];
    let refused_ones = [
        vec![("sortie-embedded-in", "https://evil.test")],
        vec![("sortie-embedded-in", "https://example.org")],
        vec![("sortie-embedded-in", "null")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("sortie-embedded-in", SITE)],
        vec![("origin", SITE), ("host", "chat.test")],
        vec![("origin", "null"), ("host", "chat.test")],
    ];
    let dressed =
        |headers: &[(&str, &str)]| headers.iter().fold(visitor.clone(), |v, (name, value)| v.with(name, value));
    for headers in allowed {
        let guest = dressed(&headers);
        assert_eq!(guest.caller.get(&guest.path("look")).await.status, 200, "{headers:?}");
    }
    for headers in refused_ones {
        let guest = dressed(&headers);
        refused(&guest.say_as(1, "hi").await, 403, "wrong_origin");
        refused(&guest.stop().await, 403, "wrong_origin");
        for what in ["stream", "look"] {
            refused(&guest.caller.get(&guest.path(what)).await, 403, "wrong_origin");
        }
    }
    // Any site may show an open one without a list; none a secure one.
    let open = site.visitor(&site.embed(json!({})).await, "ada").with("sortie-embedded-in", "https://any.test");
    assert_eq!(open.caller.get(&open.path("look")).await.status, 200);
    let nowhere = site.embed(json!({ "secure": true })).await;
    let token = site.token(&nowhere, json!({})).await;
    let framed = site.visitor(&nowhere, "ada").bearing(&token).with("sortie-embedded-in", SITE);
    refused(&framed.caller.get(&framed.path("look")).await, 403, "wrong_origin");
    for reply in [open.caller.get(&open.path("look")).await, open.caller.get("/embed/modal.js").await] {
        assert_eq!(reply.header("set-cookie"), None);
    }
}

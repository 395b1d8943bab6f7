//! The page and the loader: who is shown what, and what the headers say.

use serde_json::json;
use test_kit::Reply;

use crate::site::{Site, deployment};

fn policy(page: &Reply) -> &str {
    page.header("content-security-policy").expect("a policy")
}

#[track_caller]
fn is_page(page: &Reply, status: u16) {
    assert_eq!(page.status.as_u16(), status, "{page}");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("x-frame-options"), None);
    assert_eq!(page.header("set-cookie"), None);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(!policy(page).contains("unsafe"), "{}", policy(page));
    assert!(!page.text.contains("style=") && !page.text.contains("onload"), "{page}");
}

/// Case 34, and rules 4.3, 4.6 and 4.7.
#[tokio::test]
async fn an_open_embed_is_shown_to_everybody() {
    let site = Site::echoing().await;
    let open = site.embed(json!({})).await;
    for id in [open.clone(), deployment(&open).compact(), deployment(&open).0.to_string()] {
        let page = site.house.nobody().get(&format!("/embed/chat/v2/{id}")).await;
        is_page(&page, 200);
        assert!(!policy(&page).contains("frame-ancestors"), "any site may show it");
    }
    let listed = site.embed(json!({ "allowed_origins": ["https://site.test", "https://*.example.org"] })).await;
    let page = site.house.nobody().get(&format!("/embed/chat/v2/{listed}/")).await;
    is_page(&page, 200);
    assert!(policy(&page).ends_with("frame-ancestors https://site.test https://*.example.org"), "{}", policy(&page));
}

#[tokio::test]
async fn what_is_not_there_or_not_open_says_so() {
    let site = Site::echoing().await;
    let (paused, archived) = (site.embed(json!({})).await, site.embed(json!({})).await);
    site.change(&paused, "pause").await;
    site.change(&archived, "archive").await;
    let schedule = json!({ "name": "s", "agent": site.agent, "schedule":
        { "type": "cron", "expression": "0 9 * * *", "timezone": "UTC" }, "initial_events":
        [{ "type": "user.message", "content": [{ "type": "text", "text": "go" }] }] });
    let schedule = test_kit::conversation::id_of(&site.house.owner().post("/v1/deployments", schedule).await.ok());
    for (id, says) in [
        (paused.as_str(), "This chat is paused."),
        (archived.as_str(), "This chat has been closed."),
        (schedule.as_str(), "There is no chat at this address."),
        ("depl_00000000000000000000000000", "There is no chat at this address."),
        ("nonsense", "There is no chat at this address."),
    ] {
        let page = site.house.nobody().get(&format!("/embed/chat/v2/{id}")).await;
        is_page(&page, 404);
        assert!(page.text.contains(says) && !page.text.contains("data-look"), "{id}: {page}");
        let mut visitor = site.visitor(id, "ada");
        assert_eq!(visitor.say("hi").await.status, 404, "{id}");
    }
    site.change(&paused, "unpause").await;
    is_page(&site.house.nobody().get(&format!("/embed/chat/v2/{paused}")).await, 200);
}

/// What a deployment says of itself is text in the page, whatever it says.
#[tokio::test]
async fn the_look_of_a_deployment_stays_in_its_quotes() {
    let site = Site::echoing().await;
    let hostile = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>"#;
    let look = json!({ "greeting": hostile, "starters": [hostile], "color": "#0a7bff", "position": "left" });
    let id = site.deploy(look, json!({ "name": hostile })).await;
    let page = site.house.nobody().get(&format!("/embed/chat/v2/{id}")).await;
    is_page(&page, 200);
    assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{page}");
    let shown = site.house.nobody().get(&format!("/embed/chat/v2/{id}/look")).await.ok();
    assert_eq!((shown["greeting"].as_str(), shown["name"].as_str()), (Some(hostile), Some(hostile)));
    assert_eq!(
        (&shown["color"], &shown["position"], &shown["theme"]),
        (&json!("#0a7bff"), &json!("left"), &json!("auto"))
    );
    let owner = site.house.owner();
    for (field, value) in [("color", "red"), ("color", "#fff;x"), ("position", "top"), ("theme", "blue")] {
        let bad = json!({ "name": "x", "agent": site.agent, "trigger": { "type": "embed", field: value } });
        owner.post("/v1/deployments", bad).await.expect(400);
    }
}

#[tokio::test]
async fn the_loader_is_for_every_page_and_a_wrong_path_for_none() {
    let site = Site::echoing().await;
    let loader = site.house.nobody().get("/embed/modal.js").await;
    assert_eq!(loader.header("content-type"), Some("text/javascript; charset=utf-8"));
    match loader.status.as_u16() {
        200 => {
            assert_eq!(loader.header("access-control-allow-origin"), Some("*"));
            assert_eq!(loader.header("cross-origin-resource-policy"), Some("cross-origin"));
            let known = loader.header("etag").unwrap();
            let again = site.house.nobody().with_header("if-none-match", known).get("/embed/modal.js").await;
            assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        }
        status => assert!(status == 503 && loader.text.contains("npm run build"), "{loader}"),
    }
    for path in ["/embed", "/embed/chat", "/embed/chat/v2", "/embed/assets/0/panel.js", "/embed/assets/0/..%2fmodal.js"]
    {
        assert_eq!(site.house.nobody().get(path).await.status, 404, "{path}");
    }
    assert_eq!(site.house.nobody().post("/embed/modal.js", json!({})).await.status, 404);
}

//! Documents for the organization's knowledge.

use serde_json::{Value, json};
use test_kit::{TestHouse, says};

use crate::two::{Two, refused};

const DOCS: &str = "/api/v1/docs/";

/// Case 36.
#[tokio::test]
async fn a_document_is_checked_and_stored() {
    let two = Two::new().await;
    let whole = json!({ "title": "Runbook", "content": "Restart it.", "format": "markdown", "cleanup": true });
    let stored = two.one.post(DOCS, whole).await.expect(201);
    assert!(stored["id"].is_string() && stored["message"].as_str().unwrap().contains("not tidied"), "{stored}");
    two.one.post(DOCS, json!({ "title": "Long", "content": "语".repeat(102_400) })).await.expect(201);
    for (wrong, field) in [
        (json!({ "title": "t", "content": "x".repeat(102_401) }), "content"),
        (json!({ "title": "t", "content": "" }), "content"),
        (json!({ "title": "t" }), "content"),
        (json!({ "content": "c" }), "title"),
        (json!({ "title": "t".repeat(256), "content": "c" }), "title"),
        (json!({ "title": "t", "content": "c", "format": "pdf" }), "format"),
        (json!({ "title": "t", "content": "c", "cleanup": "yes" }), "cleanup"),
        (json!({ "title": 1, "content": "c" }), "title"),
    ] {
        let reply = two.one.post(DOCS, wrong).await;
        assert!(refused(&reply, 400)[field].is_array(), "{reply}");
    }
}

/// Case 37, but for the search: what an agent of the organization is told is the new text.
#[tokio::test]
async fn the_same_title_is_the_same_document_and_every_agent_reads_it() {
    let two = Two::of(TestHouse::new().answering(|_| says("Done."))).await;
    let add = async |text: &str| two.one.post(DOCS, json!({ "title": "Runbook", "content": text })).await.expect(201);
    let (first, again) = (add("the old text").await, add("the new text").await);
    assert_eq!(first["id"], again["id"]);
    two.two.post(DOCS, json!({ "title": "Runbook", "content": "their text" })).await.expect(201);
    let agent = two.one.agent(json!({ "system": "Be brief." })).await;
    let session = two.one.session(&agent).await;
    two.one.turn(&session, "hi").await;
    let system = two.house.model_requests()[0].system.clone().unwrap_or_default();
    assert!(system.starts_with("Be brief.") && system.contains("the new text"), "{system}");
    assert!(!system.contains("the old text") && !system.contains("their text"), "{system}");
}

#[tokio::test]
async fn an_organization_has_only_so_many() {
    let two = Two::of(TestHouse::new().web(|web| web.cased_per_minute = 0)).await;
    let add = async |n: usize| two.one.post(DOCS, json!({ "title": format!("Doc {n}"), "content": "c" })).await;
    for n in 0..50 {
        add(n).await.expect(201);
    }
    let reply: Value = refused(&add(50).await, 400);
    assert!(reply["title"].is_array(), "{reply}");
    add(7).await.expect(201);
}

//! Knowledge: documents that agents read, over the native API.

use axum::body::Body;
use domain::org::Role;
use http::Request;
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::{Caller, Reply, TestHouse};

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

/// A form with these fields and one file.
async fn upload(caller: &Caller, fields: &[(&str, &str)], file: Option<(&str, &str)>) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--frontier\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, content)) = file {
        let head = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"");
        body += &format!("--frontier\r\n{head}\r\ncontent-type: application/octet-stream\r\n\r\n{content}\r\n");
    }
    body += "--frontier--\r\n";
    let request = Request::post("/v1/knowledge").header("content-type", "multipart/form-data; boundary=frontier");
    caller.send_raw(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn an_agents_documents_are_added_replaced_listed_and_deleted() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let text = json!({ "agent_id": agent, "name": "prices.csv", "content": "a,1" });
    let added = owner.post("/v1/knowledge", text).await.ok();
    assert_eq!(
        (&added["type"], &added["agent_id"], &added["format"], &added["text_bytes"], &added["expires_at"]),
        (&json!("document"), &json!(agent), &json!("csv"), &json!(3), &Value::Null)
    );
    let file = upload(&owner, &[("agent_id", &agent)], Some(("notes.md", "# Notes"))).await.ok();
    assert_eq!((&file["name"], &file["format"], &file["text_bytes"]), (&json!("notes.md"), &json!("md"), &json!(7)));
    let again = upload(&owner, &[("agent_id", &agent)], Some(("C:\\docs\\prices.csv", "a,1\nb,2"))).await.ok();
    assert_eq!((&again["id"], &again["text_bytes"]), (&added["id"], &json!(7)), "the same one");
    let path = format!("/v1/knowledge?agent_id={agent}");
    let listed = owner.get(&path).await.ok();
    let names: Vec<_> = data(&listed).iter().map(|document| document["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["prices.csv", "notes.md"]);
    let temporary = json!({ "agent_id": agent, "name": "t.txt", "content": "t", "temporary": true });
    assert!(owner.post("/v1/knowledge", temporary).await.ok()["expires_at"].is_string());

    let gone = owner.delete(&format!("/v1/knowledge/{}", id_of(&added))).await.ok();
    assert_eq!((&gone["type"], &gone["id"]), (&json!("document_deleted"), &added["id"]));
    owner.delete(&format!("/v1/knowledge/{}", id_of(&added))).await.expect(404);
    assert_eq!(data(&owner.get(&path).await.ok()).len(), 2);
}

#[tokio::test]
async fn what_every_agent_reads_is_listed_apart() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let all = owner.post("/v1/knowledge", json!({ "name": "Runbook.md", "content": "# Do" })).await.ok();
    assert_eq!((&all["agent_id"], &all["format"]), (&Value::Null, &json!("md")));
    let listed = owner.get("/v1/knowledge").await.ok();
    assert_eq!((data(&listed).len(), &data(&listed)[0]["id"]), (1, &all["id"]));
    assert_eq!(data(&owner.get(&format!("/v1/knowledge?agent_id={agent}")).await.ok()).len(), 0);
    let temporary = json!({ "name": "x", "content": "x", "temporary": true });
    assert_eq!(owner.post("/v1/knowledge", temporary).await.expect(400)["error"]["details"]["param"], "temporary");
}

#[tokio::test]
async fn what_cannot_be_read_or_may_not_be_is_refused() {
    let house = TestHouse::new().start().await;
    let (owner, ada, vera) =
        (house.owner(), house.person("ada", Role::Member).await, house.person("vera", Role::Viewer).await);
    let agent = owner.agent(json!({})).await;
    let closed = owner.agent(json!({ "name": "Closed" })).await;
    owner.post(&format!("/v1/agents/{closed}/access"), json!({ "members": [] })).await.ok();
    let text = |agent: &str| json!({ "agent_id": agent, "name": "a.txt", "content": "a" });
    let hidden = id_of(&owner.post("/v1/knowledge", text(&closed)).await.ok());
    vera.post("/v1/knowledge", text(&agent)).await.expect(403);
    ada.post("/v1/knowledge", text(&agent)).await.ok();
    ada.post("/v1/knowledge", text(&closed)).await.expect(403);
    ada.get(&format!("/v1/knowledge?agent_id={closed}")).await.expect(403);
    ada.delete(&format!("/v1/knowledge/{hidden}")).await.expect(403);
    for (fields, file, param) in [
        (vec![], Some(("a.txt", "a")), "agent_id"),
        (vec![("agent_id", "junk")], Some(("a.txt", "a")), "agent_id"),
        (vec![("agent_id", agent.as_str())], None, "file"),
        (vec![("agent_id", agent.as_str())], Some(("a.exe", "MZ\0")), "file"),
        (vec![("agent_id", agent.as_str())], Some(("a|b.txt", "a")), "name"),
    ] {
        let refused = upload(&owner, &fields, file).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], param, "{fields:?} {refused}");
    }
    let large = "x".repeat(22 << 20);
    upload(&owner, &[("agent_id", &agent)], Some(("large.txt", &large))).await.expect(413);
    owner.get("/v1/knowledge?agent_id=junk").await.expect(400);
}

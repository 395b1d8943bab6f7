//! Contexts: uploaded, listed, deleted, and given to the model.

use http::{Method, Request};
use serde_json::{Value, json};
use test_kit::Reply;

use crate::team::{BASE, Team, agents, failed, refused_for, suberrors};

fn path() -> String {
    format!("{BASE}/contexts?teamId=1")
}

fn of(agent: &str) -> String {
    format!("{BASE}/contexts?teamId=1&agentId={agent}")
}

/// Case 33.
#[tokio::test]
async fn a_text_is_added_as_json() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let add = async |fields: Value| {
        let mut body = json!({"agentId": agent, "content": "Tea is 3 euro."});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        team.t.post(&path(), body).await
    };
    let context = add(json!({"name": "prices.md"})).await.expect(201);
    assert_eq!(
        context,
        json!({
            "id": context["id"], "agentId": agent, "documentName": "prices.md", "description": "",
            "createdAt": context["createdAt"], "metadata": {"type": "md", "textBytes": 14}, "isTemporary": false,
        })
    );
    assert_eq!(add(json!({"autosave": "false"})).await.expect(201)["isTemporary"], true);
    assert_eq!(add(json!({"name": "b", "autosave": false})).await.expect(201)["isTemporary"], true);
    assert_eq!(add(json!({"name": "c", "autosave": true})).await.expect(201)["isTemporary"], false);
    assert_eq!(add(json!({"name": "d"})).await.expect(201)["documentName"], "d");

    refused_for(&add(json!({"name": "n".repeat(121)})).await, "name");
    refused_for(&add(json!({"name": "a/b"})).await, "name");
    refused_for(&add(json!({"content": ""})).await, "content");
    refused_for(&add(json!({"autosave": 1})).await, "autosave");
    assert_eq!(suberrors(&team.t.post(&path(), json!({})).await), ["agentId: required", "content: required"]);
    failed(&add(json!({"agentId": "00000000-0000-4000-8000-000000000000"})).await, 404);

    let again = add(json!({"name": "prices.md", "content": "Tea is 4 euro now."})).await.expect(201);
    assert_eq!((&again["id"], &again["metadata"]["textBytes"]), (&context["id"], &json!(18)));
}

/// Case 34.
#[tokio::test]
async fn a_file_is_added_as_a_form() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let context = upload(&team, Some(&agent), "prices.csv", b"tea,3\ncoffee,4\n").await.expect(201);
    assert_eq!(context["metadata"]["type"], "csv");
    assert_eq!(context["documentName"], "prices.csv");
    refused_for(&upload(&team, Some(&agent), "virus.exe", b"MZ\x90\0\x03").await, "file");
    refused_for(&upload(&team, Some(&agent), "empty.txt", b"").await, "file");
    refused_for(&upload(&team, None, "a.txt", b"x").await, "agentId");
    refused_for(&upload(&team, Some("x"), "a.txt", b"x").await, "agentId");
    failed(&upload(&team, Some(&agent), "big.txt", &vec![b'x'; 21 * 1024 * 1024]).await, 413);
    for number in 1..20 {
        upload(&team, Some(&agent), &format!("{number}.txt"), b"x").await.expect(201);
    }
    suberrors(&upload(&team, Some(&agent), "one too many.txt", b"x").await);
    upload(&team, Some(&agent), "prices.csv", b"tea,5\n").await.expect(201);
}

/// Case 36.
#[tokio::test]
async fn contexts_are_listed_by_agent_and_deleted_once() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    refused_for(&team.t.get(&path()).await, "agentId");
    refused_for(&team.t.get(&of("x")).await, "agentId");
    assert_eq!(team.t.get(&of(&agent)).await.text, "[]");
    let context = upload(&team, Some(&agent), "prices.csv", b"tea,3\n").await.expect(201);
    assert_eq!(team.t.get(&of(&agent)).await.ok(), json!([context]));
    assert_eq!(team.detail(&agent).await["contexts"], json!([context]));

    let at = |team: u64| format!("{BASE}/contexts/{}?teamId={team}", context["id"].as_str().unwrap());
    failed(&team.t.delete(&at(2)).await, 404);
    team.t.delete(&at(1)).await.expect(204);
    failed(&team.t.delete(&at(1)).await, 404);
    assert_eq!(team.t.get(&of(&agent)).await.text, "[]");
}

/// Rule 2.2: a new agent can have contexts of others.
#[tokio::test]
async fn a_new_agent_gets_copies_of_contexts() {
    let team = Team::quiet().await;
    let first = team.agent(json!({})).await;
    let context = upload(&team, Some(&first), "prices.csv", b"tea,3\n").await.expect(201);
    let second = team.agent(json!({"contexts": [{"id": context["id"]}, {}]})).await;
    let copies = team.t.get(&of(&second)).await.ok();
    assert_eq!((copies.as_array().unwrap().len(), &copies[0]["documentName"]), (1, &json!("prices.csv")));
    assert_ne!(copies[0]["id"], context["id"]);
    team.run(&second, "what is tea?", json!({})).await.ok();
    assert!(team.last_request().system.unwrap().contains("tea,3"), "the model is given the text");

    let elsewhere = json!({"teamId": 2, "contexts": [{"id": context["id"]}]});
    let refused = team.t.post(&agents().replace("teamId=1", "teamId=2"), team.five_and(elsewhere)).await;
    refused_for(&refused, "contexts[0].id");
}

async fn upload(team: &Team, agent: Option<&str>, name: &str, file: &[u8]) -> Reply {
    let mut body = Vec::new();
    if let Some(agent) = agent {
        let field = format!("--X\r\nContent-Disposition: form-data; name=\"agentId\"\r\n\r\n{agent}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    let head = format!(
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path())
        .header("content-type", "multipart/form-data; boundary=X")
        .body(body.into())
        .expect("a request");
    team.t.send_raw(request).await
}

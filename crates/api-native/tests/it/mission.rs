//! The list of all sessions as people look at it: where each stands, and what it says.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle};
use test_kit::{Caller, Gate, TestHouse, calls, says};

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

async fn titles(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller.get(&format!("/v1/sessions?order=asc&{query}")).await.ok();
    data(&page).iter().map(|session| session["title"].as_str().unwrap_or("-").to_owned()).collect()
}

async fn begin(owner: &Caller, agent: &str, title: &str) -> String {
    id_of(&owner.post("/v1/sessions", json!({ "agent": agent, "title": title })).await.ok())
}

#[tokio::test]
async fn sessions_stand_in_one_of_four_groups() {
    let gate = Gate::new();
    let script = [
        calls("book_room", json!({})),
        calls("look", json!({})),
        says("Working").then_waits(&gate).then_says(" on it."),
        says("Done."),
    ];
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let schema = json!({ "type": "object" });
    let agent = owner
        .agent(json!({ "tools": [
            { "type": "http", "name": "book_room", "description": "Books.", "method": "POST",
              "url": "https://rooms.example.com/", "input_schema": schema,
              "permission_policy": { "type": "always_ask" } },
            { "type": "custom", "name": "look", "description": "Looks.", "input_schema": schema },
        ] }))
        .await;
    let mut changes = owner.stream("/v1/stream").await;
    let asks = begin(&owner, &agent, "asks").await;
    owner.turn(&asks, "go").await;
    let told = changes.until(|frame| frame.json()["state"] == "waiting").await;
    let told = told.last().unwrap().json();
    assert_eq!((&told["session_id"], &told["agent_id"], &told["steps"]), (&json!(asks), &json!(agent), &json!(1)));
    assert_eq!(told["stop_reason"]["type"], "requires_action");
    let client = begin(&owner, &agent, "client").await;
    owner.turn(&client, "go").await;
    let works = begin(&owner, &agent, "works").await;
    let mut stream = owner.follow(&works, "").await;
    owner.say(&works, "go").await;
    stream.until_named("span.model_request_start").await;
    begin(&owner, &agent, "new").await;
    let ended = begin(&owner, &agent, "ended").await;
    owner.post(&format!("/v1/sessions/{ended}/archive"), json!({})).await.ok();
    owner.post("/v1/approval_rules", json!({ "name": "all", "allow_own": true })).await.ok();
    let report = json!({ "deployment_request": "Deploy 2.5.1", "status": "pending" });
    let rollout = owner.post("/api/v1/deployments", report).await.expect(201);

    let waiting = titles(&owner, "states[]=waiting").await;
    assert_eq!((waiting.len(), waiting[0].as_str()), (2, "asks"));
    let watched = owner.get("/v1/sessions?states[]=waiting").await.ok();
    assert_eq!(data(&watched)[0]["origin"], "cased", "the rollout's");
    assert_eq!(titles(&owner, "states[]=running").await, ["client", "works"]);
    assert_eq!(titles(&owner, "states[]=idle").await, ["new"]);
    assert_eq!(titles(&owner, "states[]=ended").await, ["ended"]);
    assert_eq!(titles(&owner, "states[]=running&states[]=idle").await, ["client", "works", "new"]);
    assert_eq!(titles(&owner, "states[]=running&limit=1").await, ["client"]);
    owner.get("/v1/sessions?states[]=odd").await.expect(400);
    let shown = owner.get(&format!("/v1/sessions/{asks}")).await.ok();
    assert_eq!((&shown["state"], &shown["stop_reason"]["type"]), (&json!("waiting"), &json!("requires_action")));
    assert_eq!((&shown["steps"], &shown["origin"], &shown["last_line"]), (&json!(1), &json!("native"), &Value::Null));

    gate.open();
    idle(&mut stream).await;
    assert_eq!(titles(&owner, "states[]=idle").await, ["works", "new"]);
    let shown = owner.get(&format!("/v1/sessions/{works}")).await.ok();
    assert_eq!((&shown["state"], &shown["stop_reason"]["type"]), (&json!("idle"), &json!("end_turn")));
    owner.post(&format!("/v1/rollouts/{}/approve", rollout["id"].as_str().unwrap()), json!({})).await.ok();
    assert_eq!(titles(&owner, "states[]=waiting").await, ["asks"], "the rollout is decided");
    assert_eq!(titles(&owner, "states[]=waiting&title=ASK").await, ["asks"]);
}

#[tokio::test]
async fn sessions_are_found_by_title_and_origin_and_say_their_last_line() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let rooms = begin(&owner, &agent, "Rooms of 100% value").await;
    begin(&owner, &agent, "Flights").await;
    owner.turn(&rooms, "say First line.\nand the last").await;
    let report = json!({ "deployment_request": "Deploy 2.5.1", "status": "running" });
    owner.post("/api/v1/deployments", report).await.expect(201);

    for (title, expected) in [("rooms", 1), ("100%25", 1), ("%25", 1), ("_", 0), ("FLIGHT", 1), ("'", 0), ("", 3)] {
        assert_eq!(titles(&owner, &format!("title={title}")).await.len(), expected, "{title}");
    }
    assert_eq!(titles(&owner, "origins[]=native").await, ["Rooms of 100% value", "Flights"]);
    assert_eq!(titles(&owner, "origins[]=cased&origins[]=monitor").await.len(), 1);
    assert_eq!(titles(&owner, "origins[]=make").await.len(), 0);

    let page = owner.get("/v1/sessions?order=asc&last_line=true&origins[]=native").await.ok();
    let lines: Vec<_> = data(&page).iter().map(|session| session["last_line"].clone()).collect();
    assert_eq!(lines[1], Value::Null, "nothing was said");
    assert_eq!(lines[0]["by"], "agent");
    let text = lines[0]["text"].as_str().unwrap();
    assert!(!text.contains('\n') && !text.is_empty(), "{text}");
    let plain = owner.get("/v1/sessions?order=asc&origins[]=native").await.ok();
    assert_eq!(data(&plain)[0]["last_line"], Value::Null);
    // A page of one set of filters is none of another's.
    let page = owner.get("/v1/sessions?origins[]=native&limit=1").await.ok();
    let next = page["next_page"].as_str().unwrap();
    owner.get(&format!("/v1/sessions?limit=1&page={next}")).await.expect(400);
    let next = owner.get(&format!("/v1/sessions?origins[]=native&limit=1&page={next}")).await.ok();
    assert_eq!(data(&next)[0]["id"], json!(rooms));
}

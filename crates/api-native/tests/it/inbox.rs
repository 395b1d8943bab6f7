//! The inbox of what waits for people.

use domain::key::Scope;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message};
use test_kit::{Caller, TestHouse};

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

/// An agent with a tool that asks, and one that its client runs.
async fn asking_agent(owner: &Caller, name: &str) -> String {
    let schema = json!({ "type": "object" });
    let tools = json!([
        { "type": "http", "name": "book_room", "description": "Books.", "method": "POST",
          "url": "https://rooms.example.com/", "input_schema": schema,
          "permission_policy": { "type": "always_ask" } },
        { "type": "custom", "name": "look", "description": "Looks.", "input_schema": schema },
    ]);
    owner.agent(json!({ "name": name, "tools": tools })).await
}

/// A session in which this was said, and that waits.
async fn waiting(owner: &Caller, agent: &str, title: &str, text: &str) -> String {
    let session = id_of(&owner.post("/v1/sessions", json!({ "agent": agent, "title": title })).await.ok());
    owner.turn(&session, text).await;
    session
}

async fn pending_rollout(owner: &Caller) -> Value {
    owner
        .post(
            "/v1/approval_rules",
            json!({ "name": "all", "approvers": { "roles": ["admin", "owner"] }, "allow_own": true }),
        )
        .await
        .ok();
    let report = json!({ "deployment_request": "Deploy 2.5.1", "status": "pending", "commit_sha": "abc" });
    let taken = owner.post("/api/v1/deployments", report).await.expect(201);
    owner.get(&format!("/v1/rollouts/{}", taken["id"].as_str().unwrap())).await.ok()
}

async fn inbox(caller: &Caller, query: &str) -> Vec<Value> {
    data(&caller.get(&format!("/v1/approvals?{query}")).await.ok()).clone()
}

/// Sends what an item says answers it.
async fn answer(caller: &Caller, request: &Value) {
    assert_eq!(request["method"], "POST");
    caller.post(request["path"].as_str().unwrap(), request["body"].clone()).await.ok();
}

#[tokio::test]
async fn whatever_asks_is_in_it_and_is_answered_where_it_says() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = asking_agent(&owner, "Booker").await;
    let first = waiting(&owner, &agent, "Rooms", "call book_room {\"room\": \"Blue\"}").await;
    // Its client is waited for, and nobody else.
    waiting(&owner, &agent, "Client", "call look {}").await;
    let rollout = pending_rollout(&owner).await;

    let items = inbox(&owner, "").await;
    let kinds: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_call", "rollout"], "the newest last");
    let call = &items[0];
    assert_eq!((&call["session_id"], &call["session_title"]), (&json!(first), &json!("Rooms")));
    assert_eq!((&call["agent"]["id"], &call["agent"]["name"]), (&json!(agent), &json!("Booker")));
    assert_eq!(
        (&call["name"], &call["input"], &call["input_beginning"]),
        (&json!("book_room"), &json!({ "room": "Blue" }), &Value::Null)
    );
    assert_eq!(
        (&call["effect"], &call["permission_policy"]["type"], &call["why"], &call["origin"]),
        (&json!("unsafe"), &json!("always_ask"), &json!("approval"), &json!("native"))
    );
    assert_eq!((&items[1]["rollout_id"], &items[1]["rules"]), (&rollout["id"], &json!(["all"])));
    assert_eq!((&items[1]["still_needed"], &items[1]["commit"]), (&json!(1), &json!("abc")));
    assert_eq!(items[1]["since"], rollout["approval"]["requested_at"]);
    for (query, expected) in [("kind=tool_call", "tool_call"), ("kind=rollout", "rollout")] {
        let found = inbox(&owner, query).await;
        assert_eq!((found.len(), &found[0]["type"]), (1, &json!(expected)));
    }
    assert_eq!(inbox(&owner, &format!("agent_id={agent}")).await.len(), 1);
    assert_eq!(inbox(&owner, "agent_id=junk").await.len(), 0);
    owner.get("/v1/approvals?kind=junk").await.expect(400);

    let mut stream = owner.follow(&first, "").await;
    answer(&owner, &call["decide"]["no"]).await;
    idle(&mut stream).await;
    answer(&owner, &items[1]["decide"]["yes"]).await;
    assert_eq!(inbox(&owner, "").await, Vec::<Value>::new());
    assert_eq!(owner.get(&format!("/v1/rollouts/{}", id_of(&rollout))).await.ok()["state"], "approved");
}

#[tokio::test]
async fn it_is_read_in_pages_over_calls_of_one_turn() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = asking_agent(&owner, "Booker").await;
    let both = "call book_room {\"n\": 1}\ncall look {}\ncall book_room {\"n\": 2}\ncall book_room {\"n\": 3}";
    let one = waiting(&owner, &agent, "one", both).await;
    waiting(&owner, &agent, "two", "call book_room {\"n\": 4}").await;
    pending_rollout(&owner).await;
    let all = inbox(&owner, "").await;
    let numbers: Vec<_> = all.iter().map(|item| item["input"]["n"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(2), json!(3), json!(4), Value::Null]);
    for limit in 1..=4 {
        let mut seen = Vec::new();
        let mut path = format!("/v1/approvals?limit={limit}");
        loop {
            let page = owner.get(&path).await.ok();
            seen.extend(data(&page).clone());
            let Some(next) = page["next_page"].as_str() else { break };
            assert_eq!(data(&page).len(), limit);
            path = format!("/v1/approvals?limit={limit}&page={next}");
        }
        assert_eq!(seen, all, "{limit}");
    }
    // One of several is decided: the others wait on, as long as before.
    let since = all[0]["since"].clone();
    answer(&owner, &all[1]["decide"]["no"]).await;
    let left = inbox(&owner, "kind=tool_call").await;
    let numbers: Vec<_> = left.iter().map(|item| item["input"]["n"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(3), json!(4)]);
    assert_eq!((&left[0]["since"], &left[0]["session_id"]), (&since, &json!(one)));
    // Whoever says something meanwhile answers nothing.
    owner.send_events(&one, json!([message("well?")])).await.ok();
    assert_eq!(inbox(&owner, "kind=tool_call").await.len(), 3);
    let mut stream = owner.follow(&one, "").await;
    owner.send_events(&one, json!([{ "type": "user.interrupt" }])).await.ok();
    idle(&mut stream).await;
    assert_eq!(inbox(&owner, "kind=tool_call").await.len(), 1, "nothing of it waits any more");
}

#[tokio::test]
async fn it_outlives_a_restart_and_ends_with_its_session_and_its_agent() {
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = asking_agent(&owner, "Booker").await;
    let one = waiting(&owner, &agent, "one", "call book_room {}").await;
    let two = waiting(&owner, &agent, "two", "call book_room {}").await;
    waiting(&owner, &agent, "three", "call book_room {}").await;
    let before = inbox(&owner, "").await;
    assert_eq!(before.len(), 3);
    house.restart().await;
    let owner = house.owner();
    assert_eq!(inbox(&owner, "").await, before);
    owner.post(&format!("/v1/sessions/{one}/archive"), json!({})).await.ok();
    owner.delete(&format!("/v1/sessions/{two}")).await.ok();
    assert_eq!(inbox(&owner, "").await, before[2..]);
    let ctx = house.owner_ctx().await;
    house.app().delete_agent(&ctx, agent.parse().unwrap()).await.unwrap();
    assert_eq!(inbox(&owner, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn everybody_sees_what_is_open_to_them() {
    let mut house = TestHouse::new().start().await;
    let stranger = house.other_org().await;
    let (owner, vera) = (house.owner(), house.person("vera", Role::Viewer).await);
    let (open, closed) = (asking_agent(&owner, "Open").await, asking_agent(&owner, "Closed").await);
    owner.post(&format!("/v1/agents/{closed}/access"), json!({ "members": [] })).await.ok();
    waiting(&owner, &open, "open", "call book_room {}").await;
    waiting(&owner, &closed, "closed", "call book_room {}").await;
    pending_rollout(&owner).await;
    assert_eq!(inbox(&owner, "").await.len(), 3);
    let seen = inbox(&vera, "kind=tool_call").await;
    assert_eq!((seen.len(), &seen[0]["agent"]["name"]), (1, &json!("Open")));
    assert_eq!(inbox(&stranger, "").await.len(), 0);

    let some = house.key([Scope::ApprovalsRead, Scope::RolloutsRead]).await;
    let kinds: Vec<_> = inbox(&some, "").await.iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, [json!("rollout")]);
    some.get("/v1/approvals?kind=tool_call").await.expect(403);
    let project = owner.post("/v1/projects", json!({ "name": "Other" })).await.ok();
    let other = json!({ "name": "k", "scopes": ["admin"], "project_id": project["id"] });
    let other = owner.post("/v1/keys", other).await.ok()["key"].as_str().unwrap().to_owned();
    assert_eq!(inbox(&house.nobody().with_header("x-api-key", &other), "").await.len(), 0);
}

#[tokio::test]
async fn what_a_model_writes_is_shown_in_bounds() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = asking_agent(&owner, "Booker").await;
    let text = format!("call book_room {}", json!({ "text": "x".repeat(100_000) }));
    waiting(&owner, &agent, "long", &text).await;
    let page = owner.get("/v1/approvals").await;
    let shown = page.ok();
    let call = &data(&shown)[0];
    assert_eq!(call["input"], Value::Null);
    assert!(call["input_beginning"].as_str().unwrap().starts_with("{\"text\":\"xxx"));
    assert!(page.text.len() < 8_000, "{}", page.text.len());
}

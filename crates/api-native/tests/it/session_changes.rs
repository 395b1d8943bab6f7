//! Sessions changed, archived and deleted.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message, of_type, one, types};
use test_kit::{Caller, Gate, Reply, TestHouse, calls, says};

fn custom(name: &str) -> Value {
    json!({ "type": "custom", "name": name, "description": "d", "input_schema": { "type": "object" } })
}

/// A tool with a schema of so many bytes.
fn many(name: &str, bytes: usize) -> Value {
    let mut tool = custom(name);
    tool["input_schema"]["description"] = json!("d".repeat(bytes));
    tool
}

async fn update(owner: &Caller, session: &str, change: Value) -> Reply {
    owner.post(&format!("/v1/sessions/{session}"), change).await
}

/// Case 30.
#[tokio::test]
async fn an_update_tells_what_changed_and_nothing_else() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session =
        id_of(&owner.post("/v1/sessions", json!({ "agent": agent, "metadata": { "k": "1", "l": "2" } })).await.ok());
    let told = async |change: Value| {
        let shown = update(&owner, &session, change).await.ok();
        let mut event = owner.events(&session).await.pop().unwrap();
        assert_eq!((&event["type"], &event["seq"]), (&json!("session.updated"), &shown["last_seq"]));
        for common in ["id", "type", "processed_at", "seq", "run_id"] {
            event.as_object_mut().unwrap().remove(common).expect(common);
        }
        (shown, event)
    };
    let (shown, event) = told(json!({ "title": "T" })).await;
    assert_eq!((&shown["title"], event), (&json!("T"), json!({ "title": "T" })));
    let (shown, event) = told(json!({ "title": null, "metadata": { "k": null, "m": "3" } })).await;
    let metadata = json!({ "l": "2", "m": "3" });
    assert_eq!((&shown["title"], &shown["metadata"]), (&Value::Null, &metadata));
    assert_eq!(event, json!({ "title": null, "metadata": metadata }));
    let (shown, event) = told(json!({ "agent": { "tools": [custom("look")] } })).await;
    assert_eq!(event, json!({ "agent": shown["agent"] }));
    assert_eq!(shown["agent"]["tools"][0]["name"], "look");
    assert_eq!(owner.get(&format!("/v1/agents/{agent}")).await.ok()["tools"], json!([]), "the agent itself stays");

    let before = owner.events(&session).await;
    for nothing in
        [json!({}), json!({ "metadata": { "l": "2", "x": null } }), json!({ "agent": { "tools": [custom("look")] } })]
    {
        update(&owner, &session, nothing).await.ok();
    }
    assert_eq!(owner.events(&session).await, before, "what changes nothing is not told");
    for (wrong, part) in [
        (json!({ "vault_ids": ["vlt_x"] }), "vault_ids"),
        (json!({ "vault_ids": [] }), "vault_ids"),
        (json!({ "title": "t".repeat(513) }), "title"),
        (json!({ "metadata": { "k": "v".repeat(513) } }), "metadata.k"),
        (json!({ "agent": { "tools": [many("x", 3 << 20)] } }), "2 MiB"),
        (json!({ "agent": { "tools": [custom("a b")] } }), "name"),
        (json!({ "agent": { "tools": [custom("a"), custom("a")] } }), "two tools"),
        (json!({ "agent": { "tools": [{ "type": "agent_toolset_20260401" }] } }), "sandbox"),
        (
            json!({ "agent": { "mcp_servers": [{ "type": "url", "name": "m", "url": "https://m.example" }] } }),
            "used by",
        ),
    ] {
        let error = update(&owner, &session, wrong.clone()).await.expect(400)["error"].to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
    let full: serde_json::Map<String, Value> = (0..16).map(|n| (format!("n{n}"), json!("v"))).collect();
    update(&owner, &session, json!({ "metadata": full })).await.expect(400);
    assert_eq!(owner.events(&session).await, before, "a refused change changes nothing");
}

/// Case 30: the tools of a turn are those it began with.
#[tokio::test]
async fn tools_change_between_two_turns() {
    let gate = Gate::new();
    let script = [says("One.").then_waits(&gate), calls("look", json!({})), says("Seen.")];
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let mut stream = owner.follow(&session, "event_deltas[]=agent.message").await;
    owner.say(&session, "one").await;
    stream.until_named("event_delta").await;
    let tools = || json!({ "agent": { "tools": [custom("look")] } });
    let refused = update(&owner, &session, tools()).await;
    assert_eq!(refused.expect(409)["error"]["type"], "conflict_error");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    update(&owner, &session, json!({ "title": "While it runs" })).await.ok();
    gate.open();
    let events = idle(&mut stream).await;
    assert_eq!(of_type(&events, "session.updated").len(), 1);
    assert_eq!(one(&events, "session.status_idle")["seq"], owner.events(&session).await.len());

    update(&owner, &session, tools()).await.ok();
    let mut stream = owner.follow(&session, "").await;
    owner.say(&session, "two").await;
    let events = idle(&mut stream).await;
    assert_eq!(one(&events, "session.status_idle")["stop_reason"]["type"], "requires_action");
    update(&owner, &session, json!({ "agent": { "tools": [] } })).await.expect(409);
    let asked = house.model_requests();
    assert_eq!(asked.iter().map(|request| request.tools.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(asked[1].messages.len(), 3, "what was told of the session is not told to the model");
}

/// Updates at once: each is there in the end, and each was told once.
#[tokio::test(flavor = "multi_thread")]
async fn updates_at_once_lose_nothing() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({})).await).await;
    let updates = (0..6).map(|n| {
        let (owner, session) = (owner.clone(), session.clone());
        tokio::spawn(async move { update(&owner, &session, json!({ "metadata": { format!("k{n}"): "v" } })).await })
    });
    let updates: Vec<_> = updates.collect();
    for update in updates {
        update.await.unwrap().ok();
    }
    let events = owner.events(&session).await;
    let counts: Vec<usize> = events.iter().map(|event| event["metadata"].as_object().unwrap().len()).collect();
    assert_eq!(counts, [1, 2, 3, 4, 5, 6]);
    assert_eq!(owner.get(&format!("/v1/sessions/{session}")).await.ok()["metadata"], events[5]["metadata"]);
}

/// Case 31.
#[tokio::test]
async fn a_deleted_session_is_gone_and_its_streams_end() {
    let house = TestHouse::new().model([says("One.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let (session, other) = (owner.session(&agent).await, owner.session(&agent).await);
    owner.turn(&session, "one").await;
    let event = id_of(&owner.events(&session).await[0]);
    let run = owner.get(&format!("/v1/sessions/{session}/runs")).await.ok()["data"][0]["id"].clone();
    let mut live = owner.follow(&session, "").await;
    let mut behind = owner.follow(&session, "after=start&event_deltas[]=agent.message").await;

    let path = format!("/v1/sessions/{session}");
    assert_eq!(owner.delete(&path).await.ok(), json!({ "id": session, "type": "session_deleted" }));

    let last = live.next_event().await.unwrap();
    assert_eq!((last.name(), &last.id), ("session.deleted", &None), "there is nothing to go on from");
    let told = last.json();
    assert!(id_of(&told).starts_with("sevt_") && told["processed_at"].is_string());
    assert_eq!(live.next_event().await, None);
    // A reader in the middle of the log is told the same, and told that it ends.
    let told_behind = behind.until_named("session.deleted").await.pop().unwrap().json();
    assert_eq!(told_behind["id"], told["id"]);
    assert_eq!(behind.next_event().await, None);

    for path in [
        path.clone(),
        format!("{path}/events"),
        format!("{path}/events/stream"),
        format!("{path}/events/stream?after={event}"),
        format!("{path}/runs"),
        format!("/v1/runs/{}", run.as_str().unwrap()),
    ] {
        assert_eq!(owner.get(&path).await.expect(404)["error"]["type"], "not_found_error", "{path}");
    }
    owner.delete(&path).await.expect(404);
    owner.send_events(&session, json!([message("hi")])).await.expect(404);
    update(&owner, &session, json!({ "title": "t" })).await.expect(404);
    owner.post(&format!("{path}/archive"), json!({})).await.expect(404);
    let left = owner.get("/v1/sessions?include_archived=true").await.ok()["data"].clone();
    assert_eq!(left.as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(), [other]);
}

/// Whoever deletes what a list shows still sees all of it.
#[tokio::test]
async fn a_list_goes_on_behind_a_session_that_was_deleted() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    for _ in 0..5 {
        owner.session(&agent).await;
    }
    let (mut seen, mut query) = (0, "limit=2".to_owned());
    loop {
        let page = owner.get(&format!("/v1/sessions?{query}")).await.ok();
        for session in page["data"].as_array().unwrap() {
            owner.delete(&format!("/v1/sessions/{}", id_of(session))).await.ok();
            seen += 1;
        }
        let Some(next) = page["next_page"].as_str() else { break };
        query = format!("limit=2&page={next}");
    }
    assert_eq!(seen, 5);
}

/// Case 31: what is under way is neither deleted nor archived, and what waits goes too.
#[tokio::test]
async fn a_session_under_way_is_interrupted_first() {
    let gate = Gate::new();
    let script = [says("One.").then_waits(&gate), calls("look", json!({}))];
    let house = TestHouse::new().engine(|engine| engine.runs_max = 1).model(script).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "tools": [custom("look")] })).await;
    let (works, waits) = (owner.session(&agent).await, owner.session(&agent).await);
    let mut working = owner.follow(&works, "event_deltas[]=agent.message").await;
    owner.say(&works, "one").await;
    working.until_named("event_delta").await;
    owner.say(&waits, "two").await;
    for session in [&works, &waits] {
        let path = format!("/v1/sessions/{session}");
        let (deleted, archived) = (owner.delete(&path).await, owner.post(&format!("{path}/archive"), json!({})).await);
        for refused in [deleted, archived] {
            assert_eq!(refused.expect(409)["error"]["type"], "conflict_error");
            assert_eq!(refused.header("x-should-retry"), Some("false"));
        }
    }
    owner.send_events(&works, json!([{ "type": "user.interrupt" }])).await.ok();
    idle(&mut working).await;
    owner.delete(&format!("/v1/sessions/{works}")).await.ok();

    // The other one's turn comes now, and waits for the client.
    let mut waiting = owner.follow(&waits, "after=start").await;
    idle(&mut waiting).await;
    owner.say(&waits, "and more").await;
    owner.delete(&format!("/v1/sessions/{waits}")).await.ok();
    waiting.until_named("session.deleted").await;
}

/// Case 31.
#[tokio::test]
async fn an_archived_session_is_only_read() {
    let house = TestHouse::new().model([calls("look", json!({}))]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "tools": [custom("look")] })).await;
    let session = owner.session(&agent).await;
    let events = owner.turn(&session, "look").await;
    let used = one(&events, "agent.custom_tool_use").clone();
    owner.say(&session, "and then?").await;
    let mut stream = owner.follow(&session, "").await;

    let path = format!("/v1/sessions/{session}");
    let archived = owner.post(&format!("{path}/archive"), json!({})).await.ok();
    assert!(archived["archived_at"].is_string());
    assert_eq!((&archived["status"], &archived["active_run_id"]), (&json!("idle"), &Value::Null));
    assert_eq!(owner.post(&format!("{path}/archive"), json!({})).await.ok()["archived_at"], archived["archived_at"]);

    // The turn that waited is over, and what was said behind it was not used.
    let ending = idle(&mut stream).await;
    assert_eq!(
        types(&ending),
        ["agent.tool_result", "user.message", "session.run_dropped", "session.usage", "session.status_idle"]
    );
    assert_eq!((&ending[0]["tool_use_id"], &ending[0]["is_error"]), (&used["id"], &json!(true)));
    assert_eq!(ending[1]["dropped"], true);
    let result = json!({ "type": "user.custom_tool_result", "custom_tool_use_id": used["id"] });
    for event in [message("hi"), json!({ "type": "user.interrupt" }), result] {
        let refused = owner.send_events(&session, json!([event])).await.expect(400);
        assert_eq!(refused["error"]["message"], "session is archived");
    }
    update(&owner, &session, json!({ "title": "t" })).await.expect(400);
    assert_eq!(owner.events(&session).await.len(), archived["last_seq"].as_u64().unwrap() as usize);
    let runs = owner.get(&format!("{path}/runs")).await.ok()["data"].clone();
    assert!(runs.as_array().unwrap().iter().all(|run| run["status"] == "cancelled"), "{runs}");

    assert_eq!(owner.get("/v1/sessions").await.ok()["data"], json!([]));
    let listed = owner.get("/v1/sessions?include_archived=true").await.ok();
    assert_eq!(id_of(&listed["data"][0]), session);
    owner.delete(&path).await.ok();
}

/// No run begins past the archiving or deletion of its session, whoever is first.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_in_a_session_that_is_closed_at_the_same_moment() {
    let house = TestHouse::new().answering(|_| says("Quick.")).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    for round in 0..20 {
        let session = owner.session(&agent).await;
        let path = format!("/v1/sessions/{session}");
        let close = async {
            match round % 2 {
                0 => owner.delete(&path).await,
                _ => owner.post(&format!("{path}/archive"), json!({})).await,
            }
        };
        let (closed, said) = tokio::join!(close, owner.send_events(&session, json!([message("hi")])));
        match (closed.status.as_u16(), said.status.as_u16()) {
            // Before or after: one of the two came too late.
            (200, 404) => assert_eq!(round % 2, 0),
            (200, 400) => assert_eq!(owner.events(&session).await, Vec::<Value>::new()),
            (409, 200) => {}
            // Said, answered and then closed.
            (200, 200) if round % 2 == 1 => {
                assert_eq!(owner.events(&session).await.last().unwrap()["type"], "session.status_idle");
            }
            (200, 200) => drop(owner.get(&path).await.expect(404)),
            other => panic!("round {round}: {other:?}"),
        }
    }
}

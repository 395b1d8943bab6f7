//! Sessions.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, idle, message, types};
use test_kit::{Gate, TestHouse, says};

/// Case 13.
#[tokio::test]
async fn a_session_keeps_to_the_agent_it_began_with() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "name": "old", "system": "s" })).await;
    let session =
        owner.post("/v1/sessions", json!({ "agent": agent, "title": "T", "metadata": { "k": "v" } })).await.ok();
    assert!(id_of(&session).starts_with("sesn_"));
    assert_eq!((&session["status"], &session["environment_id"]), (&json!("idle"), &json!("env_default")));
    assert_eq!((&session["agent"]["version"], &session["agent"]["name"]), (&json!(1), &json!("old")));
    assert!(session["agent"].get("metadata").is_none(), "the snapshot has no metadata of the agent's");

    owner.post(&format!("/v1/agents/{agent}"), json!({ "name": "new" })).await.ok();
    let read = owner.get(&format!("/v1/sessions/{}", id_of(&session))).await.ok();
    assert_eq!((&read["agent"]["version"], &read["agent"]["name"]), (&json!(1), &json!("old")));
    assert_eq!((&read["title"], &read["metadata"]), (&json!("T"), &json!({ "k": "v" })));
}

/// Section 3: every field of a session, absent ones as null.
#[tokio::test]
async fn a_new_session_is_shown_whole() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.post("/v1/sessions", json!({ "agent": agent, "environment_id": "env_default" })).await.ok();
    let keys: Vec<&str> = session.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "type",
            "status",
            "state",
            "stop_reason",
            "origin",
            "agent",
            "environment_id",
            "title",
            "metadata",
            "vault_ids",
            "resources",
            "budget",
            "deployment_id",
            "outcome_evaluations",
            "stats",
            "usage",
            "steps",
            "last_line",
            "active_run_id",
            "last_seq",
            "created_at",
            "updated_at",
            "archived_at"
        ]
    );
    assert_eq!(
        session["usage"],
        json!({
            "input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0,
            "cache_creation": { "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0 },
            "server_tool_use": null, "list_cost": null, "active_seconds": 0.0
        })
    );
}

/// Case 14.
#[tokio::test]
async fn an_agent_is_pinned_or_changed_for_one_session() {
    let house = TestHouse::new().model([says("Yes.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "system": "old", "description": "d" })).await;
    owner.post(&format!("/v1/agents/{agent}"), json!({ "system": "new" })).await.ok();

    let create = async |chosen: Value| owner.post("/v1/sessions", json!({ "agent": chosen })).await;
    let pinned = create(json!({ "type": "agent", "id": agent, "version": 1 })).await.ok();
    assert_eq!((&pinned["agent"]["version"], &pinned["agent"]["system"]), (&json!(1), &json!("old")));
    create(json!({ "type": "agent", "id": agent, "version": 9 })).await.expect(404);
    create(json!("agent_junk")).await.expect(404);
    create(json!(7)).await.expect(400);

    let changed = create(json!({ "type": "agent_with_overrides", "id": agent, "system": "mine" })).await.ok();
    assert_eq!((&changed["agent"]["system"], &changed["agent"]["description"]), (&json!("mine"), &json!("d")));
    assert_eq!(owner.get(&format!("/v1/agents/{agent}")).await.ok()["system"], "new");
    owner.turn(&id_of(&changed), "hi").await;
    assert!(house.model_requests()[0].system.as_deref().unwrap_or_default().contains("mine"));

    let cleared = create(json!({ "type": "agent_with_overrides", "id": agent, "system": null })).await.ok();
    assert_eq!(cleared["agent"]["system"], Value::Null);
}

#[tokio::test]
async fn a_session_may_begin_with_words() {
    let house = TestHouse::new().model([says("Hello.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let begin = |events: Value| json!({ "agent": agent, "initial_events": events });
    let session = owner.post("/v1/sessions", begin(json!([message("hi")]))).await.ok();
    let mut stream = owner.follow(&id_of(&session), "after=start").await;
    let events = idle(&mut stream).await;
    assert_eq!(types(&events)[..2], ["user.message", "session.status_running"]);

    let refused = owner.post("/v1/sessions", begin(json!([{ "type": "user.define_outcome" }]))).await;
    assert_eq!(refused.expect(400)["error"]["details"]["param"], "initial_events[0].type");
    assert_eq!(owner.get("/v1/sessions").await.ok()["data"].as_array().unwrap().len(), 1);
}

/// Case 40.
#[tokio::test]
async fn what_is_not_served_is_kept_and_refused_by_name() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    for (fields, feature) in [
        (json!({ "skills": [{ "type": "custom", "skill_id": "x" }] }), "skills"),
        (json!({ "multiagent": { "type": "coordinator", "agents": [] } }), "multiagent"),
        (json!({ "tools": [{ "type": "agent_toolset_20260401" }] }), "sandbox"),
    ] {
        let agent = owner.agent(fields.clone()).await;
        let shown = owner.get(&format!("/v1/agents/{agent}")).await.ok();
        let field = fields.as_object().unwrap().keys().next().unwrap();
        assert!(shown[field].is_array() || shown[field].is_object(), "{field} is echoed");
        let refused = owner.post("/v1/sessions", json!({ "agent": agent })).await;
        let said = refused.expect(400)["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.contains(feature), "{said}");
    }
    let agent = owner.agent(json!({})).await;
    for (field, value, status) in [
        ("environment_id", json!("env_other"), 404),
        ("vault_ids", json!(["vlt_x"]), 400),
        ("resources", json!([{ "type": "file" }]), 400),
        ("budget", json!({ "type": "limit" }), 400),
    ] {
        owner.post("/v1/sessions", json!({ "agent": agent, field: value })).await.expect(status);
    }
}

/// Case 29.
#[tokio::test]
async fn sessions_are_listed_filtered_and_walked_in_both_directions() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (ada, bob) = (owner.agent(json!({})).await, owner.agent(json!({})).await);
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(owner.session(&ada).await);
    }
    owner.post(&format!("/v1/agents/{ada}"), json!({ "name": "b" })).await.ok();
    made.push(owner.session(&ada).await);
    let bobs = owner.session(&bob).await;

    let list = async |query: &str| owner.get(&format!("/v1/sessions?{query}")).await.ok();
    assert_eq!(ids(&list(&format!("agent_id={ada}&order=asc")).await), made);
    assert_eq!(ids(&list(&format!("agent_id={ada}&agent_version=2")).await), made[5..]);
    assert_eq!(ids(&list(&format!("agent_id={bob}&statuses[]=idle&statuses[]=running")).await), [bobs]);
    assert_eq!(ids(&list("statuses[]=running").await), Vec::<String>::new());
    assert_eq!(ids(&list("agent_id=agent_junk").await), Vec::<String>::new());
    for wrong in ["agent_version=1", "statuses[]=asleep", "order=up", "limit=101"] {
        owner.get(&format!("/v1/sessions?{wrong}")).await.expect(400);
    }

    let page =
        |page: &Value, key: &str| format!("agent_id={ada}&order=asc&limit=2&page={}", page[key].as_str().unwrap());
    let first = list(&format!("agent_id={ada}&order=asc&limit=2")).await;
    assert_eq!((ids(&first), &first["prev_page"]), (made[..2].to_vec(), &Value::Null));
    let second = list(&page(&first, "next_page")).await;
    let third = list(&page(&second, "next_page")).await;
    assert_eq!((ids(&third), &third["next_page"]), (made[4..].to_vec(), &Value::Null));
    let back = list(&page(&third, "prev_page")).await;
    assert_eq!(ids(&back), made[2..4]);
    let start = list(&page(&back, "prev_page")).await;
    assert_eq!((ids(&start), &start["prev_page"]), (made[..2].to_vec(), &Value::Null));
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(id_of).collect()
}

/// Case 29: the filter goes by what is shown, also while a turn waits for a worker.
#[tokio::test]
async fn sessions_are_filtered_by_the_status_they_show() {
    let gate = Gate::new();
    let script = [says("One.").then_waits(&gate), says("Two.")];
    let house = TestHouse::new().engine(|engine| engine.runs_max = 1).model(script).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let (rests, works, waits) = (owner.session(&agent).await, owner.session(&agent).await, owner.session(&agent).await);
    let mut working = owner.follow(&works, "event_deltas[]=agent.message").await;
    owner.say(&works, "one").await;
    working.until_named("event_delta").await;
    owner.say(&waits, "two").await;

    let filtered = async |query: &str| ids(&owner.get(&format!("/v1/sessions?order=asc&{query}")).await.ok());
    for (status, session) in [("idle", &rests), ("running", &works), ("rescheduling", &waits)] {
        assert_eq!(owner.get(&format!("/v1/sessions/{session}")).await.ok()["status"], status);
        assert_eq!(filtered(&format!("statuses[]={status}")).await, std::slice::from_ref(session));
    }
    assert_eq!(filtered("statuses[]=idle&statuses[]=rescheduling").await, [rests.clone(), waits.clone()]);

    let mut waiting = owner.follow(&waits, "").await;
    gate.open();
    idle(&mut waiting).await;
    assert_eq!(filtered("statuses[]=idle").await, [rests, works, waits]);
}

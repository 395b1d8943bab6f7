//! Deployments: part B of the contract, and ours.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, message};
use test_kit::{Caller, TestHouse};

fn daily(agent: &str) -> Value {
    json!({ "name": "daily", "agent": agent, "environment_id": "env_default", "initial_events": [message("what is new?")],
        "schedule": { "type": "cron", "expression": "0 9 * * *", "timezone": "Europe/Berlin" } })
}

fn with(mut body: Value, fields: Value) -> Value {
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

async fn create(owner: &Caller, body: Value) -> Value {
    owner.post("/v1/deployments", body).await.ok()
}

#[tokio::test]
async fn a_new_deployment_is_shown_whole() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let made = create(&owner, with(daily(&agent), json!({ "metadata": { "k": "v" } }))).await;
    let id = id_of(&made);
    assert!(id.starts_with("depl_"), "{id}");
    assert_eq!(made["type"], "deployment");
    assert_eq!(made["agent"], json!({ "id": agent, "type": "agent" }));
    assert_eq!(
        (&made["status"], &made["paused_reason"], &made["last_run_at"]),
        (&json!("active"), &json!(null), &json!(null))
    );
    assert_eq!(made["initial_events"][0]["content"][0]["text"], "what is new?");
    assert_eq!((&made["schedule"]["type"], &made["schedule"]["timezone"]), (&json!("cron"), &json!("Europe/Berlin")));
    assert_eq!(made["schedule"]["upcoming_runs_at"].as_array().map(Vec::len), Some(5));
    assert_eq!(made["trigger"]["type"], "schedule");
    assert_eq!(owner.get(&format!("/v1/deployments/{id}")).await.ok(), made);
    assert_eq!(owner.get("/v1/deployments").await.ok()["data"], json!([made]));
    let object = with(daily(&agent), json!({ "agent": { "type": "agent", "id": agent } }));
    create(&owner, object).await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let hook = |fields: Value| {
        let trigger = with(json!({ "type": "webhook" }), fields);
        json!({ "name": "w", "agent": agent, "trigger": trigger })
    };
    let embed =
        |fields: Value| json!({ "name": "e", "agent": agent, "trigger": with(json!({ "type": "embed" }), fields) });
    for (body, param) in [
        (with(daily(&agent), json!({ "name": "" })), "name"),
        (with(daily(&agent), json!({ "initial_events": [] })), "initial_events"),
        (with(daily(&agent), json!({ "schedule": null })), "schedule"),
        (
            with(daily(&agent), json!({ "schedule": { "type": "cron", "expression": "61 * * * *" } })),
            "schedule.expression",
        ),
        (
            with(daily(&agent), json!({ "schedule": { "type": "cron", "expression": "0 0 30 2 *" } })),
            "schedule.expression",
        ),
        (
            with(
                daily(&agent),
                json!({ "schedule": { "type": "cron", "expression": "* * * * *", "timezone": "Mars" } }),
            ),
            "schedule.timezone",
        ),
        (with(daily(&agent), json!({ "trigger": { "type": "webhook" } })), "trigger"),
        (with(daily(&agent), json!({ "resources": [{}] })), "resources"),
        (hook(json!({ "template": "{{a}}" })), "trigger.template"),
        (hook(json!({ "fields": { "a": "x" } })), "trigger.fields.a"),
        (hook(json!({ "filter": [{ "field": "/a", "one_of": [] }] })), "trigger.filter[0].one_of"),
        (hook(json!({ "signature": { "scheme": "standard_webhooks", "secret": "!" } })), "trigger.signature.secret"),
        (embed(json!({ "allowed_origins": ["https://a.test", "*"] })), "trigger.allowed_origins[1]"),
        (embed(json!({ "theme": "pink" })), "trigger.theme"),
    ] {
        let refused = owner.post("/v1/deployments", body.clone()).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], param, "{body}: {refused}");
    }
    let nobodys = with(daily(&agent), json!({ "agent": "agent_00000000000000000000000001" }));
    owner.post("/v1/deployments", nobodys).await.expect(404);
    owner.post(&format!("/v1/agents/{agent}/archive"), json!({})).await.ok();
    owner.post("/v1/deployments", daily(&agent)).await.expect(400);
}

#[tokio::test]
async fn a_deployment_is_changed_paused_and_archived() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let made = create(&owner, with(daily(&agent), json!({ "metadata": { "a": "1", "b": "2" } }))).await;
    let path = format!("/v1/deployments/{}", id_of(&made));
    let changed = owner.post(&path, json!({ "name": "nightly", "metadata": { "a": null, "c": "3" } })).await.ok();
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!("nightly"), &json!({ "b": "2", "c": "3" })));
    assert_eq!(changed["schedule"], made["schedule"], "what is left out stays");
    let noon = json!({ "schedule": { "type": "cron", "expression": "0 12 * * *" } });
    let changed = owner.post(&path, noon).await.ok();
    assert!(changed["schedule"]["upcoming_runs_at"][0].as_str().unwrap().contains("T12:00:00"));

    for _ in 0..2 {
        let paused = owner.post(&format!("{path}/pause"), json!({})).await.ok();
        assert_eq!((&paused["status"], &paused["paused_reason"]), (&json!("paused"), &json!("manual")));
        assert_eq!(paused["schedule"]["upcoming_runs_at"], json!([]));
    }
    assert_eq!(owner.post(&format!("{path}/unpause"), json!({})).await.ok()["status"], "active");
    for _ in 0..2 {
        assert!(owner.post(&format!("{path}/archive"), json!({})).await.ok()["archived_at"].is_string());
    }
    for verb in ["", "/pause", "/run"] {
        owner.post(&format!("{path}{verb}"), json!({ "name": "x" })).await.expect(400);
    }
    assert_eq!(owner.get("/v1/deployments").await.ok()["data"], json!([]));
    let all = owner.get("/v1/deployments?include_archived=true").await.ok();
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_was_begun_is_kept_and_leads_to_its_session() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let deployment =
        id_of(&create(&owner, with(daily(&agent), json!({ "budget": { "type": "limit", "max_steps": 9 } }))).await);
    let run = owner.post(&format!("/v1/deployments/{deployment}/run"), json!({})).await.ok();
    assert!(id_of(&run).starts_with("drun_"));
    assert_eq!(run["trigger_context"], json!({ "type": "manual", "scheduled_at": null }));
    assert_eq!((&run["deployment_id"], &run["error"]), (&json!(deployment), &json!(null)));
    assert_eq!(owner.get(&format!("/v1/deployment_runs/{}", id_of(&run))).await.ok(), run);
    let session = run["session_id"].as_str().unwrap();
    let shown = owner.get(&format!("/v1/sessions/{session}")).await.ok();
    assert_eq!((&shown["deployment_id"], &shown["title"]), (&json!(deployment), &json!("daily")));
    assert_eq!(shown["budget"]["max_steps"], 9);
    let of_it = owner.get(&format!("/v1/sessions?deployment_id={deployment}")).await.ok();
    assert_eq!(of_it["data"].as_array().map(Vec::len), Some(1));
    let others = owner.get("/v1/sessions?deployment_id=depl_00000000000000000000000001").await.ok();
    assert_eq!(others["data"], json!([]));

    owner.post(&format!("/v1/deployments/{deployment}/run"), json!({})).await.ok();
    let list = async |query: &str| {
        let page = owner.get(&format!("/v1/deployment_runs?deployment_id={deployment}{query}")).await.ok();
        page["data"].as_array().unwrap().len()
    };
    assert_eq!((list("").await, list("&trigger_type=manual").await, list("&trigger_type=schedule").await), (2, 2, 0));
    assert_eq!((list("&has_error=false").await, list("&has_error=true").await, list("&limit=1").await), (2, 0, 1));
    let page = owner.get("/v1/deployment_runs?limit=1").await.ok();
    let next = page["next_page"].as_str().unwrap();
    let rest = owner.get(&format!("/v1/deployment_runs?limit=1&page={next}")).await.ok();
    assert_eq!((rest["data"][0]["id"].clone(), rest["next_page"].clone()), (run["id"].clone(), json!(null)));
    let embed = json!({ "name": "e", "agent": agent, "trigger": { "type": "embed" } });
    let embed = id_of(&create(&owner, embed).await);
    owner.post(&format!("/v1/deployments/{embed}/run"), json!({})).await.expect(400);
}

#[tokio::test]
async fn deployments_are_walked_page_by_page() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(id_of(&create(&owner, daily(&agent)).await));
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = owner.get(&format!("/v1/deployments?{query}")).await.ok();
        seen.extend(page["data"].as_array().unwrap().iter().map(id_of));
        let Some(next) = page["next_page"].as_str() else { break };
        query = format!("limit=2&page={next}");
    }
    made.reverse();
    assert_eq!(seen, made);
    owner.get("/v1/deployments?limit=101").await.expect(400);
}

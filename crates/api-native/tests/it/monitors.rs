//! Monitors of rollouts as deployments.

use app::{CreateKey, KeyFormat};
use domain::ProjectId;
use domain::key::Scope;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::TestHouse;
use test_kit::conversation::id_of;

fn monitor(agent: &str, fields: Value) -> Value {
    let mut trigger = json!({ "type": "rollout_monitor" });
    trigger.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "name": "watch", "agent": agent, "trigger": trigger })
}

#[tokio::test]
async fn a_monitor_is_made_shown_and_changed_like_every_deployment() {
    let house = TestHouse::new().start().await;
    let (owner, ctx) = (house.owner(), house.owner_ctx().await);
    let agent = owner.agent(json!({})).await;
    let project = house.app().list_projects(&ctx).await.unwrap()[0].id.to_string();
    let spec = json!({ "schedule": { "cool_down": 60 }, "signals": [{ "name": "latency",
        "source": { "kind": "prometheus", "url": "https://metrics.example.com", "query": "up" } }] });
    let made =
        owner.post("/v1/deployments", monitor(&agent, json!({ "project_id": project, "monitor": spec }))).await.ok();
    let trigger = &made["trigger"];
    assert_eq!((&trigger["type"], &trigger["project_id"]), (&json!("rollout_monitor"), &json!(project)));
    assert_eq!(trigger["monitor"]["schedule"]["cool_down"], 60);
    assert_eq!(trigger["monitor"]["schedule"]["every"], 300, "what is left out is as usual");
    assert_eq!(trigger["monitor"]["signals"][0]["name"], "latency");
    assert_eq!((&made["schedule"], &made["initial_events"]), (&json!(null), &json!([])));

    // What is shown can be sent again.
    let path = format!("/v1/deployments/{}", id_of(&made));
    let same = owner.post(&path, json!({ "trigger": trigger })).await.ok();
    assert_eq!(same, made);
    let all = owner.post(&path, json!({ "trigger": { "type": "rollout_monitor" } })).await.ok();
    assert_eq!(all["trigger"]["project_id"], json!(null));
    assert_eq!(all["trigger"]["monitor"]["signals"], json!([]));
    let run = owner.post(&format!("{path}/run"), json!({})).await.expect(400);
    assert!(run["error"]["message"].as_str().unwrap().contains("nothing to look at"), "{run}");
}

#[tokio::test]
async fn what_a_monitor_must_not_be_is_named() {
    let house = TestHouse::new().start().await;
    let (owner, ctx) = (house.owner(), house.owner_ctx().await);
    let agent = owner.agent(json!({})).await;
    let other = house.app().create_project(&ctx, "Other".into(), None).await.unwrap().id.to_string();
    let signal = |url: &str| json!({ "name": "x", "source": { "kind": "prometheus", "url": url, "query": "up" } });
    for (fields, param) in [
        (json!({ "monitor": { "schedule": { "every": 1 } } }), "trigger.monitor.schedule.every"),
        (json!({ "monitor": { "signals": [signal("ftp://x")] } }), "trigger.monitor.signals[0].source.url"),
        (
            json!({ "monitor": { "signals": [signal("http://169.254.169.254")] } }),
            "trigger.monitor.signals[0].source.url",
        ),
        (json!({ "monitor": { "signals": [{ "name": 5 }] } }), "trigger.monitor.signals[0].name"),
        (json!({ "project_id": other }), "agent"),
    ] {
        let refused = owner.post("/v1/deployments", monitor(&agent, fields.clone())).await.expect(400);
        assert_eq!(refused["error"]["details"]["param"], param, "{fields}");
    }
    owner.post("/v1/deployments", monitor(&agent, json!({ "project_id": "junk" }))).await.expect(404);
    let mut begins = monitor(&agent, json!({}));
    begins["initial_events"] = json!([test_kit::conversation::message("hi")]);
    let refused = owner.post("/v1/deployments", begins).await.expect(400);
    assert_eq!(refused["error"]["details"]["param"], "initial_events");
}

#[tokio::test]
async fn the_rollouts_that_were_watched_are_its_history() {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let rollout = owner.post("/api/v1/deployments", json!({ "deployment_request": "Deploy" })).await.expect(201);
    let monitor = owner.get("/v1/deployments").await.ok()["data"][0].clone();
    assert_eq!(monitor["trigger"]["type"], "rollout_monitor");
    let path = format!("/v1/deployment_runs?deployment_id={}&trigger_type=rollout", id_of(&monitor));
    let run = owner.get(&path).await.ok()["data"][0].clone();
    assert!(run["trigger_context"]["rollout_id"].as_str().unwrap().starts_with("rollout_"), "{run}");
    let session = owner.get(&format!("/v1/sessions/{}", run["session_id"].as_str().unwrap())).await.ok();
    assert_eq!((&session["deployment_id"], &session["title"]), (&monitor["id"], &json!("Deploy")));
    let listed = owner.get(&format!("/v1/sessions?deployment_id={}", id_of(&monitor))).await.ok();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    let shown = owner.get(&format!("/api/v1/agent-sessions/{}", rollout["session_id"].as_str().unwrap())).await.ok();
    assert_eq!(shown["native_id"], session["id"]);
}

#[tokio::test]
async fn whoever_is_kept_to_a_project_cannot_change_what_watches_all() {
    let house = TestHouse::new().start().await;
    let (owner, ctx) = (house.owner(), house.owner_ctx().await);
    let agent = owner.agent(json!({})).await;
    let project = house.app().list_projects(&ctx).await.unwrap()[0].id;
    let kept = house.keyed(kept_to(project)).await;
    let all = owner.post("/v1/deployments", monitor(&agent, json!({}))).await.ok();
    let path = format!("/v1/deployments/{}", id_of(&all));
    kept.get(&path).await.ok();
    for verb in ["", "/pause", "/unpause", "/archive", "/run"] {
        kept.post(&format!("{path}{verb}"), json!({ "name": "mine" })).await.expect(403);
    }
    kept.post("/v1/deployments", monitor(&agent, json!({}))).await.expect(403);
    let own = json!({ "project_id": project.to_string() });
    let own = kept.post("/v1/deployments", monitor(&agent, own)).await.ok();
    // Nor make what watches all of one's own.
    let own = format!("/v1/deployments/{}", id_of(&own));
    kept.post(&own, json!({ "trigger": { "type": "rollout_monitor" } })).await.expect(403);
}

#[tokio::test]
async fn what_watches_all_is_for_those_to_change_who_administer() {
    let house = TestHouse::new().start().await;
    let (owner, ctx) = (house.owner(), house.owner_ctx().await);
    let agent = owner.agent(json!({})).await;
    let project = house.app().list_projects(&ctx).await.unwrap()[0].id.to_string();
    let all = owner.post("/v1/deployments", monitor(&agent, json!({}))).await.ok();
    let path = format!("/v1/deployments/{}", id_of(&all));
    let member = house.person("mia", Role::Member).await;
    member.post("/v1/deployments", monitor(&agent, json!({}))).await.expect(403);
    for verb in ["", "/pause", "/unpause", "/archive"] {
        member.post(&format!("{path}{verb}"), json!({ "name": "mine" })).await.expect(403);
    }
    assert_eq!(owner.get(&path).await.ok(), all);
    member.post(&format!("{path}/run"), json!({})).await.expect(400);
    let own = member.post("/v1/deployments", monitor(&agent, json!({ "project_id": project }))).await.ok();
    let own = format!("/v1/deployments/{}", id_of(&own));
    member.post(&format!("{own}/pause"), json!({})).await.ok();
    member.post(&own, json!({ "trigger": { "type": "rollout_monitor" } })).await.expect(403);
}

#[tokio::test]
async fn whoever_is_kept_to_a_project_does_not_read_what_happened_in_others() {
    let house = TestHouse::new().start().await;
    let (owner, ctx) = (house.owner(), house.owner_ctx().await);
    let project = house.app().list_projects(&ctx).await.unwrap()[0].id;
    let repository = Some("acme/other".parse().unwrap());
    house.app().create_project(&ctx, "Other".into(), repository).await.unwrap();
    let report = json!({ "deployment_request": "Deploy", "repository_full_name": "acme/other" });
    owner.post("/api/v1/deployments", report).await.expect(201);
    let monitor = id_of(&owner.get("/v1/deployments").await.ok()["data"][0]);
    let list = format!("/v1/deployment_runs?deployment_id={monitor}");
    let began = owner.get(&list).await.ok()["data"][0].clone();
    assert_eq!(began["trigger_context"]["type"], "rollout");
    let kept = house.keyed(kept_to(project)).await;
    kept.get(&format!("/v1/deployments/{monitor}")).await.ok();
    kept.get(&list).await.expect(403);
    kept.get(&format!("/v1/deployment_runs/{}", id_of(&began))).await.expect(403);
}

fn kept_to(project: ProjectId) -> CreateKey {
    CreateKey {
        name: "kept".to_owned(),
        scopes: Scope::ALL.to_vec(),
        project: Some(project),
        expires_at: None,
        budget: None,
        member: None,
        format: KeyFormat::Sortie,
    }
}

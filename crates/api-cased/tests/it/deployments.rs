//! Deployment events.

use std::time::Duration;

use domain::org::RolloutSettings;
use serde_json::{Value, json};
use test_kit::{TestHouse, hangs};

use crate::two::{Two, deploy, is_alias, is_time, refused};

/// Case 1.
#[tokio::test]
async fn a_deployment_is_taken() {
    let two = Two::new().await;
    let taken = two.deploy(json!({})).await;
    assert!(is_alias(&taken["id"]) && is_alias(&taken["session_id"]) && is_time(&taken["created_at"]), "{taken}");
    assert_eq!(taken["status"], "success");
    assert_eq!(taken["url"], format!("/agents/{}", taken["session_id"].as_str().unwrap()));
}

/// Cases 5 to 7.
#[tokio::test]
async fn the_repository_decides_whose_it_is() {
    let two = Two::new().await;
    let wrong = refused(&deploy(&two.two, json!({})).await, 400);
    assert_eq!(wrong["repository_full_name"], json!(["Required because the organization has 2 projects."]));
    let taken = deploy(&two.two, json!({ "repository_full_name": "ACME/Api" })).await.expect(201);
    let path = format!("/api/v1/deployments/{}/", taken["id"].as_str().unwrap());
    assert_eq!(two.two.get(&path).await.ok()["repository_full_name"], "acme/api");
    for none in ["acme/none", "nothing", "a/b/c"] {
        let wrong = refused(&deploy(&two.two, json!({ "repository_full_name": none })).await, 400);
        assert!(wrong["repository_full_name"].is_array(), "{wrong}");
    }
    let app = two.house.app();
    let ctx = app.authenticate(two.two.key()).await.unwrap();
    app.set_rollout_settings(&ctx, RolloutSettings { make_projects: true }).await.unwrap();
    deploy(&two.two, json!({ "repository_full_name": "acme/none" })).await.expect(201);
    assert_eq!(app.list_projects(&ctx).await.unwrap().len(), 3);
}

/// Cases 8 and 9.
#[tokio::test]
async fn fields_are_checked() {
    let two = Two::new().await;
    for wrong in [
        json!({}),
        json!({ "deployment_request": "  " }),
        json!({ "deployment_request": 5 }),
        json!({ "deployment_request": null }),
    ] {
        let reply = two.one.post("/api/v1/deployments/", wrong).await;
        assert!(refused(&reply, 400)["deployment_request"].is_array(), "{reply}");
    }
    for (field, value) in [
        ("status", json!("done")),
        ("status", json!(1)),
        ("external_url", json!("ftp://x")),
        ("external_url", json!("javascript:alert(1)")),
        ("github_run_url", json!("no url")),
        ("ref", json!(["main"])),
        ("github_run_id", json!({})),
    ] {
        let reply = deploy(&two.one, json!({ field: value })).await;
        assert!(refused(&reply, 400)[field].is_array(), "{reply}");
    }
    for status in ["pending", "running", "success", "failure", "cancelled"] {
        assert_eq!(two.deploy(json!({ "status": status })).await["status"], status);
    }
    two.deploy(json!({ "status": null, "external_url": null, "event_metadata": null, "ref": null })).await;
}

/// Cases 10 and 11.
#[tokio::test]
async fn whatever_is_sent_is_kept() {
    let two = Two::new().await;
    let stored = async |fields: Value| {
        let taken = two.deploy(fields).await;
        two.one.get(&format!("/api/v1/deployments/{}", taken["id"].as_str().unwrap())).await.ok()
    };
    for (sent, kept) in [
        (json!("{not json"), json!({ "raw": "{not json" })),
        (json!("{\"a\":1}"), json!({ "a": 1 })),
        (json!({ "a": { "b": [1, null] } }), json!({ "a": { "b": [1, null] } })),
        (json!([1]), json!({ "raw": [1] })),
    ] {
        assert_eq!(stored(json!({ "event_metadata": sent })).await["event_metadata"], kept);
    }
    let all = stored(
        json!({ "github_run_id": 77, "github_run_url": "https://ci.example/77", "workflow_id": "w", "foo": "bar",
        "commit_sha": "abc", "commit_message": "m", "ref": "refs/heads/main", "external_url": "https://x.example/" }),
    )
    .await;
    for (field, value) in [
        ("github_run_id", json!("77")),
        ("github_run_url", json!("https://ci.example/77")),
        ("workflow_id", json!("w")),
        ("commit_sha", json!("abc")),
        ("ref", json!("refs/heads/main")),
        ("external_url", json!("https://x.example/")),
        ("event_metadata", json!({ "_extra": { "foo": "bar" } })),
        ("repository_full_name", json!("acme/shop")),
        ("deployment_request", json!("Deploy 2.5.1")),
    ] {
        assert_eq!(all[field], value, "{field}");
    }
}

/// Case 12.
#[tokio::test]
async fn what_is_reported_again_moves_on() {
    let two = Two::new().await;
    let url = "https://ci.example/1";
    let id = async |fields: Value| two.deploy(fields).await["id"].clone();
    let (a, b) = (
        id(json!({ "external_url": url, "commit_sha": "a" })).await,
        id(json!({ "external_url": url, "commit_sha": "b" })).await,
    );
    assert_ne!(a, b);
    let environment =
        |name| json!({ "external_url": "https://ci.example/2", "event_metadata": { "environment": name } });
    assert_ne!(id(environment("staging")).await, id(environment("production")).await);
    let same = || json!({ "external_url": "https://ci.example/3" });
    let at_once = futures::future::join_all((0..8).map(|_| id(same()))).await;
    assert!(at_once.iter().all(|id| *id == at_once[0]), "{at_once:?}");

    let run = |status: &str| json!({ "github_run_id": 77, "status": status });
    let first = two.deploy(run("running")).await;
    two.pass(5);
    let second = two.deploy(run("success")).await;
    assert_eq!((&first["id"], &first["session_id"]), (&second["id"], &second["session_id"]));
    assert_eq!(first["created_at"], second["created_at"]);
    let stored = two.one.get(&format!("/api/v1/deployments/{}", first["id"].as_str().unwrap())).await.ok();
    let moves: Vec<&Value> = stored["history"].as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(moves, ["running", "success"]);
    assert_ne!(stored["updated_at"], stored["created_at"]);
    let listed = two.one.get("/api/v1/agent/sessions/?since=7d&session_type=deploy_monitor").await.ok();
    let sessions = listed["results"].as_array().unwrap();
    assert_eq!(sessions.iter().filter(|session| session["id"] == first["session_id"]).count(), 1);
    two.pass(25 * 3_600);
    assert_ne!(id(run("running")).await, first["id"]);
}

/// Case 13.
#[tokio::test]
async fn what_names_no_source_is_new_each_time() {
    let two = Two::new().await;
    assert_ne!(two.deploy(json!({})).await["id"], two.deploy(json!({})).await["id"]);
}

/// Case 14.
#[tokio::test]
async fn no_model_is_waited_for() {
    let two = Two::of(TestHouse::new().answering(|_| hangs("thinking"))).await;
    tokio::time::timeout(Duration::from_secs(20), two.deploy(json!({}))).await.expect("an answer without a model's");
    assert!(two.house.model_requests().is_empty());
}

/// Case 16.
#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let two = Two::new().await;
    refused(&two.one.get("/api/v1/deployments/0a1b2c3d-0000-4000-8000-000000000000/").await, 404);
    refused(&two.one.get("/api/v1/deployments/junk/").await, 404);
    let taken = two.deploy(json!({})).await;
    let path = format!("/api/v1/deployments/{}/", taken["id"].as_str().unwrap());
    refused(&two.two.get(&path).await, 404);
    two.one.get(&path).await.ok();
    two.one.get(&path[..path.len() - 14]).await.ok();
}

#[tokio::test]
async fn deployments_are_listed_newest_first_and_filtered() {
    let two = Two::new().await;
    for n in 0..3 {
        let status = if n == 1 { "failure" } else { "success" };
        two.deploy(json!({ "deployment_request": n.to_string(), "status": status })).await;
        two.pass(3_600);
    }
    let list = async |query: &str| {
        let listed = two.one.get(&format!("/api/v1/deployments/?{query}")).await.ok();
        let requests = listed["results"].as_array().unwrap().iter();
        let requests: Vec<String> =
            requests.map(|item| item["deployment_request"].as_str().unwrap().to_owned()).collect();
        (listed["count"].as_u64().unwrap(), requests.join(" "))
    };
    assert_eq!(list("").await, (3, "2 1 0".to_owned()));
    assert_eq!(list("limit=1").await, (3, "2".to_owned()));
    assert_eq!(list("since=90m").await, (1, "2".to_owned()));
    assert_eq!(list("status=failure").await, (1, "1".to_owned()));
    assert_eq!(list("repository_full_name=ACME/shop&limit=999").await.0, 3);
    assert_eq!(list("repository_full_name=acme/none").await.0, 0);
    for wrong in ["limit=0", "limit=x", "since=xyz", "status=nope"] {
        refused(&two.one.get(&format!("/api/v1/deployments/?{wrong}")).await, 400);
    }
    assert_eq!(two.two.get("/api/v1/deployments/").await.ok()["count"], 0);
}

/// Case 38.
#[tokio::test]
async fn a_request_with_a_key_is_done_once() {
    let two = Two::new().await;
    let named = two.one.with_header("Idempotency-Key", "once");
    let (first, again) = (deploy(&named, json!({})).await, deploy(&named, json!({})).await);
    assert_eq!((first.expect(201), again.header("idempotent-replayed")), (again.expect(201), Some("true")));
    refused(&deploy(&named, json!({ "status": "failure" })).await, 409);
    let session = json!({ "prompt": "Why?" });
    let begin = async || named.post("/api/v1/agent-sessions/", session.clone()).await.expect(201)["session_id"].clone();
    assert_eq!(begin().await, begin().await);
}

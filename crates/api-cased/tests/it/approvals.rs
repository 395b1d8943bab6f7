//! Deployments that wait for approval.

use std::time::Duration;

use domain::org::Role;
use serde_json::{Value, json};
use test_kit::Caller;

use crate::two::{Two, deploy, is_time, refused};

const DAY: u64 = 24 * 3_600;

async fn rule(owner: &Caller, fields: Value) -> Value {
    owner.post("/v1/approval_rules", fields).await.ok()
}

async fn shown(caller: &Caller, id: &str) -> Value {
    caller.get(&format!("/api/v1/deployments/{id}/")).await.ok()
}

async fn decide(caller: &Caller, id: &str, verdict: &str, body: Value) -> test_kit::Reply {
    caller.post(&format!("/v1/rollouts/{id}/{verdict}"), body).await
}

async fn session(caller: &Caller, deployment: &Value) -> Value {
    let id = deployment["session_id"].as_str().unwrap();
    caller.get(&format!("/api/v1/agent/sessions/{id}/")).await.ok()
}

/// The deployment once it is in this state.
async fn once(caller: &Caller, id: &str, state: &str) -> Value {
    let wait = async {
        loop {
            let shown = shown(caller, id).await;
            if shown["state"] == state {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("never {state}"))
}

fn id_of(taken: &Value) -> String {
    taken["id"].as_str().unwrap().to_owned()
}

fn texts(list: &Value) -> String {
    list.as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Case 24.
#[tokio::test]
async fn a_pending_deployment_waits_for_an_approver_and_for_its_commit_alone() {
    let two = Two::new().await;
    let ada = two.house.person("ada", Role::Admin).await;
    rule(&two.one, json!({ "name": "production" })).await;
    let report = json!({ "status": "pending", "github_run_id": 77 });
    let taken = two.deploy(report.clone()).await;
    assert_eq!((&taken["status"], taken.as_object().unwrap().len()), (&json!("pending"), 5), "as without rules");
    let id = id_of(&taken);

    let waiting = shown(&two.one, &id).await;
    assert_eq!((&waiting["status"], &waiting["state"]), (&json!("pending"), &json!("pending_approval")));
    let needed = json!([{ "rule": "production", "count": 1, "roles": ["owner", "admin"], "members": [] }]);
    assert_eq!(waiting["approval"]["still_needed"], needed);
    assert!(is_time(&waiting["approval"]["expires_at"]), "{waiting}");
    assert_eq!(session(&two.one, &taken).await["session_status"], "pending_user_input");
    let listed = two.one.get("/api/v1/agent-sessions/?status=pending_user_input").await.ok();
    assert_eq!(listed["count"], 1, "{listed}");

    let own = decide(&two.one, &id, "approve", json!({})).await;
    assert!(own.expect(403).to_string().contains("reported themselves"), "{own}");
    decide(&ada, &id, "approve", json!({ "reason": "looks fine" })).await.ok();
    let approved = shown(&two.one, &id).await;
    assert_eq!(approved["state"], "approved");
    assert_eq!(
        (&approved["approval"]["approved_by"], &approved["approval"]["still_needed"]),
        (&json!(["ada"]), &json!([]))
    );
    let told = session(&two.one, &taken).await;
    assert_eq!(told["session_status"], "agent_running");
    assert!(
        texts(&told["conversation"]).contains("ada approved the deployment, which may go on: looks fine"),
        "{told}"
    );

    // The same report again changes nothing; one of a commit does.
    assert_eq!(id_of(&two.deploy(report).await), id);
    assert_eq!(shown(&two.one, &id).await["state"], "approved");
    let with = |commit: &str| json!({ "status": "pending", "github_run_id": 77, "commit_sha": commit });
    assert_eq!(id_of(&two.deploy(with("abc")).await), id);
    let again = shown(&two.one, &id).await;
    assert_eq!((&again["state"], &again["approval"]["commit_sha"]), (&json!("pending_approval"), &json!("abc")));
    assert!(texts(&session(&two.one, &taken).await["execution_logs"]).contains("is of another commit"));
    decide(&ada, &id, "approve", json!({})).await.ok();

    // Yet another commit is another deployment, and the approval of the one before is void.
    let other = id_of(&two.deploy(with("def")).await);
    assert_ne!(other, id);
    let superseded = shown(&two.one, &id).await;
    assert_eq!((&superseded["state"], &superseded["approval"]["reason"]), (&json!("void"), &json!("superseded")));
    assert_eq!(shown(&two.one, &other).await["state"], "pending_approval");

    // Each is found again by its commit, in any spelling, and an approval outlives that.
    decide(&ada, &other, "approve", json!({})).await.ok();
    assert_eq!(id_of(&two.deploy(with("DEF")).await), other);
    assert_eq!(shown(&two.one, &other).await["state"], "approved");
    assert_eq!(id_of(&two.deploy(with("abc")).await), id);
    assert_eq!(shown(&two.one, &id).await["state"], "pending_approval");
    assert_eq!(shown(&two.one, &other).await["state"], "approved");
}

#[tokio::test]
async fn a_rejected_deployment_says_why_and_may_be_started_again() {
    let two = Two::new().await;
    let ada = two.house.person("ada", Role::Admin).await;
    rule(&two.one, json!({ "name": "production" })).await;
    let report = json!({ "status": "pending", "github_run_id": 78, "commit_sha": "abc" });
    let taken = two.deploy(report.clone()).await;
    let id = id_of(&taken);
    decide(&ada, &id, "reject", json!({ "reason": "not on a Friday" })).await.ok();
    let rejected = shown(&two.one, &id).await;
    assert_eq!((&rejected["state"], &rejected["approval"]["reason"]), (&json!("rejected"), &json!("not on a Friday")));
    let told = session(&two.one, &taken).await;
    assert!(texts(&told["execution_logs"]).contains("ada rejected the deployment: not on a Friday"), "{told}");
    assert!(texts(&told["session_summary"]["key_actions"]).contains("not on a Friday"), "{told}");
    decide(&ada, &id, "approve", json!({})).await.expect(409);

    two.deploy(report).await;
    assert_eq!(shown(&two.one, &id).await["state"], "pending_approval");
    // It goes on without waiting: whoever asks later finds it written down.
    two.deploy(json!({ "status": "running", "github_run_id": 78 })).await;
    let running = shown(&two.one, &id).await;
    assert_eq!((&running["state"], &running["approval"]["state"]), (&json!("running"), &json!("void")));
    let audit = two.one.get("/v1/audit?actions[]=rollout.unapproved").await.ok();
    assert_eq!(audit["data"][0]["details"]["commit"], "abc", "{audit}");
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_the_rule_says_whatever_stops_meanwhile() {
    let mut two = Two::new().await;
    rule(&two.one, json!({ "name": "a day" })).await;
    let id = id_of(&two.deploy(json!({ "status": "pending" })).await);
    two.pass(DAY - 1);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(shown(&two.one, &id).await["state"], "pending_approval");
    two.pass(1);
    let expired = once(&two.one, &id, "rejected").await;
    assert_eq!(expired["approval"]["reason"], "expired");
    let audit = two.one.get("/v1/audit?actor=system").await.ok();
    assert_eq!(
        (&audit["data"][0]["action"], &audit["data"][0]["details"]["reason"]),
        (&json!("rollout.rejected"), &json!("expired"))
    );

    let id = id_of(&two.deploy(json!({ "status": "pending" })).await);
    two.clock.advance(Duration::from_secs(DAY));
    two.house.restart().await;
    let owner = two.house.owner();
    let expired = once(&owner, &id, "rejected").await;
    let decided = expired["history"].as_array().unwrap().len();
    assert_eq!(decided, 1, "its status is the pipeline's alone");
}

#[tokio::test]
async fn what_no_rule_means_does_not_wait() {
    let two = Two::new().await;
    rule(&two.one, json!({ "name": "infra", "paths": ["infra/**"], "branches": ["main"] })).await;
    let report = async |git_ref: &str, metadata: Value| {
        let fields = json!({ "status": "pending", "ref": git_ref, "event_metadata": metadata });
        shown(&two.one, &id_of(&two.deploy(fields).await)).await["state"].as_str().unwrap().to_owned()
    };
    let infra = json!({ "changed_paths": ["infra/main.tf"] });
    for (git_ref, metadata, expected) in [
        ("refs/heads/main", infra.clone(), "pending_approval"),
        ("refs/heads/refs/heads/main", json!({ "files": [{ "filename": "infra/a" }] }), "pending_approval"),
        ("main", json!({}), "pending_approval"),
        ("main", json!("infra/main.tf"), "pending_approval"),
        ("main", json!({ "changed_paths": ["web/../infra/main.tf"] }), "pending_approval"),
        ("main", json!({ "changed_paths": ["web/a.ts"] }), "pending"),
        ("feature", infra, "pending"),
    ] {
        assert_eq!(report(git_ref, metadata.clone()).await, expected, "{git_ref} {metadata}");
    }
    let running = two.deploy(json!({ "status": "running" })).await;
    let running = shown(&two.one, &id_of(&running)).await;
    assert_eq!((&running["state"], &running["approval"]), (&json!("running"), &Value::Null));
    // Rules are each organization's own.
    let other = deploy(&two.two, json!({ "status": "pending", "repository_full_name": "acme/shop" })).await.expect(201);
    assert_eq!(shown(&two.two, &id_of(&other)).await["state"], "pending");
    refused(&two.two.get(&format!("/api/v1/deployments/{}/", id_of(&two.deploy(json!({})).await))).await, 404);
}

#[tokio::test]
async fn an_approval_that_waits_outlives_its_session() {
    let two = Two::new().await;
    let ada = two.house.person("ada", Role::Admin).await;
    rule(&two.one, json!({ "name": "production" })).await;
    for end in ["archive", "delete"] {
        let taken = two.deploy(json!({ "status": "pending" })).await;
        let native = session(&two.one, &taken).await["native_id"].as_str().unwrap().to_owned();
        match end {
            "archive" => two.one.post(&format!("/v1/sessions/{native}/archive"), json!({})).await.ok(),
            _ => two.one.delete(&format!("/v1/sessions/{native}")).await.ok(),
        };
        decide(&ada, &id_of(&taken), "approve", json!({})).await.ok();
        assert_eq!(shown(&two.one, &id_of(&taken)).await["state"], "approved", "{end}");
    }
}

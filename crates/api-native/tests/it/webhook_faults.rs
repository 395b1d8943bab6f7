//! Webhooks when something is amiss: a store that cannot write, a receiver that moved, one that
//! was not there for a while, a rollout whose session takes nothing any more.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use test_kit::sources::StoppedClock;
use test_kit::{Caller, Gate, TestHouse, ToolStub, answers, refuses};

use crate::webhooks::{deliveries, delivery, test_of, told};

#[tokio::test]
async fn what_was_sent_is_not_sent_again_because_the_store_cannot_write() {
    let gate = Gate::default();
    let receiver = ToolStub::start([answers(json!({})).behind(&gate)]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &receiver, json!({})).await;
    test_of(&owner, &webhook).await;
    receiver.called(1).await;
    house.break_changes_of("deliveries");
    gate.open();
    let again = tokio::time::timeout(Duration::from_secs(2), receiver.called(2)).await;
    assert!(again.is_err(), "it has taken it");
    assert_eq!(deliveries(&owner, &webhook).await[0]["status"], "waiting", "which could not be stored");
    house.mend();
    let taken = delivery(&owner, &webhook, |delivery| delivery["status"] == "delivered").await;
    assert_eq!((&taken["attempts"], receiver.calls().len()), (&json!(1), 1));
}

#[tokio::test]
async fn one_that_is_enabled_is_sent_at_once_what_waited() {
    let receiver = ToolStub::start([refuses(500)]).await;
    let house = TestHouse::new().clock(Arc::new(StoppedClock::default())).start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &receiver, json!({})).await;
    let path = format!("/v1/webhooks/{webhook}");
    test_of(&owner, &webhook).await;
    delivery(&owner, &webhook, |delivery| delivery["attempts"] == 1).await;
    owner.post(&path, json!({ "disabled": true })).await.ok();
    owner.post(&path, json!({ "disabled": false })).await.ok();
    let taken = delivery(&owner, &webhook, |delivery| delivery["status"] == "delivered").await;
    assert_eq!(taken["attempts"], 1, "of a new round");
}

#[tokio::test]
async fn what_the_address_before_says_does_not_disable_the_new_one() {
    let gate = Gate::default();
    let before = ToolStub::start([refuses(410).behind(&gate)]).await;
    let after = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &before, json!({})).await;
    let path = format!("/v1/webhooks/{webhook}");
    test_of(&owner, &webhook).await;
    before.called(1).await;
    owner.post(&path, json!({ "url": after.url("/in") })).await.ok();
    gate.open();
    let waits = delivery(&owner, &webhook, |delivery| delivery["attempts"] == 1).await;
    assert_eq!((&waits["status"], &waits["last_attempt"]["status"]), (&json!("waiting"), &json!(410)));
    assert_eq!(owner.get(&path).await.ok()["disabled"], false);
}

/// The status of each report that a webhook was told of, the newest first.
async fn reports(owner: &Caller, webhook: &str) -> Vec<Value> {
    deliveries(owner, webhook).await.iter().map(|listed| listed["payload"]["data"]["status"].clone()).collect()
}

#[tokio::test]
async fn a_report_is_told_of_whatever_became_of_its_session() {
    let receiver = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &receiver, json!({ "event_types": ["rollout.reported"] })).await;
    let report = async |status: &str| {
        let body = json!({ "deployment_request": "Deploy 2.5.1", "status": status, "github_run_id": 5 });
        let taken = owner.post("/api/v1/deployments/", body).await;
        assert!(taken.status == 200 || taken.status == 201, "{taken}");
        taken.json()["id"].as_str().unwrap().to_owned()
    };
    let rollout = report("pending").await;
    let shown = owner.get(&format!("/v1/rollouts/{rollout}")).await.ok();
    let session = format!("/v1/sessions/{}", shown["session_id"].as_str().unwrap());
    owner.post(&format!("{session}/archive"), json!({})).await.ok();
    assert_eq!(report("running").await, rollout);
    owner.delete(&session).await.ok();
    assert_eq!(report("success").await, rollout);
    assert_eq!(reports(&owner, &webhook).await, ["success", "running", "pending"]);
}

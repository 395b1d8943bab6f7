//! The model's part in the deploy monitor: it explains and sums up, and decides nothing.

use serde_json::{Value, json};
use test_kit::{Gate, TestHouse, says};

use crate::watched::{Watched, rollback, says_in};

fn off() -> Value {
    rollback(json!({ "policy": "off" }))
}

fn said_by_model(session: &Value, text: &str) -> bool {
    session["conversation"].as_array().unwrap().iter().any(|said| said["content"] == text)
}

/// 3.0: when a level rises and at the end, and not at each check.
#[tokio::test]
async fn a_model_is_asked_when_a_level_rises_and_at_the_end() {
    let house = TestHouse::new().model([says("The cache is cold."), says("All is well again.")]);
    let mut watched = Watched::new(house, off(), json!({}), vec![]).await;
    watched.check(100.0).await;
    assert!(watched.two.house.model_requests().is_empty());
    watched.check(160.0).await;
    let seen = watched.once(|session| said_by_model(session, "The cache is cold.")).await;
    assert_eq!(seen["session_status"], "agent_running");
    assert!(!says_in(&seen["conversation"], "content", "untrusted-data"), "{seen}");
    watched.check(160.0).await;
    watched.check(100.0).await;
    assert_eq!(watched.two.house.model_requests().len(), 1);
    let asked = format!("{:?}", watched.two.house.model_requests()[0].messages);
    for told in ["4f2c1e0", "production", "latency", "160.0"] {
        assert!(asked.contains(told), "{told}: {asked}");
    }

    let report = json!({ "status": "success", "github_run_id": 77, "commit_sha": "4f2c1e0",
        "event_metadata": { "environment": "production" } });
    watched.two.deploy(report).await;
    watched.two.pass(900);
    // The look that was missed is made, and the time is over.
    watched.once(|session| says_in(&session["conversation"], "content", "Check 5")).await;
    let ended = watched.once(|session| said_by_model(session, "All is well again.")).await;
    let ended = match ended["session_status"] == "completed" {
        true => ended,
        false => watched.is("completed").await,
    };
    let summary = &ended["session_summary"];
    assert_eq!((&summary["outcome"], &summary["description"]), (&json!("healthy"), &json!("All is well again.")));
    let asked = format!("{:?}", watched.two.house.model_requests()[1].messages);
    assert!(asked.contains("healthy") && asked.contains("Check 5"), "{asked}");
}

/// Case 21: without a model nothing of it is begun, and all else is the same.
#[tokio::test]
async fn without_a_model_nobody_is_asked() {
    let mut watched = Watched::new(TestHouse::new().default_model("nowhere/none"), off(), json!({}), vec![]).await;
    let seen = watched.check(300.0).await;
    assert_eq!((&seen["llm_model"], &seen["session_status"]), (&json!("-"), &json!("agent_running")));
    let (app, ctx) = (watched.two.house.app(), watched.two.house.owner_ctx().await);
    let runs = app.list_runs(&ctx, watched.native.parse().unwrap()).await.unwrap();
    assert_eq!(runs.len(), 0);
}

/// What gets worse while a model is asked does not pile up, and is not forgotten.
#[tokio::test]
async fn one_model_call_at_a_time_and_what_is_owed_comes_later() {
    let gate = Gate::new();
    let script = [says("It is").then_waits(&gate).then_says(" slower."), says("It is very slow.")];
    let mut watched = Watched::new(TestHouse::new().model(script), off(), json!({}), vec![]).await;
    watched.check(130.0).await;
    test_kit::wait::until("the model is asked", || watched.two.house.model_requests().len() == 1).await;
    watched.check(160.0).await;
    watched.check(300.0).await;
    let (app, ctx) = (watched.two.house.app(), watched.two.house.owner_ctx().await);
    let runs = app.list_runs(&ctx, watched.native.parse().unwrap()).await.unwrap();
    assert_eq!(runs.len(), 1);
    gate.open();
    watched.once(|session| said_by_model(session, "It is slower.")).await;
    let at_rest = || async {
        let runs = app.list_runs(&ctx, watched.native.parse().unwrap()).await.unwrap();
        runs.iter().all(|run| run.status.is_over())
    };
    while !at_rest().await {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    watched.check(300.0).await;
    watched.once(|session| said_by_model(session, "It is very slow.")).await;
}

/// A model that fails changes nothing of what is seen and when.
#[tokio::test]
async fn a_model_that_fails_changes_no_level_and_no_time() {
    let fails = || test_kit::fails(domain::model::FaultKind::Rejected, "no");
    let mut watched = Watched::new(TestHouse::new().answering(move |_| fails()), off(), json!({}), vec![]).await;
    for (value, level) in [(130.0, "medium"), (100.0, "none"), (200.0, "critical")] {
        let seen = watched.check(value).await;
        assert!(says_in(&seen["conversation"], "content", level), "{seen}");
    }
    watched.is("agent_running").await;
}

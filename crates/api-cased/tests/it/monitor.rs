//! What a deployment starts, as clients see it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use app::ProjectPatch;
use axum::extract::{Query, State};
use axum::{Json, Router};
use serde_json::{Value, json};
use test_kit::{Gate, Listening, TestHouse};

use crate::two::Two;

/// A metrics server: one number now, and so many from the day before.
pub(crate) struct Metrics {
    listening: Listening,
    answers: Answers,
}

#[derive(Clone)]
struct Answers {
    now: Arc<Mutex<Option<f64>>>,
    before: (f64, i64),
    gate: Arc<Mutex<Option<Gate>>>,
    asked: Arc<AtomicUsize>,
}

impl Metrics {
    pub(crate) async fn start(before: f64, samples: i64) -> Self {
        let before = (before, samples);
        let answers = Answers { now: Arc::default(), before, gate: Arc::default(), asked: Arc::default() };
        let router = Router::new().fallback(range).with_state(answers.clone());
        Self { listening: Listening::start(router).await, answers }
    }

    pub(crate) fn shows(&self, value: f64) {
        *self.answers.now.lock().unwrap() = Some(value);
    }

    /// Answers nothing until the test opens the gate.
    pub(crate) fn waits_for(&self, gate: &Gate) {
        *self.answers.gate.lock().unwrap() = Some(gate.clone());
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.answers.asked.load(Ordering::Relaxed)
    }

    /// A signal that this server gives, with these fields of its measure.
    pub(crate) fn signal(&self, measure: Value) -> Value {
        let source = json!({ "kind": "prometheus", "url": self.listening.url(), "query": "latency" });
        json!({ "name": "latency", "measure": measure, "source": source })
    }
}

async fn range(State(answers): State<Answers>, Query(asked): Query<HashMap<String, String>>) -> Json<Value> {
    answers.asked.fetch_add(1, Ordering::Relaxed);
    let gate = answers.gate.lock().unwrap().clone();
    if let Some(gate) = gate {
        gate.pass().await;
    }
    let second = |name: &str| asked[name].parse::<i64>().unwrap();
    let (start, end) = (second("start"), second("end"));
    let (before, samples) = answers.before;
    let values: Vec<Value> = match end - start {
        300 => answers.now.lock().unwrap().iter().map(|value| json!([end, value.to_string()])).collect(),
        86_400 => (1..=samples).map(|n| json!([end - 60 * n, before.to_string()])).collect(),
        _ => Vec::new(),
    };
    Json(
        json!({ "status": "success", "data": { "resultType": "matrix", "result": [{ "metric": {}, "values": values }] } }),
    )
}

/// The project of organization `one` has these signals.
pub(crate) async fn watch_by(two: &Two, signals: Value) {
    let (app, ctx) = (two.house.app(), two.house.owner_ctx().await);
    let project = app.list_projects(&ctx).await.unwrap()[0].id;
    let monitor = Some(serde_json::from_value(json!({ "signals": signals })).unwrap());
    app.update_project(&ctx, project, ProjectPatch { monitor, ..ProjectPatch::default() }).await.unwrap();
}

/// The level that the first check of a deployment finds, and what is said of it.
pub(crate) async fn first_level(two: &Two) -> (String, Value) {
    let taken = two.deploy(json!({ "status": "running" })).await;
    let id = taken["session_id"].as_str().unwrap();
    two.pass(10);
    let seen = once(two, id, |session| !updates(session).is_empty()).await;
    let said = updates(&seen).remove(0);
    let level = said.trim_start_matches("Check 1: ").split(',').next().unwrap_or_default().to_owned();
    (level, seen)
}

pub(crate) async fn session(two: &Two, id: &str) -> Value {
    two.one.get(&format!("/api/v1/agent-sessions/{id}")).await.ok()
}

/// The session once it is as it must be.
pub(crate) async fn once(two: &Two, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let session = session(two, id).await;
            if is(&session) {
                return session;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("within thirty seconds")
}

/// What is said of each check.
pub(crate) fn updates(session: &Value) -> Vec<String> {
    let said = session["conversation"].as_array().unwrap().iter().filter(|said| said["role"] == "assistant");
    let said = said.map(|said| said["content"].as_str().unwrap().to_owned());
    said.filter(|said| said.starts_with("Check ")).collect()
}

/// The end of case 20, and 3.4: each check is told in conversation and log, also when there is
/// nothing to see.
#[tokio::test]
async fn without_a_signal_every_check_says_so_and_nothing_is_verified() {
    let two = Two::new().await;
    let taken = two.deploy(json!({ "status": "success" })).await;
    let id = taken["session_id"].as_str().unwrap();
    for (checks, seconds) in [(1, 10), (2, 30), (3, 60), (4, 300), (5, 300)] {
        two.pass(seconds);
        let seen = once(&two, id, |session| updates(session).len() == checks).await;
        let said = updates(&seen).pop().unwrap();
        assert!(said.starts_with(&format!("Check {checks}: no_data")) && said.contains("No signal"), "{said}");
        let logged = seen["execution_logs"].as_array().unwrap().iter().any(|entry| entry["message"] == said.as_str());
        assert!(logged, "{seen}");
        assert_eq!(
            (&seen["session_status"], &seen["session_type"]),
            (&json!("agent_running"), &json!("deploy_monitor"))
        );
        assert_eq!(seen["deployment_id"], taken["id"]);
    }
    two.pass(200);
    let ended = once(&two, id, |session| session["session_status"] == "completed").await;
    assert_eq!(ended["session_summary"]["outcome"], "not_verified");
}

/// Cases 19 and 21: the levels are a plain rule, with a model and without one.
#[tokio::test]
async fn levels_follow_the_ratio_whether_there_is_a_model_or_not() {
    for model in ["scripted/demo", "nowhere/none"] {
        let two = Two::of(TestHouse::new().default_model(model)).await;
        let metrics = Metrics::start(100.0, 60).await;
        watch_by(&two, json!([metrics.signal(json!({}))])).await;
        for (now, expected) in
            [(124, "none"), (125, "medium"), (149, "medium"), (150, "high"), (199, "high"), (200, "critical")]
        {
            metrics.shows(f64::from(now));
            let (level, session) = first_level(&two).await;
            assert_eq!(level, expected, "{now}");
            assert_eq!(session["llm_model"] == "-", model == "nowhere/none", "{session}");
        }
        let listed = two.one.get("/api/v1/agent-sessions/?limit=1").await.ok();
        let id = listed["results"][0]["id"].as_str().unwrap();
        let native = session(&two, id).await["native_id"].as_str().unwrap().to_owned();
        let events = two.one.events(&native).await;
        let update = events.iter().find(|event| event["type"] == "monitor.update").unwrap();
        let evidence = &update["evidence"][0];
        assert_eq!((&evidence["current"], &evidence["baseline"]), (&json!(200.0), &json!(100.0)));
    }
}

/// Case 20.
#[tokio::test]
async fn less_may_be_worse_and_too_little_is_unknown() {
    let two = Two::new().await;
    for (measure, before, samples, now, expected) in [
        (json!({ "direction": "less_is_worse" }), 100.0, 60, Some(50.0), "critical"),
        (json!({ "counts_errors": true }), 0.0, 60, Some(3.0), "critical"),
        (json!({}), 0.0, 60, Some(3.0), "unknown"),
        (json!({}), 100.0, 3, Some(300.0), "unknown"),
        (json!({}), 100.0, 60, None, "no_data"),
    ] {
        let metrics = Metrics::start(before, samples).await;
        now.into_iter().for_each(|now| metrics.shows(now));
        watch_by(&two, json!([metrics.signal(measure.clone())])).await;
        assert_eq!(first_level(&two).await.0, expected, "{measure} {now:?} beside {samples} of {before}");
    }
}

/// A server that is not there, and one that may not be called, are no data and no harm.
#[tokio::test]
async fn a_signal_that_cannot_be_asked_says_why() {
    let two = Two::new().await;
    let gone = Metrics::start(1.0, 0).await;
    let signal = gone.signal(json!({}));
    watch_by(&two, json!([signal])).await;
    drop(gone);
    let (level, session) = first_level(&two).await;
    assert_eq!(level, "no_data", "{session}");
    let (app, ctx) = (two.house.app(), two.house.owner_ctx().await);
    let project = app.list_projects(&ctx).await.unwrap()[0].id;
    let metadata = json!({ "kind": "prometheus", "url": "http://169.254.169.254/", "query": "x" });
    let monitor = serde_json::from_value(json!({ "signals": [{ "name": "x", "source": metadata }] })).unwrap();
    let patch = ProjectPatch { monitor: Some(monitor), ..ProjectPatch::default() };
    assert!(matches!(app.update_project(&ctx, project, patch).await, Err(app::Error::Invalid(_))));
}

/// A report is taken whoever watches, and a session that nobody watches says so.
#[tokio::test]
async fn what_nobody_watches_is_taken_and_says_so() {
    let two = Two::new().await;
    two.deploy(json!({ "status": "success", "github_run_id": 1 })).await;
    let (app, ctx) = (two.house.app(), two.house.owner_ctx().await);
    let monitor = app.list_deployments(&ctx, app::DeploymentFilter::default()).await.unwrap()[0].id;
    app.pause_deployment(&ctx, monitor).await.unwrap();
    let taken = two.deploy(json!({ "status": "running", "github_run_id": 2 })).await;
    let seen = session(&two, taken["session_id"].as_str().unwrap()).await;
    assert_eq!((&seen["session_status"], &seen["deployment_id"]), (&json!("cancelled"), &taken["id"]));
    assert!(seen["conversation"].to_string().contains("Nobody watches"), "{seen}");
}

/// It ends as its last check was, and one that recovered is healthy.
#[tokio::test]
async fn a_rollout_that_recovers_ends_healthy() {
    let two = Two::new().await;
    let metrics = Metrics::start(100.0, 60).await;
    watch_by(&two, json!([metrics.signal(json!({}))])).await;
    metrics.shows(300.0);
    let id = two.deploy(json!({ "status": "success" })).await["session_id"].as_str().unwrap().to_owned();
    for (checks, seconds) in [(1, 10), (2, 30), (3, 60), (4, 300), (5, 300)] {
        if checks == 4 {
            metrics.shows(101.0);
        }
        two.pass(seconds);
        once(&two, &id, |session| updates(session).len() == checks).await;
    }
    two.pass(200);
    let ended = once(&two, &id, |session| session["session_status"] == "completed").await;
    let summary = &ended["session_summary"];
    assert_eq!(summary["outcome"], "healthy", "{summary}");
    assert!(summary["key_actions"][0].as_str().unwrap().contains("critical"), "{summary}");
}

//! Signals that keep no past, which the server samples itself; and whose looks wait for whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::{Error, ProjectPatch};
use axum::extract::State;
use axum::{Json, Router};
use domain::change::{Change, ChangeSet};
use domain::monitor::{Samples, Source};
use http::StatusCode;
use serde_json::{Value, json};
use test_kit::{Caller, Gate, Listening, TestHouse};

use crate::monitor::{Metrics, first_level, once, updates, watch_by};
use crate::two::{Two, deploy};

/// An endpoint that answers as the test says.
struct Endpoint {
    listening: Listening,
    answer: Arc<Mutex<Answer>>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    body: Value,
    delay: Duration,
}

impl Endpoint {
    async fn start(body: Value) -> Self {
        let answer = Arc::new(Mutex::new(Answer { status: 200, body, delay: Duration::ZERO }));
        let router = Router::new().fallback(answered).with_state(Arc::clone(&answer));
        Self { listening: Listening::start(router).await, answer }
    }

    fn answers(&self, status: u16, body: Value) {
        let mut answer = self.answer.lock().unwrap();
        (answer.status, answer.body) = (status, body);
    }

    fn dawdles(&self, delay: Duration) {
        self.answer.lock().unwrap().delay = delay;
    }

    /// A signal that this endpoint gives.
    fn signal(&self, fields: Value) -> Value {
        let mut source = json!({ "kind": "http", "url": self.listening.url() });
        source.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "name": "endpoint", "source": source })
    }
}

async fn answered(State(answer): State<Arc<Mutex<Answer>>>) -> (StatusCode, Json<Value>) {
    let Answer { status, body, delay } = answer.lock().unwrap().clone();
    tokio::time::sleep(delay).await;
    (StatusCode::from_u16(status).unwrap(), Json(body))
}

/// What is kept of a signal of organization `one`.
async fn kept(two: &Two, signal: &Value) -> usize {
    let ctx = two.house.owner_ctx().await;
    let project = two.house.app().list_projects(&ctx).await.unwrap()[0].id;
    let source: Source = serde_json::from_value(signal["source"].clone()).unwrap();
    let all = domain::Timestamp::MIN..domain::Timestamp::MAX;
    two.house.store().of(ctx.org).list_samples(source.digest(project), all).await.unwrap().len()
}

/// Lets minutes pass until so many more samples of a signal are kept.
async fn sampled(two: &Two, signal: &Value, times: usize) {
    for _ in 0..times {
        let before = kept(two, signal).await;
        // The sampler may not have heard of the signal yet.
        let more = async {
            loop {
                two.pass(60);
                for _ in 0..100 {
                    if kept(two, signal).await > before {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), more).await.expect("a sample");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_seen_beside_what_was_sampled_before() {
    let mut two = Two::new().await;
    let endpoint = Endpoint::start(json!({ "ok": true })).await;
    let signal =
        endpoint.signal(json!({ "gives": "failure", "expects": { "json": { "path": "$.ok", "equals": true } } }));
    watch_by(&two, json!([signal])).await;
    assert_eq!(first_level(&two).await.0, "unknown", "there is nothing to compare it with");
    sampled(&two, &signal, 5).await;
    assert_eq!(first_level(&two).await.0, "none");
    endpoint.answers(500, json!({ "ok": true }));
    assert_eq!(first_level(&two).await.0, "critical");
    endpoint.answers(200, json!({ "ok": false }));
    let (level, session) = first_level(&two).await;
    assert_eq!(level, "critical");
    assert!(session.to_string().contains("endpoint is worse"), "{session}");

    // What was sampled outlives the process.
    two.house.restart().await;
    two.one = two.house.owner();
    assert_eq!(first_level(&two).await.0, "critical");
    drop(endpoint);
    assert_eq!(first_level(&two).await.0, "critical", "no answer is a failure too");
}

#[tokio::test]
async fn a_slow_endpoint_is_worse_than_it_was() {
    let two = Two::new().await;
    let endpoint = Endpoint::start(json!({})).await;
    let signal = endpoint.signal(json!({}));
    watch_by(&two, json!([signal])).await;
    let ctx = two.house.owner_ctx().await;
    let project = two.house.app().list_projects(&ctx).await.unwrap()[0].id;
    let source: Source = serde_json::from_value(signal["source"].clone()).unwrap();
    let was = async |millis: f64| {
        let now = two.house.now();
        let minutes = (1..=30).map(|n| {
            let at = now - jiff::SignedDuration::from_mins(n);
            Change::KeepSamples(Samples { at, values: vec![(source.digest(project), millis)] })
        });
        two.house.store().of(ctx.org).commit(ChangeSet::of(minutes)).await.unwrap();
    };
    was(20.0).await;
    endpoint.dawdles(Duration::from_millis(100));
    assert_eq!(first_level(&two).await.0, "critical");
    // The same an age later, where that is what it always took.
    two.pass(3 * 24 * 3_600);
    was(60_000.0).await;
    assert_eq!(first_level(&two).await.0, "none");
}

#[tokio::test]
async fn a_number_is_read_from_a_tool_that_only_reads() {
    let two = Two::new().await;
    let endpoint = Endpoint::start(json!({ "depth": 10 })).await;
    let tool = |effect: &str| {
        json!({ "name": "depth", "description": "How deep a queue is.", "method": "POST", "effect": effect,
                "url": format!("{}/{{queue}}", endpoint.listening.url()),
                "input_schema": { "type": "object", "required": ["queue"], "properties": { "queue": { "type": "string" } } } })
    };
    let source = json!({ "kind": "tool", "tool": "depth", "input": { "queue": "mails" }, "path": "$.depth" });
    let signal = json!({ "name": "queue", "source": source });
    assert_eq!(refusal(&two, &signal).await, "monitor.signals[0].source.tool", "there is none of that name");
    let unsafe_one = two.one.post("/v1/tools", tool("unsafe")).await.ok();
    assert_eq!(refusal(&two, &signal).await, "monitor.signals[0].source.tool");
    delete(&two.one, &unsafe_one).await;
    let reading = two.one.post("/v1/tools", tool("read")).await.ok();
    let mut without_input = signal.clone();
    without_input["source"]["input"] = json!({});
    assert_eq!(refusal(&two, &without_input).await, "monitor.signals[0].source.input");

    watch_by(&two, json!([signal])).await;
    sampled(&two, &signal, 5).await;
    endpoint.answers(200, json!({ "depth": 15 }));
    assert_eq!(first_level(&two).await.0, "high");
    // Another tool of that name, which does more than read, is never called.
    delete(&two.one, &reading).await;
    two.one.post("/v1/tools", tool("unsafe")).await.ok();
    let (level, session) = first_level(&two).await;
    assert_eq!(level, "no_data", "{session}");
}

async fn delete(caller: &Caller, tool: &Value) {
    caller.delete(&format!("/v1/tools/{}", tool["id"].as_str().unwrap())).await.ok();
}

/// The field for which a signal is refused.
async fn refusal(two: &Two, signal: &Value) -> String {
    let (app, ctx) = (two.house.app(), two.house.owner_ctx().await);
    let project = app.list_projects(&ctx).await.unwrap()[0].id;
    let monitor = Some(serde_json::from_value(json!({ "signals": [signal] })).unwrap());
    match app.update_project(&ctx, project, ProjectPatch { monitor, ..ProjectPatch::default() }).await {
        Err(Error::Invalid(faults)) => faults[0].path.clone(),
        other => panic!("{other:?}"),
    }
}

/// Nothing that is asked of the one's server comes back, and the other hears nothing of it.
#[tokio::test]
async fn a_slow_server_delays_its_own_organization_alone() {
    let two = Two::of(TestHouse::new().web(|web| web.cased_per_minute = 0)).await;
    let silent = Listening::start(Router::new().fallback(std::future::pending::<()>)).await;
    let quick = Endpoint::start(json!({})).await;
    let source = json!({ "kind": "prometheus", "url": silent.url(), "query": "latency" });
    watch_by(&two, json!([{ "name": "latency", "source": source }])).await;
    let (app, ctx) = (two.house.app(), two.house.app().authenticate(two.two.key()).await.unwrap());
    let api = app.find_project_of(&ctx, &"acme/api".parse().unwrap()).await.unwrap().unwrap();
    let monitor = Some(serde_json::from_value(json!({ "signals": [quick.signal(json!({}))] })).unwrap());
    app.update_project(&ctx, api.id, ProjectPatch { monitor, ..ProjectPatch::default() }).await.unwrap();

    let mut waiting = Vec::new();
    // More than there are places for looks.
    for _ in 0..520 {
        waiting.push(two.deploy(json!({ "status": "running" })).await["session_id"].as_str().unwrap().to_owned());
    }
    let body = json!({ "status": "running", "repository_full_name": "acme/api" });
    let watched = deploy(&two.two, body).await.expect(201)["session_id"].as_str().unwrap().to_owned();
    two.pass(10);
    let looked_at = async {
        loop {
            let session = two.two.get(&format!("/api/v1/agent-sessions/{watched}")).await.ok();
            if !updates(&session).is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looked_at).await.expect("a look");
    for id in waiting.iter().take(5) {
        let session = once(&two, id, |_| true).await;
        assert!(updates(&session).is_empty(), "its server has not answered, and its time is not over: {session}");
    }
}

/// A server that hangs has its own places, and keeps nobody from being asked.
#[tokio::test]
async fn a_server_that_hangs_hides_no_signal_behind_it() {
    let two = Two::new().await;
    let (hung, healthy) = (Metrics::start(1.0, 10).await, Metrics::start(1.0, 10).await);
    let gate = Gate::new();
    hung.waits_for(&gate);
    let mut signals = vec![hung.signal(json!({})); 12];
    for (number, signal) in signals.iter_mut().enumerate() {
        signal["name"] = json!(format!("hung {number}"));
    }
    signals.push(healthy.signal(json!({})));
    watch_by(&two, json!(signals)).await;
    let taken = two.deploy(json!({ "status": "running" })).await;
    two.pass(10);
    let asked = async {
        while healthy.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // A question is given up after ten seconds.
    tokio::time::timeout(Duration::from_secs(8), asked).await.expect("it is asked while the others are waited for");
    gate.open();
    once(&two, taken["session_id"].as_str().unwrap(), |session| !updates(session).is_empty()).await;
}

/// How many ask an endpoint at the same time, and how many did at most.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

async fn counted(State(crowd): State<Arc<Crowd>>) -> Json<Value> {
    let now = crowd.now.fetch_add(1, Ordering::SeqCst) + 1;
    crowd.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    crowd.now.fetch_sub(1, Ordering::SeqCst);
    Json(json!({ "depth": 10 }))
}

#[tokio::test]
async fn a_tool_that_is_a_signal_has_its_share_of_the_questions_too() {
    let two = Two::new().await;
    let crowd = Arc::<Crowd>::default();
    let server = Listening::start(Router::new().fallback(counted).with_state(Arc::clone(&crowd))).await;
    let tool = json!({ "name": "depth", "description": "How deep a queue is.", "method": "GET", "effect": "read",
                       "url": server.url(), "input_schema": { "type": "object" } });
    two.one.post("/v1/tools", tool).await.ok();
    let source = json!({ "kind": "tool", "tool": "depth", "path": "$.depth" });
    watch_by(&two, json!([{ "name": "queue", "source": source }])).await;
    let mut watched = Vec::new();
    for _ in 0..32 {
        watched.push(two.deploy(json!({ "status": "running" })).await["session_id"].as_str().unwrap().to_owned());
    }
    two.pass(10);
    for id in &watched {
        once(&two, id, |session| !updates(session).is_empty()).await;
    }
    let most = crowd.most.load(Ordering::SeqCst);
    assert!((2..=8).contains(&most), "{most} at once to one host");
}

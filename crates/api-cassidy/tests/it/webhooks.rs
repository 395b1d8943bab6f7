//! Workflow webhooks: who may send, what it begins, and what comes back.

use axum::body::Body;
use domain::org::Role;
use futures::StreamExt;
use futures::stream::{self, FuturesUnordered};
use http::{Method, Request};
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::{Caller, Reply, TestHouse, ToolStub, answers, calls, fails, says};

use crate::house::{Cast, refused};

struct Workflow {
    cast: Cast,
    id: String,
    path: String,
}

impl Workflow {
    async fn with(cast: Cast, fields: Value) -> Self {
        let mut trigger = json!({ "type": "webhook" });
        trigger.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let new = json!({ "name": "w1", "agent": cast.a1, "trigger": trigger });
        let made = cast.house.owner().post("/v1/deployments", new).await.ok();
        let path = made["trigger"]["path"].as_str().unwrap().to_owned();
        Self { id: id_of(&made), cast, path }
    }

    async fn send(&self, payload: Value) -> Reply {
        self.cast.house.nobody().post(&self.path, payload).await
    }

    async fn ended(&self, payload: Value) -> Value {
        let path = format!("{}?results=true", self.path);
        self.cast.house.nobody().post(&path, payload).await.ok()["workflowRun"].clone()
    }

    /// What it began, the newest first.
    async fn history(&self) -> Vec<Value> {
        let list = format!("/v1/deployment_runs?deployment_id={}", self.id);
        self.cast.house.owner().get(&list).await.ok()["data"].as_array().unwrap().clone()
    }

    /// What the agent was told last.
    fn told(&self) -> String {
        let asked = self.cast.house.model_requests();
        match &**asked.last().unwrap().messages.last().unwrap() {
            domain::model::Message::User { content } => content[0].as_text().unwrap().into_owned(),
            other => panic!("{other:?}"),
        }
    }
}

/// Cases 35 and 39.
#[tokio::test]
async fn a_message_is_answered_at_once_while_the_switch_is_on() {
    let w1 = Workflow::with(Cast::echoing().await, json!({})).await;
    let taken = w1.send(json!({ "a": 1 })).await.ok();
    let run = &taken["workflowRun"];
    assert_eq!((&run["status"], &run["actionResults"]), (&json!("running"), &json!([])));
    assert!(run["id"].as_str().is_some_and(|id| id.len() == 25));
    for payload in [json!([1, 2]), json!("text"), json!(7), json!(null)] {
        w1.send(payload).await.ok();
    }
    // A key that nobody asked for is ignored.
    w1.cast.house.nobody().with_header("x-api-key", "nonsense").post(&w1.path, json!({})).await.ok();

    let raw = async |kind: &str, body: &str| {
        let request = Request::builder().method(Method::POST).uri(&w1.path).header("content-type", kind);
        w1.cast.house.nobody().send_raw(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    refused(&raw("application/json", "{").await, 400, "BAD_REQUEST");
    refused(&raw("text/plain", "{}").await, 415, "UNSUPPORTED_MEDIA_TYPE");
    refused(&raw("application/json", &format!("\"{}\"", "x".repeat(6 << 20))).await, 413, "PAYLOAD_TOO_LARGE");
    raw("application/json", &format!("\"{}\"", "x".repeat(2 << 20))).await.ok();

    let owner = w1.cast.house.owner();
    owner.post(&format!("/v1/deployments/{}/pause", w1.id), json!({})).await.ok();
    refused(&w1.send(json!({})).await, 404, "NOT_FOUND");
    owner.post(&format!("/v1/deployments/{}/unpause", w1.id), json!({})).await.ok();
    w1.send(json!({})).await.ok();
    owner.post(&format!("/v1/deployments/{}/archive", w1.id), json!({})).await.ok();
    refused(&w1.send(json!({})).await, 404, "NOT_FOUND");
    let get = w1.cast.p.get(&w1.path).await;
    refused(&get, 404, "NOT_FOUND");
    for id in ["none", &w1.cast.a1] {
        let sent = w1.cast.p.post(&format!("/api/webhook/workflows/{id}"), json!({})).await;
        refused(&sent, 404, "NOT_FOUND");
    }
}

/// Cases 36 and 37.
#[tokio::test]
async fn results_are_the_steps_in_order_and_the_answer_last() {
    let stub = ToolStub::start([answers(json!({ "total": 3 })), answers(json!({ "total": 4 }))]).await;
    let script = [
        calls("count", json!({})),
        says("There are 3."),
        calls("count", json!({})),
        fails(domain::model::FaultKind::Rejected, "the model refused"),
    ];
    let cast = Cast::in_house(TestHouse::new().model(script)).await;
    let tool = json!({ "type": "http", "name": "count", "description": "counts", "method": "GET", "url": stub.url("/"),
        "input_schema": { "type": "object" } });
    cast.house.owner().post(&format!("/v1/agents/{}", cast.a1), json!({ "tools": [tool] })).await.ok();
    let w1 = Workflow::with(cast, json!({})).await;

    let run = w1.ended(json!({ "a": 1 })).await;
    assert_eq!(run["status"], "success");
    let results = run["actionResults"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["name"], &results[1]["name"]), (2, &json!("count"), &json!("answer")));
    assert_eq!(results[0]["output"]["value"], json!({ "total": 3 }));
    assert_eq!(results[1]["output"]["value"], "There are 3.");
    assert!(results.iter().all(|result| result.get("error").is_none() && result["status"] == "success"));

    let run = w1.ended(json!({ "a": 2 })).await;
    assert_eq!(run["status"], "failed");
    let results = run["actionResults"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["status"], &results[1]["status"]), (2, &json!("success"), &json!("failed")));
    assert!(results[1]["error"].as_str().is_some_and(|error| error.contains("model refused")), "{run}");
}

/// The option *return results*, and what is told from a template.
#[tokio::test]
async fn a_template_is_filled_and_the_results_come_without_being_asked_for() {
    let fields = json!({ "template": "Issue {{n}}: {{title}}", "returns_results": true,
        "fields": { "n": "/issue/number", "title": "/issue/title" },
        "filter": [{ "field": "/action", "one_of": ["opened"] }] });
    let w1 = Workflow::with(Cast::echoing().await, fields).await;
    let issue = |action: &str| json!({ "action": action, "issue": { "number": 7, "title": "It {{breaks}}" } });
    let run = w1.send(issue("opened")).await.ok()["workflowRun"].clone();
    assert_eq!(run["actionResults"][0]["output"]["value"], "echo: Issue 7: It {{breaks}}");
    assert_eq!(w1.told(), "Issue 7: It {{breaks}}");
    let passed_over = w1.send(issue("closed")).await.ok()["workflowRun"].clone();
    assert_eq!((&passed_over["status"], &passed_over["actionResults"]), (&json!("success"), &json!([])));
    let history = w1.history().await;
    assert_eq!((&history[0]["filtered"], &history[1]["filtered"]), (&json!(true), &json!(false)));
    assert!(history[0]["session_id"].is_null() && history[1]["session_id"].is_string());

    // F10: the first message shows what fields there are.
    let shown = w1.cast.house.owner().get(&format!("/v1/deployments/{}", w1.id)).await.ok();
    assert_eq!(shown["trigger"]["known_fields"], json!(["/action", "/issue/number", "/issue/title"]));
}

/// Case 38.
#[tokio::test]
async fn a_webhook_may_want_a_key() {
    let mut w1 = Workflow::with(Cast::echoing().await, json!({ "requires_key": true })).await;
    refused(&w1.send(json!({})).await, 401, "UNAUTHORIZED");
    let with = |key: &str| w1.cast.house.nobody().with_header("x-api-key", key);
    let send = async |caller: Caller, path: &str| caller.post(path, json!({})).await;
    send(with(w1.cast.p.key()), &w1.path).await.ok();
    refused(&send(with("nonsense"), &w1.path).await, 401, "UNAUTHORIZED");
    let viewer = w1.cast.house.person("vera", domain::org::Role::Viewer).await;
    refused(&send(viewer, &w1.path).await, 403, "FORBIDDEN");
    let stranger = w1.cast.house.other_org().await;
    refused(&send(stranger, &w1.path).await, 404, "NOT_FOUND");
}

/// Case 40.
#[tokio::test]
async fn a_message_that_comes_again_begins_nothing_again() {
    let w1 = Workflow::with(Cast::echoing().await, json!({ "dedupe": "/id" })).await;
    let named = w1.cast.house.nobody().with_header("idempotency-key", "k1");
    let send = async |payload: Value| named.post(&w1.path, payload).await.ok()["workflowRun"]["id"].clone();
    let first = send(json!({})).await;
    assert_eq!(send(json!({ "other": 1 })).await, first);
    let again = named.post(&format!("{}?results=1", w1.path), json!({})).await.ok()["workflowRun"].clone();
    assert_eq!((&again["id"], &again["status"]), (&first, &json!("success")));
    // What stands in the message goes before what its sender calls it.
    let inside = send(json!({ "id": "a" })).await;
    assert_ne!(inside, first);
    assert_eq!(w1.send(json!({ "id": "a" })).await.ok()["workflowRun"]["id"], inside);
    assert_eq!(w1.history().await.len(), 2);

    let both = json!({ "id": "at once" });
    let (one, other) = tokio::join!(w1.send(both.clone()), w1.send(both));
    assert_eq!(one.ok()["workflowRun"]["id"], other.ok()["workflowRun"]["id"]);
    assert_eq!(w1.history().await.len(), 3);
}

/// Signatures, as their senders make them.
#[tokio::test]
async fn a_message_may_have_to_be_signed() {
    let secret = "It's a Secret to Everybody";
    let signature = json!({ "scheme": "github", "secret": secret });
    let w1 = Workflow::with(Cast::echoing().await, json!({ "signature": signature })).await;
    let send = async |signed: Option<&str>, delivery: &str| {
        let mut request = Request::builder().method(Method::POST).uri(&w1.path);
        request = request.header("content-type", "application/json").header("x-github-delivery", delivery);
        request = request.header("idempotency-key", delivery);
        if let Some(signed) = signed {
            request = request.header("x-hub-signature-256", signed);
        }
        w1.cast.house.nobody().send_raw(request.body(Body::from("{\"a\":1}")).unwrap()).await
    };
    let good = "sha256=3aea7d9882012d69ea49b8443b94e755179f85ee830bfa901efb5dc673af63a3";
    let first = send(Some(good), "d1").await.ok()["workflowRun"]["id"].clone();
    assert_eq!(send(Some(good), "d1").await.ok()["workflowRun"]["id"], first, "sent again by its sender");
    // Whoever has seen it can send it again with the headers that nobody signed changed.
    assert_eq!(send(Some(good), "d3").await.ok()["workflowRun"]["id"], first);
    for wrong in [None, Some("sha256=00"), Some("")] {
        refused(&send(wrong, "d2").await, 401, "UNAUTHORIZED");
    }
    // Nobody reads what a stranger sent.
    let mut junk = Request::builder().method(Method::POST).uri(&w1.path);
    junk = junk.header("content-type", "application/json").header("x-hub-signature-256", good);
    refused(&w1.cast.house.nobody().send_raw(junk.body(Body::from("{")).unwrap()).await, 401, "UNAUTHORIZED");
    let shown = w1.cast.house.owner().get(&format!("/v1/deployments/{}", w1.id)).await;
    assert_eq!(shown.ok()["trigger"]["signature"]["scheme"], "github");
    assert!(!shown.text.contains(secret));
    assert_eq!(w1.cast.house.file_with(secret), None, "it is sealed on disk");
}

#[tokio::test]
async fn a_name_is_used_up_by_what_began_a_run_alone() {
    let cast = Cast::echoing().await;
    let maker = cast.house.person("mara", Role::Member).await;
    let trigger =
        json!({ "type": "webhook", "dedupe": "/id", "filter": [{ "field": "/action", "one_of": ["opened"] }] });
    let new = json!({ "name": "w", "agent": cast.a1, "trigger": trigger });
    let made = maker.post("/v1/deployments", new).await.ok();
    let path = made["trigger"]["path"].as_str().unwrap();
    let (app, ctx) = (cast.house.app(), cast.house.owner_ctx().await);
    let maker = app.authenticate(maker.key()).await.unwrap().member.unwrap();
    let send = async |action: &str| {
        let sent = cast.house.nobody().post(path, json!({ "id": "1", "action": action })).await;
        sent.ok()["workflowRun"].clone()
    };
    assert_eq!(send("closed").await["status"], "success", "passed over");
    app.suspend_member(&ctx, maker).await.unwrap();
    assert_eq!(send("opened").await["status"], "failed");
    app.reinstate_member(&ctx, maker).await.unwrap();
    let begun = send("opened").await;
    assert_eq!(begun["status"], "running");
    assert_eq!(send("opened").await["id"], begun["id"]);
    assert_eq!(send("closed").await["status"], "success");
}

/// More of them than large bodies are read at once.
#[tokio::test]
async fn bodies_that_never_end_hold_up_nobody_but_the_webhooks_organization() {
    const BODIES: usize = 40;
    let mut w1 = Workflow::with(Cast::echoing().await, json!({})).await;
    let other = w1.cast.house.other_org().await;
    let nobody = w1.cast.house.nobody();
    let (read, mut pieces) = tokio::sync::mpsc::unbounded_channel();
    let endless = || {
        let read = read.clone();
        let piece = move |_| {
            read.send(()).unwrap();
            Ok::<_, std::io::Error>(vec![b' '; 40 << 10])
        };
        let body = Body::from_stream(stream::iter(0..2).map(piece).chain(stream::pending()));
        let request = Request::builder().method(Method::POST).uri(&w1.path).header("content-type", "application/json");
        nobody.send_raw(request.body(body).unwrap())
    };
    let mut held: FuturesUnordered<_> = (0..BODIES).map(|_| endless()).collect();
    let large = async {
        for _ in 0..2 * BODIES {
            pieces.recv().await.unwrap();
        }
        other.post("/v1/agents", json!({ "junk": "x".repeat(200 << 10) })).await
    };
    tokio::select! {
        answered = large => drop(answered.expect(400)),
        ended = held.next() => panic!("the other organization waits: {:?}", ended.map(|reply| reply.status)),
    }
}

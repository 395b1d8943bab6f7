//! Webhooks: what is committed is told, signed, until it is taken; and what they show and hide.

use std::sync::Arc;
use std::time::Duration;

use domain::key::Scope;
use http::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use test_kit::conversation::id_of;
use test_kit::sources::StoppedClock;
use test_kit::{Caller, Gate, TestHouse, ToolStub, answers, refuses};

/// Makes a webhook for a receiver; its id and its secret.
pub(crate) async fn told(owner: &Caller, receiver: &ToolStub, fields: Value) -> (String, String) {
    let mut create = fields;
    create["url"] = receiver.url("/in").into();
    let made = owner.post("/v1/webhooks", create).await.ok();
    (id_of(&made), made["secret"].as_str().unwrap().to_owned())
}

/// Something happens: an agent is talked to.
pub(crate) async fn something_happens(owner: &Caller) -> String {
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "hi").await;
    session
}

/// All deliveries to a webhook, newest first.
pub(crate) async fn deliveries(owner: &Caller, webhook: &str) -> Vec<Value> {
    all(owner, &format!("/v1/webhooks/{webhook}/deliveries?limit=100")).await
}

/// A list, from its first page to its last.
async fn all(owner: &Caller, path: &str) -> Vec<Value> {
    let (mut things, mut page) = (Vec::new(), String::new());
    loop {
        let listed = owner.get(&format!("{path}{page}")).await.ok();
        things.extend(listed["data"].as_array().unwrap().clone());
        match listed["next_page"].as_str() {
            Some(next) => page = format!("&page={next}"),
            None => return things,
        }
    }
}

/// The newest delivery to a webhook, once it is as wanted.
pub(crate) async fn delivery(owner: &Caller, webhook: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let looks = async {
        loop {
            match deliveries(owner, webhook).await.into_iter().next() {
                Some(newest) if wanted(&newest) => return newest,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looks).await.expect("a delivery as wanted")
}

pub(crate) async fn test_of(owner: &Caller, webhook: &str) -> Value {
    owner.post(&format!("/v1/webhooks/{webhook}/test"), json!({})).await.ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

#[tokio::test]
async fn what_happens_is_told_signed_and_to_who_wants_it() {
    let receiver = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (all, secret) = told(&owner, &receiver, json!({})).await;
    let (some, _) = told(&owner, &receiver, json!({ "event_types": ["run.completed"] })).await;
    let (none, _) = told(&owner, &receiver, json!({ "event_types": ["run.failed"] })).await;
    let session = something_happens(&owner).await;
    receiver.called(3).await;

    let types = async |webhook: &str| {
        let listed = deliveries(&owner, webhook).await;
        listed.iter().map(|delivery| delivery["event_type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types(&all).await, ["run.completed", "session.created"]);
    assert_eq!(types(&some).await, ["run.completed"]);
    assert!(types(&none).await.is_empty());

    let sent: Vec<Value> = deliveries(&owner, &all).await.iter().map(|delivery| delivery["id"].clone()).collect();
    let signer = Webhook::new(&secret).unwrap();
    let mut verified = 0;
    for call in receiver.calls() {
        let body = call.text.as_bytes();
        assert_eq!(header(&call.headers, "content-type"), "application/json");
        assert_eq!(call.body["data"]["session_id"], session);
        let is_of_all = sent.contains(&json!(header(&call.headers, "webhook-id")));
        assert_eq!(signer.verify(body, &call.headers).is_ok(), is_of_all, "each has a secret of its own");
        verified += usize::from(is_of_all);
    }
    assert_eq!(verified, 2);
    let taken = delivery(&owner, &all, |delivery| delivery["status"] == "delivered").await;
    assert_eq!((&taken["attempts"], &taken["last_attempt"]["status"]), (&json!(1), &json!(200)));
    assert_eq!(taken["last_attempt"]["response"], r#"{"ok":true}"#);
}

#[tokio::test]
async fn what_is_not_taken_comes_again_under_the_same_id() {
    let long = answers(json!("é".repeat(5_000)));
    let receiver = ToolStub::start([refuses(500), refuses(302), long]).await;
    let clock = Arc::new(StoppedClock::default());
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &receiver, json!({})).await;
    test_of(&owner, &webhook).await;
    for (attempts, wait) in [(1, 6), (2, 331)] {
        let waits = delivery(&owner, &webhook, |delivery| delivery["attempts"] == attempts).await;
        assert_eq!(waits["status"], "waiting");
        let shown = owner.get(&format!("/v1/webhooks/{webhook}")).await.ok();
        assert_eq!(shown["failing_since"], "2026-11-22T10:00:00Z", "since the first");
        clock.advance(Duration::from_secs(wait));
        house.feed().delivery_waits();
    }
    let taken = delivery(&owner, &webhook, |delivery| delivery["status"] == "delivered").await;
    assert!(taken["last_attempt"]["response"].as_str().unwrap().len() <= 1_024);
    assert_eq!(owner.get(&format!("/v1/webhooks/{webhook}")).await.ok()["failing_since"], Value::Null);

    let again = format!("/v1/webhooks/{webhook}/deliveries/{}/redeliver", id_of(&taken));
    assert_eq!(owner.post(&again, json!({})).await.ok()["status"], "waiting");
    receiver.called(4).await;
    let calls = receiver.calls();
    assert!(calls.iter().all(|call| header(&call.headers, "webhook-id") == id_of(&taken)));
    assert!(calls.iter().all(|call| call.text == calls[0].text), "to the byte");
    let times: Vec<&str> = calls.iter().map(|call| header(&call.headers, "webhook-timestamp")).collect();
    assert_eq!(times, ["1795341600", "1795341606", "1795341937", "1795341937"], "each is signed for its own time");
}

#[tokio::test]
async fn one_that_is_gone_or_switched_off_is_told_nothing() {
    let receiver = ToolStub::start([refuses(410)]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (webhook, _) = told(&owner, &receiver, json!({})).await;
    let path = format!("/v1/webhooks/{webhook}");
    test_of(&owner, &webhook).await;
    let refused = delivery(&owner, &webhook, |delivery| delivery["status"] != "waiting").await;
    assert_eq!(refused["status"], "given_up");
    let shown = owner.get(&path).await.ok();
    assert_eq!((&shown["disabled"], &shown["disabled_reason"]), (&json!(true), &json!("gone")));
    something_happens(&owner).await;
    assert_eq!(deliveries(&owner, &webhook).await.len(), 1);
    for refused in [format!("{path}/test"), format!("{path}/deliveries/{}/redeliver", id_of(&refused))] {
        let refused = owner.post(&refused, json!({})).await.expect(400);
        assert!(refused["error"]["message"].as_str().unwrap().contains("disabled"), "{refused}");
    }

    let on = owner.post(&path, json!({ "disabled": false })).await.ok();
    assert_eq!((&on["disabled"], &on["notice"]), (&json!(false), &Value::Null));
    test_of(&owner, &webhook).await;
    delivery(&owner, &webhook, |delivery| delivery["status"] == "delivered").await;
    let off = owner.post(&path, json!({ "disabled": true })).await.ok();
    assert_eq!(off["disabled_reason"], "by_hand");
    assert_eq!(owner.post(&path, json!({ "disabled": true })).await.ok()["disabled_at"], off["disabled_at"]);
}

#[tokio::test]
async fn a_slow_receiver_delays_only_itself() {
    let gate = Gate::default();
    let held = || answers(json!({})).behind(&gate);
    let slow = ToolStub::start([held(), held(), held(), held()]).await;
    let quick = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let (delayed, _) = told(&owner, &slow, json!({})).await;
    for _ in 0..6 {
        test_of(&owner, &delayed).await;
    }
    slow.called(4).await;
    let (prompt, _) = told(&owner, &quick, json!({})).await;
    test_of(&owner, &prompt).await;
    delivery(&owner, &prompt, |delivery| delivery["status"] == "delivered").await;
    assert_eq!(slow.calls().len(), 4, "no more than four at once");
    gate.open();
    slow.called(6).await;
}

#[tokio::test]
async fn what_was_under_way_when_the_server_fell_is_sent_again() {
    let gate = Gate::default();
    let receiver = ToolStub::start([answers(json!({})).behind(&gate)]).await;
    let mut house = TestHouse::new().start().await;
    let (webhook, secret) = told(&house.owner(), &receiver, json!({})).await;
    let queued = test_of(&house.owner(), &webhook).await;
    receiver.called(1).await;
    house.restart().await;
    receiver.called(2).await;
    let taken = delivery(&house.owner(), &webhook, |delivery| delivery["status"] == "delivered").await;
    assert_eq!((&taken["id"], &taken["attempts"]), (&queued["id"], &json!(1)));
    let ids: Vec<_> = receiver.calls().iter().map(|call| header(&call.headers, "webhook-id").to_owned()).collect();
    assert_eq!(ids, [id_of(&queued), id_of(&queued)]);
    let signer = Webhook::new(&secret).unwrap();
    assert!(receiver.calls().iter().all(|call| signer.verify(call.text.as_bytes(), &call.headers).is_ok()));
    gate.open();
}

/// Whatever the server falls in the middle of: what the log has is told, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_committed_goes_unsent_however_often_the_server_falls() {
    let receiver = ToolStub::start([]).await;
    let mut house = TestHouse::new().start().await;
    let (webhook, _) =
        told(&house.owner(), &receiver, json!({ "event_types": ["session.created", "run.completed"] })).await;
    let agent = house.owner().agent(json!({})).await;
    for life in 0..12 {
        let owner = house.owner();
        let talks = (0..10).map(|_| {
            let (owner, agent) = (owner.clone(), agent.clone());
            tokio::spawn(async move {
                let session = owner.post("/v1/sessions", json!({ "agent": agent })).await;
                if session.status == 200 {
                    let events = json!({ "events": [test_kit::conversation::message("hi")] });
                    owner.post(&format!("/v1/sessions/{}/events", id_of(&session.json())), events).await;
                }
            })
        });
        let talks: Vec<_> = talks.collect();
        // Each life is cut a little later.
        receiver.called(receiver.calls().len() + life).await;
        house.restart().await;
        talks.into_iter().for_each(|talk| talk.abort());
    }

    let owner = house.owner();
    let ends = async {
        loop {
            // The deliveries second: nothing more happens once the sessions are quiet.
            let sessions = owner.get("/v1/sessions?limit=1&statuses[]=running&statuses[]=rescheduling").await.ok();
            let is_quiet = sessions["data"].as_array().unwrap().is_empty();
            let listed = deliveries(&owner, &webhook).await;
            if is_quiet && listed.iter().all(|delivery| delivery["status"] == "delivered") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ends).await.expect("all is told");
    let told = |kind: &str, field: &str| {
        let of_kind = receiver.calls().into_iter().filter(|call| call.body["type"] == kind);
        of_kind
            .map(|call| call.body["data"][field].as_str().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let sessions: Vec<String> = all(&owner, "/v1/sessions?limit=100").await.iter().map(id_of).collect();
    let mut runs = Vec::new();
    for session in &sessions {
        let listed = owner.get(&format!("/v1/sessions/{session}/runs")).await.ok();
        let over = listed["data"].as_array().unwrap().iter().filter(|run| run["status"] == "completed");
        runs.extend(over.map(id_of));
    }
    assert!(sessions.len() > 20 && !runs.is_empty());
    assert_eq!(told("session.created", "session_id"), sessions.into_iter().collect());
    assert_eq!(told("run.completed", "run_id"), runs.into_iter().collect());
}

#[tokio::test]
async fn a_secret_is_shown_once_and_found_nowhere() {
    let receiver = ToolStub::start([]).await;
    let mut house = TestHouse::new().start().await;
    let owner = house.owner();
    let named = owner.with_header("idempotency-key", "once");
    let create = json!({ "url": receiver.url("/in?token=t"), "description": "mine" });
    let made = named.post("/v1/webhooks", create.clone()).await.ok();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(named.post("/v1/webhooks", create.clone()).await.ok(), made, "the same request, sent again");
    let path = format!("/v1/webhooks/{}", id_of(&made));
    assert_eq!(owner.get("/v1/webhooks").await.ok()["data"].as_array().unwrap().len(), 1);

    owner.post(&path, json!({ "description": "changed" })).await.ok();
    assert_eq!(named.post("/v1/webhooks", create.clone()).await.ok()["secret"], secret, "only a secret is another");
    let rotate = format!("{path}/rotate_secret");
    let rotated = named.post(&rotate, json!({})).await.ok();
    assert_eq!(named.post(&rotate, json!({})).await.ok(), rotated, "the same request, sent again");
    let late = named.post("/v1/webhooks", create).await.expect(409);
    assert!(late["error"]["message"].as_str().unwrap().contains("cannot be shown again"), "{late}");
    let next = rotated["secret"].as_str().unwrap().to_owned();
    assert!(next != secret && !rotated["previous_secret_until"].is_null());
    test_of(&owner, &id_of(&made)).await;
    receiver.called(1).await;
    let call = &receiver.calls()[0];
    for secret in [&secret, &next] {
        assert!(Webhook::new(secret).unwrap().verify(call.text.as_bytes(), &call.headers).is_ok());
        for shown in [owner.get(&path).await, owner.get("/v1/webhooks").await, owner.post(&path, json!({})).await] {
            assert!(!shown.text.contains(secret.as_str()), "{shown}");
        }
    }
    house.restart().await;
    for secret in [&secret, &next] {
        assert_eq!(house.file_with(secret), None);
        assert_eq!(house.file_with(secret.trim_start_matches("whsec_")), None);
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let house = TestHouse::new().outbound(|options| options.allow.clear()).start().await;
    let owner = house.owner();
    let good = json!({ "url": "https://hooks.example.com/in" });
    let made = owner.post("/v1/webhooks", good.clone()).await.ok();
    assert_eq!(made["event_types"], json!(["*"]));
    let path = format!("/v1/webhooks/{}", id_of(&made));
    for (field, value, param) in [
        ("url", json!("nothing"), "url"),
        ("url", json!("ftp://a.example"), "url"),
        ("url", json!("https://me:secret@a.example"), "url"),
        ("url", json!("http://127.0.0.1:9/"), "url"),
        ("url", json!("http://169.254.169.254/"), "url"),
        ("url", json!("http://[::1]/"), "url"),
        ("event_types", json!([]), "event_types"),
        ("event_types", json!(["run.failed", "run.flew"]), "event_types[1]"),
        ("project_id", json!("proj_00000000000000000000000001"), "project_id"),
        ("description", json!("x".repeat(1_025)), "description"),
    ] {
        let mut fields = good.clone();
        fields[field] = value.clone();
        for refused in [owner.post("/v1/webhooks", fields).await, owner.post(&path, json!({ field: value })).await] {
            assert_eq!(refused.expect(400)["error"]["details"]["param"], param);
        }
    }
    let changed =
        json!({ "event_types": ["run.failed", "run.failed"], "description": "d", "url": "https://b.example/" });
    let changed = owner.post(&path, changed).await.ok();
    assert_eq!((&changed["event_types"], &changed["url"]), (&json!(["run.failed"]), &json!("https://b.example/")));
    let cleared = owner.post(&path, json!({ "event_types": null, "description": null })).await.ok();
    assert_eq!((&cleared["event_types"], &cleared["description"]), (&json!(["*"]), &Value::Null));
    for _ in 1..50 {
        owner.post("/v1/webhooks", good.clone()).await.ok();
    }
    assert!(owner.post("/v1/webhooks", good).await.expect(400)["error"]["message"].as_str().unwrap().contains("50"));
}

#[tokio::test]
async fn lists_have_pages_and_what_is_deleted_is_gone() {
    let receiver = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let mut webhooks = Vec::new();
    for _ in 0..3 {
        webhooks.push(told(&owner, &receiver, json!({})).await.0);
    }
    let mut tests = Vec::new();
    for _ in 0..3 {
        tests.insert(0, id_of(&test_of(&owner, &webhooks[0]).await));
    }
    let list = format!("/v1/webhooks/{}/deliveries", webhooks[0]);
    for (path, all) in [("/v1/webhooks".to_owned(), &webhooks), (list.clone(), &tests)] {
        let first = owner.get(&format!("{path}?limit=2")).await.ok();
        let next = first["next_page"].as_str().unwrap();
        let second = owner.get(&format!("{path}?limit=2&page={next}")).await.ok();
        let shown = [&first, &second].map(|page| page["data"].as_array().unwrap().clone()).concat();
        assert_eq!(shown.iter().map(id_of).collect::<Vec<_>>(), *all);
        assert_eq!(second["next_page"], Value::Null);
    }
    let gone = owner.delete(&format!("/v1/webhooks/{}", webhooks[0])).await.ok();
    assert_eq!(gone, json!({ "id": webhooks[0], "type": "webhook_deleted" }));
    assert_eq!(owner.get(&list).await.status, 404);
    assert_eq!(owner.delete(&format!("/v1/webhooks/{}", webhooks[0])).await.status, 404);
    assert_eq!(owner.get("/v1/webhooks").await.ok()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_of_one_project_manages_its_webhooks_and_no_others() {
    let receiver = ToolStub::start([]).await;
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let ctx = house.owner_ctx().await;
    let project = house.app().list_projects(&ctx).await.unwrap()[0].id;
    let other = house.app().create_project(&ctx, "Other".into(), None).await.unwrap().id;
    let kept = house
        .keyed(app::CreateKey {
            name: "kept".into(),
            scopes: vec![Scope::Admin],
            project: Some(project),
            expires_at: None,
            budget: None,
            member: None,
            format: app::KeyFormat::Sortie,
        })
        .await;
    let (of_all, _) = told(&owner, &receiver, json!({})).await;
    let (of_other, _) = told(&owner, &receiver, json!({ "project_id": other })).await;
    let (own, _) = told(&kept, &receiver, json!({ "project_id": project })).await;
    let listed = kept.get("/v1/webhooks").await.ok();
    assert_eq!(listed["data"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(), vec![own.clone()]);
    for hidden in [&of_all, &of_other] {
        assert_eq!(kept.get(&format!("/v1/webhooks/{hidden}")).await.status, 404);
        assert_eq!(kept.get(&format!("/v1/webhooks/{hidden}/deliveries")).await.status, 404);
    }
    for (path, fields) in [
        ("/v1/webhooks".to_owned(), json!({ "url": "https://a.example" })),
        ("/v1/webhooks".to_owned(), json!({ "url": "https://a.example", "project_id": other })),
        (format!("/v1/webhooks/{own}"), json!({ "project_id": null })),
        (format!("/v1/webhooks/{own}"), json!({ "project_id": other })),
    ] {
        assert_eq!(kept.post(&path, fields).await.expect(400)["error"]["details"]["param"], "project_id");
    }
    // Nobody makes it theirs with what it was sent before.
    for project_id in [json!(project), Value::Null] {
        let moved = owner.post(&format!("/v1/webhooks/{of_other}"), json!({ "project_id": project_id })).await;
        assert_eq!(moved.expect(400)["error"]["details"]["param"], "project_id");
    }
    owner.post(&format!("/v1/webhooks/{of_other}"), json!({ "project_id": other })).await.ok();
    something_happens(&owner).await;
    delivery(&owner, &own, |delivery| delivery["event_type"] == "run.completed").await;
    assert!(deliveries(&owner, &of_other).await.is_empty(), "it happened in another project");
}

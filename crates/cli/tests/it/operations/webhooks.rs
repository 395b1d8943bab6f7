//! `sortie webhooks`, what `sortie doctor` says of them, and what they are told through crashes.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::sortie::{Ended, House, sortie};

fn allowed(command: &mut Command) {
    command.env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#);
}

/// A receiver that answers with this status; its address.
async fn receiver(status: Arc<AtomicU16>) -> String {
    let answer = move || {
        let status = StatusCode::from_u16(status.load(Ordering::Relaxed)).unwrap();
        async move { (status, "heard") }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_made_tried_looked_after_and_deleted_from_the_command_line() {
    let status = Arc::new(AtomicU16::new(200));
    let url = receiver(Arc::clone(&status)).await;
    block_in_place(|| {
        let house = House::new();
        let _server = house.serve_with(allowed);
        let webhooks = |arguments: &[&str]| house.run(&[&["webhooks"], arguments].concat());
        let doctor = || {
            // Without the models of this machine, which are large.
            let mut command = sortie(house.path());
            let Ended { stdout, .. } =
                Ended::of(command.arg("doctor").env("SORTIE_MODEL_DIR", house.path().join("models")));
            stdout.lines().filter(|line| line.contains("webhook")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(doctor().is_empty());

        let made = webhooks(&["create", &url, "--event", "run.failed", "--description", "ours"]).done();
        let word = |line: &str, at: usize| line.split_whitespace().nth(at).unwrap().to_owned();
        let id = word(made.lines().next().unwrap(), 1);
        assert!(made.contains("secret: whsec_") && id.starts_with("hook_"), "{made}");
        let listed = webhooks(&["list"]).done();
        assert!(listed.contains(&id) && listed.contains("run.failed") && listed.contains("enabled"), "{listed}");
        assert_eq!(webhooks(&["test", &id]).done(), "taken: 200 heard\n");
        assert!(doctor()[0].contains("each takes what is sent"), "{:?}", doctor());

        status.store(500, Ordering::Relaxed);
        assert_eq!(webhooks(&["test", &id]).failed(1), "not taken: 500 heard");
        assert!(doctor()[0].contains("has taken nothing since"), "{:?}", doctor());
        status.store(410, Ordering::Relaxed);
        webhooks(&["test", &id]).failed(1);
        let shown = webhooks(&["show", &id]).done();
        assert!(shown.contains("disabled") && shown.contains("it is gone"), "{shown}");
        assert!(doctor()[0].contains("it is gone"), "{:?}", doctor());
        let deliveries = webhooks(&["deliveries", &id, "--json"]).json();
        let delivery = deliveries[0]["id"].as_str().unwrap();
        assert_eq!((deliveries.as_array().unwrap().len(), &deliveries[0]["status"]), (3, &"given_up".into()));
        assert!(webhooks(&["redeliver", &id, delivery]).failed(2).contains("disabled"));

        status.store(200, Ordering::Relaxed);
        webhooks(&["update", &id, "--enable", "--event", "*"]).done();
        webhooks(&["update", &id]).failed(2);
        assert!(webhooks(&["redeliver", &id, delivery]).done().contains(delivery));
        assert!(webhooks(&["rotate", &id]).done().contains("secret: whsec_"));
        assert!(webhooks(&["create", "ftp://a.example"]).failed(2).contains("url"));
        webhooks(&["delete", &id]).done();
        webhooks(&["show", &id]).failed(3);
        assert_eq!(webhooks(&["list", "--json"]).json(), json!([]));
    });
}

/// Talks to an agent as far as the server lets it.
async fn talk(address: String, key: String, agent: String) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::new();
    let post = async |path: &str, body: Value| {
        let sent = client.post(format!("http://{address}/v1/{path}")).header("x-api-key", &key).json(&body).send();
        sent.await?.error_for_status()?.json::<Value>().await
    };
    let session = post("sessions", json!({ "agent": agent })).await?;
    let session = session["id"].as_str().unwrap_or_default();
    let message = json!({ "type": "user.message", "content": [{ "type": "text", "text": "hi" }] });
    post(&format!("sessions/{session}/events"), json!({ "events": [message] })).await.map(drop)
}

/// What the receiver heard of a type, by this field.
fn heard_of(heard: &Mutex<Vec<Value>>, kind: &str, field: &str) -> BTreeSet<String> {
    let heard = heard.lock().unwrap();
    let of_kind = heard.iter().filter(|event| event["type"] == kind);
    of_kind.map(|event| event["data"][field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_kill_9_cuts_short_what_the_log_has_is_told() {
    let heard: Arc<Mutex<Vec<Value>>> = Arc::default();
    let hearing = Arc::clone(&heard);
    let take = move |Json(event): Json<Value>| async move { hearing.lock().unwrap().push(event) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    let _ = rustls::crypto::ring::default_provider().install_default();

    let house = House::new();
    let mut server = block_in_place(|| house.serve_with(allowed));
    let key = server.text("first_key").to_owned();
    let agent = block_in_place(|| house.run(&["agents", "create", "Ada", "--model", "scripted/demo", "--json"]).json());
    let agent = agent["id"].as_str().unwrap().to_owned();
    let webhook = block_in_place(|| house.run(&["webhooks", "create", &url, "--json"]).json());
    let webhook = webhook["id"].as_str().unwrap();
    for life in 0..8 {
        let address = server.address().to_owned();
        let talks: Vec<_> = (0..8).map(|_| tokio::spawn(talk(address.clone(), key.clone(), agent.clone()))).collect();
        // Each life is cut a little later.
        let cut_at = heard.lock().unwrap().len() + life;
        while heard.lock().unwrap().len() < cut_at {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.signal("KILL");
        drop(server);
        talks.into_iter().for_each(|talk| talk.abort());
        server = block_in_place(|| house.serve_with(allowed));
    }

    let is_settled = || {
        let sessions = house.run(&["sessions", "list", "--limit", "1000", "--json"]).json();
        let deliveries = house.run(&["webhooks", "deliveries", webhook, "--limit", "1000", "--json"]).json();
        let all = |list: &Value, status: &str| list.as_array().unwrap().iter().all(|one| one["status"] == status);
        (all(&sessions, "idle") && all(&deliveries, "delivered")).then_some(sessions)
    };
    let settled = async {
        loop {
            match block_in_place(is_settled) {
                Some(sessions) => return sessions,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let sessions = tokio::time::timeout(Duration::from_secs(60), settled).await.expect("all is told");
    let ids: BTreeSet<String> =
        sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect();
    let ended = block_in_place(|| {
        let runs =
            ids.iter().flat_map(|id| match house.run(&["sessions", "show", id, "--json"]).json()["runs"].take() {
                Value::Array(runs) => runs,
                other => panic!("{other}"),
            });
        runs.map(|run| run["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    });
    assert!(ids.len() > 8 && !ended.is_empty());
    assert_eq!(heard_of(&heard, "session.created", "session_id"), ids);
    assert_eq!(heard_of(&heard, "run.completed", "run_id"), ended);
}

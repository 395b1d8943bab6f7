//! `Idempotency-Key`: each of many requests, sent by several clients at once and again after
//! a crash, has one effect.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::process::{KEY, Server, http};
use super::world::World;

const REQUESTS: usize = 1_000;
const CLIENTS_OF_EACH: usize = 3;
const AT_ONCE: usize = 24;
const KILLED_AFTER: usize = 700;
const SESSIONS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_have_one_effect_each_whoever_sends_them_how_often() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let world = World::start().await;
    let mut server = Server::start(&data, world.url(), None).await;
    let load = Load::prepare(&server.url).await;

    let sending = tokio::spawn(load.clone().send_all(server.url.clone(), UntilIt::IsGone));
    while load.answered.load(Ordering::Relaxed) < KILLED_AFTER {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.kill();
    sending.await.unwrap();

    let server = Server::start(&data, world.url(), None).await;
    load.clone().send_all(server.url.clone(), UntilIt::Answers).await;
    load.check(&server.url).await;
}

/// What a client does about a server that does not answer.
#[derive(Clone, Copy)]
enum UntilIt {
    IsGone,
    Answers,
}

/// The requests, and the id that each was answered with.
#[derive(Clone)]
struct Load {
    client: Client,
    agent: String,
    sessions: Vec<String>,
    ids: Arc<Mutex<HashMap<usize, String>>>,
    answered: Arc<AtomicUsize>,
}

impl Load {
    async fn prepare(url: &str) -> Self {
        let client = http();
        let post = async |path: &str, body: Value| {
            let answer = client.post(format!("{url}{path}")).bearer_auth(KEY).json(&body).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            answer["id"].as_str().unwrap().to_owned()
        };
        let agent = post("/v1/agents", json!({ "name": "a", "model": "scripted/demo" })).await;
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(post("/v1/sessions", json!({ "agent": agent })).await);
        }
        Self { client, agent, sessions, ids: Arc::default(), answered: Arc::default() }
    }

    async fn send_all(self, url: String, until: UntilIt) {
        let attempts = (0..REQUESTS).flat_map(|number| std::iter::repeat_n(number, CLIENTS_OF_EACH));
        let sends = attempts.map(|number| self.send(&url, number, until));
        futures::stream::iter(sends).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// A session, an agent or a message, named by its number.
    fn request(&self, number: usize) -> (String, Value) {
        let name = format!("once {number}");
        match number % 3 {
            0 => ("/v1/sessions".to_owned(), json!({ "agent": self.agent, "title": name })),
            1 => ("/v1/agents".to_owned(), json!({ "name": name, "model": "scripted/demo" })),
            _ => {
                let says = json!({ "type": "user.message", "content": [{ "type": "text", "text": name }] });
                (format!("/v1/sessions/{}/events", self.sessions[number % SESSIONS]), json!({ "events": [says] }))
            }
        }
    }

    async fn send(&self, url: &str, number: usize, until: UntilIt) {
        let (path, body) = self.request(number);
        loop {
            let request = self.client.post(format!("{url}{path}")).bearer_auth(KEY).json(&body);
            let answer = match request.header("idempotency-key", format!("key {number}")).send().await {
                Ok(answer) => answer,
                Err(error) => match until {
                    UntilIt::IsGone => return,
                    UntilIt::Answers => panic!("{error}"),
                },
            };
            match answer.status() {
                // The same request of another client is being served, or the session is.
                StatusCode::CONFLICT => tokio::time::sleep(Duration::from_millis(2)).await,
                StatusCode::OK => {
                    // Cut off by the kill: not acknowledged.
                    let Ok(answer) = answer.json::<Value>().await else { return };
                    return self.note(number, &answer);
                }
                other => panic!("{path}: {other} {}", answer.text().await.unwrap_or_default()),
            }
        }
    }

    /// Whoever asks is given the same id.
    fn note(&self, number: usize, answer: &Value) {
        let id = answer["id"].as_str().or(answer["data"][0]["id"].as_str()).unwrap().to_owned();
        self.answered.fetch_add(1, Ordering::Relaxed);
        let mut ids = self.ids.lock().unwrap();
        let first = ids.entry(number).or_insert_with(|| id.clone());
        assert_eq!(*first, id, "request {number} was done twice");
    }

    async fn check(&self, url: &str) {
        let mut seen = HashSet::new();
        let mut see = |thing: &Value, name: &Value| {
            let Some(name) = name.as_str().filter(|name| name.starts_with("once ")) else { return };
            let number: usize = name["once ".len()..].parse().unwrap();
            assert!(seen.insert(number), "{name} is there twice");
            assert_eq!(thing["id"], self.ids.lock().unwrap()[&number].as_str(), "{name}");
        };
        for session in self.list(url, "/v1/sessions").await {
            see(&session, &session["title"]);
        }
        for agent in self.list(url, "/v1/agents").await {
            see(&agent, &agent["name"]);
        }
        for session in &self.sessions {
            for event in self.list(url, &format!("/v1/sessions/{session}/events")).await {
                if event["type"] == "user.message" {
                    see(&event, &event["content"][0]["text"]);
                }
            }
        }
        assert_eq!(seen.len(), REQUESTS);
    }

    async fn list(&self, url: &str, path: &str) -> Vec<Value> {
        let (mut all, mut page) = (Vec::new(), None::<String>);
        loop {
            let request = self.client.get(format!("{url}{path}")).bearer_auth(KEY).query(&[("limit", "100")]);
            let request = request.query(&page.iter().map(|page| ("page", page)).collect::<Vec<_>>());
            let listed: Value = request.send().await.unwrap().json().await.unwrap();
            all.extend(listed["data"].as_array().unwrap().iter().cloned());
            page = listed["next_page"].as_str().map(str::to_owned);
            if page.is_none() {
                return all;
            }
        }
    }
}

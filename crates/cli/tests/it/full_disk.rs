//! The disk fills up under a running server: what was acknowledged stays, what cannot be
//! kept is refused in the API's own words, and it goes on when there is room again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sortie::{House, sortie};

const KEY: &str = "a-key-for-the-test-of-a-full-disk-0123456789";

/// Sets up a small disk that nobody else sees, serves on it, fills and frees it as it is told
/// line by line, and ends the server when nothing more is said.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=4m tmpfs "$0" || exit 99
"$1" serve --json --listen 127.0.0.1:0 --data-dir "$0/data" & server=$!
while read -r order; do
    case "$order" in
        fill) cat /dev/zero > "$0/filler" 2>/dev/null ;;
        free) rm "$0/filler" ;;
    esac
    echo "$order"
done
kill -TERM $server; wait $server
"#;

/// A server on a disk of its own.
struct Server {
    child: Child,
    orders: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    /// `None` where the system lets no test mount a file system.
    fn start(mount: &Path) -> Option<Self> {
        std::fs::create_dir_all(mount).unwrap();
        let mut command = sortie(mount);
        command.env("SORTIE_BOOTSTRAP_KEY", KEY);
        let mut unshared = Command::new("unshare");
        unshared.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT]);
        unshared.arg(mount).arg(command.get_program());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => unshared.env(name, value),
                None => unshared.env_remove(name),
            };
        }
        unshared.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = unshared.spawn().ok()?;
        let orders = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let Ok(started) = serde_json::from_str::<Value>(&line) else {
            eprintln!("skipped: this system lets no test mount a file system");
            return None;
        };
        let url = format!("http://{}", started["listens"].as_str().unwrap());
        Some(Self { child, orders, output, url })
    }

    /// Has the disk filled or freed, and waits until it is.
    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), order);
    }

    fn stop(mut self) -> i32 {
        drop(self.orders.take());
        self.child.wait().unwrap().code().unwrap()
    }
}

/// A client with the key.
struct Client<'a>(&'a str, reqwest::Client);

impl Client<'_> {
    async fn get(&self, path: &str) -> (u16, Value) {
        answered(self.1.get(format!("{}{path}", self.0)).bearer_auth(KEY)).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answered(self.1.post(format!("{}{path}", self.0)).bearer_auth(KEY).json(&body)).await
    }

    /// The id of a new session, if the server has one to give.
    async fn new_session(&self, agent: &Value) -> Result<String, (u16, Value)> {
        match self.post("/v1/sessions", json!({ "agent": agent })).await {
            (200, session) => Ok(session["id"].as_str().unwrap().to_owned()),
            refused => Err(refused),
        }
    }

    /// Asks again and again until the answer is as it should be.
    async fn wait_until(&self, path: &str, holds: impl Fn(u16, &Value) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (status, body) = self.get(path).await;
            if holds(status, &body) {
                return;
            }
            assert!(Instant::now() < deadline, "{path}: still {status} {body}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.timeout(Duration::from_secs(30)).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_disk_that_fills_up_refuses_and_loses_nothing() {
    let house = House::new();
    let Some(mut server) = Server::start(&house.path().join("mount")) else { return };
    // The first caller installs it; for the others it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = server.url.clone();
    let client = Client(&url, reqwest::Client::new());
    let agent = client.get("/v1/agents").await.1["data"][0]["id"].clone();
    let mut acknowledged = Vec::new();
    for _ in 0..10 {
        acknowledged.push(client.new_session(&agent).await.unwrap());
    }
    // A run is under way when it happens.
    let busy = format!("/v1/sessions/{}", acknowledged[0]);
    let text = json!([{ "type": "text", "text": "delay 200\nsay one two three four five" }]);
    let said = json!({ "events": [{ "type": "user.message", "content": text }] });
    assert_eq!(client.post(&format!("{busy}/events"), said).await.0, 200);

    server.order("fill");
    let refused = loop {
        match client.new_session(&agent).await {
            Ok(session) => acknowledged.push(session),
            Err(refused) => break refused,
        }
        assert!(acknowledged.len() < 5_000, "a full disk takes everything");
    };
    assert_eq!((refused.0, &refused.1["type"]), (500, &json!("error")), "{}", refused.1);
    assert_eq!(client.get("/readyz").await.0, 503);
    assert_eq!(client.get("/v1/agents").await.0, 200, "what is there can be read");

    server.order("free");
    client.wait_until("/readyz", |status, _| status == 200).await;
    acknowledged.push(client.new_session(&agent).await.unwrap());
    for session in &acknowledged {
        assert_eq!(client.get(&format!("/v1/sessions/{session}")).await.0, 200, "{session} is lost");
    }
    let events = format!("{busy}/events?limit=100");
    let is_last = |event: &Value| event["type"] == "session.status_idle";
    client.wait_until(&events, |_, page| page["data"].as_array().unwrap().iter().any(is_last)).await;
    let page = client.get(&events).await.1;
    let answer = page["data"].as_array().unwrap().iter().find(|event| event["type"] == "agent.message").unwrap();
    assert_eq!(answer["content"][0]["text"], "one two three four five");
    assert_eq!(server.stop(), 0);
}

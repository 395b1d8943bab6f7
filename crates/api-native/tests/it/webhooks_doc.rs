//! The receivers of docs/webhooks.md, as they stand there, with the published libraries.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use test_kit::TestHouse;
use test_kit::conversation::id_of;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The first block of the document in this language.
fn block(language: &str) -> String {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/webhooks.md");
    let document = std::fs::read_to_string(document).unwrap();
    let behind = document.split(&format!("```{language}\n")).nth(1).unwrap();
    behind.split("```").next().unwrap().to_owned()
}

/// What names a client's place, if the test is to run. Without one it is passed over on a
/// developer's machine, aloud, and fails where everything must run.
fn place(variable: &str) -> Option<PathBuf> {
    let place = std::env::var_os(variable).map(PathBuf::from);
    if place.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{variable} must say where the client is");
        eprintln!("left out: {variable} is not set");
    }
    place
}

struct Receiver {
    _child: Child,
    said: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Receiver {
    async fn start(mut command: Command, secret: &str) -> Self {
        command.env("WEBHOOK_SECRET", secret).env("PORT", "0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().expect("the receiver starts");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = said.next_line().await.unwrap().expect("where it listens");
        let port = first.rsplit(' ').next().unwrap();
        Self { _child: child, said, url: format!("http://127.0.0.1:{port}/") }
    }
}

/// It takes what is signed with its secret and nothing else.
async fn it_verifies(start: impl AsyncFn(&str) -> Receiver) {
    let house = TestHouse::new().start().await;
    let owner = house.owner();
    let make = async || owner.post("/v1/webhooks", json!({ "url": "https://hooks.example.com" })).await.ok();
    let (known, unknown) = (make().await, make().await);
    let mut receiver = start(known["secret"].as_str().unwrap()).await;
    for (webhook, status) in [(unknown, 400), (known, 204)] {
        let path = format!("/v1/webhooks/{}", id_of(&webhook));
        owner.post(&path, json!({ "url": receiver.url })).await.ok();
        let queued = owner.post(&format!("{path}/test"), json!({})).await.ok();
        let tried = async {
            loop {
                let listed = owner.get(&format!("{path}/deliveries")).await.ok();
                let last = listed["data"][0]["last_attempt"].clone();
                if !last.is_null() {
                    return last;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let last = tokio::time::timeout(std::time::Duration::from_secs(30), tried).await.expect("an attempt");
        assert_eq!(last["status"], status, "{last}");
        if status == 204 {
            let said = receiver.said.next_line().await.unwrap().unwrap();
            assert_eq!(said, format!("{} webhook.test", id_of(&queued)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_receiver_verifies() {
    let Some(python) = place("SORTIE_TEST_PYTHON") else { return };
    let script = block("python");
    it_verifies(async |secret| {
        let mut command = Command::new(&python);
        command.args(["-c", &script]);
        Receiver::start(command, secret).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_receiver_verifies() {
    let Some(clients) = place("SORTIE_TEST_NODE") else { return };
    let script = block("js");
    it_verifies(async |secret| {
        let mut command = Command::new("node");
        // Modules are looked for from where it is started.
        command.current_dir(&clients).args(["--input-type=module", "--eval", &script]);
        Receiver::start(command, secret).await
    })
    .await;
}

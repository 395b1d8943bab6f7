//! The Python lines of docs/api.md, as they stand there, against the real server, which is
//! killed in the middle.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sortie::{House, Server};

/// Names an interpreter that knows the client library; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

const KEY: &str = "a-bootstrap-key-of-the-api-document-0123456789";

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_document_work_over_a_kill() {
    let Some(python) = python() else { return };
    let (rooms, bookings) = rooms().await;
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md")).unwrap();
    let program = lines_of(&document, "python").replace("https://rooms.example.com", &rooms);
    assert!(program.contains(&rooms), "the example's tool is ours");

    tokio::task::spawn_blocking(move || {
        let house = House::new();
        let address = free_address();
        let server = serve(&house, &address);
        let script = house.path().join("api.py");
        std::fs::write(&script, program).unwrap();
        let mut child = Command::new(python)
            .arg(&script)
            .env("ANTHROPIC_BASE_URL", format!("http://{address}"))
            .env("ANTHROPIC_API_KEY", KEY)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut until = |part: &str| {
            let mut seen = Vec::new();
            for line in said.by_ref() {
                seen.push(line);
                if seen.last().is_some_and(|line| line.ends_with(part)) {
                    return seen;
                }
            }
            panic!("no {part} in {seen:#?}\n{}", house.log())
        };
        let before = until("session.status_running");
        drop(server); // As by `kill -9`.
        let _server = serve(&house, &address);
        let after = until("session.status_idle");
        let ended = child.wait().unwrap();

        assert!(ended.success(), "{after:#?}");
        assert!(before.iter().any(|line| line == "You said: Hello!"), "{before:#?}");
        assert!(before.iter().any(|line| line == "may it call book_room {'room': 'Blue'}"), "{before:#?}");
        assert!(after.iter().any(|line| line.ends_with("session.status_running")), "it went on: {after:#?}");
        let numbers = before.iter().chain(&after).filter_map(|line| line.split_once(' ')?.0.parse().ok());
        let seqs: Vec<u64> = numbers.collect();
        assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "without a gap or a repeat: {seqs:?}");
    })
    .await
    .unwrap();
    assert_eq!(bookings.load(Ordering::Relaxed), 1, "what was approved was done, once");
}

/// A service that books rooms, and how often it did.
async fn rooms() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bookings = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&bookings);
    let book = axum::routing::post(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        "booked"
    });
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/bookings", book)).await });
    (url, bookings)
}

fn serve(house: &House, address: &str) -> Server {
    house.serve_at(address, |command| {
        command.env("SORTIE_BOOTSTRAP_KEY", KEY).env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#);
    })
}

/// An address that nobody has: the server is to come back where it was.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// All blocks of a document in this language, one after the other.
fn lines_of(document: &str, language: &str) -> String {
    let blocks = document.split("```").skip(1).step_by(2);
    let ours = blocks.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'));
    ours.collect::<Vec<_>>().join("\n")
}

fn python() -> Option<OsString> {
    let python = std::env::var_os(PYTHON);
    if python.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} must name an interpreter with the client");
        eprintln!("left out: {PYTHON} is not set");
    }
    python
}

//! The lines of docs/api.md, as they stand there, against the real server: the Python program,
//! in whose middle the server is killed, and each command of the shell.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::sortie::{House, Server};

/// Names an interpreter that knows the client library; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

const KEY: &str = "a-bootstrap-key-of-the-api-document-0123456789";

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_document_work_over_a_kill() {
    let Some(python) = python() else { return };
    let (rooms, bookings) = rooms().await;
    let program = lines_of(&document(), "python").replace("https://rooms.example.com", &rooms);
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

/// The commands of the shell, one after the other, each with what its variables mean by then.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_document_work() {
    let (rooms, bookings) = rooms().await;
    let commands = commands_of(&lines_of(&document(), "sh"));
    let [create_agent, create_session, follow, send, allow, resume, newest, part, overview, judge] = &*commands else {
        panic!("a command has come or gone: {commands:#?}")
    };
    tokio::task::block_in_place(|| {
        let house = House::new();
        let server = serve(&house, "127.0.0.1:0");
        let mut shell = Shell::at(server.address(), house.path().join("head"));
        let agent = shell.answer(create_agent);
        shell.set("AGENT", &agent["id"]);
        let session = shell.answer(create_session);
        shell.set("SESSION", &session["id"]);
        let told = shell.answer(send);
        assert_eq!(told["stop_reason"]["type"], "end_turn");
        let events = told["events"].as_array().unwrap();
        // A stream begins where it is opened; the turn after it is seen there.
        let mut stream = shell.begin(follow);
        shell.answer(send);
        assert_eq!(numbers_until_idle(&mut stream).first(), Some(&(events.len() as u64 + 1)));
        shell.set("EVENT", &events[0]["id"]);
        assert_eq!(numbers_until_idle(&mut shell.begin(resume)).first(), Some(&2), "it goes on behind the first");
        let end = 2 * events.len();
        assert_eq!(shell.answer(newest)["data"][0]["seq"], end);
        assert_eq!(shell.answer(part)["data"].as_array().unwrap().len(), end);
        assert_eq!(shell.answer(overview)["data"].as_array().unwrap().last().unwrap()["last_seq"], end);
        assert_eq!(shell.answer(judge)["output_schema"]["required"][0], "verdict");

        let asks = json!({ "type": "http", "name": "book_room", "description": "Books.", "method": "POST",
            "url": format!("{rooms}/bookings"), "input_schema": { "type": "object" },
            "permission_policy": { "type": "always_ask" } });
        let asks = json!({ "name": "Ada", "model": "scripted/demo", "tools": [asks] });
        let agent =
            shell.answer(&create_agent.replace(r#"{"name": "Ada", "model": "scripted/demo"}"#, &asks.to_string()));
        shell.set("AGENT", &agent["id"]);
        let session = shell.answer(create_session);
        shell.set("SESSION", &session["id"]);
        let told = shell.answer(&send.replace("What day is it?", "call book_room {}"));
        shell.set("CALL", &told["stop_reason"]["event_ids"][0]);
        let mut stream = shell.begin(follow);
        assert_eq!(shell.answer(allow)["data"][0]["result"], "allow");
        numbers_until_idle(&mut stream);
    });
    assert_eq!(bookings.load(Ordering::Relaxed), 1, "what was approved was done");
}

/// A shell in which the document's variables are set.
struct Shell {
    variables: Vec<(&'static str, String)>,
    /// Where the head of each answer is written.
    head: PathBuf,
}

impl Shell {
    fn at(address: &str, head: PathBuf) -> Self {
        let variables = [("ANTHROPIC_BASE_URL", format!("http://{address}")), ("ANTHROPIC_API_KEY", KEY.to_owned())];
        Self { variables: variables.to_vec(), head }
    }

    fn set(&mut self, name: &'static str, value: &Value) {
        self.variables.push((name, value.as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()));
    }

    fn command(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        // A refusal is an error here, and nothing is waited for without end.
        let curl = r#"curl() { command curl -sS --fail-with-body --max-time 60 -D "$HEAD" "$@"; }"#;
        shell.args(["-c", &format!("{curl}\n{command}")]).env("HEAD", &self.head).envs(self.variables.iter().cloned());
        shell
    }

    /// What a command prints, which is JSON.
    fn answer(&self, command: &str) -> Value {
        let ended = self.command(command).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{command}: {said} {}", String::from_utf8_lossy(&ended.stderr));
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{command}: {said}"))
    }

    /// A command that prints a stream, which is open by then.
    fn begin(&self, command: &str) -> Streaming {
        let _ = std::fs::remove_file(&self.head);
        let mut child = self.command(command).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_open = || std::fs::read_to_string(&self.head).is_ok_and(|head| head.ends_with("\r\n\r\n"));
        while !is_open() {
            assert!(child.try_wait().unwrap().is_none(), "{command}: no stream");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Streaming { child, lines }
    }
}

/// A command that goes on until nobody wants it any more.
struct Streaming {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The numbers of the events of a stream, up to the session's rest.
fn numbers_until_idle(stream: &mut Streaming) -> Vec<u64> {
    let mut numbers = Vec::new();
    for line in stream.lines.by_ref().map(Result::unwrap) {
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let event: Value = serde_json::from_str(data).unwrap();
        numbers.extend(event["seq"].as_u64());
        if event["type"] == "session.status_idle" {
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
            return numbers;
        }
    }
    panic!("the stream ended behind {numbers:?}")
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

/// The commands of some lines: each as it stands there, over as many lines as it takes.
fn commands_of(lines: &str) -> Vec<String> {
    let mut commands = vec![String::new()];
    for line in lines.lines() {
        let command = commands.last_mut().unwrap();
        command.push_str(line);
        command.push('\n');
        if !line.ends_with('\\') {
            commands.push(String::new());
        }
    }
    commands.retain(|command| !command.trim().is_empty());
    commands
}

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md")).unwrap()
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

//! `sortie serve`: what a start makes and prints, and how it ends.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sortie::{Ended, House, get, sortie};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_what_is_needed_and_later_ones_keep_it() {
    let house = House::new();
    let server = house.serve();
    let key = server.text("first_key").to_owned();
    assert!(key.starts_with("srt_"), "{key}");
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/nothing", 404), ("/v1/agents", 401)] {
        assert_eq!(server.get(path).0, status, "{path}");
    }
    assert_eq!(mode(&house.data()), 0o700);
    for file in ["login", "secrets.toml", "sortie.db", "admin.sock"] {
        assert_eq!(mode(&house.data().join(file)), 0o600, "{file}");
    }
    let agents = house.run(&["agents", "list", "--json"]).json();
    assert_eq!(
        (agents[0]["name"].as_str(), agents[0]["model"]["id"].as_str()),
        (Some("assistant"), Some("scripted/demo"))
    );
    server.stop();

    let again = house.serve();
    assert_eq!(again.started["first_key"], Value::Null);
    assert_eq!(house.run(&["agents", "list", "--json"]).json(), agents);
    again.stop();
    assert!(!house.log().contains(&key[8..]), "the key is in the log");
}

#[test]
fn the_printed_line_streams_an_answer_on_every_start() {
    let house = House::new();
    for _ in 0..2 {
        let server = house.serve();
        let line = server.text("try_it").to_owned();
        assert!(!line.contains("srt_"), "{line}");
        let answer = Ended::of(Command::new("sh").args(["-c", &line])).done();
        assert!(answer.starts_with("event:step\n") && answer.contains("event:result\n"), "{answer}");
        assert!(answer.contains(r#""response":"You said: Hello! Who are you?""#), "{answer}");
        // This program is on no path, and the line stands for itself in any folder.
        let talk = Ended::of(Command::new("sh").args(["-c", server.text("talk")]).current_dir("/")).done();
        assert_eq!(talk.trim(), "You said: Hello! Who are you?");
        server.stop();
    }
}

#[test]
fn what_people_read_names_the_place_and_the_key() {
    let house = House::new();
    let mut command = sortie(house.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut text = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    while !text.contains(" run --data-dir ") {
        assert_ne!(std::io::BufRead::read_line(&mut stdout, &mut text).unwrap(), 0, "{text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(text.starts_with("Sortie is at http://127.0.0.1:"), "{text}");
    assert!(text.contains("    srt_") && text.contains("\ncurl "), "{text}");
}

#[test]
fn the_key_of_the_first_start_can_be_set() {
    let house = House::new();
    let key = "a key for scripts, 32 characters?".replace(' ', "-");
    let server = house.serve_with(|command| {
        command.env("SORTIE_BOOTSTRAP_KEY", &key);
    });
    assert_eq!(server.text("first_key"), key);
    let listed = Ended::of(sortie(house.path()).args(["agents", "list", "--json"]).env("SORTIE_KEY", &key));
    assert_eq!(listed.json()[0]["name"], "assistant");
}

#[test]
fn a_key_that_is_too_short_is_refused_before_anything_is_made() {
    let house = House::new();
    let refused =
        Ended::of(sortie(house.path()).args(["serve", "--listen", "127.0.0.1:0"]).env("SORTIE_BOOTSTRAP_KEY", "short"));
    let line = refused.failed(2);
    assert!(line.contains("SORTIE_BOOTSTRAP_KEY") && line.contains("32 to 256"), "{line}");
    assert!(house.serve().text("first_key").starts_with("srt_"));
}

#[test]
fn an_organization_is_made_as_it_is_configured() {
    let house = House::new();
    let _server = house.serve_with(|command| {
        command.env("SORTIE_BOOTSTRAP__ORG_NAME", "Acme").env("SORTIE_BOOTSTRAP__TIME_ZONE", "Europe/Berlin");
    });
    let orgs = house.run(&["orgs", "list", "--json"]).json();
    assert_eq!((orgs[0]["name"].as_str(), orgs[0]["time_zone"].as_str()), (Some("Acme"), Some("Europe/Berlin")));
    let projects = house.run(&["projects", "list", "--json"]).json();
    assert_eq!(projects[0]["number"], 1);
}

#[test]
fn the_end_of_a_server_is_not_the_end_of_its_runs() {
    let house = House::new();
    let server = house.serve();
    let address = server.address().to_owned();
    let text = "delay 200\nsay one two three four five six seven eight nine ten";
    let mut asking = sortie(house.path());
    asking.args(["run", text, "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asking = asking.spawn().unwrap();
    let mut heard = std::io::BufReader::new(asking.stdout.take().unwrap());
    let mut all = String::new();
    while !all.contains(r#""type":"text""#) {
        assert_ne!(std::io::BufRead::read_line(&mut heard, &mut all).unwrap(), 0, "{all}");
    }
    server.stop();

    // The client finds the next server by itself, and misses nothing.
    let _next = house.serve_at(&address, |_| {});
    std::io::Read::read_to_string(&mut heard, &mut all).unwrap();
    assert!(asking.wait().unwrap().success());
    let updates: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<u64> = updates.iter().filter_map(|update| update["seq"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let message = updates.iter().find(|update| update["type"] == "agent.message").expect("an answer");
    assert_eq!(message["content"][0]["text"], "one two three four five six seven eight nine ten");
}

#[test]
fn a_second_signal_does_not_wait() {
    let house = House::new();
    let server = house.serve();
    let mut asking = sortie(house.path());
    asking.args(["run", "delay 10000\nsay a b c d e f", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut asking = asking.spawn().unwrap();
    let mut heard = std::io::BufReader::new(asking.stdout.take().unwrap());
    let mut all = String::new();
    while !all.contains("span.model_request_start") {
        assert_ne!(std::io::BufRead::read_line(&mut heard, &mut all).unwrap(), 0, "{all}");
    }
    server.signal("TERM");
    while !house.log().contains("stopping") {
        std::thread::yield_now();
    }
    server.signal("INT");
    assert_eq!(server.ended(), 130);
    asking.kill().unwrap();
    asking.wait().unwrap();
}

#[test]
fn the_log_can_be_read_by_programs() {
    let house = House::new();
    let server = house.serve_with(|command| {
        command.env("SORTIE_LOG__FORMAT", "json");
    });
    let _ = get(server.address(), "/v1/agents");
    server.stop();
    let lines: Vec<Value> = house.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered = lines.iter().find(|line| line["message"] == "answered").expect("the request is logged");
    assert!(answered["span"]["request.id"].as_str().is_some_and(|id| id.starts_with("req_")), "{answered}");
}

#[test]
fn the_reference_finds_its_documents() {
    let house = House::new();
    let server = house.serve();
    for path in ["/docs", "/docs/cassidy", "/docs/make"] {
        let (status, page) = server.get(path);
        assert_eq!(status, 200, "{path}");
        let document = page.split("spec-url=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let (status, document) = server.get(document);
        let document: Value = serde_json::from_str(&document).unwrap();
        assert!(status == 200 && document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    }
}

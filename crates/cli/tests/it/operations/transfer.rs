//! `sortie export` and `sortie import`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::post;
use crate::sortie::{Ended, House, Server, sortie};

const SECRET: &str = "a-header-that-nobody-may-see";
const PASSWORD: &str = "correct horse battery";
const HOOK: &str = "https://hooks.example.com/in";

/// A house with something of everything, and its export.
fn exported() -> (House, Server, PathBuf, Value) {
    let house = House::new();
    let server = house.serve();
    std::fs::write(house.path().join("schema.json"), json!({ "type": "object", "properties": {} }).to_string())
        .unwrap();
    let header = format!("x-secret: {SECRET}");
    let tool =
        ["tools", "create", "look", "--description", "Looks", "--url", "https://example.com/", "--header", &header];
    house.run(&[&tool[..], &["--input-schema", "schema.json"]].concat()).done();
    for (name, description) in [("kept", "one"), ("gone", "two")] {
        house.run(&["agents", "create", name, "--model", "scripted/demo"]).done();
        house.run(&["agents", "update", name, "--description", description, "--expect", "1"]).done();
    }
    house.run(&["agents", "archive", "gone"]).done();
    house.run(&["orgs", "update", "--budget-steps", "1000"]).done();
    for text in ["one", "fail rejected", "say two"] {
        house.run(&["run", "--agent", "kept", text]);
    }
    let sessions = house.run(&["sessions", "list", "--json"]).json();
    for (at, what) in [(0, "archive"), (1, "delete")] {
        house.run(&["sessions", what, sessions[at]["id"].as_str().unwrap()]).done();
    }
    let (url, report) =
        (format!("{}/api/v1/deployments/", server.text("url")), json!({ "deployment_request": "Deploy" }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(post(&url, server.text("first_key"), None, &report));
    let link = server.text("owner_link").replace("/invite/", "/v1/links/");
    runtime.block_on(post(&link, "", None, &json!({ "password": PASSWORD })));
    house.run(&["keys", "create", "spare", "--budget-tokens", "77"]).done();
    house.run(&["approval-rules", "create", "production"]).done();
    house.run(&["webhooks", "create", HOOK, "--event", "webhook.test"]).done();
    let file = house.path().join("org.sortie");
    let told = house.run(&["export", file.to_str().unwrap(), "--json"]).json();
    (house, server, file, told)
}

fn logs(house: &House, key: Option<&str>) -> Vec<(String, String)> {
    let run = |arguments: &[&str]| {
        let mut command = sortie(house.path());
        command.args(arguments);
        key.map(|key| command.env("SORTIE_KEY", key));
        Ended::of(&mut command).done()
    };
    let sessions: Value = serde_json::from_str(&run(&["sessions", "list", "--limit", "100", "--json"])).unwrap();
    let ids = sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned());
    ids.map(|id| (id.clone(), run(&["sessions", "tail", &id, "--json"]))).collect()
}

fn lines_of(file: &Path) -> Vec<String> {
    let text = BufReader::new(GzDecoder::new(std::fs::File::open(file).unwrap()));
    text.lines().map(|line| line.unwrap()).collect()
}

fn packed(lines: &[String]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    lines.iter().for_each(|line| writeln!(packed, "{line}").unwrap());
    packed.finish().unwrap()
}

fn orgs(house: &House) -> usize {
    house.run(&["orgs", "list", "--json"]).json().as_array().unwrap().len()
}

#[test]
fn an_organization_moves_whole_and_without_its_secrets() {
    let (old, _old_server, file, told) = exported();
    let text = lines_of(&file).join("\n");
    for secret in [SECRET, PASSWORD, "srt_", "whsec_", "hash", "secrets.toml"] {
        assert!(!text.contains(secret), "{secret} is in the file");
    }
    assert_eq!(told["left_out"]["headers"][0]["headers"], json!(["x-secret"]));
    let keys: Vec<&Value> = told["left_out"]["keys"].as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert!(keys.contains(&&json!("spare")), "{told}");
    assert!(told["left_out"].to_string().contains(r#""budget":{"tokens":77}"#), "{told}");
    assert_eq!(told["left_out"]["webhooks"], json!([HOOK]));
    assert_eq!(told["left_out"]["people"], json!(["owner@localhost"]));

    let new = House::new();
    let _new_server = new.serve();
    let moved = new.run(&["import", file.to_str().unwrap(), "--json"]).json();
    assert_eq!((&moved["sha256"], &moved["left_out"]), (&told["sha256"], &told["left_out"]));
    let org = moved["org"].as_str().unwrap().to_owned();
    let again = new.run(&["export", "again.sortie", "--org", &org, "--json"]).json();
    assert_eq!((&again["sha256"], &again["records"]), (&told["sha256"], &told["records"]));

    let key = new.run(&["keys", "create", "moved", "--org", &org, "--json"]).json()["key"].as_str().unwrap().to_owned();

    // A monitor goes on, and knows what it watched.
    let monitors = Ended::of(sortie(new.path()).args(["deployments", "list"]).env("SORTIE_KEY", &key));
    assert!(monitors.done().contains("active"));
    let runs = Ended::of(sortie(new.path()).args(["deployments", "runs", "--json"]).env("SORTIE_KEY", &key)).json();
    assert_eq!((runs.as_array().map(Vec::len), &runs[0]["trigger_context"]["type"]), (Some(1), &json!("rollout")));
    assert_eq!(runs, old.run(&["deployments", "runs", "--json"]).json());

    // What was spent is not forgotten on the way, and what is spent here counts on.
    let spent =
        |house: &House, org: usize| house.run(&["orgs", "list", "--json"]).json()[org]["budget"]["spent"].clone();
    let before = spent(&old, 0);
    assert!(before["steps"].as_u64().is_some_and(|steps| steps >= 3), "{before}");
    assert_eq!(spent(&new, 1), before);

    assert_eq!(logs(&new, Some(&key)), logs(&old, None));
    let listed = |house: &House, what: &str, key: Option<&str>| {
        let mut command = sortie(house.path());
        command.args([what, "list", "--json"]);
        key.map(|key| command.env("SORTIE_KEY", key));
        Ended::of(&mut command).json()
    };
    assert_eq!(listed(&new, "approval-rules", Some(&key)), listed(&old, "approval-rules", None));
    let (moved_log, log) = (listed(&new, "audit", Some(&key)), listed(&old, "audit", None));
    let moved_log = moved_log.as_array().unwrap();
    assert_eq!(moved_log[0]["action"], "key.created", "and it goes on here");
    assert_eq!(&moved_log[1..], log.as_array().unwrap().as_slice());
    let answered = Ended::of(sortie(new.path()).args(["run", "--agent", "kept", "hello"]).env("SORTIE_KEY", &key));
    assert_eq!(answered.done(), "You said: hello\n");
    assert_eq!(spent(&new, 1)["steps"].as_u64(), before["steps"].as_u64().map(|steps| steps + 1));
    let tool = Ended::of(sortie(new.path()).args(["tools", "list", "--json"]).env("SORTIE_KEY", &key)).json();
    assert_eq!((tool[0]["number"].as_u64(), tool[0]["headers"].clone()), (Some(1), json!({})), "{tool}");

    // A webhook tells nobody before it has a secret here and somebody wants it to.
    let webhooks = |arguments: &[&str]| {
        Ended::of(sortie(new.path()).arg("webhooks").args(arguments).arg("--json").env("SORTIE_KEY", &key))
    };
    let webhook = webhooks(&["list"]).json()[0].clone();
    assert_eq!((&webhook["url"], &webhook["disabled_reason"]), (&json!(HOOK), &json!("imported")), "{webhook}");
    let id = webhook["id"].as_str().unwrap();
    let refused = webhooks(&["update", id, "--enable"]);
    assert!(refused.code == 2 && refused.stderr.contains("rotate"), "{refused:#?}");
    assert!(webhooks(&["rotate", id]).json()["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(webhooks(&["update", id, "--enable"]).json()["disabled"], false);
}

#[test]
fn what_was_changed_or_cut_is_refused_whole() {
    let (_old, _server, file, _) = exported();
    let whole = std::fs::read(&file).unwrap();
    let lines = lines_of(&file);
    let last = lines.len() - 1;
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        packed(&lines)
    };
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("without its last byte", whole[..whole.len() - 1].to_vec()),
        ("with more behind it", [whole.as_slice(), b"more"].concat()),
        ("a bit flipped", flipped(whole.len() / 2)),
        ("its checksum flipped", flipped(whole.len() - 6)),
        ("no export", packed(&["{}".to_owned()])),
        ("newer", changed(&|lines| lines[0] = lines[0].replace("\"version\":1", "\"version\":2"))),
        (
            "a word changed",
            changed(&|lines| lines.iter_mut().for_each(|line| *line = line.replace("say two", "say six"))),
        ),
        ("a record missing", changed(&|lines| drop(lines.remove(last - 1)))),
        ("two records exchanged", changed(&|lines| lines.swap(last - 1, last - 2))),
        ("its end missing", changed(&|lines| drop(lines.pop()))),
        ("an end before the end", changed(&|lines| lines.insert(last - 1, lines[last].clone()))),
    ];
    let new = House::new();
    let _server = new.serve();
    let path = new.path().join("broken.sortie");
    for (what, bytes) in cases {
        std::fs::write(&path, bytes).unwrap();
        let line = new.run(&["import", path.to_str().unwrap()]).failed(2);
        assert!(line.contains("nothing was imported"), "{what}: {line}");
        assert_eq!(orgs(&new), 1, "{what}");
    }
    std::fs::write(&path, whole).unwrap();
    new.run(&["import", path.to_str().unwrap()]).done();
    assert_eq!(orgs(&new), 2);
}

#[test]
fn what_is_here_already_is_not_imported_again() {
    let (house, _server, file, _) = exported();
    let file = file.to_str().unwrap();
    house.run(&["export", file]).failed(5);
    let line = house.run(&["import", file]).failed(5);
    assert!(line.contains("the organization org_") && line.contains("--as-new"), "{line}");
    let line = house.run(&["import", file, "--as-new", "twin"]).failed(5);
    assert!(line.contains("is here already: nothing was imported"), "{line}");
    assert_eq!(orgs(&house), 1);

    let new = House::new();
    new.serve().stop();
    let told = new.run(&["import", file, "--as-new", "twin", "--json"]).json();
    let listed = new.run(&["orgs", "list", "--json"]).json();
    assert_eq!((&listed[1]["id"], listed[1]["name"].as_str()), (&told["org"], Some("twin")));
}

#[test]
fn runs_at_work_are_not_doubled() {
    let house = House::new();
    let _server = house.serve();
    let mut asking = sortie(house.path());
    asking.args(["run", "delay 10000\nsay a b c d e f", "--json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut asking = asking.spawn().unwrap();
    let mut heard = BufReader::new(asking.stdout.take().unwrap());
    let mut all = String::new();
    while !all.contains("span.model_request_start") {
        assert_ne!(heard.read_line(&mut all).unwrap(), 0, "{all}");
    }
    let line = house.run(&["export", "org.sortie"]).failed(5);
    assert!(line.contains("1 runs are queued or running"), "{line}");
    assert!(!house.path().join("org.sortie").exists() && !house.path().join("org.sortie.unfinished").exists());
    asking.kill().unwrap();
    asking.wait().unwrap();
    let _ = heard.read_to_string(&mut all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_can_be_answered_where_it_was_moved_to() {
    let old = House::new();
    let server = old.serve();
    let (url, key) = (server.text("url").to_owned(), server.text("first_key").to_owned());
    let tool = json!({
        "type": "custom", "name": "ask", "description": "Asks", "input_schema": { "type": "object", "properties": {} },
    });
    let agent = json!({ "name": "asking", "model": "scripted/demo", "tools": [tool] });
    let agent = post(&format!("{url}/v1/agents"), &key, None, &agent).await;
    let said = json!({ "type": "user.message", "content": [{ "type": "text", "text": "call ask {}" }] });
    let session = json!({ "agent": agent["id"], "initial_events": [said] });
    let session = post(&format!("{url}/v1/sessions"), &key, None, &session).await;
    let session = session["id"].as_str().unwrap().to_owned();

    let new = House::new();
    let events = |house: &House, key: &str| -> Vec<Value> {
        let mut tail = sortie(house.path());
        let told = Ended::of(tail.args(["sessions", "tail", &session, "--json"]).env("SORTIE_KEY", key)).done();
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let until = |house: &House, key: &str, kind: &str| {
        tokio::task::block_in_place(|| {
            loop {
                let events = events(house, key);
                if let Some(found) = events.iter().find(|event| event["type"] == kind) {
                    return found.clone();
                }
                std::thread::yield_now();
            }
        })
    };
    until(&old, &key, "session.status_idle");
    let use_id = until(&old, &key, "agent.custom_tool_use")["id"].clone();
    let moved = tokio::task::block_in_place(|| {
        let file = new.path().join("org.sortie");
        old.run(&["export", file.to_str().unwrap()]).done();
        new.serve().stop();
        new.run(&["import", file.to_str().unwrap(), "--json"]).json()["org"].as_str().unwrap().to_owned()
    });
    let (server, key) = tokio::task::block_in_place(|| {
        let made = new.run(&["keys", "create", "moved", "--org", &moved, "--json"]).json();
        (new.serve(), made["key"].as_str().unwrap().to_owned())
    });
    let answer = json!({ "events": [{
        "type": "user.custom_tool_result", "custom_tool_use_id": use_id, "content": [{ "type": "text", "text": "yes" }],
    }] });
    post(&format!("{}/v1/sessions/{session}/events", server.text("url")), &key, None, &answer).await;
    let message = until(&new, &key, "agent.message");
    assert!(message["content"][0]["text"].as_str().unwrap().contains("yes"), "{message}");
}

//! The commands that talk to a server over `/v1`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::sortie::{Ended, House, sortie};

#[test]
fn an_agent_answers_and_remembers() {
    let house = House::new();
    let _server = house.serve();
    assert_eq!(house.run(&["run", "hello"]).done(), "You said: hello\n");

    let sessions = house.run(&["sessions", "list", "--json"]).json();
    let session = sessions[0]["id"].as_str().unwrap();
    assert_eq!(house.run(&["run", "--session", session, "again"]).done(), "You said: again\n");

    let shown = house.run(&["sessions", "show", session, "--json"]).json();
    assert_eq!(shown["runs"].as_array().map(Vec::len), Some(2));
    let uuid = shown["uuid"].as_str().unwrap();
    assert_eq!(house.run(&["sessions", "show", uuid, "--json"]).json()["id"], session);

    let told = house.run(&["sessions", "tail", session]);
    assert_eq!(
        (told.stdout.as_str(), told.stderr.as_str()),
        ("You said: hello\nYou said: again\n", "> hello\n> again\n")
    );

    assert_eq!(house.run(&["sessions", "archive", session]).done(), format!("archived: {session}\n"));
    house.run(&["run", "--session", session, "more"]).failed(2);
    assert_eq!(house.run(&["sessions", "delete", session]).done(), format!("deleted: {session}\n"));
    house.run(&["sessions", "show", session]).failed(3);
}

#[test]
fn changing_sessions_are_watched() {
    let house = House::new();
    let server = house.serve();
    house.run(&["run", "hello"]).done();
    let id = house.run(&["sessions", "list", "--json"]).json()[0]["id"].clone();
    let watch = |arguments: &[&str]| {
        let mut watching = sortie(house.path());
        watching.args(["sessions", "watch", "--after", "start"]).args(arguments);
        let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(watching.stdout.take().unwrap()).read_line(&mut line).unwrap();
        watching.kill().unwrap();
        watching.wait().unwrap();
        line
    };
    let change: Value = serde_json::from_str(&watch(&["--json"])).unwrap();
    assert_eq!((&change["session_id"], &change["position"]), (&id, &json!(1)));
    assert!(watch(&[]).starts_with(id.as_str().unwrap()));
    assert!(house.run(&["sessions", "watch", "--after", "999"]).failed(2).contains("position"));
    server.stop();
}

#[test]
fn an_agent_is_made_changed_and_archived() {
    let house = House::new();
    let _server = house.serve();
    std::fs::write(house.path().join("system.txt"), "Be kind.").unwrap();
    let made = house
        .run(&["agents", "create", "kind", "--model", "scripted/demo", "--system", "@system.txt", "--json"])
        .json();
    assert_eq!((made["version"].as_u64(), made["system"].as_str()), (Some(1), Some("Be kind.")));

    let changed = house.run(&["agents", "update", "kind", "--description", "d", "--expect", "1", "--json"]).json();
    assert_eq!((changed["version"].as_u64(), changed["system"].as_str()), (Some(2), Some("Be kind.")));
    house.run(&["agents", "update", "kind", "--name", "other", "--expect", "1"]).failed(5);
    assert!(house.run(&["agents", "update", "kind"]).failed(2).contains("nothing to change"));

    let first = house.run(&["agents", "show", "kind", "--at", "1", "--json"]).json();
    assert_eq!(first["description"], Value::Null);
    let uuid = first["uuid"].as_str().unwrap();
    assert_eq!(house.run(&["agents", "show", uuid, "--json"]).json()["version"], 2);

    let (listed, shown) = (house.run(&["agents", "list"]).done(), house.run(&["agents", "show", "kind"]).done());
    let project = |text: &str| text.lines().any(|line| line.contains("kind") && line.contains("First project"));
    assert!(
        project(&listed) && shown.lines().any(|line| line.starts_with("project") && line.ends_with("First project"))
    );

    house.run(&["agents", "archive", "kind"]).done();
    assert!(!house.run(&["agents", "list"]).done().contains("kind"));
    assert!(house.run(&["agents", "list", "--archived"]).done().contains("2 archived"));
    house.run(&["run", "--agent", uuid, "hi"]).failed(2);
    house.run(&["run", "--agent", "nobody", "hi"]).failed(3);
    house.run(&["agents", "create", "x", "--model", "nobody/x"]).failed(2);
}

#[test]
fn the_models_of_a_known_server_are_listed_too() {
    let house = House::new();
    let names = || -> Vec<String> {
        let list = house.run(&["models", "list", "--json"]).json();
        list.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect()
    };
    let alone = names();
    assert!(alone.iter().all(|name| name.starts_with("local/")), "{alone:?}");
    let _server = house.serve();
    assert_eq!(names(), [alone, vec!["scripted/demo".to_owned()]].concat());
}

#[test]
fn a_provider_is_made_shown_changed_tried_and_deleted() {
    let house = House::new();
    let _server = house.serve();
    let create = ["providers", "create", "mine", "--base-url", "https://127.0.0.1.invalid/v1", "--model", "small"];
    let made = house.run(&[&create[..], &["--api-key", "sk-hunter2-hunter2"]].concat()).done();
    assert!(made.contains("mine") && !made.contains("hunter2"), "{made}");
    let shown = house.run(&["providers", "show", "mine", "--json"]).json();
    assert_eq!((shown["provider"].as_str(), shown["models"][0]["name"].as_str()), (Some("openai"), Some("small")));
    assert!(house.run(&["providers", "list"]).done().contains("operator"));

    house.run(&["models", "alias", "set", "fast", "mine/small"]).done();
    assert!(house.run(&["models", "alias", "list"]).done().contains("mine/small"));
    house.run(&["agents", "create", "quick", "--model", "fast", "--fallback", "scripted/demo"]).done();
    let quick = house.run(&["agents", "show", "quick", "--json"]).json();
    assert_eq!(quick["model"]["fallbacks"], json!(["scripted/demo"]));
    house.run(&["models", "alias", "set", "other", "nobody/x"]).failed(2);
    house.run(&["models", "alias", "delete", "fast"]).done();
    house.run(&["models", "alias", "delete", "fast"]).failed(3);

    assert!(house.run(&["providers", "test", "mine"]).failed(1).contains("mine"));
    house.run(&["providers", "update", "mine", "--name", "ours"]).done();
    house.run(&["providers", "update", "mine", "--name", "x"]).failed(3);
    house.run(&["providers", "update", "scripted", "--name", "x"]).failed(2);
    house.run(&["providers", "delete", "ours"]).done();
    house.run(&["providers", "show", "ours"]).failed(3);
}

#[test]
fn a_tool_is_made_shown_and_deleted() {
    let house = House::new();
    let _server = house.serve();
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    std::fs::write(house.path().join("schema.json"), schema.to_string()).unwrap();
    let made = house
        .run(&[
            "tools",
            "create",
            "weather",
            "--description",
            "The weather",
            "--url",
            "https://example.com/{city}",
            "--input-schema",
            "schema.json",
            "--header",
            "x-a: b",
            "--json",
        ])
        .json();
    assert_eq!((made["number"].as_u64(), made["effect"].as_str()), (Some(1), Some("read")));
    for named in ["1", "weather", made["id"].as_str().unwrap()] {
        assert_eq!(house.run(&["tools", "show", named, "--json"]).json()["id"], made["id"]);
    }
    house.run(&["tools", "delete", "weather"]).done();
    house.run(&["tools", "show", "1"]).failed(3);
}

#[test]
fn a_run_that_fails_says_so_and_ends_with_a_code() {
    let house = House::new();
    let _server = house.serve();
    let failed = house.run(&["run", "fail rejected"]);
    assert!(failed.stderr.contains("! failed because the message asked for it"), "{failed:?}");
    failed.failed(1);
}

#[test]
fn a_hostile_answer_does_not_reach_the_terminal() {
    let house = House::new();
    let _server = house.serve();
    let said = house.run(&["run", "say \u{1b}[2Jgone\u{7}"]).done();
    assert_eq!(said, "[2Jgone\n");
}

#[test]
fn without_a_server_or_a_key_that_is_said() {
    let house = House::new();
    assert!(house.run(&["run", "hello"]).failed(4).contains("SORTIE_KEY"));
    house.serve().stop();
    assert!(house.run(&["run", "hello"]).failed(6).contains("is `sortie serve` running"));

    let elsewhere = Ended::of(
        sortie(house.path()).args(["agents", "list"]).env("SORTIE_URL", "http://127.0.0.1:1").env("SORTIE_KEY", "x"),
    );
    elsewhere.failed(6);
}

#[test]
fn a_variable_that_was_not_filled_in_means_no_other_server_and_no_other_key() {
    let house = House::new();
    let _server = house.serve();
    for (variable, flag) in [("SORTIE_URL", "--server"), ("SORTIE_KEY", "--key")] {
        let refused = Ended::of(sortie(house.path()).args(["agents", "list"]).env(variable, ""));
        assert_eq!(refused.code, 2, "{refused:#?}");
        assert!(refused.stderr.contains(flag) && refused.stderr.contains("it is empty"), "{refused:#?}");
    }
}

#[test]
fn the_key_of_one_server_is_not_sent_to_another() {
    let house = House::new();
    let _server = house.serve();
    let line = house.run(&["agents", "list", "--server", "http://127.0.0.1:1"]).failed(4);
    assert!(line.contains("no key"), "{line}");
}

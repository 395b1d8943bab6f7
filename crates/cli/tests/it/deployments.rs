//! `sortie deployments`, and the monitor of a project.

use serde_json::{Value, json};

use crate::sortie::House;

fn write(house: &House, name: &str, text: &Value) {
    std::fs::write(house.path().join(name), text.to_string()).unwrap();
}

#[test]
fn a_deployment_is_made_run_paused_and_archived() {
    let house = House::new();
    let _server = house.serve();
    let agent = house.run(&["agents", "show", "assistant", "--json"]).json()["id"].clone();
    let hello = json!([{ "type": "user.message", "content": [{ "type": "text", "text": "hello" }] }]);
    let schedule = json!({ "type": "cron", "expression": "0 9 * * *" });
    write(
        &house,
        "daily.json",
        &json!({ "name": "daily", "agent": agent, "schedule": schedule, "initial_events": hello }),
    );
    let made = house.run(&["deployments", "create", "--file", "daily.json", "--json"]).json();
    let id = made["id"].as_str().unwrap();
    let shown = house.run(&["deployments", "show", "daily", "--json"]).json();
    let (uuid, compact) = (shown["uuid"].as_str().unwrap(), shown["compact"].as_str().unwrap());
    for spelling in [id, uuid, compact] {
        assert_eq!(house.run(&["deployments", "show", spelling, "--json"]).json()["id"], made["id"]);
    }
    assert!(house.run(&["deployments", "show", "daily"]).done().contains("0 9 * * *"));
    let listed = house.run(&["deployments", "list"]).done();
    assert!(listed.contains(id) && listed.contains("rollout_monitor"), "{listed}");

    let begun = house.run(&["deployments", "run", "daily", "--json"]).json();
    house.run(&["sessions", "show", begun["session_id"].as_str().unwrap()]).done();
    let runs = house.run(&["deployments", "runs", "daily", "--json"]).json();
    assert_eq!((runs.as_array().map(Vec::len), &runs[0]["id"]), (Some(1), &begun["id"]));
    assert!(house.run(&["deployments", "runs"]).done().contains("manual"));
    assert_eq!(house.run(&["deployments", "runs", "--failed", "--json"]).json(), json!([]));

    let nightly = json!({ "name": "nightly" });
    write(&house, "nightly.json", &nightly);
    house.run(&["deployments", "update", "daily", "--file", "nightly.json"]).done();
    for (verb, says) in [("pause", "paused"), ("resume", "resumed"), ("archive", "archived")] {
        assert_eq!(house.run(&["deployments", verb, "nightly"]).done(), format!("{says}: {id} \"nightly\"\n"));
    }
    house.run(&["deployments", "run", id]).failed(2);
    house.run(&["deployments", "show", "nightly"]).failed(3);
    assert!(house.run(&["deployments", "list", "--archived"]).done().contains("archived"));
}

/// An installation begins with a monitor for all projects; a project is given its own by one
/// word, and what is shown can be set again.
#[test]
fn a_project_is_given_a_monitor_of_its_own() {
    let house = House::new();
    let _server = house.serve();
    let monitors = || {
        let listed = house.run(&["deployments", "list", "--json"]).json();
        listed.as_array().unwrap().iter().map(|one| one["trigger"].clone()).collect::<Vec<_>>()
    };
    let [first] = &monitors()[..] else { panic!("one monitor") };
    assert_eq!((&first["type"], &first["project_id"]), (&json!("rollout_monitor"), &json!(null)));
    house.run(&["deployments", "run", "Rollout monitor"]).failed(2);

    let usual = house.run(&["projects", "monitor", "1"]).json();
    assert_eq!((&usual["signals"], &usual["schedule"]["every"]), (&json!([]), &json!(300)));
    write(&house, "monitor.json", &json!({ "schedule": { "cool_down": 60 } }));
    for _ in 0..2 {
        let set = house.run(&["projects", "monitor", "1", "--set", "monitor.json"]).json();
        assert_eq!(set["schedule"]["cool_down"], 60);
    }
    assert_eq!(house.run(&["projects", "monitor", "1"]).json()["schedule"]["cool_down"], 60);
    let [own, first] = &monitors()[..] else { panic!("two monitors") };
    assert!(own["project_id"].is_string() && first["project_id"].is_null(), "the newest first");

    write(&house, "shown.json", &house.run(&["projects", "monitor", "1"]).json());
    house.run(&["projects", "monitor", "1", "--set", "shown.json"]).done();
    write(&house, "wrong.json", &json!({ "schedule": { "every": 1 } }));
    assert!(
        house.run(&["projects", "monitor", "1", "--set", "wrong.json"]).failed(2).contains("monitor.schedule.every")
    );
}

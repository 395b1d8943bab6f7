//! Keys, organizations and projects, with a server and without one.

use crate::sortie::{Ended, House, sortie};

/// Lists agents with this key.
fn with_key(house: &House, key: &str) -> Ended {
    Ended::of(sortie(house.path()).args(["agents", "list"]).env("SORTIE_KEY", key))
}

#[test]
fn a_key_lives_and_ends_over_the_socket() {
    let house = House::new();
    let _server = house.serve();
    let made = house.run(&["keys", "create", "reader", "--scopes", "agents:read", "--json"]).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(with_key(&house, key).done().contains("assistant"));

    let refused = Ended::of(sortie(house.path()).args(["agents", "archive", "assistant"]).env("SORTIE_KEY", key));
    assert!(refused.failed(4).contains("agents:write"));

    house.run(&["keys", "revoke", id]).done();
    assert!(with_key(&house, key).failed(4).contains("revoked"));
    let listed = house.run(&["keys", "list", "--json"]).json();
    let listed = listed.as_array().unwrap().iter().find(|key| key["id"] == id).unwrap();
    assert!(listed["revoked_at"].is_string());
    assert!(!listed.to_string().contains(&key[8..]), "a list shows keys");
}

#[test]
fn a_key_lives_and_ends_on_the_directory() {
    let house = House::new();
    house.serve().stop();
    let made = house.run(&["keys", "create", "script", "--format", "uuid", "--expires", "30d", "--json"]).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap().to_owned());
    assert_eq!(uuid::Uuid::parse_str(&key).unwrap().get_version_num(), 4);

    let server = house.serve();
    assert!(with_key(&house, &key).done().contains("assistant"));
    server.stop();
    house.run(&["keys", "revoke", id]).done();
    let _server = house.serve();
    with_key(&house, &key).failed(4);
}

#[test]
fn budgets_of_keys_and_organizations_are_set_and_shown() {
    let house = House::new();
    let _server = house.serve();
    let made = house.run(&["keys", "create", "bounded", "--budget-steps", "1", "--json"]).json();
    assert_eq!(made["budget"]["left"]["steps"], 1);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let ask = || Ended::of(sortie(house.path()).args(["run", "hello", "--agent", "demo"]).env("SORTIE_KEY", key));
    house.run(&["agents", "create", "demo", "--model", "scripted/demo"]).done();
    ask().done();
    assert!(ask().failed(1).contains("key's budget is used up (steps)"));

    let raised = house.run(&["keys", "update", id, "--budget-steps", "2", "--budget-tokens", "1000", "--json"]).json();
    assert_eq!((&raised["budget"]["spent"]["steps"], &raised["budget"]["left"]["steps"]), (&1.into(), &1.into()));
    ask().done();
    assert!(house.run(&["keys", "list"]).done().contains("2/2 steps"));
    assert!(house.run(&["keys", "update", id, "--no-budget"]).done().contains("no budget"));
    ask().done();

    assert_eq!(house.run(&["orgs", "update"]).code, 2);
    let org = house.run(&["orgs", "update", "--budget-cost", "0.50", "--json"]).json();
    assert_eq!(org["budget"]["left"]["money"], serde_json::json!({ "micros": 500_000, "currency": "USD" }));
    assert!(house.run(&["orgs", "update", "--budget-cost", "1 EUR"]).failed(2).contains("must be in USD"));
    assert!(house.run(&["orgs", "list"]).done().contains("0/0.5 USD"));
}

#[test]
fn nothing_is_made_where_no_data_is() {
    let house = House::new();
    assert!(house.run(&["keys", "list"]).failed(3).contains("sortie serve"));
    assert!(!house.data().exists());
}

#[test]
fn a_key_that_is_not_there_cannot_be_revoked() {
    let house = House::new();
    house.serve().stop();
    let line = house.run(&["keys", "revoke", "key_00000000000000000000000000"]).failed(3);
    assert!(line.contains("key_00000000000000000000000000 not found"), "{line}");
    assert_eq!(house.run(&["keys", "revoke", "not-an-id"]).code, 2);
    assert_eq!(house.run(&["keys", "create", "x", "--scopes", "everything"]).code, 2);
}

#[test]
fn a_second_organization_is_named_and_sees_nothing_of_the_first() {
    let house = House::new();
    let _server = house.serve();
    let made = house.run(&["orgs", "create", "Other", "--json"]).json();
    let key = made["first_key"]["key"].as_str().unwrap();
    assert!(!with_key(&house, key).done().contains("assistant"));

    let line = house.run(&["keys", "list"]).failed(2);
    assert!(line.contains("--org") && line.contains("Other"), "{line}");
    for named in ["Other", "2", made["id"].as_str().unwrap(), made["uuid"].as_str().unwrap()] {
        let keys = house.run(&["keys", "list", "--org", named, "--json"]).json();
        assert_eq!(keys.as_array().map(Vec::len), Some(1), "{named}");
    }
    house.run(&["keys", "list", "--org", "Third"]).failed(3);

    let project = house.run(&["projects", "create", "Second", "--org", "Other", "--json"]).json();
    assert_eq!(project["number"], 3);
    let listed = house.run(&["projects", "list", "--org", "Other", "--json"]).json();
    assert_eq!(listed[1]["id"], project["id"]);
}

#[test]
fn people_are_added_changed_suspended_and_removed_from_the_command_line() {
    let house = House::new();
    let _server = house.serve();
    let add = ["members", "add", "ada@example.com", "--name", "Ada", "--role", "viewer", "--json"];
    let made = house.run(&add).json();
    assert_eq!((made["role"].as_str(), made["number"].as_u64()), (Some("viewer"), Some(2)));
    house.run(&add[..add.len() - 1]).failed(5);
    let key = house.run(&["keys", "create", "ada", "--member", "ada@example.com", "--json"]).json();
    assert_eq!(key["member"], made["id"]);
    let key = key["key"].as_str().unwrap();
    with_key(&house, key).done();
    let make = ["agents", "create", "hers", "--model", "scripted/demo"];
    let create = || Ended::of(sortie(house.path()).args(make).env("SORTIE_KEY", key));
    create().failed(4);
    for named in [made["id"].as_str().unwrap(), made["compact"].as_str().unwrap(), "2", "ADA@example.com"] {
        house.run(&["members", "update", named, "--role", "member"]).done();
    }
    create().done();
    assert!(house.run(&["members", "suspend", "ada@example.com"]).done().contains("suspended"));
    with_key(&house, key).failed(4);
    house.run(&["members", "reinstate", "2"]).done();
    with_key(&house, key).done();
    house.run(&["members", "remove", "2"]).done();
    with_key(&house, key).failed(4);
    assert_eq!(house.run(&["members", "list", "--json"]).json().as_array().map(Vec::len), Some(1));
    assert_eq!(house.run(&["members", "update", "1", "--role", "king"]).code, 2);
    house.run(&["members", "remove", "1"]).failed(5);
}

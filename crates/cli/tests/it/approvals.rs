//! Approvals of rollouts and the audit log, from the command line.

use serde_json::{Value, json};

use crate::operations::post;
use crate::sortie::{Ended, House, sortie};

/// Runs a command with this key.
fn with_key(house: &House, key: &str, arguments: &[&str]) -> Ended {
    Ended::of(sortie(house.path()).args(arguments).env("SORTIE_KEY", key))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_approved_from_the_command_line() {
    let house = House::new();
    let server = house.serve();
    let (address, owner_key) = (server.address().to_owned(), server.text("first_key").to_owned());
    let add = ["members", "add", "ada@example.com", "--name", "Ada", "--role", "admin", "--json"];
    let ada = house.run(&add).json()["id"].as_str().unwrap().to_owned();
    let made = house.run(&["keys", "create", "ada", "--member", &ada, "--json"]).json();
    let ada_key = made["key"].as_str().unwrap();

    let create =
        ["approval-rules", "create", "production", "--path", "infra/**", "--branch", "main", "--approver", &ada];
    house.run(&create).done();
    let hours = ["--from", "18:00", "--until", "08:00", "--days", "mon,fri", "--count", "1", "--expires-after", "3600"];
    house.run(&[&["approval-rules", "update", "production", "--allow-own", "off"][..], &hours].concat()).done();
    let shown = house.run(&["approval-rules", "show", "production", "--json"]).json();
    assert_eq!(shown["window"], json!({ "days": ["mon", "fri"], "from": "18:00", "until": "08:00" }));
    assert_eq!((&shown["approvers"]["members"], &shown["expires_after_seconds"]), (&json!([ada]), &json!(3_600)));
    house.run(&["approval-rules", "update", "production", "--any-time", "--any-path"]).done();
    assert!(house.run(&["approval-rules", "list"]).done().contains("production"));
    assert_eq!(house.run(&["approval-rules", "create", "n", "--from", "25:00", "--until", "08:00"]).code, 2);
    assert_eq!(house.run(&["approval-rules", "create", "n", "--count", "0"]).code, 2);
    house.run(&["approval-rules", "show", "nothing"]).failed(3);

    let report = async |request: &str| {
        let body = json!({ "deployment_request": request, "status": "pending", "ref": "main", "commit_sha": "abc" });
        let url = format!("http://{address}/api/v1/deployments/");
        post(&url, &owner_key, None, &body).await["id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (report("Deploy 1").await, report("Deploy 2").await);
    let waiting = house.run(&["rollouts", "list", "--waiting", "--json"]).json();
    assert_eq!(waiting.as_array().map(Vec::len), Some(2));
    assert!(house.run(&["rollouts", "show", &one]).done().contains("production: 1 more of"));
    assert!(house.run(&["rollouts", "approve", &one]).failed(4).contains("approvers"));
    let approved = with_key(&house, ada_key, &["rollouts", "approve", &one, "--reason", "fine", "--json"]).json();
    assert_eq!((&approved["state"], &approved["approval"]["votes"][0]["reason"]), (&json!("approved"), &json!("fine")));
    with_key(&house, ada_key, &["rollouts", "approve", &one]).failed(5);
    assert!(with_key(&house, ada_key, &["rollouts", "reject", &two, "--reason", "no"]).done().contains("rejected"));
    assert_eq!(house.run(&["rollouts", "show", &two, "--wait", "60", "--json"]).json()["state"], "rejected");
    house.run(&["rollouts", "show", "nothing"]).failed(3);
    house.run(&["approval-rules", "delete", "production"]).done();

    let actions = ["audit", "list", "--action", "rollout.approved", "--action", "rollout.rejected", "--json"];
    let audit = house.run(&actions).json();
    let told: Vec<&Value> = audit.as_array().unwrap().iter().map(|entry| &entry["details"]["reason"]).collect();
    assert_eq!(told, ["no", "fine"]);
    let by_operator = house.run(&["audit", "list", "--actor", "operator"]).done();
    assert!(by_operator.contains("member.added") && by_operator.contains("key.created"), "{by_operator}");
    assert_eq!(house.run(&["audit", "list", "--actor", "nobody"]).code, 2);
    assert_eq!(house.run(&["audit", "list", "--since", "2999-01-01T00:00:00Z", "--json"]).json(), json!([]));
}

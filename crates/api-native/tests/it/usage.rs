//! Usage: what runs have used, added up.

use std::sync::Arc;
use std::time::Duration;

use domain::model::FaultKind;
use domain::org::Role;
use serde_json::{Value, json};
use test_kit::conversation::id_of;
use test_kit::sources::StoppedClock;
use test_kit::{Caller, ModelReply, TestHouse, says};

fn data(report: &Value) -> &Vec<Value> {
    report["data"].as_array().unwrap()
}

async fn report(caller: &Caller, query: &str) -> Value {
    caller.get(&format!("/v1/usage?{query}")).await.ok()
}

fn numbers(row: &Value) -> [u64; 4] {
    ["runs", "model_calls", "input_tokens", "output_tokens"].map(|name| row[name].as_u64().unwrap())
}

/// Says this many tokens' worth.
fn used(text: &str, input: u64, output: u64) -> ModelReply {
    says(text).usage(input, output)
}

#[tokio::test]
async fn runs_are_added_up_by_whatever_is_asked_for() {
    let script = [used("a", 10, 1), used("b", 20, 2), used("c", 40, 4)];
    let house = TestHouse::new().model(script).priced(1_000_000).start().await;
    let owner = house.owner();
    let (ada, bea) = (owner.agent(json!({ "name": "Ada" })).await, owner.agent(json!({ "name": "=Bea" })).await);
    let key = owner.post("/v1/keys", json!({ "name": "CI", "scopes": ["admin"] })).await.ok();
    let program = house.nobody().with_header("x-api-key", key["key"].as_str().unwrap());
    let session = owner.session(&ada).await;
    owner.turn(&session, "one").await;
    owner.turn(&session, "two").await;
    let session = program.session(&bea).await;
    program.turn(&session, "three").await;

    let by_agent = report(&owner, "by=agent").await;
    assert_eq!((&by_agent["type"], &by_agent["time_zone"]), (&json!("usage_report"), &json!("Europe/Berlin")));
    let rows = data(&by_agent);
    assert_eq!(
        (&rows[0]["agent_id"], &rows[0]["name"], numbers(&rows[0])),
        (&json!(bea), &json!("=Bea"), [1, 1, 40, 4])
    );
    assert_eq!((&rows[1]["agent_id"], numbers(&rows[1])), (&json!(ada), [2, 2, 30, 3]));
    assert_eq!(rows[0]["list_cost"]["amount"], "4400");
    assert_eq!(numbers(&by_agent["total"]), [3, 3, 70, 7]);

    let by_key = report(&owner, "by=key").await;
    let rows = data(&by_key);
    assert_eq!((&rows[0]["key_id"], &rows[0]["name"], numbers(&rows[0])[0]), (&key["id"], &json!("CI"), 1));
    assert_eq!((&rows[1]["name"], numbers(&rows[1])[0]), (&json!("First key"), 2));
    let by_model = report(&owner, "by=model").await;
    assert_eq!((data(&by_model).len(), &data(&by_model)[0]["model"]), (1, &json!("scripted/demo")));
    assert_eq!(numbers(&data(&by_model)[0]), [3, 3, 70, 7]);
    let by_project = report(&owner, "by=project").await;
    assert_eq!(
        (&data(&by_project)[0]["name"], numbers(&data(&by_project)[0])),
        (&json!("First project"), [3, 3, 70, 7])
    );
    let by_day = report(&owner, "").await;
    assert_eq!((&by_day["by"], data(&by_day).len()), (&json!("day"), 30));
    assert_eq!(numbers(data(&by_day).last().unwrap()), [3, 3, 70, 7]);

    let table = owner.with_header("accept", "text/csv").get("/v1/usage?by=agent").await;
    assert_eq!((table.status.as_u16(), table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    assert!(table.header("content-disposition").unwrap().starts_with("attachment; filename=\"usage-by-agent-"));
    let lines: Vec<_> = table.text.split("\r\n").collect();
    assert!(lines[0].starts_with("agent_id,name,runs,") && lines[3].is_empty(), "{table}");
    assert!(lines[1].starts_with(&format!("{bea},'=Bea,1,1,0,40,4,0,0,44.000000,USD,")), "no formula: {table}");
    assert_eq!(owner.get("/v1/usage?by=agent&format=csv").await.text, table.text);
}

#[tokio::test]
async fn each_model_has_its_own_share_of_a_run() {
    let script = [says("Half of").then_fails(FaultKind::Overloaded, "no"), used("Here.", 5, 2)];
    let house = TestHouse::new().engine(|engine| engine.model_attempts_max = 1).model(script).start().await;
    let owner = house.owner();
    let model = json!({ "id": "scripted/first", "fallbacks": ["scripted/second"] });
    let session = owner.session(&owner.agent(json!({ "model": model })).await).await;
    owner.turn(&session, "hi").await;
    let by_model = report(&owner, "by=model").await;
    let rows: Vec<_> = data(&by_model).iter().map(|row| (row["model"].as_str().unwrap(), numbers(row))).collect();
    assert_eq!(rows, [("scripted/second", [1, 1, 5, 2]), ("scripted/first", [1, 1, 0, 0])]);
    assert_eq!(numbers(&by_model["total"]), [1, 2, 5, 2], "one run");
}

#[tokio::test]
async fn a_run_counts_on_the_organizations_day_on_which_it_began() {
    // Eleven at night in Berlin.
    let clock = Arc::new(StoppedClock::at("2026-11-22T22:00:00Z".parse().unwrap()));
    let house = TestHouse::new().clock(clock.clone()).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let session = owner.session(&agent).await;
    owner.turn(&session, "before midnight").await;
    clock.advance(Duration::from_hours(2));
    owner.turn(&session, "behind it").await;
    let days = report(&owner, "from=2026-11-21&to=2026-11-24").await;
    let shown: Vec<_> = data(&days).iter().map(|row| (row["day"].as_str().unwrap(), numbers(row)[0])).collect();
    assert_eq!(shown, [("2026-11-21", 0), ("2026-11-22", 1), ("2026-11-23", 1), ("2026-11-24", 0)]);
    assert_eq!(numbers(&report(&owner, "by=agent&from=2026-11-23&to=2026-11-23").await["total"])[0], 1);
    assert_eq!(data(&report(&owner, "by=agent&from=2026-11-01&to=2026-11-21").await).len(), 0);
    for wrong in ["from=2026-11-24&to=2026-11-23", "from=2020-01-01", "from=yesterday", "by=colour", "format=pdf"] {
        owner.get(&format!("/v1/usage?{wrong}")).await.expect(400);
    }
    owner.delete(&format!("/v1/sessions/{session}")).await.ok();
    assert_eq!(numbers(&report(&owner, "").await["total"])[0], 0);
}

#[tokio::test]
async fn everybody_counts_what_is_open_to_them() {
    let mut house = TestHouse::new().start().await;
    let stranger = house.other_org().await;
    let (owner, vera) = (house.owner(), house.person("vera", Role::Viewer).await);
    let (open, closed) = (owner.agent(json!({})).await, owner.agent(json!({ "name": "Closed" })).await);
    owner.post(&format!("/v1/agents/{closed}/access"), json!({ "members": [] })).await.ok();
    for agent in [&open, &closed] {
        let session = owner.session(agent).await;
        owner.turn(&session, "hi").await;
    }
    assert_eq!(numbers(&report(&owner, "").await["total"])[0], 2);
    let seen = report(&vera, "by=agent").await;
    assert_eq!((data(&seen).len(), &data(&seen)[0]["agent_id"], numbers(&seen["total"])[0]), (1, &json!(open), 1));
    let keys = report(&vera, "by=key").await;
    assert_eq!((&data(&keys)[0]["key_id"], &data(&keys)[0]["name"]), (&Value::Null, &Value::Null), "another's");
    assert_eq!(numbers(&report(&stranger, "").await["total"])[0], 0);
    let project = id_of(&owner.post("/v1/projects", json!({ "name": "Other" })).await.ok());
    let other = json!({ "name": "k", "scopes": ["admin"], "project_id": project });
    let other = owner.post("/v1/keys", other).await.ok()["key"].as_str().unwrap().to_owned();
    let other = house.nobody().with_header("x-api-key", &other);
    assert_eq!(numbers(&report(&other, "").await["total"])[0], 0);
}

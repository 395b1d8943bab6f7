//! Agents: made, listed, shown, changed, deleted.

use serde_json::{Value, json};
use test_kit::{Gate, TestHouse, ToolStub, says};
use uuid::Uuid;

use crate::team::{BASE, Team, Terse, agents, at, failed, refused_for, request, run_path, suberrors};

/// Cases 4, 9 and 1.
#[tokio::test]
async fn a_new_agent_is_answered_with_six_fields_and_listed_with_all() {
    let team = Team::quiet().await;
    let created = team.t.post(&agents(), team.five()).await.expect(201);
    let keys: Vec<&str> = created.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["name", "teamId", "makeConnectionId", "defaultModel", "systemPrompt", "agentId"]);
    let id: Uuid = created["agentId"].as_str().unwrap().parse().unwrap();

    let list = team.t.get(&agents()).await.ok();
    let created_at = list[0]["createdAt"].as_str().unwrap();
    assert!(created_at.len() == 24 && created_at.ends_with('Z'), "{created_at}");
    assert_eq!(
        list,
        json!([{
            "id": id, "name": "Ada", "teamId": 1, "createdAt": created_at, "systemPrompt": "Be brief.",
            "defaultModel": "script", "invocationConfig": {"recursionLimit": 300}, "scenarios": [], "mcpConfigs": [],
            "historyConfig": {"iterationsFromHistoryCount": 10}, "llmConfig": {"maxTokens": 100_000}, "contexts": [],
            "outputParser": {"type": "text"},
        }])
    );
}

/// Case 9.
#[tokio::test]
async fn max_tokens_are_lowered_to_what_the_model_can_write() {
    let team = Team::of(TestHouse::new().provider("terse", "openai", Terse::provider())).await;
    let providers = team.t.get(&format!("{BASE}/llm-providers?teamId=1")).await.ok();
    let terse = providers.as_array().unwrap().iter().find(|p| p["accountName"] == "terse").unwrap()["id"].clone();
    let on_terse = |more: Value| {
        let mut fields = json!({"makeConnectionId": terse, "defaultModel": "terse"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let max_tokens = async |agent: &str| team.detail(agent).await["llmConfig"]["maxTokens"].clone();

    let by_default = team.agent(on_terse(json!({}))).await;
    assert_eq!(max_tokens(&by_default).await, 4_096);
    let small = team.agent(on_terse(json!({"llmConfig": {"maxTokens": 7}}))).await;
    assert_eq!(max_tokens(&small).await, 7);
    team.t.patch(&at(&small), json!({"llmConfig": {"maxTokens": 1_000_000}})).await.expect(204);
    assert_eq!(max_tokens(&small).await, 4_096);
    team.t.patch(&at(&small), json!({"defaultModel": "unknown to the provider"})).await.expect(204);
    assert_eq!(max_tokens(&small).await, 4_096);
}

/// Case 5.
#[tokio::test]
async fn every_missing_field_is_named() {
    let team = Team::quiet().await;
    for field in ["name", "teamId", "makeConnectionId", "defaultModel", "systemPrompt"] {
        let mut body = team.five();
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(suberrors(&team.t.post(&agents(), body).await), [format!("{field}: required")]);
    }
    refused_for(&team.t.post(&agents(), team.five_and(json!({"systemPrompt": ""}))).await, "systemPrompt");
    assert_eq!(suberrors(&team.t.post(&agents(), json!({})).await).len(), 5);
}

/// Cases 6, 7 and 8.
#[tokio::test]
async fn what_a_new_agent_names_must_be_there() {
    let team = Team::quiet().await;
    let stub = ToolStub::start([]).await;
    let scenario = team.scenario("add", &stub).await;
    let create = async |fields: Value| team.t.post(&agents(), team.five_and(fields)).await;
    refused_for(&create(json!({"makeConnectionId": 99})).await, "makeConnectionId");
    refused_for(&create(json!({"scenarios": [{"makeScenarioId": 99}]})).await, "scenarios[0].makeScenarioId");
    let manual = json!({"scenarios": [{"makeScenarioId": scenario, "approvalMode": "manual-approval"}]});
    refused_for(&create(manual).await, "scenarios[0].approvalMode");
    refused_for(&create(json!({"contexts": [{"id": Uuid::nil()}]})).await, "contexts[0].id");

    let agent = team.agent(json!({"scenarios": [{"makeScenarioId": scenario}], "historyConfig": null})).await;
    let detail = team.detail(&agent).await;
    assert_eq!(detail["scenarios"], json!([{"makeScenarioId": scenario, "approvalMode": "auto-run"}]));
    assert_eq!(detail["historyConfig"]["iterationsFromHistoryCount"], 10);
}

/// Case 10, without its halves about servers that are there.
#[tokio::test]
async fn the_detail_shows_connection_past_and_mcp_tools() {
    let team = Team::quiet().await;
    let configs = json!([{"toolIds": ["x"]}, {"mcpConnectionId": 3, "toolIds": ["a", "b"]}, {"mcpConnectionId": 4}]);
    let agent = team.agent(json!({"mcpConfigs": configs})).await;
    let detail = team.detail(&agent).await;
    assert_eq!(detail["makeConnectionId"], team.connection);
    assert_eq!(detail["llmProviderId"], team.connection);
    assert_eq!(detail["makeConnectionType"], "scripted");
    assert_eq!(detail["pastConfigurations"], json!([]));
    let tool = |id: &str| json!({"id": id, "isDeprecated": true});
    let gone = "Invalid MCP Connection";
    assert_eq!(
        detail["mcpConfigs"],
        json!([
            {"mcpConnectionId": 3, "toolIds": ["a", "b"], "name": gone, "tools": [tool("a"), tool("b")]},
            {"mcpConnectionId": 4, "toolIds": [], "name": gone, "tools": []},
        ])
    );
    let listed = &team.t.get(&agents()).await.ok()[0]["mcpConfigs"];
    assert_eq!(listed[0], json!({"mcpConnectionId": 3, "toolIds": ["a", "b"], "name": gone}));
}

/// Case 11.
#[tokio::test]
async fn a_patch_leaves_the_past_behind() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let patched = team.t.patch(&at(&agent), json!({"name": "n2"})).await;
    assert_eq!((patched.status.as_u16(), patched.text.as_str()), (204, ""));
    let detail = team.detail(&agent).await;
    assert_eq!(detail["name"], "n2");
    assert_eq!(
        detail["pastConfigurations"],
        json!([{
            "name": "Ada", "systemPrompt": "Be brief.", "defaultModel": "script",
            "invocationConfig": {"recursionLimit": 300}, "scenarios": [],
            "historyConfig": {"iterationsFromHistoryCount": 10}, "llmConfig": {"maxTokens": 100_000}, "mcpConfigs": [],
        }])
    );
    team.t.patch(&at(&agent), json!({})).await.expect(204);
    team.t.patch(&at(&agent), json!({"name": "n2"})).await.expect(204);
    assert_eq!(team.detail(&agent).await["pastConfigurations"].as_array().unwrap().len(), 1);
    team.t.patch(&at(&agent), json!({"systemPrompt": "Other."})).await.expect(204);
    let past = team.detail(&agent).await["pastConfigurations"].clone();
    assert_eq!((&past[0]["name"], &past[1]["name"], past.as_array().unwrap().len()), (&json!("n2"), &json!("Ada"), 2));
}

/// Case 12.
#[tokio::test]
async fn a_patch_is_checked_and_what_cannot_change_is_ignored() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let patch = async |body: Value| team.t.patch(&at(&agent), body).await;
    refused_for(&patch(json!({"mcpConfigs": [{"mcpConnectionId": 3}]})).await, "mcpConfigs[0].toolIds");
    refused_for(&patch(json!({"invocationConfig": {"timeout": 500}})).await, "invocationConfig.timeout");
    patch(json!({"makeConnectionId": 11, "teamId": 7, "contexts": [], "id": "x"})).await.expect(204);
    patch(json!({"invocationConfig": {"timeout": 30_000}})).await.expect(204);
    let detail = team.detail(&agent).await;
    assert_eq!(detail["makeConnectionId"], team.connection);
    assert_eq!(detail["invocationConfig"], json!({"recursionLimit": 300}));
    patch(json!({"historyConfig": {"iterationsFromHistoryCount": 3}, "mcpConfigs": [{"mcpConnectionId": 3, "toolIds": []}]}))
        .await
        .expect(204);
    assert_eq!(team.detail(&agent).await["historyConfig"]["iterationsFromHistoryCount"], 3);
    patch(json!({"historyConfig": null, "mcpConfigs": []})).await.expect(204);
    let detail = team.detail(&agent).await;
    assert_eq!(
        (&detail["historyConfig"]["iterationsFromHistoryCount"], &detail["mcpConfigs"]),
        (&json!(10), &json!([]))
    );
}

/// Case 13, and rule 2.5: runs in flight are stopped.
#[tokio::test]
async fn a_deleted_agent_is_gone_and_its_runs_stop() {
    let gate = Gate::new();
    let team = Team::with([says("begun").then_waits(&gate)]).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({})).await;
    stream.until(|frame| frame.json()["role"] == "user").await;

    team.t.delete(&at(&agent)).await.expect(204);
    failed(&team.t.delete(&at(&agent)).await, 404);
    failed(&team.t.get(&at(&agent)).await, 404);
    failed(&team.t.post(&run_path(&agent), request("hi", json!({}))).await, 404);
    let last = stream.collect().await.pop().unwrap();
    assert_eq!((last.name(), &last.json()["code"]), ("error", &json!("SC424")));
}

/// Rule 2.4: a change affects runs that start later.
#[tokio::test]
async fn a_run_in_flight_keeps_its_configuration() {
    let gate = Gate::new();
    let team = Team::with([says("a").then_waits(&gate), says("b")]).await;
    let agent = team.agent(json!({})).await;
    let mut stream = team.stream(&agent, "hi", json!({})).await;
    stream.until(|frame| frame.json()["role"] == "user").await;
    team.t.patch(&at(&agent), json!({"systemPrompt": "Changed.", "defaultModel": "later"})).await.expect(204);
    gate.open();
    stream.until_named("result").await;
    team.run(&agent, "again", json!({})).await.ok();
    let requests = team.house.model_requests();
    assert_eq!((requests[0].model.as_str(), requests[1].model.as_str()), ("script", "later"));
    assert!(requests[1].system.as_deref().unwrap().starts_with("Changed.\n"));
}

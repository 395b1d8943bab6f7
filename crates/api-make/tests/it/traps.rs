//! Case 41: the names that differ from place to place, one test a row.

use serde_json::json;
use test_kit::Reply;

use crate::team::{BASE, Team, agents, at};

#[tokio::test]
async fn the_id_is_agent_id_in_the_create_reply_only() {
    let team = Team::quiet().await;
    let created = team.t.post(&agents(), team.five()).await.expect(201);
    assert!(created.get("id").is_none());
    let id = created["agentId"].as_str().unwrap();
    assert_eq!((&team.t.get(&agents()).await.ok()[0]["id"], &team.detail(id).await["id"]), (&json!(id), &json!(id)));
    assert!(team.detail(id).await.get("agentId").is_none());
}

#[tokio::test]
async fn tool_ids_are_written_and_listed_and_tools_are_detailed() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({"mcpConfigs": [{"mcpConnectionId": 3, "toolIds": ["a"]}]})).await;
    let listed = team.t.get(&agents()).await.ok()[0]["mcpConfigs"][0].clone();
    assert_eq!((&listed["toolIds"], listed.get("tools")), (&json!(["a"]), None));
    assert_eq!(team.detail(&agent).await["mcpConfigs"][0]["tools"][0]["id"], "a");
}

#[tokio::test]
async fn max_tokens_stand_deeper_in_a_run() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({"llmConfig": {"maxTokens": 77}})).await;
    team.run(&agent, "hi", json!({"llmConfig": {"maxTokens": 5}})).await.ok();
    assert_eq!(team.last_request().max_tokens, Some(77), "the agent's spelling is unknown in a run");
    team.run(&agent, "hi", json!({"llmConfig": {"settings": {"maxTokens": 5}}})).await.ok();
    assert_eq!(team.last_request().max_tokens, Some(5));
}

#[tokio::test]
async fn the_model_has_another_name_in_a_run() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    team.run(&agent, "hi", json!({"defaultModel": "other"})).await.ok();
    assert_eq!(team.last_request().model, "script");
    team.run(&agent, "hi", json!({"llmConfig": {"llmModel": "other"}})).await.ok();
    assert_eq!(team.last_request().model, "other");
}

#[tokio::test]
async fn the_output_parser_is_written_as_a_format() {
    let team = Team::quiet().await;
    let parser = json!({"type": "make-schema", "schema": [{"name": "a", "type": "boolean", "required": false}]});
    let ignored = team.agent(json!({"outputParser": parser})).await;
    assert_eq!(team.detail(&ignored).await["outputParser"]["type"], "text");
    let agent = team.agent(json!({"outputParserFormat": parser})).await;
    let detail = team.detail(&agent).await;
    assert_eq!((&detail["outputParser"], detail.get("outputParserFormat")), (&parser, None));
    team.t.patch(&at(&agent), json!({"outputParserFormat": {"type": "text"}})).await.expect(204);
    team.run(&agent, "hi", json!({"outputParserFormat": parser})).await.ok();
    assert!(team.last_request().output_schema.is_none());
}

#[tokio::test]
async fn the_team_stands_in_the_query_and_in_the_create_body() {
    let team = Team::quiet().await;
    crate::team::refused_for(&team.t.post(&agents(), team.five_and(json!({"teamId": 2}))).await, "teamId");
    crate::team::refused_for(&team.t.post(&format!("{BASE}/agents"), team.five()).await, "teamId");
}

#[tokio::test]
async fn a_context_is_sent_with_a_name_and_shown_with_a_document_name() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let added = add_context(&team, json!({"agentId": agent, "content": "x", "name": "a.txt"})).await.expect(201);
    assert_eq!((&added["documentName"], added.get("name")), (&json!("a.txt"), None));
}

#[tokio::test]
async fn one_provider_is_an_array_and_one_agent_is_an_object() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let provider = team.t.get(&format!("{BASE}/llm-providers/{}?teamId=1", team.connection)).await.ok();
    assert!(provider.is_array() && team.detail(&agent).await.is_object());
}

#[tokio::test]
async fn autosave_is_a_string() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let added = add_context(&team, json!({"agentId": agent, "content": "x", "autosave": "yes"})).await.expect(201);
    assert_eq!(added["isTemporary"], true, "only \"true\" keeps it");
}

async fn add_context(team: &Team, body: serde_json::Value) -> Reply {
    team.t.post(&format!("{BASE}/contexts?teamId=1"), body).await
}

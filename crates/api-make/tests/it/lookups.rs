//! Providers, and what Make's programs look up before they come to agents.

use serde_json::{Value, json};
use test_kit::{TestHouse, ToolStub};

use crate::team::{BASE, Team, Terse, failed, refused_for};

/// Case 37.
#[tokio::test]
async fn providers_and_their_models_are_listed() {
    let team = Team::of(TestHouse::new().provider("terse", "openai", Terse::provider())).await;
    let get = async |path: &str| team.t.get(&format!("{BASE}/llm-providers{path}?teamId=1")).await;
    let kind = "openai-api-spec-compatible";
    let providers = get("").await.ok();
    let terse = providers.as_array().unwrap().iter().find(|provider| provider["accountName"] == "terse").unwrap();
    assert_eq!(terse["provider"], kind);
    let id = terse["id"].as_u64().unwrap();
    assert_eq!(get(&format!("/{id}")).await.ok(), json!([{"id": id, "provider": kind}]));
    assert_eq!(
        get(&format!("/{id}/models")).await.ok(),
        json!([{"model": "terse", "provider": kind, "tokenLimit": 32_768, "settings": {"maxTokens": 4_096}}])
    );
    let demo = get(&format!("/{}/models", team.connection)).await.ok();
    assert!(demo[0]["tokenLimit"].is_u64());
    failed(&get("/99").await, 404);
    failed(&get("/99/models").await, 404);
}

/// Case 39.
#[tokio::test]
async fn look_ups_are_wrapped_and_any_token_may_look() {
    let team = Team::quiet().await;
    let stub = ToolStub::start([]).await;
    let (one, two) = (team.scenario("add", &stub).await, team.scenario("more", &stub).await);
    let w = team.w().await;
    let get = async |path: &str| w.get(&format!("/api/v2{path}")).await;

    let me = get("/users/me").await.ok();
    assert_eq!((&me["authUser"]["name"], &me["authUser"]["timezone"]), (&json!("Otto Owner"), &json!("Europe/Berlin")));
    let authorization = get("/users/me/current-authorization").await.ok();
    assert_eq!(authorization, json!({"authorization": {"authUsed": "token", "scope": ["ai-agents:write"]}}));

    let organizations = get("/organizations").await.ok();
    let org = &organizations["organizations"][0];
    assert_eq!((&org["id"], org["teams"].as_array().unwrap().len()), (&json!(1), 2));
    let teams = get("/teams?organizationId=1&cols%5B%5D=*").await.ok();
    assert_eq!(teams["teams"][1], json!({"id": 2, "name": "Second", "organizationId": 1}));
    assert_eq!(teams["pg"], json!({"limit": 50, "offset": 0, "sortBy": "id", "sortDir": "asc", "last": true}));
    assert_eq!(get("/teams/2").await.ok()["team"]["name"], "Second");

    let scenarios = get("/scenarios?teamId=1&pg[limit]=1000").await.ok();
    let names: Vec<&Value> = scenarios["scenarios"].as_array().unwrap().iter().map(|s| &s["name"]).collect();
    assert_eq!(names, [&json!("add"), &json!("more")]);
    assert_eq!(scenarios["scenarios"][0]["isActive"], true);
    let columns = get("/scenarios?teamId=1&cols[]=id&pg[sortDir]=desc&pg[limit]=1").await.ok();
    assert_eq!((&columns["scenarios"], &columns["pg"]["last"]), (&json!([{"id": two}]), &json!(false)));
    assert_eq!(
        get(&format!("/scenarios/{one}/interface")).await.ok(),
        json!({"interface": {
            "input": [
                {"name": "a", "type": "integer", "label": "First", "required": true},
                {"name": "b", "type": "integer", "required": false},
            ],
            "output": [],
        }})
    );
    let connections = get("/connections?teamId=1").await.ok();
    assert_eq!(connections["connections"][0]["id"], team.connection);
    assert_eq!(connections["connections"][0]["name"], "scripted");
}

/// Section 6, last sentence, and rule 1.22.
#[tokio::test]
async fn look_ups_need_their_parent_and_keep_teams_apart() {
    let mut team = Team::quiet().await;
    let stub = ToolStub::start([]).await;
    let scenario = team.scenario("add", &stub).await;
    refused_for(&team.t.get("/api/v2/scenarios").await, "teamId");
    refused_for(&team.t.get("/api/v2/connections").await, "teamId");
    refused_for(&team.t.get("/api/v2/teams").await, "organizationId");
    refused_for(&team.t.get("/api/v2/teams?organizationId=1&pg[limit]=1001").await, "pg[limit]");
    failed(&team.house.nobody().get("/api/v2/users/me").await, 401);

    let second = team.of_team_2().await;
    failed(&second.get("/api/v2/scenarios?teamId=1").await, 403);
    failed(&second.get("/api/v2/teams/1").await, 403);
    failed(&second.get(&format!("/api/v2/scenarios/{scenario}/interface")).await, 404);
    assert_eq!(second.get("/api/v2/teams?organizationId=1").await.ok()["teams"].as_array().unwrap().len(), 1);

    let stranger = team.house.other_org().await;
    for path in ["/teams?organizationId=1", "/teams/1", "/scenarios?teamId=1", "/connections?teamId=1"] {
        failed(&stranger.get(&format!("/api/v2{path}")).await, 404);
    }
    failed(&stranger.get(&format!("/api/v2/scenarios/{scenario}/interface")).await, 404);
}

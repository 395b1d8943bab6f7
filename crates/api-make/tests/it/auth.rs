//! Who may call, on which path, in which order it is checked.

use std::sync::Arc;

use http::{Method, Request};
use serde_json::json;
use test_kit::sources::FailingIds;
use test_kit::{TestHouse, says};

use crate::team::{BASE, Team, agents, at, failed, refused_for, request, run_path, suberrors};

/// Cases 1 and 2.
#[tokio::test]
async fn a_token_is_read_in_every_spelling() {
    let team = Team::quiet().await;
    let key = team.t.key().to_owned();
    let bare = team.house.nobody();
    for authorization in [format!("Token {key}"), format!("Bearer {key}"), format!("tOKEN {key}"), key.clone()] {
        let reply = bare.clone().with_header("authorization", &authorization).get(&agents()).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "[]"), "{authorization}");
    }
    assert_eq!(bare.clone().with_header("x-api-key", &key).get(&agents()).await.text, "[]");
    let both = bare.clone().with_header("x-api-key", &key).with_header("authorization", "Bearer wrong");
    failed(&both.get(&agents()).await, 401);
    failed(&bare.get(&agents()).await, 401);
}

/// Case 3.
#[tokio::test]
async fn the_team_is_an_integer_above_0_on_every_operation() {
    let team = Team::quiet().await;
    for query in ["", "?teamId=0", "?teamId=abc", "?teamId=-1", "?teamId=1.5"] {
        refused_for(&team.t.get(&format!("{BASE}/agents{query}")).await, "teamId");
        refused_for(&team.t.get(&format!("{BASE}/llm-providers{query}")).await, "teamId");
        refused_for(&team.t.post(&format!("{BASE}/contexts{query}"), json!({})).await, "teamId");
    }
}

/// Case 6, and rule 1.7: write does not include read.
#[tokio::test]
async fn scopes_are_checked_before_the_body() {
    let team = Team::quiet().await;
    let refused = team.r().await.post(&agents(), json!({})).await;
    assert_eq!(failed(&refused, 403), "This token lacks the scope ai-agents:write.");
    let refused = team.w().await.get(&agents()).await;
    assert_eq!(failed(&refused, 403), "This token lacks the scope ai-agents:read.");
    team.r().await.get(&agents()).await.ok();
    let agent = team.w().await.post(&agents(), team.five()).await.expect(201)["agentId"].as_str().unwrap().to_owned();
    team.w().await.patch(&at(&agent), json!({"name": "n"})).await.expect(204);
    team.w().await.post(&run_path(&agent), request("hi", json!({}))).await.ok();
    team.w().await.delete(&at(&agent)).await.expect(204);
}

/// Cases 6 and 14.
#[tokio::test]
async fn teams_are_kept_apart() {
    let mut team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    refused_for(&team.t.post(&agents(), team.five_and(json!({"teamId": 2}))).await, "teamId");

    let second = team.of_team_2().await;
    failed(&second.get(&agents()).await, 403);
    failed(&second.get(&at(&agent)).await, 403);
    failed(&second.get(&format!("{BASE}/agents/{agent}?teamId=2")).await, 404);
    assert_eq!(second.get(&format!("{BASE}/agents?teamId=2")).await.text, "[]");
    failed(&team.t.get(&format!("{BASE}/agents/{agent}?teamId=2")).await, 404);
    failed(&team.t.patch(&format!("{BASE}/agents/{agent}?teamId=2"), json!({})).await, 404);
    failed(&team.t.delete(&format!("{BASE}/agents/{agent}?teamId=2")).await, 404);

    let stranger = team.house.other_org().await;
    let (theirs, nobodys) = (stranger.get(&agents()).await, stranger.get(&format!("{BASE}/agents?teamId=99")).await);
    assert_eq!(failed(&theirs, 404).replace('1', "99"), failed(&nobodys, 404));
}

/// Case 14, and rules 1.2, 1.10 and 1.11.
#[tokio::test]
async fn paths_are_exact_and_nothing_is_redirected() {
    let team = Team::quiet().await;
    let nobody = team.house.nobody();
    for (method, path) in [
        (Method::GET, format!("{BASE}/Agents?teamId=1")),
        (Method::GET, format!("{BASE}/agents/not-a-uuid?teamId=1")),
        (Method::PUT, agents()),
        (Method::DELETE, agents()),
        (Method::GET, run_path("00000000-0000-4000-8000-000000000000")),
        (Method::GET, format!("{BASE}/agents/00000000-0000-4000-8000-000000000000/run/stream?teamId=1")),
        (Method::GET, format!("{BASE}/llm-providers/ten?teamId=1")),
        (Method::GET, "/api/v2/agents?teamId=1".to_owned()),
        (Method::GET, "/api/v2".to_owned()),
        (Method::GET, "/api/v2/nothing".to_owned()),
    ] {
        // The path is looked at before the token.
        failed(&nobody.send(method.clone(), &path, None).await, 404);
        failed(&team.t.send(method, &path, None).await, 404);
    }
    assert_eq!(team.t.get(&format!("{BASE}/agents/?teamId=1")).await.text, "[]");
}

/// Rules 1.12, 1.15 and 1.19.
#[tokio::test]
async fn bodies_are_json_of_a_bounded_size() {
    let team = Team::quiet().await;
    let send = async |content_type: Option<&str>, body: String| {
        let mut request = Request::builder().method(Method::POST).uri(agents());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        team.t.send_raw(request.body(body.into()).unwrap()).await
    };
    let five = team.five().to_string();
    refused_for(&send(None, five.clone()).await, "body");
    refused_for(&send(Some("text/plain"), five.clone()).await, "body");
    refused_for(&send(Some("application/json"), String::new()).await, "body");
    refused_for(&send(Some("application/json"), "{\"name\":".to_owned()).await, "body");
    refused_for(&send(Some("application/json"), "[]".to_owned()).await, "body");
    refused_for(&send(Some("application/json"), "[".repeat(100_000)).await, "body");
    failed(&send(Some("application/json"), format!("{five}{}", " ".repeat(4 * 1024 * 1024))).await, 413);
    send(Some("application/json; charset=utf-8"), five).await.expect(201);

    let list = team.t.get(&agents()).await;
    assert_eq!(list.header("content-type"), Some("application/json"));
    let agent = list.json()[0]["id"].as_str().unwrap().to_owned();
    let deleted = team.t.delete(&at(&agent)).await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str(), deleted.header("content-type")), (204, "", None));
}

/// Case 38, first half.
#[tokio::test]
async fn the_241st_call_in_a_minute_waits() {
    let team = Team::of(TestHouse::new().answering(|_| says("ok"))).await;
    // The fixture has asked for the providers already.
    for _ in 0..239 {
        team.t.get(&agents()).await.ok();
    }
    let refused = team.t.get(&agents()).await;
    failed(&refused, 429);
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    failed(&team.house.nobody().get(&agents()).await, 401);
}

/// Rule 1.13 and 1.16.
#[tokio::test]
async fn what_is_unknown_is_ignored() {
    let team = Team::quiet().await;
    let query = "&foo=1&pg%5Blimit%5D=0&pg[offset]=7&cols[]=name";
    team.agent(json!({"foo": 1, "llmConfig": {"maxTokens": 5, "foo": {}}})).await;
    let list = team.t.get(&format!("{}{query}", agents())).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert!(list[0]["systemPrompt"].is_string());
    assert_eq!(suberrors(&team.t.post(&agents(), json!({"foo": 1})).await).len(), 5);
}

/// Ids are read in every spelling.
#[tokio::test]
async fn an_agent_is_found_by_either_spelling_of_its_id() {
    let team = Team::quiet().await;
    let agent = team.agent(json!({})).await;
    let other = agent.parse::<domain::AgentId>().unwrap().to_string();
    assert_eq!(team.detail(&other).await["id"], agent);
    team.t.delete(&at(&other)).await.expect(204);
}

/// Section 7: our own fault has the envelope too, also when it is a panic.
#[tokio::test]
async fn a_panic_is_answered_in_the_envelope() {
    let ids = Arc::new(FailingIds::default());
    let team = Team::of(TestHouse::new().ids(ids.clone())).await;
    ids.fail(true);
    let reply = team.t.post(&agents(), team.five()).await;
    ids.fail(false);
    assert_eq!(failed(&reply, 500), "The server could not do this.");
    assert!(reply.header("content-type").unwrap().starts_with("application/json"));
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    team.agent(json!({})).await;
}

//! Case 40: the document is fresh, whole and true.

use std::path::Path;

use http::Method;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use test_kit::{TestHouse, ToolStub, says};

use crate::drawn::{draw, target, value};
use crate::team::{BASE, Team};

/// Requests made for each operation.
const REQUESTS: usize = 40;

fn document() -> Value {
    serde_json::to_value(api_make::openapi()).expect("a document")
}

#[test]
fn the_checked_in_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/make.json");
    let written = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == written, "openapi/make.json is stale: run this test with UPDATE=1");
}

#[tokio::test]
async fn the_document_is_served_without_a_token_and_holds_every_operation() {
    let team = Team::quiet().await;
    let served = team.house.nobody().get("/api/v2/openapi.json").await;
    assert_eq!(served.header("content-type"), Some("application/json; charset=utf-8"));
    let served = served.ok();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = served["paths"].as_object().unwrap();
    let operations = |path: &str| paths[path].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    for (path, methods) in [
        ("/ai-agents/v1/agents", "get post"),
        ("/ai-agents/v1/agents/{agentId}", "get delete patch"),
        ("/ai-agents/v1/agents/{agentId}/run", "post"),
        ("/ai-agents/v1/agents/{agentId}/run/stream", "post"),
        ("/ai-agents/v1/contexts", "get post"),
        ("/ai-agents/v1/contexts/{contextId}", "delete"),
        ("/ai-agents/v1/llm-providers", "get"),
        ("/ai-agents/v1/llm-providers/{providerId}", "get"),
        ("/ai-agents/v1/llm-providers/{providerId}/models", "get"),
        ("/users/me", "get"),
        ("/users/me/current-authorization", "get"),
        ("/organizations", "get"),
        ("/teams", "get"),
        ("/teams/{teamId}", "get"),
        ("/connections", "get"),
        ("/scenarios", "get"),
        ("/scenarios/{scenarioId}/interface", "get"),
    ] {
        assert_eq!(operations(path), methods, "{path}");
    }
    assert_eq!(paths.len(), 17);
}

/// Whatever the document allows, and a good deal that it does not, is answered as it says.
#[tokio::test]
async fn no_answer_is_undeclared() {
    let house = TestHouse::new().answering(|_| says("ok")).web(|web| web.make_per_minute = 0);
    let team = Team::of(house).await;
    let stub = ToolStub::start([]).await;
    let scenario = team.scenario("add", &stub).await;
    let agent = team.agent(json!({})).await;
    let document = document();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let mut successes = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = operation["requestBody"]["content"]["application/json"].get("schema");
            for _ in 0..REQUESTS {
                let target = draw(&mut runner, target(path, operation, &agent, scenario));
                let body = body.map(|schema| draw(&mut runner, value(&document, schema, 0)));
                let request: Method = method.to_uppercase().parse().unwrap();
                let reply = team.t.send(request, &format!("/api/v2{target}"), body.clone()).await;
                let sent = || format!("{method} {target} {body:?} -> {reply}");
                let status = reply.status.as_u16();
                assert!(status < 500, "{}", sent());
                let declared = &operation["responses"][status.to_string()];
                assert!(!declared.is_null(), "undeclared: {}", sent());
                let schema = &declared["content"]["application/json"]["schema"];
                if !schema.is_null() {
                    let faults = faults(&document, schema, &reply.json());
                    assert!(faults.is_empty(), "{faults:?}: {}", sent());
                }
                successes += usize::from(status < 300);
            }
        }
    }
    assert!(successes > REQUESTS, "only {successes} requests were good");
}

/// What is wrong with an answer.
fn faults(document: &Value, schema: &Value, answer: &Value) -> Vec<String> {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).expect("a schema");
    validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What is answered to good requests fits the document too.
#[tokio::test]
async fn good_answers_fit_the_document() {
    let team = Team::quiet().await;
    let stub = ToolStub::start([]).await;
    let scenario = team.scenario("add", &stub).await;
    let parser = json!({"type": "make-schema", "schema": [
        {"name": "list", "type": "array", "spec": [{"name": "a", "type": "text"}]},
        {"name": "one", "type": "array", "spec": {"type": "select", "options": ["x"]}},
    ]});
    let agent = team
        .agent(json!({
            "scenarios": [{"makeScenarioId": scenario}],
            "mcpConfigs": [{"mcpConnectionId": 3, "toolIds": ["a"]}],
            "outputParserFormat": parser,
        }))
        .await;
    team.t.patch(&crate::team::at(&agent), json!({"name": "n2", "mcpConfigs": []})).await.expect(204);
    let context = json!({"agentId": agent, "content": "x"});
    team.t.post(&format!("{BASE}/contexts?teamId=1"), context).await.expect(201);
    let document = document();
    let fits = |path: &str, method: &str, answer: &Value| {
        let schema = &document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(faults(&document, schema, answer), Vec::<String>::new(), "{method} {path}: {answer}");
    };
    fits("/ai-agents/v1/agents", "get", &team.t.get(&crate::team::agents()).await.ok());
    fits("/ai-agents/v1/agents/{agentId}", "get", &team.detail(&agent).await);
    let result = team.run(&agent, "hi", json!({})).await.ok();
    fits("/ai-agents/v1/agents/{agentId}/run", "post", &result);
    fits("/scenarios", "get", &team.t.get("/api/v2/scenarios?teamId=1").await.ok());
    fits("/connections", "get", &team.t.get("/api/v2/connections?teamId=1").await.ok());
    fits("/organizations", "get", &team.t.get("/api/v2/organizations").await.ok());
    fits("/users/me", "get", &team.t.get("/api/v2/users/me").await.ok());
}

//! Case 40: the document is fresh, whole and true.

use std::path::Path;

use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use test_kit::{TestHouse, ToolStub, says};

use crate::team::{BASE, Team};

/// Requests made for each operation.
const REQUESTS: usize = 40;

fn document() -> Value {
    serde_json::to_value(api_make::openapi()).unwrap()
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
    assert_eq!(served.header("content-type"), Some("application/json"));
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

/// A path with good and bad ids and queries.
fn target(path: &str, operation: &Value, agent: &str, scenario: u64) -> BoxedStrategy<String> {
    let id = match path {
        path if path.contains("{agentId}") => agent.to_owned(),
        path if path.contains("{scenarioId}") => scenario.to_string(),
        _ => "1".to_owned(),
    };
    let other = prop_oneof![
        Just("0".to_owned()),
        Just("99".to_owned()),
        "[a-z0-9%.]{1,6}".prop_map(|text| text.replace('%', "%25"))
    ];
    let id = prop_oneof![6 => Just(id), 1 => other, 1 => Just("00000000-0000-4000-8000-000000000000".to_owned())];
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect();
    let agent = agent.to_owned();
    let pairs: Vec<BoxedStrategy<String>> = names
        .into_iter()
        .map(|name| {
            let good = match name.as_str() {
                "teamId" | "organizationId" => "1".to_owned(),
                "agentId" => agent.clone(),
                "pg[sortDir]" => "desc".to_owned(),
                _ => "7".to_owned(),
            };
            prop_oneof![
                8 => Just(format!("{name}={good}")),
                1 => Just(String::new()),
                1 => "[a-z0-9-]{0,5}".prop_map(move |text| format!("{name}={text}")),
            ]
            .boxed()
        })
        .collect();
    let path = path.to_owned();
    (id, pairs)
        .prop_map(move |(id, pairs)| {
            let (start, rest) = path.split_once('{').map_or((path.as_str(), ""), |(start, rest)| {
                (start, rest.split_once('}').map_or("", |(_, rest)| rest))
            });
            let id = if path.contains('{') { id } else { String::new() };
            format!("{start}{id}{rest}?{}", pairs.join("&"))
        })
        .boxed()
}

/// A value that fits the schema, mostly.
fn value(document: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    let fitting = match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => return value(document, &document.pointer(&name[1..]).unwrap().clone(), depth + 1),
        None => fitting(document, schema, depth),
    };
    let odd = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{"a": null}]])),
    ];
    prop_oneof![40 => fitting, 1 => odd].boxed()
}

fn fitting(document: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return prop::sample::select(choices.clone()).boxed();
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let choices: Vec<_> = choices.iter().map(|choice| value(document, choice, depth + 1)).collect();
        return prop::strategy::Union::new(choices).boxed();
    }
    let number = |key: &str, default: u64| schema.get(key).and_then(Value::as_u64).unwrap_or(default);
    match kind(schema) {
        "string" if schema["format"] == "uuid" => Just(json!("00000000-0000-4000-8000-000000000000")).boxed(),
        "string" => {
            let length = number("minLength", 0) as usize..=number("maxLength", 12).min(12) as usize;
            prop::collection::vec(any::<char>(), length)
                .prop_map(|text| text.into_iter().collect::<String>().into())
                .boxed()
        }
        "integer" => (number("minimum", 0)..=number("maximum", 100)).prop_map(Value::from).boxed(),
        "number" => any::<f64>().prop_map(Value::from).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "array" if depth > 8 => Just(json!([])).boxed(),
        "array" => {
            let items = value(document, &schema["items"], depth + 1);
            prop::collection::vec(items, number("minItems", 0) as usize..3).prop_map(Value::from).boxed()
        }
        "object" => object(document, schema, depth),
        _ => Just(Value::Null).boxed(),
    }
}

fn object(document: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    let nothing = serde_json::Map::new();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().unwrap_or(&nothing);
    let fields: Vec<BoxedStrategy<Option<(String, Value)>>> = properties
        .iter()
        .map(|(name, property)| {
            let is_required = required.contains(&json!(name));
            // Deep inside, only what must be there.
            let present = match (is_required, depth > 8) {
                (true, _) => 0.98,
                (false, false) => 0.3,
                (false, true) => 0.01,
            };
            let name = name.clone();
            let known = match name.as_str() {
                // Good values for what must exist, so that some requests succeed.
                "teamId" | "makeConnectionId" => Just(json!(1)).boxed(),
                _ => value(document, property, depth + 1),
            };
            prop::option::weighted(present, known)
                .prop_map(move |value| value.map(|value| (name.clone(), value)))
                .boxed()
        })
        .collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect())).boxed()
}

/// The first type that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    }
}

fn draw<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: BoxedStrategy<T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

/// What is wrong with an answer.
fn faults(document: &Value, schema: &Value, answer: &Value) -> Vec<String> {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&whole).unwrap();
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

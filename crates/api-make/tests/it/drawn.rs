//! Requests drawn at random from what an OpenAPI document allows, and a little beyond.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Schemas within schemas that bodies are made of.
const DEPTH: u32 = 6;

/// A path with good and bad ids and queries.
pub(crate) fn target(path: &str, operation: &Value, agent: &str, scenario: u64) -> BoxedStrategy<String> {
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
        .map(|parameter| parameter["name"].as_str().expect("a name").to_owned())
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
pub(crate) fn value(document: &Value, schema: &Value, depth: u32) -> BoxedStrategy<Value> {
    let fitting = match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => {
            return value(
                document,
                &document.pointer(&name[1..]).expect("a schema of the document").clone(),
                depth + 1,
            );
        }
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
        "array" if depth >= DEPTH => Just(json!([])).boxed(),
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
    // Deep inside there is only what must be: some schemas hold themselves.
    let is_shallow = |name: &String| depth < DEPTH || required.contains(&json!(name));
    let fields: Vec<BoxedStrategy<Option<(String, Value)>>> = properties
        .iter()
        .filter(|(name, _)| is_shallow(name))
        .map(|(name, property)| {
            let is_required = required.contains(&json!(name));
            let present = if is_required { 0.98 } else { 0.3 };
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

/// One of them.
pub(crate) fn draw<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: BoxedStrategy<T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

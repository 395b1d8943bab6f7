//! Case 41: the document is fresh, whole and true.

use std::path::Path;

use serde_json::Value;

use crate::house::Cast;

fn document() -> Value {
    serde_json::to_value(api_cassidy::openapi()).unwrap()
}

#[test]
fn the_checked_in_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/cassidy.json");
    let written = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == written, "openapi/cassidy.json is stale: run this test with UPDATE=1");
}

#[tokio::test]
async fn the_document_is_served_without_a_key_and_names_every_operation() {
    let cast = Cast::echoing().await;
    let served = cast.house.nobody().get("/api/openapi.json").await.ok();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(
        (served["info"]["title"].as_str(), served["info"]["version"].as_str()),
        (Some("Cassidy Agents API"), Some("1.0.0"))
    );
    let mut names = Vec::new();
    for item in served["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert_eq!(operation["tags"], serde_json::json!(["Agents"]));
            names.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    names.sort();
    let expected = ["createEmbedToken", "createThread", "getThread", "getThreads", "sendMessage"];
    assert_eq!(names, expected.map(|name| format!("assistantApiRouter-{name}")));
    for (schema, path, method) in
        [("ThreadRef", "/assistants/thread/create", "post"), ("ThreadList", "/assistants/threads/get", "get")]
    {
        assert_eq!(served["components"]["schemas"][schema]["additionalProperties"], false, "{schema}");
        assert!(served["paths"][path][method]["responses"]["200"].is_object(), "{path}");
    }
}

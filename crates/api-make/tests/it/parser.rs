//! The output parser, on agents and on runs.

use serde_json::{Value, json};
use test_kit::says;

use crate::team::{Team, agents, refused_for};

const VALID: &str = r#"{"title":"T","count":3,"mood":"good","items":[{"name":"a"}]}"#;

/// Case 24.
#[tokio::test]
async fn an_answer_that_fits_comes_as_json_too() {
    let team = Team::with([says(VALID), says("not json"), says("{}"), says("still plain")]).await;
    let fields = json!([
        {"name": "title", "type": "text", "required": true, "label": "Title"},
        {"name": "count", "type": "uinteger", "required": true},
        {"name": "mood", "type": "select", "options": [{"value": "good"}, {"value": "bad", "label": "Bad"}]},
        {"name": "items", "type": "array", "spec": {"type": "collection", "spec": [{"name": "name", "type": "text", "required": true}]}},
    ]);
    let agent = team.agent(json!({"outputParserFormat": {"type": "make-schema", "schema": fields}})).await;
    let result = team.run(&agent, "go", json!({})).await.ok();
    assert_eq!(result["jsonResponse"], serde_json::from_str::<Value>(VALID).unwrap());
    assert_eq!(result["response"], VALID);
    assert_eq!(
        serde_json::to_string(&team.last_request().output_schema).unwrap(),
        json!({
            "type": "object",
            "properties": {
                "title": {"type": "string", "title": "Title"},
                "count": {"type": "integer", "minimum": 0},
                "mood": {"type": "string", "enum": ["good", "bad"]},
                "items": {"type": "array", "items": {
                    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
                }},
            },
            "required": ["title", "count"],
            "additionalProperties": false,
        })
        .to_string()
    );

    let twice_wrong = team.run(&agent, "go", json!({})).await.ok();
    assert_eq!(twice_wrong["response"], "{}");
    assert!(twice_wrong.get("jsonResponse").is_none());
    assert_eq!(team.house.model_requests().len(), 3, "one repair call");

    let plain = team.run(&agent, "go", json!({"outputParser": {"type": "text"}})).await.ok();
    assert_eq!((&plain["response"], plain.get("jsonResponse")), (&json!("still plain"), None));
}

/// Case 24: a run may ask for a shape of its own, and a repaired answer counts.
#[tokio::test]
async fn a_run_may_ask_for_a_shape_and_is_repaired_once() {
    let team = Team::with([says("oops"), says("```json\n{\"n\": 1}\n```")]).await;
    let agent = team.agent(json!({})).await;
    let parser = json!({"type": "make-schema", "schema": [{"name": "n", "type": "integer", "required": true}]});
    let result = team.run(&agent, "go", json!({"outputParser": parser})).await.ok();
    assert_eq!(result["jsonResponse"], json!({"n": 1}));
    assert_eq!(result["response"], "{\"n\": 1}");
}

/// Case 25; the conversion of each type is a test beside the converter.
#[tokio::test]
async fn the_fields_are_shown_as_they_were_given_and_bounded() {
    let team = Team::quiet().await;
    let kinds = [
        "string",
        "email",
        "url",
        "uuid",
        "date",
        "color",
        "number",
        "integer",
        "uinteger",
        "boolean",
        "any",
        "dynamicCollection",
    ];
    let fields: Vec<Value> =
        kinds.iter().map(|kind| json!({"name": kind, "type": kind, "label": kind, "required": true})).collect();
    let format = json!({"type": "make-schema", "schema": fields});
    let agent = team.agent(json!({"outputParserFormat": format})).await;
    assert_eq!(team.detail(&agent).await["outputParser"], format);

    let create = async |format: Value| {
        let body = team.five_and(json!({ "outputParserFormat": format }));
        team.t.post(&agents(), body).await
    };
    let eleven: Vec<Value> = (0..11).map(|n| json!({"name": format!("n{n}"), "type": "any"})).collect();
    let wide = json!({"type": "make-schema", "schema": [{"name": "f", "type": "collection", "spec": eleven}]});
    refused_for(&create(wide).await, "outputParserFormat.schema[0].spec");
    refused_for(&create(json!({"type": "make-schema", "schema": []})).await, "outputParserFormat.schema");
}

//! Answers of a shape: an agent's output schema, and what an answer cites.

use serde_json::{Value, json};
use test_kit::conversation::{id_of, of_type, one};
use test_kit::{TestHouse, says};

fn verdict() -> Value {
    json!({
        "type": "object",
        "properties": { "verdict": { "enum": ["good", "bad"] } },
        "required": ["verdict"],
        "additionalProperties": false
    })
}

#[tokio::test]
async fn an_answer_fits_the_agents_schema_or_is_asked_for_again() {
    let script = ["It is good.", r#"{"verdict":"good"}"#, r#"{"verdict":"bad"}"#].map(says);
    let house = TestHouse::new().model(script).start().await;
    let owner = house.owner();
    let session = owner.session(&owner.agent(json!({ "output_schema": verdict() })).await).await;

    let turn = owner.turn(&session, "how is it?").await;
    assert_eq!(house.model_requests()[0].output_schema.as_deref(), Some(&verdict()));
    let refused = one(&turn, "session.output_invalid")["reason"].as_str().unwrap();
    assert!(refused.starts_with("not JSON"), "{refused}");
    assert!(format!("{:?}", house.model_requests()[1].messages).contains(refused), "the model is told why");
    let answers = of_type(&turn, "agent.message");
    assert_eq!(answers.last().unwrap()["content"][0]["text"], r#"{"verdict":"good"}"#);
    assert_eq!(one(&turn, "session.status_idle")["stop_reason"]["type"], "end_turn");

    let next = owner.turn(&session, "and now?").await;
    assert_eq!(of_type(&next, "session.output_invalid"), Vec::<&Value>::new());
}

#[tokio::test]
async fn a_schema_is_of_a_version_and_sessions_keep_to_theirs() {
    let house = TestHouse::new().model([says(r#"{"verdict":"good"}"#), says("Plainly.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({ "output_schema": verdict() })).await;
    let path = format!("/v1/agents/{agent}");
    let older = owner.session(&agent).await;

    assert_eq!(owner.post(&path, json!({ "output_schema": verdict() })).await.ok()["version"], 1, "nothing changed");
    let plain = owner.post(&path, json!({ "output_schema": null })).await.ok();
    assert_eq!((&plain["version"], &plain["output_schema"]), (&json!(2), &Value::Null));
    assert_eq!(owner.post(&path, json!({ "name": "b" })).await.ok()["output_schema"], Value::Null);
    let versions = owner.get(&format!("{path}/versions")).await.ok()["data"].clone();
    let shown: Vec<&Value> = versions.as_array().unwrap().iter().map(|agent| &agent["output_schema"]).collect();
    assert_eq!(shown, [&Value::Null, &Value::Null, &verdict()]);

    let session = owner.get(&format!("/v1/sessions/{older}")).await.ok();
    assert_eq!(session["agent"]["output_schema"], verdict());
    owner.turn(&older, "how is it?").await;
    owner.turn(&owner.session(&agent).await, "and plainly?").await;
    let asked = house.model_requests().into_iter().map(|request| request.output_schema.is_some());
    assert_eq!(asked.collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn an_answer_names_what_it_was_given_to_cite() {
    let house = TestHouse::new().model([says("See [[1]] and [[7]]."), says("Nothing.")]).start().await;
    let owner = house.owner();
    let agent = owner.agent(json!({})).await;
    let mut documents = Vec::new();
    for name in ["one.txt", "two.txt"] {
        let text = json!({ "agent_id": agent, "name": name, "content": "text" });
        documents.push(id_of(&owner.post("/v1/knowledge", text).await.ok()));
    }
    let thread = owner.post("/api/assistants/thread/create", json!({ "assistant_id": agent })).await.ok();
    for text in ["what?", "and?"] {
        let message = json!({ "thread_id": thread["thread_id"], "message": text });
        owner.post("/api/assistants/message/create", message).await.ok();
    }
    let session = id_of(&owner.get("/v1/sessions").await.ok()["data"][0]);

    let answers = owner.events(&session).await;
    let [cites, plain] = of_type(&answers, "agent.message")[..] else { panic!("two answers") };
    assert_eq!(cites["content"][0]["text"], "See [[1]] and [[7]].", "as it was streamed");
    let sources = json!([
        { "document_id": documents[0], "name": "one.txt" },
        { "document_id": documents[1], "name": "two.txt" },
    ]);
    assert_eq!((&cites["sources"], plain.get("sources")), (&sources, None));
}

//! The sources of an answer.

use app::{AddDocument, DocumentSource};
use serde_json::{Value, json};
use test_kit::says;

use crate::house::Cast;

async fn learn(cast: &Cast, name: &str, text: &str) {
    let (app, owner) = (cast.house.app(), cast.house.owner_ctx().await);
    let agent = app.find_agent(&owner, cast.a1.parse().unwrap()).await.unwrap();
    let source = DocumentSource::Text(text.to_owned());
    let add =
        AddDocument { project: Some(agent.project), agent: agent.id, name: name.into(), source, temporary: false };
    app.add_document(&owner, add).await.unwrap();
}

fn names(answer: &Value) -> Vec<&str> {
    answer["references"].as_array().unwrap().iter().map(|reference| reference["name"].as_str().unwrap()).collect()
}

/// Cases 14 and 15.
#[tokio::test]
async fn an_answer_names_its_sources_and_no_others() {
    let script = ["See [[0]] and [[1]].", "Only [[1]], not [[7]].", "None."].map(says);
    let cast = Cast::playing(script).await;
    learn(&cast, "one.txt", "first").await;
    learn(&cast, "two.txt", "second").await;
    let thread = cast.thread().await;

    let answer = cast.say(&thread, "what?").await.ok();
    assert_eq!(
        (answer["content"].as_str(), names(&answer)),
        (Some("See [[0]] and [[1]]."), vec!["one.txt", "two.txt"])
    );
    assert!(answer["references"].as_array().unwrap().iter().all(|reference| reference["url"].is_null()));
    let given = cast.house.model_requests()[0].system.clone().unwrap();
    assert!(given.contains("number=\"1\" name=\"two.txt\"") && given.contains("[[0]]"), "{given}");
    let answer = cast.say(&thread, "and?").await.ok();
    assert_eq!((answer["content"].as_str(), names(&answer)), (Some("Only [[0]], not ."), vec!["two.txt"]));
    assert_eq!(cast.say(&thread, "and?").await.ok(), json!({ "content": "None.", "references": [] }));

    let shown = cast.read(&thread).await;
    assert_eq!(shown["messages"][3]["content"], "Only [[0]], not .");
    assert_eq!(names(&shown["messages"][3]), ["two.txt"]);
}

/// A source keeps its name in what was answered, whatever becomes of the document.
#[tokio::test]
async fn what_was_cited_stays_when_its_document_goes() {
    let cast = Cast::playing([says("See [[1]].")]).await;
    learn(&cast, "one.txt", "first").await;
    learn(&cast, "two.txt", "second").await;
    let thread = cast.thread().await;
    cast.say(&thread, "what?").await.ok();
    let (app, owner) = (cast.house.app(), cast.house.owner_ctx().await);
    let agent = app.find_agent(&owner, cast.a1.parse().unwrap()).await.unwrap();
    for document in app.list_documents(&owner, Some(agent.project), agent.id).await.unwrap() {
        app.delete_document(&owner, document.id).await.unwrap();
    }
    let shown = cast.read(&thread).await;
    assert_eq!(names(&shown["messages"][1]), ["two.txt"]);
}

/// An agent that knows nothing cites nothing.
#[tokio::test]
async fn without_documents_every_marker_is_an_invention() {
    let cast = Cast::playing([says("It is so [[0]].")]).await;
    let thread = cast.thread().await;
    let answer = cast.say(&thread, "why?").await.ok();
    assert_eq!(answer, json!({ "content": "It is so .", "references": [] }));
}

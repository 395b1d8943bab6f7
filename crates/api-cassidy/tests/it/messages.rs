//! Messages: one request, one whole answer.

use serde_json::json;

use crate::house::{Cast, SEND, refused_for, said};

/// Cases 13 and 16.
#[tokio::test]
async fn a_message_is_answered_whole() {
    let cast = Cast::echoing().await;
    let thread = cast.thread().await;
    let answer = cast.say(&thread, "hi").await.ok();
    assert_eq!(answer, json!({ "content": "echo: hi", "references": [] }));
    let long = "ä".repeat(100_000);
    assert_eq!(cast.say(&thread, &format!("  {long}\n")).await.ok()["content"], format!("echo: {long}"));
    for wrong in ["", "   ", "\n\t", &"x".repeat(100_001)] {
        refused_for(&cast.say(&thread, wrong).await, &["message"]);
    }
    refused_for(&cast.p.post(SEND, json!({ "message": 1 })).await, &["thread_id", "message"]);
    let extra = json!({ "thread_id": thread, "message": "a", "assistant_id": "x", "stream": true });
    cast.p.post(SEND, extra).await.ok();
}

/// Case 25.
#[tokio::test]
async fn messages_at_the_same_time_are_answered_in_turn() {
    let cast = Cast::echoing().await;
    let thread = cast.thread().await;
    let answers = tokio::join!(cast.say(&thread, "one"), cast.say(&thread, "two"), cast.say(&thread, "three"));
    assert_eq!(answers.0.ok()["content"], "echo: one");
    assert_eq!(answers.1.ok()["content"], "echo: two");
    assert_eq!(answers.2.ok()["content"], "echo: three");
    let shown = cast.read(&thread).await;
    let said = said(&shown);
    assert_eq!(said.len(), 6);
    for turn in said.chunks(2) {
        assert_eq!((turn[0].0, turn[1].0), ("user", "assistant"));
        assert_eq!(turn[1].1, format!("echo: {}", turn[0].1));
    }
}

//! A provider that plays a script. It is no intelligence and does not pretend to be.
//!
//! [`Demo`] follows a few written rules, for demos and for the first look at a new
//! installation. [`Scripted`] plays what a test hands it, checks every request it gets and
//! keeps it for the test to look at.

mod demo;
mod protocol;
mod reply;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::model::{FaultKind, ModelFault, ModelInfo, ModelRequest};
use ports::{Model, ModelStream};

pub use demo::Demo;
pub use protocol::check_request;
pub use reply::{Gate, Reply, calls, calls_raw, fails, hangs, says, slow, thinks};

/// A model that answers each request with the next reply of its script.
///
/// A request that breaks the protocol (see [`check_request`]) and a request for which no
/// reply is left are answered with a fault, and remembered in [`Scripted::complaints`], so
/// that every test that uses this model guards the protocol too.
pub struct Scripted {
    played: Mutex<Played>,
    window: Option<u32>,
}

struct Played {
    next: Next,
    requests: Vec<ModelRequest>,
    complaints: Vec<String>,
}

enum Next {
    Script(VecDeque<Reply>),
    Rule(Box<dyn FnMut(&ModelRequest) -> Reply + Send>),
}

impl Scripted {
    /// Plays these replies, one for each request, in order.
    pub fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::playing(Next::Script(script.into_iter().collect()))
    }

    /// Answers every request by a rule, for tests in which the order of requests is open.
    pub fn answering(rule: impl FnMut(&ModelRequest) -> Reply + Send + 'static) -> Self {
        Self::playing(Next::Rule(Box::new(rule)))
    }

    /// As a model that can hold so many tokens. It takes more all the same.
    #[must_use]
    pub fn holding(self, tokens: u32) -> Self {
        Self { window: Some(tokens), ..self }
    }

    /// The requests so far, oldest first.
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.played().requests.clone()
    }

    /// What was wrong with the requests so far; empty if all was well.
    pub fn complaints(&self) -> Vec<String> {
        self.played().complaints.clone()
    }

    /// Adds a reply to the end of the script.
    ///
    /// # Panics
    /// If this model answers by a rule and so has no script.
    pub fn then(&self, reply: Reply) {
        match &mut self.played().next {
            Next::Script(script) => script.push_back(reply),
            Next::Rule(_) => panic!("a model that answers by a rule has no script to add to"),
        }
    }

    fn playing(next: Next) -> Self {
        Self { played: Mutex::new(Played { next, requests: Vec::new(), complaints: Vec::new() }), window: None }
    }

    // A rule that panics poisons the lock; what was recorded before is still true, and the
    // test that looks at it should see it.
    fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    fn reply_to(&mut self, request: ModelRequest) -> Result<Reply, ModelFault> {
        let number = self.requests.len() + 1;
        let checked = check_request(&request).map_err(|wrong| format!("request {number} breaks the protocol: {wrong}"));
        let reply = checked.and_then(|()| match &mut self.next {
            Next::Script(script) => {
                script.pop_front().ok_or_else(|| format!("the script has no reply for request {number}"))
            }
            Next::Rule(rule) => Ok(rule(&request)),
        });
        self.requests.push(request);
        reply.map_err(|complaint| {
            tracing::error!(complaint, "scripted model");
            self.complaints.push(complaint.clone());
            ModelFault::new(FaultKind::Rejected, format!("scripted model: {complaint}"))
        })
    }
}

#[async_trait]
impl Model for Scripted {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        let reply = self.played().reply_to(request)?;
        reply.start().await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        Ok(vec![ModelInfo { model: "script".to_owned(), context_tokens: self.window, output_tokens: None }])
    }

    fn context_tokens(&self, _model: &str) -> Option<u32> {
        self.window
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use domain::model::{Block, Message, ModelChunk, StopCause, ToolCall, ToolOffer, Usage};
    use futures::{FutureExt, StreamExt, TryStreamExt};
    use serde_json::json;

    use super::*;

    fn user(text: &str) -> Arc<Message> {
        Arc::new(Message::User { content: vec![Block::text(text)] })
    }

    fn asking(messages: Vec<Arc<Message>>) -> ModelRequest {
        ModelRequest {
            model: "script".to_owned(),
            system: None,
            messages,
            tools: vec![Arc::new(ToolOffer {
                name: "search".to_owned(),
                description: "Searches.".to_owned(),
                input_schema: json!({"type": "object"}),
            })],
            output_schema: None,
            ..ModelRequest::default()
        }
    }

    async fn chunks(model: &Scripted, request: ModelRequest) -> Result<Vec<ModelChunk>, ModelFault> {
        model.stream(request).await?.try_collect().await
    }

    #[tokio::test]
    async fn replies_come_in_the_order_of_the_script() {
        let model = Scripted::new([calls("search", json!({"q": "tea"})).usage(7, 2), says("Two words.").usage(9, 3)]);
        let first = chunks(&model, asking(vec![user("find tea")])).await.unwrap();
        assert_eq!(
            first,
            [
                ModelChunk::ToolCall {
                    index: 0,
                    name: Some("search".to_owned()),
                    arguments: r#"{"q":"tea"}"#.to_owned()
                },
                ModelChunk::Usage(Usage { input_tokens: 7, output_tokens: 2, ..Usage::default() }),
                ModelChunk::Stop(StopCause::ToolUse),
            ]
        );
        let second = chunks(&model, asking(vec![user("and?")])).await.unwrap();
        assert_eq!(second[0], ModelChunk::Text("Two ".to_owned()));
        assert_eq!(second[1], ModelChunk::Text("words.".to_owned()));
        assert_eq!(second[3], ModelChunk::Stop(StopCause::EndTurn));
        assert_eq!(model.requests().len(), 2);
        assert!(model.complaints().is_empty());
    }

    #[tokio::test]
    async fn a_request_beyond_the_script_is_refused_loudly() {
        let model = Scripted::new([]);
        let fault = chunks(&model, asking(vec![user("hello")])).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected);
        assert_eq!(model.complaints(), ["the script has no reply for request 1"]);
    }

    #[tokio::test]
    async fn a_request_that_breaks_the_protocol_is_refused_loudly() {
        let call = Arc::new(Message::Assistant {
            text: String::new(),
            tool_calls: vec![ToolCall { id: "sevt_1".to_owned(), name: "search".to_owned(), arguments: json!({}) }],
        });
        let model = Scripted::new([says("never said")]);
        let fault = chunks(&model, asking(vec![user("go"), call, user("on")])).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected);
        assert!(fault.message.contains("sevt_1"), "{fault}");
        assert_eq!(model.complaints().len(), 1);
    }

    #[tokio::test]
    async fn faults_come_before_or_within_a_reply() {
        let model = Scripted::new([
            fails(FaultKind::RateLimited, "slow down").retry_after(Duration::from_secs(3)),
            says("half of it").then_cut(),
            says("half of it").then_fails(FaultKind::Silent, "nothing came"),
        ]);
        let before = model.stream(asking(vec![user("a")])).await.err().expect("a fault");
        assert_eq!(before.retry_after, Some(Duration::from_secs(3)));

        let cut = chunks(&model, asking(vec![user("b")])).await.unwrap();
        assert!(matches!(cut.last(), Some(ModelChunk::Text(_))));

        let within = chunks(&model, asking(vec![user("c")])).await.unwrap_err();
        assert_eq!(within.kind, FaultKind::Silent);
    }

    #[tokio::test]
    async fn a_gate_holds_a_reply_until_the_test_opens_it() {
        let gate = Gate::new();
        let model = Scripted::new([says("one").then_waits(&gate).then_says(" two")]);
        let mut stream = model.stream(asking(vec![user("count")])).await.unwrap();
        assert_eq!(stream.next().await, Some(Ok(ModelChunk::Text("one".to_owned()))));
        assert!(stream.next().now_or_never().is_none());
        gate.open();
        assert_eq!(stream.next().await, Some(Ok(ModelChunk::Text(" ".to_owned()))));
        assert_eq!(stream.next().await, Some(Ok(ModelChunk::Text("two".to_owned()))));
    }
}

//! Messages of the Messages API that are fine, in all the ways servers send them.

use std::sync::Arc;

use domain::model::{Message, ModelChunk, ModelFault, StopCause, ToolOffer, Usage};
use futures::TryStreamExt;
use models::{ModelOptions, ProviderKind, ProviderOptions};
use serde_json::{Value, json};

use crate::stub::{
    Act, Dialect, END, KEY, Stub, answer, ask, block_delta, block_start, chunk, event, hello, provider, stopped,
    stream_head, text,
};

/// A stub that answers one call with these events.
async fn stub(events: &[Value]) -> Stub {
    let events: Vec<u8> = events.iter().flat_map(|data| chunk(&event(data))).collect();
    Stub::start(vec![vec![Act::Send([stream_head(), events, END.to_vec()].concat())]]).await
}

async fn reply(events: &[Value]) -> Result<Vec<ModelChunk>, ModelFault> {
    let stub = stub(events).await;
    ask(&*provider(&stub.options_in(Dialect::Messages))).await
}

fn said(text: &str) -> Value {
    block_delta(0, json!({"type": "text_delta", "text": text}))
}

fn stop() -> Value {
    json!({"type": "message_stop"})
}

fn block_stop(index: usize) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn begun() -> Value {
    json!({"type": "message_start", "message": {"type": "message", "role": "assistant", "content": [], "usage": {
        "input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2,
    }}})
}

fn piece(index: usize, name: Option<&str>, arguments: &str) -> ModelChunk {
    ModelChunk::ToolCall { index, name: name.map(str::to_owned), arguments: arguments.to_owned() }
}

#[tokio::test]
async fn a_message_arrives_and_the_key_is_sent() {
    let stub = stub(&[
        begun(),
        json!({"type": "ping"}),
        block_start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        block_delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
        block_delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        block_stop(0),
        block_start(1, json!({"type": "redacted_thinking", "data": "c2Vj"})),
        block_stop(1),
        block_start(2, json!({"type": "text", "text": "", "citations": null})),
        block_delta(2, json!({"type": "text_delta", "text": "Hello."})),
        block_delta(2, json!({"type": "citations_delta", "citation": {"cited_text": "x"}})),
        block_stop(2),
        json!({"type": "something_new", "index": 3}),
        stopped("end_turn"),
        stop(),
    ])
    .await;
    let chunks = ask(&*provider(&stub.options_in(Dialect::Messages))).await.unwrap();
    let usage = |output_tokens| {
        let counted =
            Usage { input_tokens: 10, output_tokens, cache_read_input_tokens: 4, cache_creation_input_tokens: 2 };
        ModelChunk::Usage(counted)
    };
    assert_eq!(
        chunks,
        [
            usage(1),
            ModelChunk::Thinking("Hm.".to_owned()),
            ModelChunk::Text("Hello.".to_owned()),
            usage(3),
            ModelChunk::Stop(StopCause::EndTurn),
        ]
    );
    let head = &stub.heads()[0];
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    for line in [format!("x-api-key: {KEY}\r\n"), "anthropic-version: 2023-06-01\r\n".to_owned()] {
        assert!(head.contains(&line), "{head}");
    }
    assert!(!head.contains("authorization") && !head.contains("anthropic-beta"), "{head}");
    assert_eq!(stub.bodies()[0]["max_tokens"], 1_000);
}

#[tokio::test]
async fn tool_calls_are_put_together_from_pieces() {
    let call = |index: usize, name: &str, input: Value| {
        block_start(index, json!({"type": "tool_use", "id": format!("toolu_{index}"), "name": name, "input": input}))
    };
    let json_delta = |index, part: &str| block_delta(index, json!({"type": "input_json_delta", "partial_json": part}));
    let chunks = reply(&[
        said("Let me see."),
        call(1, "add", json!({})),
        json_delta(1, ""),
        json_delta(1, "{\"a\":"),
        json_delta(1, " 2}"),
        block_stop(1),
        // Arguments that are no JSON are passed on as they came, and none at all are none.
        call(2, "sub", json!({})),
        json_delta(2, "{\"a\": 2,,"),
        block_stop(2),
        call(3, "now", json!({})),
        block_stop(3),
        // Arguments that come whole with the beginning, and what is not a call of ours.
        call(4, "mul", json!({"a": 7})),
        block_stop(4),
        block_start(5, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        json_delta(5, "{\"query\": \"x\"}"),
        block_stop(5),
        stopped("tool_use"),
        stop(),
    ])
    .await
    .unwrap();
    let calls: Vec<_> = chunks.iter().filter(|chunk| matches!(chunk, ModelChunk::ToolCall { .. })).cloned().collect();
    assert_eq!(
        calls,
        [
            piece(0, Some("add"), ""),
            piece(0, None, "{\"a\":"),
            piece(0, None, " 2}"),
            piece(1, Some("sub"), ""),
            piece(1, None, "{\"a\": 2,,"),
            piece(2, Some("now"), ""),
            piece(3, Some("mul"), ""),
            piece(3, None, "{\"a\":7}"),
        ]
    );
    assert_eq!(chunks.last(), Some(&ModelChunk::Stop(StopCause::ToolUse)));

    let nameless = reply(&[block_start(0, json!({"type": "tool_use", "id": "a", "input": {}})), stop()]).await;
    assert_eq!(nameless.unwrap_err().kind, domain::model::FaultKind::Malformed);
}

#[tokio::test]
async fn stop_reasons_are_translated() {
    for (reason, expected) in [
        ("end_turn", StopCause::EndTurn),
        ("stop_sequence", StopCause::EndTurn),
        ("max_tokens", StopCause::MaxTokens),
        ("model_context_window_exceeded", StopCause::MaxTokens),
        ("pause_turn", StopCause::MaxTokens),
        ("refusal", StopCause::Refusal),
        ("something_new", StopCause::EndTurn),
    ] {
        let chunks = reply(&[said("x"), stopped(reason), stop()]).await.unwrap();
        assert_eq!(chunks.last(), Some(&ModelChunk::Stop(expected)), "{reason}");
    }
    // The end mark may be missing once the content is over; the answer is whole.
    let chunks = reply(&[said("x"), stopped("end_turn")]).await.unwrap();
    assert_eq!(chunks.last(), Some(&ModelChunk::Stop(StopCause::EndTurn)));
}

#[tokio::test]
async fn a_message_that_was_not_streamed_is_taken() {
    let body = json!({
        "type": "message", "role": "assistant", "stop_reason": "tool_use",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            {"type": "text", "text": "Hi."},
            {"type": "tool_use", "id": "a", "name": "add", "input": {"a": 1}},
        ],
        "usage": {"input_tokens": 1, "output_tokens": 2},
    });
    let whole = answer("200 OK", "content-type: application/json\r\n", &body.to_string());
    let stub = Stub::start(vec![whole]).await;
    let chunks = ask(&*provider(&stub.options_in(Dialect::Messages))).await.unwrap();
    let usage = Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() };
    assert_eq!(
        chunks,
        [
            ModelChunk::Thinking("Hm.".to_owned()),
            ModelChunk::Text("Hi.".to_owned()),
            piece(0, Some("add"), ""),
            piece(0, None, "{\"a\":1}"),
            ModelChunk::Usage(usage),
            ModelChunk::Stop(StopCause::ToolUse),
        ]
    );
}

#[tokio::test]
async fn a_character_may_be_split_between_packets() {
    let mut acts = vec![Act::Send(stream_head())];
    let bytes = event(&said("zwölf 雪 🦀"));
    acts.extend(bytes.iter().map(|byte| Act::Send(chunk(&[*byte]))));
    acts.push(Act::Send([chunk(&Dialect::Messages.ending()), END.to_vec()].concat()));
    let stub = Stub::start(vec![acts]).await;
    let chunks = ask(&*provider(&stub.options_in(Dialect::Messages))).await.unwrap();
    assert_eq!(text(&chunks), "zwölf 雪 🦀");
}

#[tokio::test]
async fn tools_bounds_and_speed_are_told() {
    let stub = stub(&[said("x"), stopped("end_turn"), stop()]).await;
    let mut request = hello();
    let offer =
        ToolOffer { name: "add".to_owned(), description: "Adds.".to_owned(), input_schema: json!({"type": "object"}) };
    request.tools.push(Arc::new(offer));
    request.messages.push(Arc::new(Message::Assistant { text: "Hi.".to_owned(), tool_calls: vec![] }));
    request.messages.push(Arc::new(Message::User { content: vec![domain::model::Block::text("add")] }));
    request.max_tokens = Some(99);
    request.speed = Some("fast".to_owned());
    let stream = provider(&stub.options_in(Dialect::Messages)).stream(request).await.unwrap();
    let _: Vec<_> = stream.try_collect().await.unwrap();

    let body = &stub.bodies()[0];
    let tool = json!({"name": "add", "description": "Adds.", "input_schema": {"type": "object"},
        "cache_control": {"type": "ephemeral"}});
    assert_eq!(body["tools"], json!([tool]));
    assert_eq!((&body["max_tokens"], &body["speed"]), (&json!(99), &json!("fast")));
    assert!(stub.heads()[0].contains("anthropic-beta: fast-mode-"), "{}", stub.heads()[0]);
}

/// A provider that was not told its models' bounds asks for them, once.
#[tokio::test]
async fn the_models_own_bound_is_asked_for_once() {
    let model = json!({"type": "model", "id": "small", "max_tokens": 64_000}).to_string();
    let whole = || {
        let events: Vec<u8> = [said("x"), stopped("end_turn"), stop()].iter().flat_map(event).collect();
        vec![Act::Send([stream_head(), chunk(&events), END.to_vec()].concat())]
    };
    let stub = Stub::start(vec![answer("200 OK", "", &model), whole(), whole(), whole()]).await;
    let options = ProviderOptions { kind: ProviderKind::Anthropic, ..stub.options() };
    let provider = provider(&options);
    for asked in [None, Some(1_000_000), Some(20)] {
        let mut request = hello();
        request.max_tokens = asked;
        let _: Vec<_> = provider.stream(request).await.unwrap().try_collect().await.unwrap();
    }
    assert!(stub.heads()[0].starts_with("GET /v1/models/small HTTP/1.1"), "{:?}", stub.heads());
    let bounds: Vec<_> = stub.bodies()[1..].iter().map(|body| body["max_tokens"].clone()).collect();
    assert_eq!(bounds, [json!(64_000), json!(64_000), json!(20)]);
}

#[tokio::test]
async fn a_provider_without_a_list_of_models_can_be_asked() {
    let whole = vec![Act::Send([stream_head(), chunk(&Dialect::Messages.ending()), END.to_vec()].concat())];
    let stub = Stub::start(vec![answer("404 Not Found", "", ""), whole]).await;
    let options = ProviderOptions { kind: ProviderKind::Anthropic, ..stub.options() };
    ask(&*provider(&options)).await.unwrap();
    assert_eq!(stub.bodies()[1]["max_tokens"], 4_096);
}

#[tokio::test]
async fn models_are_listed_page_by_page_or_as_configured() {
    let page = |ids: &[&str], has_more: bool| {
        let data: Vec<_> = ids
            .iter()
            .map(|id| json!({"type": "model", "id": id, "max_input_tokens": 200_000, "max_tokens": 64_000}))
            .collect();
        let page = json!({"data": data, "has_more": has_more, "first_id": ids[0], "last_id": ids.last()});
        answer("200 OK", "", &page.to_string())
    };
    let stub = Stub::start(vec![page(&["c", "b"], true), page(&["a"], false)]).await;
    let options = ProviderOptions { kind: ProviderKind::Anthropic, ..stub.options() };
    let models = provider(&options).list().await.unwrap();
    let names: Vec<_> = models.iter().map(|info| (&*info.model, info.context_tokens, info.output_tokens)).collect();
    assert_eq!(names, ["c", "b", "a"].map(|name| (name, Some(200_000), Some(64_000))));
    assert!(stub.heads()[1].starts_with("GET /v1/models?limit=1000&after_id=b "), "{}", stub.heads()[1]);

    let options = ProviderOptions { models: Some(vec![ModelOptions::Name("mine".to_owned())]), ..options };
    assert_eq!(provider(&options).list().await.unwrap()[0].model, "mine");
    assert_eq!(stub.heads().len(), 2);

    // A list that never ends is left.
    let stub = Stub::start(vec![page(&["a"], true); 100]).await;
    let options = ProviderOptions { kind: ProviderKind::Anthropic, ..stub.options() };
    assert!(provider(&options).list().await.is_ok());
    assert!(stub.heads().len() < 50);
}

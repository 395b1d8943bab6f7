//! Answers that are fine, in all the ways servers send them.

use std::sync::Arc;

use domain::model::{ModelChunk, StopCause, ToolOffer, Usage};
use futures::TryStreamExt;
use models::{ModelOptions, ProviderOptions};
use serde_json::{Value, json};

use crate::stub::{
    Act, DONE, END, KEY, Stub, answer, ask, chunk, event, finished, hello, provider, said, stream_head, text,
};

fn stop(chunks: &[ModelChunk]) -> Option<StopCause> {
    match chunks.last() {
        Some(ModelChunk::Stop(cause)) => Some(*cause),
        _ => None,
    }
}

#[tokio::test]
async fn text_and_usage_arrive_and_the_key_is_sent() {
    let usage = json!({"choices": [], "usage": {
        "prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4},
    }});
    let stub = Stub::streaming(&[said("Hel"), said("lo."), finished("stop"), usage]).await;
    let chunks = stub.reply().await.unwrap();
    assert_eq!(
        chunks,
        [
            ModelChunk::Text("Hel".to_owned()),
            ModelChunk::Text("lo.".to_owned()),
            ModelChunk::Usage(Usage {
                input_tokens: 6,
                output_tokens: 3,
                cache_read_input_tokens: 4,
                cache_creation_input_tokens: 0,
            }),
            ModelChunk::Stop(StopCause::EndTurn),
        ]
    );
    let head = &stub.heads()[0];
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{head}");
    assert_eq!(stub.bodies()[0]["messages"], json!([{"role": "user", "content": "hello"}]));
}

/// A slip of the provider is no number that a client can read, or a sum can hold.
#[tokio::test]
async fn a_count_that_cannot_be_is_bounded() {
    let most = u64::from(u32::MAX);
    let usage = json!({"choices": [], "usage": {
        "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "prompt_tokens_details": {"cached_tokens": u64::MAX},
    }});
    let stub = Stub::streaming(&[said("Hello."), finished("stop"), usage]).await;
    let chunks = stub.reply().await.unwrap();
    let counted = Usage { output_tokens: most, cache_read_input_tokens: most, ..Usage::default() };
    assert!(chunks.contains(&ModelChunk::Usage(counted)), "{chunks:?}");
}

#[tokio::test]
async fn tools_schema_and_bounds_are_told() {
    let stub = Stub::streaming(&[said("{}"), finished("stop")]).await;
    let mut request = hello();
    request.tools.push(Arc::new(ToolOffer {
        name: "add".to_owned(),
        description: "Adds.".to_owned(),
        input_schema: json!({"type": "object"}),
    }));
    request.output_schema = Some(Arc::new(json!({"type": "object", "title": "Sum"})));
    request.max_tokens = Some(99);
    let stream = stub.provider().stream(request).await.unwrap();
    let _: Vec<_> = stream.try_collect().await.unwrap();

    let body = &stub.bodies()[0];
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function":
            {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}}])
    );
    assert_eq!(body["response_format"]["type"], "json_schema");
    assert_eq!(body["response_format"]["json_schema"]["schema"]["title"], "Sum");
    assert_eq!(body["max_tokens"], 99);
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

/// The calls of an answer: name and arguments.
async fn calls(events: &[Value]) -> (Vec<(String, String)>, Option<StopCause>) {
    let chunks = Stub::streaming(events).await.reply().await.unwrap();
    let mut calls: Vec<(String, String)> = Vec::new();
    for chunk in &chunks {
        if let ModelChunk::ToolCall { index, name, arguments } = chunk {
            if *index == calls.len() {
                calls.push((name.clone().expect("the first piece names the tool"), String::new()));
            } else {
                assert_eq!(*name, None, "only the first piece names the tool");
            }
            calls[*index].1.push_str(arguments);
        }
    }
    (calls, stop(&chunks))
}

fn pieces(pieces: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": {"tool_calls": pieces}}]})
}

fn expect(found: &[(String, String)], expected: &[(&str, &str)]) {
    let found: Vec<_> = found.iter().map(|(name, arguments)| (&**name, &**arguments)).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn tool_calls_are_put_together_from_pieces() {
    let (found, cause) = calls(&[
        pieces(json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}])),
        pieces(json!([{"index": 0, "function": {"arguments": "{\"a\":"}}])),
        pieces(json!([{"index": 0, "function": {"arguments": " 2}"}}])),
        pieces(json!([{"index": 1, "id": "b", "function": {"name": "sub", "arguments": "{}"}}])),
        finished("tool_calls"),
    ])
    .await;
    expect(&found, &[("add", "{\"a\": 2}"), ("sub", "{}")]);
    assert_eq!(cause, Some(StopCause::ToolUse));
}

#[tokio::test]
async fn tool_calls_of_lax_servers_are_understood() {
    // No index; the name with each piece; `stop` after calls.
    let (found, cause) = calls(&[
        pieces(json!([{"id": "a", "function": {"name": "add", "arguments": "{"}}])),
        pieces(json!([{"id": "a", "function": {"name": "add", "arguments": "}"}}])),
        pieces(json!([{"id": "b", "function": {"name": "add", "arguments": "{}"}}])),
        finished("stop"),
    ])
    .await;
    expect(&found, &[("add", "{}"), ("add", "{}")]);
    assert_eq!(cause, Some(StopCause::ToolUse));

    // Indexes that do not begin at 0, and null where nothing is.
    let (found, _) = calls(&[
        pieces(json!([{"index": 1, "id": null, "function": {"name": "add", "arguments": null}}])),
        pieces(json!([{"index": 1, "function": {"name": null, "arguments": "{}"}}])),
        finished("tool_calls"),
    ])
    .await;
    expect(&found, &[("add", "{}")]);
}

#[tokio::test]
async fn invalid_tool_json_is_passed_on_as_it_came() {
    let (found, _) = calls(&[
        pieces(json!([{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{\"a\": 2,,"}}])),
        finished("tool_calls"),
    ])
    .await;
    expect(&found, &[("add", "{\"a\": 2,,")]);
}

#[tokio::test]
async fn a_character_may_be_split_between_packets() {
    let bytes = event(&said("zwölf 雪 🦀"));
    let mut acts = vec![Act::Send(stream_head())];
    acts.extend(bytes.iter().map(|byte| Act::Send(chunk(&[*byte]))));
    acts.push(Act::Send([chunk(&event(&finished("stop"))), chunk(DONE), END.to_vec()].concat()));
    let chunks = Stub::start(vec![acts]).await.reply().await.unwrap();
    assert_eq!(text(&chunks), "zwölf 雪 🦀");
}

#[tokio::test]
async fn reasoning_and_refusals_are_told_apart() {
    let thought = |key: &str| json!({"choices": [{"delta": {key: "Hm."}}]});
    let both = json!({"choices": [{"delta": {"reasoning": "Hm.", "reasoning_content": "Hm."}}]});
    for event in [thought("reasoning_content"), thought("reasoning"), both] {
        let chunks = Stub::streaming(&[event, said("Yes."), finished("stop")]).await.reply().await.unwrap();
        assert_eq!(chunks[0], ModelChunk::Thinking("Hm.".to_owned()));
        assert_eq!(chunks[1], ModelChunk::Text("Yes.".to_owned()));
    }

    let refusal = json!({"choices": [{"delta": {"refusal": "No."}}]});
    let chunks = Stub::streaming(&[refusal, finished("stop")]).await.reply().await.unwrap();
    assert_eq!((text(&chunks).as_str(), stop(&chunks)), ("No.", Some(StopCause::Refusal)));
}

#[tokio::test]
async fn finish_reasons_are_translated() {
    for (reason, expected) in [
        ("stop", StopCause::EndTurn),
        ("length", StopCause::MaxTokens),
        ("content_filter", StopCause::Refusal),
        ("eos_token", StopCause::EndTurn),
    ] {
        let chunks = Stub::streaming(&[said("x"), finished(reason)]).await.reply().await.unwrap();
        assert_eq!(stop(&chunks), Some(expected), "{reason}");
    }
}

#[tokio::test]
async fn an_answer_that_was_not_streamed_is_taken() {
    let body = json!({
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "Hi.", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "add", "arguments": "{}"}},
            ]},
            "finish_reason": "tool_calls",
        }],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    let stub = Stub::start(vec![answer("200 OK", "content-type: application/json\r\n", &body.to_string())]).await;
    let chunks = stub.reply().await.unwrap();
    assert_eq!(text(&chunks), "Hi.");
    assert_eq!(stop(&chunks), Some(StopCause::ToolUse));
    assert_eq!(chunks.len(), 4);
}

#[tokio::test]
async fn a_finished_answer_without_end_mark_is_whole() {
    let events = [chunk(&event(&said("Hi."))), chunk(&event(&finished("stop")))].concat();
    let body = [stream_head(), events].concat();
    for end in [END.to_vec(), Vec::new()] {
        let acts = vec![Act::Send([body.clone(), end].concat()), Act::Close];
        let chunks = Stub::start(vec![acts]).await.reply().await.unwrap();
        assert_eq!((text(&chunks).as_str(), stop(&chunks)), ("Hi.", Some(StopCause::EndTurn)));
    }
}

#[tokio::test]
async fn an_answer_passes_on_each_piece_as_it_comes() {
    let acts = vec![Act::Send([stream_head(), chunk(&event(&said("first")))].concat()), Act::Hold];
    let stub = Stub::start(vec![acts]).await;
    let mut stream = stub.provider().stream(hello()).await.unwrap();
    assert_eq!(stream.try_next().await, Ok(Some(ModelChunk::Text("first".to_owned()))));
}

#[tokio::test]
async fn a_connection_serves_one_call_after_the_other() {
    let whole = vec![Act::Send(crate::stub::whole_stream(&[said("Hi."), finished("stop")]))];
    let stub = Stub::start(vec![whole; 6]).await;
    let provider = stub.provider();
    for _ in 0..6 {
        ask(&*provider).await.unwrap();
    }
    // Two, because a call right after another may come before its connection is free.
    assert!(stub.connections() <= 2, "{} connections", stub.connections());
}

#[tokio::test]
async fn models_are_listed_as_configured_or_as_the_provider_says() {
    let listed = json!({"object": "list", "data": [{"id": "b", "max_model_len": 4096}, {"id": "a"}]});
    let stub = Stub::start(vec![answer("200 OK", "", &listed.to_string())]).await;
    let models = stub.provider().list().await.unwrap();
    let names: Vec<_> = models.iter().map(|model| (&*model.model, model.context_tokens)).collect();
    assert_eq!(names, [("b", Some(4096)), ("a", None)]);
    assert!(stub.heads()[0].starts_with("GET /v1/models "));

    let options = ProviderOptions { models: Some(vec![ModelOptions::Name("mine".to_owned())]), ..stub.options() };
    let models = provider(&options).list().await.unwrap();
    assert_eq!(models[0].model, "mine");
    assert_eq!(stub.heads().len(), 1);
}

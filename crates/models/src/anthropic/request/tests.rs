use super::*;

fn user(text: &str) -> Message {
    Message::User { content: vec![Block::text(text)] }
}

fn assistant(text: &str, calls: &[(&str, Value)]) -> Message {
    let call = |(id, arguments): &(&str, Value)| ToolCall {
        id: (*id).to_owned(),
        name: "add".to_owned(),
        arguments: arguments.clone(),
    };
    Message::Assistant { text: text.to_owned(), tool_calls: calls.iter().map(call).collect() }
}

fn result(id: &str, content: &str, is_error: bool) -> Message {
    Message::Tool { call_id: id.to_owned(), content: content.to_owned(), is_error }
}

fn request(messages: Vec<Message>) -> ModelRequest {
    ModelRequest {
        model: "m".to_owned(),
        messages: messages.into_iter().map(Arc::new).collect(),
        ..ModelRequest::default()
    }
}

fn wire(request: &ModelRequest) -> Value {
    serde_json::to_value(Asking::new(request, 10).unwrap()).unwrap()
}

fn check(messages: Vec<Message>, expected: Value) {
    assert_eq!(wire(&request(messages))["messages"], expected);
}

#[test]
fn a_conversation_with_calls_is_told_in_turns() {
    check(
        vec![
            user("2+3, 4+5?"),
            assistant("Let me see.", &[("sevt_1", json!({"a": 2})), ("sevt_2", json!({"a": 4}))]),
            result("sevt_1", "5", false),
            result("sevt_2", "no such number", true),
            user("Well?"),
            assistant("5.", &[]),
            user("Thanks."),
        ],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "2+3, 4+5?"}]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "sevt_1", "name": "add", "input": {"a": 2}},
                {"type": "tool_use", "id": "sevt_2", "name": "add", "input": {"a": 4}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "sevt_1", "content": "5"},
                {"type": "tool_result", "tool_use_id": "sevt_2", "content": "no such number", "is_error": true},
                {"type": "text", "text": "Well?"},
            ]},
            {"role": "assistant", "content": [{"type": "text", "text": "5."}]},
            {"role": "user", "content": [{"type": "text", "text": "Thanks."}]},
        ]),
    );
}

#[test]
fn what_the_api_would_refuse_is_told_another_way() {
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    // Blank text is no text, and a turn is never empty.
    check(vec![user(" \n")], json!([{"role": "user", "content": text(NO_WORDS)}]));
    check(
        vec![user("a"), assistant(" ", &[]), user("b")],
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]),
    );
    // A conversation whose beginning is not shown.
    check(
        vec![assistant("Hi.", &[]), user("b")],
        json!([
            {"role": "user", "content": text(BEGAN_EARLIER)},
            {"role": "assistant", "content": text("Hi.")},
            {"role": "user", "content": text("b")},
        ]),
    );
    // Arguments that are no object, and a result without a word.
    let calls = assistant("", &[("1", json!("{\"a\": ")), ("2", json!([7]))]);
    let told = wire(&request(vec![user("a"), calls, result("1", "", false), result("2", "x", false)]));
    assert_eq!(told["messages"][1]["content"][0]["input"], json!({"INVALID_JSON": "{\"a\": "}));
    assert_eq!(told["messages"][1]["content"][1]["input"], json!({"INVALID_JSON": "[7]"}));
    assert_eq!(told["messages"][2]["content"][0], json!({"type": "tool_result", "tool_use_id": "1"}));
}

#[test]
fn pictures_and_documents_travel_as_they_are() {
    let picture = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
    let paper = json!({"type": "text", "media_type": "text/plain", "data": "the text"});
    let document = |source: &Value| Block::Document {
        source: source.clone(),
        title: Some("A title".to_owned()),
        context: Some(" ".to_owned()),
    };
    let content = vec![Block::Image { source: picture.clone() }, document(&paper)];
    check(
        vec![Message::User { content }],
        json!([{"role": "user", "content": [
            {"type": "image", "source": picture},
            {"type": "document", "source": paper, "title": "A title"},
        ]}]),
    );
    let file = json!({"type": "file", "file_id": "f"});
    for block in [Block::Image { source: file.clone() }, document(&file), document(&json!(7))] {
        let request = request(vec![Message::User { content: vec![block] }]);
        assert!(Asking::new(&request, 10).err().unwrap().contains("source"));
    }
}

#[test]
fn the_cache_is_told_where_the_stable_part_ends() {
    let offer =
        ToolOffer { name: "add".to_owned(), description: String::new(), input_schema: json!({"type": "object"}) };
    let mark = json!({"type": "ephemeral"});

    let mut request = request(vec![user("a")]);
    let plain = wire(&request);
    assert_eq!(
        plain,
        json!({
            "model": "m", "max_tokens": 10, "stream": true,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
        })
    );

    request.tools = vec![Arc::new(offer.clone()), Arc::new(offer)];
    let tools = wire(&request);
    assert_eq!(tools["tools"][0], json!({"name": "add", "input_schema": {"type": "object"}}));
    assert_eq!(tools["tools"][1]["cache_control"], mark);
    assert_eq!(tools["messages"][0]["content"][0]["cache_control"], mark);

    request.system = Some("be brief".to_owned());
    let system = wire(&request);
    assert_eq!(system["system"], json!([{"type": "text", "text": "be brief", "cache_control": mark}]));
    assert!(system["tools"][1].get("cache_control").is_none());
}

#[test]
fn schema_effort_speed_and_place_are_told() {
    let mut request = request(vec![user("a")]);
    request.output_schema = Some(Arc::new(json!({"type": "array", "title": "Sums"})));
    request.effort = Some("high".to_owned());
    request.inference_geo = Some("eu".to_owned());
    request.speed = Some("standard".to_owned());
    let body = wire(&request);
    let instruction = body["system"][0]["text"].as_str().unwrap();
    assert!(instruction.ends_with(r#"{"type":"array","title":"Sums"}"#), "{instruction}");
    assert_eq!(body["output_config"], json!({"effort": "high"}));
    assert_eq!(body["inference_geo"], "eu");
    assert!(body.get("speed").is_none());

    request.speed = Some("fast".to_owned());
    assert!(Asking::new(&request, 10).unwrap().is_fast());
    assert_eq!(wire(&request)["speed"], "fast");
}

//! What must hold for every request to a model, whatever its provider.

use std::collections::HashSet;

use domain::model::{Message, ModelRequest, ToolCall, ToolOffer};

/// Checks a request as the strictest provider would.
///
/// Every tool result answers a call of the assistant message before it, every call is
/// answered before anyone speaks again, no id is used twice; there is something to answer;
/// tool names are well formed and distinct; schemas are objects.
///
/// # Errors
/// What is wrong, for a test's output.
pub fn check_request(request: &ModelRequest) -> Result<(), String> {
    if request.model.is_empty() {
        return Err("the model has no name".to_owned());
    }
    if request.max_tokens == Some(0) {
        return Err("max_tokens is 0".to_owned());
    }
    if request.output_schema.as_ref().is_some_and(|schema| !schema.is_object()) {
        return Err("the output schema is not an object".to_owned());
    }
    check_tools(request)?;
    check_messages(request)
}

fn check_tools(request: &ModelRequest) -> Result<(), String> {
    let mut names = HashSet::new();
    for ToolOffer { name, input_schema, .. } in request.tools.iter().map(AsRef::as_ref) {
        let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 128 || !name.chars().all(well_formed) {
            return Err(format!("`{name}` is no name for a tool"));
        }
        if !names.insert(name) {
            return Err(format!("two tools are named `{name}`"));
        }
        if input_schema.get("type").and_then(|kind| kind.as_str()) != Some("object") {
            return Err(format!("the input schema of `{name}` is not of type object"));
        }
    }
    Ok(())
}

fn check_messages(request: &ModelRequest) -> Result<(), String> {
    if request.messages.is_empty() {
        return Err("there is no message to answer".to_owned());
    }
    let mut seen: HashSet<&str> = HashSet::new();
    let mut unanswered: Vec<&str> = Vec::new();
    for message in &request.messages {
        if let Message::Tool { call_id, .. } = &**message {
            let Some(place) = unanswered.iter().position(|id| id == call_id) else {
                return Err(format!("a tool result answers `{call_id}`, which no call asks for"));
            };
            unanswered.swap_remove(place);
            continue;
        }
        if let Some(id) = unanswered.first() {
            return Err(format!("the tool call `{id}` was not answered before the next message"));
        }
        match &**message {
            Message::User { content } if content.is_empty() => return Err("a user message is empty".to_owned()),
            Message::Assistant { text, tool_calls } if text.is_empty() && tool_calls.is_empty() => {
                return Err("an assistant message is empty".to_owned());
            }
            Message::Assistant { tool_calls, .. } => {
                for ToolCall { id, .. } in tool_calls {
                    if !seen.insert(id) {
                        return Err(format!("two tool calls have the id `{id}`"));
                    }
                    unanswered.push(id);
                }
            }
            Message::User { .. } | Message::Tool { .. } => {}
        }
    }
    match unanswered.first() {
        Some(id) => Err(format!("the tool call `{id}` was not answered")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::model::Block;
    use serde_json::{Value, json};

    use super::*;

    fn user(text: &str) -> Message {
        Message::User { content: vec![Block::text(text)] }
    }

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall { id: (*id).to_owned(), name: "search".to_owned(), arguments: json!({}) };
        Message::Assistant { text: String::new(), tool_calls: ids.iter().map(call).collect() }
    }

    fn result(id: &str) -> Message {
        Message::Tool { call_id: id.to_owned(), content: "ok".to_owned(), is_error: false }
    }

    fn request(messages: Vec<Message>, tools: &[(&str, Value)]) -> ModelRequest {
        let offer = |(name, schema): &(&str, Value)| {
            Arc::new(ToolOffer { name: (*name).to_owned(), description: String::new(), input_schema: schema.clone() })
        };
        ModelRequest {
            model: "script".to_owned(),
            system: None,
            messages: messages.into_iter().map(Arc::new).collect(),
            tools: tools.iter().map(offer).collect(),
            output_schema: None,
            ..ModelRequest::default()
        }
    }

    fn check(messages: Vec<Message>, expected: Result<(), &str>) {
        let found = check_request(&request(messages, &[]));
        match expected {
            Ok(()) => assert_eq!(found, Ok(())),
            Err(part) => assert!(found.clone().is_err_and(|wrong| wrong.contains(part)), "{found:?}"),
        }
    }

    #[test]
    fn calls_and_results_must_match() {
        check(vec![user("a"), calls(&["1", "2"]), result("2"), result("1")], Ok(()));
        check(vec![user("a"), calls(&["1"]), result("1"), user("b")], Ok(()));
        check(vec![], Err("no message"));
        check(vec![user("a"), result("1")], Err("no call asks"));
        check(vec![user("a"), calls(&["1"])], Err("was not answered"));
        check(vec![user("a"), calls(&["1"]), user("b")], Err("before the next message"));
        check(vec![user("a"), calls(&["1"]), result("1"), result("1")], Err("no call asks"));
        check(vec![user("a"), calls(&["1"]), result("1"), calls(&["1"]), result("1")], Err("two tool calls"));
        check(vec![user("a"), calls(&[])], Err("empty"));
    }

    #[test]
    fn tools_must_be_well_formed() {
        let object = json!({"type": "object"});
        let tools = |tools: &[(&str, Value)]| check_request(&request(vec![user("a")], tools));
        assert_eq!(tools(&[("search", object.clone())]), Ok(()));
        assert!(tools(&[("search", object.clone()), ("search", object.clone())]).is_err());
        assert!(tools(&[("two words", object)]).is_err());
        assert!(tools(&[("search", json!({"type": "string"}))]).is_err());
    }
}

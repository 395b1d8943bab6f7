//! What the Messages API refuses, so that every test that talks to the stub guards it.

use http::HeaderMap;
use serde_json::Value;

/// Checks a call as the API does.
///
/// # Errors
/// What is wrong, in the API's manner.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Result<(), String> {
    if headers.get("anthropic-version").is_none_or(|version| version != "2023-06-01") {
        return Err("anthropic-version: header is required".to_owned());
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err("max_tokens: must be a number greater than 0".to_owned());
    }
    for (place, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        if tool["input_schema"]["type"] != "object" {
            return Err(format!("tools.{place}.input_schema.type: must be `object`"));
        }
    }
    for block in body["system"].as_array().into_iter().flatten() {
        check_text(block, "system")?;
    }
    check_turns(body["messages"].as_array().map_or(&[][..], Vec::as_slice))
}

fn check_turns(turns: &[Value]) -> Result<(), String> {
    let mut open: Vec<&Value> = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        let role = if place % 2 == 0 { "user" } else { "assistant" };
        if turn["role"] != role {
            return Err(format!("messages.{place}: roles must alternate, beginning with `user`"));
        }
        let blocks = turn["content"].as_array().map_or(&[][..], Vec::as_slice);
        if blocks.is_empty() {
            return Err(format!("messages.{place}: content must not be empty"));
        }
        let results = blocks.iter().take_while(|block| block["type"] == "tool_result").count();
        let answered: Vec<&Value> = blocks[..results].iter().map(|block| &block["tool_use_id"]).collect();
        if answered.len() != open.len() || open.iter().any(|id| !answered.contains(id)) {
            return Err(format!("messages.{place}: tool_result blocks must answer the tool_use blocks before, first"));
        }
        open.clear();
        for block in &blocks[results..] {
            check_text(block, &format!("messages.{place}"))?;
            match block["type"].as_str() {
                Some("tool_use") if !block["input"].is_object() => {
                    return Err(format!("messages.{place}: tool_use.input must be an object"));
                }
                Some("tool_use") => open.push(&block["id"]),
                Some("tool_result") => return Err(format!("messages.{place}: tool_result blocks come first")),
                _ => {}
            }
        }
    }
    match turns.len() % 2 {
        1 => Ok(()),
        _ => Err("messages: the last turn must be the user's".to_owned()),
    }
}

fn check_text(block: &Value, place: &str) -> Result<(), String> {
    let is_blank = block["text"].as_str().is_none_or(|text| text.trim().is_empty());
    match block["type"] == "text" && is_blank {
        true => Err(format!("{place}: text content blocks must be non-empty")),
        false => Ok(()),
    }
}

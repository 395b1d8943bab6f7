//! How many tokens a text will be, before anyone has counted them.
//!
//! Every model cuts text its own way, so this errs on the high side: a plain English word comes
//! at four or five letters to a token and is counted as three, and what is cut finer (digits,
//! signs, other scripts) as two bytes to a token.

use serde_json::Value;

use crate::model::{Block, Message, ToolCall, ToolOffer};

/// What a message costs beside its text.
const MESSAGE_TOKENS: u64 = 8;

/// A picture, or a document that is not sent along: more than most cost.
const PICTURE_TOKENS: u64 = 3_000;

/// Bytes of a document's base64 for each token of its text: pages are mostly layout.
const DOCUMENT_BYTES_PER_TOKEN: u64 = 16;

/// A text.
pub fn of_text(text: &str) -> u64 {
    let (mut tokens, mut others, mut letters) = (0, 0, 0u64);
    for byte in text.bytes() {
        if byte.is_ascii_alphabetic() {
            letters += 1;
            continue;
        }
        // A single space belongs to the word beside it.
        let ends_word = letters > 0;
        tokens += std::mem::take(&mut letters).div_ceil(3);
        others += u64::from(!(ends_word && byte == b' '));
    }
    tokens + letters.div_ceil(3) + others.div_ceil(2)
}

/// A value as the JSON it is sent as.
pub fn of_value(value: &Value) -> u64 {
    of_text(&value.to_string())
}

/// A message with all that belongs to it.
pub fn of_message(message: &Message) -> u64 {
    let content = match message {
        Message::User { content } => content.iter().map(of_block).sum(),
        Message::Assistant { text, tool_calls } => of_text(text) + tool_calls.iter().map(of_call).sum::<u64>(),
        Message::Tool { content, .. } => of_text(content) + MESSAGE_TOKENS,
    };
    content + MESSAGE_TOKENS
}

/// A tool as the model is told of it.
pub fn of_offer(offer: &ToolOffer) -> u64 {
    of_text(&offer.name) + of_text(&offer.description) + of_value(&offer.input_schema) + MESSAGE_TOKENS
}

fn of_call(call: &ToolCall) -> u64 {
    of_text(&call.name) + of_value(&call.arguments) + 2 * MESSAGE_TOKENS
}

fn of_block(block: &Block) -> u64 {
    match block {
        Block::Text { text } => of_text(text),
        Block::SearchResult { .. } => block.as_text().map_or(0, |text| of_text(&text)),
        Block::Image { .. } => PICTURE_TOKENS,
        Block::Document { source, title, context } => {
            let about = [title, context].into_iter().flatten().map(|text| of_text(text)).sum::<u64>();
            let data = source.get("data").and_then(Value::as_str);
            let is_text = source.get("type").and_then(Value::as_str) == Some("text");
            about
                + match data {
                    Some(data) if is_text => of_text(data),
                    Some(data) => PICTURE_TOKENS + data.len() as u64 / DOCUMENT_BYTES_PER_TOKEN,
                    None => PICTURE_TOKENS,
                }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_rather_over_than_underestimated() {
        // As common tokenizers count them, about.
        for (text, counted) in [
            ("The quick brown fox jumps over the lazy dog", 9),
            (r#"{"id": 17, "name": "x", "ok": true}"#, 12),
            ("今日はいい天気ですね", 8),
            ("0f3a9b7c-11d2", 8),
        ] {
            let estimated = of_text(text);
            assert!((counted..counted * 3).contains(&estimated), "{text}: {estimated}");
        }
        assert_eq!(of_text(""), 0);
    }

    #[test]
    fn a_picture_is_not_counted_by_its_bytes() {
        let source = json!({ "type": "base64", "data": "A".repeat(4_000_000) });
        let image = Message::User { content: vec![Block::Image { source }] };
        assert!(of_message(&image) < 10_000);
        let source = json!({ "type": "text", "data": "a word ".repeat(1_000) });
        let text = Message::User { content: vec![Block::Document { source, title: None, context: None }] };
        assert!(of_message(&text) > 2_000);
    }
}

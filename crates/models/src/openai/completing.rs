//! Reads one answer of chat completions.

use std::borrow::Cow;

use domain::model::{FaultKind, ModelFault, StopCause};

use super::alike::Alike;
use super::chunk::{CallPiece, Choice, Chunk, Delta, stop_cause};
use crate::reply::{Pieces, Progress, Wire, read_json};

/// What the end of an answer depends on, and which call a piece belongs to.
#[derive(Default)]
pub(super) struct Completing {
    stop: Option<StopCause>,
    refused: bool,
    /// The wire's index or id of each call, in our order.
    calls: Vec<WireCall>,
    alike: Alike,
}

struct WireCall {
    index: Option<u64>,
    id: Option<String>,
    is_named: bool,
}

impl Wire for Completing {
    fn take(&mut self, data: &[u8], pieces: &mut Pieces) -> Result<Progress, ModelFault> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(Progress::Over);
        }
        if let Some(text) = self.alike.text_of(data) {
            pieces.text(text)?;
            return Ok(self.progress());
        }
        let chunk: Chunk<'_> = read_json(data).map_err(|error| misread(pieces, &error))?;
        if let Some(text) = chunk.only_text() {
            self.alike.remember(data, text);
        }
        if let Some(error) = chunk.error {
            return Err(pieces.told_fault(&error));
        }
        for choice in chunk.choices.into_iter().flatten() {
            // We ask for one answer; others, if sent, are not ours.
            if choice.index.unwrap_or(0) == 0 {
                self.take_choice(choice, pieces)?;
            }
        }
        if let Some(usage) = chunk.usage {
            pieces.usage(usage.into());
        }
        Ok(self.progress())
    }

    fn cause(&self) -> StopCause {
        match self.stop {
            _ if self.refused => StopCause::Refusal,
            Some(cause) => cause,
            None => stop_cause("stop", !self.calls.is_empty()),
        }
    }
}

impl Completing {
    fn progress(&self) -> Progress {
        if self.stop.is_some() { Progress::Whole } else { Progress::Open }
    }

    fn take_choice(&mut self, choice: Choice<'_>, pieces: &mut Pieces) -> Result<(), ModelFault> {
        if let Some(delta) = choice.delta.or(choice.message) {
            self.take_delta(delta, pieces)?;
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("error") => return Err(pieces.fault(FaultKind::ServerError, "its answer ended with an error")),
            Some(reason) => self.stop = Some(stop_cause(reason, !self.calls.is_empty())),
        }
        Ok(())
    }

    fn take_delta(&mut self, delta: Delta<'_>, pieces: &mut Pieces) -> Result<(), ModelFault> {
        if let Some(text) = delta.reasoning_content.or(delta.reasoning) {
            pieces.thinking(text)?;
        }
        if let Some(text) = delta.content {
            let text: String = serde_json::from_str(text.get()).map_err(|error| misread(pieces, &error))?;
            pieces.text(text)?;
        }
        if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
            self.refused = true;
            pieces.text(text)?;
        }
        for (place, piece) in delta.tool_calls.into_iter().flatten().enumerate() {
            self.take_call(piece, place, pieces)?;
        }
        Ok(())
    }

    fn take_call(&mut self, piece: CallPiece<'_>, place: usize, pieces: &mut Pieces) -> Result<(), ModelFault> {
        let index = self.place_of(&piece, place, pieces)?;
        let (name, arguments) = match piece.function {
            Some(function) => (function.name, function.arguments),
            None => (None, None),
        };
        // Some servers repeat the name with every piece.
        let name = name.filter(|name| !name.is_empty() && !self.calls[index].is_named);
        self.calls[index].is_named |= name.is_some();
        let arguments = arguments.unwrap_or_default();
        pieces.call(index, name.map(Cow::into_owned), arguments.into_owned())
    }

    /// Which of our calls a piece belongs to: the one with its index; without an index, a
    /// new one if it brings an id of its own, else the last.
    fn place_of(&mut self, piece: &CallPiece<'_>, place: usize, pieces: &mut Pieces) -> Result<usize, ModelFault> {
        let id = piece.id.as_deref().filter(|id| !id.is_empty());
        let known = match (piece.index, id) {
            (Some(index), _) => self.calls.iter().position(|call| call.index == Some(index)),
            (None, Some(id)) => self.calls.iter().position(|call| call.id.as_deref() == Some(id)),
            (None, None) if place == 0 => self.calls.len().checked_sub(1),
            // Several calls of one piece without index or id: each is a whole call.
            (None, None) => None,
        };
        if let Some(known) = known {
            return Ok(known);
        }
        self.calls.push(WireCall { index: piece.index, id: id.map(str::to_owned), is_named: false });
        pieces.new_call()
    }
}

fn misread(pieces: &Pieces, error: &serde_json::Error) -> ModelFault {
    pieces.misread("it sent something that is no chat completion", error)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::model::ModelChunk;

    use crate::openai::read_packets;

    fn said(events: &[&str]) -> Vec<ModelChunk> {
        let packets = events.iter().map(|event| Bytes::from(format!("data: {event}\n\n")));
        let mut chunks = read_packets(packets, 1_000).chunks;
        // What the end of all is, is said once.
        chunks.retain(|chunk| !matches!(chunk, ModelChunk::Stop(_)));
        chunks
    }

    #[test]
    fn an_event_says_the_same_whatever_came_before_it() {
        let events = [
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"\u00e9\""},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":null},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":1,"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a","reasoning":"b"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a","refusal":"b"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null},{"index":1}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":7}}"#,
        ];
        for first in events {
            for second in events {
                let [one, other] = [first, second].map(|event| said(&[event]));
                assert_eq!(said(&[first, second, second]), [one, other.clone(), other].concat(), "{first} {second}");
            }
        }
    }
}

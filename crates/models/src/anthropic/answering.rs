//! Reads one message of the Messages API.

use std::borrow::Cow;

use domain::model::{FaultKind, ModelFault, StopCause, Usage};
use serde_json::Value;

use super::event::{Block, Delta, Event, WireUsage, stop_cause};
use crate::reply::{Pieces, Progress, Wire, read_json};

/// What the end of a message depends on, and which call a piece belongs to.
#[derive(Default)]
pub(super) struct Answering {
    stop: Option<StopCause>,
    usage: Usage,
    calls: Vec<OpenCall>,
}

/// A tool call whose block has begun.
struct OpenCall {
    /// The block's index on the wire.
    block: Option<u64>,
    /// Which call it is of ours.
    index: usize,
    /// Arguments that came whole with the beginning, as some servers send them. Held until
    /// it is clear that they do not come in pieces as well.
    whole: Option<Value>,
}

impl Wire for Answering {
    fn take(&mut self, data: &[u8], pieces: &mut Pieces) -> Result<Progress, ModelFault> {
        let event: Event<'_> = read_json(data)
            .map_err(|error| pieces.misread("it sent something that is no event of the Messages API", &error))?;
        match &*event.kind {
            "message_start" => self.count(event.message.and_then(|message| message.usage), pieces),
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.begin(event.index, block, pieces)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = event.delta {
                    self.add(event.index, delta, pieces)?;
                }
            }
            "content_block_stop" => self.close(pieces)?,
            "message_delta" => {
                let reason = event.delta.and_then(|delta| delta.stop_reason);
                self.finish(reason, event.usage, pieces)?;
            }
            "message_stop" => {
                self.close(pieces)?;
                return Ok(Progress::Over);
            }
            "message" => {
                for block in event.content.into_iter().flatten() {
                    self.begin(None, block, pieces)?;
                    self.close(pieces)?;
                }
                self.finish(event.stop_reason, event.usage, pieces)?;
            }
            "error" => {
                let unsaid = || pieces.fault(FaultKind::ServerError, "it broke off with an error");
                return Err(event.error.map_or_else(unsaid, |error| pieces.told_fault(&error)));
            }
            // `ping`, and what was added since.
            _ => {}
        }
        Ok(if self.stop.is_some() { Progress::Whole } else { Progress::Open })
    }

    fn cause(&self) -> StopCause {
        self.stop.unwrap_or_else(|| stop_cause("end_turn", !self.calls.is_empty()))
    }
}

impl Answering {
    fn begin(&mut self, at: Option<u64>, block: Block<'_>, pieces: &mut Pieces) -> Result<(), ModelFault> {
        match &*block.kind {
            "text" => pieces.text(block.text.unwrap_or_default()),
            "thinking" => pieces.thinking(block.thinking.unwrap_or_default()),
            "tool_use" => {
                let Some(name) = block.name.filter(|name| !name.is_empty()) else {
                    return Err(pieces.fault(FaultKind::Malformed, "it calls a tool without naming one"));
                };
                let index = pieces.new_call()?;
                let is_filled = |input: &Value| !input.is_null() && input.as_object().is_none_or(|map| !map.is_empty());
                self.calls.push(OpenCall { block: at, index, whole: block.input.filter(is_filled) });
                pieces.call(index, Some(name.into_owned()), String::new())
            }
            // Thoughts we cannot read, and what the provider's own tools do.
            _ => Ok(()),
        }
    }

    fn add(&mut self, at: Option<u64>, delta: Delta<'_>, pieces: &mut Pieces) -> Result<(), ModelFault> {
        if let Some(text) = delta.text {
            pieces.text(text)?;
        }
        if let Some(text) = delta.thinking {
            pieces.thinking(text)?;
        }
        let Some(json) = delta.partial_json.filter(|json| !json.is_empty()) else {
            return Ok(());
        };
        match self.calls.iter_mut().rfind(|call| call.block == at) {
            Some(call) => {
                call.whole = None;
                pieces.call(call.index, None, json.into_owned())
            }
            None => Ok(()),
        }
    }

    /// A block is over: arguments that came whole are the arguments.
    fn close(&mut self, pieces: &mut Pieces) -> Result<(), ModelFault> {
        for call in &mut self.calls {
            if let Some(whole) = call.whole.take() {
                pieces.call(call.index, None, whole.to_string())?;
            }
        }
        Ok(())
    }

    fn finish(
        &mut self,
        reason: Option<Cow<'_, str>>,
        usage: Option<WireUsage>,
        pieces: &mut Pieces,
    ) -> Result<(), ModelFault> {
        self.close(pieces)?;
        self.count(usage, pieces);
        if let Some(reason) = reason {
            self.stop = Some(stop_cause(&reason, !self.calls.is_empty()));
        }
        Ok(())
    }

    fn count(&mut self, usage: Option<WireUsage>, pieces: &mut Pieces) {
        if let Some(usage) = usage {
            self.usage = usage.over(self.usage);
            pieces.usage(self.usage);
        }
    }
}

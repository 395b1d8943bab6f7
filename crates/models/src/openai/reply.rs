//! Reads one answer as it arrives.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::model::{FaultKind, ModelChunk, ModelFault, StopCause};
use futures::stream;
use outbound::Response;
use ports::ModelStream;

use super::chunk::{CallPiece, Choice, Chunk, Delta, stop_cause};
use super::fault::{self, Provider};
use crate::sse::Events;

/// What an answer may cost in time and memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplyBounds {
    /// Silence before the first piece.
    pub(super) first_byte_timeout: Duration,
    /// Silence between pieces.
    pub(super) chunk_timeout: Duration,
    /// Text, reasoning and arguments together.
    pub(super) bytes_max: usize,
}

/// No provider's event comes near this; one that is larger is an attack or a defect.
const EVENT_BYTES_MAX: usize = 1 << 20;
const CALLS_MAX: usize = 128;
/// Once the answer is whole only usage and the end mark can follow; they are worth no more
/// waiting than this.
const TRAILER_TIMEOUT: Duration = Duration::from_secs(5);

/// The pieces of a streamed answer.
pub(super) fn streamed(provider: Arc<Provider>, mut response: Response, bounds: ReplyBounds) -> ModelStream {
    response.set_idle_timeout(bounds.first_byte_timeout);
    let reading = Box::new(Reading {
        response: Some(response),
        events: Events::new(EVENT_BYTES_MAX),
        assembly: Assembly::new(provider, bounds.bytes_max),
        chunk_timeout: bounds.chunk_timeout,
    });
    Box::pin(stream::unfold(reading, async |mut reading| {
        let next = reading.next().await?;
        Some((next, reading))
    }))
}

/// The pieces of an answer that came as one JSON document, as some servers do whatever
/// they are asked.
pub(super) fn whole(provider: Arc<Provider>, body: &[u8], bounds: ReplyBounds) -> Result<ModelStream, ModelFault> {
    let mut assembly = Assembly::new(provider, bounds.bytes_max);
    assembly.take(body)?;
    if assembly.stop.is_none() {
        return Err(assembly.provider.fault(FaultKind::Malformed, "its answer holds no finished choice"));
    }
    assembly.end();
    Ok(Box::pin(stream::iter(assembly.ready.into_iter().map(Ok))))
}

struct Reading {
    /// `None` once the answer is over, for better or worse.
    response: Option<Response>,
    events: Events,
    assembly: Assembly,
    chunk_timeout: Duration,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<ModelChunk, ModelFault>> {
        loop {
            if let Some(chunk) = self.assembly.ready.pop_front() {
                return Some(Ok(chunk));
            }
            let response = self.response.as_mut()?;
            let packet = match response.chunk().await {
                Ok(packet) => packet,
                // The answer was whole; what is missing is only the end mark.
                Err(_) if self.assembly.stop.is_some() => {
                    self.response = None;
                    self.assembly.end();
                    continue;
                }
                Err(error) => {
                    self.response = None;
                    return Some(Err(fault::of_transport(&self.assembly.provider, &error)));
                }
            };
            let is_end = packet.is_none();
            match packet {
                Some(packet) => self.events.feed(packet),
                None => self.events.feed_end(),
            }
            match self.read_events() {
                Err(fault) => {
                    self.response = None;
                    return Some(Err(fault));
                }
                Ok(false) if is_end => {
                    self.response = None;
                    if self.assembly.stop.is_none() {
                        return Some(Err(self
                            .assembly
                            .provider
                            .fault(FaultKind::Cut, "its answer ended in the middle")));
                    }
                    self.assembly.end();
                }
                Ok(false) => self.expect_more(),
                Ok(true) => {
                    if let Some(response) = self.response.take() {
                        response.finish();
                    }
                    self.assembly.end();
                }
            }
        }
    }

    /// Reads what has come; says whether the end mark was among it.
    fn read_events(&mut self) -> Result<bool, ModelFault> {
        loop {
            match self.events.next_data() {
                Ok(None) => return Ok(false),
                Ok(Some(data)) if data.trim_ascii() == b"[DONE]" => return Ok(true),
                Ok(Some(data)) => self.assembly.take(data)?,
                Err(_) => {
                    let wrong = format!("it sent an event of more than {EVENT_BYTES_MAX} bytes");
                    return Err(self.assembly.provider.fault(FaultKind::TooLarge, &wrong));
                }
            }
        }
    }

    fn expect_more(&mut self) {
        let timeout = match self.assembly.stop {
            None => self.chunk_timeout,
            Some(_) => self.chunk_timeout.min(TRAILER_TIMEOUT),
        };
        if let Some(response) = &mut self.response {
            response.set_idle_timeout(timeout);
        }
    }
}

/// Turns the wire's chunks into ours, and remembers what the end depends on.
struct Assembly {
    provider: Arc<Provider>,
    ready: VecDeque<ModelChunk>,
    stop: Option<StopCause>,
    refused: bool,
    /// The wire's index or id of each call, in our order.
    calls: Vec<WireCall>,
    bytes_left: usize,
    bytes_max: usize,
}

struct WireCall {
    index: Option<u64>,
    id: Option<String>,
    is_named: bool,
}

impl Assembly {
    fn new(provider: Arc<Provider>, bytes_max: usize) -> Self {
        Self {
            provider,
            ready: VecDeque::new(),
            stop: None,
            refused: false,
            calls: Vec::new(),
            bytes_left: bytes_max,
            bytes_max,
        }
    }

    fn take(&mut self, data: &[u8]) -> Result<(), ModelFault> {
        let chunk: Chunk<'_> = serde_json::from_slice(data).map_err(|error| {
            let wrong = format!("it sent something that is no chat completion ({error})");
            self.provider.fault(FaultKind::Malformed, &wrong)
        })?;
        if let Some(error) = &chunk.error {
            return Err(fault::within_reply(&self.provider, error));
        }
        for choice in chunk.choices.into_iter().flatten() {
            // We ask for one answer; others, if sent, are not ours.
            if choice.index.unwrap_or(0) == 0 {
                self.take_choice(choice)?;
            }
        }
        if let Some(usage) = chunk.usage {
            self.ready.push_back(ModelChunk::Usage(usage.into()));
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: Choice<'_>) -> Result<(), ModelFault> {
        if let Some(delta) = choice.delta.or(choice.message) {
            self.take_delta(delta)?;
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("error") => return Err(self.provider.fault(FaultKind::ServerError, "its answer ended with an error")),
            Some(reason) => self.stop = Some(stop_cause(reason, !self.calls.is_empty())),
        }
        Ok(())
    }

    fn take_delta(&mut self, delta: Delta<'_>) -> Result<(), ModelFault> {
        let filled = |text: &Cow<'_, str>| !text.is_empty();
        if let Some(text) = delta.reasoning_content.or(delta.reasoning).filter(filled) {
            self.count(text.len())?;
            self.ready.push_back(ModelChunk::Thinking(text.into_owned()));
        }
        if let Some(text) = delta.content.filter(filled) {
            self.count(text.len())?;
            self.ready.push_back(ModelChunk::Text(text.into_owned()));
        }
        if let Some(text) = delta.refusal.filter(filled) {
            self.refused = true;
            self.count(text.len())?;
            self.ready.push_back(ModelChunk::Text(text.into_owned()));
        }
        for (place, piece) in delta.tool_calls.into_iter().flatten().enumerate() {
            self.take_call(piece, place)?;
        }
        Ok(())
    }

    fn take_call(&mut self, piece: CallPiece<'_>, place: usize) -> Result<(), ModelFault> {
        let index = self.place_of(&piece, place)?;
        let (name, arguments) = match piece.function {
            Some(function) => (function.name, function.arguments),
            None => (None, None),
        };
        // Some servers repeat the name with every piece.
        let name = name.filter(|name| !name.is_empty() && !self.calls[index].is_named);
        self.calls[index].is_named |= name.is_some();
        let arguments = arguments.unwrap_or_default();
        self.count(arguments.len() + name.as_ref().map_or(0, |name| name.len()))?;
        self.ready.push_back(ModelChunk::ToolCall {
            index,
            name: name.map(Cow::into_owned),
            arguments: arguments.into_owned(),
        });
        Ok(())
    }

    /// Which of our calls a piece belongs to: the one with its index; without an index, a
    /// new one if it brings an id of its own, else the last.
    fn place_of(&mut self, piece: &CallPiece<'_>, place: usize) -> Result<usize, ModelFault> {
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
        if self.calls.len() == CALLS_MAX {
            let wrong = format!("it asks for more than {CALLS_MAX} tool calls at once");
            return Err(self.provider.fault(FaultKind::TooLarge, &wrong));
        }
        self.calls.push(WireCall { index: piece.index, id: id.map(str::to_owned), is_named: false });
        Ok(self.calls.len() - 1)
    }

    /// Says that the answer is whole.
    fn end(&mut self) {
        let natural = || stop_cause("stop", !self.calls.is_empty());
        let cause = match self.stop {
            _ if self.refused => StopCause::Refusal,
            Some(cause) => cause,
            None => natural(),
        };
        self.ready.push_back(ModelChunk::Stop(cause));
    }

    fn count(&mut self, bytes: usize) -> Result<(), ModelFault> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => {
                let wrong = format!("its answer is larger than {} bytes", self.bytes_max);
                Err(self.provider.fault(FaultKind::TooLarge, &wrong))
            }
        }
    }
}

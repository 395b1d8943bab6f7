//! Reads one answer as it arrives, whatever wire it speaks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::model::{FaultKind, ModelChunk, ModelFault, StopCause, Usage};
use futures::stream;
use outbound::Response;
use ports::ModelStream;

use crate::fault::{self, Provider};
use crate::sse::Events;

/// Understands the events of one wire. Made for one answer, and remembers what the
/// answer's end depends on.
pub(crate) trait Wire: Send + 'static {
    /// Takes the data of one event, or an answer that came as one document.
    fn take(&mut self, data: &[u8], pieces: &mut Pieces) -> Result<Progress, ModelFault>;

    /// Why the model stopped; asked once, at the answer's end.
    fn cause(&self) -> StopCause;
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More of it will follow.
    Open,
    /// Its content is whole; only usage and the end mark can follow.
    Whole,
    /// Nothing follows.
    Over,
}

/// What an answer may cost in time and memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyBounds {
    /// Silence before the first piece.
    pub(crate) first_byte_timeout: Duration,
    /// Silence between pieces.
    pub(crate) chunk_timeout: Duration,
    /// Text, reasoning and arguments together.
    pub(crate) bytes_max: usize,
}

/// No provider's event comes near this; one that is larger is an attack or a defect.
const EVENT_BYTES_MAX: usize = 1 << 20;
const CALLS_MAX: usize = 128;
/// No call has more: a count above is a slip of the provider, and sums of it would be no
/// numbers that a client can read.
const TOKENS_MAX: u64 = u32::MAX as u64;
/// Once the answer is whole only usage and the end mark can follow; they are worth no more
/// waiting than this.
const TRAILER_TIMEOUT: Duration = Duration::from_secs(5);

/// The pieces of a streamed answer.
pub(crate) fn streamed(
    provider: Arc<Provider>,
    wire: impl Wire,
    mut response: Response,
    bounds: ReplyBounds,
) -> ModelStream {
    response.set_idle_timeout(bounds.first_byte_timeout);
    let reading = Box::new(Reading {
        response: Some(response),
        events: Events::new(EVENT_BYTES_MAX),
        wire,
        pieces: Pieces::new(provider, bounds.bytes_max),
        is_whole: false,
        chunk_timeout: bounds.chunk_timeout,
    });
    Box::pin(stream::unfold(reading, async |mut reading| {
        let next = reading.next().await?;
        Some((next, reading))
    }))
}

/// The pieces of an answer that came as one JSON document, as some servers do whatever
/// they are asked.
pub(crate) fn whole(
    provider: Arc<Provider>,
    mut wire: impl Wire,
    body: &[u8],
    bounds: ReplyBounds,
) -> Result<ModelStream, ModelFault> {
    let mut pieces = Pieces::new(provider, bounds.bytes_max);
    if wire.take(body, &mut pieces)? != Progress::Whole {
        return Err(pieces.fault(FaultKind::Malformed, "its answer holds no finished reply"));
    }
    pieces.stop(wire.cause());
    Ok(Box::pin(stream::iter(pieces.ready.into_iter().map(Ok))))
}

struct Reading<W> {
    /// `None` once the answer is over, for better or worse.
    response: Option<Response>,
    events: Events,
    wire: W,
    pieces: Pieces,
    is_whole: bool,
    chunk_timeout: Duration,
}

impl<W: Wire> Reading<W> {
    async fn next(&mut self) -> Option<Result<ModelChunk, ModelFault>> {
        loop {
            if let Some(chunk) = self.pieces.ready.pop_front() {
                return Some(Ok(chunk));
            }
            let packet = self.response.as_mut()?.chunk().await;
            if let Err(fault) = self.take_packet(packet) {
                self.response = None;
                self.pieces.ready.clear();
                return Some(Err(fault));
            }
        }
    }

    fn take_packet(&mut self, packet: Result<Option<bytes::Bytes>, outbound::OutboundError>) -> Result<(), ModelFault> {
        let packet = match packet {
            Ok(packet) => packet,
            // The answer was whole; what is missing is only the end mark.
            Err(_) if self.is_whole => {
                self.end();
                return Ok(());
            }
            Err(error) => return Err(self.pieces.transport_fault(&error)),
        };
        let is_end = packet.is_none();
        match packet {
            Some(packet) => self.events.feed(packet),
            None => self.events.feed_end(),
        }
        if self.read_events()? {
            if let Some(response) = self.response.take() {
                response.finish();
            }
            self.end();
        } else if is_end && self.is_whole {
            self.end();
        } else if is_end {
            return Err(self.pieces.fault(FaultKind::Cut, "its answer ended in the middle"));
        } else {
            self.expect_more();
        }
        Ok(())
    }

    /// Reads what has come; says whether the end mark was among it.
    fn read_events(&mut self) -> Result<bool, ModelFault> {
        loop {
            let data = match self.events.next_data() {
                Ok(None) => return Ok(false),
                Ok(Some(data)) => data,
                Err(_) => {
                    let wrong = format!("it sent an event of more than {EVENT_BYTES_MAX} bytes");
                    return Err(self.pieces.fault(FaultKind::TooLarge, &wrong));
                }
            };
            match self.wire.take(data, &mut self.pieces)? {
                Progress::Open => {}
                Progress::Whole => self.is_whole = true,
                Progress::Over => return Ok(true),
            }
        }
    }

    fn end(&mut self) {
        self.response = None;
        self.pieces.stop(self.wire.cause());
    }

    fn expect_more(&mut self) {
        let timeout = match self.is_whole {
            false => self.chunk_timeout,
            true => self.chunk_timeout.min(TRAILER_TIMEOUT),
        };
        if let Some(response) = &mut self.response {
            response.set_idle_timeout(timeout);
        }
    }
}

/// What has been understood of an answer, ready to be handed out, and bounded.
pub(crate) struct Pieces {
    provider: Arc<Provider>,
    ready: VecDeque<ModelChunk>,
    calls: usize,
    bytes_left: usize,
    bytes_max: usize,
}

impl Pieces {
    fn new(provider: Arc<Provider>, bytes_max: usize) -> Self {
        Self { provider, ready: VecDeque::new(), calls: 0, bytes_left: bytes_max, bytes_max }
    }

    /// More text; nothing if it is empty.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> Result<(), ModelFault> {
        let text = text.into();
        self.count(text.len())?;
        if !text.is_empty() {
            self.ready.push_back(ModelChunk::Text(text));
        }
        Ok(())
    }

    /// More reasoning; nothing if it is empty.
    pub(crate) fn thinking(&mut self, text: impl Into<String>) -> Result<(), ModelFault> {
        let text = text.into();
        self.count(text.len())?;
        if !text.is_empty() {
            self.ready.push_back(ModelChunk::Thinking(text));
        }
        Ok(())
    }

    /// A place for one more call, named by its index.
    pub(crate) fn new_call(&mut self) -> Result<usize, ModelFault> {
        if self.calls == CALLS_MAX {
            let wrong = format!("it asks for more than {CALLS_MAX} tool calls at once");
            return Err(self.fault(FaultKind::TooLarge, &wrong));
        }
        self.calls += 1;
        Ok(self.calls - 1)
    }

    /// More of a call; its name comes with the first piece.
    pub(crate) fn call(&mut self, index: usize, name: Option<String>, arguments: String) -> Result<(), ModelFault> {
        self.count(arguments.len() + name.as_ref().map_or(0, String::len))?;
        self.ready.push_back(ModelChunk::ToolCall { index, name, arguments });
        Ok(())
    }

    /// Tokens counted so far.
    pub(crate) fn usage(&mut self, usage: Usage) {
        let bounded = Usage {
            input_tokens: usage.input_tokens.min(TOKENS_MAX),
            output_tokens: usage.output_tokens.min(TOKENS_MAX),
            cache_read_input_tokens: usage.cache_read_input_tokens.min(TOKENS_MAX),
            cache_creation_input_tokens: usage.cache_creation_input_tokens.min(TOKENS_MAX),
        };
        self.ready.push_back(ModelChunk::Usage(bounded));
    }

    /// A fault of this provider in our own words.
    pub(crate) fn fault(&self, kind: FaultKind, wrong: &str) -> ModelFault {
        self.provider.fault(kind, wrong)
    }

    /// The fault that the provider itself names within its answer.
    pub(crate) fn told_fault(&self, error: &fault::ToldError<'_>) -> ModelFault {
        fault::within_reply(&self.provider, error)
    }

    fn transport_fault(&self, error: &outbound::OutboundError) -> ModelFault {
        fault::of_transport(&self.provider, error)
    }

    /// Says that the answer is whole.
    fn stop(&mut self, cause: StopCause) {
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

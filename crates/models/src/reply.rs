//! Reads one answer as it arrives, whatever wire it speaks.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use domain::model::{FaultKind, ModelChunk, ModelFault, StopCause, Usage};
use futures::{Stream, stream};
use outbound::Response;
use ports::ModelStream;
use serde::Deserialize;

use crate::fault::{self, Provider};
use crate::sse::Events;

/// Understands the events of one wire. Made for one answer, and remembers what the
/// answer's end depends on.
pub(crate) trait Wire: Send + Unpin + 'static {
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

/// Reads the data of an event. That all of it is UTF-8 is found out sooner than of text after
/// text; what is not is left to the parser, which says where.
pub(crate) fn read_json<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T, serde_json::Error> {
    match str::from_utf8(data) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(data),
    }
}

/// The pieces of a streamed answer.
pub(crate) fn streamed(
    provider: Arc<Provider>,
    wire: impl Wire,
    mut response: Response,
    bounds: ReplyBounds,
) -> ModelStream {
    response.set_idle_timeout(bounds.first_byte_timeout);
    let answer = Answer::new(provider, wire, bounds.bytes_max);
    let reading = Reading { response: Some(response), answer, chunk_timeout: bounds.chunk_timeout };
    Box::pin(reading)
}

/// The pieces of an answer that came as one JSON document, as some servers do whatever
/// they are asked.
pub(crate) fn whole(
    provider: Arc<Provider>,
    wire: impl Wire,
    body: &[u8],
    bounds: ReplyBounds,
) -> Result<ModelStream, ModelFault> {
    let mut answer = Answer::new(provider, wire, bounds.bytes_max);
    answer.take_document(body)?;
    Ok(Box::pin(stream::iter(answer.pieces.ready.into_iter().map(Ok))))
}

/// An answer that has arrived: everything that was understood of it, and the fault that it
/// ended with, if it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// The pieces, in order.
    pub chunks: Vec<ModelChunk>,
    /// Why there are no more of them.
    pub fault: Option<ModelFault>,
}

/// Reads an answer that came in these packets, and then ended.
pub(crate) fn read_packets(wire: impl Wire, packets: impl IntoIterator<Item = Bytes>, bytes_max: usize) -> Arrived {
    let mut answer = Answer::new(nobody(), wire, bytes_max);
    let mut chunks = Vec::new();
    for packet in packets.into_iter().map(Some).chain([None]) {
        match answer.take(packet) {
            Ok(Progress::Over) => {
                chunks.extend(answer.pieces.ready);
                return Arrived { chunks, fault: None };
            }
            Ok(_) => chunks.extend(answer.pieces.ready.drain(..)),
            Err(fault) => return Arrived { chunks, fault: Some(fault) },
        }
    }
    Arrived { chunks, fault: None }
}

/// Reads an answer that came as one document.
pub(crate) fn read_document(wire: impl Wire, body: &[u8], bytes_max: usize) -> Arrived {
    let mut answer = Answer::new(nobody(), wire, bytes_max);
    match answer.take_document(body) {
        Ok(()) => Arrived { chunks: answer.pieces.ready.into(), fault: None },
        Err(fault) => Arrived { chunks: Vec::new(), fault: Some(fault) },
    }
}

/// Whom to name in a fault when nobody was asked.
fn nobody() -> Arc<Provider> {
    Arc::new(Provider { name: "nobody".to_owned(), key: None })
}

/// An answer on its way here.
struct Reading<W> {
    /// `None` once the answer is over, for better or worse.
    response: Option<Response>,
    answer: Answer<W>,
    chunk_timeout: Duration,
}

impl<W: Wire> Stream for Reading<W> {
    type Item = Result<ModelChunk, ModelFault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(chunk) = self.answer.pieces.ready.pop_front() {
                return Poll::Ready(Some(Ok(chunk)));
            }
            let Some(response) = &mut self.response else { return Poll::Ready(None) };
            let packet = ready!(response.poll_chunk(cx));
            if let Err(fault) = self.take_packet(packet) {
                self.response = None;
                self.answer.pieces.ready.clear();
                return Poll::Ready(Some(Err(fault)));
            }
        }
    }
}

impl<W: Wire> Reading<W> {
    fn take_packet(&mut self, packet: Result<Option<Bytes>, outbound::OutboundError>) -> Result<(), ModelFault> {
        let packet = match packet {
            Ok(packet) => packet,
            // What is missing is only the end mark.
            Err(_) if self.answer.is_whole => None,
            Err(error) => return Err(self.answer.pieces.transport_fault(&error)),
        };
        let is_end = packet.is_none();
        if self.answer.take(packet)? != Progress::Over {
            self.expect_more();
            return Ok(());
        }
        if let Some(response) = self.response.take().filter(|_| !is_end) {
            response.finish();
        }
        Ok(())
    }

    fn expect_more(&mut self) {
        let timeout = match self.answer.is_whole {
            false => self.chunk_timeout,
            true => self.chunk_timeout.min(TRAILER_TIMEOUT),
        };
        if let Some(response) = &mut self.response {
            response.set_idle_timeout(timeout);
        }
    }
}

/// Makes pieces of what arrives, however it does.
struct Answer<W> {
    events: Events,
    wire: W,
    pieces: Pieces,
    is_whole: bool,
}

impl<W: Wire> Answer<W> {
    fn new(provider: Arc<Provider>, wire: W, bytes_max: usize) -> Self {
        let pieces = Pieces::new(provider, bytes_max);
        Self { events: Events::new(EVENT_BYTES_MAX), wire, pieces, is_whole: false }
    }

    /// Takes the next packet; `None` is the end of all.
    fn take(&mut self, packet: Option<Bytes>) -> Result<Progress, ModelFault> {
        let is_end = packet.is_none();
        match packet {
            Some(packet) => self.events.feed(packet),
            None => self.events.feed_end(),
        }
        let has_end_mark = match self.read_events() {
            // The answer was whole; what was cut is at most the count of its tokens.
            Err(_) if is_end && self.is_whole => true,
            read => read?,
        };
        if has_end_mark || (is_end && self.is_whole) {
            self.pieces.stop(self.wire.cause());
            return Ok(Progress::Over);
        }
        match is_end {
            true => Err(self.pieces.fault(FaultKind::Cut, "its answer ended in the middle")),
            false if self.is_whole => Ok(Progress::Whole),
            false => Ok(Progress::Open),
        }
    }

    /// Takes all of an answer that is one document.
    fn take_document(&mut self, body: &[u8]) -> Result<(), ModelFault> {
        if self.wire.take(body, &mut self.pieces)? != Progress::Whole {
            return Err(self.pieces.fault(FaultKind::Malformed, "its answer holds no finished reply"));
        }
        self.pieces.stop(self.wire.cause());
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

    /// The fault that something cannot be read.
    pub(crate) fn misread(&self, wrong: &str, error: &serde_json::Error) -> ModelFault {
        self.provider.misread(wrong, error)
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

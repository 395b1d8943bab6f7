//! The replies a script is made of.

use std::sync::Arc;
use std::time::Duration;

use domain::model::{FaultKind, ModelChunk, ModelFault, StopCause, Usage};
use futures::StreamExt;
use futures::stream;
use ports::ModelStream;
use serde_json::Value;
use tokio::sync::Semaphore;

/// One reply of a script. Made by [`says`], [`calls`], [`fails`] and their kin, and
/// lengthened by its own methods.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Played in order before the end.
    moves: Vec<Move>,
    calls: usize,
    usage: Option<Usage>,
    end: End,
    pace: Duration,
    /// Instead of an answer: the request itself fails.
    refusal: Option<ModelFault>,
}

#[derive(Debug, Clone)]
enum Move {
    Chunk(ModelChunk),
    Wait(Gate),
    Fault(ModelFault),
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// `ToolUse` if tools were called, else `EndTurn`.
    Natural,
    Stop(StopCause),
    /// The stream ends in the middle, as a lost connection does.
    Cut,
    /// Nothing more comes, and the stream does not end.
    Hang,
}

/// Says this text, word by word.
pub fn says(text: &str) -> Reply {
    Reply::new().then_says(text)
}

/// Calls a tool with these arguments.
pub fn calls(tool: &str, arguments: Value) -> Reply {
    Reply::new().then_calls(tool, arguments)
}

/// Calls a tool with this text for arguments, valid JSON or not.
pub fn calls_raw(tool: &str, arguments: &str) -> Reply {
    Reply::new().then_calls_raw(tool, arguments)
}

/// Reasons aloud; usually lengthened by [`Reply::then_says`].
pub fn thinks(text: &str) -> Reply {
    let mut reply = Reply::new();
    reply.moves.push(Move::Chunk(ModelChunk::Thinking(text.to_owned())));
    reply
}

/// Refuses the request with this fault.
pub fn fails(kind: FaultKind, message: &str) -> Reply {
    Reply { refusal: Some(ModelFault::new(kind, message)), ..Reply::new() }
}

/// Says this text and then nothing more, for ever; a deadline has to end it.
pub fn hangs(text: &str) -> Reply {
    Reply { end: End::Hang, ..says(text) }
}

/// The same reply, with this pause before each piece.
pub fn slow(pause: Duration, reply: Reply) -> Reply {
    Reply { pace: pause, ..reply }
}

impl Reply {
    pub(super) fn new() -> Self {
        Self { moves: Vec::new(), calls: 0, usage: None, end: End::Natural, pace: Duration::ZERO, refusal: None }
    }

    /// Then says this, word by word.
    #[must_use]
    pub fn then_says(mut self, text: &str) -> Self {
        let words = text.split_inclusive(char::is_whitespace);
        let chunks = words.map(|word| Move::Chunk(ModelChunk::Text(word.to_owned())));
        self.moves.extend(chunks);
        self
    }

    /// Then calls a tool; several calls of one reply run side by side.
    #[must_use]
    pub fn then_calls(self, tool: &str, arguments: Value) -> Self {
        self.then_calls_raw(tool, &arguments.to_string())
    }

    /// Then calls a tool with this text for arguments, valid JSON or not.
    #[must_use]
    pub fn then_calls_raw(mut self, tool: &str, arguments: &str) -> Self {
        self.moves.push(Move::Chunk(ModelChunk::ToolCall {
            index: self.calls,
            name: Some(tool.to_owned()),
            arguments: arguments.to_owned(),
        }));
        self.calls += 1;
        self
    }

    /// Then holds until the test opens the gate.
    #[must_use]
    pub fn then_waits(mut self, gate: &Gate) -> Self {
        self.moves.push(Move::Wait(gate.clone()));
        self
    }

    /// Then fails.
    #[must_use]
    pub fn then_fails(mut self, kind: FaultKind, message: &str) -> Self {
        self.moves.push(Move::Fault(ModelFault::new(kind, message)));
        self
    }

    /// Then ends without saying that it is over, as a lost connection does.
    #[must_use]
    pub fn then_cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Ends for this reason instead of the natural one.
    #[must_use]
    pub fn stops(mut self, cause: StopCause) -> Self {
        self.end = End::Stop(cause);
        self
    }

    /// Reports these tokens before it ends.
    #[must_use]
    pub fn usage(mut self, input_tokens: u64, output_tokens: u64) -> Self {
        self.usage = Some(Usage { input_tokens, output_tokens, ..Usage::default() });
        self
    }

    /// Asks to be left alone for this long; only for a reply made by [`fails`].
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Some(fault) = &mut self.refusal {
            fault.retry_after = Some(wait);
        }
        self
    }

    /// Bytes of text and arguments in this reply.
    pub(super) fn text_len(&self) -> usize {
        let lengths = self.moves.iter().map(|next| match next {
            Move::Chunk(ModelChunk::Text(text) | ModelChunk::Thinking(text)) => text.len(),
            Move::Chunk(ModelChunk::ToolCall { arguments, .. }) => arguments.len(),
            Move::Chunk(ModelChunk::Usage(_) | ModelChunk::Stop(_)) | Move::Wait(_) | Move::Fault(_) => 0,
        });
        lengths.sum()
    }

    /// Plays the reply.
    pub(super) async fn start(self) -> Result<ModelStream, ModelFault> {
        if let Some(fault) = self.refusal {
            tokio::time::sleep(self.pace).await;
            return Err(fault);
        }
        let mut moves = self.moves;
        moves.extend(self.usage.map(|usage| Move::Chunk(ModelChunk::Usage(usage))));
        let stop = match self.end {
            End::Natural if self.calls > 0 => Some(StopCause::ToolUse),
            End::Natural => Some(StopCause::EndTurn),
            End::Stop(cause) => Some(cause),
            End::Cut | End::Hang => None,
        };
        moves.extend(stop.map(|cause| Move::Chunk(ModelChunk::Stop(cause))));

        let pace = self.pace;
        let played = stream::iter(moves).then(move |next| async move {
            if !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            match next {
                Move::Chunk(chunk) => Some(Ok(chunk)),
                Move::Fault(fault) => Some(Err(fault)),
                Move::Wait(gate) => {
                    gate.pass().await;
                    None
                }
            }
        });
        let played = played.filter_map(std::future::ready);
        Ok(match self.end {
            End::Hang => played.chain(stream::pending()).boxed(),
            _ => played.boxed(),
        })
    }
}

/// Holds replies until a test opens it. Stays open.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets everything pass, now and later.
    pub fn open(&self) {
        self.0.close();
    }

    /// Waits until the gate is open.
    pub async fn pass(&self) {
        // There never is a permit: the only way on is the closed semaphore's error.
        let _closed = self.0.acquire().await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

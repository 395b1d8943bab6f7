//! The model that plays the stories.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::model::{FaultKind, Message, ModelChunk, ModelFault, ModelInfo, ModelRequest, StopCause, Usage, text_of};
use futures::StreamExt;
use futures::stream;
use ports::{Model, ModelStream};

use crate::clock::DemoClock;
use crate::script::{End, Turn};
use crate::stories;

/// The one model it offers.
const NAME: &str = "large";

/// Between two words.
const PACE: Duration = Duration::from_millis(45);

/// The same where a reply goes on in the present: slow enough that somebody finds it under way.
const SLOW_PACE: Duration = Duration::from_millis(320);

/// Before the first.
const FIRST_WORD: Duration = Duration::from_millis(900);

/// Tokens that each call reads besides what was said: what an agent of some size is told.
const TOLD_TOKENS: u64 = 1_200;

/// Tokens that are read again with each further call of a run, from the provider's cache.
const CACHED_TOKENS: u64 = 1_150;

pub(crate) struct Storyteller {
    clock: Arc<DemoClock>,
}

/// A piece of a reply.
enum Piece {
    Time(Duration),
    Chunk(ModelChunk),
    Hold,
    Fault(ModelFault),
}

impl Storyteller {
    pub(crate) fn new(clock: Arc<DemoClock>) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl Model for Storyteller {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        if request.model != NAME {
            let message = format!("the demo offers one model, `{NAME}`; there is no `{}`", request.model);
            return Err(ModelFault::new(FaultKind::Unavailable, message));
        }
        let asked = Asked::of(&request);
        let turn = stories::answer(&asked.text, asked.turn);
        let pieces = pieces(&asked, turn, self.clock.is_going());
        let clock = Arc::clone(&self.clock);
        let played = stream::iter(pieces).then(move |piece| {
            let clock = Arc::clone(&clock);
            async move { play(&clock, piece).await }
        });
        Ok(played.filter_map(std::future::ready).boxed())
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        Ok(vec![ModelInfo { model: NAME.to_owned(), context_tokens: Some(200_000), output_tokens: Some(32_000) }])
    }

    fn context_tokens(&self, _model: &str) -> Option<u32> {
        Some(200_000)
    }
}

async fn play(clock: &DemoClock, piece: Piece) -> Option<Result<ModelChunk, ModelFault>> {
    match piece {
        Piece::Time(time) => clock.pass(time).await,
        Piece::Hold => clock.hold().await,
        Piece::Chunk(chunk) => return Some(Ok(chunk)),
        Piece::Fault(fault) => return Some(Err(fault)),
    }
    None
}

/// What a request asks, as far as stories depend on it.
struct Asked {
    /// What was said last by whoever uses the agent.
    text: String,
    /// How often the model has answered it already.
    turn: usize,
    /// Tokens of the whole conversation.
    tokens: u64,
}

impl Asked {
    fn of(request: &ModelRequest) -> Self {
        let said = request.messages.iter().rposition(|message| matches!(**message, Message::User { .. }));
        let text = said.and_then(|at| match &*request.messages[at] {
            Message::User { content } => Some(text_of(content)),
            _ => None,
        });
        let behind = &request.messages[said.map_or(0, |at| at + 1)..];
        let turn = behind.iter().filter(|message| matches!(***message, Message::Assistant { .. })).count();
        let bytes = |message: &Arc<Message>| match &**message {
            Message::User { content } => text_of(content).len(),
            Message::Assistant { text, .. } => text.len(),
            Message::Tool { content, .. } => content.len(),
        };
        let bytes: usize = request.messages.iter().map(bytes).sum();
        Self { text: text.unwrap_or_default(), turn, tokens: bytes.div_ceil(4) as u64 }
    }

    /// The text of a story, with the number that was asked about.
    fn filled(&self, text: &str) -> String {
        let digits = |word: &&str| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.text.split(|c: char| !c.is_ascii_alphanumeric()).find(digits);
        text.replace("{n}", number.unwrap_or("48213"))
    }
}

/// How a text comes.
#[derive(Clone, Copy)]
enum Pace {
    /// Nobody looks on: whole, behind the time that its words would have taken.
    AtOnce,
    /// Word by word.
    Words(Duration),
}

impl Pace {
    fn parts(self, text: &str) -> Vec<(Piece, String)> {
        let many = |text: &str| u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX);
        match self {
            Pace::AtOnce if text.is_empty() => Vec::new(),
            Pace::AtOnce => vec![(Piece::Time(PACE.saturating_mul(many(text))), text.to_owned())],
            Pace::Words(pace) => {
                let words = text.split_inclusive(char::is_whitespace);
                words.map(|word| (Piece::Time(pace), word.to_owned())).collect()
            }
        }
    }
}

fn pieces(asked: &Asked, turn: &Turn, is_seen: bool) -> Vec<Piece> {
    let mut pieces = vec![Piece::Time(FIRST_WORD)];
    let mut written = 0;
    let mut write = |pieces: &mut Vec<Piece>, text: &str, pace: Pace, chunk: fn(String) -> ModelChunk| {
        written += text.len();
        pieces.extend(pace.parts(text).into_iter().flat_map(|(time, part)| [time, Piece::Chunk(chunk(part))]));
    };
    let pace = if is_seen { Pace::Words(PACE) } else { Pace::AtOnce };
    write(&mut pieces, &asked.filled(turn.thinks), pace, ModelChunk::Thinking);
    write(&mut pieces, &asked.filled(turn.says), pace, ModelChunk::Text);
    match turn.end {
        End::Natural => {}
        End::InThePresent(text) => {
            pieces.push(Piece::Hold);
            write(&mut pieces, &asked.filled(text), Pace::Words(SLOW_PACE), ModelChunk::Text);
        }
        End::Fails(kind, message) => {
            pieces.push(Piece::Fault(ModelFault::new(kind, message)));
            return pieces;
        }
    }
    for (index, (tool, arguments)) in turn.calls.iter().enumerate() {
        let arguments = asked.filled(arguments);
        written += arguments.len();
        pieces.push(Piece::Chunk(ModelChunk::ToolCall { index, name: Some((*tool).to_owned()), arguments }));
    }
    let stop = if turn.calls.is_empty() { StopCause::EndTurn } else { StopCause::ToolUse };
    let usage = Usage {
        input_tokens: TOLD_TOKENS + asked.tokens,
        output_tokens: written.div_ceil(4) as u64,
        cache_read_input_tokens: CACHED_TOKENS * asked.turn as u64,
        cache_creation_input_tokens: 0,
    };
    pieces.extend([Piece::Chunk(ModelChunk::Usage(usage)), Piece::Chunk(ModelChunk::Stop(stop))]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::model::Block;
    use futures::TryStreamExt;
    use ports::Clock;

    fn asking(text: &str) -> ModelRequest {
        let said = Message::User { content: vec![Block::text(text)] };
        ModelRequest { model: NAME.to_owned(), messages: vec![Arc::new(said)], ..ModelRequest::default() }
    }

    #[tokio::test]
    async fn a_story_takes_its_time_without_taking_ours() {
        let start = Timestamp::UNIX_EPOCH;
        let end = start.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let clock = Arc::new(DemoClock::standing(start, end));
        let model = Storyteller::new(Arc::clone(&clock));
        let chunks: Vec<ModelChunk> =
            model.stream(asking("Where is order 51234?")).await.unwrap().try_collect().await.unwrap();
        let calls =
            |chunk: &ModelChunk| matches!(chunk, ModelChunk::ToolCall { arguments, .. } if arguments.contains("51234"));
        assert!(chunks.iter().any(calls), "{chunks:?}");
        assert!(clock.now() > start);
    }

    #[tokio::test]
    async fn whoever_says_something_else_is_told_what_this_is() {
        let clock = Arc::new(DemoClock::standing(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        let stream = Storyteller::new(clock).stream(asking("What is the meaning of it all?")).await.unwrap();
        let chunks: Vec<ModelChunk> = stream.try_collect().await.unwrap();
        let says = |chunk: &ModelChunk| matches!(chunk, ModelChunk::Text(text) if text.contains("demo"));
        assert!(chunks.iter().any(says), "{chunks:?}");
    }
}

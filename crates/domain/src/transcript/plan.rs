//! A conversation that outgrows its model: what is left out, and in which order.
//!
//! First the oldest results of tools are shown shorter. When that is not enough, the oldest
//! messages give way to a summary. What the operator instructed, what the user said last, and
//! the last exchange stay as they are; of the last exchange, the results are shortened when
//! nothing else is left.

use std::ops::Range;

use super::chapter::{Entry, Kind};
use crate::model::{Block, Message, ToolCall, text_of};

/// How many tokens a model is taken to hold if nobody knows.
pub const DEFAULT_WINDOW_TOKENS: u32 = 128_000;

/// Results of tools up to this many bytes stay whole.
const RESULT_BYTES_WHOLE: usize = 2_000;

/// What is left of a longer one, at its beginning and at its end.
const RESULT_BYTES_LEFT: [usize; 2] = [1_000, 500];

/// Bytes of one message that a summary is made from.
const TOLD_BYTES_MAX: usize = 8_000;

/// Tokens of a summary, at least and at most.
const SUMMARY_TOKENS: [u64; 2] = [64, 1_024];

/// What there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Tokens the model can hold.
    pub window: u64,
    /// Of these, instructions and tools take so many,
    pub taken: u64,
    /// and so many are left for the answer.
    pub answer: u64,
    /// The size at which the model refused the conversation as too long, if it has.
    pub refused: Option<u64>,
}

impl Room {
    /// What the conversation may take.
    fn limit(self) -> u64 {
        let limit = self.window.saturating_sub(self.taken + self.answer);
        // The model can hold less than was thought, and nobody knows how much less.
        let proved_too_much = self.refused.map_or(u64::MAX, |refused| (refused / 2).saturating_sub(self.taken));
        limit.min(proved_too_much)
    }
}

/// What is to be done before the next model call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: there is room for the conversation.
    Fits,
    /// Results of tools that were logged before `until` are shown shorter.
    Shorten {
        /// A `seq`.
        until: u64,
    },
    /// This is taken out, and a summary put in its place.
    Summarize(Cut),
    /// It is too long, and there is nothing to leave out.
    Stuck,
}

/// What is taken out of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// From the message of this `seq` on,
    pub from: u64,
    /// to the one before this,
    pub kept_from: u64,
    /// but for these.
    pub kept: Vec<u64>,
    /// How many tokens the summary may have.
    pub summary_tokens: u32,
    /// How many tokens there are for making it, reasoning included.
    pub answer_tokens: u32,
    /// How many bytes of text it is made from, at most.
    pub told_bytes: usize,
}

impl Cut {
    fn takes(&self, entry: &Entry) -> bool {
        goes(entry, self.from..self.kept_from, &self.kept)
    }

    /// The summary as it is kept: at most what there is room for.
    pub fn bounded(&self, summary: &str) -> String {
        clipped(summary.trim(), [3 * self.summary_tokens as usize, 0])
    }
}

/// Whether a message goes when those of a range do, but for some. A summary stands where the
/// message before it stood, which may be one of those that stay; it never is.
pub(super) fn goes(entry: &Entry, range: Range<u64>, kept: &[u64]) -> bool {
    range.contains(&entry.seq) && (entry.kind == Kind::Summary || !kept.contains(&entry.seq))
}

/// Messages that stay or go together: a call and its results, or one message.
struct Unit<'a> {
    entries: Vec<&'a Entry>,
    /// Whether it always stays.
    stays: bool,
}

impl Unit<'_> {
    fn tokens(&self) -> u64 {
        self.entries.iter().map(|entry| entry.tokens).sum()
    }

    fn is_summary(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind == Kind::Summary)
    }

    fn told_bytes(&self, each_max: usize) -> usize {
        self.entries.iter().map(|entry| told(&entry.message, each_max).len()).sum()
    }
}

pub(super) fn plan<'a>(entries: impl Iterator<Item = &'a Entry>, room: Room) -> Plan {
    let entries: Vec<&Entry> = entries.collect();
    let total: u64 = entries.iter().map(|entry| entry.tokens).sum();
    let limit = room.limit();
    if total <= limit {
        return Plan::Fits;
    }
    // Well below the limit, so that not each of the next steps has to do it again.
    let target = limit / 10 * 6;
    let units = units(&entries);
    let (last, earlier) = units.split_last().map_or((None, &units[..]), |(last, earlier)| (Some(last), earlier));
    if let Some(until) = shorten(earlier, total, limit, target) {
        return Plan::Shorten { until };
    }
    if let Some(cut) = summarize(&units, total, limit, target) {
        let answer_tokens = u32::try_from(room.answer).unwrap_or(u32::MAX);
        return Plan::Summarize(Cut { answer_tokens, ..cut });
    }
    let long = |entry: &&Entry| shortened(&entry.message).is_some();
    match last.and_then(|last| last.entries.iter().copied().rfind(long)) {
        Some(longest) => Plan::Shorten { until: longest.seq + 1 },
        None => Plan::Stuck,
    }
}

fn units<'a>(entries: &[&'a Entry]) -> Vec<Unit<'a>> {
    let last_asked = entries.iter().rposition(|entry| entry.kind == Kind::Asked);
    let mut units: Vec<Unit<'a>> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let stays = entry.kind == Kind::Instructed || Some(index) == last_asked;
        match (&*entry.message, units.last_mut()) {
            (Message::Tool { .. }, Some(unit)) => unit.entries.push(entry),
            _ => units.push(Unit { entries: vec![entry], stays }),
        }
    }
    units
}

/// Up to where results are to be shortened, the oldest first, if that is enough.
fn shorten(units: &[Unit<'_>], total: u64, limit: u64, target: u64) -> Option<u64> {
    let mut left = total;
    let mut until = None;
    for entry in units.iter().flat_map(|unit| &unit.entries) {
        if left <= target {
            break;
        }
        let Some(short) = shortened(&entry.message) else { continue };
        left = left - entry.tokens + super::estimate::of_message(&short);
        // Results of calls side by side stand in the order of the calls, not of the log.
        until = until.max(Some(entry.seq + 1));
    }
    until.filter(|_| left <= limit)
}

/// What is to be summarized, the oldest first: enough to come to the target, and no more than
/// one summary can be made from.
fn summarize(units: &[Unit<'_>], total: u64, limit: u64, target: u64) -> Option<Cut> {
    let [least, most] = SUMMARY_TOKENS;
    let room_for_summary = (limit / 8).clamp(least, most);
    // No text is estimated at a token for each of its bytes.
    let told_bytes = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut freed, mut told, mut end) = (0, 0, 0);
    for (index, unit) in units.iter().enumerate().take(units.len().saturating_sub(1)) {
        if unit.stays {
            continue;
        }
        told += unit.told_bytes(told_bytes / 4);
        // A summary goes with what is before it, whose place it has.
        if end > 0 && told > told_bytes && !unit.is_summary() {
            break;
        }
        freed += unit.tokens();
        end = index + 1;
        if total - freed + room_for_summary <= target && !units[end].is_summary() {
            break;
        }
    }
    // A summary that is hardly shorter than what it stands for would be made again and again.
    let summary_tokens = room_for_summary.min(freed / 4);
    if summary_tokens < least || limit < 4 * least {
        return None;
    }
    let gone = || units[..end].iter().filter(|unit| !unit.stays).flat_map(|unit| &unit.entries);
    let kept_from = units[end].entries[0].seq;
    let from = gone().map(|entry| entry.seq).min()?;
    let stays = units[..end].iter().filter(|unit| unit.stays).flat_map(|unit| &unit.entries);
    let kept = stays.map(|entry| entry.seq).filter(|seq| (from..kept_from).contains(seq)).collect();
    let summary_tokens = u32::try_from(summary_tokens).unwrap_or(u32::MAX);
    Some(Cut { from, kept_from, kept, summary_tokens, answer_tokens: summary_tokens, told_bytes })
}

/// The first `seq` of what a cut leaves.
pub(super) fn first_left<'a>(entries: impl Iterator<Item = &'a Entry>, cut: &Cut) -> Option<u64> {
    entries.filter(|entry| !cut.takes(entry)).map(|entry| entry.seq).min()
}

/// What a cut takes out, as a text.
pub(super) fn telling<'a>(entries: impl Iterator<Item = &'a Entry>, cut: &Cut) -> String {
    let gone = entries.filter(|entry| cut.takes(entry));
    let lines: Vec<String> = gone.map(|entry| told(&entry.message, cut.told_bytes / 4)).collect();
    clipped(&lines.concat(), [cut.told_bytes / 2, cut.told_bytes / 2])
}

/// A message as a line of a text.
fn told(message: &Message, bytes_max: usize) -> String {
    let bytes = bytes_max.clamp(1, TOLD_BYTES_MAX);
    let short = |text: &str| clipped(text, [bytes / 3 * 2, bytes / 3]);
    match message {
        Message::User { content } => format!("User: {}{}\n", short(&text_of(content)), attachments(content)),
        Message::Assistant { text, tool_calls } => {
            let call = |ToolCall { name, arguments, .. }: &ToolCall| {
                format!("Assistant called {name} with {}\n", short(&arguments.to_string()))
            };
            let said = if text.is_empty() { String::new() } else { format!("Assistant: {}\n", short(text)) };
            let calls = tool_calls.iter().map(call);
            std::iter::once(said).chain(calls).collect()
        }
        Message::Tool { content, is_error, .. } => {
            let [begin, end] = RESULT_BYTES_LEFT;
            let result = clipped(content, [begin.min(bytes), end.min(bytes)]);
            let what = if *is_error { "The tool failed" } else { "The tool answered" };
            format!("{what}: {result}\n")
        }
    }
}

fn attachments(content: &[Block]) -> String {
    let name = |block: &Block| match block {
        Block::Text { .. } | Block::SearchResult { .. } => None,
        Block::Image { .. } => Some(" [a picture]".to_owned()),
        Block::Document { title, .. } => {
            Some(title.as_ref().map_or(" [a document]".to_owned(), |title| format!(" [the document {title:?}]")))
        }
    };
    content.iter().filter_map(name).collect()
}

/// A result as it is shown when there is little room; `None` if it stays as it is.
pub(super) fn shortened(message: &Message) -> Option<Message> {
    match message {
        Message::Tool { call_id, content, is_error } if content.len() > RESULT_BYTES_WHOLE => Some(Message::Tool {
            call_id: call_id.clone(),
            content: clipped(content, RESULT_BYTES_LEFT),
            is_error: *is_error,
        }),
        _ => None,
    }
}

/// The beginning and the end of a text, of so many bytes each, and between them how much was
/// left out.
fn clipped(text: &str, [begin, end]: [usize; 2]) -> String {
    if text.len() <= begin + end {
        return text.to_owned();
    }
    let begin = text.floor_char_boundary(begin);
    let end = text.ceil_char_boundary(text.len() - end);
    let left_out = text[begin..end].chars().count();
    format!("{}\n[… {left_out} characters left out …]\n{}", &text[..begin], &text[end..])
}

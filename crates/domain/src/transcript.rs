//! The conversation as a model reads it, folded from the log.
//!
//! The fold is fed event by event and kept between steps and runs; nothing is computed
//! twice and no message is copied. A conversation that outgrows its model is shortened by
//! [`plan`], which decides, and by the events that come of it, which this fold obeys: whoever
//! folds the log again sees what the model saw.

mod chapter;
pub mod estimate;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use chapter::{Chapter, Entry, Kind};
pub use plan::{Cut, DEFAULT_WINDOW_TOKENS, Plan, Room};

use crate::event::{Compaction, Event, EventBody};
use crate::id::RunId;
use crate::model::{Block, Message};

/// The messages of a session, run by run.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    seq: u64,
    runs: VecDeque<Chapter>,
    /// The runs in which no model had a part.
    aside: HashSet<RunId>,
}

impl Transcript {
    /// A fold that begins in the middle of a log, with the event of this `seq`: what is before
    /// it is only in a summary behind it (see [`crate::session::SessionState::context_from`]).
    pub fn beginning_at(seq: u64) -> Self {
        Self { seq: seq.saturating_sub(1), ..Self::default() }
    }

    /// `seq` of the last event folded in; the next one must follow it.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Takes in the next event. Events already taken in are passed over.
    pub fn apply(&mut self, event: &Event) {
        if event.seq <= self.seq {
            return;
        }
        self.seq = event.seq;
        if matches!(event.body, EventBody::MonitorRollback { .. }) {
            self.aside.extend(event.run);
        }
        if is_aside(&event.body) || event.run.is_some_and(|run| self.aside.contains(&run)) {
            // It stands in the middle of a run that is at work, or is none of a model's.
            return;
        }
        if self.runs.back().is_none_or(|chapter| event.run.is_some() && chapter.run != event.run) {
            self.runs.push_back(Chapter::new(event.run));
        }
        if let EventBody::ContextCompacted { compaction } = &event.body {
            return self.compact(compaction);
        }
        if let Some(chapter) = self.runs.back_mut() {
            chapter.apply(event);
        }
    }

    /// The messages for the next model call: those of the newest `history_runs` runs before
    /// the current one (all if `None`), then the current run's.
    pub fn messages(&self, history_runs: Option<u32>) -> Vec<Arc<Message>> {
        self.shown(history_runs).flat_map(Chapter::messages).collect()
    }

    /// About how much of a model's window they take.
    pub fn tokens(&self, history_runs: Option<u32>) -> u64 {
        self.shown(history_runs).map(|chapter| chapter.tokens).sum()
    }

    /// What is to be done before the next model call, so that the conversation fits.
    pub fn plan(&self, history_runs: Option<u32>, room: Room) -> Plan {
        plan::plan(self.shown(history_runs).flat_map(|chapter| &chapter.entries), room)
    }

    /// What a cut takes out of the conversation, as a text for whoever summarizes it.
    pub fn telling(&self, history_runs: Option<u32>, cut: &Cut) -> String {
        plan::telling(self.shown(history_runs).flat_map(|chapter| &chapter.entries), cut)
    }

    /// Where a fold may begin once a cut is made, if it loses nothing.
    pub fn begins_at(&self, history_runs: Option<u32>, cut: &Cut) -> Option<u64> {
        let hides_none = self.shown(history_runs).count() == self.runs.len();
        let shown = self.shown(history_runs).flat_map(|chapter| &chapter.entries);
        plan::first_left(shown, cut).filter(|_| hides_none)
    }

    fn shown(&self, history_runs: Option<u32>) -> impl Iterator<Item = &Chapter> {
        let shown = history_runs.map_or(usize::MAX, |runs| runs as usize).saturating_add(1);
        self.runs.iter().skip(self.runs.len().saturating_sub(shown))
    }

    fn compact(&mut self, compaction: &Compaction) {
        match compaction {
            Compaction::Shortened { until } => {
                for chapter in &mut self.runs {
                    chapter.rewrite(|entry| if entry.seq < *until { plan::shortened(&entry.message) } else { None });
                }
            }
            Compaction::Summarized { from, kept_from, kept, summary } => {
                for chapter in &mut self.runs {
                    chapter.retain(|entry| !plan::goes(entry, *from..*kept_from, kept));
                }
                let at =
                    self.runs.iter().position(|chapter| chapter.entries.iter().any(|entry| entry.seq >= *kept_from));
                let at = at.unwrap_or(self.runs.len().saturating_sub(1));
                let text = format!("[summary of the conversation so far, which was too long to be shown]\n{summary}");
                let message = Message::User { content: vec![Block::text(text)] };
                if let Some(chapter) = self.runs.get_mut(at) {
                    chapter.insert(Entry::new(kept_from.saturating_sub(1), Kind::Summary, message));
                }
                // Only in front: elsewhere an earlier run would come into view in its place.
                while self.runs.len() > 1 && self.runs.front().is_some_and(|chapter| chapter.entries.is_empty()) {
                    self.runs.pop_front();
                }
            }
        }
    }
}

/// Whether this is no part of the conversation: it tells of a run that was called off before
/// it began, or of a rollout, of which the model hears in messages when it is asked.
fn is_aside(body: &EventBody) -> bool {
    match body {
        EventBody::UserMessage { dropped, .. } | EventBody::SystemMessage { dropped, .. } => *dropped,
        EventBody::RunDropped { .. }
        | EventBody::RolloutReported { .. }
        | EventBody::ApprovalRequested { .. }
        | EventBody::ApprovalDecided { .. }
        | EventBody::MonitorUpdate { .. }
        | EventBody::MonitorRollback { .. }
        | EventBody::MonitorEnded { .. } => true,
        _ => false,
    }
}

//! The messages of one run, folded from its events.

use std::collections::HashMap;
use std::sync::Arc;

use super::estimate;
use crate::event::{Event, EventBody, StopReason};
use crate::id::{EventId, RunId};
use crate::model::{Block, Message, ToolCall, answer_of, text_of};

/// The messages of one run.
#[derive(Debug, Clone)]
pub(super) struct Chapter {
    pub(super) run: Option<RunId>,
    pub(super) entries: Vec<Entry>,
    /// What all entries take.
    pub(super) tokens: u64,
    /// The text of the model call that is being folded, if one is open.
    open: Option<String>,
    /// Where the last model call began.
    call_at: u64,
    /// Answers to calls by call: they are shown in the order of the calls.
    results: HashMap<EventId, Entry>,
    calls: Vec<EventId>,
    /// What was said while calls were open. Models want a call's answer right behind it.
    meanwhile: Vec<Entry>,
}

/// A message, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The event that it begins with.
    pub(super) seq: u64,
    pub(super) message: Arc<Message>,
    /// About how much of a model's window it takes.
    pub(super) tokens: u64,
    pub(super) kind: Kind,
}

/// Why a message is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Someone spoke, or a tool.
    Said,
    /// A user spoke.
    Asked,
    /// The operator gave instructions.
    Instructed,
    /// It stands for messages before it.
    Summary,
}

impl Entry {
    pub(super) fn new(seq: u64, kind: Kind, message: Message) -> Self {
        Self { seq, tokens: estimate::of_message(&message), kind, message: Arc::new(message) }
    }
}

impl Chapter {
    pub(super) fn new(run: Option<RunId>) -> Self {
        Self {
            run,
            entries: Vec::new(),
            tokens: 0,
            open: None,
            call_at: 0,
            results: HashMap::new(),
            calls: Vec::new(),
            meanwhile: Vec::new(),
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.body {
            EventBody::UserMessage { content, dropped: false } => self.user(seq, Kind::Asked, content.clone()),
            EventBody::SystemMessage { content, dropped: false } => {
                let text = format!("[instructions from the operator]\n{}", text_of(content));
                self.user(seq, Kind::Instructed, vec![Block::text(text)]);
            }
            EventBody::OutputInvalid { reason } => {
                let text = format!(
                    "Your answer does not fit the required JSON schema:\n{reason}\nAnswer again with the corrected JSON only."
                );
                self.user(seq, Kind::Said, vec![Block::text(text)]);
            }
            EventBody::ModelRequestStart { .. } => {
                self.call_at = seq;
                self.open = Some(String::new());
            }
            EventBody::AgentMessage { content, .. } => match &mut self.open {
                Some(text) => text.push_str(&text_of(content)),
                None => self.assistant(seq, text_of(content), Vec::new()),
            },
            EventBody::AgentToolUse { name, input, .. } | EventBody::AgentCustomToolUse { name, input } => {
                self.call(event.id, name, input);
            }
            EventBody::ModelRequestEnd { is_error, .. } => {
                let text = self.open.take().unwrap_or_default();
                if !(*is_error || text.is_empty()) {
                    self.assistant(self.call_at, text, Vec::new());
                }
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } => {
                self.result(seq, *tool_use_id, answer_of(content), *is_error);
            }
            EventBody::UserCustomToolResult { custom_tool_use_id, content, is_error } => {
                self.result(seq, *custom_tool_use_id, answer_of(content), *is_error);
            }
            EventBody::StatusIdle { stop_reason } => {
                if !matches!(stop_reason, StopReason::RequiresAction { .. }) {
                    self.close(seq);
                }
            }
            EventBody::UserMessage { dropped: true, .. }
            | EventBody::SystemMessage { dropped: true, .. }
            | EventBody::UserInterrupt {}
            | EventBody::UserToolConfirmation { .. }
            | EventBody::AgentThinking { .. }
            // Taken by the transcript, since it concerns all chapters.
            | EventBody::ContextCompacted { .. }
            | EventBody::StatusRunning {}
            | EventBody::StatusRescheduled {}
            | EventBody::StatusTerminated {}
            | EventBody::Error { .. }
            | EventBody::RunDropped { .. }
            | EventBody::RolloutReported { .. }
            | EventBody::ApprovalRequested { .. }
            | EventBody::ApprovalDecided { .. }
            | EventBody::MonitorUpdate { .. }
            | EventBody::MonitorRollback { .. }
            | EventBody::MonitorEnded { .. }
            | EventBody::SessionUpdated(_)
            | EventBody::Usage { .. } => {}
        }
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = Arc<Message>> {
        self.entries.iter().map(|entry| Arc::clone(&entry.message))
    }

    /// Keeps the entries that `keep` keeps.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
        self.count();
    }

    /// Puts an entry before those that come later in the log.
    pub(super) fn insert(&mut self, entry: Entry) {
        let place = self.entries.iter().position(|other| other.seq > entry.seq);
        self.entries.insert(place.unwrap_or(self.entries.len()), entry);
        self.count();
    }

    /// Changes messages; `None` leaves one as it is.
    pub(super) fn rewrite(&mut self, rewrite: impl Fn(&Entry) -> Option<Message>) {
        for entry in &mut self.entries {
            if let Some(message) = rewrite(entry) {
                *entry = Entry::new(entry.seq, entry.kind, message);
            }
        }
        self.count();
    }

    fn count(&mut self) {
        self.tokens = self.entries.iter().map(|entry| entry.tokens).sum();
    }

    fn push(&mut self, entry: Entry) {
        self.tokens += entry.tokens;
        self.entries.push(entry);
    }

    fn user(&mut self, seq: u64, kind: Kind, content: Vec<Block>) {
        let entry = Entry::new(seq, kind, Message::User { content });
        if self.calls.is_empty() { self.push(entry) } else { self.meanwhile.push(entry) }
    }

    fn assistant(&mut self, seq: u64, text: String, tool_calls: Vec<ToolCall>) {
        self.push(Entry::new(seq, Kind::Said, Message::Assistant { text, tool_calls }));
    }

    /// Tool uses follow the end of their model call in the log; they belong to its message.
    fn call(&mut self, id: EventId, name: &str, input: &serde_json::Value) {
        let call = ToolCall { id: id.to_string(), name: name.to_owned(), arguments: input.clone() };
        self.calls.push(id);
        let call_at = self.call_at;
        let last = self.entries.last_mut().filter(|last| last.seq == call_at);
        match last.map(|last| (Arc::make_mut(&mut last.message), &mut last.tokens)) {
            Some((message @ Message::Assistant { .. }, tokens)) => {
                if let Message::Assistant { tool_calls, .. } = message {
                    tool_calls.push(call);
                }
                let grown = estimate::of_message(message);
                self.tokens += grown - *tokens;
                *tokens = grown;
            }
            _ => self.assistant(call_at, String::new(), vec![call]),
        }
    }

    /// Results arrive in any order and are shown, whole, in the order of the calls.
    fn result(&mut self, seq: u64, tool_use: EventId, content: String, is_error: bool) {
        let message = Message::Tool { call_id: tool_use.to_string(), content, is_error };
        self.results.insert(tool_use, Entry::new(seq, Kind::Said, message));
        if self.calls.iter().all(|call| self.results.contains_key(call)) {
            self.show_results(seq);
        }
    }

    fn show_results(&mut self, seq: u64) {
        for call in std::mem::take(&mut self.calls) {
            let answer = self.results.remove(&call).unwrap_or_else(|| unanswered(seq, call));
            self.push(answer);
        }
        self.results.clear();
        for said in std::mem::take(&mut self.meanwhile) {
            self.push(said);
        }
    }

    /// The run is over: a call that never got its answer gets one now, since models refuse
    /// a conversation with an open call.
    fn close(&mut self, seq: u64) {
        if !self.calls.is_empty() {
            self.show_results(seq);
        }
        self.open = None;
    }
}

fn unanswered(seq: u64, call: EventId) -> Entry {
    let content = "the run ended before this call was answered".to_owned();
    Entry::new(seq, Kind::Said, Message::Tool { call_id: call.to_string(), content, is_error: true })
}

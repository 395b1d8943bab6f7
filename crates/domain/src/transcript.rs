//! The conversation as a model reads it, folded from the log.
//!
//! The fold is fed event by event and kept between steps and runs; nothing is computed
//! twice and no message is copied.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::event::{Event, EventBody};
use crate::id::{EventId, RunId};
use crate::model::{Block, Message, ToolCall, answer_of, text_of};

/// The messages of a session, run by run.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    seq: u64,
    runs: VecDeque<Chapter>,
}

/// The messages of one run.
#[derive(Debug, Clone)]
struct Chapter {
    run: Option<RunId>,
    messages: Vec<Arc<Message>>,
    /// Tool uses and messages of the model call that is being folded, if one is open.
    open: Option<Reply>,
    /// Answers to calls by call: they are shown in the order of the calls.
    results: HashMap<EventId, Arc<Message>>,
    calls: Vec<EventId>,
}

/// What a model call has said so far.
#[derive(Debug, Clone, Default)]
struct Reply {
    text: String,
    calls: Vec<ToolCall>,
}

impl Transcript {
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
        if is_dropped(&event.body) {
            // Of a run that never was; it stands in the middle of one that is.
            return;
        }
        if self.runs.back().is_none_or(|chapter| event.run.is_some() && chapter.run != event.run) {
            self.runs.push_back(Chapter::new(event.run));
        }
        if let Some(chapter) = self.runs.back_mut() {
            chapter.apply(event);
        }
    }

    /// The messages for the next model call: those of the newest `history_runs` runs before
    /// the current one (all if `None`), then the current run's.
    pub fn messages(&self, history_runs: Option<u32>) -> Vec<Arc<Message>> {
        let shown = history_runs.map_or(usize::MAX, |runs| runs as usize).saturating_add(1);
        let skipped = self.runs.len().saturating_sub(shown);
        self.runs.iter().skip(skipped).flat_map(|chapter| chapter.messages.iter().cloned()).collect()
    }
}

impl Chapter {
    fn new(run: Option<RunId>) -> Self {
        Self { run, messages: Vec::new(), open: None, results: HashMap::new(), calls: Vec::new() }
    }

    fn apply(&mut self, event: &Event) {
        match &event.body {
            EventBody::UserMessage { content, dropped: false } => self.user(content.clone()),
            EventBody::SystemMessage { content, dropped: false } => {
                self.user(vec![Block::text(format!("[instructions from the operator]\n{}", text_of(content)))]);
            }
            EventBody::OutputInvalid { reason } => {
                self.user(vec![Block::text(format!(
                    "Your answer does not fit the required JSON schema:\n{reason}\nAnswer again with the corrected JSON only."
                ))]);
            }
            EventBody::ModelRequestStart { .. } => self.open = Some(Reply::default()),
            EventBody::AgentMessage { content } => match &mut self.open {
                Some(reply) => reply.text.push_str(&text_of(content)),
                None => self.push(Message::Assistant { text: text_of(content), tool_calls: Vec::new() }),
            },
            EventBody::AgentToolUse { name, input, .. } | EventBody::AgentCustomToolUse { name, input } => {
                self.call(event.id, name, input);
            }
            EventBody::ModelRequestEnd { is_error, .. } => {
                let reply = self.open.take().unwrap_or_default();
                let is_empty = reply.text.is_empty() && reply.calls.is_empty();
                if !(*is_error || is_empty) {
                    self.push(Message::Assistant { text: reply.text, tool_calls: reply.calls });
                }
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } => {
                self.result(*tool_use_id, answer_of(content), *is_error);
            }
            EventBody::UserCustomToolResult { custom_tool_use_id, content, is_error } => {
                self.result(*custom_tool_use_id, answer_of(content), *is_error);
            }
            EventBody::UserMessage { dropped: true, .. }
            | EventBody::SystemMessage { dropped: true, .. }
            | EventBody::UserInterrupt {}
            | EventBody::UserToolConfirmation { .. }
            | EventBody::AgentThinking { .. }
            | EventBody::StatusRunning {}
            | EventBody::StatusRescheduled {}
            | EventBody::StatusTerminated {}
            | EventBody::Error { .. }
            | EventBody::RunDropped { .. }
            | EventBody::SessionUpdated(_)
            | EventBody::Usage { .. } => {}
            EventBody::StatusIdle { stop_reason } => {
                if !matches!(stop_reason, crate::event::StopReason::RequiresAction { .. }) {
                    self.close();
                }
            }
        }
    }

    fn push(&mut self, message: Message) {
        self.messages.push(Arc::new(message));
    }

    fn user(&mut self, content: Vec<Block>) {
        self.push(Message::User { content });
    }

    /// Tool uses follow the end of their model call in the log; they belong to its message.
    fn call(&mut self, id: EventId, name: &str, input: &serde_json::Value) {
        let call = ToolCall { id: id.to_string(), name: name.to_owned(), arguments: input.clone() };
        self.calls.push(id);
        if let Some(reply) = &mut self.open {
            reply.calls.push(call);
            return;
        }
        match self.messages.last_mut().map(Arc::make_mut) {
            Some(Message::Assistant { tool_calls, .. }) => tool_calls.push(call),
            _ => self.push(Message::Assistant { text: String::new(), tool_calls: vec![call] }),
        }
    }

    /// Results arrive in any order and are shown, whole, in the order of the calls.
    fn result(&mut self, tool_use: EventId, content: String, is_error: bool) {
        let message = Message::Tool { call_id: tool_use.to_string(), content, is_error };
        self.results.insert(tool_use, Arc::new(message));
        if self.calls.iter().all(|call| self.results.contains_key(call)) {
            self.show_results();
        }
    }

    fn show_results(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            let answer = self.results.remove(&call).unwrap_or_else(|| unanswered(call));
            self.messages.push(answer);
        }
        self.results.clear();
    }

    /// The run is over: a call that never got its answer gets one now, since models refuse
    /// a conversation with an open call.
    fn close(&mut self) {
        if !self.calls.is_empty() {
            self.show_results();
        }
        self.open = None;
    }
}

/// Whether this tells of a run that was called off before it began.
fn is_dropped(body: &EventBody) -> bool {
    match body {
        EventBody::UserMessage { dropped, .. } | EventBody::SystemMessage { dropped, .. } => *dropped,
        EventBody::RunDropped { .. } => true,
        _ => false,
    }
}

fn unanswered(call: EventId) -> Arc<Message> {
    Arc::new(Message::Tool {
        call_id: call.to_string(),
        content: "the run ended before this call was answered".into(),
        is_error: true,
    })
}

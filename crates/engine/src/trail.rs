//! A run's spans, made out of the events that its worker commits.
//!
//! Nothing here decides anything or fails: a server that traces works as one that does not.

use std::collections::HashMap;
use std::sync::Arc;

use domain::agent::AgentSpec;
use domain::event::Verdict;
use domain::model::text_of;
use domain::run::{Outcome, Run};
use domain::tool::Ruling;
use domain::{AgentId, Event, EventBody, EventId, OrgId, RunId, SessionId, Timestamp};
use ports::Spans;
use ports::spans::{Deed, Parent, Span, Texts};
use uuid::Uuid;

/// The spans of one run that have not ended.
pub(crate) struct Trail {
    spans: Arc<dyn Spans>,
    org: OrgId,
    session: SessionId,
    run: RunId,
    agent: AgentId,
    agent_name: String,
    trace: u128,
    /// Who asked, if they said so.
    caller: Option<u64>,
    model: String,
    model_call: Option<(EventId, Timestamp)>,
    tool_calls: HashMap<EventId, ToolCall>,
    /// What the run was asked, and what was said last; kept only if wanted.
    texts: Texts,
}

struct ToolCall {
    name: String,
    began_at: Timestamp,
    input: String,
}

impl Trail {
    /// The trail of a run, if anybody wants it: `None` if nobody traces, or whoever asked
    /// for the run does not record it.
    pub(crate) fn of(spans: Option<&Arc<dyn Spans>>, org: OrgId, run: &Run, spec: &AgentSpec) -> Option<Self> {
        let spans = Arc::clone(spans?);
        if run.trace.is_some_and(|caller| !caller.is_sampled) {
            return None;
        }
        Some(Self {
            spans,
            org,
            session: run.session,
            run: run.id,
            agent: run.agent,
            agent_name: spec.name.clone(),
            trace: run.trace.map_or(run.id.0.as_u128(), |caller| caller.trace),
            caller: run.trace.map(|caller| caller.span),
            model: spec.model.id.clone(),
            model_call: None,
            tool_calls: HashMap::new(),
            texts: Texts::default(),
        })
    }

    /// What was stored before, by whichever worker: told of already.
    pub(crate) fn recall(&mut self, events: &[Event]) {
        events.iter().for_each(|event| drop(self.see(event)));
    }

    /// What was stored just now.
    pub(crate) fn follow(&mut self, events: &[Event]) {
        let run = Some(self.run);
        for event in events.iter().filter(|event| event.run == run) {
            if let Some(span) = self.see(event) {
                self.spans.ended(span);
            }
        }
    }

    /// The run is over.
    pub(crate) fn end(self, run: &Run) {
        let (Some(started_at), Some(ended_at)) = (run.started_at, run.ended_at) else { return };
        let texts = self.spans.takes_texts().then(|| self.texts.clone());
        let deed = Deed::Run { agent: self.agent, agent_name: self.agent_name.clone(), usage: run.spent.usage, texts };
        let fault = run.outcome.as_ref().and_then(fault_of);
        let parent = self.caller.map(|id| Parent { id, is_remote: true });
        let (id, times) = (span_id(self.run.0), (started_at, ended_at));
        self.spans.ended(Span { parent, ..self.span(id, times, fault, deed) });
    }

    /// The span that ends with this event, if one does.
    fn see(&mut self, event: &Event) -> Option<Span> {
        match &event.body {
            EventBody::UserMessage { content, .. } if self.spans.takes_texts() => {
                self.texts.input = text_of(content);
            }
            EventBody::AgentMessage { content, .. } if self.spans.takes_texts() => self.texts.output = text_of(content),
            EventBody::ModelRequestStart { model } => {
                self.model.clone_from(model);
                self.model_call = Some((event.id, event.at));
            }
            EventBody::ModelRequestEnd { model_request_start_id, is_error, model_usage, stop_cause, .. } => {
                let (start, began_at) = self.model_call.take()?;
                if start != *model_request_start_id {
                    return None;
                }
                let fault = is_error.then(|| "model_fault".to_owned());
                let texts = self.spans.takes_texts().then(|| self.texts.clone());
                let deed = Deed::ModelCall { usage: *model_usage, stop: *stop_cause, texts };
                return Some(self.span(span_id(start.0), (began_at, event.at), fault, deed));
            }
            EventBody::AgentToolUse { name, input, evaluated_permission: Ruling::Allow | Ruling::Ask, .. } => {
                let input = if self.spans.takes_texts() { input.to_string() } else { String::new() };
                let call = ToolCall { name: name.clone(), began_at: event.at, input };
                self.tool_calls.insert(event.id, call);
            }
            // Until then it waited for a person.
            EventBody::UserToolConfirmation { tool_use_id, result: Verdict::Allow | Verdict::DidNotHappen, .. } => {
                if let Some(call) = self.tool_calls.get_mut(tool_use_id) {
                    call.began_at = event.at;
                }
            }
            // Said to have happened, or denied: nothing was done now.
            EventBody::UserToolConfirmation { tool_use_id, result: Verdict::Deny | Verdict::Happened, .. } => {
                self.tool_calls.remove(tool_use_id);
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } => {
                let ToolCall { name, began_at, input } = self.tool_calls.remove(tool_use_id)?;
                let fault = is_error.then(|| "tool_error".to_owned());
                let texts = self.spans.takes_texts().then(|| Texts { input, output: text_of(content) });
                let deed = Deed::ToolCall { use_id: *tool_use_id, name, texts };
                return Some(self.span(span_id(tool_use_id.0), (began_at, event.at), fault, deed));
            }
            _ => {}
        }
        None
    }

    fn span(&self, id: u64, times: (Timestamp, Timestamp), fault: Option<String>, deed: Deed) -> Span {
        Span {
            trace: self.trace,
            id,
            parent: Some(Parent { id: span_id(self.run.0), is_remote: false }),
            org: self.org,
            session: self.session,
            run: self.run,
            model: self.model.clone(),
            started_at: times.0,
            ended_at: times.1.max(times.0),
            fault,
            deed,
        }
    }
}

/// The last 64 bits of an id of ours, nearly all of them random.
fn span_id(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

fn fault_of(outcome: &Outcome) -> Option<String> {
    let word = match outcome {
        Outcome::Done | Outcome::Refused => return None,
        Outcome::LimitReached { .. } => "limit_reached",
        Outcome::Interrupted => "interrupted",
        Outcome::ModelFailed { .. } => "model_failed",
        Outcome::Unrunnable { .. } => "unrunnable",
    };
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_random_end_of_its_id() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8123_4567_89ab_cdef);
        assert_eq!(span_id(id), 0x8123_4567_89ab_cdef);
    }
}

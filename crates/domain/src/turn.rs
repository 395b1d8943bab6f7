//! A run in a worker's hands: the state machine of the agent loop.
//!
//! A [`Turn`] is told what happened (the model replied, a tool answered, someone
//! interrupted) and decides what is stored and what is done next. After each decision the
//! worker commits [`Turn::take_changes`] and then does what [`Turn::doing`] says; a commit
//! that is refused means that the run belongs to somebody else now, and the turn is
//! dropped. Everything needed to go on after a crash is in the log and the run's row:
//! [`Turn::resume`] rebuilds the turn from them.

mod accept;
mod calls;
mod compact;
mod drop_queued;
mod end_waiting;
mod resume;
mod spending;
mod steer;
#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use jiff::Timestamp;

pub use accept::{Accepted, Claim, Input, accept};
pub use calls::{Call, CallState};
pub use compact::Summary;
pub use drop_queued::{Queued, call_off_queued, drop_queued, with_queue_dropped};
pub use end_waiting::{Unfinished, end_waiting};
pub use steer::{NotWaiting, Resolution, hand_over, resolve_waiting};

use self::spending::Spending;
use crate::budget::Budget;
use crate::change::{Change, ChangeSet, Guard};
use crate::citation::Source;
use crate::event::{EventBody, NewEvent, RetryStatus, StopReason};
use crate::id::{EventId, SessionId};
use crate::limits::{Limits, Unit};
use crate::model::{Block, FaultKind, ModelFault, StopCause, Usage};
use crate::money::Money;
use crate::retry::Retry;
use crate::run::{Fence, Need, Outcome, Run, RunStatus, Waiting};
use crate::session::{SessionState, SessionStatus};
use crate::tool::{JudgedCall, Judgement};

/// Where fresh event ids come from, and what time it is: what a decision is handed.
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// Gives a fresh id.
    pub ids: &'a mut dyn FnMut() -> EventId,
}

/// A run in a worker's hands.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The run as decided so far.
    pub run: Run,
    /// The session's state as decided so far. `seq` is the store's, from the last commit.
    pub state: SessionState,
    limits: Limits,
    /// The models that may be asked, in order, by their full names.
    models: Vec<String>,
    phase: Phase,
    calls: Vec<Call>,
    repaired: bool,
    held_since: Timestamp,
    /// The session's budget, as it is told of with the usage.
    budget: Option<Budget>,
    spending: Spending,
    events: Vec<NewEvent>,
    guards: Vec<Guard>,
    changes: Vec<Change>,
}

/// What the worker does next, once the changes are committed.
#[derive(Debug, Clone, PartialEq)]
pub enum Doing {
    /// Call the model; the call's beginning is stored under this id.
    CallModel {
        /// The `span.model_request_start` event.
        start: EventId,
    },
    /// Wait this long, then [`Turn::try_again`].
    Pause(Duration),
    /// Run these tool calls; those already under way are among them.
    RunTools(Vec<Call>),
    /// Let go of the run: it waits for someone and holds no worker.
    Wait,
    /// Let go of the run: it is over.
    Over,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    CallingModel { start: EventId },
    Pausing(Duration),
    InTools,
    Waiting,
    Over,
}

/// What the model replied.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The id under which the text was streamed, and is stored. Without text it is not used.
    pub message_id: Option<EventId>,
    /// The text.
    pub text: String,
    /// What the model had been given to cite, if the text cites anything.
    pub sources: Vec<Source>,
    /// The id under which readers were told that the model reasons, and under which the
    /// reasoning is stored. Without any it is not used.
    pub thinking_id: Option<EventId>,
    /// The reasoning summary.
    pub thinking: Option<String>,
    /// The calls asked for, judged.
    pub calls: Vec<JudgedCall>,
    /// Tokens used.
    pub usage: Usage,
    /// What they cost, if the model has a price.
    pub cost: Option<Money>,
    /// Why the model stopped.
    pub stop: Option<StopCause>,
    /// What is wrong with a final answer that must fit a schema.
    pub output_fault: Option<String>,
}

/// How a model call ended, and what it used.
#[derive(Debug, Clone, Copy)]
struct CallEnd {
    is_error: bool,
    usage: Usage,
    cost: Option<Money>,
    stop: Option<StopCause>,
}

impl CallEnd {
    /// It failed, and nobody knows what it used.
    const FAILED: CallEnd = {
        let usage =
            Usage { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
        CallEnd { is_error: true, usage, cost: None, stop: None }
    };
}

impl Turn {
    /// What is to be done, after the changes are committed.
    pub fn doing(&self) -> Doing {
        match &self.phase {
            Phase::CallingModel { start } => Doing::CallModel { start: *start },
            Phase::Pausing(wait) => Doing::Pause(*wait),
            Phase::InTools => Doing::RunTools(self.calls.iter().filter(|call| call.is_started()).cloned().collect()),
            Phase::Waiting => Doing::Wait,
            Phase::Over => Doing::Over,
        }
    }

    /// What has been decided since the last call, as one change set under this worker's lease.
    pub fn take_changes(&mut self) -> ChangeSet {
        self.name_open_calls();
        let events = std::mem::take(&mut self.events);
        let mut changes = ChangeSet { guards: std::mem::take(&mut self.guards), changes: Vec::new() };
        if let Some(fence) = self.run.fence {
            changes.guards.push(Guard::Held { run: self.run.id, fence });
        }
        if self.ends_or_waits() {
            changes.guards.push(Guard::NoInput { run: self.run.id });
        }
        if self.phase != Phase::Over {
            changes.guards.push(Guard::AgentLives { agent: self.run.agent });
        }
        changes.changes.append(&mut self.changes);
        changes.changes.extend(self.bill());
        if !events.is_empty() {
            changes.changes.push(Change::Append { session: self.run.session, events, state: Some(self.state.clone()) });
        }
        changes.changes.push(Change::PutRun(self.stored_run()));
        if self.phase == Phase::Over {
            changes.changes.push(Change::Release(self.run.session));
        }
        changes
    }

    /// The session the run belongs to.
    pub fn session(&self) -> SessionId {
        self.run.session
    }

    /// The model that is asked, by its full name. Empty if there is none.
    pub fn model(&self) -> &str {
        let at = usize::from(self.run.model_at);
        self.models.get(at).or(self.models.last()).map_or("", String::as_str)
    }

    /// How many models could still stand in for the one that is asked.
    pub fn models_left(&self) -> usize {
        self.models.len().saturating_sub(usize::from(self.run.model_at) + 1)
    }

    /// The session's log is now at this `seq`.
    pub fn committed(&mut self, seq: u64) {
        self.state.seq = seq;
        self.run.version += 1;
        self.bill_is_committed();
    }

    /// The model replied in full.
    pub fn replied(&mut self, reply: Reply, at: &mut Moment<'_>) {
        let Phase::CallingModel { start } = self.phase else { return };
        self.run.failed_attempts = 0;
        self.run.refused_tokens = None;
        if reply.stop == Some(StopCause::Refusal) && self.models_left() > 0 {
            return self.declined(start, reply.usage, reply.cost, at);
        }
        if let Some(summary) = reply.thinking {
            let id = reply.thinking_id.unwrap_or_else(|| (at.ids)());
            self.log_as(id, at.now, EventBody::AgentThinking { summary });
        }
        if !reply.text.is_empty() {
            let id = reply.message_id.unwrap_or_else(|| (at.ids)());
            let content = vec![Block::text(reply.text)];
            self.log_as(id, at.now, EventBody::AgentMessage { content, sources: reply.sources });
        }
        let end = CallEnd { is_error: false, usage: reply.usage, cost: reply.cost, stop: reply.stop };
        self.end_model_call(start, end, at);
        self.calls.clear();
        for call in reply.calls {
            self.take_call(call, at);
        }
        if !self.calls.is_empty() {
            return self.advance(at);
        }
        match reply.output_fault {
            Some(reason) if !self.repaired && reply.stop != Some(StopCause::Refusal) => {
                self.repaired = true;
                self.log(at, EventBody::OutputInvalid { reason });
                self.begin_model_call(at);
            }
            _ if reply.stop == Some(StopCause::Refusal) => self.finish(Outcome::Refused, at),
            _ => self.finish(Outcome::Done, at),
        }
    }

    /// The model declined, and another is asked: what was said before it did is not kept.
    fn declined(&mut self, start: EventId, usage: Usage, cost: Option<Money>, at: &mut Moment<'_>) {
        let end = CallEnd { is_error: true, usage, cost, stop: Some(StopCause::Refusal) };
        self.end_model_call(start, end, at);
        let message = format!("{} declined to answer", self.model());
        self.ask_the_next(&ModelFault::new(FaultKind::Declined, message), at);
    }

    /// The model call failed, and this is the verdict on it.
    pub fn model_failed(&mut self, fault: &ModelFault, verdict: Retry, at: &mut Moment<'_>) {
        self.model_failed_at_a_price(fault, Usage::default(), None, verdict, at);
    }

    /// As [`Turn::model_failed`], of a call that was answered with nothing of use, and paid for.
    pub fn model_failed_at_a_price(
        &mut self,
        fault: &ModelFault,
        usage: Usage,
        cost: Option<Money>,
        verdict: Retry,
        at: &mut Moment<'_>,
    ) {
        let Phase::CallingModel { start } = self.phase else { return };
        self.end_model_call(start, CallEnd { usage, cost, ..CallEnd::FAILED }, at);
        self.run.failed_attempts += 1;
        match verdict {
            Retry::After(wait) => {
                self.log_fault(fault, RetryStatus::Retrying, at);
                self.state.status = SessionStatus::Rescheduling;
                self.log(at, EventBody::StatusRescheduled {});
                self.phase = Phase::Pausing(wait);
            }
            Retry::Compact { refused } => {
                self.log_fault(fault, RetryStatus::Retrying, at);
                self.run.refused_tokens = Some(refused);
                self.begin_model_call(at);
            }
            Retry::Next if self.models_left() > 0 => self.ask_the_next(fault, at),
            Retry::Next | Retry::GiveUp => {
                self.log_fault(fault, RetryStatus::Exhausted, at);
                self.finish(Outcome::ModelFailed { fault: fault.kind, message: fault.message.clone() }, at);
            }
        }
    }

    /// From here on the run asks its next model.
    fn ask_the_next(&mut self, fault: &ModelFault, at: &mut Moment<'_>) {
        self.log_fault(fault, RetryStatus::Retrying, at);
        self.run.model_at += 1;
        self.run.failed_attempts = 0;
        self.run.refused_tokens = None;
        self.begin_model_call(at);
    }

    /// The pause is over.
    pub fn try_again(&mut self, at: &mut Moment<'_>) {
        if matches!(self.phase, Phase::Pausing(_)) {
            self.state.status = SessionStatus::Running;
            self.log(at, EventBody::StatusRunning {});
            self.begin_model_call(at);
        }
    }

    /// The agent cannot be run as it is described.
    pub fn unrunnable(&mut self, message: String, at: &mut Moment<'_>) {
        self.close_open_work("the run could not go on", at);
        let fault = ModelFault::new(FaultKind::Internal, message.clone());
        self.log_fault(&fault, RetryStatus::Exhausted, at);
        self.finish(Outcome::Unrunnable { message }, at);
    }

    /// The deadline has passed.
    pub fn timed_out(&mut self, at: &mut Moment<'_>) {
        self.close_open_work("the run's time was over before the call was", at);
        self.finish(Outcome::LimitReached { unit: Unit::Time, budget: None }, at);
    }

    /// Whether the run is over because the model, or the agent, failed for good. What its
    /// session's clients said meanwhile is dropped with it: [`with_queue_dropped`].
    pub fn is_exhausted(&self) -> bool {
        self.run.outcome.as_ref().is_some_and(|outcome| outcome.stop_reason() == StopReason::RetriesExhausted)
    }

    /// Hands the run back to the queue: this worker stops. Another goes on from here.
    pub fn hand_back(&mut self, at: &mut Moment<'_>) {
        if matches!(self.phase, Phase::Over | Phase::Waiting) {
            return;
        }
        self.run.status = RunStatus::Queued;
        self.state.status = SessionStatus::Rescheduling;
        self.log(at, EventBody::StatusRescheduled {});
    }

    /// Goes on with the calls of the last reply, or with the next model call, if the run has any.
    fn advance(&mut self, at: &mut Moment<'_>) {
        if self.calls.iter().all(Call::is_done) {
            return match self.run.remedy {
                Some(_) => self.finish(Outcome::Done, at),
                None => self.begin_model_call(at),
            };
        }
        self.count_time(at.now);
        let startable = calls::startable(&self.calls);
        let left = match self.tool_calls_left() {
            Err(outcome) if !startable.is_empty() => {
                self.close_open_work("a limit on the run's work was reached", at);
                return self.finish(outcome, at);
            }
            left => left.unwrap_or(0),
        };
        let starting = startable.into_iter().take(left);
        let starting = starting.map(|index| self.calls[index].start()).collect();
        self.count_tool_calls(starting);
        self.phase = Phase::InTools;
        if !self.calls.iter().any(Call::is_started) {
            self.wait(at);
        }
    }

    fn begin_model_call(&mut self, at: &mut Moment<'_>) {
        self.count_time(at.now);
        if let Some(outcome) = self.forbids_model_call() {
            return self.finish(outcome, at);
        }
        // Whatever was asked of people before is answered.
        self.run.asks_since = None;
        let start = (at.ids)();
        self.count_model_call(start);
        self.log_as(start, at.now, EventBody::ModelRequestStart { model: self.model().to_owned() });
        self.phase = Phase::CallingModel { start };
    }

    fn end_model_call(&mut self, start: EventId, end: CallEnd, at: &mut Moment<'_>) {
        let CallEnd { is_error, usage, cost, stop } = end;
        self.count_usage(usage, cost);
        self.log(
            at,
            EventBody::ModelRequestEnd {
                model_request_start_id: start,
                is_error,
                model_usage: usage,
                cost,
                stop_cause: stop,
            },
        );
    }

    /// Every call is done or waits for someone.
    fn wait(&mut self, at: &mut Moment<'_>) {
        self.run.status = RunStatus::Waiting;
        self.name_open_calls();
        self.state.status = SessionStatus::Idle;
        self.state.asks = self.run.asks_somebody();
        let since = self.run.asks_since.unwrap_or(at.now);
        self.run.asks_since = self.state.asks.then_some(since);
        let event_ids = self.run.waiting.iter().map(|waiting| waiting.tool_use).collect();
        self.idle(StopReason::RequiresAction { event_ids }, at);
        self.phase = Phase::Waiting;
    }

    fn finish(&mut self, outcome: Outcome, at: &mut Moment<'_>) {
        self.count_time(at.now);
        self.run.status = outcome.status();
        self.run.ended_at = Some(at.now);
        self.run.asks_since = None;
        self.state.asks = false;
        self.state.status = SessionStatus::Idle;
        self.state.active_run = None;
        let usage = self.state.told_usage(self.budget);
        self.log(at, usage);
        self.idle(outcome.stop_reason(), at);
        self.run.outcome = Some(outcome);
        self.phase = Phase::Over;
    }

    fn idle(&mut self, stop_reason: StopReason, at: &mut Moment<'_>) {
        self.state.stop_reason = Some(stop_reason.clone());
        self.log(at, EventBody::StatusIdle { stop_reason });
    }

    /// Ends the model call and the tool calls that are open, since the run ends before them.
    fn close_open_work(&mut self, why: &str, at: &mut Moment<'_>) {
        if let Phase::CallingModel { start } = self.phase {
            self.end_model_call(start, CallEnd::FAILED, at);
        }
        for index in 0..self.calls.len() {
            let text = match self.calls[index].state {
                CallState::Done => continue,
                CallState::Started | CallState::Waiting(Need::Resolution) => {
                    format!("{why}; whether the call took effect is unknown")
                }
                CallState::Ready | CallState::Waiting(Need::Approval | Need::ClientResult) => {
                    format!("{why}; the call was not made")
                }
            };
            self.answer(index, vec![Block::text(text)], true, at);
        }
    }

    fn log_fault(&mut self, fault: &ModelFault, retry: RetryStatus, at: &mut Moment<'_>) {
        self.log(at, EventBody::Error { kind: fault.kind, message: fault.message.clone(), retry });
    }

    fn log(&mut self, at: &mut Moment<'_>, body: EventBody) {
        let id = (at.ids)();
        self.log_as(id, at.now, body);
    }

    fn log_as(&mut self, id: EventId, now: Timestamp, body: EventBody) {
        // With each event, so that a crash loses only the time since the last one.
        self.count_time(now);
        self.state.updated_at = now;
        self.events.push(NewEvent { id, run: Some(self.run.id), at: now, body });
    }

    /// Whether the run lets go of its worker with this commit; it does not while input for
    /// it is on the way.
    fn ends_or_waits(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::Waiting)
    }

    /// The run as it is stored: one that lets go of its worker names no lease.
    fn stored_run(&self) -> Run {
        let held = self.run.status == RunStatus::Running;
        Run { fence: self.run.fence.filter(|_| held), ..self.run.clone() }
    }
}

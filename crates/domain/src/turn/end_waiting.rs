//! Ending a run that waits for someone, when nobody can decide for it any more.

use super::accept::unmoved;
use super::drop_queued::unused;
use super::{Change, ChangeSet, Guard, Moment};
use crate::budget::Budget;
use crate::event::{Event, EventBody, NewEvent, StopReason};
use crate::id::EventId;
use crate::model::Block;
use crate::run::{Need, Outcome, Run};
use crate::session::{InboxItem, SessionState, SessionStatus};

/// A run that waits for someone, with its own events, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The run.
    pub run: Run,
    /// Its events.
    pub events: Vec<Event>,
    /// What waits for it, oldest first.
    pub inbox: Vec<InboxItem>,
}

/// Ends a run that waits, as if interrupted: calls that are open are answered with `why` they
/// were not made. `budget` is the session's; `state` becomes what the session's log then amounts to.
pub fn end_waiting(
    unfinished: Unfinished,
    state: &mut SessionState,
    budget: Option<Budget>,
    why: &str,
    at: &mut Moment<'_>,
) -> ChangeSet {
    let Unfinished { run, events, inbox } = unfinished;
    let guards = unmoved(&run, state).into_iter().chain([Guard::NoInput { run: run.id }]);
    let (session, outcome) = (run.session, Outcome::Interrupted);
    let items = inbox.iter().map(|item| item.id).collect();
    let mut log: Vec<(EventId, EventBody)> = inbox.into_iter().map(|item| (item.id, unused(item.body, why))).collect();
    log.extend(open_calls(&events).map(|call| ((at.ids)(), not_made(&run, call, why))));
    log.push(((at.ids)(), state.told_usage(budget)));
    log.push(((at.ids)(), EventBody::StatusIdle { stop_reason: outcome.stop_reason() }));
    state.status = SessionStatus::Idle;
    state.active_run = None;
    state.asks = false;
    state.stop_reason = Some(StopReason::EndTurn);
    state.updated_at = at.now;
    let events = log.into_iter().map(|(id, body)| NewEvent { id, run: Some(run.id), at: at.now, body }).collect();
    let over = Run {
        status: outcome.status(),
        ended_at: Some(at.now),
        outcome: Some(outcome),
        waiting: Vec::new(),
        asks_since: None,
        ..run
    };
    let changes = [
        Change::TakeInput { session, items },
        Change::Append { session, events, state: Some(state.clone()) },
        Change::PutRun(over),
    ];
    guards.fold(ChangeSet::of(changes), ChangeSet::guarded)
}

/// The calls that were asked for and not answered.
fn open_calls(events: &[Event]) -> impl Iterator<Item = EventId> {
    let is_answered = |call: EventId| {
        events.iter().any(|event| match &event.body {
            EventBody::AgentToolResult { tool_use_id: answered, .. }
            | EventBody::UserCustomToolResult { custom_tool_use_id: answered, .. } => *answered == call,
            _ => false,
        })
    };
    let is_call =
        |event: &&Event| matches!(event.body, EventBody::AgentToolUse { .. } | EventBody::AgentCustomToolUse { .. });
    events.iter().filter(is_call).map(|event| event.id).filter(move |call| !is_answered(*call))
}

fn not_made(run: &Run, call: EventId, why: &str) -> EventBody {
    let need = run.waiting.iter().find(|waiting| waiting.tool_use == call).map(|waiting| waiting.need);
    let text = match need {
        Some(Need::Resolution) => format!("{why}; whether the call took effect is unknown"),
        Some(Need::Approval | Need::ClientResult) | None => format!("{why}; the call was not made"),
    };
    EventBody::AgentToolResult { tool_use_id: call, content: vec![Block::text(text)], is_error: true }
}

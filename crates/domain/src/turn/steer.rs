//! What people and clients do to a run: interrupt it, decide what it waits for.

use jiff::Timestamp;

use super::{CallState, Change, ChangeSet, Guard, Moment, Need, Phase, Turn};
use crate::event::{EventBody, NewEvent, StopReason, Verdict};
use crate::id::EventId;
use crate::model::Block;
use crate::run::{Outcome, Run, RunStatus};
use crate::session::{InboxItem, SessionState, SessionStatus};

/// A decision that fits nothing that waits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotWaiting {
    /// No call of this id waits: it is unknown, already decided, or not in question.
    #[error("no tool call {0} waits for a decision")]
    NoSuchCall(EventId),
    /// The call waits for another kind of decision.
    #[error("tool call {call} does not wait for {given}")]
    OtherNeed {
        /// The call.
        call: EventId,
        /// What was given.
        given: &'static str,
    },
}

/// A decision about a waiting call, as the event that records it says.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// Allowed, or known not to have happened: the call is made.
    Make,
    /// Answered without being made (again).
    Answer {
        /// What the model is told.
        content: Vec<Block>,
        /// Whether that is a failure.
        is_error: bool,
    },
    /// Answered by the event itself.
    AnsweredByClient,
}

impl Resolution {
    /// Reads a decision; `None` if the event is none. Checks it against what the call needs.
    ///
    /// # Errors
    /// [`NotWaiting`] if nothing waits for it.
    pub fn of(body: &EventBody, run: &Run) -> Option<Result<(EventId, Resolution), NotWaiting>> {
        match body {
            EventBody::UserToolConfirmation { tool_use_id, result, deny_message, content } => {
                let (need, given) = match result {
                    Verdict::Allow | Verdict::Deny => (Need::Approval, "an approval"),
                    Verdict::Happened | Verdict::DidNotHappen => (Need::Resolution, "word on whether it happened"),
                };
                let resolution = match result {
                    Verdict::Allow | Verdict::DidNotHappen => Resolution::Make,
                    Verdict::Deny => Resolution::Answer {
                        content: vec![Block::text(denial(deny_message.as_deref()))],
                        is_error: true,
                    },
                    Verdict::Happened => Resolution::Answer {
                        content: content
                            .clone()
                            .unwrap_or_else(|| vec![Block::text("the call did take effect; its answer was lost")]),
                        is_error: false,
                    },
                };
                Some(check(run, *tool_use_id, need, given).map(|()| (*tool_use_id, resolution)))
            }
            EventBody::UserCustomToolResult { custom_tool_use_id: id, .. } => Some(
                check(run, *id, Need::ClientResult, "the client's result")
                    .map(|()| (*id, Resolution::AnsweredByClient)),
            ),
            _ => None,
        }
    }
}

fn check(run: &Run, call: EventId, need: Need, given: &'static str) -> Result<(), NotWaiting> {
    match run.waiting.iter().find(|waiting| waiting.tool_use == call) {
        None => Err(NotWaiting::NoSuchCall(call)),
        Some(waiting) if waiting.need != need => Err(NotWaiting::OtherNeed { call, given }),
        Some(_) => Ok(()),
    }
}

fn denial(message: Option<&str>) -> String {
    match message {
        Some(message) => format!("the call was rejected: {message}"),
        None => "the call was rejected".to_owned(),
    }
}

/// Decides calls of a waiting run, which no worker holds. When none is left waiting, the
/// run is queued again.
///
/// # Errors
/// [`NotWaiting`] for the first event that fits nothing; nothing is changed then.
pub fn resolve_waiting(
    mut run: Run,
    mut state: SessionState,
    events: Vec<(EventId, EventBody)>,
    at: &mut Moment<'_>,
) -> Result<ChangeSet, NotWaiting> {
    let guards =
        [Guard::RunAt { run: run.id, version: run.version }, Guard::SessionAt { session: run.session, seq: state.seq }];
    let mut log = Vec::new();
    let entry = |id, body| NewEvent { id, run: Some(run.id), at: at.now, body };
    for (id, body) in events {
        let Some(decided) = Resolution::of(&body, &run) else { continue };
        let (call, resolution) = decided?;
        run.waiting.retain(|waiting| waiting.tool_use != call);
        log.push(entry(id, body));
        if let Resolution::Answer { content, is_error } = resolution {
            log.push(entry((at.ids)(), EventBody::AgentToolResult { tool_use_id: call, content, is_error }));
        }
    }
    state.asks = run.asks_somebody();
    run.asks_since = run.asks_since.filter(|_| state.asks);
    if run.waiting.is_empty() {
        run.status = RunStatus::Queued;
        state.status = SessionStatus::Rescheduling;
    } else {
        let event_ids = run.waiting.iter().map(|waiting| waiting.tool_use).collect();
        let stop_reason = StopReason::RequiresAction { event_ids };
        state.stop_reason = Some(stop_reason.clone());
        log.push(entry((at.ids)(), EventBody::StatusIdle { stop_reason }));
    }
    state.updated_at = at.now;
    let session = run.session;
    let changes = ChangeSet::of([Change::Append { session, events: log, state: Some(state) }, Change::PutRun(run)]);
    Ok(guards.into_iter().fold(changes, ChangeSet::guarded))
}

/// Hands input to a run that is not over, so that somebody takes it: the worker that holds
/// it, the one that will, or, if it waits for someone, one that is called for the purpose.
pub fn hand_over(run: &Run, inputs: Vec<(EventId, EventBody)>, now: Timestamp) -> ChangeSet {
    let item = |(id, body)| InboxItem { id, session: run.session, run: run.id, accepted_at: now, body };
    let changes = ChangeSet::of(inputs.into_iter().map(item).map(Change::Enqueue));
    let as_loaded = Guard::RunAt { run: run.id, version: run.version };
    match (run.status, run.fence) {
        (RunStatus::Running, Some(fence)) => changes.guarded(Guard::Held { run: run.id, fence }),
        (RunStatus::Waiting, _) => {
            let again = Run { status: RunStatus::Queued, ..run.clone() };
            changes.and(ChangeSet::of([Change::PutRun(again)])).guarded(as_loaded)
        }
        _ => changes.guarded(as_loaded),
    }
}

impl Turn {
    /// The agent was deleted, which stops its runs: nothing of a run that is not over is
    /// committed any more but its end.
    pub fn agent_deleted(&mut self, at: &mut Moment<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        self.log(at, EventBody::UserInterrupt {});
        self.interrupt(at);
    }

    /// Takes input that was addressed to this run while it was busy. A run that is over
    /// only records it.
    pub fn take_input(&mut self, items: Vec<InboxItem>, at: &mut Moment<'_>) {
        if items.is_empty() {
            return;
        }
        let taken = items.iter().map(|item| item.id).collect();
        self.changes.push(Change::TakeInput { session: self.run.session, items: taken });
        if self.phase == Phase::Waiting {
            self.work_again(at);
        }
        let interrupted = items.iter().any(|item| item.body == EventBody::UserInterrupt {});
        for item in items {
            self.log_as(item.id, at.now, item.body.clone());
            self.settle(&item.body, at);
        }
        if self.phase == Phase::Over {
            return;
        }
        if interrupted {
            self.interrupt(at);
        } else if self.phase == Phase::InTools {
            self.advance(at);
        }
    }

    fn interrupt(&mut self, at: &mut Moment<'_>) {
        self.close_open_work("the run was interrupted", at);
        self.finish(Outcome::Interrupted, at);
    }

    fn work_again(&mut self, at: &mut Moment<'_>) {
        self.run.status = RunStatus::Running;
        self.state.status = SessionStatus::Running;
        self.state.stop_reason = None;
        self.state.asks = false;
        self.phase = Phase::InTools;
        self.log(at, EventBody::StatusRunning {});
    }

    /// A decision that reached a run while a worker held it. One that fits nothing is kept
    /// in the log and changes nothing.
    fn settle(&mut self, body: &EventBody, at: &mut Moment<'_>) {
        self.name_open_calls();
        let Some(Ok((id, resolution))) = Resolution::of(body, &self.run) else { return };
        let Some(index) = self.calls.iter().position(|call| call.id == id) else { return };
        match resolution {
            Resolution::Make => self.calls[index].state = CallState::Ready,
            Resolution::AnsweredByClient => self.calls[index].state = CallState::Done,
            Resolution::Answer { content, is_error } => self.answer(index, content, is_error, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::tool::{Effect, Judgement, Ruling};
    use crate::turn::Doing;
    use crate::turn::tests::{Desk, asks_for, check_log, judged};

    #[test]
    fn the_deletion_of_its_agent_ends_a_run_wherever_it_stands() {
        let waits = |turn: &mut Turn, at: &mut Moment<'_>| {
            turn.replied(asks_for(vec![judged(Effect::Read, Judgement::Valid(Ruling::Ask))]), at);
        };
        type Step = fn(&mut Turn, &mut Moment<'_>);
        let positions: [Step; 3] = [|_, _| {}, waits, Turn::hand_back];
        for stand in positions {
            let mut desk = Desk::new(Limits::default());
            desk.decide(stand);
            let guard = Guard::AgentLives { agent: desk.turn.run.agent };
            assert!(desk.turn.take_changes().guards.contains(&guard), "a run goes on only under its agent");
            desk.decide(Turn::agent_deleted);
            assert_eq!((desk.turn.doing(), desk.turn.run.status), (Doing::Over, RunStatus::Cancelled));
            check_log(&desk).unwrap();
            assert!(!desk.turn.take_changes().guards.contains(&guard), "the end needs no agent");
        }
    }
}

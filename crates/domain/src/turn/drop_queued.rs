//! Ending runs that have not begun, whatever the session is doing.

use super::{Change, ChangeSet, Guard, Moment};
use crate::event::{EventBody, NewEvent};
use crate::limits::Unit;
use crate::monitor::remedy;
use crate::run::{Outcome, Run};
use crate::session::InboxItem;

/// A queued run that has not begun, with the input that waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The run.
    pub run: Run,
    /// Its input, oldest first.
    pub inbox: Vec<InboxItem>,
}

/// Ends a queued run that has not begun. Its input is kept in the log as dropped; the
/// session's state stays as it is, since another run may have it.
pub fn drop_queued(queued: Queued, outcome: Outcome, at: &mut Moment<'_>) -> ChangeSet {
    let why = match outcome {
        Outcome::LimitReached { unit: Unit::Time, .. } => remedy::TOO_LATE,
        _ => remedy::CALLED_OFF,
    };
    dropped_alone(queued, outcome, why, at)
}

/// As [`drop_queued`], of a run that is called off for this reason.
pub fn call_off_queued(queued: Queued, why: &str, at: &mut Moment<'_>) -> ChangeSet {
    dropped_alone(queued, Outcome::Interrupted, why, at)
}

fn dropped_alone(queued: Queued, outcome: Outcome, why: &str, at: &mut Moment<'_>) -> ChangeSet {
    let session = queued.run.session;
    let (events, ended) = dropped(queued, outcome, why, at);
    let logged = ChangeSet::of([Change::Append { session, events, state: None }]);
    logged.and(ended).and(ChangeSet::of([Change::Release(session)]))
}

/// The end of a run that failed for good, and with it the end of what was queued behind it:
/// clients that spoke meanwhile spoke to a run that is dead. Their input stands in the log,
/// as dropped, before the session is idle. `end` is the change set of that end; what is
/// dropped must not have changed since it was loaded.
#[must_use]
pub fn with_queue_dropped(
    mut end: ChangeSet,
    behind: Vec<Queued>,
    outcome: &Outcome,
    at: &mut Moment<'_>,
) -> ChangeSet {
    let mut dropped_events = Vec::new();
    let mut ends = ChangeSet::default();
    for queued in behind {
        let (events, ended) = dropped(queued, outcome.clone(), remedy::CALLED_OFF, at);
        dropped_events.extend(events);
        ends = ends.and(ended);
    }
    let closing = |log: &[NewEvent]| log.iter().rposition(|event| matches!(event.body, EventBody::Usage { .. }));
    let logs = end.changes.iter_mut().filter_map(|change| match change {
        Change::Append { events, .. } => closing(events).map(|closing| (events, closing)),
        _ => None,
    });
    if let Some((log, closing)) = logs.last() {
        log.splice(closing..closing, dropped_events);
    }
    // They are over before the end releases the session, so that none of them gets it.
    ends.and(end)
}

/// What the log says of a run that is dropped, and the change that ends it. `why` is told of
/// one that takes a rollout back.
fn dropped(queued: Queued, outcome: Outcome, why: &str, at: &mut Moment<'_>) -> (Vec<NewEvent>, ChangeSet) {
    let Queued { run, inbox } = queued;
    let entry = |id, body| NewEvent { id, run: Some(run.id), at: at.now, body };
    let items = inbox.iter().map(|item| item.id).collect();
    let mut events: Vec<NewEvent> = inbox.into_iter().map(|item| entry(item.id, unused(item.body, why))).collect();
    events.push(entry((at.ids)(), EventBody::RunDropped { outcome: outcome.clone() }));
    let as_loaded = Guard::RunAt { run: run.id, version: run.version };
    // Input that came since would be lost without a trace.
    let no_more = Guard::NoInput { run: run.id };
    let session = run.session;
    let over = Run { status: outcome.status(), ended_at: Some(at.now), outcome: Some(outcome), ..run };
    let ended = ChangeSet::of([Change::TakeInput { session, items }, Change::PutRun(over)]);
    (events, ended.guarded(as_loaded).guarded(no_more))
}

/// Input as the log keeps it that was not used.
pub(super) fn unused(body: EventBody, why: &str) -> EventBody {
    match body {
        EventBody::UserMessage { content, .. } => EventBody::UserMessage { content, dropped: true },
        EventBody::SystemMessage { content, .. } => EventBody::SystemMessage { content, dropped: true },
        other => remedy::never_begun(other, why),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{EventId, RunId};
    use crate::limits::Limits;
    use crate::model::{Block, FaultKind, ModelFault};
    use crate::retry::Retry;
    use crate::run::RunStatus;
    use crate::transcript::Transcript;
    use crate::turn::tests::{Desk, says};

    fn said(body: impl Fn(Vec<Block>) -> EventBody, run: &Run, id: u128) -> InboxItem {
        let body = body(vec![Block::text("while you were at it")]);
        InboxItem {
            id: EventId(Uuid::from_u128(id)),
            session: run.session,
            run: run.id,
            accepted_at: run.queued_at,
            body,
        }
    }

    fn behind(run: &Run) -> Queued {
        let run = Run {
            id: RunId(Uuid::from_u128(77)),
            status: RunStatus::Queued,
            fence: None,
            first_seq: None,
            trace: None,
            outcome: None,
            ..run.clone()
        };
        let message = said(|content| EventBody::UserMessage { content, dropped: false }, &run, 78);
        let system = said(|content| EventBody::SystemMessage { content, dropped: false }, &run, 79);
        Queued { run, inbox: vec![message, system] }
    }

    #[test]
    fn what_was_queued_behind_a_dead_run_is_logged_as_dropped_before_the_session_is_idle() {
        let mut desk = Desk::new(Limits::default());
        let fault = ModelFault::new(FaultKind::Overloaded, "too busy");
        let mut next = 500;
        let mut ids = || {
            next += 1;
            EventId(Uuid::from_u128(next))
        };
        let at = &mut Moment { now: desk.turn.run.queued_at, ids: &mut ids };
        desk.turn.model_failed(&fault, Retry::GiveUp, at);
        assert!(desk.turn.is_exhausted());
        let outcome = desk.turn.run.outcome.clone().unwrap();
        let queued = behind(&desk.turn.run);
        let (run, version) = (queued.run.id, queued.run.version);

        let end = with_queue_dropped(desk.turn.take_changes(), vec![queued], &outcome, at);

        assert!(end.guards.contains(&Guard::RunAt { run, version }) && end.guards.contains(&Guard::NoInput { run }));
        let ended = end.changes.iter().position(|change| matches!(change, Change::PutRun(put) if put.id == run));
        let released = end.changes.iter().position(|change| matches!(change, Change::Release(_)));
        assert!(ended < released, "it is over before the session is free");
        desk.store(end);
        let names = desk.names();
        let expected = [
            "session.error",
            "user.message",
            "system.message",
            "session.run_dropped",
            "session.usage",
            "session.status_idle",
        ];
        assert_eq!(names[names.len() - expected.len()..], expected);
        let mut transcript = Transcript::default();
        desk.log.iter().for_each(|event| transcript.apply(event));
        assert_eq!(transcript.messages(None).len(), 1, "the model never hears what was dropped");
        assert_eq!(transcript.messages(Some(0)).len(), 1, "and no run is counted for it");
    }

    #[test]
    fn an_answered_run_drops_nothing() {
        let mut desk = Desk::new(Limits::default());
        desk.decide(|turn, at| turn.replied(says("done"), at));
        assert!(!desk.turn.is_exhausted());
    }
}

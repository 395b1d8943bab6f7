//! How a run begins: accepted into the queue, or accepted and claimed at once.

use super::spending::Spending;
use super::{Change, ChangeSet, Fence, Guard, Moment, Phase, Turn};
use crate::agent::AgentSpec;
use crate::budget::Payers;
use crate::event::EventBody;
use crate::id::{EventId, SessionId};
use crate::monitor::remedy::{self, DECIDED_WITHIN};
use crate::run::{Run, RunStatus};
use crate::session::{InboxItem, Session, SessionState, SessionStatus};

/// What a caller gives a run to work on.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The id its event will have.
    pub id: EventId,
    /// The event.
    pub body: EventBody,
}

/// What a worker takes a run with.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The worker's lease.
    pub fence: Fence,
    /// What the run answers by.
    pub spec: &'a AgentSpec,
    /// The models that may be asked, in order, by their full names.
    pub models: Vec<String>,
}

/// A run accepted.
#[derive(Debug)]
pub struct Accepted {
    /// What to commit.
    pub changes: ChangeSet,
    /// The run in the worker's hands, if it was claimed in the same change set.
    pub turn: Option<Turn>,
}

/// Accepts a run with its input into a session.
///
/// With a `claim` (a free worker's) accepting, claiming
/// and the intent of the first model call are one change set; it is refused if the session
/// is no longer free. Without one the input waits in the inbox and the run in the queue.
pub fn accept(
    session: &Session,
    is_new: bool,
    run: Run,
    inputs: Vec<Input>,
    claim: Option<Claim<'_>>,
    at: &mut Moment<'_>,
) -> Accepted {
    let mut changes = ChangeSet::default();
    if is_new {
        changes.changes.push(Change::InsertSession(session.clone()));
    }
    match claim {
        Some(claim) => {
            let turn = Turn::begin(run, session.clone(), inputs, claim, at);
            if !is_new {
                changes.guards.push(Guard::SessionFree { session: session.id, seq: session.state.seq });
            }
            accepted_and_claimed(changes, turn)
        }
        None => {
            let payers = run.payers();
            let items = inputs.into_iter().map(|input| waiting_input(&run, input, at));
            let items: Vec<Change> = items.map(Change::Enqueue).collect();
            changes.changes.push(Change::InsertRun(run));
            changes.changes.extend(items);
            // Its own budget may stop it, which is told in the session; another's is told now.
            changes.guards.push(Guard::Affords(Payers { session: None, ..payers }));
            Accepted { changes, turn: None }
        }
    }
}

fn accepted_and_claimed(mut changes: ChangeSet, mut turn: Turn) -> Accepted {
    turn.name_open_calls();
    let events = std::mem::take(&mut turn.events);
    changes.changes.extend(turn.bill());
    changes.changes.push(Change::InsertRun(turn.run.clone()));
    let state = Some(turn.state.clone());
    changes.changes.push(Change::Append { session: turn.run.session, events, state });
    if turn.phase == Phase::Over {
        changes.changes.push(Change::Release(turn.run.session));
    }
    Accepted { changes, turn: Some(turn) }
}

fn waiting_input(run: &Run, input: Input, at: &Moment<'_>) -> InboxItem {
    InboxItem { id: input.id, session: run.session, run: run.id, accepted_at: at.now, body: input.body }
}

/// What waited in the inbox as input, and the change that takes it out.
fn taken_from(session: SessionId, inbox: Vec<InboxItem>) -> (Vec<Input>, Change) {
    let items = inbox.iter().map(|item| item.id).collect();
    let inputs = inbox.into_iter().map(|item| Input { id: item.id, body: item.body }).collect();
    (inputs, Change::TakeInput { session, items })
}

/// The input of a run that ends before it does anything.
fn never_begun(inputs: Vec<Input>, why: &str) -> Vec<Input> {
    inputs.into_iter().map(|Input { id, body }| Input { id, body: remedy::never_begun(body, why) }).collect()
}

/// What taking a run is decided on, since nobody holds it yet: neither it nor its session
/// has moved.
pub(super) fn unmoved(run: &Run, state: &SessionState) -> [Guard; 2] {
    [Guard::RunAt { run: run.id, version: run.version }, Guard::SessionAt { session: run.session, seq: state.seq }]
}

impl Turn {
    /// Claims a queued run that has not begun: its input moves from the inbox to the log.
    pub fn claim(run: Run, session: Session, inbox: Vec<InboxItem>, claim: Claim<'_>, at: &mut Moment<'_>) -> Turn {
        let guards = unmoved(&run, &session.state);
        let (inputs, taken) = taken_from(run.session, inbox);
        let mut turn = Turn::begin(run, session, inputs, claim, at);
        turn.guards.extend(guards);
        turn.changes.push(taken);
        turn
    }

    /// Ends a queued run that cannot be gone on with, whatever its log holds: no call of it
    /// is looked at, and none is made. `why` is for people.
    pub fn abandon(
        run: Run,
        session: Session,
        inbox: Vec<InboxItem>,
        fence: Fence,
        why: String,
        at: &mut Moment<'_>,
    ) -> Turn {
        let guards = unmoved(&run, &session.state);
        let (inputs, taken) = taken_from(run.session, inbox);
        let spec = AgentSpec::default();
        let mut turn = Turn::held(run, session, Claim { fence, spec: &spec, models: Vec::new() }, at.now);
        turn.run.started_at.get_or_insert(at.now);
        turn.run.first_seq.get_or_insert(turn.state.seq + 1);
        turn.guards.extend(guards);
        turn.changes.push(taken);
        turn.log_inputs(never_begun(inputs, "the run could not go on"), at);
        turn.unrunnable(why, at);
        turn
    }

    /// The change set of a claim: guarded by what the claim was decided on, since the run
    /// is not held by anyone yet.
    pub fn take_claim(&mut self) -> ChangeSet {
        let mut changes = self.take_changes();
        changes.guards.retain(|guard| !matches!(guard, Guard::Held { .. }));
        changes
    }

    fn begin(run: Run, session: Session, inputs: Vec<Input>, claim: Claim<'_>, at: &mut Moment<'_>) -> Turn {
        let mut turn = Turn::held(run, session, claim, at.now);
        turn.run.started_at = Some(at.now);
        turn.run.first_seq = Some(turn.state.seq + 1);
        let interrupted = inputs.iter().any(|input| input.body == EventBody::UserInterrupt {});
        let is_late = turn.run.is_late(at.now);
        let inputs = match (interrupted, is_late) {
            (true, _) => never_begun(inputs, remedy::CALLED_OFF),
            (_, true) => never_begun(inputs, remedy::TOO_LATE),
            _ => inputs,
        };
        turn.log_inputs(inputs, at);
        turn.log(at, EventBody::StatusRunning {});
        if interrupted {
            turn.finish(crate::run::Outcome::Interrupted, at);
        } else if is_late {
            turn.timed_out(at);
        } else if let Some(remedy) = turn.run.remedy.clone() {
            turn.run.deadline = Some(at.now.saturating_add(DECIDED_WITHIN).unwrap_or(jiff::Timestamp::MAX));
            turn.take_call(remedy.call(), at);
            turn.advance(at);
        } else {
            turn.begin_model_call(at);
        }
        turn
    }

    fn log_inputs(&mut self, inputs: Vec<Input>, at: &Moment<'_>) {
        for Input { id, body } in inputs {
            self.log_as(id, at.now, body);
        }
    }

    /// A run as it is when a worker has just taken it.
    pub(super) fn held(mut run: Run, session: Session, claim: Claim<'_>, now: jiff::Timestamp) -> Turn {
        let Session { mut state, budget, .. } = session;
        let Claim { fence, spec, models } = claim;
        run.status = RunStatus::Running;
        run.fence = Some(fence);
        state.status = SessionStatus::Running;
        state.active_run = Some(run.id);
        state.stop_reason = None;
        Turn {
            limits: run.overrides.limits.or(spec.limits),
            models,
            run,
            state,
            phase: Phase::InTools,
            calls: Vec::new(),
            repaired: false,
            held_since: now,
            budget,
            spending: Spending::default(),
            events: Vec::new(),
            guards: Vec::new(),
            changes: Vec::new(),
        }
    }
}

//! How a run comes into being: straight into a free worker's hands, or into the queue.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec, Overrides};
use domain::run::Run;
use domain::session::{Origin, Session, SessionAgent};
use domain::turn::{self, Accepted, Claim, Doing, Input};
use domain::{ChangeSet, Event, Guard, Timestamp};
use jiff::SignedDuration;
use ports::{CommitError, Committed, Refusal, Slot};

use crate::error::Error;
use crate::{App, Ctx};

/// A run on its way into a session.
pub(crate) struct Entry {
    pub(crate) session: Session,
    pub(crate) is_new: bool,
    /// The agent's newest version: a run needs a living agent.
    pub(crate) newest: Agent,
    /// The version that answers.
    pub(crate) version: u32,
    /// The description it answers by, with all changes.
    pub(crate) spec: Arc<AgentSpec>,
    pub(crate) run: Run,
    pub(crate) inputs: Vec<Input>,
    /// What is committed with it.
    pub(crate) also: ChangeSet,
}

/// What became of it.
pub(crate) enum Entered {
    /// A worker has it; its first events are stored.
    Claimed { events: Arc<[Event]> },
    /// It waits; its input is in the inbox.
    Queued,
    /// Something it was decided on has changed: load and decide again.
    TooLate,
}

impl App {
    /// A run that does not exist yet. Its deadline counts from now, waiting included.
    pub(crate) fn new_run(
        &self,
        ctx: &Ctx,
        session: &Session,
        agent: &Agent,
        overrides: Arc<Overrides>,
        origin: Origin,
    ) -> Run {
        let wall_ms = overrides.limits.or(agent.spec.limits).wall_ms;
        Run {
            key: ctx.key,
            overrides,
            agent_version: matches!(session.agent, SessionAgent::Pinned { .. }).then_some(agent.version),
            trace: ctx.trace.as_deref().copied(),
            deadline: wall_ms.map(|wall_ms| later(ctx.now, wall_ms)),
            ..Run::queued(self.fresh(), session, origin, ctx.now)
        }
    }

    /// Accepts a run. If a worker is free and the session is too, accepting, claiming and
    /// the intent of the first model call are one commit, and the worker goes on from there.
    pub(crate) async fn enter(&self, ctx: &Ctx, entry: Entry) -> Result<Entered, Error> {
        let (app, ctx) = (self.clone(), ctx.clone());
        self.to_the_end(async move { app.enter_now(&ctx, entry).await }).await
    }

    /// As [`App::enter`], into a session in which nothing else may be under way: instead of
    /// waiting behind it the run is not accepted.
    pub(crate) async fn enter_while(&self, ctx: &Ctx, entry: Entry, free: Guard) -> Result<Entered, Error> {
        let (app, ctx) = (self.clone(), ctx.clone());
        self.to_the_end(async move { app.enter_guarded(&ctx, entry, Some(free)).await }).await
    }

    pub(crate) async fn enter_now(&self, ctx: &Ctx, entry: Entry) -> Result<Entered, Error> {
        self.enter_guarded(ctx, entry, None).await
    }

    async fn enter_guarded(&self, ctx: &Ctx, entry: Entry, holds: Option<Guard>) -> Result<Entered, Error> {
        if entry.session.state.active_run.is_none()
            && let Some(slot) = self.ports().workers.try_slot()
            && let Some(entered) = self.enter_claimed(ctx, &entry, slot).await?
        {
            return Ok(entered);
        }
        let Entry { session, is_new, newest, run, inputs, also, .. } = entry;
        let accepted = self.decide(ctx.now, |at| turn::accept(&session, is_new, run, inputs, None, at));
        let mut changes = ctx.recording(living(&newest, accepted.changes.and(also)));
        changes.guards.extend(holds);
        let committed = crate::commit_in_time(&*self.store(ctx.org), changes).await?;
        Ok(committed.map_or(Entered::TooLate, |_| Entered::Queued))
    }

    /// Accepts and claims; `None` if the session turned out to be busy, or a budget used up.
    async fn enter_claimed(&self, ctx: &Ctx, entry: &Entry, slot: Box<dyn Slot>) -> Result<Option<Entered>, Error> {
        let run = Run { agent_version: Some(entry.version), ..entry.run.clone() };
        let models = self.ports().models.of(ctx.org).await?.chain(&entry.spec.model);
        let claim = Claim { fence: slot.fence(), spec: &entry.spec, models };
        let inputs = entry.inputs.clone();
        let also = entry.also.clone();
        let Accepted { changes, turn } =
            self.decide(ctx.now, |at| turn::accept(&entry.session, entry.is_new, run, inputs, Some(claim), at));
        match self.store(ctx.org).commit(ctx.recording(living(&entry.newest, changes.and(also)))).await {
            Ok(committed) => {
                let events = appended(committed);
                if let (Some(mut turn), Some(last)) = (turn, events.last()) {
                    turn.committed(last.seq);
                    // An input that interrupts itself is over before it begins.
                    if turn.doing() != Doing::Over {
                        slot.start(ctx.org, turn, Arc::clone(&entry.spec), Arc::clone(&events));
                    }
                }
                Ok(Some(Entered::Claimed { events }))
            }
            // In the queue a budget is told of as what it is, or ends the run by its name.
            Err(CommitError::Refused(Refusal::Guard(Guard::SessionFree { .. }) | Refusal::OverBudget)) => Ok(None),
            Err(CommitError::Refused(refusal)) => {
                tracing::debug!(%refusal, "decided too late, deciding again");
                Ok(Some(Entered::TooLate))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// With the guard that the agent is still there. An archived one goes on answering in its
/// sessions, and has no newer version.
fn living(newest: &Agent, changes: ChangeSet) -> ChangeSet {
    changes.guarded(match newest.archived_at {
        None => Guard::AgentAt { agent: newest.id, version: newest.version },
        Some(_) => Guard::AgentLives { agent: newest.id },
    })
}

fn appended(committed: Committed) -> Arc<[Event]> {
    committed.events.into_iter().next_back().unwrap_or_default()
}

fn later(now: Timestamp, ms: u64) -> Timestamp {
    let wait = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

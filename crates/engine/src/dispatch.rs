//! The dispatcher: claims ready runs, organizations in turn, and ends runs whose time was
//! over before their turn came.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::agent::{Agent, AgentSpec};
use domain::limits::Unit;
use domain::run::{Outcome, Run, RunStatus};
use domain::session::{Session, SessionAgent};
use domain::turn::{Queued, Turn, drop_queued};
use domain::{Change, ChangeSet, Event, Guard, OrgId, RunId};
use futures::FutureExt;
use ports::store::{CommitError, LateRun, OrgStore, ReadyRun, Refusal, StoreError};
use tokio::sync::OwnedSemaphorePermit;

use crate::rescue::INTERNAL_ERROR;
use crate::{Shared, transcripts, worker};

/// Runs claimed side by side; their claims share a flush.
const CLAIMS_MAX: usize = 64;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Claims runs until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut work = shared.ports.feed.watch_work();
    let mut last: Option<OrgId> = None;
    loop {
        work.mark_unchanged();
        let claimed = tokio::select! {
            () = shared.draining.cancelled() => return,
            claimed = claim_some(&shared, &mut last) => claimed,
        };
        match claimed {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(%error, "could not look for work");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        }
        let next_deadline = match end_late_runs(&shared).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "could not end runs whose time is over");
                Some(STORE_PAUSE)
            }
        };
        tokio::select! {
            () = shared.draining.cancelled() => return,
            // The feed lives as long as the engine: an error cannot come here.
            _ = work.changed() => {}
            () = sleep_or_forever(next_deadline) => {}
        }
    }
}

/// Claims as many ready runs as there are slots; gives back how many were found.
async fn claim_some(shared: &Arc<Shared>, last: &mut Option<OrgId>) -> Result<usize, StoreError> {
    let Some(first) = shared.slots.take().await else {
        return std::future::pending().await;
    };
    // From here on a newcomer queues up, until the queue was seen empty.
    shared.slots.set_backlog(true);
    let mut permits = vec![first];
    while permits.len() < CLAIMS_MAX
        && let Some(permit) = shared.slots.take_another()
    {
        permits.push(permit);
    }
    let ready = shared.ports.store.next_ready(*last, permits.len()).await?;
    if ready.is_empty() {
        shared.slots.set_backlog(false);
        return Ok(0);
    }
    *last = ready.last().map(|ready| ready.org);
    let found = ready.len();
    let claims = ready.into_iter().zip(permits).map(|(ready, permit)| claim_unshaken(shared, ready, permit));
    let outcomes = futures::future::join_all(claims).await;
    outcomes.into_iter().collect::<Result<(), StoreError>>()?;
    Ok(found)
}

/// A claim that panics, as over a log it cannot follow, must not end the dispatcher for
/// everyone else. Most panics would come again, so the run is ended in a named state.
async fn claim_unshaken(shared: &Arc<Shared>, ready: ReadyRun, permit: OwnedSemaphorePermit) -> Result<(), StoreError> {
    let ReadyRun { org, run } = ready;
    match AssertUnwindSafe(claim(shared, ready, permit)).catch_unwind().await {
        Ok(claimed) => return claimed,
        Err(_panic) => tracing::error!(run.id = %run, "claiming a run panicked: it is ended"),
    }
    match AssertUnwindSafe(abandon(shared, org, run)).catch_unwind().await {
        Ok(ended) => ended,
        Err(_panic) => {
            tracing::error!(run.id = %run, "the run could not be ended either: it stays in the queue");
            tokio::time::sleep(STORE_PAUSE).await;
            Ok(())
        }
    }
}

/// Ends a queued run without a look at its log.
async fn abandon(shared: &Arc<Shared>, org: OrgId, run: RunId) -> Result<(), StoreError> {
    let store = shared.org(org);
    let Some((run, session)) = load(store.as_ref(), run).await? else { return Ok(()) };
    let inbox = store.list_inbox(run.id).await?;
    let message = INTERNAL_ERROR.to_owned();
    let mut turn = shared.at(|at| Turn::abandon(run, session, inbox, shared.fence, message, at));
    commit_in_time(store.as_ref(), turn.take_claim()).await
}

/// Claims one run and gives it to a worker of its own.
async fn claim(shared: &Arc<Shared>, ready: ReadyRun, permit: OwnedSemaphorePermit) -> Result<(), StoreError> {
    let store = shared.org(ready.org);
    let Some((run, session)) = load(store.as_ref(), ready.run).await? else { return Ok(()) };
    let Some((agent, spec)) = resolve(store.as_ref(), &session, &run).await? else {
        return end_queued(shared, store.as_ref(), run, Outcome::Interrupted).await;
    };
    let mut turn = open_turn(shared, ready.org, run, session, &agent, &spec).await?;
    let mut attempt = store.commit(turn.take_claim()).await;
    if matches!(attempt, Err(CommitError::Refused(Refusal::OverBudget))) {
        let Some((run, session)) = load(store.as_ref(), ready.run).await? else { return Ok(()) };
        turn = open_turn(shared, ready.org, run, session, &agent, &spec).await?;
        attempt = store.commit(within_budgets(shared, store.as_ref(), &mut turn).await?).await;
    }
    let committed = match attempt {
        Ok(committed) => committed,
        Err(CommitError::Refused(Refusal::Guard(Guard::AgentLives { .. }))) => {
            return end_agentless(shared, ready, &agent, &spec).await;
        }
        // Somebody was quicker, or the run changed under the claim: it is looked at again.
        Err(CommitError::Refused(_)) => return Ok(()),
        Err(CommitError::Store(error)) => return Err(error),
    };
    let appended: Arc<[Event]> = committed.events.iter().flat_map(|events| events.iter().cloned()).collect();
    turn.committed(appended.last().map_or(turn.state.seq, |event| event.seq));
    let (tracker, turn) = (shared.workers.clone(), Box::new(turn));
    let shared = Arc::clone(shared);
    tracker.spawn(async move {
        let _permit = permit;
        worker::go_on(shared, ready.org, turn, spec, appended).await;
    });
    Ok(())
}

/// The change set of a claim whose first call the budgets forbid, as far as they do: the run
/// begins and ends at once.
async fn within_budgets(shared: &Arc<Shared>, store: &dyn OrgStore, turn: &mut Turn) -> Result<ChangeSet, StoreError> {
    let claim = turn.take_claim();
    let accounts = store.list_accounts(turn.run.payers()).await?;
    Ok(shared.at(|at| turn.reconsider(claim, accounts, at)))
}

async fn load(store: &dyn OrgStore, run: RunId) -> Result<Option<(Run, Session)>, StoreError> {
    let Some(run) = store.find_run(run).await?.filter(|run| run.status == RunStatus::Queued) else {
        return Ok(None);
    };
    Ok(store.find_session(run.session).await?.map(|session| (run, session)))
}

/// The agent version that answers, and its description with the session's and run's changes.
pub(crate) async fn resolve(
    store: &dyn OrgStore,
    session: &Session,
    run: &Run,
) -> Result<Option<(Agent, Arc<AgentSpec>)>, StoreError> {
    let version = match &session.agent {
        SessionAgent::Pinned { version, .. } => Some(*version),
        SessionAgent::Following { .. } => run.agent_version,
    };
    let agent = match version {
        Some(version) => store.find_agent_version(session.agent.id(), version).await?,
        None => store.find_agent(session.agent.id()).await?,
    };
    Ok(agent.map(|agent| {
        let spec = match &session.agent {
            SessionAgent::Pinned { overrides, .. } => overrides.apply(&agent.spec),
            SessionAgent::Following { .. } => Arc::clone(&agent.spec),
        };
        let spec = run.overrides.apply(&spec);
        (agent, spec)
    }))
}

async fn open_turn(
    shared: &Arc<Shared>,
    org: OrgId,
    mut run: Run,
    session: Session,
    agent: &Agent,
    spec: &AgentSpec,
) -> Result<Turn, StoreError> {
    let store = shared.org(org);
    let inbox = store.list_inbox(run.id).await?;
    let claim = shared.claim(org, spec).await?;
    if run.started_at.is_none() {
        run.agent_version = Some(agent.version);
        return Ok(shared.at(|at| Turn::claim(run, session, inbox, claim, at)));
    }
    let events = transcripts::events_of(store.as_ref(), &run).await?;
    Ok(shared.at(|at| Turn::resume(run, session, &events, inbox, claim, at)))
}

/// The agent of a queued run was deleted: the run is stopped, whether it had begun or not.
async fn end_agentless(
    shared: &Arc<Shared>,
    ready: ReadyRun,
    agent: &Agent,
    spec: &AgentSpec,
) -> Result<(), StoreError> {
    let store = shared.org(ready.org);
    let Some((run, session)) = load(store.as_ref(), ready.run).await? else { return Ok(()) };
    if run.started_at.is_none() {
        return end_queued(shared, store.as_ref(), run, Outcome::Interrupted).await;
    }
    let mut turn = open_turn(shared, ready.org, run, session, agent, spec).await?;
    shared.at(|at| turn.agent_deleted(at));
    commit_in_time(store.as_ref(), turn.take_claim()).await
}

async fn end_queued(shared: &Arc<Shared>, store: &dyn OrgStore, run: Run, outcome: Outcome) -> Result<(), StoreError> {
    let queued = Queued { inbox: store.list_inbox(run.id).await?, run };
    commit_in_time(store, shared.at(|at| drop_queued(queued, outcome, at))).await
}

/// Ends runs that nobody holds and whose deadline has passed; gives back how long it is
/// until the next one.
async fn end_late_runs(shared: &Arc<Shared>) -> Result<Option<Duration>, StoreError> {
    loop {
        let Some(LateRun { org, run, deadline }) = shared.ports.store.next_deadline().await? else {
            return Ok(None);
        };
        let left = Duration::try_from(deadline.duration_since(shared.ports.clock.now())).unwrap_or_default();
        if !left.is_zero() {
            return Ok(Some(left));
        }
        let store = shared.org(org);
        let Some(run) = store.find_run(run).await? else { continue };
        match run.status {
            RunStatus::Queued if run.started_at.is_none() => {
                end_queued(shared, store.as_ref(), run, Outcome::LimitReached { unit: Unit::Time, budget: None })
                    .await?;
            }
            RunStatus::Waiting => requeue(store.as_ref(), run).await?,
            // A worker has just taken it, and ends it itself.
            _ => return Ok(Some(STORE_PAUSE)),
        }
    }
}

/// A waiting run whose time is over goes back to the queue, where its worker ends it.
async fn requeue(store: &dyn OrgStore, run: Run) -> Result<(), StoreError> {
    let guard = Guard::RunAt { run: run.id, version: run.version };
    let queued = Run { status: RunStatus::Queued, ..run };
    commit_in_time(store, ChangeSet::of([Change::PutRun(queued)]).guarded(guard)).await
}

/// Commits; a decision that came too late is dropped, since the run is looked at again.
async fn commit_in_time(store: &dyn OrgStore, changes: ChangeSet) -> Result<(), StoreError> {
    match store.commit(changes).await {
        Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

pub(crate) async fn sleep_or_forever(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

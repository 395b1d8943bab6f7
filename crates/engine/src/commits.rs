//! How a worker's decisions reach the store: under its lease, with the input that came at
//! the last moment, within the budgets, and for as long as it takes.

use std::borrow::Cow;
use std::time::Duration;

use domain::run::{Run, RunStatus};
use domain::session::Origin;
use domain::turn::{Queued, Turn, with_queue_dropped};
use domain::{Change, ChangeSet, Guard, RunId};
use ports::OrgStore;
use ports::store::{CommitError, Committed, Refusal, StoreError};

use crate::Shared;

/// Wait before a store that failed is asked again; doubles up to the last.
const STORE_WAITS: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(5)];

/// The run is no longer this worker's: the lease is gone, or the engine has stopped.
#[derive(Debug)]
pub(crate) struct Lost;

/// Commits what the turn decided. Input that came at the last moment is taken along. The run
/// of an agent that was deleted meanwhile is ended instead, and one that failed for good
/// takes with it what is queued behind it.
///
/// # Errors
/// [`Lost`]: the worker must drop the run without another write.
pub(crate) async fn commit(shared: &Shared, store: &dyn OrgStore, turn: &mut Turn) -> Result<Committed, Lost> {
    let mut changes = turn.take_changes();
    loop {
        let whole = with_what_is_behind(shared, store, turn, &changes).await?;
        let attempt = || async {
            match store.commit(whole.as_ref().clone()).await {
                Ok(committed) => Ok(Ok(committed)),
                Err(CommitError::Refused(refusal)) => Ok(Err(refusal)),
                Err(CommitError::Store(error)) => Err(error),
            }
        };
        match patiently(shared, attempt).await? {
            Ok(committed) => {
                let last = committed.events.iter().flat_map(|events| events.last()).last();
                turn.committed(last.map_or(turn.state.seq, |event| event.seq));
                return Ok(committed);
            }
            Err(Refusal::Guard(Guard::NoInput { run })) if run == turn.run.id => {
                let items = patiently(shared, || store.list_inbox(run)).await?;
                shared.at(|at| turn.take_input(items, at));
                changes = continued(changes, turn.take_changes());
            }
            Err(Refusal::Guard(Guard::AgentLives { .. })) => {
                shared.at(|at| turn.agent_deleted(at));
                changes = continued(changes, turn.take_changes());
            }
            Err(Refusal::OverBudget) => {
                let accounts = patiently(shared, || store.list_accounts(turn.run.payers())).await?;
                changes = shared.at(|at| turn.reconsider(changes, accounts, at));
            }
            // What is queued behind has changed since it was loaded: it is loaded again.
            Err(Refusal::Guard(Guard::NoInput { run } | Guard::RunAt { run, .. })) if run != turn.run.id => {}
            Err(Refusal::Guard(Guard::Held { .. })) => return Err(Lost),
            Err(refusal) => {
                tracing::error!(%refusal, "a step of a held run was refused: the run goes back to the queue");
                requeue(shared, store, turn.run.id).await?;
                return Err(Lost);
            }
        }
    }
}

/// Asks a store that fails again and again, until it answers or the engine stops.
///
/// # Errors
/// [`Lost`] if it does not answer before that.
pub(crate) async fn patiently<T, F>(shared: &Shared, ask: impl Fn() -> F) -> Result<T, Lost>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut wait = STORE_WAITS[0];
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(StoreError::Closed) => return Err(Lost),
            Err(error) => tracing::error!(%error, ?wait, "the store failed; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(STORE_WAITS[1]),
            () = shared.stopped.cancelled() => return Err(Lost),
        }
    }
}

/// The change set; with it, if the run failed for good, what clients of the session said
/// meanwhile is dropped. Runs of other façades go on: each answers a caller of its own.
async fn with_what_is_behind<'a>(
    shared: &Shared,
    store: &dyn OrgStore,
    turn: &Turn,
    changes: &'a ChangeSet,
) -> Result<Cow<'a, ChangeSet>, Lost> {
    let Some(outcome) = turn.run.outcome.as_ref().filter(|_| turn.is_exhausted()) else {
        return Ok(Cow::Borrowed(changes));
    };
    let load = || async {
        let mut behind = Vec::new();
        for run in store.list_queued_runs(turn.session()).await? {
            if run.origin == Origin::Native {
                behind.push(Queued { inbox: store.list_inbox(run.id).await?, run });
            }
        }
        Ok(behind)
    };
    let behind = patiently(shared, load).await?;
    Ok(Cow::Owned(shared.at(|at| with_queue_dropped(changes.clone(), behind, outcome, at))))
}

/// The decision that was refused, followed by what was made of it since. The later guards
/// stand for both, but for the lease, which both name.
fn continued(first: ChangeSet, second: ChangeSet) -> ChangeSet {
    let mut both = first;
    both.guards.retain(|guard| matches!(guard, Guard::Held { .. }));
    both.and(second)
}

/// Puts a run that this worker holds back into the queue as it is stored, whatever was
/// decided since: nothing may stay `running` without a worker.
async fn requeue(shared: &Shared, store: &dyn OrgStore, run: RunId) -> Result<(), Lost> {
    tokio::time::sleep(STORE_WAITS[1]).await;
    let Some(run) = patiently(shared, || store.find_run(run)).await? else { return Ok(()) };
    let guard = Guard::Held { run: run.id, fence: shared.fence };
    let queued = Run { status: RunStatus::Queued, fence: None, ..run };
    let changes = ChangeSet::of([Change::PutRun(queued)]).guarded(guard);
    let attempt = || async {
        match store.commit(changes.clone()).await {
            Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    };
    patiently(shared, attempt).await
}

//! Approvals that nobody gave in time: rollouts that waited for one are rejected when it is over.
//!
//! Like a watch, an approval that waits is a row with a time and nothing else: this task
//! sleeps until the first of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::Actor;
use futures::FutureExt;
use ports::store::{CommitError, DueApproval, StoreError};

use crate::Shared;

/// Ended side by side; their commits share a flush.
const AT_ONCE_MAX: usize = 64;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Ends what is over until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut waits = shared.ports.feed.watch_approvals();
    loop {
        waits.mark_unchanged();
        let wait = match end_due(&shared).await {
            Ok(wait) => wait,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "could not end approvals whose time is over");
                Some(STORE_PAUSE)
            }
        };
        tokio::select! {
            () = shared.draining.cancelled() => return,
            // The feed lives as long as the engine: an error cannot come here.
            _ = waits.changed() => {}
            () = crate::dispatch::sleep_or_forever(wait) => {}
        }
    }
}

/// Ends all that is over; how long it is until the next one, if there is one.
async fn end_due(shared: &Shared) -> Result<Option<Duration>, StoreError> {
    loop {
        let listed = shared.ports.store.next_approvals(AT_ONCE_MAX).await?;
        let now = shared.ports.clock.now();
        let due: Vec<DueApproval> = listed.iter().copied().take_while(|approval| approval.due <= now).collect();
        if due.is_empty() {
            let wait = |next: &DueApproval| Duration::try_from(next.due.duration_since(now)).unwrap_or_default();
            return Ok(listed.first().map(wait));
        }
        let ends = futures::future::join_all(due.into_iter().map(|due| unshaken(shared, due))).await;
        ends.into_iter().collect::<Result<(), _>>()?;
    }
}

/// Ends one. A panic is a failure of it alone.
async fn unshaken(shared: &Shared, due: DueApproval) -> Result<(), StoreError> {
    let ended = AssertUnwindSafe(end(shared, due)).catch_unwind().await;
    ended.unwrap_or_else(|_panic| Err(StoreError::Failed(format!("ending the approval of {} panicked", due.rollout))))
}

/// A rollout that moved on meanwhile is looked at again with those that are still due.
async fn end(shared: &Shared, due: DueApproval) -> Result<(), StoreError> {
    let store = shared.org(due.org);
    let Some(rollout) = store.find_rollout(due.rollout).await? else { return Ok(()) };
    let Some(expired) = rollout.expired(shared.ports.clock.now()) else { return Ok(()) };
    let session = store.find_session(expired.rollout.session).await?;
    let open = session.filter(|session| session.archived_at.is_none()).map(|session| session.id);
    match store.commit(shared.at(|at| expired.changes(open, Actor::System, at))).await {
        Ok(_) => Ok(()),
        Err(CommitError::Refused(refusal)) => {
            tracing::debug!(%refusal, "a rollout moved on while its approval ended");
            Ok(())
        }
        Err(CommitError::Store(error)) => Err(error),
    }
}

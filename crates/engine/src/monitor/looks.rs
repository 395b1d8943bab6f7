//! The looks under way, and whose turn is next.
//!
//! Each organization has its share of the places, so that one whose servers are slow, or whose
//! rollouts are many, delays its own looks and nobody else's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{OrgId, SessionId};
use ports::store::{DueWatch, StoreError};
use tokio::task::{Id, JoinSet};

use super::unshaken;
use crate::Shared;

/// Looks under way at once; further ones are a moment late.
const AT_ONCE_MAX: usize = 512;

/// Those of one organization.
const OF_ONE_ORG_MAX: usize = 32;

/// Those under way are due until they are over, and stand in front of what else is listed.
const LISTED_MAX: usize = AT_ONCE_MAX + 1;

/// How long new times may go unnoticed where some wait for a place.
const CROWDED_PAUSE: Duration = Duration::from_millis(250);

/// The looks under way. They end with whoever holds this.
#[derive(Default)]
pub(super) struct Looks {
    tasks: JoinSet<()>,
    under_way: HashMap<Id, DueWatch>,
    sessions: HashSet<SessionId>,
    of_org: HashMap<OrgId, usize>,
    /// Whose share was used up when it was last listed what is due.
    crowded: HashSet<OrgId>,
}

impl Looks {
    /// Begins the looks that are due and have a place; how long it is until the next one, if
    /// that is known.
    pub(super) async fn begin_due(&mut self, shared: &Arc<Shared>) -> Result<Option<Duration>, StoreError> {
        loop {
            self.crowded =
                self.of_org.iter().filter(|(_, looks)| **looks >= OF_ONE_ORG_MAX).map(|(org, _)| *org).collect();
            if self.has_no_place() {
                return Ok(Some(CROWDED_PAUSE));
            }
            let passed_over: Vec<OrgId> = self.crowded.iter().copied().collect();
            let listed = shared.ports.store.next_watches(LISTED_MAX, &passed_over).await?;
            let (now, is_all) = (shared.ports.clock.now(), listed.len() < LISTED_MAX);
            for watch in listed {
                if watch.due > now {
                    let wait = Duration::try_from(watch.due.duration_since(now)).unwrap_or_default();
                    return Ok(Some(self.pause(wait)));
                }
                self.begin(shared, watch);
            }
            let is_more_crowded =
                self.of_org.iter().any(|(org, looks)| *looks >= OF_ONE_ORG_MAX && !self.crowded.contains(org));
            // Behind the many of one organization there may be others'.
            if is_all || !is_more_crowded {
                return Ok(self.is_crowded().then_some(CROWDED_PAUSE));
            }
        }
    }

    /// Whether some wait for a place, so that it is not worth while to list them again with
    /// every time that is set.
    pub(super) fn is_crowded(&self) -> bool {
        !self.crowded.is_empty() || self.has_no_place()
    }

    /// Waits until there is a place for one that may be due; for ever if nothing is under way.
    pub(super) async fn ended(&mut self) {
        loop {
            let (task, end) = match self.tasks.join_next_with_id().await {
                Some(Ok((task, ()))) => (task, Ok(())),
                Some(Err(error)) => (error.id(), Err(error)),
                None => return std::future::pending().await,
            };
            if let Err(error) = end {
                tracing::error!(%error, "a look at a rollout was lost: it is made again");
            }
            if self.over(task) {
                return;
            }
        }
    }

    fn begin(&mut self, shared: &Arc<Shared>, watch: DueWatch) {
        let looks = self.of_org.entry(watch.org).or_default();
        if *looks >= OF_ONE_ORG_MAX || self.sessions.len() >= AT_ONCE_MAX || !self.sessions.insert(watch.session) {
            return;
        }
        *looks += 1;
        let task = self.tasks.spawn(unshaken(Arc::clone(shared), watch));
        self.under_way.insert(task.id(), watch);
    }

    /// Takes note of the end of a look; whether what is due should be listed again. Where many
    /// wait that is done for several places at once.
    fn over(&mut self, task: Id) -> bool {
        let had_no_place = self.has_no_place();
        let Some(watch) = self.under_way.remove(&task) else { return true };
        self.sessions.remove(&watch.session);
        let looks = self.of_org.entry(watch.org).or_default();
        *looks = looks.saturating_sub(1);
        let left = *looks;
        if left == 0 {
            self.of_org.remove(&watch.org);
        }
        !had_no_place && (left <= OF_ONE_ORG_MAX / 2 || !self.crowded.contains(&watch.org))
    }

    fn has_no_place(&self) -> bool {
        self.sessions.len() >= AT_ONCE_MAX
    }

    fn pause(&self, wait: Duration) -> Duration {
        if self.is_crowded() { wait.min(CROWDED_PAUSE) } else { wait }
    }
}

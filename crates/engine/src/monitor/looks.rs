//! The looks under way. Whose turn is next is decided in [`Turns`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::OrgId;
use ports::store::{DueWatch, StoreError};
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::turns::Turns;
use super::unshaken;
use crate::Shared;

/// Looks under way at once; further ones are a moment late.
const AT_ONCE_MAX: usize = 512;

/// Those of one organization that read signals at the same time. Of many that ask the same
/// server at once none would be answered in its time.
const READING_MAX: usize = 32;

/// Those under way are due until they are over, and stand in front of what else is listed.
const LISTED_MAX: usize = 2 * AT_ONCE_MAX + 1;

/// How long new times may go unnoticed where some wait for a place.
const CROWDED_PAUSE: Duration = Duration::from_millis(250);

/// The looks under way. They end with whoever holds this.
pub(super) struct Looks {
    turns: Turns,
    tasks: JoinSet<()>,
    under_way: HashMap<Id, DueWatch>,
    readers: HashMap<OrgId, Arc<Semaphore>>,
    listed: Option<Listed>,
}

/// When it was last listed what is due.
struct Listed {
    at: Instant,
    /// Whose it was not.
    passed_over: HashSet<OrgId>,
    /// Whether more was due than was listed.
    is_cut: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            turns: Turns::of(AT_ONCE_MAX),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            readers: HashMap::new(),
            listed: None,
        }
    }
}

impl Looks {
    /// Begins the looks that are due and have a place; how long it is until the next one, if
    /// that is known. What waits for a place is kept, and listed no second time.
    pub(super) async fn begin_due(&mut self, shared: &Arc<Shared>) -> Result<Option<Duration>, StoreError> {
        self.begin(shared);
        let mut wait = None;
        let mut is_worth_listing = self.is_old();
        while is_worth_listing && !self.turns.is_full() {
            let passed_over = self.turns.waiting_orgs();
            let now = shared.ports.clock.now();
            let others: Vec<OrgId> = passed_over.iter().copied().collect();
            let mut due = shared.ports.store.next_watches(now, &others, LISTED_MAX).await?;
            if let Some(later) = due.pop_if(|watch| watch.due > now) {
                wait = Some(Duration::try_from(later.due.duration_since(now)).unwrap_or_default());
            }
            self.listed = Some(Listed { at: Instant::now(), passed_over, is_cut: due.len() >= LISTED_MAX });
            self.turns.take_up(due);
            self.begin(shared);
            is_worth_listing = self.hides_others();
        }
        Ok(if self.is_crowded() { Some(CROWDED_PAUSE) } else { wait })
    }

    /// Whether some wait for a place, so that it is not worth while to list them again with
    /// every time that is set.
    pub(super) fn is_crowded(&self) -> bool {
        self.turns.is_waited_for() || self.turns.is_full()
    }

    /// Whether something may be due that is not known.
    fn is_old(&self) -> bool {
        let is_recent = self.listed.as_ref().is_some_and(|listed| listed.at.elapsed() < CROWDED_PAUSE);
        !self.turns.is_waited_for() || !is_recent
    }

    /// Whether others may stand behind the many of an organization.
    fn hides_others(&self) -> bool {
        let Some(Listed { passed_over, is_cut: true, .. }) = &self.listed else { return false };
        self.turns.waiting_orgs().iter().any(|org| !passed_over.contains(org))
    }

    /// Waits until some are over; for ever if nothing is under way.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(end) => self.over(end),
            None => return std::future::pending().await,
        }
        while let Some(end) = self.tasks.try_join_next_with_id() {
            self.over(end);
        }
    }

    fn over(&mut self, end: Result<(Id, ()), JoinError>) {
        let task = match end {
            Ok((task, ())) => task,
            Err(error) => {
                tracing::error!(%error, "a look at a rollout was lost: it is made again");
                error.id()
            }
        };
        if let Some(watch) = self.under_way.remove(&task)
            && self.turns.over(&watch)
        {
            self.readers.remove(&watch.org);
        }
    }

    fn begin(&mut self, shared: &Arc<Shared>) {
        for watch in self.turns.begin() {
            let readers = self.readers.entry(watch.org).or_insert_with(|| Arc::new(Semaphore::new(READING_MAX)));
            let task = self.tasks.spawn(unshaken(Arc::clone(shared), watch, Arc::clone(readers)));
            self.under_way.insert(task.id(), watch);
        }
    }
}

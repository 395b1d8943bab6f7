//! The deploy monitor: looks at rollouts when it is time, and says in their sessions what it saw.
//!
//! A watch that waits is a row with a time in the store and nothing else: one task sleeps
//! until the first of them is due. What a look comes to is decided in
//! [`domain::monitor`]; a look that a crash cut short has changed nothing, and is made again.

mod spec;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::monitor::{Next, Seen, Watch};
use domain::{ChangeSet, SessionId};
use futures::FutureExt;
use ports::OrgStore;
use ports::store::{CommitError, DueWatch, StoreError};
use tokio::task::JoinSet;

use self::spec::spec_of;
use crate::Shared;

/// Looks under way at once; further ones are a moment late.
const AT_ONCE_MAX: usize = 512;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How often what a look came to is decided again, because the watch had moved on.
const TRIES: usize = 8;

/// What is said where nothing can be measured.
const NO_SIGNALS: &str = "No signal is configured, so nobody can say whether the rollout does harm: \
                          `sortie projects monitor` adds some.";

/// Looks at what is due until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut timers = shared.ports.feed.watch_timers();
    let mut looks = Looks::default();
    loop {
        timers.mark_unchanged();
        let wait = match looks.begin_due(&shared).await {
            Ok(wait) => wait,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "could not look for rollouts that are due");
                Some(STORE_PAUSE)
            }
        };
        tokio::select! {
            () = shared.draining.cancelled() => return,
            // The feed lives as long as the engine: an error cannot come here.
            _ = timers.changed() => {}
            () = looks.ended() => {}
            () = crate::dispatch::sleep_or_forever(wait) => {}
        }
    }
}

/// The looks under way. They end with whoever holds this.
#[derive(Default)]
struct Looks {
    tasks: JoinSet<SessionId>,
    sessions: HashSet<SessionId>,
}

impl Looks {
    /// Begins the looks that are due; how long it is until the next one, if that is known.
    async fn begin_due(&mut self, shared: &Arc<Shared>) -> Result<Option<Duration>, StoreError> {
        // Those under way are due until they are over, and stand in front.
        let free = AT_ONCE_MAX.saturating_sub(self.sessions.len());
        if free == 0 {
            return Ok(None);
        }
        let listed = shared.ports.store.next_watches(AT_ONCE_MAX + 1).await?;
        let now = shared.ports.clock.now();
        for watch in listed {
            if watch.due > now {
                return Ok(Some(Duration::try_from(watch.due.duration_since(now)).unwrap_or_default()));
            }
            if self.sessions.len() < AT_ONCE_MAX && self.sessions.insert(watch.session) {
                self.tasks.spawn(unshaken(Arc::clone(shared), watch));
            }
        }
        Ok(None)
    }

    /// Waits until one of them is over; for ever if there is none.
    async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(session)) => drop(self.sessions.remove(&session)),
            // A look does not panic, and nobody aborts one.
            Some(Err(error)) => tracing::error!(%error, "a look at a rollout was lost"),
            None => std::future::pending().await,
        }
    }
}

/// Looks once. What fails is tried again a moment later; a panic ends the watch in a named
/// state, lest it come again and again.
async fn unshaken(shared: Arc<Shared>, due: DueWatch) -> SessionId {
    match AssertUnwindSafe(look(&shared, due)).catch_unwind().await {
        Ok(Ok(())) => return due.session,
        Ok(Err(error)) => tracing::error!(%error, session.id = %due.session, "a rollout could not be looked at"),
        Err(_panic) => {
            tracing::error!(session.id = %due.session, "looking at a rollout panicked: its watch is ended");
            if let Err(error) = give_up(&shared, due).await {
                tracing::error!(%error, session.id = %due.session, "the watch could not be ended either");
            }
        }
    }
    tokio::time::sleep(STORE_PAUSE).await;
    due.session
}

async fn look(shared: &Shared, due: DueWatch) -> Result<(), StoreError> {
    let store = shared.org(due.org);
    let mut seen: Option<Seen> = None;
    for _ in 0..TRIES {
        let Some((watch, next)) = due_watch(shared, store.as_ref(), due).await? else { return Ok(()) };
        let changes = match next {
            Next::End(_) => shared.at(|at| watch.completed(at)),
            Next::Check(when) => {
                let seen = match &seen {
                    Some(seen) => seen.clone(),
                    None => seen.insert(see(shared, store.as_ref(), &watch).await?).clone(),
                };
                shared.at(|at| watch.checked(when, seen, at)).changes
            }
        };
        if commit(store.as_ref(), changes).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// The watch as it is now, if something is still to be done in it: a report may have come.
async fn due_watch(shared: &Shared, store: &dyn OrgStore, due: DueWatch) -> Result<Option<(Watch, Next)>, StoreError> {
    let now = shared.ports.clock.now();
    let watch = store.find_watch(due.session).await?;
    Ok(watch.and_then(|watch| watch.next().filter(|next| next.at() <= now).map(|next| (watch, next))))
}

async fn give_up(shared: &Shared, due: DueWatch) -> Result<(), StoreError> {
    let store = shared.org(due.org);
    let Some((watch, _)) = due_watch(shared, store.as_ref(), due).await? else { return Ok(()) };
    let why = "The server met a fault of its own while it looked at the rollout.".to_owned();
    commit(store.as_ref(), shared.at(|at| watch.failed(why, at))).await.map(drop)
}

/// Whether it was decided in time.
async fn commit(store: &dyn OrgStore, changes: ChangeSet) -> Result<bool, StoreError> {
    match store.commit(changes).await {
        Ok(_) => Ok(true),
        Err(CommitError::Refused(refusal)) => {
            tracing::debug!(%refusal, "a rollout moved on while it was looked at");
            Ok(false)
        }
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Asks all signals at once, as they are described now.
async fn see(shared: &Shared, store: &dyn OrgStore, watch: &Watch) -> Result<Seen, StoreError> {
    let signals = spec_of(store, watch).await?.signals;
    if signals.is_empty() {
        return Ok(Seen { evidence: Vec::new(), note: Some(NO_SIGNALS.to_owned()) });
    }
    let now = shared.ports.clock.now();
    let asked = signals.iter().map(async |signal| {
        let reading = shared.ports.signals.read(&signal.source, watch.began_at, now).await;
        signal.judge(reading, watch.began_at)
    });
    Ok(Seen { evidence: futures::future::join_all(asked).await, note: None })
}

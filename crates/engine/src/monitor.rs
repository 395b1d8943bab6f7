//! The deploy monitor: looks at rollouts when it is time, and says in their sessions what it saw.
//!
//! A watch that waits is a row with a time in the store and nothing else: one task sleeps
//! until the first of them is due. What a look comes to is decided in
//! [`domain::monitor`]; a look that a crash cut short has changed nothing, and is made again.

mod follow_up;
mod looks;
mod spec;
mod turns;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::monitor::{Evidence, MonitorSpec, Next, Reading, SIGNALS_MAX, Seen, Signal, Watch};
use domain::turn::Moment;
use domain::{ChangeSet, EventId, SessionId, Timestamp};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use ports::OrgStore;
use ports::store::{CommitError, DueWatch, StoreError};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::follow_up::{Aftermath, knowing_rollback};
use self::looks::Looks;
pub(crate) use self::spec::seen_from;
use self::spec::{Watched, spec_of};
use crate::Shared;
use crate::signals::Reader;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How often what a look came to is decided again, because the watch had moved on.
const TRIES: usize = 8;

/// How long a look may take. What has not answered by then is no data.
const LOOK_MAX: Duration = Duration::from_secs(30);

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
        let is_crowded = looks.is_crowded();
        tokio::select! {
            () = shared.draining.cancelled() => return,
            // The feed lives as long as the engine: an error cannot come here.
            _ = timers.changed(), if !is_crowded => {}
            () = looks.ended() => {}
            () = crate::dispatch::sleep_or_forever(wait) => {}
        }
    }
}

/// Looks once. What fails is tried again a moment later; a panic ends the watch in a named
/// state, lest it come again and again.
async fn unshaken(shared: Arc<Shared>, due: DueWatch, readers: Arc<Semaphore>) {
    let session = due.session;
    let pause = match AssertUnwindSafe(look(&shared, due, &readers)).catch_unwind().await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => {
            tracing::error!(%error, session.id = %session, "a rollout could not be looked at");
            STORE_PAUSE
        }
        Err(_panic) => {
            tracing::error!(session.id = %session, "looking at a rollout panicked: its watch is ended");
            given_up(&shared, due).await
        }
    };
    tokio::time::sleep(pause).await;
}

/// Ends a watch that cannot go on; how long to wait before it is looked at again, if that
/// failed too.
async fn given_up(shared: &Shared, due: DueWatch) -> Duration {
    let session = due.session;
    match AssertUnwindSafe(give_up(shared, due)).catch_unwind().await {
        Ok(Ok(())) => Duration::ZERO,
        Ok(Err(error)) => {
            tracing::error!(%error, session.id = %session, "the watch could not be ended either");
            STORE_PAUSE
        }
        Err(_panic) => {
            tracing::error!(session.id = %session, "ending the watch panicked too");
            STORE_PAUSE
        }
    }
}

/// One look. Its time is when it began, however long it takes.
async fn look(shared: &Shared, due: DueWatch, readers: &Semaphore) -> Result<(), StoreError> {
    let store = shared.org(due.org);
    let began = shared.ports.clock.now();
    let mut seen: Option<Seen> = None;
    for _ in 0..TRIES {
        let Some((watch, next)) = due_watch(store.as_ref(), due.session, began).await? else { return Ok(()) };
        let watch = knowing_rollback(store.as_ref(), watch).await?;
        let changes = match next {
            Next::End(_) => {
                let aftermath = Aftermath { shared, store: store.as_ref(), org: due.org, watch: &watch };
                let summary = aftermath.of_end().await?;
                at(shared, began, |at| watch.completed(at)).and(summary)
            }
            Next::Check(when) => {
                let Watched { spec: MonitorSpec { signals, rollback, .. }, tools_of } =
                    spec_of(store.as_ref(), &watch).await?;
                let reader = Reader { shared, org: due.org, store: store.as_ref(), project: tools_of };
                let seen = match &seen {
                    Some(seen) => seen.clone(),
                    None => seen.insert(see(&reader, readers, signals, &watch, began).await?).clone(),
                };
                let watch = watch.under(&rollback);
                let aftermath = Aftermath { shared, store: store.as_ref(), org: due.org, watch: &watch };
                let follow_up = aftermath.of_check(&seen, &rollback).await?;
                at(shared, began, |at| watch.checked(when, seen, follow_up, at))
            }
        };
        if commit(store.as_ref(), changes).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// The watch as it is, if something was to be done in it at this time: a report may have come.
async fn due_watch(
    store: &dyn OrgStore,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<(Watch, Next)>, StoreError> {
    let watch = store.find_watch(session).await?;
    Ok(watch.and_then(|watch| watch.next().filter(|next| next.at() <= now).map(|next| (watch, next))))
}

/// Lets `decide` decide at this moment.
fn at<T>(shared: &Shared, now: Timestamp, decide: impl FnOnce(&mut Moment<'_>) -> T) -> T {
    let ids = &shared.ports.ids;
    decide(&mut Moment { now, ids: &mut || EventId(ids.uuid_v7()) })
}

async fn give_up(shared: &Shared, due: DueWatch) -> Result<(), StoreError> {
    let store = shared.org(due.org);
    let now = shared.ports.clock.now();
    let Some((watch, _)) = due_watch(store.as_ref(), due.session, now).await? else { return Ok(()) };
    let why = "The server met a fault of its own while it looked at the rollout.".to_owned();
    commit(store.as_ref(), at(shared, now, |at| watch.failed(why, at))).await.map(drop)
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

/// Reads all these signals at once, when it is this look's turn to read.
async fn see(
    reader: &Reader<'_>,
    readers: &Semaphore,
    signals: Vec<Signal>,
    watch: &Watch,
    now: Timestamp,
) -> Result<Seen, StoreError> {
    if signals.is_empty() {
        return Ok(Seen { evidence: Vec::new(), note: Some(NO_SIGNALS.to_owned()) });
    }
    // It is never closed.
    let _turn = readers.acquire().await;
    let until = Instant::now() + LOOK_MAX;
    let looked_at = signals.into_iter().map(|signal| look_at(reader, signal, watch.began_at, now, until));
    // A server that hangs must not stand in front of the others: who waits for whom is decided
    // where they are asked.
    let evidence = stream::iter(looked_at).buffered(SIGNALS_MAX).try_collect().await?;
    Ok(Seen { evidence, note: None })
}

/// What a signal shows, if it does in time.
async fn look_at(
    reader: &Reader<'_>,
    signal: Signal,
    event: Timestamp,
    now: Timestamp,
    until: Instant,
) -> Result<Evidence, StoreError> {
    let reading = tokio::time::timeout_at(until, reader.read(&signal.source, event, now)).await;
    Ok(signal.judge(reading.unwrap_or_else(|_| Ok(unanswered()))?, event))
}

fn unanswered() -> Reading {
    Reading { detail: Some(format!("nothing came within {} seconds", LOOK_MAX.as_secs())), ..Reading::default() }
}

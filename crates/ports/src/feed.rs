//! The feed: how stored events and live text reach the streams of this process.
//!
//! The store publishes events after their commit; the engine publishes the text of a
//! message while it is generated (a *preview*). A subscriber gets both in one order. The
//! feed is a hint, never the truth: a reader that falls behind is told so ([`Behind`]) and
//! reads what it missed from the log, where `seq` shows that nothing is missing. With several
//! nodes the store feeds it from its own notifications.

mod channel;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use domain::{Event, EventId, OrgId, RolloutId, RunId, SessionId, Timestamp};
use tokio::sync::{broadcast, watch};

use channel::{Channel, Place, Woken};
pub use channel::{FeedItem, PreviewItem};

use crate::metrics::Laggards;

/// Words to the whole process that may wait for a listener; who falls behind looks at everything.
const WORDS_MAX: usize = 64;

/// Maps are split this many ways so that publishers seldom meet.
const SHARDS: usize = 16;

/// The fan-out of one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shards: [Mutex<Shard>; SHARDS],
    work: watch::Sender<u64>,
    timers: watch::Sender<u64>,
    approvals: watch::Sender<u64>,
    monitors: broadcast::Sender<OrgId>,
    deliveries: watch::Sender<u64>,
    inbox: broadcast::Sender<RunId>,
    rollouts: broadcast::Sender<RolloutId>,
    /// The last position of each organization that somebody listens to.
    positions: Mutex<HashMap<OrgId, watch::Sender<u64>>>,
    laggards: Laggards,
}

/// A channel stands in its shard as long as it is used, and is locked within the lock of the
/// shard, or alone.
type Shard = HashMap<SessionId, Arc<Mutex<Channel>>>;

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Inner {
            shards: Default::default(),
            work: watch::Sender::new(0),
            timers: watch::Sender::new(0),
            approvals: watch::Sender::new(0),
            monitors: broadcast::Sender::new(WORDS_MAX),
            deliveries: watch::Sender::new(0),
            inbox: broadcast::Sender::new(16 * WORDS_MAX),
            rollouts: broadcast::Sender::new(16 * WORDS_MAX),
            positions: Mutex::default(),
            laggards: Laggards::default(),
        }))
    }
}

impl Feed {
    /// Events of a session were committed. Called by the store, in commit order.
    pub fn stored(&self, session: SessionId, events: Arc<[Event]>) {
        // Nobody listening is fine: the log has it.
        self.change(session, |channel| channel.stored(events));
    }

    /// A session was deleted. Called by the store, in commit order.
    pub fn deleted(&self, session: SessionId, at: Timestamp) {
        self.change(session, |channel| channel.deleted(at));
    }

    /// A run became ready, or a deadline was set. Called by the store after the commit.
    pub fn work_waits(&self) {
        self.0.work.send_modify(|count| *count += 1);
    }

    /// A time was set at which something is to be done. Called by the store after the commit.
    pub fn timer_is_set(&self) {
        self.0.timers.send_modify(|count| *count += 1);
    }

    /// Wakes when a time was set.
    pub fn watch_timers(&self) -> watch::Receiver<u64> {
        self.0.timers.subscribe()
    }

    /// A rollout waits for approval, until a time. Called by the store after the commit.
    pub fn approval_waits(&self) {
        self.0.approvals.send_modify(|count| *count += 1);
    }

    /// Wakes when a rollout came to wait for approval.
    pub fn watch_approvals(&self) -> watch::Receiver<u64> {
        self.0.approvals.subscribe()
    }

    /// What an organization watches by has changed. Called by the store after the commit.
    pub fn monitors_changed(&self, org: OrgId) {
        let _ = self.0.monitors.send(org);
    }

    /// The organizations of which what is watched by changes. A receiver that falls behind must
    /// look at all of them.
    pub fn watch_monitors(&self) -> broadcast::Receiver<OrgId> {
        self.0.monitors.subscribe()
    }

    /// A rollout changed. Called by the store after the commit.
    pub fn rollout_changed(&self, rollout: RolloutId) {
        let _ = self.0.rollouts.send(rollout);
    }

    /// The rollouts that change. A receiver that falls behind must look at its own.
    pub fn watch_rollouts(&self) -> broadcast::Receiver<RolloutId> {
        self.0.rollouts.subscribe()
    }

    /// Something is to be sent to a webhook. Called by the store after the commit.
    pub fn delivery_waits(&self) {
        self.0.deliveries.send_modify(|count| *count += 1);
    }

    /// Wakes when something is to be sent to a webhook.
    pub fn watch_deliveries(&self) -> watch::Receiver<u64> {
        self.0.deliveries.subscribe()
    }

    /// Input for a run was committed, or its agent was deleted. Called by the store.
    pub fn input_waits(&self, run: RunId) {
        let _ = self.0.inbox.send(run);
    }

    /// How often a reader was too slow.
    pub fn laggards(&self) -> &Laggards {
        &self.0.laggards
    }

    /// Wakes when work may wait.
    pub fn watch_work(&self) -> watch::Receiver<u64> {
        self.0.work.subscribe()
    }

    /// The runs that are to be looked at. A receiver that falls behind must look at the inbox of
    /// each of its runs.
    pub fn watch_inbox(&self) -> broadcast::Receiver<RunId> {
        self.0.inbox.subscribe()
    }

    /// Sessions of an organization changed, up to this position. Called by the store after
    /// the commit.
    pub fn changed(&self, org: OrgId, position: u64) {
        let mut positions = self.positions();
        let Some(sender) = positions.get(&org) else { return };
        if sender.send(position).is_err() {
            positions.remove(&org);
        }
    }

    /// The last position of an organization, as far as this process has told it since
    /// somebody began to listen; 0 before. However many commits come between two looks, the
    /// store knows them all.
    pub fn watch_changes(&self, org: OrgId) -> watch::Receiver<u64> {
        self.positions().entry(org).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// A message begins to be generated: its text is written with what this returns.
    pub fn preview_starts(&self, session: SessionId, run: RunId, event: EventId) -> PreviewWriter {
        let mut shard = self.shard(session);
        let channel = Arc::clone(shard.entry(session).or_default());
        let woken = lock(&channel).preview_starts(run, event);
        drop(shard);
        wake(woken);
        PreviewWriter { channel, event }
    }

    /// The model begins to reason. That is all that is told, and only to who listens now.
    pub fn thought_starts(&self, session: SessionId, run: RunId, event: EventId) {
        self.change(session, |channel| channel.thought_starts(run, event));
    }

    /// The message will not come (its model call failed, or its worker let go). The stored
    /// end of the model call tells the streams.
    pub fn preview_ends(&self, session: SessionId) {
        self.change(session, Channel::preview_ends);
    }

    /// Listens to what is stored of a session. What is published after this call is not missed.
    pub fn subscribe(&self, session: SessionId) -> Subscription {
        self.listen(session, Channel::join)
    }

    /// Listens to a session, and is shown text in the making too: of the message that is being
    /// generated, all of it.
    pub fn subscribe_with_previews(&self, session: SessionId) -> Subscription {
        self.listen(session, Channel::join_with_previews)
    }

    fn listen(&self, session: SessionId, join: impl FnOnce(&mut Channel) -> Place) -> Subscription {
        let mut shard = self.shard(session);
        let channel = Arc::clone(shard.entry(session).or_default());
        let place = join(&mut lock(&channel));
        Subscription { channel, place, feed: self.clone(), session }
    }

    /// Changes the channel of a session, if it has one.
    fn change(&self, session: SessionId, change: impl FnOnce(&mut Channel) -> Woken) {
        let mut shard = self.shard(session);
        let Some(channel) = shard.get(&session) else { return };
        let mut channel = lock(channel);
        let woken = change(&mut channel);
        let is_used = channel.is_used();
        drop(channel);
        if !is_used {
            shard.remove(&session);
        }
        drop(shard);
        wake(woken);
    }

    fn positions(&self) -> MutexGuard<'_, HashMap<OrgId, watch::Sender<u64>>> {
        lock(&self.0.positions)
    }

    fn shard(&self, session: SessionId) -> MutexGuard<'_, Shard> {
        lock(&self.0.shards[session.0.as_u128() as usize % SHARDS])
    }
}

/// A panic while a lock of the feed was held leaves what it guards whole: every change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// With no lock held: who is woken may come at once, on another processor.
fn wake(woken: Woken) {
    woken.into_iter().for_each(Waker::wake);
}

/// Writes the text of one message while it is generated.
#[derive(Debug)]
pub struct PreviewWriter {
    /// Stands in its shard as long as the preview does.
    channel: Arc<Mutex<Channel>>,
    event: EventId,
}

impl PreviewWriter {
    /// The message that is written.
    pub fn event(&self) -> EventId {
        self.event
    }

    /// More text of the message; nothing if it was ended.
    pub fn write(&self, text: &str) {
        let woken = lock(&self.channel).more_text(self.event, text);
        wake(woken);
    }
}

/// One listener to a session.
#[derive(Debug)]
pub struct Subscription {
    channel: Arc<Mutex<Channel>>,
    place: Place,
    feed: Feed,
    session: SessionId,
}

/// The reader was too slow and missed something that was stored: it is in the log. What is
/// published from now on is not missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reader fell behind")]
pub struct Behind;

impl Subscription {
    /// The next item.
    ///
    /// # Errors
    /// The reader was too slow.
    pub async fn next(&mut self) -> Result<FeedItem, Behind> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The session that is listened to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The listener has read the log up to this `seq`: of what was published of that, nothing more
    /// is given.
    pub fn has_read(&mut self, seq: u64) {
        self.place.has_read(seq);
    }

    /// The same as [`Self::next`], for what is itself polled.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<FeedItem, Behind>> {
        let read = lock(&self.channel).read(&mut self.place, cx);
        if matches!(read, Poll::Ready(Err(Behind))) {
            self.feed.0.laggards.one_more();
        }
        read
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The channel goes with its last listener.
        self.feed.change(self.session, |channel| channel.leave(&self.place));
    }
}

#[cfg(test)]
mod tests;

//! The feed: how stored events and live text reach the streams of this process.
//!
//! The store publishes events after their commit; the engine publishes the text of a
//! message while it is generated (a *preview*). A subscriber gets both in one order. The
//! feed is a hint, never the truth: a reader that falls behind is told so
//! ([`FeedError::Behind`]) and reads what it missed from the log, where `seq` shows that
//! nothing is missing. With several nodes the store feeds it from its own notifications.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Event, EventId, OrgId, RolloutId, RunId, SessionId, Timestamp};
use tokio::sync::{broadcast, watch};

use crate::metrics::Laggards;

/// Items a subscriber may fall behind before it is sent to the log.
const BEHIND_MAX: usize = 64;

/// Maps are split this many ways so that publishers seldom meet.
const SHARDS: usize = 16;

/// What a subscriber receives.
#[derive(Debug, Clone)]
pub enum FeedItem {
    /// Events of one commit, in order.
    Stored(Arc<[Event]>),
    /// More of a message in the making.
    Preview(PreviewItem),
    /// The session was deleted: nothing comes any more.
    Deleted {
        /// When.
        at: Timestamp,
    },
}

/// More of a message in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewItem {
    /// A message or a thought begins.
    Start {
        /// The id its event will have.
        event: EventId,
        /// Whether it is a thought, which has no text here.
        is_thinking: bool,
    },
    /// More text.
    Delta {
        /// The event.
        event: EventId,
        /// UTF-8 bytes of the text before this piece.
        offset: usize,
        /// The piece.
        text: Arc<str>,
    },
}

/// The text of the message that is being generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The run that generates it.
    pub run: RunId,
    /// The id its event will have.
    pub event: EventId,
    /// The text so far.
    pub text: String,
}

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

type Shard = HashMap<SessionId, Arc<Mutex<Channel>>>;

/// A session's part of the feed. It stands in its shard as long as it is used, and is locked
/// within the lock of the shard, or alone.
#[derive(Debug, Default)]
struct Channel {
    /// Made with the first listener: most sessions have none.
    items: Option<broadcast::Sender<FeedItem>>,
    preview: Option<Preview>,
}

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Inner {
            shards: Default::default(),
            work: watch::Sender::new(0),
            timers: watch::Sender::new(0),
            approvals: watch::Sender::new(0),
            monitors: broadcast::Sender::new(BEHIND_MAX),
            deliveries: watch::Sender::new(0),
            inbox: broadcast::Sender::new(16 * BEHIND_MAX),
            rollouts: broadcast::Sender::new(16 * BEHIND_MAX),
            positions: Mutex::default(),
            laggards: Laggards::default(),
        }))
    }
}

impl Feed {
    /// Events of a session were committed. Called by the store, in commit order.
    pub fn stored(&self, session: SessionId, events: Arc<[Event]>) {
        self.change(session, |channel| {
            let closes = |event: &Event| channel.preview.as_ref().is_some_and(|preview| ends(event, preview));
            if events.iter().any(closes) {
                channel.preview = None;
            }
            // Nobody listening is fine for every send here: the log has it.
            channel.send(FeedItem::Stored(events));
        });
    }

    /// A session was deleted. Called by the store, in commit order.
    pub fn deleted(&self, session: SessionId, at: Timestamp) {
        self.change(session, |channel| {
            channel.preview = None;
            channel.send(FeedItem::Deleted { at });
        });
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
        let channel = shard.entry(session).or_default();
        let mut begun = lock(channel);
        begun.preview = Some(Preview { run, event, text: String::new() });
        begun.send(FeedItem::Preview(PreviewItem::Start { event, is_thinking: false }));
        drop(begun);
        PreviewWriter { channel: Arc::clone(channel), event }
    }

    /// The model begins to reason. That is all that is told, and only to who listens now.
    pub fn thought_starts(&self, session: SessionId, event: EventId) {
        let start = FeedItem::Preview(PreviewItem::Start { event, is_thinking: true });
        self.change(session, |channel| channel.send(start));
    }

    /// The message will not come (its model call failed, or its worker let go). The stored
    /// end of the model call tells the streams.
    pub fn preview_ends(&self, session: SessionId) {
        self.change(session, |channel| channel.preview = None);
    }

    /// Listens to a session. What is published after this call is not missed; the preview
    /// as it stands at this moment is in [`Subscription::preview`].
    pub fn subscribe(&self, session: SessionId) -> Subscription {
        let mut shard = self.shard(session);
        let mut channel = lock(shard.entry(session).or_default());
        Subscription {
            preview: channel.preview.clone(),
            items: Some(channel.items.get_or_insert_with(|| broadcast::Sender::new(BEHIND_MAX)).subscribe()),
            feed: self.clone(),
            session,
        }
    }

    /// Changes the channel of a session, if it has one.
    fn change(&self, session: SessionId, change: impl FnOnce(&mut Channel)) {
        let mut shard = self.shard(session);
        let Some(channel) = shard.get(&session) else { return };
        let mut channel = lock(channel);
        change(&mut channel);
        let is_used = channel.is_used();
        drop(channel);
        if !is_used {
            shard.remove(&session);
        }
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
        let (mut channel, event) = (lock(&self.channel), self.event);
        let Some(preview) = channel.preview.as_mut().filter(|preview| preview.event == event) else { return };
        let offset = preview.text.len();
        preview.text.push_str(text);
        if channel.items.is_some() {
            channel.send(FeedItem::Preview(PreviewItem::Delta { event, offset, text: text.into() }));
        }
    }
}

impl Channel {
    fn send(&self, item: FeedItem) {
        if let Some(items) = &self.items {
            let _ = items.send(item);
        }
    }

    fn is_used(&self) -> bool {
        self.preview.is_some() || self.items.as_ref().is_some_and(|items| items.receiver_count() > 0)
    }
}

fn ends(event: &Event, preview: &Preview) -> bool {
    event.id == preview.event
        || (event.run == Some(preview.run) && matches!(event.body, domain::EventBody::ModelRequestEnd { .. }))
}

/// One listener to a session.
#[derive(Debug)]
pub struct Subscription {
    /// The text being generated when the subscription began, if any.
    pub preview: Option<Preview>,
    items: Option<broadcast::Receiver<FeedItem>>,
    feed: Feed,
    session: SessionId,
}

/// Nothing was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The reader was too slow and missed items: read the log, and subscribe anew for the
    /// preview.
    #[error("the reader fell behind")]
    Behind,
    /// The process is stopping.
    #[error("the feed is closed")]
    Closed,
}

impl Subscription {
    /// The next item.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn next(&mut self) -> Result<FeedItem, FeedError> {
        let Some(items) = &mut self.items else {
            return Err(FeedError::Closed);
        };
        items.recv().await.map_err(|error| match error {
            broadcast::error::RecvError::Lagged(_) => {
                self.feed.0.laggards.one_more();
                FeedError::Behind
            }
            broadcast::error::RecvError::Closed => FeedError::Closed,
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.items = None;
        // The channel goes with its last listener.
        self.feed.change(self.session, |_| {});
    }
}

//! Following a session's log: what is stored, then what comes, without a gap or a repeat.
//!
//! The feed is quick and may lose items; the log is the truth. A follower counts `seq`: a
//! batch that does not continue where it stands, or a word from the feed that it was too
//! slow, sends it back to the log, page by page, until it has caught up.

use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use domain::{Event, EventBody, EventId, RunId, SessionId, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use ports::OrgStore;
use ports::feed::{Behind, FeedItem, PreviewItem, Subscription};
use ports::store::EventFilter;
use sync_wrapper::SyncWrapper;

use crate::error::Error;
use crate::keys::KeyWatch;

/// Events read from the log at a time.
const PAGE: usize = 500;

/// A stored event, shared with everyone who follows its session.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    commit: Arc<[Event]>,
    index: usize,
}

impl Deref for StoredEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.commit[self.index]
    }
}

impl PartialEq for StoredEvent {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// What a follower comes across.
pub(crate) enum Followed {
    Stored(StoredEvent),
    Preview(PreviewItem),
    /// The session was deleted: nothing comes any more. Not known when, if that was before
    /// the follower listened.
    Deleted {
        at: Option<Timestamp>,
    },
}

/// A reader of one session's log.
pub(crate) struct Follower {
    store: Arc<dyn OrgStore>,
    key: KeyWatch,
    live: Subscription,
    /// `seq` of the last event given.
    seq: u64,
    /// What is left of the batch that is being given.
    batch: Arc<[Event]>,
    given: usize,
    /// Whether the log may hold more than was read of it.
    is_behind: bool,
    /// The page of the log that is being read.
    reading: Option<SyncWrapper<BoxFuture<'static, Result<Page, Error>>>>,
    /// Whether the session was deleted, and when, if somebody told.
    deleted: Option<Option<Timestamp>>,
    messages: Messages,
}

/// What was read of the log.
struct Page {
    events: Vec<Event>,
    /// Whether the session is not there any more.
    is_of_nothing: bool,
}

impl Follower {
    /// Follows from behind `seq`: first what the log holds, then what comes. Nothing that was
    /// stored since `live` listens is missed.
    pub(crate) fn after(seq: u64, live: Subscription, store: Arc<dyn OrgStore>, key: KeyWatch) -> Self {
        Self {
            store,
            key,
            live,
            seq,
            batch: Arc::default(),
            given: 0,
            is_behind: true,
            reading: None,
            deleted: None,
            messages: Messages::default(),
        }
    }

    /// Follows what comes behind `seq`, which is known to be the end of the log or not to
    /// matter: the log is read only if something turns out to be missing.
    pub(crate) fn live(seq: u64, live: Subscription, store: Arc<dyn OrgStore>, key: KeyWatch) -> Self {
        Self { is_behind: false, ..Self::after(seq, live, store, key) }
    }

    /// The next thing. May be dropped while it waits, and called again.
    pub(crate) async fn next(&mut self) -> Result<Followed, Error> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, for what is itself polled.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Followed, Error>> {
        loop {
            if let Some(event) = self.next_of_batch() {
                return Poll::Ready(Ok(Followed::Stored(event)));
            }
            if self.is_behind {
                ready!(self.poll_page(cx))?;
                continue;
            }
            if let Some(at) = self.deleted {
                return Poll::Ready(Ok(Followed::Deleted { at }));
            }
            // What waits here is little; the key is looked at when there is no more of it.
            let Poll::Ready(came) = self.live.poll_next(cx) else {
                return self.key.poll_stopped(cx).map(|fault| Err(Error::Unauthenticated(fault)));
            };
            if let Some(item) = self.take_in(came) {
                return Poll::Ready(Ok(Followed::Preview(item)));
            }
        }
    }

    /// Takes in what the feed gave; text in the making is told at once.
    fn take_in(&mut self, came: Result<FeedItem, Behind>) -> Option<PreviewItem> {
        match came {
            Ok(FeedItem::Stored(events)) => match events.first() {
                Some(first) if first.seq > self.seq + 1 => self.is_behind = true,
                _ => self.begin(events),
            },
            Ok(FeedItem::Preview(item)) => return Some(item).filter(|item| self.messages.goes_on(item)),
            Ok(FeedItem::Deleted { at }) => self.deleted = Some(Some(at)),
            Err(Behind) => self.is_behind = true,
        }
        None
    }

    fn next_of_batch(&mut self) -> Option<StoredEvent> {
        while let Some(event) = self.batch.get(self.given) {
            let (index, seq) = (self.given, event.seq);
            self.given += 1;
            if seq > self.seq {
                self.seq = seq;
                self.messages.see(event);
                return Some(StoredEvent { commit: Arc::clone(&self.batch), index });
            }
        }
        None
    }

    fn begin(&mut self, batch: Arc<[Event]>) {
        self.batch = batch;
        self.given = 0;
    }

    /// Reads on in the log.
    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            None => {
                // A reader who takes long over the past must not outlive its key.
                if let Poll::Ready(fault) = self.key.poll_stopped(cx) {
                    return Poll::Ready(Err(Error::Unauthenticated(fault)));
                }
                let page = read_page(Arc::clone(&self.store), self.live.session(), self.seq);
                self.reading.insert(SyncWrapper::new(page.boxed()))
            }
        };
        let page = ready!(reading.get_mut().poll_unpin(cx));
        self.reading = None;
        let Page { events, is_of_nothing } = page?;
        self.is_behind = events.len() == PAGE;
        if is_of_nothing {
            // Perhaps before this follower listened, so that nobody will tell.
            self.deleted.get_or_insert(None);
        }
        // Also of what had been stored, and was not told yet, when listening began.
        self.live.has_read(events.last().map_or(self.seq, |last| last.seq));
        self.begin(events.into());
        Poll::Ready(Ok(()))
    }
}

async fn read_page(store: Arc<dyn OrgStore>, session: SessionId, seq: u64) -> Result<Page, Error> {
    let filter = EventFilter { after: Some(seq), limit: Some(PAGE), ..EventFilter::default() };
    let events = store.list_events(session, filter).await?;
    let is_of_nothing = events.is_empty() && store.find_session(session).await?.is_none();
    Ok(Page { events, is_of_nothing })
}

/// Which messages are still being made, as far as the log was read. It may be known there that
/// one is over before the feed has told so.
#[derive(Default)]
struct Messages {
    /// The one that is told of, and its run.
    told: Option<(EventId, RunId)>,
    /// The last one that was stored.
    stored: Option<EventId>,
    /// The run whose last call of a model has ended. The beginning of a call is stored before
    /// its text begins, so it was seen when there is text of the next one.
    at_rest: Option<RunId>,
}

impl Messages {
    fn see(&mut self, event: &Event) {
        match event.body {
            EventBody::ModelRequestStart { .. } => self.at_rest = None,
            EventBody::ModelRequestEnd { .. } => self.at_rest = event.run,
            EventBody::AgentMessage { .. } => self.stored = Some(event.id),
            _ => {}
        }
    }

    /// Whether what is told belongs to something that is still being made.
    fn goes_on(&mut self, item: &PreviewItem) -> bool {
        let (event, run) = match *item {
            PreviewItem::Start { is_thinking: true, .. } => return true,
            PreviewItem::Start { event, run, .. } => *self.told.insert((event, run)),
            PreviewItem::Delta { event, .. } => match self.told {
                Some(told) if told.0 == event => told,
                _ => return false,
            },
        };
        self.stored != Some(event) && self.at_rest != Some(run)
    }
}

#[cfg(test)]
mod tests {
    use domain::model::Usage;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> EventId {
        EventId(Uuid::from_u128(n))
    }

    fn run() -> RunId {
        RunId(Uuid::from_u128(1))
    }

    fn stored(event: u128, body: EventBody) -> Event {
        Event { id: id(event), seq: 1, run: Some(run()), at: Timestamp::UNIX_EPOCH, body }
    }

    fn start() -> Event {
        stored(5, EventBody::ModelRequestStart { model: "m/m".into() })
    }

    fn end() -> Event {
        let model_usage = Usage::default();
        let body = EventBody::ModelRequestEnd {
            model_request_start_id: id(5),
            is_error: false,
            model_usage,
            cost: None,
            stop_cause: None,
        };
        stored(6, body)
    }

    fn having_read(log: &[Event]) -> Messages {
        let mut messages = Messages::default();
        log.iter().for_each(|event| messages.see(event));
        messages
    }

    fn begins(event: u128) -> PreviewItem {
        PreviewItem::Start { event: id(event), run: run(), is_thinking: false }
    }

    fn piece(event: u128) -> PreviewItem {
        PreviewItem::Delta { event: id(event), offset: 0, text: "hel".into() }
    }

    #[test]
    fn text_is_told_while_the_log_does_not_show_it_as_over() {
        for log in [vec![], vec![start()], vec![start(), end(), start()]] {
            let mut messages = having_read(&log);
            assert!(messages.goes_on(&begins(9)) && messages.goes_on(&piece(9)), "{log:?}");
        }
    }

    #[test]
    fn text_that_the_log_shows_as_over_is_not_told() {
        for log in [vec![end()], vec![start(), end()], vec![start(), stored(9, EventBody::said(vec![]))]] {
            let mut messages = having_read(&log);
            assert!(!messages.goes_on(&begins(9)) && !messages.goes_on(&piece(9)), "{log:?}");
            messages.see(&start());
            assert!(messages.goes_on(&begins(10)) && messages.goes_on(&piece(10)), "the next one is");
        }
    }

    #[test]
    fn text_stops_where_the_log_shows_that_it_is_over() {
        let mut messages = having_read(&[start()]);
        assert!(messages.goes_on(&begins(9)) && messages.goes_on(&piece(9)));
        messages.see(&end());
        assert!(!messages.goes_on(&piece(9)));
    }
}

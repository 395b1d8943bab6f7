//! Following a session's log: what is stored, then what comes, without a gap or a repeat.
//!
//! The feed is quick and may lose items; the log is the truth. A follower counts `seq`: a
//! batch that does not continue where it stands, or a word from the feed that it was too
//! slow, sends it back to the log, page by page, until it has caught up.

use std::ops::Deref;
use std::sync::Arc;

use domain::{Event, EventBody, SessionId, Timestamp};
use futures::FutureExt;
use ports::OrgStore;
use ports::feed::{Feed, FeedError, FeedItem, Preview, PreviewItem, Subscription};
use ports::store::EventFilter;

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
    feed: Feed,
    session: SessionId,
    key: KeyWatch,
    live: Subscription,
    /// `seq` of the last event given.
    seq: u64,
    /// What is left of the batch that is being given.
    batch: Arc<[Event]>,
    given: usize,
    /// Whether the log may hold more than was read of it.
    is_behind: bool,
    /// Whether the session is gone, and since when if that is known.
    deleted: Option<Option<Timestamp>>,
    previews: Option<Previews>,
}

impl Follower {
    /// Follows from behind `seq`: first what the log holds, then what comes. Nothing that is
    /// stored after this call is missed.
    pub(crate) fn after(
        seq: u64,
        session: SessionId,
        store: Arc<dyn OrgStore>,
        feed: &Feed,
        key: KeyWatch,
        with_previews: bool,
    ) -> Self {
        let mut live = feed.subscribe(session);
        let previews = with_previews.then(|| Previews::of(live.preview.take()));
        let (feed, batch) = (feed.clone(), Arc::default());
        Self { store, feed, session, key, live, seq, batch, given: 0, is_behind: true, deleted: None, previews }
    }

    /// Follows what comes behind `seq`, which is known to be the end of the log or not to
    /// matter: the log is read only if something turns out to be missing.
    pub(crate) fn live(seq: u64, session: SessionId, store: Arc<dyn OrgStore>, feed: &Feed, key: KeyWatch) -> Self {
        Self { is_behind: false, ..Self::after(seq, session, store, feed, key, false) }
    }

    /// The next thing. May be dropped while it waits, and called again.
    pub(crate) async fn next(&mut self) -> Result<Followed, Error> {
        loop {
            if let Some(event) = self.next_of_batch() {
                return Ok(Followed::Stored(event));
            }
            if self.is_behind {
                // A reader who takes long over the past must not outlive its key.
                if let Some(fault) = self.key.stopped().now_or_never() {
                    return Err(Error::Unauthenticated(fault));
                }
                self.read_page().await?;
                continue;
            }
            if let Some(at) = self.deleted {
                return Ok(Followed::Deleted { at });
            }
            if let Some(item) = self.previews.as_mut().and_then(Previews::next) {
                return Ok(Followed::Preview(item));
            }
            // What waits here is little; the key is looked at when there is no more of it.
            let came = tokio::select! {
                biased;
                came = self.live.next() => came,
                fault = self.key.stopped() => return Err(Error::Unauthenticated(fault)),
            };
            self.take_in(came)?;
        }
    }

    fn take_in(&mut self, came: Result<FeedItem, FeedError>) -> Result<(), Error> {
        match came {
            Ok(FeedItem::Stored(events)) => match events.first() {
                Some(first) if first.seq > self.seq + 1 => self.fall_behind(),
                _ => self.begin(events),
            },
            Ok(FeedItem::Preview(item)) => {
                let in_order = self.previews.as_mut().is_none_or(|previews| previews.take_in(item));
                if !in_order {
                    self.fall_behind();
                }
            }
            Ok(FeedItem::Deleted { at }) => self.deleted = Some(Some(at)),
            Err(FeedError::Behind) => self.fall_behind(),
            Err(FeedError::Closed) => return Err(Error::Draining),
        }
        Ok(())
    }

    fn next_of_batch(&mut self) -> Option<StoredEvent> {
        while let Some(event) = self.batch.get(self.given) {
            let (index, seq) = (self.given, event.seq);
            self.given += 1;
            if seq > self.seq {
                self.seq = seq;
                return Some(StoredEvent { commit: Arc::clone(&self.batch), index });
            }
        }
        None
    }

    fn begin(&mut self, batch: Arc<[Event]>) {
        self.batch = batch;
        self.given = 0;
    }

    /// Listens anew before reading the log, so that nothing falls between the two.
    fn fall_behind(&mut self) {
        self.live = self.feed.subscribe(self.session);
        if let Some(previews) = &mut self.previews {
            previews.begin_anew(self.live.preview.take());
        }
        self.is_behind = true;
    }

    async fn read_page(&mut self) -> Result<(), Error> {
        let filter = EventFilter { after: Some(self.seq), limit: Some(PAGE), ..EventFilter::default() };
        let page = self.store.list_events(self.session, filter).await?;
        self.is_behind = page.len() == PAGE;
        if page.is_empty() && self.store.find_session(self.session).await?.is_none() {
            // Perhaps before this follower listened, so that nobody will tell.
            self.deleted.get_or_insert(None);
        }
        if let Some(previews) = &mut self.previews {
            page.iter().for_each(|event| previews.see(event));
        }
        self.begin(page.into());
        Ok(())
    }
}

/// Text in the making, told so that no byte is shown twice and none is missing.
struct Previews {
    /// The text as it stood when listening began; it is told when the log has been read.
    standing: Option<Preview>,
    /// Whether the log, as far as it was read since, says that it is still being made.
    is_open: bool,
    /// The message being told, and how many bytes of it were.
    told: Option<(domain::EventId, usize)>,
    /// What is to be told next, and behind that: a text that stands has a beginning too.
    next: [Option<PreviewItem>; 2],
}

impl Previews {
    fn of(standing: Option<Preview>) -> Self {
        Self { standing, is_open: true, told: None, next: [None, None] }
    }

    fn begin_anew(&mut self, standing: Option<Preview>) {
        self.standing = standing;
        self.is_open = true;
        self.next = [None, None];
    }

    /// An event read from the log after listening began. The beginning of the model call
    /// that makes the text was stored before the text began, so the last beginning or end
    /// seen tells whether the call is still open.
    fn see(&mut self, event: &Event) {
        let Some(standing) = &self.standing else { return };
        if event.id == standing.event {
            self.is_open = false;
        }
        if event.run == Some(standing.run) {
            match event.body {
                EventBody::ModelRequestStart { .. } => self.is_open = true,
                EventBody::ModelRequestEnd { .. } => self.is_open = false,
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<PreviewItem> {
        if let Some(standing) = self.standing.take().filter(|_| self.is_open) {
            self.tell_standing(standing);
        }
        let [next, behind] = &mut self.next;
        next.take().or_else(|| behind.take())
    }

    fn tell_standing(&mut self, standing: Preview) {
        let Preview { event, text, .. } = standing;
        let told = match self.told {
            Some((same, bytes)) if same == event => bytes.min(text.len()),
            _ => {
                self.next[0] = Some(PreviewItem::Start { event, is_thinking: false });
                0
            }
        };
        self.told = Some((event, text.len()));
        if told < text.len() {
            self.next[1] = Some(PreviewItem::Delta { event, offset: told, text: text[told..].into() });
        }
    }

    /// Takes in a live item, when all before it is told; `false` if something before it is missing.
    fn take_in(&mut self, item: PreviewItem) -> bool {
        match &item {
            PreviewItem::Start { is_thinking: true, .. } => {}
            PreviewItem::Start { event, .. } => self.told = Some((*event, 0)),
            PreviewItem::Delta { event, offset, text } => match &mut self.told {
                Some((told, bytes)) if told == event => {
                    if offset != bytes {
                        return offset < bytes;
                    }
                    *bytes += text.len();
                }
                // Its beginning came before the listener and its end was seen: not told.
                _ => return true,
            },
        }
        self.next[0] = Some(item);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::Usage;
    use domain::{EventId, RunId, Timestamp};
    use uuid::Uuid;

    fn id(n: u128) -> EventId {
        EventId(Uuid::from_u128(n))
    }

    fn run() -> RunId {
        RunId(Uuid::from_u128(1))
    }

    fn standing(text: &str) -> Option<Preview> {
        Some(Preview { run: run(), event: id(9), text: text.into() })
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

    /// What is told: `S` for a start, the offset and text for a piece.
    fn told(previews: &mut Previews) -> Vec<String> {
        std::iter::from_fn(|| previews.next())
            .map(|item| match item {
                PreviewItem::Start { .. } => "S".to_owned(),
                PreviewItem::Delta { offset, text, .. } => format!("{offset}{text}"),
            })
            .collect()
    }

    fn delta(offset: usize, text: &str) -> PreviewItem {
        PreviewItem::Delta { event: id(9), offset, text: text.into() }
    }

    #[test]
    fn a_new_listener_is_told_the_text_so_far_and_then_the_rest() {
        let mut previews = Previews::of(standing("hel"));
        assert_eq!(told(&mut previews), ["S", "0hel"]);
        assert!(previews.take_in(delta(3, "lo")));
        assert_eq!(told(&mut previews), ["3lo"]);
    }

    #[test]
    fn a_text_that_the_log_shows_as_over_is_not_told() {
        for log in [vec![end()], vec![start(), end()], vec![start(), stored(9, EventBody::said(vec![]))]] {
            let mut previews = Previews::of(standing("hel"));
            log.iter().for_each(|event| previews.see(event));
            assert!(told(&mut previews).is_empty());
            assert!(previews.take_in(delta(3, "lo")), "a piece of it is passed over");
            assert!(told(&mut previews).is_empty());
        }
    }

    #[test]
    fn the_end_of_an_earlier_call_does_not_hide_a_text() {
        let mut previews = Previews::of(standing("hel"));
        [start(), end(), start()].iter().for_each(|event| previews.see(event));
        assert_eq!(told(&mut previews), ["S", "0hel"]);
    }

    #[test]
    fn a_listener_that_fell_behind_is_told_only_what_is_new() {
        let mut previews = Previews::of(standing("hel"));
        assert_eq!(told(&mut previews), ["S", "0hel"]);
        assert!(!previews.take_in(delta(5, "!")), "two bytes are missing");
        previews.begin_anew(standing("hello!"));
        assert_eq!(told(&mut previews), ["3lo!"]);
        previews.begin_anew(standing("hello!"));
        assert!(told(&mut previews).is_empty());
    }
}

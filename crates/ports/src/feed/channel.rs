//! A session's part of the feed: what was published of it, and the text in the making.
//!
//! What is stored is handed to each listener. Text in the making is not: each listener reads it
//! from where it is written, from where it left off. So a token costs no queue and no copy for
//! who does not look, and who looks seldom gets more at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use domain::{Event, EventBody, EventId, RunId, Timestamp};
use slab::Slab;
use smallvec::SmallVec;

use super::Behind;

/// Items a listener may fall behind before it is sent to the log.
pub(super) const ITEMS_MAX: usize = 64;

/// What a listener receives.
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
        /// The run that generates it.
        run: RunId,
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

#[derive(Debug, Default)]
pub(super) struct Channel {
    listeners: Slab<Listener>,
    /// What some listener has not read, oldest first.
    items: VecDeque<Item>,
    /// The number of the first of them, counted since the channel is there.
    first: u64,
    /// The message that is being generated.
    preview: Option<Preview>,
}

/// Who is to be woken.
pub(super) type Woken = SmallVec<[Waker; 2]>;

#[derive(Debug)]
struct Listener {
    /// There while it waits.
    waker: Option<Waker>,
    sees_previews: bool,
}

#[derive(Debug)]
struct Item {
    item: FeedItem,
    /// The text that ended with it, for who has not read it to its end.
    ended: Option<Arc<Preview>>,
    /// How many have not read it.
    unread: usize,
}

/// The text of a message that is being generated.
#[derive(Debug)]
struct Preview {
    run: RunId,
    /// The id its event will have.
    event: EventId,
    /// The text so far.
    text: String,
}

/// Where a listener stands.
#[derive(Debug)]
pub(super) struct Place {
    listener: usize,
    /// The number of the item to be read next.
    next: u64,
    /// `seq` of the last event that it has read in the log.
    seq: u64,
    shown: Shown,
}

/// How far a listener was shown text in the making.
#[derive(Debug)]
enum Shown {
    /// It does not look at it.
    Never,
    Nothing,
    /// So many bytes of the message that it was shown last.
    Of(EventId, usize),
}

impl Channel {
    /// A listener to what comes from now on.
    pub(super) fn join(&mut self) -> Place {
        self.seat(Shown::Never)
    }

    /// The same, who also sees text in the making.
    pub(super) fn join_with_previews(&mut self) -> Place {
        self.seat(Shown::Nothing)
    }

    fn seat(&mut self, shown: Shown) -> Place {
        let sees_previews = matches!(shown, Shown::Nothing);
        let listener = self.listeners.insert(Listener { waker: None, sees_previews });
        Place { listener, next: self.end(), seq: 0, shown }
    }

    /// The listener listens no more.
    pub(super) fn leave(&mut self, place: &Place) -> Woken {
        self.listeners.try_remove(place.listener);
        self.pass_over(place.next);
        Woken::new()
    }

    /// Whether it has a listener or something to tell.
    pub(super) fn is_used(&self) -> bool {
        self.preview.is_some() || !self.listeners.is_empty()
    }

    /// Events were stored. They may be the end of the text in the making.
    pub(super) fn stored(&mut self, events: Arc<[Event]>) -> Woken {
        let ended = self.preview.take_if(|preview| events.iter().any(|event| ends(event, preview)));
        // Of a message that does not come, nothing more is shown.
        let message = ended.filter(|preview| events.iter().any(|event| event.id == preview.event));
        self.publish(FeedItem::Stored(events), message.map(Arc::new))
    }

    /// The session was deleted.
    pub(super) fn deleted(&mut self, at: Timestamp) -> Woken {
        self.preview = None;
        self.publish(FeedItem::Deleted { at }, None)
    }

    /// The model begins to reason.
    pub(super) fn thought_starts(&mut self, run: RunId, event: EventId) -> Woken {
        self.publish(FeedItem::Preview(PreviewItem::Start { event, run, is_thinking: true }), None)
    }

    /// A message begins to be generated.
    pub(super) fn preview_starts(&mut self, run: RunId, event: EventId) -> Woken {
        self.preview = Some(Preview { run, event, text: String::new() });
        self.wake(|listener| listener.sees_previews)
    }

    /// There is more text of the message; nothing happens if it is not the one being generated.
    pub(super) fn more_text(&mut self, event: EventId, text: &str) -> Woken {
        let Some(preview) = self.preview.as_mut().filter(|preview| preview.event == event) else {
            return Woken::new();
        };
        preview.text.push_str(text);
        self.wake(|listener| listener.sees_previews)
    }

    /// The message will not come.
    pub(super) fn preview_ends(&mut self) -> Woken {
        self.preview = None;
        Woken::new()
    }

    /// The next thing for a listener. If there is none, the listener is woken when there is.
    pub(super) fn read(&mut self, place: &mut Place, cx: &mut Context<'_>) -> Poll<Result<FeedItem, Behind>> {
        let Some(ahead) = place.next.checked_sub(self.first) else {
            self.pass_over(place.next);
            place.next = self.end();
            return Poll::Ready(Err(Behind));
        };
        if let Some(item) = self.next_unread(place, ahead as usize) {
            return Poll::Ready(Ok(item));
        }
        if let Some(more) = self.preview.as_ref().and_then(|preview| place.shown.more_of(preview)) {
            return Poll::Ready(Ok(FeedItem::Preview(more)));
        }
        if let Some(listener) = self.listeners.get_mut(place.listener) {
            match &mut listener.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }

    /// The next item for a listener for whom so many of those that are there are over.
    fn next_unread(&mut self, place: &mut Place, over: usize) -> Option<FeedItem> {
        let mut found = None;
        for item in self.items.iter_mut().skip(over) {
            if !item.is_known(place.seq) {
                if let Some(more) = item.ended.as_deref().and_then(|ended| place.shown.more_of(ended)) {
                    found = Some(FeedItem::Preview(more));
                    break;
                }
                found = Some(item.item.clone());
            }
            item.unread -= 1;
            place.next += 1;
            if found.is_some() {
                break;
            }
        }
        self.drop_read();
        found
    }

    fn publish(&mut self, item: FeedItem, ended: Option<Arc<Preview>>) -> Woken {
        if self.listeners.is_empty() {
            return Woken::new();
        }
        self.items.push_back(Item { item, ended, unread: self.listeners.len() });
        if self.items.len() > ITEMS_MAX {
            self.items.pop_front();
            self.first += 1;
        }
        self.wake(|_| true)
    }

    fn wake(&mut self, who: impl Fn(&Listener) -> bool) -> Woken {
        let listeners = self.listeners.iter_mut().map(|(_, listener)| listener);
        listeners.filter(|listener| who(listener)).filter_map(|listener| listener.waker.take()).collect()
    }

    /// The number that the next item will have.
    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// One listener reads nothing of what is there from this number on.
    fn pass_over(&mut self, from: u64) {
        let from = from.saturating_sub(self.first) as usize;
        for item in self.items.iter_mut().skip(from) {
            item.unread -= 1;
        }
        self.drop_read();
    }

    /// Lets go of what everybody has read.
    fn drop_read(&mut self) {
        while self.items.pop_front_if(|item| item.unread == 0).is_some() {
            self.first += 1;
        }
    }
}

impl Item {
    /// Whether it says nothing to who has read the log up to this `seq`.
    fn is_known(&self, seq: u64) -> bool {
        matches!(&self.item, FeedItem::Stored(events) if events.last().is_none_or(|last| last.seq <= seq))
    }
}

impl Place {
    /// What is stored up to this `seq` is known, and so is the text that ended with it.
    pub(super) fn has_read(&mut self, seq: u64) {
        self.seq = seq;
    }
}

impl Shown {
    /// What is to be shown next of a message that goes on, or that ended.
    fn more_of(&mut self, preview: &Preview) -> Option<PreviewItem> {
        let &Preview { run, event, ref text } = preview;
        match self {
            Self::Never => None,
            Self::Of(of, bytes) if *of == event => {
                let offset = *bytes;
                *bytes = text.len();
                (offset < text.len()).then(|| PreviewItem::Delta { event, offset, text: text[offset..].into() })
            }
            Self::Nothing | Self::Of(..) => {
                *self = Self::Of(event, 0);
                Some(PreviewItem::Start { event, run, is_thinking: false })
            }
        }
    }
}

/// Whether nothing more of a text comes behind this event.
fn ends(event: &Event, preview: &Preview) -> bool {
    event.id == preview.event
        || (event.run == Some(preview.run) && matches!(event.body, EventBody::ModelRequestEnd { .. }))
}

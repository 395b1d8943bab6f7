//! Streams of a session's events, for clients that follow it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use domain::key::Scope;
use domain::{EventBody, EventId, SessionId, Timestamp};
use futures::Stream;
use ports::feed::PreviewItem;

use crate::error::{Error, FieldError};
use crate::follow::{Followed, Follower, StoredEvent};
use crate::{App, Ctx};

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With what is stored from this moment on.
    Now,
    /// With the session's first event.
    Start,
    /// Behind this event.
    After(EventId),
}

/// One thing on a stream.
#[derive(Debug, Clone)]
pub enum StreamItem {
    /// An event of the log.
    Stored(StoredEvent),
    /// More of a message in the making; best effort, never stored.
    Preview(PreviewItem),
    /// The session was deleted. The last thing on its streams; never stored.
    Deleted {
        /// The same for everyone who is told: no event has the id of a session.
        event: EventId,
        /// When it was deleted, or when this stream noticed.
        at: Timestamp,
    },
}

/// A session's events: history, then live, without a gap or a repeat. Ends after the
/// session has, or after an error; dropping it stops nothing.
pub struct SessionStream {
    /// `None` at its end. Boxed: a stream is moved about.
    follower: Option<Box<Follower>>,
    app: App,
    session: SessionId,
}

impl Stream for SessionStream {
    type Item = Result<StreamItem, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(follower) = &mut self.follower else { return Poll::Ready(None) };
        let (item, is_last) = match ready!(follower.poll_next(cx)) {
            Ok(Followed::Preview(item)) => (Ok(StreamItem::Preview(item)), false),
            Ok(Followed::Stored(event)) => {
                let is_last = matches!(event.body, EventBody::StatusTerminated {});
                (Ok(StreamItem::Stored(event)), is_last)
            }
            Ok(Followed::Deleted { at }) => (Ok(self.farewell(at)), true),
            Err(error) => (Err(error), true),
        };
        if is_last {
            self.follower = None;
        }
        Poll::Ready(Some(item))
    }
}

impl SessionStream {
    fn farewell(&self, at: Option<Timestamp>) -> StreamItem {
        StreamItem::Deleted { event: EventId(self.session.0), at: at.unwrap_or_else(|| self.app.now()) }
    }
}

impl App {
    /// Follows a session. When this returns, the stream is in place: nothing stored from
    /// then on is missed. With `previews`, text in the making comes too, a returning reader
    /// being told the text so far first.
    ///
    /// # Errors
    /// The session is not there, the event to begin behind is not of this session (at
    /// `after`), the scope is missing, or the store failed.
    pub async fn stream_session(
        &self,
        ctx: &Ctx,
        id: SessionId,
        from: From,
        previews: bool,
    ) -> Result<SessionStream, Error> {
        ctx.require(Scope::SessionsRead)?;
        let session = self.reachable_session(ctx, id).await?;
        let store = self.store(ctx.org);
        let seq = match from {
            From::Now => session.state.seq,
            From::Start => 0,
            From::After(event) => {
                let found = store.find_event(id, event).await?;
                found.ok_or_else(unknown_event)?.seq
            }
        };
        let key = self.watch_reader(ctx, session.agent.id());
        let feed = &self.ports().feed;
        let live = if previews { feed.subscribe_with_previews(id) } else { feed.subscribe(id) };
        let follower = Box::new(Follower::after(seq, live, store, key));
        Ok(SessionStream { follower: Some(follower), app: self.clone(), session: id })
    }
}

fn unknown_event() -> Error {
    Error::Invalid(vec![FieldError::new("after", "is not an event of this session").code("unknown_event")])
}

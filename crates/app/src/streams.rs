//! Streams of a session's events, for clients that follow it.

use std::pin::Pin;
use std::task::{Context, Poll};

use domain::key::Scope;
use domain::{EventBody, EventId, SessionId, Timestamp};
use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
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
pub struct SessionStream(BoxStream<'static, Result<StreamItem, Error>>);

impl Stream for SessionStream {
    type Item = Result<StreamItem, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
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
        let follower = Follower::after(seq, id, store, &self.ports().feed, key, previews);
        Ok(SessionStream(stream_of(follower, self.clone(), id)))
    }
}

fn unknown_event() -> Error {
    Error::Invalid(vec![FieldError::new("after", "is not an event of this session").code("unknown_event")])
}

fn stream_of(follower: Follower, app: App, id: SessionId) -> BoxStream<'static, Result<StreamItem, Error>> {
    let farewell =
        move |at: Option<Timestamp>| StreamItem::Deleted { event: EventId(id.0), at: at.unwrap_or_else(|| app.now()) };
    // Boxed: the state goes in and out with each item.
    futures::stream::unfold((Some(Box::new(follower)), farewell), |(follower, farewell)| async move {
        let mut follower = follower?;
        let (item, follower) = match follower.next().await {
            Ok(Followed::Preview(item)) => (Ok(StreamItem::Preview(item)), Some(follower)),
            Ok(Followed::Stored(event)) => {
                let is_last = matches!(event.body, EventBody::StatusTerminated {});
                (Ok(StreamItem::Stored(event)), (!is_last).then_some(follower))
            }
            Ok(Followed::Deleted { at }) => (Ok(farewell(at)), None),
            Err(error) => (Err(error), None),
        };
        Some((item, (follower, farewell)))
    })
    .boxed()
}

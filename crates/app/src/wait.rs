//! Waiting for what a send sets off, until the session rests again.

use std::sync::Arc;

use domain::key::Scope;
use domain::session::{Session, SessionStatus};
use domain::{EventBody, EventId, SessionId};
use ports::OrgStore;
use ports::store::EventFilter;

use crate::error::Error;
use crate::follow::{Followed, Follower, StoredEvent};
use crate::send::SentEvent;
use crate::{App, Ctx};

/// Events that are kept for the caller; whatever comes behind them can be read from the log.
const EVENTS_MAX: usize = 1_000;

/// A session in which something was sent, being watched. Dropping it stops nothing.
pub struct TurnWatch {
    session: SessionId,
    store: Arc<dyn OrgStore>,
    follower: Follower,
    /// `seq` of the last event before anything was sent.
    before: u64,
    events: Vec<StoredEvent>,
    /// `seq` of the last event seen, kept or not.
    seen: u64,
}

/// How a session stands after a send.
pub struct Rest {
    /// It.
    pub session: Session,
    /// What was stored since, oldest first; at most the first 1,000 events.
    pub events: Vec<StoredEvent>,
    /// Whether more was stored than is given.
    pub has_more: bool,
    /// Whether the session still has something to do.
    pub timed_out: bool,
    /// The last event given, or the one before the send; `None` before the first.
    pub cursor: Option<EventId>,
}

impl App {
    /// Sends events into a session as [`App::send_events`] does, and watches what comes of
    /// it from before the first of them is stored.
    ///
    /// # Errors
    /// As [`App::send_events`]; also if the caller may not read sessions.
    pub async fn send_and_watch(
        &self,
        ctx: &Ctx,
        id: SessionId,
        events: Vec<EventBody>,
    ) -> Result<(Vec<SentEvent>, TurnWatch), Error> {
        ctx.require(Scope::SessionsRead)?;
        let session = self.reachable_session(ctx, id).await?;
        let before = session.state.seq;
        let (store, key) = (self.store(ctx.org), self.watch_reader(ctx, session.agent.id()));
        let follower = Follower::after(before, self.ports().feed.subscribe(id), Arc::clone(&store), key);
        let sent = self.send_events(ctx, id, events).await?;
        let watch = TurnWatch { session: id, store, follower, before, events: Vec::new(), seen: before };
        Ok((sent, watch))
    }
}

impl TurnWatch {
    /// Waits until the session rests, or until `enough`. Once `stopping` is over, no run
    /// begins or goes on in this process, so that only one that a worker holds is waited for.
    ///
    /// # Errors
    /// The session was deleted, the caller's key was revoked, or the store failed.
    pub async fn rest(
        mut self,
        enough: impl Future<Output = ()>,
        stopping: impl Future<Output = ()>,
    ) -> Result<Rest, Error> {
        let (mut enough, mut stopping) = (std::pin::pin!(enough), std::pin::pin!(stopping));
        let mut is_stopping = false;
        let mut session = self.session_now().await?;
        loop {
            let is_up_to_date = session.state.seq <= self.seen;
            if is_up_to_date && rests(&session) {
                return self.ended(session, false).await;
            }
            if is_up_to_date && is_stopping && session.state.status != SessionStatus::Running {
                return self.ended(session, true).await;
            }
            tokio::select! {
                biased;
                () = &mut enough => return self.ended(session, true).await,
                event = self.next() => if may_let_rest(&event?) || self.seen == session.state.seq {
                    session = self.session_now().await?;
                },
                () = &mut stopping, if !is_stopping => {
                    is_stopping = true;
                    session = self.session_now().await?;
                }
            }
        }
    }

    async fn next(&mut self) -> Result<StoredEvent, Error> {
        loop {
            match self.follower.next().await? {
                Followed::Stored(event) => {
                    self.seen = event.seq;
                    if self.events.len() < EVENTS_MAX {
                        self.events.push(event.clone());
                    }
                    return Ok(event);
                }
                Followed::Preview(_) => {}
                Followed::Deleted { .. } => return Err(Error::not_found(self.session)),
            }
        }
    }

    async fn session_now(&self) -> Result<Session, Error> {
        self.store.find_session(self.session).await?.ok_or_else(|| Error::not_found(self.session))
    }

    async fn ended(self, session: Session, timed_out: bool) -> Result<Rest, Error> {
        let session = if timed_out { self.session_now().await? } else { session };
        let cursor = match self.events.last() {
            Some(last) => Some(last.id),
            None => self.event_before().await?,
        };
        let given = self.events.last().map_or(self.before, |last| last.seq);
        Ok(Rest { has_more: self.seen > given, events: self.events, session, timed_out, cursor })
    }

    /// The last event before the send.
    async fn event_before(&self) -> Result<Option<EventId>, Error> {
        let Some(after) = self.before.checked_sub(1) else { return Ok(None) };
        let filter = EventFilter { after: Some(after), limit: Some(1), ..EventFilter::default() };
        Ok(self.store.list_events(self.session, filter).await?.first().map(|event| event.id))
    }
}

/// Whether nothing more happens in the session by itself.
fn rests(session: &Session) -> bool {
    matches!(session.state.status, SessionStatus::Idle | SessionStatus::Terminated)
}

/// Whether a session may rest, or be left by its worker, with this event.
fn may_let_rest(event: &StoredEvent) -> bool {
    matches!(
        event.body,
        EventBody::StatusIdle { .. }
            | EventBody::StatusTerminated {}
            | EventBody::StatusRescheduled {}
            | EventBody::RunDropped { .. }
    )
}

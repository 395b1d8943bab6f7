//! Reading a session's log and inbox.

use domain::key::Scope;
use std::ops::RangeInclusive;

use domain::session::InboxItem;
use domain::session::overview::Stretch;
use domain::{Event, EventId, SessionId};
use ports::store::EventFilter;

use crate::error::Error;
use crate::{App, Ctx};

impl App {
    /// Events of a session.
    ///
    /// # Errors
    /// The session is not there, the scope is missing, or the store failed.
    pub async fn list_events(&self, ctx: &Ctx, session: SessionId, filter: EventFilter) -> Result<Vec<Event>, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_session(ctx, session).await?;
        Ok(self.store(ctx.org).list_events(session, filter).await?)
    }

    /// An event of a session.
    ///
    /// # Errors
    /// It is not there or of another session, the scope is missing, or the store failed.
    pub async fn find_event(&self, ctx: &Ctx, session: SessionId, id: EventId) -> Result<Event, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_session(ctx, session).await?;
        self.store(ctx.org).find_event(session, id).await?.ok_or_else(|| Error::not_found(id))
    }

    /// A session's log at a glance: `seqs` of it, in at most so many parts.
    ///
    /// # Errors
    /// As [`App::list_events`].
    pub async fn survey_log(
        &self,
        ctx: &Ctx,
        session: SessionId,
        seqs: RangeInclusive<u64>,
        parts: u64,
    ) -> Result<Vec<Stretch>, Error> {
        ctx.require(Scope::SessionsRead)?;
        let session = self.reachable_session(ctx, session).await?;
        // What is being appended meanwhile is on the stream.
        let seqs = *seqs.start()..=(*seqs.end()).min(session.state.seq);
        Ok(self.store(ctx.org).survey_log(session.id, seqs, parts).await?)
    }

    /// Input that was accepted and is not in the log yet, oldest first.
    ///
    /// # Errors
    /// As [`App::list_events`].
    pub async fn list_inbox(&self, ctx: &Ctx, session: SessionId) -> Result<Vec<InboxItem>, Error> {
        ctx.require(Scope::SessionsRead)?;
        self.reachable_session(ctx, session).await?;
        Ok(self.store(ctx.org).list_session_inbox(session).await?)
    }
}

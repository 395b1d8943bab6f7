//! Reading a session's log and inbox.

use domain::key::Scope;
use domain::session::InboxItem;
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

//! The end of a session's use: archived, or gone.

use domain::SessionId;
use domain::key::Scope;
use domain::run::RunStatus;
use domain::session::Session;
use domain::turn::{Queued, Unfinished};
use ports::OrgStore;
use ports::store::EventFilter;

use crate::error::Error;
use crate::{App, Ctx, TRIES};

impl App {
    /// The session takes no input and no change any more; its log stays. A run in it that
    /// waits for someone ends. Archiving twice changes nothing.
    ///
    /// # Errors
    /// A run is under way, the session is not there, the scope is missing, or the store failed.
    pub async fn archive_session(&self, ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
        ctx.require(Scope::SessionsWrite)?;
        let store = self.store(ctx.org);
        for _ in 0..TRIES {
            let session = self.reachable_session(ctx, id).await?;
            let unfinished = unfinished(&*store, &session).await?;
            let behind = queued(&*store, id).await?;
            let decided = self.decide(ctx.now, |at| session.clone().archive(unfinished, behind, at));
            let (archived, changes) = decided?;
            if self.stop_watching(ctx, &session, "the session was archived").await? {
                // Its log has grown.
                continue;
            }
            if changes.is_empty() {
                return Ok(archived);
            }
            if self.commit_session(ctx, changes).await? {
                return self.reachable_session(ctx, id).await;
            }
        }
        Err(Error::contended("session"))
    }

    /// The session is gone for good, with its log and all that waits in it; whoever follows
    /// it is told.
    ///
    /// # Errors
    /// As [`App::archive_session`].
    pub async fn delete_session(&self, ctx: &Ctx, id: SessionId) -> Result<(), Error> {
        ctx.require(Scope::SessionsWrite)?;
        for _ in 0..TRIES {
            let session = self.reachable_session(ctx, id).await?;
            let changes = self.decide(ctx.now, |at| session.delete(at))?;
            if self.commit_session(ctx, changes).await? {
                return Ok(());
            }
        }
        Err(Error::contended("session"))
    }
}

/// The run that has the session and waits for someone.
pub(crate) async fn unfinished(store: &dyn OrgStore, session: &Session) -> Result<Option<Unfinished>, Error> {
    let Some(id) = session.state.active_run else { return Ok(None) };
    let Some(run) = store.find_run(id).await?.filter(|run| run.status == RunStatus::Waiting) else { return Ok(None) };
    let filter = EventFilter { run: Some(id), ..EventFilter::default() };
    let (events, inbox) = (store.list_events(session.id, filter).await?, store.list_inbox(id).await?);
    Ok(Some(Unfinished { run, events, inbox }))
}

/// What waits for its turn in the session.
async fn queued(store: &dyn OrgStore, session: SessionId) -> Result<Vec<Queued>, Error> {
    let mut queued = Vec::new();
    for run in store.list_queued_runs(session).await? {
        queued.push(Queued { inbox: store.list_inbox(run.id).await?, run });
    }
    Ok(queued)
}

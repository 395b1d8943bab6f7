//! The stream of an organization: which of its sessions changed, in the order of the commits.
//!
//! The feed tells only up to which position there is something to be read, so nothing waits
//! for a reader and a slow one costs nothing. What happened is read from the store, once for
//! all who stand at the end.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use domain::key::Scope;
use domain::{OrgId, Timestamp};
use futures::stream::{BoxStream, StreamExt};
use futures::{FutureExt, Stream};
use ports::OrgStore;
use ports::store::{CHANGES_KEPT, ChangeFilter, SessionChange, SessionSummary};
use tokio::sync::watch;

use crate::error::{Error, FieldError};
use crate::keys::KeyWatch;
use crate::{App, Ctx};

/// Changes read from the store at a time.
const PAGE: u64 = 200;

/// Where the stream of an organization begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromPosition {
    /// With what is committed from this moment on.
    Now,
    /// With the oldest change that is kept.
    Start,
    /// Behind this position.
    After(u64),
}

/// A session that a commit changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedSession {
    /// The commit's place in the organization's order.
    pub position: u64,
    /// The session as it was when this was read: at the commit, or later.
    pub session: Arc<SessionSummary>,
}

/// The changes of an organization's sessions, as far as the caller reaches them: what is
/// kept, then what comes, without a gap or a repeat. Ends after an error.
pub struct OrgStream {
    /// The position behind which it begins.
    pub after: u64,
    changes: BoxStream<'static, Result<ChangedSession, Error>>,
}

impl Stream for OrgStream {
    type Item = Result<ChangedSession, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.changes.poll_next_unpin(cx)
    }
}

impl App {
    /// Follows all sessions of the caller's organization. When this returns, the stream is in
    /// place: no commit from then on is missed.
    ///
    /// # Errors
    /// The position to begin behind was never given (at `after`) or is too old
    /// ([`Error::Gone`]), the scope is missing, or the store failed.
    pub async fn stream_org(&self, ctx: &Ctx, from: FromPosition) -> Result<OrgStream, Error> {
        ctx.require(Scope::SessionsRead)?;
        let store = self.store(ctx.org);
        // Before anything is read, so that nothing falls between the two.
        let told = self.ports().feed.watch_changes(ctx.org);
        let oldest = ctx.now.checked_sub(CHANGES_KEPT).unwrap_or(Timestamp::MIN);
        let position = match from {
            FromPosition::Now => store.last_position().await?,
            FromPosition::Start => 0,
            FromPosition::After(position) => {
                check_position(&*store, position, oldest).await?;
                position
            }
        };
        let changes = Changes {
            tail: self.0.tails.of(ctx.org),
            key: self.watch_key(ctx),
            app: self.clone(),
            ctx: ctx.clone(),
            since: (from == FromPosition::Start).then_some(oldest),
            is_behind: from != FromPosition::Now,
            page: Arc::default(),
            given: 0,
            store,
            told,
            position,
        };
        Ok(OrgStream { after: position, changes: stream_of(changes) })
    }
}

async fn check_position(store: &dyn OrgStore, position: u64, oldest: Timestamp) -> Result<(), Error> {
    match store.find_change(position).await? {
        Some(at) if at >= oldest => Ok(()),
        None if position == 0 || position > store.last_position().await? => {
            let fault = FieldError::new("after", "is no position of this organization").code("unknown_position");
            Err(Error::Invalid(vec![fault]))
        }
        Some(_) | None => Err(gone()),
    }
}

fn gone() -> Error {
    Error::Gone("changes of sessions are kept for 7 days: list the sessions, then follow from now on".to_owned())
}

fn stream_of(changes: Changes) -> BoxStream<'static, Result<ChangedSession, Error>> {
    futures::stream::unfold(Some(changes), |changes| async move {
        let mut changes = changes?;
        match changes.next().await {
            Ok(changed) => Some((Ok(changed), Some(changes))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

/// A reader of one organization's changes.
struct Changes {
    store: Arc<dyn OrgStore>,
    told: watch::Receiver<u64>,
    tail: Arc<Tail>,
    key: KeyWatch,
    app: App,
    /// Who follows.
    ctx: Ctx,
    /// What is older is not begun with. Absent once the stream has begun.
    since: Option<Timestamp>,
    /// The position that was read last.
    position: u64,
    /// What is left of the page that is being given.
    page: Arc<[SessionChange]>,
    given: usize,
    /// Whether the store may hold more than was read of it.
    is_behind: bool,
}

impl Changes {
    async fn next(&mut self) -> Result<ChangedSession, Error> {
        loop {
            if let Some(changed) = self.next_of_page().await? {
                return Ok(changed);
            }
            if self.is_behind {
                // A reader who takes long over its past must not outlive its key.
                if let Some(fault) = self.key.stopped().now_or_never() {
                    return Err(Error::Unauthenticated(fault));
                }
                self.read_page().await?;
                continue;
            }
            tokio::select! {
                biased;
                fault = self.key.stopped() => return Err(Error::Unauthenticated(fault)),
                told = self.told.changed() => told.map_err(|_| Error::Draining)?,
            }
            self.is_behind = true;
        }
    }

    /// The next change of the page that the caller may see.
    async fn next_of_page(&mut self) -> Result<Option<ChangedSession>, Error> {
        while let Some(change) = self.page.get(self.given) {
            self.given += 1;
            let SessionChange { position, session, .. } = change;
            if *position <= self.position {
                continue;
            }
            // Positions have no gap. Where one shows, the store let go of what came before.
            if self.since.take().is_none() && *position > self.position + 1 {
                return Err(gone());
            }
            self.position = *position;
            let (position, reached) = (*position, session.clone());
            let Some(session) = reached.filter(|session| self.ctx.reaches(session.project)) else { continue };
            match self.app.may_read_along(&self.ctx, session.agent).await {
                Ok(()) => return Ok(Some(ChangedSession { position, session })),
                Err(Error::Forbidden { .. } | Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        // Whoever waits holds nothing.
        self.page = Arc::default();
        self.given = 0;
        Ok(None)
    }

    async fn read_page(&mut self) -> Result<(), Error> {
        let told = *self.told.borrow_and_update();
        self.page = match told.saturating_sub(self.position) {
            // Near the end, where everybody else reads too.
            1..=PAGE if self.since.is_none() => self.tail.read(self.position, &*self.store).await?,
            _ => read(&*self.store, self.position, self.since).await?.into(),
        };
        self.given = 0;
        let last = self.page.last().map_or(self.position, |change| change.position);
        self.is_behind = last < told || self.page.len() as u64 == PAGE;
        Ok(())
    }
}

async fn read(store: &dyn OrgStore, after: u64, since: Option<Timestamp>) -> Result<Vec<SessionChange>, Error> {
    Ok(store.list_changes(ChangeFilter { after, since, limit: PAGE as usize }).await?)
}

/// The newest page of an organization's changes: a commit wakes all who follow, and one of
/// them reads for all.
#[derive(Default)]
struct Tail(tokio::sync::Mutex<TailPage>);

#[derive(Default)]
struct TailPage {
    /// The position that it begins behind.
    after: u64,
    changes: Arc<[SessionChange]>,
}

impl Tail {
    /// A page that goes on behind this position; it may begin with changes before it.
    async fn read(&self, position: u64, store: &dyn OrgStore) -> Result<Arc<[SessionChange]>, Error> {
        let mut page = self.0.lock().await;
        let last = page.changes.last().map_or(0, |change| change.position);
        let goes_on = page.after <= position && position < last;
        if !goes_on {
            *page = TailPage { after: position, changes: read(store, position, None).await?.into() };
        }
        Ok(Arc::clone(&page.changes))
    }
}

/// The tails of the organizations that somebody follows.
#[derive(Default)]
pub(crate) struct Tails(Mutex<HashMap<OrgId, Weak<Tail>>>);

impl Tails {
    fn of(&self, org: OrgId) -> Arc<Tail> {
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tail) = tails.get(&org).and_then(Weak::upgrade) {
            return tail;
        }
        tails.retain(|_, tail| tail.strong_count() > 0);
        let tail = Arc::default();
        tails.insert(org, Arc::downgrade(&tail));
        tail
    }
}

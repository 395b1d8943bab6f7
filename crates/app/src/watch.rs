//! Watching one run from its first event to its last.

use std::sync::Arc;

use domain::event::StopReason;
use domain::run::Run;
use domain::session::Session;
use domain::{Event, EventBody};
use ports::OrgStore;

use crate::error::Error;
use crate::follow::{Followed, Follower, StoredEvent};

/// A run that was accepted, being watched. Dropping it never stops the run.
pub struct RunWatch {
    /// The run as accepted.
    pub run: Run,
    /// The session as it was then.
    pub session: Session,
    pub(crate) store: Arc<dyn OrgStore>,
    pub(crate) follower: Follower,
    pub(crate) is_over: bool,
}

/// A run that is over.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    /// The run as it ended.
    pub run: Run,
    /// All its events that were not taken from the watch before, in order.
    pub events: Vec<StoredEvent>,
}

impl RunWatch {
    /// The next event of the run, stored; `None` after its last. The events of one commit
    /// come without waiting in between. May be dropped while it waits, and called again.
    pub async fn next(&mut self) -> Option<Result<StoredEvent, Error>> {
        while !self.is_over {
            match self.follower.next().await {
                Ok(Followed::Stored(event)) if event.run == Some(self.run.id) => {
                    self.is_over = ends_run(&event);
                    return Some(Ok(event));
                }
                Ok(_) => {}
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// Waits until the run is over.
    ///
    /// # Errors
    /// The store failed, the caller's key was revoked, or the server stops; the run itself
    /// goes on.
    pub async fn finished(mut self) -> Result<FinishedRun, Error> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event?);
        }
        let run = self.ended().await?;
        Ok(FinishedRun { run, events })
    }

    /// The run as it stands now: after the last event, as it ended.
    ///
    /// # Errors
    /// The store failed.
    pub async fn ended(&self) -> Result<Run, Error> {
        let found = self.store.find_run(self.run.id).await?;
        found.ok_or_else(|| Error::not_found(self.run.id))
    }
}

/// Whether nothing of its run comes after this event.
fn ends_run(event: &Event) -> bool {
    match &event.body {
        EventBody::StatusIdle { stop_reason } => !matches!(stop_reason, StopReason::RequiresAction { .. }),
        EventBody::RunDropped { .. } | EventBody::StatusTerminated {} => true,
        _ => false,
    }
}

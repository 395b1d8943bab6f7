//! Watching one run from its first event to its last.

use std::sync::Arc;

use domain::event::StopReason;
use domain::run::{Run, RunStatus};
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
    /// Whether the server has begun to stop while a worker held the run.
    pub(crate) is_last_step: bool,
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
                Ok(Followed::Deleted { .. }) => {
                    self.is_over = true;
                    return Some(Err(Error::not_found(self.run.id)));
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

    /// The next event, as [`RunWatch::next`]. Once `stopping` is over, the server begins
    /// nothing new: a run that no worker holds then, or that its worker lets go of, goes on
    /// only after a restart, and there is no use in waiting for it. May be dropped while it
    /// waits, and called again.
    ///
    /// # Errors
    /// [`Error::Draining`] if the run was left; otherwise as [`RunWatch::finished`].
    pub async fn next_unless_left(&mut self, stopping: impl Future<Output = ()>) -> Option<Result<StoredEvent, Error>> {
        if !self.is_last_step {
            tokio::select! {
                biased;
                event = self.next() => return event,
                () = stopping => {}
            }
            match self.ended().await {
                Ok(run) if matches!(run.status, RunStatus::Queued | RunStatus::Waiting) => {
                    return Some(Err(Error::Draining));
                }
                Ok(_) => self.is_last_step = true,
                Err(error) => return Some(Err(error)),
            }
        }
        match self.next().await {
            Some(Ok(event)) if lets_go(&event) => {
                // Whoever asks again is told the same.
                self.is_last_step = false;
                Some(Err(Error::Draining))
            }
            event => event,
        }
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

/// Whether the worker of the run lets go of it with this event, though it is not over.
fn lets_go(event: &Event) -> bool {
    match &event.body {
        EventBody::StatusIdle { stop_reason } => matches!(stop_reason, StopReason::RequiresAction { .. }),
        EventBody::StatusRescheduled {} => true,
        _ => false,
    }
}

/// Whether nothing of its run comes after this event.
pub(crate) fn ends_run(event: &Event) -> bool {
    match &event.body {
        EventBody::StatusIdle { stop_reason } => !matches!(stop_reason, StopReason::RequiresAction { .. }),
        EventBody::RunDropped { .. } | EventBody::StatusTerminated {} => true,
        _ => false,
    }
}

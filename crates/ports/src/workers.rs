//! Free hands: how an operation lets a run begin in the very commit that accepts it.

use std::sync::Arc;

use domain::agent::AgentSpec;
use domain::run::Fence;
use domain::turn::Turn;
use domain::{Event, OrgId};

/// The workers of this process.
pub trait Workers: Send + Sync + 'static {
    /// A free place for one more run, unless others have waited longer or all are taken.
    fn try_slot(&self) -> Option<Box<dyn Slot>>;
}

/// A free place for one run. Dropped unused, it is free again.
pub trait Slot: Send {
    /// The lease under which the run is claimed.
    fn fence(&self) -> Fence;

    /// Goes on with a run that was accepted and claimed in one commit, which appended these
    /// events. `turn` knows of the commit ([`Turn::committed`]).
    fn start(self: Box<Self>, org: OrgId, turn: Turn, spec: Arc<AgentSpec>, appended: Arc<[Event]>);
}

/// No workers: every run waits in the queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWorkers;

impl Workers for NoWorkers {
    fn try_slot(&self) -> Option<Box<dyn Slot>> {
        None
    }
}

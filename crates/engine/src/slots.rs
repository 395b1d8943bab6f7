//! Slots: how many runs are worked on at once, and who may take a free one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::agent::AgentSpec;
use domain::run::Fence;
use domain::turn::Turn;
use domain::{Event, OrgId};
use ports::Slot;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Shared, worker};

/// The slots of this process.
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    /// Runs wait in the queue: a newcomer may not overtake them.
    backlog: AtomicBool,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        // Until the dispatcher has looked, there may be runs that an earlier process left.
        Self { free: Arc::new(Semaphore::new(count.max(1))), backlog: AtomicBool::new(true) }
    }

    /// A free slot for a run that did not wait.
    pub(crate) fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        if self.backlog.load(Ordering::Acquire) {
            return None;
        }
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// A slot for a run that waited; `None` when the engine stops.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// One more free slot, if there is one at once.
    pub(crate) fn take_another(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    pub(crate) fn set_backlog(&self, waits: bool) {
        self.backlog.store(waits, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        self.free.close();
    }
}

/// A free slot, reserved by an operation that is accepting a run.
pub(crate) struct FreeSlot {
    pub(crate) shared: Arc<Shared>,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Slot for FreeSlot {
    fn fence(&self) -> Fence {
        self.shared.fence
    }

    fn start(self: Box<Self>, org: OrgId, turn: Turn, spec: Arc<AgentSpec>, appended: Arc<[Event]>) {
        let FreeSlot { shared, permit } = *self;
        let (tracker, turn) = (shared.workers.clone(), Box::new(turn));
        tracker.spawn(async move {
            let _permit = permit;
            worker::go_on(shared, org, turn, spec, appended).await;
        });
    }
}

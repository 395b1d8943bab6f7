//! Through the past, from one thing that is due to the next.
//!
//! The engine waits for times; here the times come to it. The clock is moved to what is due
//! first, whoever waits for a time is woken, and when all of it is done the clock moves on.

use std::sync::Arc;
use std::time::Duration;

use app::Operator;
use domain::Timestamp;
use ports::Clock;
use tokio::time::Instant;

use crate::clock::DemoClock;
use crate::{DemoError, Place};

/// How long what was begun may take, by the machine's clock. It takes some milliseconds.
const DONE_WITHIN: Duration = Duration::from_secs(30);

/// The engine tells nobody when it has nothing to do: one has to look.
const LOOK_EVERY: Duration = Duration::from_millis(1);

pub(crate) struct Travel {
    place: Place,
    clock: Arc<DemoClock>,
    operator: Operator,
}

impl Travel {
    pub(crate) fn new(place: Place, clock: Arc<DemoClock>) -> Self {
        Self { place, clock, operator: Operator::of_this_installation() }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The end of history.
    pub(crate) fn end(&self) -> Timestamp {
        self.clock.until()
    }

    /// To this time, doing on the way what is due on the way.
    pub(crate) async fn to(&self, at: Timestamp) -> Result<(), DemoError> {
        self.rest().await?;
        while let Some(due) = self.next_due().await?.filter(|due| *due <= at) {
            self.clock.move_to(due);
            self.place.app.fire_due_deployments(&self.operator).await?;
            self.rest().await?;
        }
        self.clock.move_to(at);
        Ok(())
    }

    /// So much later, in the same way.
    pub(crate) async fn on(&self, by: Duration) -> Result<(), DemoError> {
        let later = self.now().checked_add(by).unwrap_or(self.end());
        self.to(later).await
    }

    /// Waits until everything is done that can be done at this time.
    pub(crate) async fn rest(&self) -> Result<(), DemoError> {
        self.wake();
        let end = Instant::now() + DONE_WITHIN;
        while self.is_at_work().await? {
            if Instant::now() > end {
                return Err(DemoError::Stuck(DONE_WITHIN));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Wakes whoever waits for a time: the clock has moved.
    pub(crate) fn wake(&self) {
        let feed = &self.place.feed;
        feed.work_waits();
        feed.timer_is_set();
        feed.approval_waits();
        feed.delivery_waits();
    }

    async fn is_at_work(&self) -> Result<bool, DemoError> {
        let open = self.place.store.count_open_runs().await?;
        if open.queued > 0 || open.running > self.clock.holding() {
            return Ok(true);
        }
        let now = self.now();
        Ok(self.next_timer().await?.is_some_and(|due| due <= now))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, DemoError> {
        let deployment = self.place.store.next_due_deployment().await?.map(|next| next.due);
        Ok([deployment, self.next_timer().await?].into_iter().flatten().min())
    }

    /// When the engine has something to do next, if nobody asks it to before.
    async fn next_timer(&self) -> Result<Option<Timestamp>, DemoError> {
        let store = &self.place.store;
        let watch = store.next_watches(self.now(), &[], 1).await?.into_iter().map(|watch| watch.due).min();
        let approval = store.next_approvals(1).await?.into_iter().map(|approval| approval.due).min();
        let delivery = store.list_due_webhooks().await?.into_iter().map(|webhook| webhook.due).min();
        Ok([watch, approval, delivery].into_iter().flatten().min())
    }
}

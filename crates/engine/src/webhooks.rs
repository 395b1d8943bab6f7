//! Webhooks: sends what is due, several at once, and commits what came of it.
//!
//! A delivery that waits is a row with a time in the store and nothing else: one task sleeps
//! until the first of them is due. What an attempt comes to is decided in [`domain::webhook`].
//! What a crash cut short between sending and committing is sent again under the same id.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::webhook::{Answer, Attempt, Delivery, DeliveryState, Reached, Webhook};
use domain::{DeliveryId, Guard, OrgId, Timestamp, WebhookId};
use futures::FutureExt;
use ports::store::{CommitError, DueWebhook, Refusal, StoreError};
use tokio::task::JoinSet;

use crate::Shared;
use crate::commits::{Lost, patiently};

/// Deliveries under way at once,
const AT_ONCE_MAX: usize = 512;
/// of one organization,
const OF_ORG_MAX: usize = 16;
/// to one webhook: a receiver that is slow delays itself,
const TO_WEBHOOK_MAX: usize = 4;
/// and to one that took nothing the last time.
const TO_FAILING_MAX: usize = 1;

/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Sends what is due until the engine drains, and then until what is under way is over.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut hints = shared.ports.feed.watch_deliveries();
    let mut flights = Flights::default();
    loop {
        hints.mark_unchanged();
        let wait = match flights.begin_due(&shared).await {
            Ok(wait) => wait,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "could not look for deliveries that are due");
                Some(STORE_PAUSE)
            }
        };
        tokio::select! {
            () = shared.draining.cancelled() => break,
            // The feed lives as long as the engine: an error cannot come here.
            _ = hints.changed() => {}
            () = flights.ended() => {}
            () = crate::dispatch::sleep_or_forever(wait) => {}
        }
    }
    while !flights.under_way.is_empty() {
        flights.ended().await;
    }
}

/// A delivery under way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    org: OrgId,
    webhook: WebhookId,
}

/// The deliveries under way. They end with whoever holds this.
#[derive(Default)]
struct Flights {
    tasks: JoinSet<DeliveryId>,
    under_way: HashMap<DeliveryId, Flight>,
    /// The webhook that was looked at last: the next look begins behind it, so that each has
    /// its turn when there is no room for all.
    last: Option<WebhookId>,
}

impl Flights {
    /// Begins the deliveries that are due and for which there is room; how long it is until the
    /// next one, if that is known.
    async fn begin_due(&mut self, shared: &Arc<Shared>) -> Result<Option<Duration>, StoreError> {
        let mut due = shared.ports.store.list_due_webhooks().await?;
        let behind = due.iter().position(|due| Some(due.webhook) == self.last).map_or(0, |at| at + 1);
        due.rotate_left(behind);
        let now = shared.ports.clock.now();
        let mut next: Option<Timestamp> = None;
        for webhook in due {
            let wakes = match webhook.due <= now {
                true => self.begin(shared, webhook, now).await?,
                false => Some(webhook.due),
            };
            next = [next, wakes].into_iter().flatten().min();
        }
        Ok(next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default()))
    }

    /// Begins what is due for one webhook. When the next one is, unless the end of one that is
    /// under way is waited for first.
    async fn begin(
        &mut self,
        shared: &Arc<Shared>,
        due: DueWebhook,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let DueWebhook { org, webhook: id, .. } = due;
        let (to_it, room) = self.room_for(&due);
        if room == 0 {
            return Ok(None);
        }
        let store = shared.org(org);
        let webhook = store.find_webhook(id).await?.filter(|webhook| webhook.disabled.is_none());
        let Some(webhook) = webhook.map(Arc::new) else { return Ok(None) };
        // Those under way are due until they are over, and stand in front.
        for delivery in store.list_due_deliveries(id, now, to_it + room).await? {
            if self.room_for(&due).1 > 0 && !self.under_way.contains_key(&delivery.id) {
                self.last = Some(id);
                self.under_way.insert(delivery.id, Flight { org, webhook: id });
                self.tasks.spawn(unshaken(Arc::clone(shared), org, Arc::clone(&webhook), delivery));
            }
        }
        Ok(None)
    }

    /// How many are under way to a webhook, and how many more may be.
    fn room_for(&self, due: &DueWebhook) -> (usize, usize) {
        let of_org = self.under_way.values().filter(|flight| flight.org == due.org).count();
        let to_it = self.under_way.values().filter(|flight| flight.webhook == due.webhook).count();
        let to_it_max = if due.is_failing { TO_FAILING_MAX } else { TO_WEBHOOK_MAX };
        let all = self.under_way.len();
        let room = [(AT_ONCE_MAX, all), (OF_ORG_MAX, of_org), (to_it_max, to_it)];
        let room = room.into_iter().map(|(max, taken): (usize, usize)| max.saturating_sub(taken)).min();
        (to_it, room.unwrap_or_default())
    }

    /// Waits until one of them is over; for ever if there is none.
    async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(delivery)) => drop(self.under_way.remove(&delivery)),
            // Such a task does not panic, and nobody aborts one.
            Some(Err(error)) => tracing::error!(%error, "a delivery was lost"),
            None => std::future::pending().await,
        }
    }
}

/// A delivery that was sent, and what came of it.
struct Sent {
    org: OrgId,
    /// As it was then.
    webhook: Arc<Webhook>,
    delivery: Delivery,
    attempt: Attempt,
    retry_after: Option<Duration>,
}

/// Sends once and commits what came of it. If that fails it is the commit that is repeated: a
/// receiver is not told anew because of a full disk. A panic counts as an attempt that failed,
/// lest it come again and again.
async fn unshaken(shared: Arc<Shared>, org: OrgId, webhook: Arc<Webhook>, delivery: Delivery) -> DeliveryId {
    let (id, began) = (delivery.id, Instant::now());
    let at = shared.ports.clock.now();
    let reached = AssertUnwindSafe(shared.ports.webhooks.send(org, &webhook, &delivery, at)).catch_unwind().await;
    let Reached { answer, retry_after } = reached.unwrap_or_else(|_panic| {
        tracing::error!(delivery.id = %id, "sending to a webhook panicked");
        let why = "The server met a fault of its own while it sent this.".to_owned();
        Reached { answer: Answer::Failed { why }, retry_after: None }
    });
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let sent = Sent { org, webhook, delivery, attempt: Attempt { at, took_ms, answer }, retry_after };
    if let Err(Lost) = patiently(&shared, || settle(&shared, &sent)).await {
        tracing::warn!(delivery.id = %id, "what came of a delivery was not stored: the next start sends it again");
    }
    id
}

/// Commits what came of a delivery.
async fn settle(shared: &Shared, sent: &Sent) -> Result<(), StoreError> {
    let Sent { org, webhook, delivery, attempt, retry_after } = sent;
    let store = shared.org(*org);
    loop {
        // How its receiver does, and what its address is, may have changed meanwhile.
        let Some(current) = store.find_webhook(webhook.id).await? else { return Ok(()) };
        let (url, fraction) = (&webhook.settings.url, shared.ports.ids.fraction());
        let tried = delivery.clone().tried(url, &current, attempt.clone(), *retry_after, fraction);
        match store.commit(tried.changes).await {
            Ok(_) => {}
            Err(CommitError::Refused(Refusal::Guard(Guard::WebhookAt { .. }))) => continue,
            // It was sent again by hand meanwhile, or is gone.
            Err(CommitError::Refused(refusal)) => {
                tracing::debug!(%refusal, delivery.id = %delivery.id, "a delivery moved on while it was under way");
                return Ok(());
            }
            Err(CommitError::Store(error)) => return Err(error),
        }
        shared.ports.metrics.delivery_tried(tried.state);
        if tried.state == DeliveryState::GivenUp {
            let attempts = delivery.attempts.saturating_add(1);
            tracing::warn!(webhook.id = %current.id, delivery.id = %delivery.id, attempts, "a delivery to a webhook is given up");
        }
        if let Some(why) = tried.disables {
            tracing::warn!(webhook.id = %current.id, org.id = %org, "a webhook is disabled: {}", why.sentence());
        }
        return Ok(());
    }
}

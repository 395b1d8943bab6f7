//! A delivery: one notice on its way to one webhook.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{EventType, FAILING_MAX, Notice, Webhook, WhyDisabled};
use crate::change::{Change, ChangeSet, Guard};
use crate::id::{DeliveryId, ProjectId, WebhookId};

/// How much of what a receiver answers is kept.
pub const RESPONSE_BYTES_MAX: usize = 1_024;

/// How long after each attempt that failed the next is made: those that Standard Webhooks
/// advises, over a day.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(8),
    SignedDuration::from_hours(8),
];

/// Behind this no further attempt is made, however few there were: a webhook that is far behind
/// must get to the end of it.
const ROUND: SignedDuration = SignedDuration::from_hours(24);

/// The longest wait that a receiver may ask for.
const ASKED_WAIT_MAX: Duration = Duration::from_secs(8 * 60 * 60);

/// By how much, as a part, a wait is longer or shorter: what failed together is not to come
/// back together.
const JITTER: f64 = 0.1;

/// A notice on its way to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id, the same with each attempt.
    pub id: DeliveryId,
    /// Who is told.
    pub webhook: WebhookId,
    /// Of what.
    pub kind: EventType,
    /// What is sent, to the byte.
    pub body: String,
    /// When it was queued for the first time,
    pub created_at: Timestamp,
    /// and for this round of attempts.
    pub queued_at: Timestamp,
    /// Attempts of this round.
    pub attempts: u32,
    /// Where it stands.
    pub state: DeliveryState,
    /// The last attempt, of any round.
    pub last: Option<Attempt>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, the first time or again.
    Waiting {
        /// When.
        due: Timestamp,
    },
    /// It was taken.
    Delivered,
    /// It was not, and is sent no more.
    GivenUp,
}

/// What came of sending it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was sent.
    pub at: Timestamp,
    /// Milliseconds until the end of the answer.
    pub took_ms: u64,
    /// What the receiver said.
    pub answer: Answer,
}

/// What a receiver said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// It answered.
    Status {
        /// The status.
        status: u16,
        /// The beginning of the body, at most [`RESPONSE_BYTES_MAX`]; from outside, so not to
        /// be trusted.
        body: String,
    },
    /// There is no answer.
    Failed {
        /// Why, for people.
        why: String,
    },
}

impl Answer {
    /// Whether the delivery was taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Answer::Status { status: 200..=299, .. })
    }

    /// Whether the receiver wants nothing any more.
    fn is_gone(&self) -> bool {
        matches!(self, Answer::Status { status: 410, .. })
    }
}

/// An attempt, and how long its receiver asked to be left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// What it said.
    pub answer: Answer,
    /// For how long.
    pub retry_after: Option<Duration>,
}

impl Delivery {
    /// A notice that is to be sent to a webhook. The same notice has the same id for the same
    /// webhook, whoever makes it how often.
    pub fn of(notice: &Notice, webhook: WebhookId, project: Option<ProjectId>) -> Self {
        Self {
            id: id_of(webhook, notice.kind, notice.source),
            webhook,
            kind: notice.kind,
            body: notice.body(project),
            created_at: notice.at,
            queued_at: notice.at,
            attempts: 0,
            state: DeliveryState::Waiting { due: notice.at },
            last: None,
        }
    }

    /// When it is to be sent.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            DeliveryState::Waiting { due } => Some(due),
            DeliveryState::Delivered | DeliveryState::GivenUp => None,
        }
    }

    /// It is to be sent again at once, whatever came of it, with all attempts before it.
    pub fn again(self, now: Timestamp) -> (Self, ChangeSet) {
        let state = DeliveryState::Waiting { due: now };
        let next = Self { attempts: 0, queued_at: now, state, ..self };
        let changes = ChangeSet::of([Change::PutDelivery(Box::new(next.clone()))]);
        (next, changes)
    }

    /// It was sent to `url`, the address that its webhook had then; `webhook` is as it is now.
    /// `fraction`, from 0 to 1, is drawn for it.
    pub fn tried(
        self,
        url: &str,
        webhook: &Webhook,
        attempt: Attempt,
        retry_after: Option<Duration>,
        fraction: f64,
    ) -> Tried {
        let guard = Guard::DeliveryAt { webhook: self.webhook, delivery: self.id, attempts: self.attempts };
        let (at, attempts) = (attempt.at, self.attempts.saturating_add(1));
        // What an address says that was replaced meanwhile does not count against the new one.
        let is_its_own = webhook.settings.url == url;
        let (is_taken, is_gone) = (attempt.answer.is_taken(), is_its_own && attempt.answer.is_gone());
        let state = match self.next_due(at, retry_after, fraction) {
            _ if is_taken => DeliveryState::Delivered,
            Some(due) if !is_gone => DeliveryState::Waiting { due },
            _ => DeliveryState::GivenUp,
        };
        let next = Self { attempts, state, last: Some(attempt), ..self };
        let failing_since = webhook.failing_since.unwrap_or(at);
        let disables = match state {
            DeliveryState::GivenUp if is_gone => Some(WhyDisabled::Gone),
            // Not for the first failure after a long silence: one that was tried for a day.
            DeliveryState::GivenUp if is_its_own && at.duration_since(failing_since) >= FAILING_MAX => {
                Some(WhyDisabled::Failing)
            }
            _ => None,
        };
        let id = next.webhook;
        let health = match is_taken {
            true => webhook.failing_since.map(|_| Change::WebhookTook(id)),
            false => webhook.failing_since.is_none().then_some(Change::WebhookFailed { webhook: id, at }),
        };
        let disabled = disables.map(|why| Change::DisableWebhook { webhook: id, at, why });
        let changes = [Some(Change::PutDelivery(Box::new(next))), health, disabled];
        let mut changes = ChangeSet::of(changes.into_iter().flatten()).guarded(guard);
        if disables.is_some() {
            // Only as it is known here: its address may be replaced at this very moment.
            changes = changes.guarded(Guard::WebhookAt { webhook: id, version: webhook.version });
        }
        Tried { changes, state, disables }
    }

    /// When the next attempt would be due after one at `at`; `None` if that was the last.
    fn next_due(&self, at: Timestamp, retry_after: Option<Duration>, fraction: f64) -> Option<Timestamp> {
        let wait = WAITS.get(usize::try_from(self.attempts).ok()?)?;
        if at.duration_since(self.queued_at) >= ROUND {
            return None;
        }
        let wait = wait.mul_f64(1.0 + JITTER * (2.0 * fraction.clamp(0.0, 1.0) - 1.0));
        let asked = retry_after.map(|asked| asked.min(ASKED_WAIT_MAX));
        let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok()).unwrap_or_default();
        at.checked_add(wait.max(asked)).ok()
    }
}

/// What an attempt comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// What to commit.
    pub changes: ChangeSet,
    /// Where the delivery stands.
    pub state: DeliveryState,
    /// Why the webhook is disabled by it, if it is.
    pub disables: Option<WhyDisabled>,
}

fn id_of(webhook: WebhookId, kind: EventType, source: Uuid) -> DeliveryId {
    let hash = Sha256::new().chain_update(webhook.0).chain_update(source).chain_update(kind.as_str()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    DeliveryId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::webhook::{Disabled, WebhookSettings};
    use proptest::prelude::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    const URL: &str = "https://a.example";

    fn webhook() -> Webhook {
        let settings = WebhookSettings { url: URL.into(), event_types: None, project: None, description: None };
        let secret = Secret::from_caller("s".to_owned().into());
        Webhook::create(WebhookId(Uuid::from_u128(1)), settings, secret, time(0)).0
    }

    fn delivery() -> Delivery {
        Delivery::of(&Notice::test(Uuid::from_u128(2), time(0)), webhook().id, None)
    }

    fn answered(status: u16, at: Timestamp) -> Attempt {
        Attempt { at, took_ms: 7, answer: Answer::Status { status, body: String::new() } }
    }

    /// The delivery and the webhook after a try.
    fn after(delivery: Delivery, webhook: Webhook, tried: Tried) -> (Delivery, Webhook) {
        let (mut delivery, mut webhook) = (delivery, webhook);
        for change in tried.changes.changes {
            match change {
                Change::PutDelivery(next) => delivery = *next,
                Change::WebhookTook(_) => webhook.failing_since = None,
                Change::WebhookFailed { at, .. } => webhook.failing_since = Some(at),
                Change::DisableWebhook { at, why, .. } => webhook.disabled = Some(Disabled { at, why }),
                other => panic!("{other:?}"),
            }
        }
        (delivery, webhook)
    }

    #[test]
    fn one_that_nobody_takes_is_tried_eight_times_in_a_day() {
        let (mut delivery, mut webhook) = (delivery(), webhook());
        let mut seconds = Vec::new();
        while let Some(due) = delivery.due() {
            seconds.push(due.duration_since(time(0)).as_secs());
            let tried = delivery.clone().tried(URL, &webhook, answered(500, due), None, 0.5);
            (delivery, webhook) = after(delivery, webhook, tried);
        }
        assert_eq!(seconds, [0, 5, 305, 2_105, 9_305, 27_305, 56_105, 84_905]);
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::GivenUp, 8));
        assert_eq!((webhook.disabled, webhook.failing_since), (None, Some(time(0))));

        let (again, _) = delivery.again(time(100_000));
        assert_eq!((again.attempts, again.due()), (0, Some(time(100_000))));
    }

    #[test]
    fn one_that_waited_behind_others_is_given_up_after_a_day_too() {
        let tried = delivery().tried(URL, &webhook(), answered(500, time(86_400)), None, 0.5);
        assert_eq!(tried.state, DeliveryState::GivenUp);
        let tried = delivery().tried(URL, &webhook(), answered(204, time(86_400)), None, 0.5);
        assert_eq!(tried.state, DeliveryState::Delivered, "but it may be taken late");
    }

    #[test]
    fn only_2xx_takes_it_and_410_wants_no_more() {
        for (status, state, disables) in [
            (200, DeliveryState::Delivered, None),
            (299, DeliveryState::Delivered, None),
            (302, DeliveryState::Waiting { due: time(5) }, None),
            (404, DeliveryState::Waiting { due: time(5) }, None),
            (410, DeliveryState::GivenUp, Some(WhyDisabled::Gone)),
            (503, DeliveryState::Waiting { due: time(5) }, None),
        ] {
            let tried = delivery().tried(URL, &webhook(), answered(status, time(0)), None, 0.5);
            assert_eq!((tried.state, tried.disables), (state, disables), "{status}");
            let guard = Guard::WebhookAt { webhook: webhook().id, version: 1 };
            assert_eq!(tried.changes.guards.contains(&guard), disables.is_some(), "{status}");
        }
    }

    #[test]
    fn what_an_address_says_that_was_replaced_disables_nothing() {
        let last = Delivery { attempts: 7, ..delivery() };
        let failing = Webhook { failing_since: Some(time(-1_000_000)), ..webhook() };
        for (delivery, webhook, status, state) in [
            (delivery(), webhook(), 410, DeliveryState::Waiting { due: time(5) }),
            (delivery(), webhook(), 200, DeliveryState::Delivered),
            (last.clone(), webhook(), 410, DeliveryState::GivenUp),
            (last, failing, 500, DeliveryState::GivenUp),
        ] {
            let tried = delivery.tried("https://before.example", &webhook, answered(status, time(0)), None, 0.5);
            assert_eq!((tried.state, tried.disables), (state, None), "{status}");
        }
    }

    #[test]
    fn a_webhook_is_disabled_when_one_is_given_up_after_five_days_of_failing() {
        let last = Delivery { attempts: 7, ..delivery() };
        let five_days = 5 * 86_400;
        let since = |second| Webhook { failing_since: Some(time(second)), ..webhook() };
        let tried = |delivery: &Delivery, webhook: &Webhook, at| {
            delivery.clone().tried(URL, webhook, answered(500, at), None, 0.5).disables
        };
        assert_eq!(tried(&last, &since(0), time(five_days)), Some(WhyDisabled::Failing));
        assert_eq!(tried(&last, &since(1), time(five_days)), None);
        let fresh = Delivery { queued_at: time(five_days), ..delivery() };
        assert_eq!(tried(&fresh, &since(0), time(five_days)), None, "it has a day of its own");
    }

    #[test]
    fn what_a_webhook_is_like_is_written_only_when_it_changes() {
        let kinds = |webhook: &Webhook, status| {
            let tried = delivery().tried(URL, webhook, answered(status, time(0)), None, 0.5);
            tried.changes.changes.len()
        };
        let failing = Webhook { failing_since: Some(time(-9)), ..webhook() };
        assert_eq!([kinds(&webhook(), 200), kinds(&failing, 500)], [1, 1]);
        assert_eq!([kinds(&webhook(), 500), kinds(&failing, 200)], [2, 2]);
    }

    #[test]
    fn an_id_is_of_its_webhook_and_its_notice() {
        let of = |webhook: u128, source: u128| {
            Delivery::of(&Notice::test(Uuid::from_u128(source), time(0)), WebhookId(Uuid::from_u128(webhook)), None).id
        };
        assert_eq!(of(1, 2), of(1, 2));
        assert!(of(1, 2) != of(2, 1) && of(1, 2) != of(1, 3));
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds(attempts in 0u32..7, fraction in 0.0..1.0, asked in proptest::option::of(0u64..1 << 40)) {
            let delivery = Delivery { attempts, ..delivery() };
            let wait = WAITS[attempts as usize].as_secs_f64();
            let tried = delivery.tried(URL, &webhook(), answered(429, time(9)), asked.map(Duration::from_secs), fraction);
            let DeliveryState::Waiting { due } = tried.state else { panic!("{tried:?}") };
            let waits = due.duration_since(time(9)).as_secs_f64();
            let asked = asked.unwrap_or_default().min(ASKED_WAIT_MAX.as_secs()) as f64;
            prop_assert!(waits >= (wait * 0.9).max(asked) - 1e-6 && waits <= (wait * 1.1).max(asked) + 1e-6, "{}", waits);
        }
    }
}

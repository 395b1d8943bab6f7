//! Webhooks: addresses of an organization's that are told what happens in it.
//!
//! What there is to tell follows from what is committed ([`notices`]). It is queued in that
//! same commit, as one [`Delivery`] for each webhook that wants it, and sent until it is taken
//! or given up. Signing and sending follow Standard Webhooks; here is only what is decided.

mod delivery;
mod notice;

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::change::{Change, ChangeSet, Guard};
use crate::id::{OrgId, ProjectId, WebhookId};
use crate::secret::{Place, Secret};

pub use delivery::{Answer, Attempt, Delivery, DeliveryState, RESPONSE_BYTES_MAX, Reached};
pub use notice::{BODY_BYTES_MAX, Notice, notices};

/// How many webhooks an organization may have.
pub const WEBHOOKS_MAX: usize = 50;

/// Deliveries of one webhook that may wait. A webhook that falls further behind is disabled.
pub const WAITING_MAX: u32 = 20_000;

/// How many more may wait for a webhook that is enabled again, however many waited then.
pub const ENABLED_ROOM: u32 = 5_000;

/// How many may wait for a webhook for which so many waited when it was enabled.
pub fn waiting_max(waited: u32) -> u32 {
    WAITING_MAX.max(waited.saturating_add(ENABLED_ROOM))
}

/// Deliveries of one webhook that are kept once they are over,
pub const OVER_KEPT_MAX: u64 = 10_000;

/// and for how long.
pub const OVER_KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a webhook may take nothing at all before it is disabled.
pub const FAILING_MAX: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long the secret before the present one goes on signing, so that a receiver has time to
/// learn the new one.
pub const ROTATION: SignedDuration = SignedDuration::from_hours(24);

const URL_BYTES_MAX: usize = 2_048;
const DESCRIPTION_CHARS_MAX: usize = 1_024;

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a webhook can be told of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType { $($(#[$doc])* $name,)* }

        impl EventType {
            /// All of them.
            pub const ALL: &'static [EventType] = &[$(EventType::$name,)*];

            /// As written.
            pub fn as_str(self) -> &'static str {
                match self { $(EventType::$name => $text,)* }
            }
        }
    };
}

event_types! {
    /// A session began.
    SessionCreated = "session.created";
    /// A session waits for a person, or for its client.
    SessionRequiresAction = "session.requires_action";
    /// A run ended: the agent answered.
    RunCompleted = "run.completed";
    /// A run ended: it could not answer.
    RunFailed = "run.failed";
    /// A run ended: somebody stopped it.
    RunCancelled = "run.cancelled";
    /// A pipeline reported a rollout.
    RolloutReported = "rollout.reported";
    /// A rollout waits for people to approve it.
    RolloutApprovalRequested = "rollout.approval_requested";
    /// Somebody decided about a rollout, or nobody will any more.
    RolloutApprovalDecided = "rollout.approval_decided";
    /// Something is worse than at the look at a rollout before.
    RolloutLevelRisen = "rollout.level_risen";
    /// A rollout is watched no more.
    RolloutWatchEnded = "rollout.watch_ended";
    /// Somebody tries the webhook out.
    WebhookTest = "webhook.test";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no type of event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown type of event {0:?}")]
pub struct UnknownEventType(pub String);

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        let known = EventType::ALL.iter().copied().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| UnknownEventType(text.to_owned()))
    }
}

impl Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An address that is told what happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Grows with each change, from 1.
    pub version: u64,
    /// What was said of it.
    #[serde(flatten)]
    pub settings: WebhookSettings,
    /// What it signs with; `None` if it came from another installation, where that stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// The version that its secret came with.
    pub secret_since: u64,
    /// What it signed with before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// Why nothing is sent to it, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
    /// Since when nobody took what was sent; `None` if the last was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
}

/// What is said of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookSettings {
    /// Who is told.
    pub url: String,
    /// Of what; `None` is everything, what is yet to be invented included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<EventType>>,
    /// The only project whose events are told; `None` is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl WebhookSettings {
    /// The host that is told, if the address has one.
    pub fn host(&self) -> Option<String> {
        url::Url::parse(&self.url).ok()?.host_str().map(str::to_owned)
    }
}

/// A secret that still signs beside its successor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// It.
    pub secret: Secret,
    /// Until when.
    pub until: Timestamp,
}

/// Since when nothing is sent, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub why: WhyDisabled,
}

/// Why a webhook is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyDisabled {
    /// Somebody wanted it so.
    ByHand,
    /// Its receiver answered 410: it is gone.
    Gone,
    /// Nothing was taken for [`FAILING_MAX`].
    Failing,
    /// [`WAITING_MAX`] deliveries waited for it.
    TooFarBehind,
    /// It came from another installation, which may still tell that address.
    Imported,
}

impl WhyDisabled {
    /// All of them.
    pub const ALL: [WhyDisabled; 5] = [Self::ByHand, Self::Gone, Self::Failing, Self::TooFarBehind, Self::Imported];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            WhyDisabled::ByHand => "by_hand",
            WhyDisabled::Gone => "gone",
            WhyDisabled::Failing => "failing",
            WhyDisabled::TooFarBehind => "too_far_behind",
            WhyDisabled::Imported => "imported",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            WhyDisabled::ByHand => "it was switched off",
            WhyDisabled::Gone => "its receiver answered 410: it is gone",
            WhyDisabled::Failing => "its receiver took nothing for five days",
            WhyDisabled::TooFarBehind => "its receiver fell too far behind: 20,000 deliveries or more waited for it",
            WhyDisabled::Imported => "it came from another installation: rotate its secret, then enable it",
        }
    }
}

/// What is wrong with one field, by its name.
pub type Fault = (&'static str, String);

impl WebhookSettings {
    /// What breaks a rule. Whether the address may be called is not known here.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Err(wrong) = check_url(&self.url) {
            faults.push(("url", wrong));
        }
        if self.event_types.as_ref().is_some_and(Vec::is_empty) {
            faults.push(("event_types", "must name at least one type, or be [\"*\"] for all".to_owned()));
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
            faults.push(("description", format!("must have at most {DESCRIPTION_CHARS_MAX} characters")));
        }
        faults
    }

    /// Whether it is to be told of this, in this project.
    pub fn wants(&self, kind: EventType, project: Option<ProjectId>) -> bool {
        let is_wanted = self.event_types.as_ref().is_none_or(|wanted| wanted.contains(&kind));
        is_wanted && (self.project.is_none() || self.project == project)
    }
}

fn check_url(text: &str) -> Result<(), String> {
    if text.len() > URL_BYTES_MAX {
        return Err(format!("must have at most {URL_BYTES_MAX} bytes"));
    }
    let url = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    let is_web = matches!(url.scheme(), "https" | "http");
    if !is_web || url.host().is_none_or(|host| host == Host::Domain("")) {
        return Err("must be an http or https URL".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold credentials: deliveries are known by their signature".to_owned());
    }
    if url.fragment().is_some() { Err("must not hold a fragment".to_owned()) } else { Ok(()) }
}

impl Webhook {
    /// A new webhook, with a sealed secret.
    pub fn create(id: WebhookId, settings: WebhookSettings, secret: Secret, now: Timestamp) -> (Self, ChangeSet) {
        let webhook = Self {
            id,
            version: 1,
            settings,
            secret: Some(secret),
            secret_since: 1,
            previous: None,
            disabled: None,
            failing_since: None,
            created_at: now,
            updated_at: now,
        };
        let changes = ChangeSet::of([Change::InsertWebhook(Box::new(webhook.clone()))]);
        (webhook, changes)
    }

    /// The webhook with other settings. What changes nothing changes no version.
    pub fn update(self, settings: WebhookSettings, now: Timestamp) -> (Self, ChangeSet) {
        let next = Self { settings, ..self.clone() };
        self.becomes(next, now)
    }

    /// The webhook, switched off. One that is off stays as it is.
    pub fn disabled(self, now: Timestamp) -> (Self, ChangeSet) {
        let disabled = self.disabled.or(Some(Disabled { at: now, why: WhyDisabled::ByHand }));
        let next = Self { disabled, ..self.clone() };
        self.becomes(next, now)
    }

    /// The webhook, switched on again, with a clean slate. What waited for it is sent.
    ///
    /// # Errors
    /// It has no secret here.
    pub fn enabled(self, now: Timestamp) -> Result<(Self, ChangeSet), NoSecret> {
        if self.secret.is_none() {
            return Err(NoSecret);
        }
        if self.disabled.is_none() {
            return Ok((self, ChangeSet::default()));
        }
        let next = Self { disabled: None, failing_since: None, ..self.clone() };
        Ok(self.becomes(next, now))
    }

    /// The webhook with another sealed secret. The one before it goes on signing for
    /// [`ROTATION`].
    pub fn rotated(self, secret: Secret, now: Timestamp) -> (Self, ChangeSet) {
        let until = now.saturating_add(ROTATION).unwrap_or(Timestamp::MAX);
        let previous = self.secret.clone().map(|secret| PreviousSecret { secret, until });
        let next = Self { secret: Some(secret), secret_since: self.version + 1, previous, ..self.clone() };
        self.becomes(next, now)
    }

    /// What it signs with at this time, the newest first.
    pub fn secrets_at(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        self.secret.iter().chain(previous.map(|previous| &previous.secret))
    }

    /// Where its secrets are sealed for. They sign and are sent nowhere, so they are bound to
    /// the row alone, and stay when the address changes.
    pub fn secret_place(row: WebhookId, org: OrgId) -> Place<'static> {
        Place { org, row: row.0, origin: "", name: "webhook_secret" }
    }

    /// The webhook as `next` is, under one new version. What changes nothing changes no version.
    pub fn become_like(self, next: Self, now: Timestamp) -> (Self, ChangeSet) {
        let next = Self { version: self.version, updated_at: self.updated_at, ..next };
        self.becomes(next, now)
    }

    fn becomes(self, next: Self, now: Timestamp) -> (Self, ChangeSet) {
        if next == self {
            return (self, ChangeSet::default());
        }
        let guard = Guard::WebhookAt { webhook: self.id, version: self.version };
        let next = Self { version: self.version + 1, updated_at: now, ..next };
        let changes = ChangeSet::of([Change::PutWebhook(Box::new(next.clone()))]).guarded(guard);
        (next, changes)
    }
}

/// A webhook that nothing can be signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook has no secret here: rotate it first")]
pub struct NoSecret;

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn settings(url: &str) -> WebhookSettings {
        WebhookSettings { url: url.to_owned(), event_types: None, project: None, description: None }
    }

    fn wrong(settings: &WebhookSettings) -> Vec<&'static str> {
        settings.faults().into_iter().map(|(field, _)| field).collect()
    }

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::from_caller(text.to_owned().into())
    }

    fn webhook() -> Webhook {
        Webhook::create(WebhookId(Uuid::nil()), settings("https://a.example/in?x=1"), secret("first"), time(0)).0
    }

    #[test]
    fn settings_are_checked_field_by_field() {
        assert!(wrong(&settings("https://a.example/in?x=1")).is_empty());
        for url in ["nothing", "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example/#here"] {
            assert_eq!(wrong(&settings(url)), ["url"], "{url}");
        }
        let long = format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX));
        assert_eq!(wrong(&settings(&long)), ["url"]);
        let none = WebhookSettings { event_types: Some(Vec::new()), ..settings("https://a.example") };
        assert_eq!(wrong(&none), ["event_types"]);
        let wordy = WebhookSettings { description: Some("x".repeat(1_025)), ..settings("https://a.example") };
        assert_eq!(wrong(&wordy), ["description"]);
    }

    #[test]
    fn it_is_told_what_it_wants_and_nothing_else() {
        let [ours, other] = [1, 2].map(|n| Some(ProjectId(Uuid::from_u128(n))));
        let all = settings("https://a.example");
        assert!(EventType::ALL.iter().all(|kind| all.wants(*kind, None) && all.wants(*kind, ours)));
        let some = WebhookSettings { event_types: Some(vec![EventType::RunFailed]), project: ours, ..all };
        for kind in EventType::ALL {
            assert_eq!(some.wants(*kind, ours), *kind == EventType::RunFailed, "{kind}");
            assert!(!some.wants(*kind, other) && !some.wants(*kind, None), "{kind}");
        }
    }

    #[test]
    fn a_secret_signs_on_for_a_day_beside_its_successor() {
        let (rotated, changes) = webhook().rotated(secret("second"), time(0));
        assert_eq!(changes.guards, [Guard::WebhookAt { webhook: rotated.id, version: 1 }]);
        assert_eq!((webhook().secret_since, rotated.secret_since), (1, rotated.version));
        let (other, _) = rotated.clone().update(settings("https://b.example"), time(1));
        assert_eq!(other.secret_since, rotated.secret_since, "only another secret changes it");
        let signs = |at| rotated.secrets_at(at).cloned().collect::<Vec<_>>();
        assert_eq!(signs(time(86_399)), [secret("second"), secret("first")]);
        assert_eq!(signs(time(86_400)), [secret("second")]);
    }

    #[test]
    fn it_is_switched_off_and_on() {
        let (off, _) = webhook().disabled(time(1));
        assert_eq!(off.disabled, Some(Disabled { at: time(1), why: WhyDisabled::ByHand }));
        assert!(off.clone().disabled(time(2)).1.is_empty(), "it stays as it is");
        let failing = Webhook { failing_since: Some(time(0)), ..off };
        let (on, _) = failing.enabled(time(3)).unwrap();
        assert_eq!((on.disabled, on.failing_since, on.version), (None, None, 3));
        assert!(on.clone().enabled(time(4)).unwrap().1.is_empty());
        assert_eq!(Webhook { secret: None, ..on }.enabled(time(4)), Err(NoSecret));
    }

    #[test]
    fn a_type_reads_back_and_others_are_none() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(serde_json::from_value::<EventType>(serde_json::to_value(kind).unwrap()).unwrap(), *kind);
        }
        for text in ["", "*", "run", "Run.failed"] {
            assert!(text.parse::<EventType>().is_err(), "{text}");
        }
    }
}

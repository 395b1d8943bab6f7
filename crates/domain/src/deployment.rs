//! Deployments: the ways an agent is put to use. A clock, a message from outside, a page or a
//! rollout begins its work, and each beginning is kept in the deployment's history.
//!
//! One more kind is a variant of [`Trigger`] with a type in a module of its own.

mod embed;
mod monitor;
mod schedule;
mod webhook;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::change::{Change, ChangeSet, Guard};
use crate::event::EventBody;
use crate::id::{AgentId, DeploymentId, DeploymentRunId, MemberId, ProjectId, RolloutId, RunId, SessionId};

pub use embed::{BadOrigin, Embed, ORIGINS_MAX, STARTERS_MAX};
pub use monitor::{RolloutMonitor, who_watches};
pub use schedule::{BadSchedule, Schedule};
pub use webhook::{Condition, KNOWN_FIELDS_MAX, Payload, Signature, SignatureScheme, Webhook, WebhookFault};

/// How many an organization may have.
pub const DEPLOYMENTS_MAX: usize = 1_000;

/// One way an agent is put to use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// The project it belongs to: its agent's.
    pub project: ProjectId,
    /// Who answers, at the version that is newest when a run begins.
    pub agent: AgentId,
    /// For people.
    pub name: String,
    /// Whose rights its runs have, at the moment they begin: whoever said last what it does;
    /// `None` is the operator. The watches of a monitor are the organization's, whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<MemberId>,
    /// What begins its runs.
    pub trigger: Trigger,
    /// What each of its sessions begins with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub initial_events: Vec<EventBody>,
    /// Free pairs for its owner.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub metadata: IndexMap<String, String>,
    /// What each of its sessions may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Grows with each change.
    #[serde(default)]
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when it is gone for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Since when it begins nothing by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// When it last began a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<Timestamp>,
    /// When it is due, if it goes by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run_at: Option<Timestamp>,
}

/// What begins a deployment's runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// The clock.
    Schedule(Schedule),
    /// A message from outside.
    Webhook(Webhook),
    /// A visitor of a page.
    Embed(Embed),
    /// A rollout that a pipeline reports: it is watched.
    RolloutMonitor(RolloutMonitor),
}

impl Trigger {
    /// The kind of a monitor of rollouts.
    pub const ROLLOUT_MONITOR: &'static str = "rollout_monitor";

    /// The kind, as stored and written.
    pub fn kind(&self) -> &'static str {
        match self {
            Trigger::Schedule(_) => "schedule",
            Trigger::Webhook(_) => "webhook",
            Trigger::Embed(_) => "embed",
            Trigger::RolloutMonitor(_) => Self::ROLLOUT_MONITOR,
        }
    }
}

/// A deployment cannot do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeploymentRefusal {
    /// It is gone for good.
    #[error("the deployment is archived")]
    Archived,
    /// It begins nothing by itself.
    #[error("the deployment is paused")]
    Paused,
    /// Nothing that it begins could be begun by hand.
    #[error("an embed begins with what its visitor says, and cannot be run by hand")]
    NotByHand,
    /// What it watched last is over, if there was anything.
    #[error("the rollout that the monitor began to watch last is watched no more: there is nothing to look at")]
    NothingWatched,
}

impl Deployment {
    /// Whether it can be begun by hand.
    ///
    /// # Errors
    /// It is archived, or begins with what somebody says.
    pub fn check_by_hand(&self) -> Result<(), DeploymentRefusal> {
        match (&self.trigger, self.archived_at) {
            (_, Some(_)) => Err(DeploymentRefusal::Archived),
            (Trigger::Embed(_), None) => Err(DeploymentRefusal::NotByHand),
            (Trigger::Schedule(_) | Trigger::Webhook(_) | Trigger::RolloutMonitor(_), None) => Ok(()),
        }
    }

    /// Stores it for the first time, due when its clock says.
    pub fn create(self) -> (Deployment, ChangeSet) {
        let new = Deployment { next_run_at: self.due_after(self.created_at), ..self };
        let changes = ChangeSet::of([Change::InsertDeployment(Box::new(new.clone()))]);
        (new, changes)
    }

    /// As `changed` describes it, from now on, with the rights of whom says so. The operator
    /// lends nobody rights: what they change acts as it did.
    ///
    /// # Errors
    /// It is archived.
    pub fn update(
        self,
        changed: Deployment,
        by: Option<MemberId>,
        now: Timestamp,
    ) -> Result<(Deployment, ChangeSet), DeploymentRefusal> {
        if self.archived_at.is_some() {
            return Err(DeploymentRefusal::Archived);
        }
        if changed == self {
            return Ok((self, ChangeSet::default()));
        }
        let goes_by_another_clock = changed.trigger != self.trigger;
        let acts_as = by.or(self.acts_as);
        let next = Deployment { acts_as, updated_at: now, next_run_at: self.next_run_at, ..changed };
        Ok(if goes_by_another_clock && next.paused_at.is_none() { next.put_due(now) } else { next.put() })
    }

    /// Begins nothing by itself from now on. Twice is as once.
    ///
    /// # Errors
    /// It is archived.
    pub fn pause(self, now: Timestamp) -> Result<(Deployment, ChangeSet), DeploymentRefusal> {
        self.change_pause(Some(now), now)
    }

    /// Begins by itself again. What was missed meanwhile is not made up for.
    ///
    /// # Errors
    /// It is archived.
    pub fn resume(self, now: Timestamp) -> Result<(Deployment, ChangeSet), DeploymentRefusal> {
        self.change_pause(None, now)
    }

    fn change_pause(
        self,
        paused_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Deployment, ChangeSet), DeploymentRefusal> {
        if self.archived_at.is_some() {
            return Err(DeploymentRefusal::Archived);
        }
        if self.paused_at.is_some() == paused_at.is_some() {
            return Ok((self, ChangeSet::default()));
        }
        Ok(Deployment { paused_at, updated_at: now, ..self }.put_due(now))
    }

    /// Is gone for good. Its history stays. Twice is as once.
    pub fn archive(self, now: Timestamp) -> (Deployment, ChangeSet) {
        if self.archived_at.is_some() {
            return (self, ChangeSet::default());
        }
        Deployment { archived_at: Some(now), updated_at: now, ..self }.put_due(now)
    }

    /// Whether it can still be changed.
    ///
    /// # Errors
    /// It is archived.
    pub fn check_lives(&self) -> Result<(), DeploymentRefusal> {
        if self.archived_at.is_some() { Err(DeploymentRefusal::Archived) } else { Ok(()) }
    }

    /// Makes it fit to travel: paused where both places would go on with it, and without the
    /// secret of its signature, which opens nowhere else. Whether it had one.
    pub fn make_portable(&mut self) -> bool {
        // Rollouts are reported to one of both places.
        if self.archived_at.is_none() && self.monitor().is_none() {
            self.paused_at.get_or_insert(self.updated_at);
        }
        // It counts changes here, for those who change it at the same time.
        (self.next_run_at, self.version) = (None, 0);
        match &mut self.trigger {
            Trigger::Webhook(webhook) => webhook.signature.take().is_some(),
            Trigger::Schedule(_) | Trigger::Embed(_) | Trigger::RolloutMonitor(_) => false,
        }
    }

    /// Whether it takes what comes from outside or from its clock.
    ///
    /// # Errors
    /// It is paused or archived.
    pub fn check_open(&self) -> Result<(), DeploymentRefusal> {
        match (self.archived_at, self.paused_at) {
            (Some(_), _) => Err(DeploymentRefusal::Archived),
            (None, Some(_)) => Err(DeploymentRefusal::Paused),
            (None, None) => Ok(()),
        }
    }

    /// When it is due after what it does now. A clock that was stopped for a while has missed
    /// many times and is due once: what counts is the next time from now.
    pub fn due_after(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.trigger {
            Trigger::Schedule(schedule) if self.check_open().is_ok() => schedule.next_after(at),
            Trigger::Schedule(_) | Trigger::Webhook(_) | Trigger::Embed(_) | Trigger::RolloutMonitor(_) => None,
        }
    }

    /// Stores it, due at another time than before.
    fn put_due(self, now: Timestamp) -> (Deployment, ChangeSet) {
        let due = self.due_after(now);
        let (next, mut changes) = Deployment { next_run_at: due, ..self }.put();
        changes.changes.push(Change::SetDue { deployment: next.id, due });
        (next, changes)
    }

    fn put(self) -> (Deployment, ChangeSet) {
        let guard = Guard::DeploymentAt { deployment: self.id, version: self.version };
        let next = Deployment { version: self.version + 1, ..self };
        let changes = ChangeSet::of([Change::PutDeployment(Box::new(next.clone()))]).guarded(guard);
        (next, changes)
    }
}

/// A time that a deployment began something, or tried to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRun {
    /// Its id.
    pub id: DeploymentRunId,
    /// The deployment.
    pub deployment: DeploymentId,
    /// What began it.
    pub cause: Cause,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Begun,
}

/// What began a deployment's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cause {
    /// Its clock.
    Schedule {
        /// The time it was due; there is at most one run for it.
        scheduled_at: Timestamp,
    },
    /// Somebody, by hand.
    Manual,
    /// A message from outside.
    Webhook,
    /// The first word of a visitor.
    Visitor,
    /// A rollout that was reported, for the first time or again after its end.
    Rollout {
        /// The rollout.
        rollout: RolloutId,
    },
}

impl Cause {
    /// The kind of a rollout that was reported.
    pub const ROLLOUT: &'static str = "rollout";

    /// The kind, as stored and written.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::Schedule { .. } => "schedule",
            Cause::Manual => "manual",
            Cause::Webhook => "webhook",
            Cause::Visitor => "visitor",
            Cause::Rollout { .. } => Self::ROLLOUT,
        }
    }
}

/// What came of a deployment's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Begun {
    /// A run, in a session of its own.
    Run {
        /// The session.
        session: SessionId,
        /// The run.
        run: RunId,
    },
    /// The watch over a rollout, or a look at one that is watched.
    Watch {
        /// Where it is told of.
        session: SessionId,
    },
    /// Nothing: the message did not pass the filter.
    Filtered,
    /// Nothing, for this reason.
    Failed {
        /// What programs act on.
        error: String,
        /// For people.
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    pub(super) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(super) fn hourly() -> Deployment {
        let now = at("2026-11-22T12:30:00Z");
        let trigger = Trigger::Schedule(Schedule::new("0 * * * *".into(), "UTC".into(), now).unwrap());
        Deployment {
            id: DeploymentId(Uuid::from_u128(1)),
            project: ProjectId(Uuid::from_u128(2)),
            agent: AgentId(Uuid::from_u128(3)),
            name: "hourly".into(),
            acts_as: None,
            trigger,
            initial_events: Vec::new(),
            metadata: IndexMap::new(),
            budget: None,
            version: 0,
            created_at: now,
            updated_at: now,
            archived_at: None,
            paused_at: None,
            last_run_at: None,
            next_run_at: None,
        }
        .create()
        .0
    }

    #[test]
    fn missed_times_are_due_once() {
        let new = hourly();
        assert_eq!(new.next_run_at, Some(at("2026-11-22T13:00:00Z")));
        assert_eq!(new.due_after(at("2026-11-25T09:15:00Z")), Some(at("2026-11-25T10:00:00Z")));
    }

    #[test]
    fn what_is_paused_is_not_due_and_makes_nothing_up() {
        let (paused, changes) = hourly().pause(at("2026-11-22T12:40:00Z")).unwrap();
        assert_eq!((paused.next_run_at, changes.is_empty()), (None, false));
        assert_eq!(paused.check_open(), Err(DeploymentRefusal::Paused));
        let (still, changes) = paused.clone().pause(at("2026-11-22T12:50:00Z")).unwrap();
        assert!(changes.is_empty() && still == paused);
        // One that is run by hand meanwhile stays paused.
        assert_eq!(paused.due_after(at("2026-11-22T12:55:00Z")), None);
        let (resumed, _) = paused.resume(at("2026-11-24T08:10:00Z")).unwrap();
        assert_eq!(resumed.next_run_at, Some(at("2026-11-24T09:00:00Z")));
        let (same, changes) = resumed.clone().resume(at("2026-11-24T08:20:00Z")).unwrap();
        assert!(changes.is_empty() && same == resumed);
    }

    #[test]
    fn what_is_archived_does_nothing_and_changes_no_more() {
        let now = at("2026-11-22T12:40:00Z");
        let (archived, _) = hourly().archive(now);
        assert_eq!((archived.next_run_at, archived.check_open()), (None, Err(DeploymentRefusal::Archived)));
        assert!(archived.clone().archive(now).1.is_empty());
        assert_eq!(archived.clone().pause(now).unwrap_err(), DeploymentRefusal::Archived);
        assert_eq!(archived.clone().update(hourly(), None, now).unwrap_err(), DeploymentRefusal::Archived);
        assert_eq!(archived.due_after(now), None);
    }

    #[test]
    fn a_change_of_the_clock_counts_at_once_and_another_leaves_it() {
        let now = at("2026-11-22T12:40:00Z");
        let renamed = Deployment { name: "other".into(), ..hourly() };
        assert_eq!(hourly().update(renamed, None, now).unwrap().0.next_run_at, Some(at("2026-11-22T13:00:00Z")));
        let trigger = Trigger::Schedule(Schedule::new("45 12 * * *".into(), "UTC".into(), now).unwrap());
        let (changed, _) = hourly().update(Deployment { trigger, ..hourly() }, None, now).unwrap();
        assert_eq!((changed.next_run_at, changed.version), (Some(at("2026-11-22T12:45:00Z")), 1));
    }
}

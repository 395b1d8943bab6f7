//! Organizations, their people and their projects.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeSet, Guard};
use crate::id::{MemberId, OrgId, ProjectId};
use crate::repository::Repository;
pub use crate::rights::Role;

/// A tenant. Nothing of one is ever visible to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its number in this installation, from 1, never reused. Given by the store on insert.
    pub number: u64,
    /// For people.
    pub name: String,
    /// IANA name of its time zone, such as `Europe/Berlin`.
    pub time_zone: String,
    /// What becomes of reported rollouts.
    #[serde(default)]
    pub rollouts: RolloutSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What becomes of rollouts that are reported to an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RolloutSettings {
    /// Whether a report of a repository that no project has makes a project.
    pub make_projects: bool,
}

impl Org {
    /// Its time zone. One that is no longer known counts as UTC.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The time with milliseconds and the offset of the organization's zone, as in
    /// `2026-11-22T03:04:05.678+01:00`.
    pub fn local_time(&self, now: Timestamp) -> String {
        now.to_zoned(self.zone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }
}

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Their id.
    pub id: MemberId,
    /// Their number in this installation, from 1. Given by the store on insert.
    pub number: u64,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// When they joined.
    pub created_at: Timestamp,
    /// Since when they, and the keys they made, may do nothing for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// When they left. What they made stays, and is told by their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
}

impl Member {
    /// Whether they may do anything at all.
    pub fn is_active(&self) -> bool {
        self.suspended_at.is_none() && self.removed_at.is_none()
    }
}

/// A part of an organization that owns agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its number in this installation, from 1, never reused. Given by the store on insert.
    pub number: u64,
    /// For people.
    pub name: String,
    /// What decides that a rollout is of this project; at most one project of an organization
    /// has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// Grows with each change.
    #[serde(default)]
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Project {
    /// Of this name and repository from now on; what is as it was is no change.
    pub fn update(self, name: String, repository: Option<Repository>) -> (Project, ChangeSet) {
        if (&self.name, &self.repository) == (&name, &repository) {
            return (self, ChangeSet::default());
        }
        let guard = Guard::ProjectAt { project: self.id, version: self.version };
        let next = Project { name, repository, version: self.version + 1, ..self };
        let changes = ChangeSet::of([Change::PutProject(next.clone())]).guarded(guard);
        (next, changes)
    }
}

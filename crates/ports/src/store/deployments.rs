//! What is asked of the store about deployments.

use domain::{DeploymentId, DeploymentRunId, MemberId, OrgId, ProjectId, Timestamp};

use super::Order;

/// A deployment that goes by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDeployment {
    /// Whose it is.
    pub org: OrgId,
    /// The deployment.
    pub deployment: DeploymentId,
    /// When it is due.
    pub due: Timestamp,
}

/// Which deployments, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeploymentFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Of this kind, as [`domain::deployment::Trigger::kind`] says it.
    pub kind: Option<&'static str>,
    /// Archived ones too.
    pub include_archived: bool,
    /// Whose agent is open to this person, by name or as to everybody.
    pub open_to: Option<MemberId>,
    /// In which order, by the time made.
    pub order: Order,
    /// Only what comes after this deployment in that order.
    pub after: Option<DeploymentId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which of the things that deployments began, and how many. The newest come first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeploymentRunFilter {
    /// Of this deployment only.
    pub deployment: Option<DeploymentId>,
    /// Begun by this, as [`domain::deployment::Cause::kind`] says it.
    pub cause: Option<&'static str>,
    /// Those that failed, or those that did not.
    pub has_error: Option<bool>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// At or before.
    pub until: Option<Timestamp>,
    /// Only what is older than this.
    pub after: Option<DeploymentRunId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

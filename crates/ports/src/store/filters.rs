//! Which of its things a list of an organization shows.

use domain::audit::Action;
use domain::rollout::RolloutStatus;
use domain::session::{Origin, Progress, Purpose, SessionStatus, Standing};
use domain::{AgentId, AuditId, DeploymentId, MemberId, ProjectId, RolloutId, RunId, SessionId, Timestamp};

/// Which changes of sessions, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Only what comes after this position.
    pub after: u64,
    /// Beginning with the first that was made at or after this time. Those behind it may be
    /// a little older, since times do not follow positions.
    pub since: Option<Timestamp>,
    /// At most this many.
    pub limit: usize,
}

/// Which agents, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Archived ones too. Deleted ones never.
    pub include_archived: bool,
    /// Open to this person, by name or as to everybody.
    pub open_to: Option<MemberId>,
    /// Made at or after.
    pub created_from: Option<Timestamp>,
    /// Made at or before.
    pub created_until: Option<Timestamp>,
    /// In which order, by the time made.
    pub order: Order,
    /// Only what comes after this agent in that order.
    pub after: Option<AgentId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which sessions, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// With this agent.
    pub agent: Option<AgentId>,
    /// Pinned to this version.
    pub agent_version: Option<u32>,
    /// In one of these states, as they are read; empty is any.
    pub statuses: Vec<SessionStatus>,
    /// That stand so; empty is any.
    pub standings: Vec<Standing>,
    /// Begun by one of these; empty is any.
    pub origins: Vec<Origin>,
    /// Whose title has this text in it, in capital letters or small ones.
    pub title: Option<String>,
    /// Archived ones too.
    pub include_archived: bool,
    /// Begun by this deployment.
    pub deployment: Option<DeploymentId>,
    /// Whose agent is open to this person, by name or as to everybody.
    pub open_to: Option<MemberId>,
    /// Made at or after.
    pub created_from: Option<Timestamp>,
    /// Made at or before.
    pub created_until: Option<Timestamp>,
    /// In which order, by the time made.
    pub order: Order,
    /// Only what comes after this session in that order.
    pub after: Option<SessionId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which sessions with a purpose, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PurposefulFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Of agents that are open to this person only.
    pub open_to: Option<MemberId>,
    /// With this purpose.
    pub purpose: Option<Purpose>,
    /// That stand there; empty is anywhere.
    pub progress: Vec<Progress>,
    /// Made at or after.
    pub created_from: Option<Timestamp>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which rollouts, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RolloutFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// With this status.
    pub status: Option<RolloutStatus>,
    /// First reported at or after.
    pub created_from: Option<Timestamp>,
    /// That wait for approval.
    pub waits_for_approval: bool,
    /// Only what was reported before this one.
    pub after: Option<RolloutId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which entries of the audit log, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Of these actions; empty is any.
    pub actions: Vec<Action>,
    /// By this one, as [`domain::audit::Actor::name`] says.
    pub actor: Option<String>,
    /// Done at or after.
    pub from: Option<Timestamp>,
    /// Done at or before.
    pub until: Option<Timestamp>,
    /// Only what stands before this entry.
    pub after: Option<AuditId>,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// Which events, and how many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventFilter {
    /// Of this run only.
    pub run: Option<RunId>,
    /// With one of these names; empty is any.
    pub types: Vec<String>,
    /// Only what comes after this `seq` in the chosen order.
    pub after: Option<u64>,
    /// From this `seq` on, in whatever order.
    pub first: Option<u64>,
    /// Up to this `seq`, in whatever order.
    pub last: Option<u64>,
    /// Taken into the log at or after.
    pub from: Option<Timestamp>,
    /// Taken into the log at or before.
    pub until: Option<Timestamp>,
    /// By `seq`: ascending is [`Order::OldestFirst`].
    pub order: Order,
    /// At most this many; `None` is all.
    pub limit: Option<usize>,
}

/// An order by time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Ascending.
    #[default]
    OldestFirst,
    /// Descending.
    NewestFirst,
}

//! What a desk shows that looks at all sessions at once: what waits for people, where sessions
//! stand, what was spent.

use domain::limits::Spent;
use domain::rollout::Rollout;
use domain::run::{AskedModel, Run};
use domain::session::{Origin, Standing};
use domain::{AgentId, EventBody, KeyId, MemberId, ProjectId, SessionId, Timestamp};
use uuid::Uuid;

/// Which of what waits for people, those first that have waited longest, and how much.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AskingFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Of this agent only.
    pub agent: Option<AgentId>,
    /// Whose agent is open to this person, by name or as to everybody.
    pub open_to: Option<MemberId>,
    /// From this one on, by since when it waits and, of those that wait as long, by its id.
    pub from: Option<(Timestamp, Uuid)>,
    /// At most this many.
    pub limit: usize,
}

/// A run that waits for a person's word.
#[derive(Debug, Clone, PartialEq)]
pub struct AskingRun {
    /// It.
    pub run: Run,
    /// What began its session.
    pub origin: Origin,
    /// The session's title.
    pub title: Option<String>,
    /// Since when it waits.
    pub since: Timestamp,
}

/// A rollout that waits for approval.
#[derive(Debug, Clone, PartialEq)]
pub struct AskingRollout {
    /// It.
    pub rollout: Rollout,
    /// Who watches it.
    pub agent: AgentId,
    /// Since when it waits.
    pub since: Timestamp,
}

/// What a list of sessions tells of one, beside what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionTold {
    /// Where it stands.
    pub standing: Standing,
    /// What was said last, as far as it stands at the end of the log.
    pub last_said: Option<EventBody>,
}

/// Which runs' spending, and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendingFilter {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// Whose agent is open to this person, by name or as to everybody.
    pub open_to: Option<MemberId>,
    /// Begun at or after.
    pub from: Timestamp,
    /// Begun before.
    pub until: Timestamp,
    /// Behind this place; from the first if absent.
    pub after: Option<SpendingPlace>,
    /// Looks at no more than this many runs.
    pub limit: usize,
}

/// Where a page of spending ended. What it means is the store's own affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendingPlace(pub [i64; 3]);

/// A page of spending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpendingPage {
    /// What the runs spent, of those that were looked at.
    pub runs: Vec<RunSpending>,
    /// Where the next page goes on, if there is one.
    pub next: Option<SpendingPlace>,
}

/// What a run has spent.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpending {
    /// Its session.
    pub session: SessionId,
    /// Its project.
    pub project: ProjectId,
    /// Its agent.
    pub agent: AgentId,
    /// The key it was begun with.
    pub key: Option<KeyId>,
    /// When a worker first took it.
    pub started_at: Timestamp,
    /// How much.
    pub spent: Spent,
    /// On which models.
    pub asked: Vec<AskedModel>,
}

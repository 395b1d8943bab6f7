//! Runs: one activation of the agent in a session, from an input to idle again.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Overrides;
use crate::budget::{Holder, Payers};
use crate::event::StopReason;
use crate::id::{AgentId, EventId, KeyId, ProjectId, RunId, SessionId};
use crate::limits::{Spent, Unit};
use crate::model::FaultKind;
use crate::monitor::Remedy;
use crate::session::{Origin, Session, SessionAgent};
use crate::trace::TraceParent;

mod shares;

pub use shares::{AskedModel, Share, shares};

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The project of the session.
    pub project: ProjectId,
    /// Who answers.
    pub agent: AgentId,
    /// What began it.
    pub origin: Origin,
    /// The key it was begun with, which pays for it; `None` for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// What it changes of the agent.
    #[serde(default)]
    pub overrides: Arc<Overrides>,
    /// The one call that it makes instead of asking a model. Like all fields above, fixed when
    /// the run is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Box<Remedy>>,
    /// The version that answers; `None` until the run begins, if the session follows the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<u32>,
    /// Where it stands.
    pub status: RunStatus,
    /// The lease under which a worker holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
    /// Grows with each write of the run.
    pub version: u64,
    /// `seq` of its first event, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
    /// The trace of whoever asked for it, if they told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceParent>,
    /// When it was accepted.
    pub queued_at: Timestamp,
    /// When a worker first took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it ends, finished or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What it has used.
    pub spent: Spent,
    /// Tool calls that a worker has started and not finished: after a crash, those whose
    /// outcome is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<EventId>,
    /// Tool calls that wait for someone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// Since when a person's word is waited for, if it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_since: Option<Timestamp>,
    /// The models that were asked, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<AskedModel>,
    /// Attempts of the current model call that have failed.
    #[serde(default)]
    pub failed_attempts: u32,
    /// Which of the agent's models is asked: 0 is its own, above are those that stand in.
    #[serde(default)]
    pub model_at: u8,
    /// The size, in tokens, at which the model refused the conversation as too long since it
    /// last replied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_tokens: Option<u64>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for a worker, the first time or again.
    Queued,
    /// A worker holds it.
    Running,
    /// Waits for a person or the client; holds no worker.
    Waiting,
    /// Over: the agent answered.
    Completed,
    /// Over: it could not.
    Failed,
    /// Over: someone stopped it.
    Cancelled,
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled)
    }
}

/// The number of a worker's lease. A later lease has a greater one, and the store refuses
/// a write that names an older one than the run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fence(pub u64);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tool call that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The tool-use event.
    pub tool_use: EventId,
    /// What for.
    pub need: Need,
}

/// What a waiting tool call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A person's yes or no.
    Approval,
    /// A person's word on whether it happened: it was under way when its worker died.
    Resolution,
    /// The client's result.
    ClientResult,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The agent answered.
    Done,
    /// The model declined.
    Refused,
    /// A limit of the run's own was reached, or a budget.
    LimitReached {
        /// Which; [`Unit::Time`] of a run's own is the deadline.
        unit: Unit,
        /// Whose budget; `None` if it is a limit of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Holder>,
    },
    /// Someone stopped it.
    Interrupted,
    /// The model failed for good.
    ModelFailed {
        /// How, the last time.
        fault: FaultKind,
        /// For people.
        message: String,
    },
    /// The agent cannot be run as it is described.
    Unrunnable {
        /// What is in the way and what to do.
        message: String,
    },
}

impl Outcome {
    /// The status of a run that ended so.
    pub fn status(&self) -> RunStatus {
        match self {
            Outcome::Done | Outcome::Refused => RunStatus::Completed,
            Outcome::Interrupted => RunStatus::Cancelled,
            Outcome::LimitReached { .. } | Outcome::ModelFailed { .. } | Outcome::Unrunnable { .. } => {
                RunStatus::Failed
            }
        }
    }

    /// Why the session is idle after it.
    pub fn stop_reason(&self) -> StopReason {
        match self {
            Outcome::Done | Outcome::Interrupted => StopReason::EndTurn,
            Outcome::Refused => StopReason::Refusal,
            Outcome::LimitReached { unit, budget } => StopReason::BudgetReached { unit: *unit, budget: *budget },
            Outcome::ModelFailed { .. } | Outcome::Unrunnable { .. } => StopReason::RetriesExhausted,
        }
    }
}

impl Run {
    /// A run of a session that is accepted now and has not begun; nobody's key pays for it.
    pub fn queued(id: RunId, session: &Session, origin: Origin, now: Timestamp) -> Self {
        let agent_version = match session.agent {
            SessionAgent::Pinned { version, .. } => Some(version),
            SessionAgent::Following { .. } => None,
        };
        Self {
            id,
            session: session.id,
            project: session.project,
            agent: session.agent.id(),
            origin,
            key: None,
            overrides: Arc::default(),
            remedy: None,
            agent_version,
            status: RunStatus::Queued,
            fence: None,
            version: 0,
            first_seq: None,
            trace: None,
            queued_at: now,
            started_at: None,
            ended_at: None,
            deadline: None,
            spent: Spent::default(),
            in_flight: Vec::new(),
            waiting: Vec::new(),
            asks_since: None,
            asked: Vec::new(),
            failed_attempts: 0,
            model_at: 0,
            refused_tokens: None,
            outcome: None,
        }
    }

    /// On whose accounts it goes.
    pub fn payers(&self) -> Payers {
        Payers { session: Some(self.session), agent: self.agent, key: self.key }
    }

    /// Whether a person's word is waited for, and not only the client's result.
    pub fn asks_somebody(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.need != Need::ClientResult)
    }

    /// Whether a call of it may have happened that has no answer: one that is under way, or was
    /// when a worker died.
    pub fn is_in_doubt(&self) -> bool {
        !self.in_flight.is_empty() || self.waiting.iter().any(|waiting| waiting.need == Need::Resolution)
    }

    /// Whether the deadline has passed.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// Time until the deadline.
    pub fn time_left(&self, now: Timestamp) -> Option<std::time::Duration> {
        self.deadline.map(|deadline| std::time::Duration::try_from(deadline.duration_since(now)).unwrap_or_default())
    }
}

//! Sessions as they are shown.

use domain::agent::Agent;
use domain::session::{Session, SessionStatus};
use domain::{DeploymentId, RunId, SessionId, Timestamp};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::requests::DEFAULT_ENVIRONMENT;
use crate::agents::agent_view::DescribedAgent;
use crate::budget::BudgetView;
use crate::usage::{UsageView, seconds};

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    #[serde(rename = "type")]
    kind: SessionType,
    status: StatusView,
    /// The agent as this session has it.
    agent: DescribedAgent,
    environment_id: &'static str,
    title: Option<String>,
    #[schema(value_type = std::collections::HashMap<String, String>)]
    metadata: IndexMap<String, String>,
    vault_ids: [String; 0],
    #[schema(value_type = Vec<Object>)]
    resources: [String; 0],
    budget: Option<BudgetView>,
    #[schema(value_type = Option<String>)]
    deployment_id: Option<DeploymentId>,
    #[schema(value_type = Vec<Object>)]
    outcome_evaluations: [String; 0],
    stats: StatsView,
    usage: UsageView,
    /// The run that has the session. Ours.
    #[schema(value_type = Option<String>)]
    active_run_id: Option<RunId>,
    /// `seq` of the last event; 0 before the first. Ours.
    last_seq: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionType {
    Session,
}

/// Times of a session.
#[derive(Debug, Serialize, ToSchema)]
struct StatsView {
    /// Seconds in which it was running.
    active_seconds: f64,
    /// Seconds since it was made.
    duration_seconds: f64,
}

/// Whether a session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusView {
    /// Waits for input, or for a decision.
    Idle,
    /// A turn is under way.
    Running,
    /// A turn is due and will go on by itself.
    Rescheduling,
    /// Ended for good.
    Terminated,
}

impl From<SessionStatus> for StatusView {
    fn from(status: SessionStatus) -> Self {
        match status {
            SessionStatus::Idle => StatusView::Idle,
            SessionStatus::Running => StatusView::Running,
            SessionStatus::Rescheduling => StatusView::Rescheduling,
            SessionStatus::Terminated => StatusView::Terminated,
        }
    }
}

impl From<StatusView> for SessionStatus {
    fn from(status: StatusView) -> Self {
        match status {
            StatusView::Idle => SessionStatus::Idle,
            StatusView::Running => SessionStatus::Running,
            StatusView::Rescheduling => SessionStatus::Rescheduling,
            StatusView::Terminated => SessionStatus::Terminated,
        }
    }
}

impl SessionView {
    /// This session with its agent, at this time.
    pub(crate) fn new(session: Session, agent: &Agent, now: Timestamp) -> Self {
        let until = match session.state.status {
            SessionStatus::Terminated => session.state.updated_at,
            _ => now,
        };
        let alive_ms = until.duration_since(session.created_at).as_millis();
        Self {
            id: session.id,
            kind: SessionType::Session,
            status: session.state.status.into(),
            agent: DescribedAgent::new(agent.id, agent.version, &agent.spec),
            environment_id: DEFAULT_ENVIRONMENT,
            title: session.title,
            metadata: session.metadata,
            vault_ids: [],
            resources: [],
            budget: session.budget.map(BudgetView::from),
            deployment_id: session.deployment,
            outcome_evaluations: [],
            stats: StatsView {
                active_seconds: seconds(session.state.active_ms),
                duration_seconds: seconds(u64::try_from(alive_ms).unwrap_or(0)),
            },
            usage: UsageView::new(session.state.usage, session.state.cost, session.state.active_ms),
            active_run_id: session.state.active_run,
            last_seq: session.state.seq,
            created_at: session.created_at,
            updated_at: session.state.updated_at,
            archived_at: session.archived_at,
        }
    }
}

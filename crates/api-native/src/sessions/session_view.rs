//! Sessions as they are shown.

use app::{LastLine, SessionTelling, Speaker};
use domain::agent::Agent;
use domain::session::{Origin, Session, SessionStatus, Standing};
use domain::{DeploymentId, RunId, SessionId, Timestamp};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::requests::DEFAULT_ENVIRONMENT;
use crate::agents::agent_view::DescribedAgent;
use crate::budget::BudgetView;
use crate::events::stop_view::StopReasonView;
use crate::usage::{UsageView, seconds};

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    #[serde(rename = "type")]
    kind: SessionType,
    status: StatusView,
    /// Where it stands, in one word: `waiting` is for a person. Ours.
    state: StandingView,
    /// Why it is idle, once it has been running. Ours.
    stop_reason: Option<StopReasonView>,
    /// What began it. Ours.
    origin: OriginView,
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
    /// Model calls begun. Ours.
    steps: u64,
    /// What was said last, in a list that is asked for it. Ours.
    last_line: Option<LastLineView>,
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

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandingView {
    /// A person is waited for: to approve a tool call or a rollout, or to say what came of a call.
    Waiting,
    /// A turn is under way, or due; it may be waiting for its client's result.
    Running,
    /// Nothing is under way.
    Idle,
    /// It takes no more input.
    Ended,
}

impl From<Standing> for StandingView {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Waiting => StandingView::Waiting,
            Standing::Running => StandingView::Running,
            Standing::Idle => StandingView::Idle,
            Standing::Ended => StandingView::Ended,
        }
    }
}

impl From<StandingView> for Standing {
    fn from(standing: StandingView) -> Self {
        match standing {
            StandingView::Waiting => Standing::Waiting,
            StandingView::Running => Standing::Running,
            StandingView::Idle => Standing::Idle,
            StandingView::Ended => Standing::Ended,
        }
    }
}

/// What began a session: one of the APIs, or the deploy monitor of itself. `deployment_id` says
/// whether a schedule, a webhook or a page stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OriginView {
    Native,
    Make,
    Cassidy,
    Cased,
    Monitor,
}

impl From<Origin> for OriginView {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Native => OriginView::Native,
            Origin::Make => OriginView::Make,
            Origin::Cassidy => OriginView::Cassidy,
            Origin::Cased => OriginView::Cased,
            Origin::Monitor => OriginView::Monitor,
        }
    }
}

impl From<OriginView> for Origin {
    fn from(origin: OriginView) -> Self {
        match origin {
            OriginView::Native => Origin::Native,
            OriginView::Make => Origin::Make,
            OriginView::Cassidy => Origin::Cassidy,
            OriginView::Cased => Origin::Cased,
            OriginView::Monitor => Origin::Monitor,
        }
    }
}

/// What was said last in a session: one line, at most 200 characters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastLineView {
    by: SpeakerView,
    text: String,
}

/// Who said it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SpeakerView {
    Agent,
    User,
    System,
}

impl From<LastLine> for LastLineView {
    fn from(LastLine { by, text }: LastLine) -> Self {
        let by = match by {
            Speaker::Agent => SpeakerView::Agent,
            Speaker::User => SpeakerView::User,
            Speaker::System => SpeakerView::System,
        };
        Self { by, text }
    }
}

impl SessionView {
    /// This session with its agent and what is told of it, at this time.
    pub(crate) fn new(session: Session, agent: &Agent, told: SessionTelling, now: Timestamp) -> Self {
        let until = match session.state.status {
            SessionStatus::Terminated => session.state.updated_at,
            _ => now,
        };
        let is_idle = session.state.status == SessionStatus::Idle;
        let alive_ms = until.duration_since(session.created_at).as_millis();
        Self {
            id: session.id,
            kind: SessionType::Session,
            status: session.state.status.into(),
            state: told.standing.into(),
            stop_reason: session.state.stop_reason.clone().filter(|_| is_idle).map(StopReasonView::from),
            origin: session.origin.into(),
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
            steps: session.state.steps,
            last_line: told.last_line.map(LastLineView::from),
            active_run_id: session.state.active_run,
            last_seq: session.state.seq,
            created_at: session.created_at,
            updated_at: session.state.updated_at,
            archived_at: session.archived_at,
        }
    }
}

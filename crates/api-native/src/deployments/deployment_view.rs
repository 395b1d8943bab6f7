//! Deployments as they are shown.

use domain::deployment::{Deployment, Trigger};
use domain::{AgentId, DeploymentId, Timestamp};
use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::triggers::TriggerView;
use crate::budget::BudgetView;
use crate::events::content::{ContentView, shown};
use crate::sessions::requests::DEFAULT_ENVIRONMENT;

/// Times ahead that are shown of a clock.
const UPCOMING: usize = 5;

/// A deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentView {
    #[schema(value_type = String)]
    id: DeploymentId,
    #[serde(rename = "type")]
    kind: DeploymentType,
    name: String,
    agent: AgentRefView,
    environment_id: &'static str,
    status: DeploymentStatus,
    /// Why it is paused.
    paused_reason: Option<PausedReason>,
    initial_events: Vec<InitialEventView>,
    /// Its clock, if it has one.
    schedule: Option<ScheduleView>,
    /// What begins its runs. Ours.
    trigger: TriggerView,
    /// What each of its sessions may spend.
    budget: Option<BudgetView>,
    #[schema(value_type = Vec<Object>)]
    resources: [String; 0],
    vault_ids: [String; 0],
    #[schema(value_type = std::collections::HashMap<String, String>)]
    metadata: IndexMap<String, String>,
    last_run_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeploymentType {
    Deployment,
}

/// Who answers.
#[derive(Debug, Serialize, ToSchema)]
struct AgentRefView {
    #[schema(value_type = String)]
    id: AgentId,
    #[serde(rename = "type")]
    kind: AgentRefKind,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AgentRefKind {
    Agent,
}

/// Whether it begins by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeploymentStatus {
    Active,
    Paused,
}

/// Why it is paused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PausedReason {
    /// Somebody paused it.
    Manual,
}

/// A clock.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleView {
    #[serde(rename = "type")]
    kind: ScheduleKind,
    expression: String,
    timezone: String,
    /// The next times, at most 5; none while it is paused.
    upcoming_runs_at: Vec<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScheduleKind {
    Cron,
}

/// What a session begins with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type")]
enum InitialEventView {
    /// A message.
    #[serde(rename = "user.message")]
    UserMessage {
        /// What is said.
        content: Vec<ContentView>,
    },
    /// Instructions.
    #[serde(rename = "system.message")]
    SystemMessage {
        /// What is said.
        content: Vec<ContentView>,
    },
}

impl DeploymentView {
    /// As it stands at this time.
    pub(crate) fn at(deployment: Deployment, now: Timestamp) -> Self {
        use domain::EventBody;
        let is_open = deployment.check_open().is_ok();
        let schedule = match &deployment.trigger {
            Trigger::Schedule(schedule) => Some(ScheduleView {
                kind: ScheduleKind::Cron,
                expression: schedule.expression.clone(),
                timezone: schedule.timezone.clone(),
                upcoming_runs_at: if is_open { schedule.upcoming(now, UPCOMING) } else { Vec::new() },
            }),
            Trigger::Webhook(_) | Trigger::Embed(_) | Trigger::RolloutMonitor(_) => None,
        };
        let initial = |body: &EventBody| match body {
            EventBody::UserMessage { content, .. } => Some(InitialEventView::UserMessage { content: shown(content) }),
            EventBody::SystemMessage { content, .. } => {
                Some(InitialEventView::SystemMessage { content: shown(content) })
            }
            // Nothing else is taken.
            _ => None,
        };
        let is_paused = deployment.paused_at.is_some();
        Self {
            kind: DeploymentType::Deployment,
            name: deployment.name,
            agent: AgentRefView { id: deployment.agent, kind: AgentRefKind::Agent },
            environment_id: DEFAULT_ENVIRONMENT,
            status: if is_paused { DeploymentStatus::Paused } else { DeploymentStatus::Active },
            paused_reason: is_paused.then_some(PausedReason::Manual),
            initial_events: deployment.initial_events.iter().filter_map(initial).collect(),
            schedule,
            trigger: TriggerView::of(deployment.id, deployment.trigger),
            budget: deployment.budget.map(BudgetView::from),
            resources: [],
            vault_ids: [],
            metadata: deployment.metadata,
            last_run_at: deployment.last_run_at,
            created_at: deployment.created_at,
            updated_at: deployment.updated_at,
            archived_at: deployment.archived_at,
            id: deployment.id,
        }
    }
}

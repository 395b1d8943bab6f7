//! `/v1/runs`: single activations of an agent, for whoever runs the system. Ours.

use app::App;
use axum::Json;
use axum::extract::State;
use domain::run::{Need, Outcome, Run, RunStatus};
use domain::{AgentId, EventId, RunId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Caller;

use crate::body::Body;
use crate::budget::{HolderView, Money};
use crate::error::{ApiError, ErrorEnvelope};
use crate::events::content::{ContentBlock, taken};
use crate::events::stop_view::UnitView;
use crate::page::Page;
use crate::path_id::PathId;
use crate::usage::{CallUsage, seconds};

/// One activation of an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    #[schema(value_type = String)]
    id: RunId,
    #[serde(rename = "type")]
    kind: RunType,
    #[schema(value_type = String)]
    session_id: SessionId,
    #[schema(value_type = String)]
    agent_id: AgentId,
    agent_version: Option<u32>,
    status: RunStatusView,
    /// How it ended.
    outcome: Option<OutcomeView>,
    /// Tool calls that wait for someone.
    waiting_for: Vec<WaitingView>,
    /// Model calls begun.
    steps: u32,
    /// Tool calls begun.
    tool_calls: u32,
    usage: CallUsage,
    /// What that cost, as far as the models have a price.
    list_cost: Option<Money>,
    /// Seconds in which a worker held it.
    active_seconds: f64,
    queued_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// When it ends, finished or not.
    deadline: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RunType {
    Run,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RunStatusView {
    Queued,
    Running,
    Waiting,
    Completed,
    Failed,
    Cancelled,
}

/// How a run ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutcomeView {
    /// The agent answered.
    Done,
    /// The model declined.
    Refused,
    /// A limit was reached, or a budget.
    LimitReached {
        unit: UnitView,
        /// Whose budget; null if it is a limit of the run.
        budget: Option<HolderView>,
    },
    /// Someone stopped it.
    Interrupted,
    /// The model failed for good.
    ModelFailed { message: String },
    /// The agent cannot be run as it is described.
    Unrunnable { message: String },
}

/// A tool call that waits.
#[derive(Debug, Serialize, ToSchema)]
struct WaitingView {
    #[schema(value_type = String)]
    tool_use_id: EventId,
    need: NeedView,
}

/// What a tool call waits for.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NeedView {
    /// A person's yes or no.
    Approval,
    /// Word on whether it happened.
    Resolution,
    /// The client's result.
    ClientResult,
}

/// Whether a call whose outcome was lost took effect.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResolveRun {
    /// It did: the agent goes on with `content`. It did not: the call is made.
    happened: bool,
    /// The call's answer, as far as it is known.
    #[serde(default)]
    content: Option<Vec<ContentBlock>>,
}

/// Read a run
#[utoipa::path(get, path = "/v1/runs/{run_id}", tag = "runs", params(("run_id" = String, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_run(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<RunId>,
) -> Result<Json<RunView>, ApiError> {
    Ok(Json(app.find_run(caller.ctx(), id).await?.into()))
}

/// List the runs of a session
///
/// The oldest first.
#[utoipa::path(get, path = "/v1/sessions/{session_id}/runs", tag = "runs", params(("session_id" = String, Path)),
    responses((status = 200, body = Page<RunView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_runs(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> Result<Json<Page<RunView>>, ApiError> {
    let runs = app.list_runs(caller.ctx(), id).await?;
    Ok(Json(Page::all(runs.into_iter().map(RunView::from).collect())))
}

/// Cancel a run
///
/// One that is being worked on ends a moment later.
#[utoipa::path(post, path = "/v1/runs/{run_id}/cancel", tag = "runs", params(("run_id" = String, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn cancel_run(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<RunId>,
) -> Result<Json<RunView>, ApiError> {
    Ok(Json(app.cancel_run(caller.ctx(), id).await?.into()))
}

/// Resolve a run
///
/// Says whether the tool calls whose outcome was lost in a crash took effect.
#[utoipa::path(post, path = "/v1/runs/{run_id}/resolve", tag = "runs", params(("run_id" = String, Path)),
    request_body = ResolveRun,
    responses((status = 200, body = RunView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn resolve_run(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<RunId>,
    Body(resolve): Body<ResolveRun>,
) -> Result<Json<RunView>, ApiError> {
    let run = app.resolve_run(caller.ctx(), id, resolve.happened, resolve.content.map(taken)).await?;
    Ok(Json(run.into()))
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        let waiting = run.waiting.iter().map(|waiting| WaitingView {
            tool_use_id: waiting.tool_use,
            need: match waiting.need {
                Need::Approval => NeedView::Approval,
                Need::Resolution => NeedView::Resolution,
                Need::ClientResult => NeedView::ClientResult,
            },
        });
        Self {
            id: run.id,
            kind: RunType::Run,
            session_id: run.session,
            agent_id: run.agent,
            agent_version: run.agent_version,
            status: run.status.into(),
            waiting_for: waiting.collect(),
            outcome: run.outcome.map(Into::into),
            steps: run.spent.steps,
            tool_calls: run.spent.tool_calls,
            usage: run.spent.usage.into(),
            list_cost: run.spent.cost.map(Money::from),
            active_seconds: seconds(run.spent.active_ms),
            queued_at: run.queued_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            deadline: run.deadline,
        }
    }
}

impl From<RunStatus> for RunStatusView {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Queued => RunStatusView::Queued,
            RunStatus::Running => RunStatusView::Running,
            RunStatus::Waiting => RunStatusView::Waiting,
            RunStatus::Completed => RunStatusView::Completed,
            RunStatus::Failed => RunStatusView::Failed,
            RunStatus::Cancelled => RunStatusView::Cancelled,
        }
    }
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => OutcomeView::Done,
            Outcome::Refused => OutcomeView::Refused,
            Outcome::LimitReached { unit, budget } => {
                OutcomeView::LimitReached { unit: unit.into(), budget: budget.map(HolderView::from) }
            }
            Outcome::Interrupted => OutcomeView::Interrupted,
            Outcome::ModelFailed { message, .. } => OutcomeView::ModelFailed { message },
            Outcome::Unrunnable { message } => OutcomeView::Unrunnable { message },
        }
    }
}

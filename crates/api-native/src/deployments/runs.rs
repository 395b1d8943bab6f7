//! What deployments began.

use app::{App, DeploymentRunFilter};
use axum::Json;
use axum::extract::State;
use domain::deployment::{Begun, Cause, DeploymentRun};
use domain::{DeploymentId, DeploymentRunId, RolloutId, RunId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::PathId;
use crate::query::Query;

/// Default and maximum of this list.
const LIMIT_DEFAULT: u32 = 20;
const LIMIT_MAX: u32 = 1_000;

/// A time that a deployment began something, or tried to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentRunView {
    #[schema(value_type = String)]
    id: DeploymentRunId,
    #[serde(rename = "type")]
    kind: DeploymentRunType,
    #[schema(value_type = String)]
    deployment_id: DeploymentId,
    /// The session that was begun, or in which a rollout is watched.
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
    /// The run in it. Ours.
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// Whether nothing was begun because the message did not pass the filter. Ours.
    filtered: bool,
    /// Why nothing was begun.
    error: Option<RunErrorView>,
    trigger_context: TriggerContext,
    created_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeploymentRunType {
    DeploymentRun,
}

/// Why nothing was begun.
#[derive(Debug, Serialize, ToSchema)]
struct RunErrorView {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

/// What began it.
#[derive(Debug, Serialize, ToSchema)]
struct TriggerContext {
    #[serde(rename = "type")]
    kind: TriggerType,
    /// When it was due, by the clock.
    scheduled_at: Option<Timestamp>,
    /// The rollout that was reported, if one was. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    rollout_id: Option<RolloutId>,
}

/// What may begin a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TriggerType {
    /// The clock.
    Schedule,
    /// Somebody, by hand.
    Manual,
    /// A message from outside. Ours.
    Webhook,
    /// The first word of a visitor. Ours.
    Visitor,
    /// A rollout that was reported. Ours.
    Rollout,
}

impl TriggerType {
    fn as_stored(self) -> &'static str {
        match self {
            TriggerType::Schedule => "schedule",
            TriggerType::Manual => "manual",
            TriggerType::Webhook => "webhook",
            TriggerType::Visitor => "visitor",
            TriggerType::Rollout => Cause::ROLLOUT,
        }
    }
}

impl From<DeploymentRun> for DeploymentRunView {
    fn from(begun: DeploymentRun) -> Self {
        let filtered = begun.outcome == Begun::Filtered;
        let (session_id, run_id, error) = match begun.outcome {
            Begun::Run { session, run } => (Some(session), Some(run), None),
            Begun::Watch { session } => (Some(session), None, None),
            Begun::Filtered => (None, None, None),
            Begun::Failed { error, message } => (None, None, Some(RunErrorView { kind: error, message })),
        };
        let (kind, scheduled_at, rollout_id) = match begun.cause {
            Cause::Schedule { scheduled_at } => (TriggerType::Schedule, Some(scheduled_at), None),
            Cause::Manual => (TriggerType::Manual, None, None),
            Cause::Webhook => (TriggerType::Webhook, None, None),
            Cause::Visitor => (TriggerType::Visitor, None, None),
            Cause::Rollout { rollout } => (TriggerType::Rollout, None, Some(rollout)),
        };
        Self {
            id: begun.id,
            kind: DeploymentRunType::DeploymentRun,
            deployment_id: begun.deployment,
            session_id,
            run_id,
            filtered,
            error,
            trigger_context: TriggerContext { kind, scheduled_at, rollout_id },
            created_at: begun.at,
        }
    }
}

/// Which runs to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeploymentRuns {
    /// Things on a page: 1 to 1,000, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Of this deployment.
    deployment_id: Option<String>,
    /// Begun by this.
    #[param(inline)]
    trigger_type: Option<TriggerType>,
    /// Those that began nothing for a reason, or the others.
    has_error: Option<bool>,
    /// At or after.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Timestamp>,
    /// At or before.
    #[serde(rename = "created_at[lte]")]
    created_until: Option<Timestamp>,
}

/// List what deployments began
///
/// The newest first; kept for 90 days.
#[utoipa::path(get, path = "/v1/deployment_runs", tag = "deployments", params(ListDeploymentRuns),
    responses((status = 200, body = Page<DeploymentRunView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_deployment_runs(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListDeploymentRuns>,
) -> Result<Json<Page<DeploymentRunView>>, ApiError> {
    let limit = page::limit_within(query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let pages = Pages::of("deployment_runs", &query);
    let deployment = query.deployment_id.as_deref().map(str::parse).transpose();
    let filter = DeploymentRunFilter {
        deployment: deployment.map_err(|_| ApiError::not_found("No deployment with this id."))?,
        cause: query.trigger_type.map(TriggerType::as_stored),
        has_error: query.has_error,
        from: query.created_from,
        until: query.created_until,
        after: pages.position(query.page.as_deref())?,
        limit: Some(limit + 1),
    };
    let mut begun = app.list_deployment_runs(caller.ctx(), filter).await?;
    let more = page::cut(&mut begun, limit);
    let next = begun.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(begun.into_iter().map(DeploymentRunView::from).collect(), next)))
}

/// Read what a deployment began
#[utoipa::path(get, path = "/v1/deployment_runs/{deployment_run_id}", tag = "deployments",
    params(("deployment_run_id" = String, Path)),
    responses((status = 200, body = DeploymentRunView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_deployment_run(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentRunId>,
) -> Result<Json<DeploymentRunView>, ApiError> {
    Ok(Json(app.find_deployment_run(caller.ctx(), id).await?.into()))
}

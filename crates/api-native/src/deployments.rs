//! `/v1/deployments` and `/v1/deployment_runs`: the ways agents are put to use, and what they
//! began.

mod deployment_view;
mod requests;
pub(crate) mod runs;
mod triggers;

use app::{App, DeploymentFilter, Order};
use axum::Json;
use axum::extract::State;
use domain::DeploymentId;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use web::Caller;

use self::deployment_view::DeploymentView;
use self::requests::{CreateDeployment, UpdateDeployment};
use self::runs::DeploymentRunView;
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::PathId;
use crate::query::Query;

/// Create a deployment
///
/// It begins runs by its clock, by messages from outside, or for visitors of a page. Each run
/// has the rights that whoever made the deployment has at that moment.
#[utoipa::path(post, path = "/v1/deployments", tag = "deployments", request_body = CreateDeployment,
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_deployment(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateDeployment>,
) -> Result<Json<DeploymentView>, ApiError> {
    let made = app.create_deployment(caller.ctx(), create.read()?).await?;
    Ok(Json(DeploymentView::at(made, caller.ctx().now)))
}

/// Which deployments to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeployments {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Archived ones too.
    include_archived: Option<bool>,
}

/// List deployments
///
/// The newest first.
#[utoipa::path(get, path = "/v1/deployments", tag = "deployments", params(ListDeployments),
    responses((status = 200, body = Page<DeploymentView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_deployments(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListDeployments>,
) -> Result<Json<Page<DeploymentView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("deployments", &query));
    let filter = DeploymentFilter {
        include_archived: query.include_archived.unwrap_or(false),
        order: Order::NewestFirst,
        after: pages.position(query.page.as_deref())?,
        limit: Some(limit + 1),
        ..DeploymentFilter::default()
    };
    let mut deployments = app.list_deployments(caller.ctx(), filter).await?;
    let more = page::cut(&mut deployments, limit);
    let next = deployments.last().filter(|_| more).map(|last| pages.text(last.id));
    let now = caller.ctx().now;
    Ok(Json(Page::new(deployments.into_iter().map(|one| DeploymentView::at(one, now)).collect(), next)))
}

/// Read a deployment
#[utoipa::path(get, path = "/v1/deployments/{deployment}", tag = "deployments",
    params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
) -> Result<Json<DeploymentView>, ApiError> {
    let found = app.find_deployment(caller.ctx(), id).await?;
    Ok(Json(DeploymentView::at(found, caller.ctx().now)))
}

/// Update a deployment
///
/// What is left out stays. A change of the schedule counts at once.
#[utoipa::path(post, path = "/v1/deployments/{deployment}", tag = "deployments",
    params(("deployment" = String, Path)), request_body = UpdateDeployment,
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
    Body(update): Body<UpdateDeployment>,
) -> Result<Json<DeploymentView>, ApiError> {
    let changed = app.update_deployment(caller.ctx(), id, |current| update.apply(current)).await?;
    Ok(Json(DeploymentView::at(changed, caller.ctx().now)))
}

/// Archive a deployment
///
/// It begins nothing any more, for good. Its sessions and its history stay.
#[utoipa::path(post, path = "/v1/deployments/{deployment}/archive", tag = "deployments",
    params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn archive_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
) -> Result<Json<DeploymentView>, ApiError> {
    let archived = app.archive_deployment(caller.ctx(), id).await?;
    Ok(Json(DeploymentView::at(archived, caller.ctx().now)))
}

/// Pause a deployment
///
/// It begins nothing by itself until it is unpaused. Pausing twice changes nothing.
#[utoipa::path(post, path = "/v1/deployments/{deployment}/pause", tag = "deployments",
    params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn pause_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
) -> Result<Json<DeploymentView>, ApiError> {
    let paused = app.pause_deployment(caller.ctx(), id).await?;
    Ok(Json(DeploymentView::at(paused, caller.ctx().now)))
}

/// Unpause a deployment
///
/// What was missed meanwhile is not made up for.
#[utoipa::path(post, path = "/v1/deployments/{deployment}/unpause", tag = "deployments",
    params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn unpause_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
) -> Result<Json<DeploymentView>, ApiError> {
    let resumed = app.resume_deployment(caller.ctx(), id).await?;
    Ok(Json(DeploymentView::at(resumed, caller.ctx().now)))
}

/// Run a deployment now
///
/// Once, at once, be it paused or not.
#[utoipa::path(post, path = "/v1/deployments/{deployment}/run", tag = "deployments",
    params(("deployment" = String, Path)),
    responses((status = 200, body = DeploymentRunView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn run_deployment(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DeploymentId>,
) -> Result<Json<DeploymentRunView>, ApiError> {
    Ok(Json(app.run_deployment(caller.ctx(), id).await?.into()))
}

//! `/v1/agents`.

pub(crate) mod agent_view;
pub(crate) mod mcp_servers;
pub(crate) mod model_choice;
pub(crate) mod requests;
pub(crate) mod tools;

use app::{AgentFilter, App, Order};
use axum::Json;
use axum::extract::State;
use domain::{AgentId, MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use self::agent_view::AgentView;
use self::requests::{CreateAgent, UpdateAgent};
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::PathId;
use crate::project::home_project;
use crate::query::Query;

/// Create an agent
#[utoipa::path(post, path = "/v1/agents", tag = "agents", request_body = CreateAgent,
    responses((status = 200, body = AgentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_agent(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateAgent>,
) -> Result<Json<AgentView>, ApiError> {
    let spec = create.into_spec()?;
    let project = home_project(&app, caller.ctx()).await?;
    let agent = app.create_agent(caller.ctx(), project, spec, Vec::new()).await?;
    Ok(Json(agent.into()))
}

/// Which agents to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAgents {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Archived ones too.
    include_archived: Option<bool>,
    /// Made at or after.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Timestamp>,
    /// Made at or before.
    #[serde(rename = "created_at[lte]")]
    created_until: Option<Timestamp>,
}

/// List agents
///
/// At their newest versions, the newest agent first.
#[utoipa::path(get, path = "/v1/agents", tag = "agents", params(ListAgents),
    responses((status = 200, body = Page<AgentView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_agents(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListAgents>,
) -> Result<Json<Page<AgentView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("agents", &query));
    let filter = AgentFilter {
        include_archived: query.include_archived.unwrap_or(false),
        created_from: query.created_from,
        created_until: query.created_until,
        order: Order::NewestFirst,
        after: pages.position(query.page.as_deref())?,
        limit: Some(limit + 1),
        ..AgentFilter::default()
    };
    let mut agents = app.list_agents(caller.ctx(), filter).await?;
    let more = page::cut(&mut agents, limit);
    let next = agents.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(agents.into_iter().map(AgentView::from).collect(), next)))
}

/// Which version to read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindAgent {
    /// The newest if absent.
    #[param(minimum = 1)]
    version: Option<u32>,
}

/// Read an agent
///
/// At its newest version, or at the one asked for.
#[utoipa::path(get, path = "/v1/agents/{agent_id}", tag = "agents",
    params(("agent_id" = String, Path), FindAgent),
    responses((status = 200, body = AgentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_agent(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<AgentId>,
    Query(query): Query<FindAgent>,
) -> Result<Json<AgentView>, ApiError> {
    let agent = match query.version {
        None => app.find_agent(caller.ctx(), id).await?,
        Some(0) => return Err(ApiError::invalid("version", "must be at least 1")),
        Some(version) => app.find_agent_version(caller.ctx(), id, version).await?,
    };
    Ok(Json(agent.into()))
}

/// Update an agent
///
/// Makes the next version; a change that changes nothing makes none. With `version`, the
/// change is refused if another one came first.
#[utoipa::path(post, path = "/v1/agents/{agent_id}", tag = "agents",
    params(("agent_id" = String, Path)), request_body = UpdateAgent,
    responses((status = 200, body = AgentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_agent(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<AgentId>,
    Body(update): Body<UpdateAgent>,
) -> Result<Json<AgentView>, ApiError> {
    if update.version == Some(0) {
        return Err(ApiError::invalid("version", "must be at least 1"));
    }
    let agent = app.update_agent(caller.ctx(), id, update.version, |current| update.apply(current)).await?;
    Ok(Json(agent.into()))
}

/// Archive an agent
///
/// Sessions that run go on; new ones are refused. Archiving twice changes nothing.
#[utoipa::path(post, path = "/v1/agents/{agent_id}/archive", tag = "agents",
    params(("agent_id" = String, Path)),
    responses((status = 200, body = AgentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn archive_agent(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<AgentId>,
) -> Result<Json<AgentView>, ApiError> {
    let agent = app.archive_agent(caller.ctx(), id).await?;
    Ok(Json(agent.into()))
}

/// Whom an agent is to be open to.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OpenAgent {
    /// Ids of people; null or absent is everybody in the organization.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    members: Option<Vec<MemberId>>,
}

/// Open an agent to some people, or to everybody
///
/// Whoever made it can always use it, and so can owners and admins. It is no new version,
/// and counts from the next request on. Ours.
#[utoipa::path(post, path = "/v1/agents/{agent_id}/access", tag = "agents",
    params(("agent_id" = String, Path)), request_body = OpenAgent,
    responses((status = 200, body = AgentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn open_agent(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<AgentId>,
    Body(open): Body<OpenAgent>,
) -> Result<Json<AgentView>, ApiError> {
    Ok(Json(app.open_agent(caller.ctx(), id, open.members).await?.into()))
}

/// Which versions to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListVersions {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// List the versions of an agent
///
/// The newest first.
#[utoipa::path(get, path = "/v1/agents/{agent_id}/versions", tag = "agents",
    params(("agent_id" = String, Path), ListVersions),
    responses((status = 200, body = Page<AgentView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_versions(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<AgentId>,
    Query(query): Query<ListVersions>,
) -> Result<Json<Page<AgentView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of(format!("versions of {id}"), &query));
    let before = pages.position(query.page.as_deref())?;
    let mut versions = app.list_agent_versions(caller.ctx(), id, before, limit + 1).await?;
    let more = page::cut(&mut versions, limit);
    let next = versions.last().filter(|_| more).map(|last| pages.text(last.version));
    Ok(Json(Page::new(versions.into_iter().map(AgentView::from).collect(), next)))
}

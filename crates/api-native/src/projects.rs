//! `/v1/projects` and `/v1/org`: the organization and its parts. Ours.

use app::{App, OrgPatch, ProjectPatch};
use axum::Json;
use axum::extract::State;
use domain::org::{Org, Project, RolloutSettings};
use domain::repository::Repository;
use domain::{OrgId, ProjectId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::patch::Patch;
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// A part of the organization that owns agents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    #[schema(value_type = String)]
    id: ProjectId,
    #[serde(rename = "type")]
    kind: ProjectType,
    /// Its number, which the Make-compatible API calls a team's id.
    number: u64,
    name: String,
    /// `owner/name`: whose rollouts are this project's.
    repository: Option<String>,
    created_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProjectType {
    Project,
}

/// A new project.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProject {
    /// 1 to 256 characters.
    name: String,
    /// `owner/name`; no other project's.
    #[serde(default)]
    repository: Option<String>,
}

/// A change of a project. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateProject {
    #[serde(default)]
    name: Option<String>,
    /// Null is none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    repository: Patch<String>,
}

/// Which projects to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProjects {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// List projects
///
/// Those that the key reaches, the oldest first.
#[utoipa::path(get, path = "/v1/projects", tag = "organization", params(ListProjects),
    responses((status = 200, body = Page<ProjectView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_projects(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListProjects>,
) -> Result<Json<Page<ProjectView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("projects", &query));
    let after: Option<u64> = pages.position(query.page.as_deref())?;
    let mut projects = app.list_projects(caller.ctx()).await?;
    projects.retain(|project| after.is_none_or(|after| project.number > after));
    let more = page::cut(&mut projects, limit);
    let next = projects.last().filter(|_| more).map(|last| pages.text(last.number));
    Ok(Json(Page::new(projects.into_iter().map(ProjectView::from).collect(), next)))
}

/// Create a project
#[utoipa::path(post, path = "/v1/projects", tag = "organization", request_body = CreateProject,
    responses((status = 200, body = ProjectView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_project(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateProject>,
) -> Result<Json<ProjectView>, ApiError> {
    let repository = create.repository.as_deref().map(repository).transpose()?;
    Ok(Json(app.create_project(caller.ctx(), create.name, repository).await?.into()))
}

/// Read a project
#[utoipa::path(get, path = "/v1/projects/{project}", tag = "organization", params(("project" = String, Path)),
    responses((status = 200, body = ProjectView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_project(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ProjectId>,
) -> Result<Json<ProjectView>, ApiError> {
    Ok(Json(app.find_project(caller.ctx(), id).await?.into()))
}

/// Update a project
///
/// How its rollouts are watched is a deployment's affair: see *Update a deployment*.
#[utoipa::path(post, path = "/v1/projects/{project}", tag = "organization", params(("project" = String, Path)),
    request_body = UpdateProject,
    responses((status = 200, body = ProjectView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_project(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ProjectId>,
    Body(update): Body<UpdateProject>,
) -> Result<Json<ProjectView>, ApiError> {
    let repository = match update.repository {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(text) => Some(Some(repository(&text)?)),
    };
    let patch = ProjectPatch { name: update.name, repository, monitor: None };
    Ok(Json(app.update_project(caller.ctx(), id, patch).await?.into()))
}

/// The organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrgView {
    #[schema(value_type = String)]
    id: OrgId,
    #[serde(rename = "type")]
    kind: OrgType,
    name: String,
    /// IANA name, such as `Europe/Berlin`.
    time_zone: String,
    rollouts: RolloutSettingsView,
    created_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrgType {
    Organization,
}

/// What becomes of rollouts that are reported.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) struct RolloutSettingsView {
    /// Whether a report of a repository that no project has makes a project.
    make_projects: bool,
}

/// A change of the organization. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateOrg {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    rollouts: Option<RolloutSettingsView>,
}

/// Read the organization
///
/// The caller's. Any key may.
#[utoipa::path(get, path = "/v1/org", tag = "organization",
    responses((status = 200, body = OrgView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_org(State(app): State<App>, caller: Caller) -> Result<Json<OrgView>, ApiError> {
    Ok(Json(app.org(caller.ctx()).await?.as_ref().into()))
}

/// Update the organization
///
/// Clocks of deployments have their own zones, and stay as they are.
#[utoipa::path(post, path = "/v1/org", tag = "organization", request_body = UpdateOrg,
    responses((status = 200, body = OrgView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_org(
    State(app): State<App>,
    caller: Caller,
    Body(update): Body<UpdateOrg>,
) -> Result<Json<OrgView>, ApiError> {
    let UpdateOrg { name, time_zone, rollouts } = update;
    let rollouts = rollouts.map(|RolloutSettingsView { make_projects }| RolloutSettings { make_projects });
    let org = app.update_org(caller.ctx(), OrgPatch { name, time_zone, rollouts }).await?;
    Ok(Json(org.as_ref().into()))
}

fn repository(text: &str) -> Result<Repository, ApiError> {
    text.parse().map_err(|error| ApiError::invalid("repository", format!("{error}")))
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            kind: ProjectType::Project,
            number: project.number,
            name: project.name,
            repository: project.repository.map(|repository| repository.to_string()),
            created_at: project.created_at,
        }
    }
}

impl From<&Org> for OrgView {
    fn from(org: &Org) -> Self {
        let RolloutSettings { make_projects } = org.rollouts;
        Self {
            id: org.id,
            kind: OrgType::Organization,
            name: org.name.clone(),
            time_zone: org.time_zone.clone(),
            rollouts: RolloutSettingsView { make_projects },
            created_at: org.created_at,
        }
    }
}

impl Named for ProjectId {
    const NOUN: &'static str = "project";
}

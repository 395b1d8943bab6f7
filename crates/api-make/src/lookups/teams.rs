//! Organizations and teams.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use domain::org::Project;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use web::Query;

use super::table::{PageView, Row, Table, TableQuery};
use crate::Make;
use crate::caller::{AnyToken, Number, no_team};
use crate::error::ApiError;
use crate::query::number;

/// The caller's organization, as a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationsReply {
    #[schema(value_type = Vec<OrganizationRow>)]
    organizations: Vec<serde_json::Value>,
    pg: PageView,
}

type OrganizationRow = Row<Organization>;
type TeamRow = Row<TeamView>;

/// An organization. Numbers of tables that are not kept here are 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Organization {
    /// Its number.
    id: u64,
    /// Its name.
    name: String,
    /// 0.
    timezone_id: u64,
    /// Its time zone.
    timezone: String,
    /// Where this server is called.
    zone: String,
    /// 0.
    country_id: u64,
    /// Its teams, as far as the caller reaches them.
    teams: Vec<TeamRef>,
}

/// A team of an organization.
#[derive(Debug, Serialize, ToSchema)]
struct TeamRef {
    /// Its number.
    id: u64,
    /// Its name.
    name: String,
}

/// Teams.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TeamsReply {
    #[schema(value_type = Vec<TeamRow>)]
    teams: Vec<serde_json::Value>,
    pg: PageView,
}

/// One team.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TeamReply {
    team: TeamView,
}

/// A team.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Team)]
struct TeamView {
    /// Its number.
    id: u64,
    /// Its name.
    name: String,
    /// Its organization.
    organization_id: u64,
}

/// Whose teams.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
pub(super) struct OrganizationQuery {
    /// The organization.
    #[param(minimum = 1, rename = "organizationId")]
    organization_id: u64,
}

/// List organizations
///
/// The one the token belongs to.
#[utoipa::path(get, path = "/organizations", tag = "Look-ups", params(TableQuery), responses(
    (status = 200, description = "The organization.", body = OrganizationsReply), crate::openapi::Failures
))]
pub(super) async fn list_organizations(
    State(make): State<Make>,
    token: AnyToken,
    query: Query,
    headers: HeaderMap,
) -> Result<Json<OrganizationsReply>, ApiError> {
    let table = Table::of(&query)?;
    let org = make.app.org(&token.ctx).await?;
    let teams = make.app.list_projects(&token.ctx).await?;
    let zone = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let organization = Organization {
        id: org.number,
        name: org.name.clone(),
        timezone_id: 0,
        timezone: org.time_zone.clone(),
        zone: zone.to_owned(),
        country_id: 0,
        teams: teams.into_iter().map(|team| TeamRef { id: team.number, name: team.name }).collect(),
    };
    let (organizations, pg) = table.page(&[organization]);
    Ok(Json(OrganizationsReply { organizations, pg }))
}

/// List teams
#[utoipa::path(get, path = "/teams", tag = "Look-ups", params(OrganizationQuery, TableQuery), responses(
    (status = 200, description = "The teams.", body = TeamsReply), crate::openapi::Failures
))]
pub(super) async fn list_teams(
    State(make): State<Make>,
    token: AnyToken,
    query: Query,
) -> Result<Json<TeamsReply>, ApiError> {
    let asked = number(&query, "organizationId").map_err(|fault| ApiError::invalid([fault]))?;
    let table = Table::of(&query)?;
    let org = make.app.org(&token.ctx).await?;
    if org.number != asked {
        return Err(ApiError::not_found(format_args!("organization {asked}")));
    }
    let teams = make.app.list_projects(&token.ctx).await?;
    let teams: Vec<TeamView> = teams.into_iter().map(|team| TeamView::of(team, org.number)).collect();
    let (teams, pg) = table.page(&teams);
    Ok(Json(TeamsReply { teams, pg }))
}

/// Show a team
#[utoipa::path(get, path = "/teams/{teamId}", tag = "Look-ups",
    params(("teamId" = u64, Path, description = "The team.", minimum = 1)),
    responses((status = 200, description = "The team.", body = TeamReply), crate::openapi::Failures)
)]
pub(super) async fn show_team(
    State(make): State<Make>,
    Number(team): Number,
    token: AnyToken,
) -> Result<Json<TeamReply>, ApiError> {
    let project = make.app.find_project_numbered(&token.ctx, team).await.map_err(no_team(team))?;
    let org = make.app.org(&token.ctx).await?;
    Ok(Json(TeamReply { team: TeamView::of(project, org.number) }))
}

impl TeamView {
    fn of(team: Project, organization_id: u64) -> Self {
        Self { id: team.number, name: team.name, organization_id }
    }
}

//! Scenarios: the HTTP tools of a project.

use axum::Json;
use axum::extract::State;
use domain::tool::Tool;
use serde::Serialize;
use utoipa::ToSchema;
use web::Query;

use super::table::{PageView, Row, Table, TableQuery};
use crate::Make;
use crate::caller::{AnyToken, Number, TeamQuery, no_team};
use crate::error::ApiError;
use crate::output_parser::{FieldView, fields_shown};
use crate::query::number;
use crate::times::iso;

/// Scenarios.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScenariosReply {
    #[schema(value_type = Vec<ScenarioRow>)]
    scenarios: Vec<serde_json::Value>,
    pg: PageView,
}

type ScenarioRow = Row<ScenarioView>;

/// A scenario, as look-ups show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScenarioDetail)]
struct ScenarioView {
    /// Its number.
    id: u64,
    /// Its name.
    name: String,
    /// What it does.
    description: String,
    /// Its team.
    team_id: u64,
    /// Null: there are no folders.
    folder_id: Option<u64>,
    /// Yes.
    is_active: bool,
    /// No.
    is_paused: bool,
    /// No.
    isinvalid: bool,
    /// Runs when it is called.
    scheduling: Scheduling,
    /// Always `http`.
    used_packages: [&'static str; 1],
    /// When it was made.
    #[schema(format = DateTime)]
    created: String,
    /// When it was made: a tool does not change.
    #[schema(format = DateTime)]
    last_edit: String,
}

/// When a scenario runs.
#[derive(Debug, Serialize, ToSchema)]
struct Scheduling {
    /// Always `on-demand`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What a scenario takes and gives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InterfaceReply {
    interface: Interface,
}

/// Fields in and out.
#[derive(Debug, Serialize, ToSchema)]
struct Interface {
    /// What it takes.
    input: Vec<FieldView>,
    /// What it gives: nothing that is known beforehand.
    output: Vec<FieldView>,
}

/// List scenarios
#[utoipa::path(get, path = "/scenarios", tag = "Look-ups", params(TeamQuery, TableQuery), responses(
    (status = 200, description = "The scenarios.", body = ScenariosReply), crate::openapi::Failures
))]
pub(super) async fn list_scenarios(
    State(make): State<Make>,
    token: AnyToken,
    query: Query,
) -> Result<Json<ScenariosReply>, ApiError> {
    let team = number(&query, "teamId").map_err(|fault| ApiError::invalid([fault]))?;
    let table = Table::of(&query)?;
    let project = make.app.find_project_numbered(&token.ctx, team).await.map_err(no_team(team))?;
    let tools = make.app.list_tools(&token.ctx, Some(project.id)).await?;
    let views: Vec<ScenarioView> = tools.into_iter().map(|tool| ScenarioView::of(tool, team)).collect();
    let (scenarios, pg) = table.page(&views);
    Ok(Json(ScenariosReply { scenarios, pg }))
}

/// Show what a scenario takes and gives
#[utoipa::path(get, path = "/scenarios/{scenarioId}/interface", tag = "Look-ups",
    params(("scenarioId" = u64, Path, description = "The scenario.", minimum = 1)),
    responses((status = 200, description = "What it takes and gives.", body = InterfaceReply), crate::openapi::Failures)
)]
pub(super) async fn show_interface(
    State(make): State<Make>,
    Number(scenario): Number,
    token: AnyToken,
) -> Result<Json<InterfaceReply>, ApiError> {
    let missing = || ApiError::not_found(format_args!("scenario {scenario}"));
    let tool = make.app.find_tool_numbered(&token.ctx, scenario).await.map_err(|error| match error {
        app::Error::NotFound(_) => missing(),
        other => other.into(),
    })?;
    let input = fields_shown(&tool.http.input_schema);
    Ok(Json(InterfaceReply { interface: Interface { input, output: Vec::new() } }))
}

impl ScenarioView {
    fn of(tool: Tool, team_id: u64) -> Self {
        Self {
            id: tool.number,
            name: tool.http.name,
            description: tool.http.description,
            team_id,
            folder_id: None,
            is_active: true,
            is_paused: false,
            isinvalid: false,
            scheduling: Scheduling { kind: "on-demand" },
            used_packages: ["http"],
            created: iso(tool.created_at),
            last_edit: iso(tool.created_at),
        }
    }
}

//! `/v1/tools`: the HTTP tools that a project keeps for its agents. Ours.

use std::str::FromStr;

use app::App;
use axum::Json;
use axum::extract::State;
use domain::tool::Tool;
use domain::{ProjectId, Timestamp, ToolId};
use serde::Serialize;
use utoipa::ToSchema;
use web::Caller;

use crate::agents::tools::{HttpToolParam, HttpToolView};
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::Page;
use crate::path_id::{Named, PathId};
use crate::project::home_project;

/// A tool of a project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectToolView {
    #[schema(value_type = String)]
    id: ToolId,
    #[serde(rename = "type")]
    kind: ProjectToolType,
    /// Its number, by which agents name it.
    number: u64,
    #[schema(value_type = String)]
    project_id: ProjectId,
    #[serde(flatten)]
    http: HttpToolView,
    created_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProjectToolType {
    Tool,
}

/// A tool that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedTool {
    #[schema(value_type = String)]
    id: ToolId,
    #[serde(rename = "type")]
    kind: DeletedToolType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedToolType {
    ToolDeleted,
}

impl From<Tool> for ProjectToolView {
    fn from(tool: Tool) -> Self {
        Self {
            id: tool.id,
            kind: ProjectToolType::Tool,
            number: tool.number,
            project_id: tool.project,
            http: tool.http.into(),
            created_at: tool.created_at,
        }
    }
}

/// Create a tool
#[utoipa::path(post, path = "/v1/tools", tag = "tools", request_body = HttpToolParam,
    responses((status = 200, body = ProjectToolView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_tool(
    State(app): State<App>,
    caller: Caller,
    Body(tool): Body<HttpToolParam>,
) -> Result<Json<ProjectToolView>, ApiError> {
    let project = home_project(&app, caller.ctx()).await?;
    let tool = app.create_tool(caller.ctx(), project, tool.into()).await?;
    Ok(Json(tool.into()))
}

/// List tools
///
/// All that the key reaches, the oldest first.
#[utoipa::path(get, path = "/v1/tools", tag = "tools",
    responses((status = 200, body = Page<ProjectToolView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_tools(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<ProjectToolView>>, ApiError> {
    let tools = app.list_tools(caller.ctx(), None).await?;
    Ok(Json(Page::all(tools.into_iter().map(ProjectToolView::from).collect())))
}

/// Read a tool
///
/// By its id or its number.
#[utoipa::path(get, path = "/v1/tools/{tool}", tag = "tools", params(("tool" = String, Path)),
    responses((status = 200, body = ProjectToolView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_tool(
    State(app): State<App>,
    caller: Caller,
    PathId(tool): PathId<ToolName>,
) -> Result<Json<ProjectToolView>, ApiError> {
    Ok(Json(named_tool(&app, &caller, tool).await?.into()))
}

/// Delete a tool
///
/// By its id or its number. Agents that name it go on without it.
#[utoipa::path(delete, path = "/v1/tools/{tool}", tag = "tools", params(("tool" = String, Path)),
    responses((status = 200, body = DeletedTool), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_tool(
    State(app): State<App>,
    caller: Caller,
    PathId(tool): PathId<ToolName>,
) -> Result<Json<DeletedTool>, ApiError> {
    let id = match tool {
        ToolName::Id(id) => id,
        ToolName::Number(_) => named_tool(&app, &caller, tool).await?.id,
    };
    app.delete_tool(caller.ctx(), id).await?;
    Ok(Json(DeletedTool { id, kind: DeletedToolType::ToolDeleted }))
}

/// What a path names a tool by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ToolName {
    Id(ToolId),
    Number(u64),
}

impl FromStr for ToolName {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Number),
        }
    }
}

impl Named for ToolName {
    const NOUN: &'static str = "tool";
}

async fn named_tool(app: &App, caller: &Caller, name: ToolName) -> Result<Tool, ApiError> {
    let tool = match name {
        ToolName::Id(id) => app.find_tool(caller.ctx(), id).await?,
        ToolName::Number(number) => app.find_tool_numbered(caller.ctx(), number).await?,
    };
    Ok(tool)
}

//! Agents: listed, made, shown, changed, deleted.

pub(crate) mod config;
pub(crate) mod tools;
mod view;
mod write;

use app::AgentFilter;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::AgentId;
use domain::agent::Agent;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use write::{read_model, read_prompt};

use self::config::model_parts;
use self::view::{AgentDetail, AgentView, Connection, CreatedAgent};
use self::write::{CreateAgent, PatchAgent, in_make_words};
use crate::Make;
use crate::body::Body;
use crate::caller::{Id, Reading, Team, TeamQuery, Writing};
use crate::contexts::contexts_of;
use crate::error::ApiError;

/// Most past configurations that are shown.
const PAST_MAX: usize = 100;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::new().routes(routes!(list_agents, create_agent)).routes(routes!(
        show_agent,
        update_agent,
        delete_agent
    ))
}

/// List agents
///
/// All agents of the team, oldest first.
#[utoipa::path(get, path = "/ai-agents/v1/agents", tag = "Agents", params(TeamQuery), responses(
    (status = 200, description = "The agents.", body = Vec<AgentView>), crate::openapi::Failures
))]
async fn list_agents(State(make): State<Make>, Reading(team): Reading) -> Result<Json<Vec<AgentView>>, ApiError> {
    let filter = AgentFilter { project: Some(team.project.id), ..AgentFilter::default() };
    let agents = make.app.list_agents(&team.ctx, filter).await?;
    let mut views = Vec::with_capacity(agents.len());
    for agent in &agents {
        match contexts_of(&make, &team, agent.id).await {
            Ok(contexts) => views.push(AgentView::of(agent, team.project.number, contexts)),
            // It was deleted since the list was made.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Json(views))
}

/// Create an agent
///
/// The recursion limit begins at 300 and the time limit at 300,000 ms; both are changed by
/// a patch.
#[utoipa::path(post, path = "/ai-agents/v1/agents", tag = "Agents", params(TeamQuery), request_body = CreateAgent, responses(
    (status = 201, description = "The new agent.", body = CreatedAgent), crate::openapi::Failures
))]
async fn create_agent(
    State(make): State<Make>,
    Writing(team): Writing,
    Body(create): Body<CreateAgent>,
) -> Result<(StatusCode, Json<CreatedAgent>), ApiError> {
    team.must_be(create.team_id)?;
    let connection = create.make_connection_id;
    let provider = make.app.find_provider_numbered(&team.ctx, connection).await.map_err(|error| match error {
        app::Error::NotFound(_) => ApiError::invalid_field("makeConnectionId", "must be a connection of the team"),
        other => other.into(),
    })?;
    let limit = answer_limit(&make, &team, &provider.name, &create.default_model).await;
    let documents = create.documents();
    let spec = create.into_spec(&provider.name, limit);
    let created = make.app.create_agent(&team.ctx, team.project.id, spec, documents).await;
    let agent = created.map_err(|error| ApiError::of(error, in_make_words))?;
    Ok((StatusCode::CREATED, Json(CreatedAgent::of(&agent, team.project.number, connection))))
}

/// Show an agent
#[utoipa::path(get, path = "/ai-agents/v1/agents/{agentId}", tag = "Agents",
    params(("agentId" = uuid::Uuid, Path, description = "The agent."), TeamQuery),
    responses((status = 200, description = "The agent.", body = AgentDetail), crate::openapi::Failures)
)]
async fn show_agent(
    State(make): State<Make>,
    Id(id): Id<AgentId>,
    Reading(team): Reading,
) -> Result<Json<AgentDetail>, ApiError> {
    let agent = find_agent(&make, &team, id).await?;
    let contexts = contexts_of(&make, &team, agent.id).await?;
    let connection = connection_of(&make, &team, &agent).await?;
    let past = make.app.list_agent_versions(&team.ctx, agent.id, Some(agent.version), PAST_MAX).await?;
    Ok(Json(AgentDetail::of(&agent, team.project.number, contexts, connection, &past)))
}

/// Change an agent
///
/// What is absent stays. Runs that begin later see the change, those in flight do not.
#[utoipa::path(patch, path = "/ai-agents/v1/agents/{agentId}", tag = "Agents",
    params(("agentId" = uuid::Uuid, Path, description = "The agent."), TeamQuery), request_body = PatchAgent,
    responses((status = 204, description = "Changed."), crate::openapi::Failures)
)]
async fn update_agent(
    State(make): State<Make>,
    Id(id): Id<AgentId>,
    Writing(team): Writing,
    Body(patch): Body<PatchAgent>,
) -> Result<StatusCode, ApiError> {
    let agent = find_agent(&make, &team, id).await?;
    let limit = match patch.model_to_ask(&agent.spec) {
        Some((provider, model)) => answer_limit(&make, &team, provider, model).await,
        None => None,
    };
    let updated = make.app.update_agent(&team.ctx, agent.id, None, |spec| Ok(patch.apply(spec, limit))).await;
    updated.map_err(|error| ApiError::of(error, in_make_words))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete an agent
///
/// For good. Its runs in flight are stopped; the logs of its past ones stay in their
/// sessions.
#[utoipa::path(delete, path = "/ai-agents/v1/agents/{agentId}", tag = "Agents",
    params(("agentId" = uuid::Uuid, Path, description = "The agent."), TeamQuery),
    responses((status = 204, description = "Deleted."), crate::openapi::Failures)
)]
async fn delete_agent(
    State(make): State<Make>,
    Id(id): Id<AgentId>,
    Writing(team): Writing,
) -> Result<StatusCode, ApiError> {
    let agent = find_agent(&make, &team, id).await?;
    make.app.delete_agent(&team.ctx, agent.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An agent of the team. One of another team is not there.
pub(crate) async fn find_agent(make: &Make, team: &Team, id: AgentId) -> Result<Agent, ApiError> {
    let missing = || ApiError::not_found(format_args!("agent {}", id.0));
    match make.app.find_agent(&team.ctx, id).await {
        Ok(agent) if agent.project == team.project.id => Ok(agent),
        Ok(_) | Err(app::Error::NotFound(_)) => Err(missing()),
        Err(error) => Err(error.into()),
    }
}

/// How many tokens a model can write at once. A provider that does not say, or does not
/// answer, sets no bound.
async fn answer_limit(make: &Make, team: &Team, provider: &str, model: &str) -> Option<u32> {
    let models = make.app.list_models(&team.ctx, provider).await.ok()?;
    let found = models.into_iter().find(|info| info.model == model)?;
    found.output_tokens.or(found.context_tokens)
}

async fn connection_of(make: &Make, team: &Team, agent: &Agent) -> Result<Connection, ApiError> {
    let (name, _) = model_parts(&agent.spec.model.id);
    let providers = make.app.list_providers(&team.ctx).await?;
    let kind = providers.into_iter().find(|provider| provider.name == name).map(|provider| provider.kind);
    Ok(Connection { number: make.app.provider_number(&team.ctx, name).await?, kind })
}

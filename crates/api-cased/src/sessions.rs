//! Agent sessions: begun from a prompt, listed, and shown with what happened in them.

mod story;

use app::{Investigate, PurposefulFilter, PurposefulSession};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::session::{Progress, Purpose};
use domain::{AgentId, SessionId};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Query;

use crate::Cased;
use crate::body::Body;
use crate::caller::{BeginsSessions, Named, ReadsSessions};
use crate::deployments::page_address;
use crate::error::ApiError;
use crate::reading::Fields;
use crate::times::{iso, since};

/// Longest list, and the usual one.
const LISTED: (u64, u64) = (200, 20);
const PROMPT_CHARS: usize = 50_000;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Cased> {
    OpenApiRouter::new()
        .routes(routes!(begin, list))
        .routes(routes!(find))
        .routes(routes!(list_agent))
        .routes(routes!(find_agent))
}

/// What is to be looked into.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewSession {
    /// The task.
    #[schema(min_length = 1, max_length = 50_000, example = "Why is p95 up?")]
    prompt: String,
    /// What may help, at most 256 KiB. It is data to the agent, and never an instruction.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// Who does it. Ours.
    agent_id: Option<String>,
    /// `deploy_monitor`, `root_cause_analysis` or `general`. Ours.
    session_type: Option<String>,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
struct Begun {
    session_id: Uuid,
    /// `active`.
    status: &'static str,
    created_at: String,
    /// Its page.
    url: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct SessionItem {
    id: Uuid,
    created_at: String,
    /// `created`, `agent_running`, `tool_executing`, `pending_user_input`, `completed`, `failed`
    /// or `cancelled`.
    session_status: &'static str,
    /// `deploy_monitor`, `root_cause_analysis` or `general`.
    session_type: &'static str,
    starting_agent_category: &'static str,
    session_summary: Summary,
}

/// What a session is about.
#[derive(Serialize, ToSchema)]
struct Summary {
    title: String,
    description: String,
}

/// Sessions, newest first.
#[derive(Serialize, ToSchema)]
struct SessionList {
    /// How many there are, whatever the limit.
    count: u64,
    results: Vec<SessionItem>,
}

/// A session, with what happened in it.
#[derive(Serialize, ToSchema)]
struct SessionDetail {
    id: Uuid,
    /// The session's id in the native API, under which it is followed and talked to. Ours.
    #[schema(value_type = String)]
    native_id: SessionId,
    created_at: String,
    updated_at: String,
    session_status: &'static str,
    session_type: &'static str,
    starting_agent_category: &'static str,
    /// `-` without one.
    llm_model: String,
    /// `-` without one.
    model_provider: String,
    session_summary: story::FullSummary,
    /// Oldest first; the newest 1,000.
    execution_logs: Vec<story::LogEntry>,
    /// Oldest first; the newest 1,000.
    conversation: Vec<story::Said>,
    /// The deployment that is watched in it.
    deployment_id: Option<Uuid>,
    url: String,
}

/// Which sessions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
struct SessionQuery {
    /// Begun since: `30m`, `24h`, `7d`, or a time.
    #[param(required = false, default = "24h")]
    since: String,
    /// At most so many; 200 is the most.
    #[param(required = false, minimum = 1, default = 20)]
    limit: u64,
    /// One of the session states, or `active`.
    #[param(required = false)]
    status: String,
    /// `deploy_monitor`, `root_cause_analysis` or `general`.
    #[param(required = false)]
    session_type: String,
}

/// Begin a session
///
/// The agent begins at once.
#[utoipa::path(post, path = "/api/v1/agent-sessions", tag = "Agent sessions", request_body = NewSession,
    responses((status = 201, description = "Begun.", body = Begun), crate::openapi::Failures))]
async fn begin(
    State(cased): State<Cased>,
    BeginsSessions(ctx): BeginsSessions,
    Body(body): Body,
) -> Result<(StatusCode, Json<Begun>), ApiError> {
    let mut fields = Fields::of(body);
    let prompt = fields.required_text("prompt", PROMPT_CHARS + 1);
    let agent = fields.word("agent_id", |text| text.parse::<AgentId>().ok(), "Must be the id of an agent.");
    let purpose = fields.word("session_type", purpose_of, TYPE_RULE);
    let context = fields.object("context");
    fields.rest()?;
    let task = prompt.unwrap_or_default();
    let investigate = Investigate { task, context, agent, purpose, budget: None };
    let begun = cased.app.investigate(&ctx, investigate).await;
    let session = begun.map_err(|error| ApiError::of(error, in_our_words))?;
    let begun = Begun {
        session_id: session.alias,
        status: ACTIVE,
        created_at: iso(session.created_at),
        url: page_address(session.alias),
    };
    Ok((StatusCode::CREATED, Json(begun)))
}

/// List sessions
#[utoipa::path(get, path = "/api/v1/agent-sessions", tag = "Agent sessions", params(SessionQuery),
    responses((status = 200, description = "The sessions.", body = SessionList), crate::openapi::Failures))]
async fn list(
    State(cased): State<Cased>,
    ReadsSessions(ctx): ReadsSessions,
    query: Query,
) -> Result<Json<SessionList>, ApiError> {
    let (count, found) = cased.app.list_purposeful(&ctx, read_filter(&query, &ctx)?).await?;
    Ok(Json(SessionList { count, results: found.iter().map(SessionItem::of).collect() }))
}

/// List sessions, where the command line looks for them
#[utoipa::path(get, path = "/api/v1/agent/sessions", tag = "Agent sessions", params(SessionQuery),
    responses((status = 200, description = "The sessions.", body = SessionList), crate::openapi::Failures))]
async fn list_agent(cased: State<Cased>, caller: ReadsSessions, query: Query) -> Result<Json<SessionList>, ApiError> {
    list(cased, caller, query).await
}

/// Get a session
#[utoipa::path(get, path = "/api/v1/agent-sessions/{agent_session_id}", tag = "Agent sessions",
    params(("agent_session_id" = String, Path, description = "Its id, or the first characters of it, at least eight.")),
    responses((status = 200, description = "The session.", body = SessionDetail), crate::openapi::Failures))]
async fn find(
    State(cased): State<Cased>,
    ReadsSessions(ctx): ReadsSessions,
    Named(id): Named,
) -> Result<Json<SessionDetail>, ApiError> {
    let found = cased.app.find_purposeful(&ctx, &id).await?;
    let story = story::tell(&cased.app, &ctx, &found).await?;
    let item = SessionItem::of(&found);
    let session = found.session;
    Ok(Json(SessionDetail {
        id: session.alias,
        native_id: session.id,
        created_at: item.created_at,
        updated_at: iso(session.state.updated_at),
        session_status: item.session_status,
        session_type: item.session_type,
        starting_agent_category: item.starting_agent_category,
        llm_model: story.model,
        model_provider: story.provider,
        session_summary: story.summary,
        execution_logs: story.log,
        conversation: story.conversation,
        deployment_id: story.deployment,
        url: page_address(session.alias),
    }))
}

/// Get a session, where the command line looks for it
#[utoipa::path(get, path = "/api/v1/agent/sessions/{agent_session_id}", tag = "Agent sessions",
    params(("agent_session_id" = String, Path, description = "Its id, or the first characters of it, at least eight.")),
    responses((status = 200, description = "The session.", body = SessionDetail), crate::openapi::Failures))]
async fn find_agent(cased: State<Cased>, caller: ReadsSessions, id: Named) -> Result<Json<SessionDetail>, ApiError> {
    find(cased, caller, id).await
}

/// What stands for all that go on.
const ACTIVE: &str = "active";
const TYPE_RULE: &str = "Must be deploy_monitor, root_cause_analysis or general.";

fn purpose_of(word: &str) -> Option<Purpose> {
    Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == word)
}

fn read_filter(query: &Query, ctx: &app::Ctx) -> Result<PurposefulFilter, ApiError> {
    let from = since(query.find("since").unwrap_or("24h"), ctx);
    let from = from.ok_or_else(|| ApiError::invalid_field("since", "Must be like 30m, 24h or 7d, or a time."))?;
    let progress = match query.find("status") {
        None => Vec::new(),
        Some(ACTIVE) => Progress::ACTIVE.to_vec(),
        Some(word) => {
            let known = Progress::ALL.into_iter().find(|progress| progress.as_str() == word);
            vec![known.ok_or_else(|| ApiError::invalid_field("status", "Must be a status of a session, or active."))?]
        }
    };
    let purpose = match query.find("session_type") {
        None => None,
        Some(word) => Some(purpose_of(word).ok_or_else(|| ApiError::invalid_field("session_type", TYPE_RULE))?),
    };
    let limit = Some(page_of(query, LISTED)?);
    let created_from = Some(from);
    Ok(PurposefulFilter { purpose, progress, created_from, limit, ..PurposefulFilter::default() })
}

/// How many are listed: what is asked for, up to the most there may be.
pub(crate) fn page_of(query: &Query, (max, usual): (u64, u64)) -> Result<usize, ApiError> {
    let Some(text) = query.find("limit") else { return Ok(usual as usize) };
    let is_number = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(limit) if is_number && limit > 0 => Ok(limit.min(max) as usize),
        _ => Err(ApiError::invalid_field("limit", "Must be a whole number from 1.")),
    }
}

fn in_our_words(path: &str) -> String {
    match path {
        "task" => "prompt".to_owned(),
        "agent" => "agent_id".to_owned(),
        other => other.to_owned(),
    }
}

impl SessionItem {
    fn of(found: &PurposefulSession) -> Self {
        let PurposefulSession { session, progress } = found;
        let purpose = session.purpose.unwrap_or(Purpose::General);
        Self {
            id: session.alias,
            created_at: iso(session.created_at),
            session_status: progress.as_str(),
            session_type: purpose.as_str(),
            starting_agent_category: match purpose {
                Purpose::DeployMonitor => "deploy-monitor",
                Purpose::RootCauseAnalysis => "investigator",
                Purpose::General => "general",
            },
            session_summary: Summary { title: session.title.clone().unwrap_or_default(), description: String::new() },
        }
    }
}

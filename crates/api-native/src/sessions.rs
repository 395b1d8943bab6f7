//! `/v1/sessions`.

pub(crate) mod requests;
pub(crate) mod session_view;

use app::{App, Ctx, Order, SessionFilter};
use axum::Json;
use axum::extract::State;
use domain::key::{Scope, Scopes};
use domain::session::{Origin, Session};
use domain::{AgentId, DeploymentId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use self::requests::{CreateSession, UpdateSession};
use self::session_view::{OriginView, SessionView, StandingView, StatusView};
use crate::body::Body;
use crate::budget::BudgetParam;
use crate::error::{ApiError, ErrorEnvelope};
use crate::events::sent;
use crate::page::{self, Pages};
use crate::path_id::{PathId, SessionName};
use crate::query::{OrderParam, Query, after, before};

/// Create a session
///
/// It keeps to the agent's version of this moment, or to the one that is asked for.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = CreateSession,
    responses((status = 200, body = SessionView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_session(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateSession>,
) -> Result<Json<SessionView>, ApiError> {
    create.check_served()?;
    let create = app::CreateSession {
        project: None,
        agent: create.agent.into_choice()?,
        title: create.title,
        metadata: create.metadata.unwrap_or_default(),
        origin: Origin::Native,
        purpose: None,
        thread: None,
        budget: create.budget.as_ref().map(BudgetParam::read).transpose()?,
        initial_events: sent::into_bodies(create.initial_events.unwrap_or_default(), "initial_events")?,
    };
    let session = app.create_session(caller.ctx(), create).await?;
    Ok(Json(shown(&app, &caller, session).await?))
}

/// Which sessions to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSessions {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` or `prev_page` of another page.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// With this agent.
    agent_id: Option<String>,
    /// Of this version of it; only with `agent_id`.
    agent_version: Option<u32>,
    /// In one of these states.
    #[serde(default)]
    #[param(rename = "statuses[]")]
    statuses: Vec<StatusView>,
    /// That stand so; `ended` includes archived ones. Ours.
    #[serde(default)]
    #[param(rename = "states[]")]
    states: Vec<StandingView>,
    /// Begun by one of these. Ours.
    #[serde(default)]
    #[param(rename = "origins[]")]
    origins: Vec<OriginView>,
    /// With this text in their title, in capital letters or small ones (of ASCII). Ours.
    title: Option<String>,
    /// Says what was said last in each. Ours.
    #[serde(skip_serializing)]
    last_line: Option<bool>,
    /// Archived ones too.
    include_archived: Option<bool>,
    /// Made at or after.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Timestamp>,
    /// Made after.
    #[serde(rename = "created_at[gt]")]
    created_after: Option<Timestamp>,
    /// Made at or before.
    #[serde(rename = "created_at[lte]")]
    created_until: Option<Timestamp>,
    /// Made before.
    #[serde(rename = "created_at[lt]")]
    created_before: Option<Timestamp>,
    /// By the time made; newest first if absent.
    #[param(inline)]
    order: Option<OrderParam>,
    /// Begun by this deployment.
    deployment_id: Option<String>,
    /// Memory stores are not available in this release: finds nothing.
    memory_store_id: Option<String>,
}

/// A page of sessions, with ways in both directions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SessionPage {
    data: Vec<SessionView>,
    /// To be sent as `page` for what follows.
    next_page: Option<String>,
    /// To be sent as `page` for what comes before.
    prev_page: Option<String>,
}

/// List sessions
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", params(ListSessions),
    responses((status = 200, body = SessionPage), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListSessions>,
) -> Result<Json<SessionPage>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("sessions", &query));
    let position: Option<Position> = pages.position(query.page.as_deref())?;
    let Some(filter) = query.filter(position, limit)? else { return Ok(Json(SessionPage::default())) };
    let mut sessions = app.list_sessions(caller.ctx(), filter).await?;
    let more = page::cut(&mut sessions, limit);
    let backwards = matches!(position, Some(Position::Before(_)));
    if backwards {
        sessions.reverse();
    }
    // Where we came from there is more, or there was when the page text was given.
    let (has_next, has_prev) = if backwards { (true, more) } else { (more, position.is_some()) };
    let next_page = sessions.last().filter(|_| has_next).map(|last| pages.text(Position::After(last.id)));
    let prev_page = sessions.first().filter(|_| has_prev).map(|first| pages.text(Position::Before(first.id)));
    let data = shown_all(&app, caller.ctx(), sessions, query.last_line.unwrap_or_default()).await?;
    Ok(Json(SessionPage { data, next_page, prev_page }))
}

/// Read a session
///
/// Also by the UUID in the address of its page (`/agents/{uuid}`), which is its name in the
/// Cassidy and Cased APIs.
#[utoipa::path(get, path = "/v1/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path)),
    responses((status = 200, body = SessionView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_session(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId<SessionName>,
) -> Result<Json<SessionView>, ApiError> {
    let session = match name {
        SessionName::Id(id) => app.find_session(caller.ctx(), id).await?,
        SessionName::Alias(alias) => app.find_session_by_alias(caller.ctx(), alias).await?,
    };
    Ok(Json(shown(&app, &caller, session).await?))
}

/// Update a session
///
/// Tools and MCP servers replace those there were, from the next turn on; they cannot be
/// changed while a turn is under way. A session that its budget had stopped goes on when that is
/// raised or removed. What changes nothing is not told.
#[utoipa::path(post, path = "/v1/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path)), request_body = UpdateSession,
    responses((status = 200, body = SessionView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_session(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    Body(update): Body<UpdateSession>,
) -> Result<Json<SessionView>, ApiError> {
    update.check_served()?;
    let session = app.update_session(caller.ctx(), id, |agent| update.patch(agent)).await?;
    Ok(Json(shown(&app, &caller, session).await?))
}

/// Archive a session
///
/// Its log stays; it takes no input and no change any more. A turn that waits for someone
/// ends, one that is under way must be interrupted first. Archiving twice changes nothing.
#[utoipa::path(post, path = "/v1/sessions/{session_id}/archive", tag = "sessions",
    params(("session_id" = String, Path)),
    responses((status = 200, body = SessionView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn archive_session(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> Result<Json<SessionView>, ApiError> {
    let session = app.archive_session(caller.ctx(), id).await?;
    Ok(Json(shown(&app, &caller, session).await?))
}

/// A session that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedSession {
    #[schema(value_type = String)]
    id: SessionId,
    #[serde(rename = "type")]
    kind: DeletedType,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedType {
    SessionDeleted,
}

/// Delete a session
///
/// It is gone for good, with its log. Open streams are told and end. A turn that is under
/// way must be interrupted first.
#[utoipa::path(delete, path = "/v1/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path)),
    responses((status = 200, body = DeletedSession), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_session(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> Result<Json<DeletedSession>, ApiError> {
    app.delete_session(caller.ctx(), id).await?;
    Ok(Json(DeletedSession { id, kind: DeletedType::SessionDeleted }))
}

/// A session with its agent, as it is shown. Whoever was given the session may see it whole,
/// also with a key that may write sessions and not read them.
async fn shown(app: &App, caller: &Caller, session: Session) -> Result<SessionView, ApiError> {
    let ctx = Ctx { scopes: Scopes::of([Scope::SessionsRead]), ..caller.ctx().clone() };
    shown_all(app, &ctx, vec![session], false).await?.pop().ok_or_else(ApiError::internal)
}

/// The same for sessions that the caller may read.
async fn shown_all(
    app: &App,
    ctx: &Ctx,
    sessions: Vec<Session>,
    with_last_line: bool,
) -> Result<Vec<SessionView>, ApiError> {
    let told = app.tell_sessions(ctx, &sessions, with_last_line).await?;
    let mut shown = Vec::with_capacity(sessions.len());
    for (session, told) in sessions.into_iter().zip(told) {
        let agent = app.session_agent(ctx, &session).await?;
        shown.push(SessionView::new(session, &agent, told, ctx.now));
    }
    Ok(shown)
}

impl ListSessions {
    /// The filter it amounts to; `None` if nothing can fit it.
    fn filter(&self, position: Option<Position>, limit: usize) -> Result<Option<SessionFilter>, ApiError> {
        if self.agent_version.is_some() && self.agent_id.is_none() {
            return Err(ApiError::invalid("agent_version", "goes only with agent_id"));
        }
        if self.memory_store_id.is_some() {
            return Ok(None);
        }
        let agent: Result<Option<AgentId>, _> = self.agent_id.as_deref().map(str::parse).transpose();
        let deployment: Result<Option<DeploymentId>, _> = self.deployment_id.as_deref().map(str::parse).transpose();
        let (Ok(agent), Ok(deployment)) = (agent, deployment) else { return Ok(None) };
        let order = self.order.map_or(Order::NewestFirst, Order::from);
        let (order, after_session) = match position {
            None => (order, None),
            Some(Position::After(session)) => (order, Some(session)),
            Some(Position::Before(session)) => (reversed(order), Some(session)),
        };
        Ok(Some(SessionFilter {
            agent,
            agent_version: self.agent_version,
            deployment,
            statuses: self.statuses.iter().copied().map(Into::into).collect(),
            standings: self.states.iter().copied().map(Into::into).collect(),
            origins: self.origins.iter().copied().map(Into::into).collect(),
            title: self.title.clone().filter(|title| !title.is_empty()),
            include_archived: self.include_archived.unwrap_or(false),
            created_from: self.created_from.max(self.created_after.map(after)),
            created_until: earliest(self.created_until, self.created_before.map(before)),
            order,
            after: after_session,
            limit: Some(limit + 1),
            ..SessionFilter::default()
        }))
    }
}

/// The earlier of two bounds, of which either may be absent.
pub(crate) fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

fn reversed(order: Order) -> Order {
    match order {
        Order::OldestFirst => Order::NewestFirst,
        Order::NewestFirst => Order::OldestFirst,
    }
}

/// A place in the list, and the direction in which a page lies from it.
#[derive(Debug, Clone, Copy)]
enum Position {
    After(SessionId),
    Before(SessionId),
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Position::After(session) => write!(f, ">{session}"),
            Position::Before(session) => write!(f, "<{session}"),
        }
    }
}

impl std::str::FromStr for Position {
    type Err = domain::id::NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('<') {
            Some(session) => session.parse().map(Position::Before),
            None => text.strip_prefix('>').unwrap_or(text).parse().map(Position::After),
        }
    }
}

//! `/v1/stream`: what happens in all sessions of an organization. Ours.

use app::{App, ChangedSession, FromPosition, OrgStream, SessionSummary};
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use domain::event::StopReason;
use domain::session::SessionStatus;
use domain::{AgentId, EventId, SessionId, Timestamp};
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Caller, RequestId, Shared, sse};

use crate::error::{ApiError, ErrorEnvelope};
use crate::events::frames::{self, LAST_EVENT_ID};
use crate::events::stop_view::StopReasonView;
use crate::query::Query;
use crate::sessions::session_view::{StandingView, StatusView};
use crate::usage::UsageView;

/// From where to stream.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamOrganization {
    /// Begins behind this position, the `id` of a frame; `start` is the oldest that is kept.
    /// Without it, and without the header `Last-Event-ID`, the stream begins now.
    after: Option<String>,
}

/// A commit has changed a session. It is shown as it is when the event is sent, which may be
/// later than the commit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionChanged {
    #[serde(rename = "type")]
    kind: SessionChangedType,
    #[schema(value_type = String)]
    session_id: SessionId,
    #[schema(value_type = String)]
    agent_id: AgentId,
    status: StatusView,
    /// Where it stands, in one word: `waiting` is for a person.
    state: StandingView,
    /// Why it is idle, once it has been running.
    stop_reason: Option<StopReasonView>,
    /// `seq` of the last event; 0 before the first.
    seq: u64,
    title: Option<String>,
    /// The tool-use events that wait for somebody.
    #[schema(value_type = Vec<String>)]
    waiting_for: Vec<EventId>,
    usage: UsageView,
    /// Model calls begun.
    steps: u64,
    /// When its last event was stored.
    updated_at: Timestamp,
}

/// What kind of event it is.
#[derive(Debug, Serialize, ToSchema)]
enum SessionChangedType {
    #[serde(rename = "session.changed")]
    SessionChanged,
}

impl From<&SessionSummary> for SessionChanged {
    fn from(session: &SessionSummary) -> Self {
        let state = &session.state;
        let waiting_for = match &state.stop_reason {
            Some(StopReason::RequiresAction { event_ids }) if state.status == SessionStatus::Idle => event_ids.clone(),
            _ => Vec::new(),
        };
        let is_idle = state.status == SessionStatus::Idle;
        Self {
            kind: SessionChangedType::SessionChanged,
            session_id: session.id,
            agent_id: session.agent,
            status: state.status.into(),
            state: session.standing.into(),
            stop_reason: state.stop_reason.clone().filter(|_| is_idle).map(StopReasonView::from),
            seq: state.seq,
            title: session.title.clone(),
            waiting_for,
            usage: UsageView::new(state.usage, state.cost, state.active_ms),
            steps: state.steps,
            updated_at: state.updated_at,
        }
    }
}

/// Stream the organization
///
/// Server-sent events: one `session.changed` for each commit that changed a session, in the
/// order of the commits; `id` is the position in that order. The first frame is a `ping` whose
/// `id` is where the stream begins. A key of one project is told of
/// its project's sessions only. Positions are kept for seven days; an older one is answered
/// with 410.
#[utoipa::path(get, path = "/v1/stream", tag = "sessions", params(StreamOrganization),
    responses((status = 200, content_type = "text/event-stream", body = SessionChanged),
        (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn stream_organization(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    Query(query): Query<StreamOrganization>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let from = query.from(&headers)?;
    let place = shared.limits.take_stream(caller.ctx().org)?;
    let changes = app.stream_org(caller.ctx(), from).await?;
    Ok(sse::response(rendered(changes), &shared.drain, frames::manners(place)))
}

fn rendered(changes: OrgStream) -> impl Stream<Item = Bytes> + Send + Unpin + 'static {
    let request = RequestId::current();
    // A client that is cut off before the first change knows from where to go on.
    let opening = match changes.after {
        0 => frames::frame(Some(&"start"), "ping", &Ping::NOW),
        position => frames::frame(Some(&position), "ping", &Ping::NOW),
    };
    let changes = changes.map(move |change| match change {
        Ok(ChangedSession { position, session }) => {
            frames::frame(Some(&position), "session.changed", &SessionChanged::from(&*session))
        }
        Err(error) => frames::fault(&ApiError::from(error).envelope(request)),
    });
    futures::stream::iter([opening]).chain(changes)
}

/// A sign of life.
#[derive(Serialize)]
struct Ping {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Ping {
    const NOW: Ping = Ping { kind: "ping" };
}

impl StreamOrganization {
    fn from(&self, headers: &HeaderMap) -> Result<FromPosition, ApiError> {
        let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("not a text"));
        match self.after.as_deref().or(header) {
            None => Ok(FromPosition::Now),
            Some("start") => Ok(FromPosition::Start),
            Some(text) => match text.parse() {
                Ok(position) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(FromPosition::After(position)),
                _ => Err(ApiError::invalid("after", "is no position of this organization")),
            },
        }
    }
}

//! `/v1/sessions/{id}/events`.

mod approval_view;
pub(crate) mod content;
pub(crate) mod event_view;
mod fault_view;
pub(crate) mod frames;
mod listing;
mod monitor_view;
pub(crate) mod overview;
pub(crate) mod sent;
pub(crate) mod stop_view;
pub(crate) mod stream;
mod wait;

use app::App;
use axum::extract::State;
use axum::{Extension, Json};
use domain::{EventId, SessionId};
use web::{Caller, Shared};

use self::event_view::EventView;
use self::listing::ListEvents;
use self::sent::SendEvents;
use self::wait::{SendQuery, SentEvents};
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::Page;
use crate::path_id::{PathId, PathIds};
use crate::query::Query;

/// Send events
///
/// All are taken or none. What arrives while a turn runs waits for it to end, but for
/// interrupts, decisions and results. With `wait`, the answer is held until the session is
/// idle.
#[utoipa::path(post, path = "/v1/sessions/{session_id}/events", tag = "events",
    params(("session_id" = String, Path), SendQuery), request_body = SendEvents,
    responses((status = 200, body = SentEvents), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn send_events(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    Query(query): Query<SendQuery>,
    Body(send): Body<SendEvents>,
) -> Result<Json<SentEvents>, ApiError> {
    let (ctx, patience) = (caller.ctx(), query.patience()?);
    let bodies = send.into_bodies()?;
    let Some(patience) = patience else {
        return Ok(Json(SentEvents::new(&app.send_events(ctx, id, bodies).await?)));
    };
    let _place = shared.limits.take_stream(ctx.org)?;
    let (sent, turn) = app.send_and_watch(ctx, id, bodies).await?;
    Ok(Json(SentEvents::new(&sent).with(wait::rest(turn, patience, &shared.drain).await?)))
}

/// List events
///
/// Those of the log by `seq`, then those that wait.
#[utoipa::path(get, path = "/v1/sessions/{session_id}/events", tag = "events",
    params(("session_id" = String, Path), ListEvents),
    responses((status = 200, body = Page<EventView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_events(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    Query(query): Query<ListEvents>,
) -> Result<Json<Page<EventView>>, ApiError> {
    Ok(Json(query.read(&app, caller.ctx(), id).await?))
}

/// Read an event
///
/// One of the log; what still waits to be taken into it is in the list. Ours.
#[utoipa::path(get, path = "/v1/sessions/{session_id}/events/{event_id}", tag = "events",
    params(("session_id" = String, Path), ("event_id" = String, Path)),
    responses((status = 200, body = EventView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_event(
    State(app): State<App>,
    caller: Caller,
    PathIds(session, event): PathIds<SessionId, EventId>,
) -> Result<Json<EventView>, ApiError> {
    Ok(Json(EventView::from(&app.find_event(caller.ctx(), session, event).await?)))
}

/// Where a reader says it left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    /// Before the first event.
    Start,
    /// Behind this event.
    Event(EventId),
}

/// Reads a cursor as clients write it.
fn cursor(text: &str) -> Result<Cursor, ApiError> {
    match text {
        "start" => Ok(Cursor::Start),
        id => id.parse().map(Cursor::Event).map_err(|_| unknown_cursor()),
    }
}

fn unknown_cursor() -> ApiError {
    ApiError::invalid("after", "is no event of this session")
}

//! `/v1/sessions/{id}/events/stream`.

use app::{App, FieldError, SessionStream, StreamItem};
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use domain::SessionId;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Caller, RequestId, Shared, sse};

use super::frames::{self, DeltaCursor, LAST_EVENT_ID, PreviewFrames, Previews};
use super::{Cursor, cursor};
use crate::error::{ApiError, ErrorEnvelope};
use crate::path_id::PathId;
use crate::query::Query;

/// What to stream, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamEvents {
    /// Which events to tell of while they are in the making.
    #[serde(default)]
    #[param(rename = "event_deltas[]")]
    event_deltas: Vec<DeltaKind>,
    /// Begins with what was stored after this event; `start` is everything. Without it, and
    /// without the header `Last-Event-ID`, the stream begins now. Ours.
    after: Option<String>,
    /// `EVENT:INDEX:END`: text of this event that the reader has already. Ours.
    delta_after: Option<String>,
}

/// An event that can be told of while it is in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum DeltaKind {
    #[serde(rename = "agent.message")]
    Message,
    #[serde(rename = "agent.thinking")]
    Thinking,
}

/// Stream events
///
/// Server-sent events. Stays open while the session is idle; ends when the session does, or
/// when the server stops, and then continues from `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/sessions/{session_id}/events/stream", tag = "events",
    params(("session_id" = String, Path), StreamEvents),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn stream_events(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    Query(query): Query<StreamEvents>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (from, wanted, known) = (query.from(&headers)?, query.previews(), query.delta_cursor()?);
    let place = shared.limits.take_stream(caller.ctx().org)?;
    let events = app.stream_session(caller.ctx(), id, from, wanted != Previews::default()).await?;
    Ok(sse::response(rendered(events, wanted, known), &shared.drain, frames::manners(place)))
}

fn rendered(
    events: SessionStream,
    wanted: Previews,
    known: Option<DeltaCursor>,
) -> impl Stream<Item = Bytes> + Send + Unpin + 'static {
    let request = RequestId::current();
    let mut previews = PreviewFrames::new(wanted, known);
    events.filter_map(move |item| {
        std::future::ready(match item {
            Ok(StreamItem::Stored(event)) => Some(frames::stored(&event)),
            Ok(StreamItem::Preview(item)) => previews.next(&item),
            Ok(StreamItem::Deleted { event, at }) => Some(frames::deleted(event, at)),
            Err(error) => Some(frames::fault(&ApiError::from(error).envelope(request))),
        })
    })
}

impl StreamEvents {
    fn from(&self, headers: &HeaderMap) -> Result<app::From, ApiError> {
        let header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("not a text"));
        let Some(text) = self.after.as_deref().or(header) else { return Ok(app::From::Now) };
        Ok(match cursor(text)? {
            Cursor::Start => app::From::Start,
            Cursor::Event(id) => app::From::After(id),
        })
    }

    fn previews(&self) -> Previews {
        Previews {
            messages: self.event_deltas.contains(&DeltaKind::Message),
            thinking: self.event_deltas.contains(&DeltaKind::Thinking),
        }
    }

    fn delta_cursor(&self) -> Result<Option<DeltaCursor>, ApiError> {
        let Some(text) = &self.delta_after else { return Ok(None) };
        let wrong = || FieldError::new("delta_after", "must be EVENT:INDEX:END, as the last delta said");
        text.parse().map(Some).map_err(|()| app::Error::Invalid(vec![wrong()]).into())
    }
}

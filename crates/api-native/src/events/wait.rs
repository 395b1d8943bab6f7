//! Sending and waiting for what comes of it, in one call.

use std::time::Duration;

use app::{Rest, SentEvent, TurnWatch};
use domain::session::SessionStatus;
use domain::{EventId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Drain;

use super::event_view::EventView;
use super::stop_view::StopReasonView;
use crate::error::ApiError;
use crate::sessions::session_view::StatusView;

const SECONDS_MAX: u64 = 290;

/// How to send.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SendQuery {
    /// Holds the answer until the session is idle or terminated, at most this many seconds. Ours.
    #[param(minimum = 1, maximum = 290)]
    wait: Option<u64>,
}

impl SendQuery {
    /// How long to wait, if at all.
    pub(super) fn patience(&self) -> Result<Option<Duration>, ApiError> {
        match self.wait {
            None => Ok(None),
            Some(seconds @ 1..=SECONDS_MAX) => Ok(Some(Duration::from_secs(seconds))),
            Some(_) => Err(ApiError::invalid("wait", format!("must be 1 to {SECONDS_MAX} seconds"))),
        }
    }
}

/// The events as they were taken; with `wait`, what came of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SentEvents {
    data: Vec<EventView>,
    /// What was stored since, at most the first 1,000 events. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventView>>,
    /// Whether more was stored than `events` holds; it follows `cursor`. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_more: Option<bool>,
    /// The session since. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<RestingSession>,
    /// Why it is idle; null if it is not. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StopReasonView>)]
    stop_reason: Option<Option<StopReasonView>>,
    /// Whether the time was over before the session was idle; its turn goes on. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    timed_out: Option<bool>,
    /// To be sent as `after` for what follows. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A session that was waited for.
#[derive(Debug, Serialize, ToSchema)]
struct RestingSession {
    #[schema(value_type = String)]
    id: SessionId,
    status: StatusView,
}

impl SentEvents {
    pub(super) fn new(sent: &[SentEvent]) -> Self {
        Self { data: sent.iter().map(EventView::from).collect(), ..Self::default() }
    }

    /// With what came of them.
    pub(super) fn with(self, rest: Rest) -> Self {
        let Rest { session, events, has_more, timed_out, cursor } = rest;
        let is_idle = session.state.status == SessionStatus::Idle;
        let stop_reason = session.state.stop_reason.filter(|_| is_idle).map(StopReasonView::from);
        let start = || "start".to_owned();
        Self {
            data: self.data,
            events: Some(events.iter().map(|event| EventView::from(&**event)).collect()),
            has_more: Some(has_more),
            session: Some(RestingSession { id: session.id, status: session.state.status.into() }),
            stop_reason: Some(stop_reason),
            timed_out: Some(timed_out),
            cursor: Some(cursor.as_ref().map_or_else(start, EventId::to_string)),
        }
    }
}

/// Waits for the turn, no longer than this, nor than a stopping server does.
pub(super) async fn rest(turn: TurnWatch, patience: Duration, drain: &Drain) -> Result<Rest, ApiError> {
    Ok(turn.rest(drain.grace_over_or(patience), drain.draining()).await?)
}

//! `/v1/sessions/{id}/overview`: a log at a glance. Sortie's own.

use app::App;
use axum::Json;
use axum::extract::State;
use domain::session::overview::{STRETCHES_MAX, Stretch};
use domain::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};
use crate::path_id::PathId;
use crate::query::Query;

/// How finely to look at which part of a log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowOverview {
    /// Parts to tell of at most: 1 to 500, 200 if absent.
    #[param(minimum = 1, maximum = 500)]
    parts: Option<u64>,
    /// From this `seq` on.
    #[serde(rename = "seq[gte]")]
    first_seq: Option<u64>,
    /// Up to this `seq`.
    #[serde(rename = "seq[lte]")]
    last_seq: Option<u64>,
}

/// A log at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverviewView {
    /// Equal parts of the log, the oldest first; each but the last has as many events.
    data: Vec<StretchView>,
}

/// A part of a log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StretchView {
    /// `seq` of its first event.
    first_seq: u64,
    /// `seq` of its last event.
    last_seq: u64,
    /// When the first was taken into the log.
    from: Timestamp,
    /// When the last was.
    to: Timestamp,
    /// Milliseconds of that in which the session was idle.
    rested_ms: u64,
    /// Model calls that began.
    model_calls: u32,
    /// Tool calls that were asked for.
    tool_calls: u32,
    /// Decisions and results that had been waited for.
    waits: u32,
    /// How often a fault interrupted a turn that went on.
    retries: u32,
    /// Events of the type `session.error`.
    errors: u32,
}

const PARTS_DEFAULT: u64 = 200;

/// Look over a session's log
///
/// What happened when, in a few hundred counts, however long the log is. Ours.
#[utoipa::path(get, path = "/v1/sessions/{session_id}/overview", tag = "events",
    params(("session_id" = String, Path), ShowOverview),
    responses((status = 200, body = OverviewView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn show_overview(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    Query(query): Query<ShowOverview>,
) -> Result<Json<OverviewView>, ApiError> {
    let parts = query.parts.unwrap_or(PARTS_DEFAULT);
    if !(1..=STRETCHES_MAX).contains(&parts) {
        return Err(ApiError::invalid("parts", format!("must be 1 to {STRETCHES_MAX}")));
    }
    let seqs = query.first_seq.unwrap_or(1)..=query.last_seq.unwrap_or(u64::MAX);
    let stretches = app.survey_log(caller.ctx(), id, seqs, parts).await?;
    Ok(Json(OverviewView { data: stretches.into_iter().map(StretchView::from).collect() }))
}

impl From<Stretch> for StretchView {
    fn from(stretch: Stretch) -> Self {
        let Stretch { first_seq, last_seq, from, to, rested_ms, model_calls, tool_calls, waits, retries, errors } =
            stretch;
        Self { first_seq, last_seq, from, to, rested_ms, model_calls, tool_calls, waits, retries, errors }
    }
}

//! `/v1/rollouts`: software deployments that pipelines reported, and decisions about those
//! that wait for approval. Ours.

pub(crate) mod rollout_view;

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use app::{App, Ctx, DecideRollout, Error, Refused, ReportedRollout, RolloutFilter};
use axum::extract::State;
use axum::{Extension, Json};
use domain::approval::{DecisionRefusal, Verdict};
use domain::rollout::RolloutStatus;
use domain::{ProjectId, RolloutId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Caller, Shared};

use self::rollout_view::RolloutView;
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::{Named, PathId};
use crate::query::Query;

const WAIT_SECONDS_MAX: u64 = 290;

/// Which rollouts to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRollouts {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Of this project.
    #[param(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// With this status.
    #[param(inline)]
    status: Option<StatusParam>,
    /// Those alone that wait for approval.
    waits_for_approval: Option<bool>,
}

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusParam {
    Pending,
    Running,
    Success,
    Failure,
    Cancelled,
}

/// How to read a rollout.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadRollout {
    /// Holds the answer as long as the rollout waits for approval, at most this many seconds.
    #[param(minimum = 1, maximum = 290)]
    wait: Option<u64>,
}

/// A decision.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Decide {
    /// Why, for those who read it later: at most 2,000 characters.
    #[serde(default)]
    reason: Option<String>,
    /// `requested_at` of the approval that was seen: if something else is asked by now, nothing
    /// is decided, and the answer is 409.
    #[serde(default)]
    requested_at: Option<Timestamp>,
}

/// List rollouts
///
/// The newest first.
#[utoipa::path(get, path = "/v1/rollouts", tag = "rollouts", params(ListRollouts),
    responses((status = 200, body = Page<RolloutView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_rollouts(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListRollouts>,
) -> Result<Json<Page<RolloutView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("rollouts", &query));
    let after: Option<RolloutId> = pages.position(query.page.as_deref())?;
    let filter = RolloutFilter {
        project: query.project_id,
        status: query.status.map(RolloutStatus::from),
        waits_for_approval: query.waits_for_approval.unwrap_or_default(),
        after,
        limit: Some(limit + 1),
        ..RolloutFilter::default()
    };
    let mut rollouts = app.page_rollouts(caller.ctx(), filter).await?;
    let more = page::cut(&mut rollouts, limit);
    let next = rollouts.last().filter(|_| more).map(|last| pages.text(last.rollout.id));
    let watched = app.watched(caller.ctx(), rollouts).await?;
    Ok(Json(Page::new(watched.into_iter().map(RolloutView::from).collect(), next)))
}

/// Read a rollout
///
/// By its id, or by the one it has in the Cased-compatible API. With `wait`, the answer is held
/// until nobody's approval is waited for.
#[utoipa::path(get, path = "/v1/rollouts/{rollout_id}", tag = "rollouts",
    params(("rollout_id" = String, Path), ReadRollout),
    responses((status = 200, body = RolloutView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_rollout(
    State(app): State<App>,
    Extension(shared): Extension<Shared>,
    caller: Caller,
    PathId(RolloutName(name)): PathId<RolloutName>,
    Query(query): Query<ReadRollout>,
) -> Result<Json<RolloutView>, ApiError> {
    let ctx = caller.ctx();
    let found = match query.wait {
        None => app.find_rollout(ctx, &name).await?,
        Some(seconds @ 1..=WAIT_SECONDS_MAX) => {
            let _place = shared.limits.take_stream(ctx.org)?;
            let enough = shared.drain.grace_over_or(Duration::from_secs(seconds));
            app.wait_for_approval(ctx, &name, enough).await?
        }
        Some(_) => return Err(ApiError::invalid("wait", format!("must be 1 to {WAIT_SECONDS_MAX} seconds"))),
    };
    shown(&app, ctx, found).await
}

/// Approve a rollout
///
/// As many different people as its rules want must. Nobody approves what they reported
/// themselves, unless the rule allows it.
#[utoipa::path(post, path = "/v1/rollouts/{rollout_id}/approve", tag = "rollouts",
    params(("rollout_id" = String, Path)), request_body = Decide,
    responses((status = 200, body = RolloutView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn approve_rollout(
    State(app): State<App>,
    caller: Caller,
    PathId(RolloutName(name)): PathId<RolloutName>,
    Body(decide): Body<Decide>,
) -> Result<Json<RolloutView>, ApiError> {
    let decided = app.decide_rollout(caller.ctx(), &name, decide.said(Verdict::Approve)).await;
    shown(&app, caller.ctx(), decided.map_err(not_decided)?).await
}

/// Reject a rollout
///
/// One approver is enough. Its pipeline may report it again, which asks anew.
#[utoipa::path(post, path = "/v1/rollouts/{rollout_id}/reject", tag = "rollouts",
    params(("rollout_id" = String, Path)), request_body = Decide,
    responses((status = 200, body = RolloutView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn reject_rollout(
    State(app): State<App>,
    caller: Caller,
    PathId(RolloutName(name)): PathId<RolloutName>,
    Body(decide): Body<Decide>,
) -> Result<Json<RolloutView>, ApiError> {
    let decided = app.decide_rollout(caller.ctx(), &name, decide.said(Verdict::Reject)).await;
    shown(&app, caller.ctx(), decided.map_err(not_decided)?).await
}

async fn shown(app: &App, ctx: &Ctx, reported: ReportedRollout) -> Result<Json<RolloutView>, ApiError> {
    Ok(Json(app.watched_one(ctx, reported).await?.into()))
}

impl Decide {
    fn said(self, verdict: Verdict) -> DecideRollout {
        DecideRollout { verdict, reason: self.reason, asked_at: self.requested_at }
    }
}

/// Whoever may not decide is told so, and whoever comes too late.
fn not_decided(error: Error) -> ApiError {
    match error {
        Error::Refused(Refused::Decision(refusal)) => match refusal {
            DecisionRefusal::Own | DecisionRefusal::NotAnApprover => ApiError::forbidden(&refusal.to_string()),
            DecisionRefusal::NothingAsked
            | DecisionRefusal::Decided(_)
            | DecisionRefusal::AskedAnew
            | DecisionRefusal::Twice => Error::Conflict(refusal.to_string()).into(),
        },
        other => other.into(),
    }
}

/// What a path names a rollout by: its id in any spelling, or its random id.
#[derive(Debug, Clone)]
pub(crate) struct RolloutName(String);

impl FromStr for RolloutName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Named for RolloutName {
    const NOUN: &'static str = "rollout";
}

impl From<StatusParam> for RolloutStatus {
    fn from(param: StatusParam) -> Self {
        match param {
            StatusParam::Pending => RolloutStatus::Pending,
            StatusParam::Running => RolloutStatus::Running,
            StatusParam::Success => RolloutStatus::Success,
            StatusParam::Failure => RolloutStatus::Failure,
            StatusParam::Cancelled => RolloutStatus::Cancelled,
        }
    }
}

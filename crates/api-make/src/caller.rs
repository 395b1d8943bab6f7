//! Who calls, for which team, with which scope: one extractor for each kind of operation,
//! so that a handler's arguments show who may call it.
//!
//! Checks come in the contract's order because arguments are extracted from left to right:
//! the path's ids ([`Id`], [`Number`]), then one of these, then the body.

use std::str::FromStr;

use app::Ctx;
use axum::extract::FromRequestParts;
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::http::request::Parts;
use domain::org::Project;
use utoipa::IntoParams;
use web::{Facade, HeaderOrder, Query};

use crate::Make;
use crate::error::ApiError;
use crate::query::{number, whole_number};
use crate::scopes::MakeScope;

/// A team, and a caller who may do with it what the operation needs.
#[derive(Debug)]
pub(crate) struct Team {
    /// The caller, with what serving the operation takes.
    pub(crate) ctx: Ctx,
    /// The team.
    pub(crate) project: Project,
}

/// The team of an operation that reads.
#[derive(Debug)]
pub(crate) struct Reading(pub(crate) Team);

/// The team of an operation that writes or runs.
#[derive(Debug)]
pub(crate) struct Writing(pub(crate) Team);

/// Whoever holds a token that is known, whatever its scopes.
#[derive(Debug)]
pub(crate) struct AnyToken {
    /// The caller as they are.
    pub(crate) caller: Ctx,
    /// The caller, with what looking things up takes.
    pub(crate) ctx: Ctx,
}

/// The id in the path, in any of its spellings. A path that has none does not exist.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

/// The number in the path. A path that has none does not exist.
#[derive(Debug)]
pub(crate) struct Number(pub(crate) u64);

/// The team, on every operation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
pub(crate) struct TeamQuery {
    /// The team.
    #[param(minimum = 1, rename = "teamId")]
    team_id: u64,
}

impl Team {
    async fn of(parts: &Parts, make: &Make, scope: MakeScope) -> Result<Self, ApiError> {
        let caller = known(parts, make).await?;
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let team = number(&query, "teamId").map_err(|fault| ApiError::invalid([fault]))?;
        let project = make.app.find_project_numbered(&caller, team).await.map_err(no_team(team))?;
        if !scope.is_held_by(&caller) {
            return Err(ApiError::lacks(scope));
        }
        Ok(Self { ctx: scope.serving(&caller), project })
    }

    /// A body that names the team must name the query's.
    pub(crate) fn must_be(&self, number: u64) -> Result<(), ApiError> {
        if number == self.project.number {
            return Ok(());
        }
        Err(ApiError::invalid_field("teamId", "must be the same as in the query"))
    }
}

/// What is said of a team that is not there.
pub(crate) fn no_team(number: u64) -> impl FnOnce(app::Error) -> ApiError {
    move |error| match error {
        app::Error::NotFound(_) => ApiError::not_found(format_args!("team {number}")),
        other => other.into(),
    }
}

async fn known(parts: &Parts, make: &Make) -> Result<Ctx, ApiError> {
    let caller = web::auth::authenticate(&make.app, &parts.headers, HeaderOrder::AuthorizationFirst).await?;
    make.shared.limits.check(Facade::Make, caller.ctx())?;
    Ok(caller.ctx().clone())
}

impl FromRequestParts<Make> for Reading {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, make: &Make) -> Result<Self, ApiError> {
        Team::of(parts, make, MakeScope::Read).await.map(Self)
    }
}

impl FromRequestParts<Make> for Writing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, make: &Make) -> Result<Self, ApiError> {
        Team::of(parts, make, MakeScope::Write).await.map(Self)
    }
}

impl FromRequestParts<Make> for AnyToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, make: &Make) -> Result<Self, ApiError> {
        let caller = known(parts, make).await?;
        let ctx = MakeScope::Read.serving(&caller);
        Ok(Self { caller, ctx })
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        in_path(parts, state, |text| text.parse().ok()).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        in_path(parts, state, |text| whole_number(text).filter(|number| *number > 0)).await.map(Self)
    }
}

async fn in_path<T, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    read: impl FnOnce(&str) -> Option<T> + Send,
) -> Result<T, ApiError> {
    let params: Result<RawPathParams, RawPathParamsRejection> = RawPathParams::from_request_parts(parts, state).await;
    let found = params.ok().and_then(|params| params.iter().next().and_then(|(_, text)| read(text)));
    found.ok_or_else(ApiError::no_such_path)
}

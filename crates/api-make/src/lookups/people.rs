//! Who calls, and with which rights.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Make;
use crate::caller::AnyToken;
use crate::error::ApiError;
use crate::scopes::MakeScope;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeReply {
    auth_user: Me,
}

/// A person. Numbers of tables that are not kept here are 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    /// Their number.
    id: u64,
    /// Their name.
    name: String,
    /// Their e-mail address.
    email: String,
    /// Always `en`.
    language: &'static str,
    /// 0.
    timezone_id: u64,
    /// 0.
    locale_id: u64,
    /// 0.
    country_id: u64,
    /// None.
    features: Map<String, Value>,
    /// Empty.
    avatar: String,
    /// The organization's time zone.
    timezone: String,
    /// Always `en_US`.
    locale: &'static str,
}

/// The caller's rights.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuthorizationReply {
    authorization: Authorization,
}

/// Rights.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    /// Always `token`.
    auth_used: &'static str,
    /// The scopes.
    scope: Vec<MakeScope>,
}

/// Show the caller
#[utoipa::path(get, path = "/users/me", tag = "Look-ups", responses(
    (status = 200, description = "The caller.", body = MeReply), crate::openapi::Failures
))]
pub(super) async fn show_me(State(make): State<Make>, token: AnyToken) -> Result<Json<MeReply>, ApiError> {
    let caller = make.app.describe_caller(&token.ctx).await?;
    let auth_user = Me {
        id: caller.member.number,
        name: caller.member.name,
        email: caller.member.email,
        language: "en",
        timezone_id: 0,
        locale_id: 0,
        country_id: 0,
        features: Map::new(),
        avatar: String::new(),
        timezone: caller.org.time_zone.clone(),
        locale: "en_US",
    };
    Ok(Json(MeReply { auth_user }))
}

/// Show the caller's rights
#[utoipa::path(get, path = "/users/me/current-authorization", tag = "Look-ups", responses(
    (status = 200, description = "The rights.", body = AuthorizationReply), crate::openapi::Failures
))]
pub(super) async fn show_authorization(token: AnyToken) -> Json<AuthorizationReply> {
    let scope = MakeScope::ALL.into_iter().filter(|scope| scope.is_held_by(&token.caller)).collect();
    Json(AuthorizationReply { authorization: Authorization { auth_used: "token", scope } })
}

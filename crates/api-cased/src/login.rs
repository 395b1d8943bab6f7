//! The command line's login: a program shows a code, a person allows it in the browser, and
//! the program is handed a key of theirs, once.

mod codes;
mod pending;

use app::{CreateKey, Ctx, KeyFormat};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Caller, ClientAddress, Query};

use crate::Cased;
use crate::body::Body;
use crate::caller::SCOPES;
use crate::error::ApiError;
use crate::reading::Fields;

pub(crate) use pending::Logins;
use pending::{Decision, LIVES_FOR, Polled};

/// Seconds between two polls.
const INTERVAL: u64 = 2;

/// The operations that need no key.
pub(crate) fn routes() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().routes(routes!(initiate)).routes(routes!(poll)).routes(routes!(validate))
}

/// What the page at `/cli/verify` asks for, with a key or as somebody who has logged in.
pub(crate) fn deciding_routes() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().routes(routes!(decide))
}

/// A login that has begun.
#[derive(Serialize, ToSchema)]
struct Initiated {
    /// What the program polls with.
    device_code: String,
    /// What the person types.
    #[schema(example = "ABCD-1234")]
    user_code: String,
    /// Where they type it.
    verification_uri: String,
    /// Seconds that the codes are good for.
    expires_in: u64,
    /// Seconds between two polls.
    interval: u64,
}

/// How a login stands.
#[derive(Serialize, ToSchema)]
struct Poll {
    /// `pending` or `complete`.
    status: &'static str,
    /// The key, when it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    token: Option<String>,
}

/// Which login.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
struct PollQuery {
    /// As it was given when the login began.
    device_code: String,
}

/// A key to be looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Token {
    token: String,
}

/// Whose a key is.
#[derive(Serialize, ToSchema)]
struct Validated {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    user: Option<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    organization: Option<Organization>,
}

#[derive(Serialize, ToSchema)]
struct User {
    email: String,
}

#[derive(Serialize, ToSchema)]
struct Organization {
    name: String,
}

/// What a person decided.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Decided {
    /// As it was shown; case and hyphen do not matter.
    user_code: String,
    /// `allow` or `refuse`.
    decision: String,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
struct Done {
    /// A sentence for the person.
    message: String,
}

/// Begin a login
#[utoipa::path(post, path = "/api/v1/cli/auth/initiate", tag = "Login", security(()),
    responses((status = 200, description = "Begun.", body = Initiated), crate::openapi::Failures))]
async fn initiate(State(cased): State<Cased>, ClientAddress(from): ClientAddress) -> Result<Json<Initiated>, ApiError> {
    let now = cased.app.now();
    let random = std::array::from_fn(|_| cased.app.fresh_uuid());
    let begun = cased
        .logins
        .begin(from, random, now)
        .map_err(|wait| ApiError::too_often("Too many logins were begun from this address: try again later.", wait))?;
    Ok(Json(Initiated {
        device_code: begun.device_code,
        user_code: begun.user_code,
        verification_uri: format!("{}/cli/verify", cased.public_url),
        expires_in: LIVES_FOR.as_secs().unsigned_abs(),
        interval: INTERVAL,
    }))
}

/// Ask how a login stands
///
/// While somebody is waited for, and whatever else goes wrong here, the answer is a 200 or a
/// 400: programs give up on anything else.
#[utoipa::path(get, path = "/api/v1/cli/auth/poll", tag = "Login", params(PollQuery), security(()),
    responses((status = 200, description = "How it stands.", body = Poll), crate::openapi::Failures))]
async fn poll(State(cased): State<Cased>, query: Query) -> Result<Json<Poll>, ApiError> {
    let code = query.find("device_code").unwrap_or_default();
    let pending = Poll { status: "pending", token: None };
    match cased.logins.poll(code, cased.app.now()) {
        Polled::Gone => Err(ApiError::bad_request("This code is refused, expired, unknown or was used.")),
        Polled::Pending => Ok(Json(pending)),
        Polled::Allowed(ctx) => {
            let mut taking = cased.logins.taking(code);
            match key_for(&cased, &ctx).await {
                Ok(token) => {
                    taking.is_over();
                    Ok(Json(Poll { status: "complete", token: Some(token) }))
                }
                Err(app::Error::Unauthenticated(_)) => {
                    taking.is_over();
                    Err(ApiError::bad_request("The key that allowed this login works no more."))
                }
                Err(error) => {
                    tracing::error!(%error, "the key of a login could not be made: it is tried again");
                    Ok(Json(pending))
                }
            }
        }
    }
}

/// Look at a key
#[utoipa::path(post, path = "/api/v1/cli/auth/validate", tag = "Login", request_body = Token, security(()),
    responses((status = 200, description = "Whose it is, if it is good.", body = Validated), crate::openapi::Failures))]
async fn validate(State(cased): State<Cased>, Body(body): Body) -> Result<Json<Validated>, ApiError> {
    let mut fields = Fields::of(body);
    let token = fields.required_text("token", 1_000);
    fields.rest()?;
    let bad = Validated { valid: false, user: None, organization: None };
    let ctx = match cased.app.authenticate(&token.unwrap_or_default()).await {
        Ok(ctx) => ctx,
        Err(app::Error::Unauthenticated(_)) => return Ok(Json(bad)),
        Err(error) => return Err(error.into()),
    };
    let described = cased.app.describe_caller(&ctx).await?;
    Ok(Json(Validated {
        valid: true,
        user: Some(User { email: described.member.email }),
        organization: Some(Organization { name: described.org.name.clone() }),
    }))
}

/// Allow or refuse a login
///
/// What the page at `/cli/verify` sends, with the key or the login of whoever decides. Ours.
#[utoipa::path(post, path = "/api/v1/cli/auth/decide", tag = "Login", request_body = Decided,
    responses((status = 200, description = "Decided.", body = Done), crate::openapi::Failures))]
async fn decide(State(cased): State<Cased>, caller: Caller, Body(body): Body) -> Result<Json<Done>, ApiError> {
    let mut fields = Fields::of(body);
    let code = fields.required_text("user_code", 100);
    let decision = fields.word("decision", Decision::read, "Must be allow or refuse.");
    let decision = decision.or_else(|| fields.fault_once("decision", "This field is required."));
    fields.rest()?;
    let (Some(code), Some(decision)) = (code, decision) else { return Err(ApiError::internal()) };
    let ctx = caller.ctx();
    if let Decision::Allow = decision {
        may_give(ctx)?;
    }
    let person = ctx.member.map_or(ctx.org.0, |member| member.0);
    let decided = cased.logins.decide(person, &code, decision, ctx, cased.app.now());
    decided.map_err(|refused| match refused {
        pending::Refused::Locked(wait) => ApiError::too_often("Too many wrong codes: try again later.", wait),
        pending::Refused::NoSuchCode => ApiError::invalid_field("user_code", "This code is not waited for."),
    })?;
    let message = match decision {
        Decision::Allow => "The program is logged in. You can close this page.",
        Decision::Refuse => "The login was refused. You can close this page.",
    };
    Ok(Json(Done { message: message.to_owned() }))
}

/// Whoever allows a login gives a key of their own rights, so these must be theirs.
fn may_give(ctx: &Ctx) -> Result<(), ApiError> {
    ctx.require(domain::key::Scope::KeysWrite)?;
    SCOPES.iter().try_for_each(|scope| ctx.require(*scope))?;
    Ok(())
}

/// A key of the person who allowed the login, if the key they allowed it with still works, and
/// for no longer than that one.
async fn key_for(cased: &Cased, ctx: &Ctx) -> Result<String, app::Error> {
    cased.app.check_caller(ctx).await?;
    let ctx = Ctx { now: cased.app.now(), ..ctx.clone() };
    let described = cased.app.describe_caller(&ctx).await?;
    let create = CreateKey {
        name: format!("CLI of {}", described.member.email).chars().take(256).collect(),
        scopes: SCOPES.to_vec(),
        project: None,
        expires_at: ctx.key_expires_at,
        format: KeyFormat::Sortie,
        budget: None,
        member: None,
    };
    let (_, secret) = cased.app.create_key(&ctx, create).await?;
    Ok(secret.reveal().to_owned())
}

//! Tokens of visitors, for a site's back end.

use axum::extract::State;
use domain::DeploymentId;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;
use web::Caller;

use crate::Cassidy;
use crate::body::{Answer, Body, Fields, FromFields};
use crate::caller::managing;
use crate::error::{ApiError, Issue};
use crate::openapi::PostFailures;
use crate::threads::iso;

/// Longest name of a visitor, in characters.
const USER_CHARS_MAX: usize = 256;

/// Which token is wanted.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct CreateEmbedTokenBody {
    /// The embed deployment.
    #[schema(min_length = 1, max_length = 64)]
    deployment_key: String,
    /// How long it holds; brought within 60 to 86,400. 3,600 if absent.
    #[schema(required = false)]
    expires_in_seconds: f64,
    /// What the site calls its visitor.
    #[schema(required = false, max_length = 256)]
    user: String,
}

/// Which token is wanted, read and checked.
#[derive(Debug)]
pub(crate) struct CreateEmbedToken {
    deployment: String,
    seconds: Option<f64>,
    user: Option<String>,
}

impl FromFields for CreateEmbedToken {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let (deployment, seconds) = (fields.id("deployment_key"), fields.optional_number("expires_in_seconds"));
        let user = fields.optional_text("user");
        if user.is_some_and(|user| user.chars().count() > USER_CHARS_MAX) {
            let message = format!("user must have at most {USER_CHARS_MAX} characters");
            fields.note(Issue::broken("user", "too_big", message));
        }
        Some(Self { deployment: deployment?, seconds, user: user.map(str::to_owned) })
    }
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewEmbedToken {
    /// The token.
    token: String,
    /// Until when it holds.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Mint a token for a visitor
///
/// For an embed in secure token mode, by the site's back end.
#[utoipa::path(post, path = "/assistants/embed/token/create", tag = "Agents",
    operation_id = "assistantApiRouter-createEmbedToken", request_body = CreateEmbedTokenBody,
    responses((status = 200, description = "The token.", body = NewEmbedToken), PostFailures)
)]
pub(crate) async fn create_embed_token(
    State(cassidy): State<Cassidy>,
    caller: Caller,
    Body(create): Body<CreateEmbedToken>,
) -> Result<Answer<NewEmbedToken>, ApiError> {
    let ctx = managing(&caller)?;
    let id: DeploymentId = create.deployment.parse().map_err(|_| ApiError::not_found())?;
    let minted = cassidy.app.mint_embed_token(&ctx, id, create.seconds, create.user).await?;
    let (token, expires_at) = (minted.token.expose_secret().to_owned(), iso(minted.expires_at));
    Ok(Answer(NewEmbedToken { token, expires_at }))
}

//! The OpenAPI document, made from the handlers.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{IntoResponses, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::document::About;

use crate::Cassidy;
use crate::error::Envelope;
use crate::{embed_tokens, messages, threads};

/// How an operation with a body may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which are made by `ApiError`")]
pub(crate) enum PostFailures {
    /// The body is wrong; one issue for each field.
    #[response(status = 400)]
    Invalid(Envelope),
    /// No key, or one that opens nothing.
    #[response(status = 401)]
    Unknown(Envelope),
    /// The person behind the key has no right to it.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// No such thing.
    #[response(status = 404)]
    Missing(Envelope),
    /// The thread is still answering, or takes nothing.
    #[response(status = 409)]
    Conflict(Envelope),
    /// Too much was sent.
    #[response(status = 413)]
    TooLarge(Envelope),
    /// The body is not said to be JSON.
    #[response(status = 415)]
    NotJson(Envelope),
    /// Too many requests in this minute.
    #[response(status = 429, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    RateLimited(Envelope),
    /// The server's fault.
    #[response(status = 500)]
    Internal(Envelope),
    /// The agent could not answer.
    #[response(status = 502)]
    Unanswered(Envelope),
    /// The server is stopping or too busy.
    #[response(status = 503, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    Unavailable(Envelope),
    /// No answer in the time there is for one.
    #[response(status = 504)]
    TooLate(Envelope),
}

/// How an operation with a query may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which are made by `ApiError`")]
pub(crate) enum GetFailures {
    /// The query is wrong; one issue for each field.
    #[response(status = 400)]
    Invalid(Envelope),
    /// No key, or one that opens nothing.
    #[response(status = 401)]
    Unknown(Envelope),
    /// The person behind the key has no right to it.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// No such thing, or another person's.
    #[response(status = 404)]
    Missing(Envelope),
    /// Too many requests in this minute.
    #[response(status = 429, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    RateLimited(Envelope),
    /// The server's fault.
    #[response(status = 500)]
    Internal(Envelope),
    /// The server is stopping or too busy.
    #[response(status = 503, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    Unavailable(Envelope),
}

/// How an operation without input may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which are made by `ApiError`")]
pub(crate) enum ListFailures {
    /// No key, or one that opens nothing.
    #[response(status = 401)]
    Unknown(Envelope),
    /// The key may not do this.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// Too many requests in this minute.
    #[response(status = 429, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    RateLimited(Envelope),
    /// The server's fault.
    #[response(status = 500)]
    Internal(Envelope),
    /// The server is stopping or too busy.
    #[response(status = 503, headers(("Retry-After" = u64, description = "Seconds to wait.")))]
    Unavailable(Envelope),
}

/// All operations, without the document itself.
pub(crate) fn routes() -> OpenApiRouter<Cassidy> {
    OpenApiRouter::with_openapi(head())
        .routes(routes!(threads::create_thread))
        .routes(routes!(messages::send_message))
        .routes(routes!(threads::get_thread))
        .routes(routes!(threads::get_threads))
        .routes(routes!(embed_tokens::create_embed_token))
}

/// The document.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}

/// What the operations' own answers do not bring along.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Envelope)))]
struct Common;

fn head() -> OpenApi {
    let about = About {
        title: "Cassidy Agents API",
        version: "1.0.0",
        description: "Threads with agents, served by Sortie.",
        base: Some("/api"),
        key: ("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key")))),
    };
    about.begin(Common::openapi())
}

//! The OpenAPI document, made from the handlers.

use utoipa::IntoResponses;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use web::document::About;

use crate::error::Envelope;
use crate::{Make, agents, contexts, lookups, providers, runs};

/// Every operation may fail in these ways.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which are made by `ApiError`")]
pub(crate) enum Failures {
    /// The query or the body is wrong; one suberror for each field.
    #[response(status = 400)]
    Invalid(Envelope),
    /// No token, or one that is not known.
    #[response(status = 401)]
    Unknown(Envelope),
    /// A budget is used up: nothing new begins before it is raised.
    #[response(status = 402)]
    UsedUp(Envelope),
    /// The token lacks the scope, or its person has no rights in the team.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// No such thing, or not in this team.
    #[response(status = 404)]
    Missing(Envelope),
    /// Too much was sent.
    #[response(status = 413)]
    TooLarge(Envelope),
    /// The model's provider failed, or a limit ended the run.
    #[response(status = 424)]
    RunFailed(Envelope),
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
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::with_openapi(head())
        .merge(agents::routes())
        .merge(runs::routes())
        .merge(contexts::routes())
        .merge(providers::routes())
        .merge(lookups::routes())
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
        title: "Sortie: Make-compatible API",
        version: env!("CARGO_PKG_VERSION"),
        description: "Make's AI Agents operations, served by Sortie.",
        base: Some("/api/v2"),
        key: ("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
    };
    about.begin(Common::openapi())
}

//! The OpenAPI document, made from the handlers.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::IntoResponses;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, Server};
use utoipa_axum::router::OpenApiRouter;

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

/// The document, as it is served. No token is needed.
pub(crate) async fn serve_openapi() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| serde_json::to_vec(&openapi()).map(Bytes::from).unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

/// What the operations' own answers do not bring along.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Envelope)))]
struct Common;

fn head() -> OpenApi {
    let mut document = Common::openapi();
    let mut info = Info::new("Sortie: Make-compatible API", env!("CARGO_PKG_VERSION"));
    info.description = Some("Make's AI Agents operations, served by Sortie.".into());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".into());
    info.license = Some(license);
    document.info = info;
    document.servers = Some(vec![Server::new("/api/v2")]);
    document.security = Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>("token", [])]);
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("token", token);
    document
}

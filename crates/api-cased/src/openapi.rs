//! The OpenAPI document, made from the handlers.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::IntoResponses;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::error::Envelope;
use crate::{Cased, deployments, docs, login, sessions};

/// Every operation may fail in these ways.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes the answers, which are made by `ApiError`")]
pub(crate) enum Failures {
    /// The query or the body is wrong; of each field that is, a key with a list of texts.
    #[response(status = 400)]
    Invalid(Envelope),
    /// No key, or one that is not known.
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "`Bearer`.")))]
    Unknown(Envelope),
    /// A budget is used up.
    #[response(status = 402)]
    UsedUp(Envelope),
    /// The key lacks the scope.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// No such thing, or not in this organization.
    #[response(status = 404)]
    Missing(Envelope),
    /// The path is not called with this method.
    #[response(status = 405)]
    WrongMethod(Envelope),
    /// The idempotency key was used with another body.
    #[response(status = 409)]
    Repeated(Envelope),
    /// Too much was sent.
    #[response(status = 413)]
    TooLarge(Envelope),
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

/// The operations that need a key.
pub(crate) fn keyed() -> OpenApiRouter<Cased> {
    OpenApiRouter::new()
        .merge(deployments::routes())
        .merge(sessions::routes())
        .merge(docs::routes())
        .merge(login::keyed_routes())
}

/// The operations of the command line's login, which need none.
pub(crate) fn open() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().merge(login::routes())
}

/// The document.
pub fn openapi() -> OpenApi {
    OpenApiRouter::with_openapi(head()).merge(keyed()).merge(open()).into_openapi()
}

/// The document, as it is served. No key is needed.
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
    let mut info = Info::new("Sortie: Cased-compatible API", env!("CARGO_PKG_VERSION"));
    info.description = Some("Deployments, agent sessions and documents, served by Sortie.".into());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".into());
    info.license = Some(license);
    document.info = info;
    document.security = Some(vec![SecurityRequirement::new::<&str, [&str; 0], &str>("key", [])]);
    let key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", key);
    document
}

//! The OpenAPI document, made from the handlers.

use utoipa::IntoResponses;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use web::document::About;

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
    OpenApiRouter::new().merge(deployments::routes()).merge(sessions::routes()).merge(docs::routes())
}

/// What a page asks by which somebody lets a program in.
pub(crate) fn deciding() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().merge(login::deciding_routes())
}

/// The operations of the command line's login, which need none.
pub(crate) fn open() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().merge(login::routes())
}

/// The document.
pub fn openapi() -> OpenApi {
    OpenApiRouter::with_openapi(head()).merge(keyed()).merge(deciding()).merge(open()).into_openapi()
}

/// What the operations' own answers do not bring along.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Envelope)))]
struct Common;

fn head() -> OpenApi {
    let about = About {
        title: "Sortie: Cased-compatible API",
        version: env!("CARGO_PKG_VERSION"),
        description: "Deployments, agent sessions and documents, served by Sortie.",
        base: None,
        key: ("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
    };
    about.begin(Common::openapi())
}

//! The Cased-compatible API: rollouts, agent sessions, documents and the command line's login
//! under `/api/v1`. The pages that its answers lead to are the console's.
//!
//! A rollout is a deployment event here, a session with a purpose an agent session. This crate
//! translates and renders; what becomes of a rollout is decided behind [`App`], and it knows
//! neither the store nor the engine.
//!
//! One more operation is a handler in the module of its noun, named in that module's `routes`;
//! the document in `openapi/cased.json` is written anew as its test says.

mod approvals;
mod body;
mod caller;
mod deployments;
mod docs;
mod error;
mod login;
mod openapi;
mod reading;
mod sessions;
mod times;

use app::App;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Router, middleware};
use web::auth::{Door, Proof, require_caller};
use web::idempotency::{self, Once};
use web::{Facade, HeaderOrder, Panicked, RequestId, Shared, answer_panics, document};

pub use openapi::openapi;

use crate::error::ApiError;
use crate::login::Logins;

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cased {
    app: App,
    logins: Logins,
    /// Where people reach the server; without a final slash.
    public_url: std::sync::Arc<str>,
}

/// The routes, for a server that people reach at this address. To be merged with the other
/// façades' and given to [`web::finish`].
pub fn router(app: App, shared: Shared, public_url: &str) -> Router {
    let door = Door {
        app: app.clone(),
        shared,
        facade: Facade::Cased,
        order: HeaderOrder::CasedLast,
        proof: Proof::Key,
        render: |error| ApiError::from(error).into_response(),
    };
    let once = Once { app: app.clone(), body_bytes_max: body::BODY_BYTES_MAX, render: error::render_once };
    let cased = Cased { app, logins: Logins::default(), public_url: public_url.trim_end_matches('/').into() };
    let (keyed, _) = openapi::keyed().split_for_parts();
    let (deciding, _) = openapi::deciding().split_for_parts();
    let (open, _) = openapi::open().split_for_parts();
    // Whoever lets a program in does so with a browser.
    let browsers = Door { proof: Proof::KeyOrLogin, ..door.clone() };
    let deciding = deciding
        .route_layer(middleware::from_fn_with_state(once.clone(), idempotency::once))
        .route_layer(middleware::from_fn_with_state(browsers, require_caller));
    // The last layer is the first to see a request: the caller is known before it is served once.
    let keyed = keyed
        .route_layer(middleware::from_fn_with_state(once, idempotency::once))
        .route_layer(middleware::from_fn_with_state(door, require_caller));
    open.merge(keyed)
        .merge(deciding)
        .route("/api/v1", any(nothing_here))
        .route("/api/v1/{*rest}", any(nothing_here))
        .route("/api/v1/openapi.json", document::serve(openapi))
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        .layer(middleware::from_fn_with_state(Panicked(|| ApiError::internal().into_response()), answer_panics))
        .layer(middleware::map_response(named))
        .with_state(cased)
}

/// Any path below `/api/v1` that no operation has.
async fn nothing_here(uri: Uri) -> ApiError {
    let later = ["telemetry", "targets", "branches"].iter().any(|part| uri.path().contains(&format!("/{part}")));
    match later {
        true => ApiError::not_found("This part of the API is not served here."),
        false => ApiError::not_found("Nothing is at this path."),
    }
}

/// Clients of this API look for the request's name under this header.
async fn named(mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&RequestId::current().to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

//! What surrounds every request, whichever façade answers it: one spelling of paths, a
//! request id, a line in the log, and an answer even when a handler panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tower::ServiceExt;
use tracing::Instrument;

use crate::Shared;
use crate::fold::fold_uri;
use crate::request_id::{self, RequestId};

/// Puts what all requests share around the façades' routes.
pub fn finish(routes: Router, shared: &Shared) -> Router {
    let app = shared.app.clone();
    // Folding must come before routing, so the routes stand behind a router that has none.
    Router::new().fallback(move |request: Request| {
        let (routes, id) = (routes.clone(), RequestId::new(app.fresh_uuid()));
        answer(routes, request, id)
    })
}

/// Answers one request.
async fn answer(routes: Router, mut request: Request, id: RequestId) -> Response {
    let began = Instant::now();
    fold_uri(request.uri_mut());
    request.extensions_mut().insert(id);
    // The query is left out: clients put all sorts of things there.
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        method = %request.method(),
        path = request.uri().path(),
        org.id = tracing::field::Empty,
        key.id = tracing::field::Empty,
    );
    let answering = AssertUnwindSafe(routes.oneshot(request)).catch_unwind();
    let answered = id.during(answering).instrument(span.clone()).await;
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_panic) => panicked(),
    };
    if let Some(value) = id.header_value() {
        response.headers_mut().insert(request_id::HEADER, value);
    }
    let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros());
    span.in_scope(|| match status {
        500.. => tracing::error!(target: "web::requests", status, micros, "answered"),
        _ => tracing::info!(target: "web::requests", status, micros, "answered"),
    });
    response
}

/// The answer to a request whose handler panicked where no façade noticed. What happened
/// was written to the log by the panic itself.
fn panicked() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
}

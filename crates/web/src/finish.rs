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

use app::Metrics;

use crate::fold::fold_uri;
use crate::request_id::{self, RequestId};
use crate::{Facade, Shared};

/// Puts what all requests share around the façades' routes.
pub fn finish(routes: Router, shared: &Shared) -> Router {
    let app = shared.app.clone();
    // Folding must come before routing, so the routes stand behind a router that has none.
    Router::new().fallback(move |request: Request| {
        let (routes, id, metrics) = (routes.clone(), RequestId::new(app.fresh_uuid()), app.metrics().clone());
        async move {
            let began = Instant::now();
            let response = answer(routes, request, id).await;
            count(&metrics, &response, began);
            response
        }
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
        path = logged_path(request.uri().path()),
        org.id = tracing::field::Empty,
        key.id = tracing::field::Empty,
        login.id = tracing::field::Empty,
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

/// A path as the log has it. What lets people in stands in some, and in no log.
fn logged_path(path: &str) -> &str {
    const SECRET_BELOW: [&str; 2] = ["/v1/links/", "/invite/"];
    SECRET_BELOW.into_iter().find(|place| path.starts_with(place)).unwrap_or(path)
}

/// Counts an answer, under the façade that gave it; what no façade saw has none.
fn count(metrics: &Metrics, response: &Response, began: Instant) {
    let api = response.extensions().get::<Facade>().map_or("none", |facade| facade.name());
    metrics.answered(api, response.status().as_u16(), began.elapsed());
}

/// The answer to a request whose handler panicked where no façade noticed. What happened
/// was written to the log by the panic itself.
fn panicked() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use uuid::Uuid;

    async fn ask(path: &str) -> (StatusCode, String, String) {
        let routes = Router::new().route("/v1/id", get(|| async { RequestId::current().to_string() })).route(
            "/v1/panic",
            get(|| async {
                if true {
                    panic!("on purpose")
                }
            }),
        );
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = answer(routes, request, RequestId::new(Uuid::from_u128(33))).await;
        let status = response.status();
        let header = response.headers()[request_id::HEADER].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        (status, header, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_handler_knows_the_id_that_the_client_sees() {
        let (status, header, body) = ask("/v1/id").await;
        assert_eq!((status, header.as_str()), (StatusCode::OK, "req_00000000000000000000000011"));
        assert_eq!(body, header);
    }

    #[tokio::test]
    async fn every_spelling_of_a_path_is_answered_without_a_redirect() {
        for path in ["/v1/id/", "//v1//id", "/v1/id//?a=1"] {
            assert_eq!(ask(path).await.0, StatusCode::OK, "{path}");
        }
        for path in ["/V1/id", "/v1/id/x", "/"] {
            assert_eq!(ask(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn what_lets_people_in_is_not_logged() {
        for (path, logged) in
            [("/v1/links/abc", "/v1/links/"), ("/invite/abc", "/invite/"), ("/v1/runs/a", "/v1/runs/a")]
        {
            assert_eq!(logged_path(path), logged);
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_too() {
        let (status, header, body) = ask("/v1/panic").await;
        assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal error"));
        assert!(header.starts_with("req_"));
    }
}

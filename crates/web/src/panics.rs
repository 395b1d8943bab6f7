//! An answer even when a handler panics, in the words of its façade.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;

/// What is answered when a handler panics.
#[derive(Debug, Clone, Copy)]
pub struct Panicked(pub fn() -> Response);

/// Middleware of a façade. Bodies pass as they are: each piece of a stream would go through
/// whatever is put around them.
pub async fn answer_panics(State(Panicked(answer)): State<Panicked>, request: Request, next: Next) -> Response {
    // Nothing of the handler is used after a panic, which wrote itself to the log.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| answer())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::response::IntoResponse;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_in_the_words_of_the_facade_and_nothing_else_is_touched() {
        let words = Panicked(|| (StatusCode::INTERNAL_SERVER_ERROR, "in its words").into_response());
        let routes = Router::new()
            .route("/calm", get(async || "calm"))
            .route(
                "/panic",
                get(async || {
                    if true {
                        panic!("on purpose")
                    }
                }),
            )
            .layer(from_fn_with_state(words, answer_panics));
        for (path, expected) in [("/panic", (500, "in its words")), ("/calm", (200, "calm"))] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = routes.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), 1_000).await.unwrap();
            assert_eq!((status, &body[..]), (expected.0, expected.1.as_bytes()), "{path}");
        }
    }
}

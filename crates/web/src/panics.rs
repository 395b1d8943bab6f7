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

//! The result, sent to an address of the caller's as well.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::Serialize;

use super::Started;
use super::result::RunResult;
use crate::Make;
use crate::error::ApiError;

/// Times that the result is offered.
const TRIES: u32 = 3;
/// How long each time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The way out for results: one guarded POST.
pub trait Callbacks: Send + Sync + 'static {
    /// Posts a JSON body once. The error says why nobody took it.
    fn post<'a>(&'a self, url: &'a str, body: Bytes, timeout: Duration) -> BoxFuture<'a, Result<(), String>>;
}

/// A result is offered while the process that accepted the run lives: the address is known to
/// this task alone. A run that goes on after a restart is not told of there; its result is
/// found by its iteration.
///
/// Finishes a run in a task of its own, which outlives the caller, and sends the result on.
/// `None` if the server stopped before the run did.
pub(super) async fn deliver(make: &Make, url: String, started: Started) -> Option<Result<RunResult, ApiError>> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let task = make.clone();
    make.app.spawn(async move {
        let Some(result) = started.finish(&task.shared.drain).await else { return };
        let body = body_of(&result);
        // The caller may have left; the other address is told all the same.
        let _ = tell.send(result);
        send(&task, &url, body).await;
    });
    told.await.ok()
}

/// Offers a body to an address until somebody takes it.
pub(super) async fn send(make: &Make, url: &str, body: Bytes) {
    for attempt in 1..=TRIES {
        match make.callbacks.post(url, body.clone(), TIMEOUT).await {
            Ok(()) => return,
            Err(why) => tracing::info!(attempt, why, "nobody took the result at the callback address"),
        }
    }
}

/// The body that tells how a run ended.
pub(super) fn body_of(result: &Result<RunResult, ApiError>) -> Bytes {
    fn written(value: &impl Serialize) -> Bytes {
        // Everything that is sent here has text for keys and no number that JSON lacks.
        serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
    }
    match result {
        Ok(result) => written(result),
        Err(error) => written(error.envelope()),
    }
}

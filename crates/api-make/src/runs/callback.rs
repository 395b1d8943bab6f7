//! The result, sent to an address of the caller's as well.

use std::sync::Arc;
use std::time::Duration;

use app::{App, DueCallback, Operator};
use bytes::Bytes;
use domain::{OrgId, RunId};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use serde::Serialize;
use web::Shared;

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

/// An address that is told how a run ended.
///
/// It is remembered in the commit that accepts the run and forgotten once it was told or
/// given up, so that a run which outlives its process is told of as well, after the restart
/// ([`resume_callbacks`]). A crash in between tells it twice rather than never.
pub(super) struct Callback {
    pub(super) org: OrgId,
    pub(super) run: RunId,
    pub(super) url: String,
}

/// Finishes a run in a task of its own, which outlives the caller, and sends the result on.
/// `None` if the server stopped before the run did.
pub(super) async fn deliver(make: &Make, callback: Callback, started: Started) -> Option<Result<RunResult, ApiError>> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let task = make.clone();
    make.app.spawn(async move {
        let Some(result) = started.finish(&task.shared.drain).await else { return };
        let body = body_of(&result);
        // The caller may have left; the other address is told all the same.
        let _ = tell.send(result);
        send(&task, &callback, body).await;
    });
    told.await.ok()
}

/// Takes up the addresses that an earlier process left to be told. To be awaited before the
/// first request is served: what is accepted later is in the hands of its own request.
pub async fn resume_callbacks(app: App, shared: Shared, callbacks: Arc<dyn Callbacks>, operator: Operator) {
    let make = Make { app: app.clone(), shared, callbacks };
    match make.app.list_callbacks(&operator).await {
        // Each but waits for its run: there is no more to all of them than to one.
        Ok(due) => app.spawn(async move {
            stream::iter(due).for_each_concurrent(None, |due| resume(&make, &operator, due)).await;
        }),
        Err(error) => tracing::error!(%error, "could not look for addresses that are to be told"),
    }
}

async fn resume(make: &Make, operator: &Operator, due: DueCallback) {
    let DueCallback { org, run, url } = due;
    let ctx = operator.acting_for(org, make.app.now());
    match Started::again(make, &ctx, run).await {
        Ok(started) => {
            let Some(result) = started.finish(&make.shared.drain).await else { return };
            send(make, &Callback { org, run, url }, body_of(&result)).await;
        }
        Err(error) => tracing::error!(run.id = %run, ?error, "could not take up a run that an address waits for"),
    }
}

/// Offers a body to an address until it is taken or given up.
pub(super) async fn send(make: &Make, callback: &Callback, body: Bytes) {
    for attempt in 1..=TRIES {
        match make.callbacks.post(&callback.url, body.clone(), TIMEOUT).await {
            Ok(()) => break,
            Err(why) => tracing::info!(attempt, why, "nobody took the result at the callback address"),
        }
    }
    if let Err(error) = make.app.callback_made(callback.org, callback.run).await {
        tracing::warn!(%error, run.id = %callback.run, "a callback was made and will be made again");
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

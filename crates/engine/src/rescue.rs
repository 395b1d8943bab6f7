//! After a panic: nothing stays `running` without anyone at work on it.
//!
//! A panic is a mistake of ours. Most would come again with the next attempt, so the run ends
//! in a named state; the panic itself is in the log, with its place.

use std::panic::AssertUnwindSafe;

use domain::agent::AgentSpec;
use domain::run::RunStatus;
use domain::turn::{Doing, Turn};
use domain::{OrgId, RunId};
use futures::FutureExt;

use crate::Shared;
use crate::commits::{Lost, commit, patiently};
use crate::transcripts;

/// What the log says of a run that a panic ended.
pub(crate) const INTERNAL_ERROR: &str = "an internal error stopped the run; the server's log says where";

/// Ends the run of a worker that panicked, as far as its log allows.
pub(crate) async fn end_run(shared: &Shared, org: OrgId, run: RunId, spec: &AgentSpec) {
    tracing::error!("the worker panicked: its run is ended");
    match AssertUnwindSafe(end(shared, org, run, spec)).catch_unwind().await {
        Ok(Ok(())) => {}
        Ok(Err(Lost)) => tracing::info!("the run is no longer this worker's"),
        Err(_panic) => tracing::error!("the run could not be ended either: the next start takes it up again"),
    }
}

/// What the worker had in its hands is gone, so the run is rebuilt from its log. A call that
/// may have happened still waits for a person's word.
async fn end(shared: &Shared, org: OrgId, run: RunId, spec: &AgentSpec) -> Result<(), Lost> {
    let store = shared.org(org);
    let found = patiently(shared, || store.find_run(run)).await?;
    let held = |run: &domain::run::Run| run.status == RunStatus::Running && run.fence == Some(shared.fence);
    let Some(run) = found.filter(held) else { return Ok(()) };
    let Some(session) = patiently(shared, || store.find_session(run.session)).await? else { return Ok(()) };
    let events = patiently(shared, || transcripts::events_of(store.as_ref(), &run)).await?;
    let inbox = patiently(shared, || store.list_inbox(run.id)).await?;
    let claim = patiently(shared, || shared.claim(org, spec)).await?;
    let mut turn = shared.at(|at| Turn::resume(run, session, &events, inbox, claim, at));
    if !matches!(turn.doing(), Doing::Over | Doing::Wait) {
        shared.at(|at| turn.unrunnable(INTERNAL_ERROR.to_owned(), at));
    }
    commit(shared, store.as_ref(), &mut turn).await.map(|_| ())
}

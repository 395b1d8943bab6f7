//! Waiting for an answer, for as long as there is time for one.

use app::{Ctx, Error, RunWatch};
use tokio::sync::oneshot;

use crate::Cassidy;
use crate::error::ApiError;
use crate::talk::{End, Listener, Said};

/// The answer of a run that was begun. The time there is for it counts on when its caller has
/// left: a run that nobody would stop must not go on for ever.
///
/// # Errors
/// The run ended without an answer, or its time is over.
pub(crate) async fn of(cassidy: &Cassidy, ctx: Ctx, watch: RunWatch) -> Result<Option<Said>, ApiError> {
    let (tell, told) = oneshot::channel();
    let waiting = cassidy.clone();
    cassidy.app.spawn(async move {
        let answered = waiting.shared.drain.within_grace(await_end(&waiting, &ctx, watch)).await;
        // Whoever has left finds the answer in the thread.
        let _ = tell.send(answered.unwrap_or_else(|| Err(stopping())));
    });
    told.await.unwrap_or_else(|_| Err(ApiError::internal()))
}

async fn await_end(cassidy: &Cassidy, ctx: &Ctx, mut watch: RunWatch) -> Result<Option<Said>, ApiError> {
    let within = cassidy.shared.answer_within;
    let (run, mut listener) = (watch.run.id, Listener::default());
    let mut time_over = std::pin::pin!(tokio::time::sleep(within));
    let mut is_over = false;
    loop {
        let event = tokio::select! {
            biased;
            event = watch.next_unless_left(cassidy.shared.drain.draining()) => event,
            () = &mut time_over, if !is_over => {
                if listener.waits_for_somebody() {
                    return Err(ApiError::too_late("Approval pending"));
                }
                match cassidy.app.cancel_run(ctx, run).await {
                    Ok(_) => return Err(ApiError::too_late(format!("No answer in {} s", within.as_secs()))),
                    // It has just ended by itself, and its end is about to be seen.
                    Err(Error::Refused(_)) => is_over = true,
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
        };
        match event {
            Some(Ok(event)) => match listener.take(&event) {
                Some(End::Answered(said)) => return Ok(said),
                Some(End::Unanswered(error)) => return Err(error),
                None => {}
            },
            Some(Err(Error::Draining)) => return Err(stopping()),
            Some(Err(error)) => return Err(error.into()),
            None => return Err(ApiError::internal()),
        }
    }
}

fn stopping() -> ApiError {
    ApiError::unavailable("The server is stopping: the answer will be in the thread")
}

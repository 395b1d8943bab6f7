//! Waiting for an answer, for as long as there is time for one.

use app::{Ctx, Error, RunWatch};
use tokio::sync::oneshot;
use tokio::time::Instant;

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
        let (run, time_over) = (watch.run.id, Instant::now() + waiting.shared.answer_within);
        let awaiting = async {
            let answered = await_end(&waiting, &ctx, watch, time_over).await;
            let is_shut_out = matches!(answered, Err(Unanswered::ShutOut(_)));
            // Whoever has left finds the answer in the thread.
            let _ = tell.send(answered.map_err(ApiError::from));
            if is_shut_out {
                tokio::time::sleep_until(time_over).await;
                if let Err(error) = waiting.app.give_up(&ctx, run).await {
                    tracing::warn!(%error, run.id = %run, "a run whose time is over could not be stopped");
                }
            }
        };
        waiting.shared.drain.within_grace(awaiting).await;
    });
    told.await.unwrap_or_else(|_| Err(stopping()))
}

/// Why there is no answer.
enum Unanswered {
    /// The caller's key works no more; the run goes on.
    ShutOut(Error),
    /// What the caller is told.
    Because(ApiError),
}

impl From<Unanswered> for ApiError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::ShutOut(error) => error.into(),
            Unanswered::Because(error) => error,
        }
    }
}

impl From<ApiError> for Unanswered {
    fn from(error: ApiError) -> Self {
        Unanswered::Because(error)
    }
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(_) => Unanswered::ShutOut(error),
            Error::Draining => Unanswered::Because(stopping()),
            error => Unanswered::Because(error.into()),
        }
    }
}

async fn await_end(
    cassidy: &Cassidy,
    ctx: &Ctx,
    mut watch: RunWatch,
    time_over: Instant,
) -> Result<Option<Said>, Unanswered> {
    let within = cassidy.shared.answer_within;
    let (run, mut listener) = (watch.run.id, Listener::default());
    let mut time_over = std::pin::pin!(tokio::time::sleep_until(time_over));
    let mut is_over = false;
    loop {
        let event = tokio::select! {
            biased;
            event = watch.next_unless_left(cassidy.shared.drain.draining()) => event,
            () = &mut time_over, if !is_over => {
                if listener.waits_for_somebody() {
                    return Err(ApiError::too_late("Approval pending").into());
                }
                if cassidy.app.give_up(ctx, run).await? {
                    return Err(ApiError::too_late(format!("No answer in {} s", within.as_secs())).into());
                }
                // It has just ended by itself, and its end is about to be seen.
                is_over = true;
                continue;
            }
        };
        match event {
            Some(Ok(event)) => match listener.take(&event) {
                Some(End::Answered(said)) => return Ok(said),
                Some(End::Unanswered(error)) => return Err(error.into()),
                None => {}
            },
            Some(Err(error)) => return Err(error.into()),
            None => return Err(ApiError::internal().into()),
        }
    }
}

fn stopping() -> ApiError {
    ApiError::unavailable("The server is stopping: the answer will be in the thread")
}

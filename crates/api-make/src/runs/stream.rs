//! A run's steps as they are finished, as server-sent events.

use app::{Error, RunWatch, StoredEvent};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use web::sse::{EndsBy, FrameStyle, Manners, comment};
use web::{Drain, StreamPlace};

use super::Started;
use super::callback::{Callback, body_of, send};
use super::result::{Progress, RunResult};
use crate::Make;
use crate::error::ApiError;
use crate::steps::Step;

/// Make writes `event` before `id` and no space after the colon.
const FRAMES: FrameStyle = FrameStyle { id_first: false, spaced: false };

/// Streams a run that was accepted. The system step goes out at once.
pub(super) fn respond(make: &Make, started: Started, callback: Option<Callback>, place: StreamPlace) -> Response {
    let stopping = ApiError::stopping(started.watch.run.id.0);
    let manners = Manners {
        sign_of_life: comment(""),
        last_word: frame(make, "error", stopping.envelope()),
        ends_by: EndsBy::Grace,
        place: Some(place),
    };
    let Started { watch, system, progress } = started;
    let first = frame(make, "step", &system);
    let steps = Unfolding { watch, progress, drain: make.shared.drain.clone() };
    let rest = match callback {
        None => as_read(make.clone(), steps),
        Some(callback) => as_told(make.clone(), steps, system, callback),
    };
    web::sse::response(stream::iter([first]).chain(rest), &make.shared.drain, manners)
}

/// The frames of a run, made as the client reads them. What is ready together is one item.
fn as_read(make: Make, steps: Unfolding) -> BoxStream<'static, Bytes> {
    let frames = stream::unfold(Some((make, steps)), |state| async move {
        let (make, mut unfolding) = state?;
        match unfolding.next().await {
            Next::Steps(steps) => Some((step_frames(&make, &steps), Some((make, unfolding)))),
            Next::Left => Some((left_frame(&make, &unfolding), None)),
            Next::End(steps, fault) => {
                let last = end_frame(&make, &unfolding.end(Vec::new(), fault));
                Some(([step_frames(&make, &steps), last].concat().into(), None))
            }
        }
    });
    frames.boxed()
}

/// The frames of a run that is followed by a task of its own, since its result is to reach
/// another address even when the client has left.
fn as_told(make: Make, mut unfolding: Unfolding, system: Step, callback: Callback) -> BoxStream<'static, Bytes> {
    let (tell, told) = mpsc::unbounded_channel();
    let task = make.clone();
    let follow = async move {
        let mut all = vec![system];
        let fault = loop {
            let (steps, end) = match unfolding.next().await {
                Next::Steps(steps) => (steps, None),
                Next::Left => {
                    let _ = tell.send(left_frame(&task, &unfolding));
                    return;
                }
                Next::End(steps, fault) => (steps, Some(fault)),
            };
            // A client that has left is told nothing; the run is followed all the same.
            let _ = tell.send(step_frames(&task, &steps));
            all.extend(steps);
            if let Some(fault) = end {
                break fault;
            }
        };
        let result = unfolding.end(all, fault);
        let body = body_of(&result);
        let _ = tell.send(end_frame(&task, &result.map(RunResult::without_steps)));
        drop(tell);
        send(&task, &callback, body).await;
    };
    let drain = make.shared.drain.clone();
    make.app.spawn(async move {
        drain.within_grace(follow).await;
    });
    UnboundedReceiverStream::new(told).boxed()
}

/// A run's steps, one after the other.
struct Unfolding {
    watch: RunWatch,
    progress: Progress,
    drain: Drain,
}

/// What comes next of a run.
enum Next {
    /// Finished steps.
    Steps(Vec<Step>),
    /// The last steps, and what kept it from its end, if anything did.
    End(Vec<Step>, Option<ApiError>),
    /// Nothing before the server's restart.
    Left,
}

impl Unfolding {
    /// Waits for the next steps. A step that others may join is given as soon as no event is
    /// at hand: what joins it is stored together with it.
    async fn next(&mut self) -> Next {
        loop {
            let event = match self.next_event().now_or_never() {
                Some(event) => event,
                None => match self.progress.release() {
                    Some(step) => return Next::Steps(vec![step]),
                    None => self.next_event().await,
                },
            };
            match event {
                Some(Ok(event)) => {
                    let steps = self.progress.take(&event);
                    if !steps.is_empty() {
                        return Next::Steps(steps);
                    }
                }
                Some(Err(Error::Draining)) => {
                    return self.progress.release().map_or(Next::Left, |step| Next::Steps(vec![step]));
                }
                Some(Err(error)) => return Next::End(Vec::new(), Some(error.into())),
                None => return Next::End(self.progress.release().into_iter().collect(), None),
            }
        }
    }

    async fn next_event(&mut self) -> Option<Result<StoredEvent, Error>> {
        self.watch.next_unless_left(self.drain.draining()).await
    }

    /// How the run ended.
    fn end(self, steps: Vec<Step>, fault: Option<ApiError>) -> Result<RunResult, ApiError> {
        fault.map_or_else(|| self.progress.result(steps), Err)
    }
}

fn step_frames(make: &Make, steps: &[Step]) -> Bytes {
    match steps {
        [step] => frame(make, "step", step),
        steps => steps.iter().flat_map(|step| frame(make, "step", step)).collect(),
    }
}

fn left_frame(make: &Make, unfolding: &Unfolding) -> Bytes {
    frame(make, "error", ApiError::stopping(unfolding.watch.run.id.0).envelope())
}

fn end_frame(make: &Make, result: &Result<RunResult, ApiError>) -> Bytes {
    match result {
        Ok(result) => frame(make, "result", result),
        Err(error) => frame(make, "error", error.envelope()),
    }
}

/// One frame, with an id of its own.
fn frame(make: &Make, name: &str, data: &impl Serialize) -> Bytes {
    // Everything that is sent here has text for keys and no number that JSON lacks.
    FRAMES.frame(name, Some(&make.app.fresh_uuid()), data).unwrap_or_default()
}

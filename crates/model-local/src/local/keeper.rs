//! The task that keeps the model process: starts it for the first call, serves the calls in
//! the order they came, ends it when it is idle or stuck, and starts another after a crash.

use std::io;

use domain::model::{FaultKind, ModelChunk, ModelFault, StopCause};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::child::Child;
use super::{ChildProgram, LocalOptions};
use crate::wire::{Ask, FromChild, Said, ToChild};

/// One call of the model.
pub(super) struct Job {
    pub(super) ask: Ask,
    /// Told once whether the model has taken the prompt.
    pub(super) accepted: oneshot::Sender<Result<(), ModelFault>>,
    pub(super) chunks: mpsc::Sender<Result<ModelChunk, ModelFault>>,
}

/// Serves calls until nobody can make one any more.
pub(super) async fn keep(options: LocalOptions, mut jobs: mpsc::Receiver<Job>) {
    let mut child: Option<Child> = None;
    loop {
        let job = match &mut child {
            None => jobs.recv().await,
            Some(running) => tokio::select! {
                job = jobs.recv() => job,
                () = tokio::time::sleep(options.idle_timeout) => {
                    tracing::debug!("the local model was idle: its memory is given back");
                    end(&mut child).await;
                    continue;
                }
                () = running.ended() => {
                    let status = end(&mut child).await;
                    tracing::warn!(%status, "the local model's process ended while idle");
                    continue;
                }
            },
        };
        let Some(job) = job else { break };
        serve(&options, &mut child, job).await;
    }
    end(&mut child).await;
}

/// The fault of a call whose keeper is gone, as when the server stops.
pub(super) fn stopped() -> ModelFault {
    ModelFault::new(FaultKind::Cut, "the local model was stopped")
}

async fn end(child: &mut Option<Child>) -> String {
    match child.take() {
        Some(child) => child.end().await,
        None => "not running".to_owned(),
    }
}

/// How serving a call ended for the process.
enum Outcome {
    /// It said its last word about the call.
    Over,
    /// Nobody waits for the rest.
    Unwanted,
    /// It is gone, or what came from it made no sense.
    Lost(io::Error),
    /// It said nothing for too long.
    Silent,
}

async fn serve(options: &LocalOptions, child: &mut Option<Child>, job: Job) {
    let mut line = Line { ask: job.ask.id, accepted: Some(job.accepted), chunks: job.chunks };
    if line.is_closed() {
        return;
    }
    if child.is_none() {
        match start(options) {
            Ok(started) => *child = Some(started),
            Err(error) => {
                let text = format!("the local model's process could not be started: {error}");
                return line.fault(ModelFault::new(FaultKind::Unavailable, text)).await;
            }
        }
    }
    let Some(running) = child.as_mut() else { return };
    let outcome = match converse(options, running, job.ask, &mut line).await {
        Outcome::Unwanted => cancel(options, running, line.ask).await,
        outcome => outcome,
    };
    match outcome {
        Outcome::Over | Outcome::Unwanted => {}
        Outcome::Lost(error) => {
            let status = end(child).await;
            tracing::warn!(%status, %error, "the local model's process was lost");
            let text = format!("the local model's process ended in the middle of the reply ({status})");
            line.fault(ModelFault::new(FaultKind::Cut, text)).await;
        }
        Outcome::Silent => {
            end(child).await;
            let seconds = options.silence_timeout.as_secs();
            let text = format!("the local model said nothing for {seconds} s and was stopped");
            line.fault(ModelFault::new(FaultKind::Silent, text)).await;
        }
    }
}

fn start(options: &LocalOptions) -> io::Result<Child> {
    match &options.program {
        Some(program) => Child::start(program),
        None => Child::start(&ChildProgram::own()?),
    }
}

/// Asks, and passes on what comes until the last word.
async fn converse(options: &LocalOptions, child: &mut Child, ask: Ask, line: &mut Line) -> Outcome {
    match timeout(options.silence_timeout, child.say(&ToChild::Ask(Box::new(ask)))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Outcome::Lost(error),
        Err(_) => return Outcome::Silent,
    }
    loop {
        let heard = tokio::select! {
            heard = timeout(options.silence_timeout, child.hear()) => heard,
            () = line.closed() => return Outcome::Unwanted,
        };
        let FromChild { ask, said } = match heard {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => return Outcome::Lost(error),
            Err(_) => return Outcome::Silent,
        };
        if ask != line.ask {
            continue;
        }
        // A reader who neither reads nor leaves would keep everyone else waiting.
        match timeout(options.silence_timeout, line.pass(said)).await {
            Ok(Passed::More) => {}
            Ok(Passed::Last) => return Outcome::Over,
            Ok(Passed::Closed) | Err(_) => return Outcome::Unwanted,
        }
    }
}

/// Tells the process to stop and waits until it has, so that the next call finds it free.
async fn cancel(options: &LocalOptions, child: &mut Child, ask: u64) -> Outcome {
    let stopping = async {
        child.say(&ToChild::Cancel { ask }).await?;
        loop {
            let heard = child.hear().await?;
            if heard.ask == ask && matches!(heard.said, Said::Dropped | Said::Stop { .. } | Said::Fault { .. }) {
                return Ok(());
            }
        }
    };
    match timeout(options.silence_timeout, stopping).await {
        Ok(Ok(())) => Outcome::Over,
        Ok(Err(error)) => Outcome::Lost(error),
        Err(_) => Outcome::Silent,
    }
}

/// The way back to the caller.
struct Line {
    ask: u64,
    /// Until the model has taken the prompt or refused it.
    accepted: Option<oneshot::Sender<Result<(), ModelFault>>>,
    chunks: mpsc::Sender<Result<ModelChunk, ModelFault>>,
}

enum Passed {
    More,
    Last,
    Closed,
}

impl Line {
    fn is_closed(&self) -> bool {
        match &self.accepted {
            Some(accepted) => accepted.is_closed(),
            None => self.chunks.is_closed(),
        }
    }

    /// Returns when nobody waits any more.
    async fn closed(&mut self) {
        match &mut self.accepted {
            Some(accepted) => accepted.closed().await,
            None => self.chunks.closed().await,
        }
    }

    async fn pass(&mut self, said: Said) -> Passed {
        match said {
            Said::Working => Passed::More,
            Said::Accepted => {
                let told = self.accepted.take().map(|accepted| accepted.send(Ok(())));
                if matches!(told, Some(Err(_))) { Passed::Closed } else { Passed::More }
            }
            Said::Text { text } => self.chunk(ModelChunk::Text(text)).await,
            Said::Call { name, arguments } => {
                let call = ModelChunk::ToolCall { index: 0, name: Some(name), arguments };
                self.chunk(call).await
            }
            Said::Usage { usage } => self.chunk(ModelChunk::Usage(usage)).await,
            Said::Stop { cause } => self.stop(cause).await,
            Said::Fault { kind, message } => {
                self.fault(ModelFault::new(kind, message)).await;
                Passed::Last
            }
            Said::Dropped => {
                self.fault(stopped()).await;
                Passed::Last
            }
        }
    }

    async fn chunk(&mut self, chunk: ModelChunk) -> Passed {
        match self.chunks.send(Ok(chunk)).await {
            Ok(()) => Passed::More,
            Err(_) => Passed::Closed,
        }
    }

    async fn stop(&mut self, cause: StopCause) -> Passed {
        self.chunk(ModelChunk::Stop(cause)).await;
        Passed::Last
    }

    /// Tells the caller, if there still is one.
    async fn fault(&mut self, fault: ModelFault) {
        match self.accepted.take() {
            // Nobody there any more is fine.
            Some(accepted) => drop(accepted.send(Err(fault))),
            None => drop(self.chunks.send(Err(fault)).await),
        }
    }
}

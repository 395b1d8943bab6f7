//! The model process: `sortie local-model-child`.
//!
//! It knows nothing of the server but two pipes. What it reads are asks, what it writes is
//! what became of them; when the pipe it reads from closes, it ends. Whatever goes wrong in
//! the engine's C++ ends this process and one request, not the server.

use std::io::{self, Stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use domain::model::{FaultKind, ModelFault};

use crate::wire::{self, Ask, FromChild, Said, ToChild};

/// The argument that makes `sortie` a model process.
pub const CHILD_ARGUMENT: &str = "local-model-child";

/// How much less than the server this process asks of the CPU (0 is equal, 19 the least).
#[cfg(unix)]
const NICENESS: i32 = 5;

/// How long the engine may take to notice that the server is gone.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs the model process until its pipe closes. For `main`, before anything else is set up.
pub fn child_main() -> ExitCode {
    #[cfg(unix)]
    // Being as important as others is no reason not to work.
    let _ = rustix::process::setpriority_process(None, NICENESS);

    let (inbox, outbox) = open_pipes();
    serve(&inbox, &outbox);
    ExitCode::SUCCESS
}

#[cfg(feature = "llama")]
use crate::engine::serve;

/// A build without the engine answers, so that its absence is a sentence and not a riddle.
#[cfg(not(feature = "llama"))]
fn serve(inbox: &Inbox, outbox: &Outbox) {
    while let Some(ask) = inbox.next() {
        if inbox.wants(ask.id) {
            outbox.fault(ask.id, &no_engine());
        } else {
            outbox.say(ask.id, Said::Dropped);
        }
    }
}

/// The fault of a build without the engine.
pub(crate) fn no_engine() -> ModelFault {
    ModelFault::new(
        FaultKind::Unavailable,
        "this build of sortie has no engine for local models: use another provider, or a build with the feature `local-llm`",
    )
}

/// The asks, one after the other, and whether the one at hand is still wanted.
pub(crate) struct Inbox {
    asks: mpsc::Receiver<Ask>,
    /// Asks up to this one are not wanted any more.
    cancelled: Arc<AtomicU64>,
}

impl Inbox {
    /// Waits for the next ask; `None` when the server is gone.
    pub(crate) fn next(&self) -> Option<Ask> {
        self.asks.recv().ok()
    }

    pub(crate) fn wants(&self, ask: u64) -> bool {
        self.cancelled.load(Ordering::Relaxed) < ask
    }
}

/// Where answers go.
pub(crate) struct Outbox;

impl Outbox {
    pub(crate) fn say(&self, ask: u64, said: Said) {
        let mut pipe: io::StdoutLock<'static> = Stdout::lock(&io::stdout());
        // A server that does not listen any more has closed the other pipe too, and that
        // is what ends this process.
        let _ = wire::write(&mut pipe, &FromChild { ask, said });
    }

    pub(crate) fn fault(&self, ask: u64, fault: &ModelFault) {
        let (kind, message) = (fault.kind, fault.message.clone());
        self.say(ask, Said::Fault { kind, message });
    }
}

fn open_pipes() -> (Inbox, Outbox) {
    let (sender, asks) = mpsc::channel();
    let cancelled = Arc::new(AtomicU64::new(0));
    let inbox = Inbox { asks, cancelled: Arc::clone(&cancelled) };
    std::thread::spawn(move || {
        let mut pipe = io::stdin().lock();
        while let Ok(Some(message)) = wire::read(&mut pipe) {
            match message {
                ToChild::Ask(ask) => {
                    if sender.send(*ask).is_err() {
                        break;
                    }
                }
                ToChild::Cancel { ask } => {
                    cancelled.fetch_max(ask, Ordering::Relaxed);
                }
            }
        }
        // The server is gone: the engine stops at its next token, and if it does not come
        // to one, the process ends without it.
        cancelled.store(u64::MAX, Ordering::Relaxed);
        drop(sender);
        std::thread::sleep(FAREWELL);
        std::process::exit(1);
    });
    (inbox, Outbox)
}

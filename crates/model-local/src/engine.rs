//! The engine: llama.cpp behind the pipes of the model process.
//!
//! One model is in memory at a time and one reply is generated at a time. The window of the
//! last reply stays, so that a conversation that goes on is not read from its beginning.

mod calls;
mod choice;
mod cores;
mod grammar;
mod reply;
mod window;

use std::path::Path;

use domain::model::{FaultKind, ModelFault};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use self::reply::Desk;
use self::window::Window;
use crate::child::{Inbox, Outbox};
use crate::wire::{Ask, Said};

/// Answers asks until there are no more.
pub(crate) fn serve(inbox: &Inbox, outbox: &Outbox) {
    let Ok(mut backend) = LlamaBackend::init() else {
        return;
    };
    // What is worth knowing is said in faults; the rest would fill the server's log.
    backend.void_logs();
    let mut next = inbox.next();
    while let Some(ask) = next {
        next = match serve_file(&backend, &ask, inbox, outbox) {
            Ok(other_file) => other_file,
            Err(fault) => {
                outbox.fault(ask.id, &fault);
                inbox.next()
            }
        };
    }
}

/// Loads the file of the first ask and answers every ask for it. Returns the first ask for
/// another.
fn serve_file(backend: &LlamaBackend, first: &Ask, inbox: &Inbox, outbox: &Outbox) -> Result<Option<Ask>, ModelFault> {
    outbox.say(first.id, Said::Working);
    let model = load(backend, &first.file)?;
    let window = Window::open(backend, &model, first.window_tokens, first.threads)?;
    let mut desk = Desk::new(&model, window)?;

    let mut ask = first.clone();
    loop {
        desk.answer(&ask, inbox, outbox);
        match inbox.next() {
            Some(next) if next.file == first.file && next.window_tokens == first.window_tokens => ask = next,
            other => return Ok(other),
        }
    }
}

fn load(backend: &LlamaBackend, file: &Path) -> Result<LlamaModel, ModelFault> {
    let unavailable = |why: &str| {
        let text = format!("the model file {} {why}: fetch it again with `sortie models pull`", file.display());
        ModelFault::new(FaultKind::Unavailable, text)
    };
    if !file.is_file() {
        return Err(unavailable("is not there"));
    }
    LlamaModel::load_from_file(backend, file, &LlamaModelParams::default().with_n_gpu_layers(0))
        .map_err(|_| unavailable("is damaged or of a kind that the engine cannot read"))
}

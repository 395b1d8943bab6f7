//! What the rest of the house sees of this crate: files that are fetched or not, and a
//! model that answers or fails in a named way.
//!
//! This binary has a harness of its own because it also plays the other processes: the
//! model process, one that misbehaves, and `python`.

#![expect(clippy::unwrap_used, reason = "all of this is tests, which clippy knows only by their harness")]

#[cfg(feature = "llama")]
mod engine;
mod fake_child;
mod fake_pip;
mod process;
mod pull;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(model_local::CHILD_ARGUMENT) => return model_local::child_main(),
        Some("fake-child") => return fake_child::main(&arguments[2]),
        Some("-m") => return fake_pip::main(&arguments),
        _ => {}
    }
    let mut trials = pull::trials();
    trials.extend(process::trials());
    #[cfg(feature = "llama")]
    trials.extend(engine::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test that runs on a small runtime of its own.
fn trial<F>(name: &str, test: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(test());
        Ok(())
    })
}

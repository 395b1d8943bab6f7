//! The one binary: the server, and the client of a running one.
//!
//! `sortie serve` runs [`server::Server`]. Agents, sessions, runs and tools go over `/v1`
//! ([`native`]); keys, organizations and projects go to [`server::admin`]. What a command
//! prints is for people, or with `--json` for programs ([`output`]); how it ends is a code
//! ([`failure`]).
//!
//! One more command: a module in [`commands`], a variant in [`arguments`], an arm in
//! [`commands::run`].

mod arguments;
mod commands;
mod failure;
mod native;
mod output;
mod reach;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;

use crate::arguments::Arguments;
use crate::failure::Failure;

fn main() -> ExitCode {
    // A process that only reads a file or runs a model needs nothing of what follows.
    if let Some(child) = server::child_of_this_binary() {
        return child();
    }
    server::install_crypto();
    let arguments = Arguments::parse();
    let json = arguments.json;
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::other(format!("cannot start: {error}")).report(json),
    };
    let ended = runtime.block_on(commands::run(arguments));
    // What still waits for a terminal or a name server is not worth waiting for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

//! `cargo xtask start`: from a fresh clone to a server that answers.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::{front_ends, machine, process};

/// Optimised where it matters and quicker to build than what ships.
pub(crate) const PROFILE: &str = "start";

/// Builds, fetches the default model, and serves; `passed_on` goes to `sortie serve`.
pub(crate) fn start(passed_on: &[OsString]) -> Result<()> {
    machine::ensure_build_packages()?;
    let builds = Builds::local()?;
    if let Err(error) = front_ends::build(&builds) {
        // The APIs do not need them, and the pages in their place say how to build them.
        println!("\n{error:#}\nstarting all the same, without the console and the chat\n");
    }
    println!("building (the first time takes some minutes: the local model's engine is compiled too)");
    process::run(builds.cargo().args(["build", "--profile", PROFILE, "--package", "cli", "--bin", "sortie"]))?;
    let sortie = builds.program(PROFILE, "sortie");
    // A demo asks no model.
    let is_demo = passed_on.iter().any(|argument| argument == "--demo");
    if !is_demo && let Err(error) = process::run(Command::new(&sortie).args(["models", "pull", "default"])) {
        // It has said itself what to do. Everything but the local model works without.
        println!("\n{error:#}\nstarting all the same: runs on the local model fail until it is there\n");
    }
    let mut serve = Command::new(&sortie);
    serve.arg("serve").args(passed_on);
    become_server(serve)
}

/// Hands this process over to the server, so that Ctrl-C and signals reach it and nobody else.
#[cfg(unix)]
fn become_server(mut serve: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    println!("$ {}", process::shown(&serve));
    Err(anyhow::Error::new(serve.exec()).context(format!("starting `{}`", process::shown(&serve))))
}

#[cfg(not(unix))]
fn become_server(mut serve: Command) -> Result<()> {
    process::run(&mut serve)
}

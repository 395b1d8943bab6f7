//! The project's chores: `cargo xtask start`, `cargo xtask test`, and the rest.
//!
//! It knows the repository and the machine it stands on, and nothing of Sortie's insides: it
//! builds crates and runs programs. It is the first thing a newcomer compiles, so it has few
//! dependencies and no derives. One more chore is a module with a public function, a line in
//! [`MENU`] and an arm in [`run`].

mod battery;
mod bench;
mod builds;
mod clients;
mod containerfile;
mod dependencies;
mod dist;
mod eval;
mod front_ends;
mod generated;
mod image;
mod journeys;
mod layers;
mod lengths;
mod machine;
mod packages;
mod process;
mod promises;
mod release;
mod runner;
mod start;
mod steps;
mod suite;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use pico_args::Arguments;

use crate::builds::Builds;

const MENU: &str = "\
cargo xtask <chore>

  start [-- ARGS]            build, fetch the default model, serve on http://127.0.0.1:7717
                             (ARGS go to `sortie serve`)
  test [-- ARGS]             everything that CI runs (ARGS go to the test runner)
  lint                       format, layers, file lengths, named tests, clippy, dependencies
  generate                   rewrite the generated documents
  build --release            the binary that ships [--engine v3|baseline]
  dist                       the archive of a release, with its checksums [--engine v3|baseline]
  packages PROGRAM|--image   pack this binary and serve from the archive, as `test` does; or build
                             the image and start it (docker or podman)
  bench [NAME] [--json] [-- ARGS]
                             measure a release build against a mock model
  eval [CASE …] [--model MODEL] [--json]
                             judge how well troubles are looked into
  battery crash|power|streams|mutations [--count N]
                             kill, or cut the power or connections, at N random moments
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (ours, passed_on) = split_at_dashes(std::env::args_os().skip(1).collect());
    let mut args = Arguments::from_vec(ours);
    let chore = args.subcommand()?;
    if chore.is_none() || args.contains(["-h", "--help"]) {
        print!("{MENU}");
        return Ok(());
    }
    match chore.as_deref().unwrap_or_default() {
        "start" => {
            finish(args)?;
            start::start(&passed_on)
        }
        "test" => {
            finish(args)?;
            suite::test(&passed_on)
        }
        "lint" => {
            finish(args)?;
            suite::lint()
        }
        "generate" => {
            finish(args)?;
            generated::write()
        }
        "build" => {
            let shipped = args.contains("--release");
            let engine = args.opt_value_from_str("--engine")?.unwrap_or_default();
            finish(args)?;
            if !shipped {
                bail!("`cargo xtask build` makes the binary that ships: say `--release` (else use `cargo build`)");
            }
            release::build(engine).map(drop)
        }
        "dist" => {
            let engine = args.opt_value_from_str("--engine")?.unwrap_or_default();
            finish(args)?;
            dist::dist(engine)
        }
        "packages" => try_packages(args),
        "bench" => {
            let json = args.contains("--json");
            let name = args.opt_free_from_str()?;
            finish(args)?;
            bench::bench(name, json, &passed_on)
        }
        "eval" => eval::eval(&args.finish().into_iter().chain(passed_on).collect::<Vec<_>>()),
        "battery" => {
            let count = args.opt_value_from_str("--count")?;
            let kind = args.free_from_str()?;
            finish(args)?;
            battery::battery(kind, count)
        }
        other => bail!("no chore `{other}`\n\n{MENU}"),
    }
}

fn try_packages(mut args: Arguments) -> Result<()> {
    let image = args.contains("--image");
    let program: Option<PathBuf> = args.opt_free_from_str()?;
    finish(args)?;
    match (image, program) {
        (true, None) => image::check(&Builds::local()?),
        (false, Some(program)) => packages::check(&Builds::local()?, &program),
        _ => bail!("name a binary to pack, or say `--image`"),
    }
}

/// Refuses what no chore has asked for, so that a misspelt option is not silently dropped.
fn finish(args: Arguments) -> Result<()> {
    let rest = args.finish();
    if !rest.is_empty() {
        bail!("unexpected argument {rest:?}; `cargo xtask --help` lists the chores");
    }
    Ok(())
}

fn split_at_dashes(mut args: Vec<OsString>) -> (Vec<OsString>, Vec<OsString>) {
    match args.iter().position(|arg| arg == "--") {
        Some(at) => {
            let passed_on = args.split_off(at + 1);
            args.truncate(at);
            (args, passed_on)
        }
        None => (args, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_after_the_dashes_are_passed_on() {
        let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(split_at_dashes(args(&["start"])), (args(&["start"]), args(&[])));
        assert_eq!(
            split_at_dashes(args(&["start", "--", "--listen", "--"])),
            (args(&["start"]), args(&["--listen", "--"]))
        );
    }

    #[test]
    fn what_nobody_asked_for_is_refused() {
        let error = finish(Arguments::from_vec(vec!["--lsiten".into()])).unwrap_err();
        assert!(error.to_string().contains("--lsiten"), "{error}");
    }
}

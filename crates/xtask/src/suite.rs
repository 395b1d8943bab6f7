//! `cargo xtask test`, which is all that CI runs, and `cargo xtask lint`, its quick part.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::runner::{self, PROFILE, Runner};
use crate::steps::Steps;
use crate::{clients, dependencies, front_ends, journeys, layers, lengths, machine, packages, process, promises};

/// Everything: what is missing is installed, then the quick checks, then one build in one
/// profile that lint and tests share. The engine of the local model is compiled in
/// that build and nowhere else.
pub(crate) fn test(passed_on: &[OsString]) -> Result<()> {
    let mut steps = Steps::start();
    let builds = Builds::for_tests()?;
    steps.step("system packages", machine::ensure_test_packages)?;
    // Only now is it known whether the fast linker is there.
    let builds = builds.with_linker();
    let runner = steps.step("test runner", Runner::find)?;
    let mut set = steps.step("clients", || clients::ensure(&builds))?;
    quick_checks(&mut steps, &builds)?;
    steps.step("front ends", || front_ends::check_and_build(&builds))?;
    steps.step("build", || runner::build(&builds))?;
    steps.step("clippy", || clippy(&builds))?;
    steps.step("dependencies", || dependencies::check(&builds))?;
    steps.step("smoke model", || fetch_smoke_model(&builds))?;
    set.push(("SORTIE_BIN", builds.program(PROFILE, "sortie").into()));
    steps.step("packages", || packages::check(&builds, &builds.program(PROFILE, "sortie")))?;
    steps.step("journeys' needs", || journeys::ensure(&builds))?;
    let tests = steps.step("tests", || runner.run_all(&builds, &set, passed_on))?;
    let examples = steps.step("examples in documents", || runner::run_documentation(&builds))?;
    let journeys = steps.step("journeys", || journeys::run(&builds, &set))?;
    steps.print_times();
    println!("\n{}", tests + examples + journeys);
    Ok(())
}

/// The smallest model, for the one test that runs the engine. Without it that test says that it
/// has been skipped, which is no way to pass in CI.
fn fetch_smoke_model(builds: &Builds) -> Result<()> {
    let pulled = process::run(Command::new(builds.program(PROFILE, "sortie")).args(["models", "pull", "smollm2-135m"]));
    match pulled {
        Err(error) if !machine::in_ci() => {
            println!("{error:#}: the smoke test of the local model is skipped");
            Ok(())
        }
        outcome => outcome,
    }
}

/// What needs no test to run.
pub(crate) fn lint() -> Result<()> {
    let mut steps = Steps::start();
    let builds = Builds::for_tests()?;
    quick_checks(&mut steps, &builds)?;
    steps.step("system packages", machine::ensure_build_packages)?;
    steps.step("clippy", || clippy(&builds))?;
    steps.step("dependencies", || dependencies::check(&builds))?;
    steps.print_times();
    Ok(())
}

fn quick_checks(steps: &mut Steps, builds: &Builds) -> Result<()> {
    steps.step("format", || process::run(builds.cargo().args(["fmt", "--all", "--check"])))?;
    steps.step("layers", || layers::check(builds))?;
    steps.step("file lengths", || lengths::check(builds))?;
    steps.step("named tests", || promises::check(builds))
}

fn clippy(builds: &Builds) -> Result<()> {
    let args = ["clippy", "--workspace", "--all-targets", "--keep-going", "--profile", PROFILE, "--", "-D", "warnings"];
    process::run(builds.cargo().args(args))
}

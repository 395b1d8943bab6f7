//! `cargo xtask eval`: how well troubles are looked into.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::start::PROFILE;
use crate::{machine, process};

/// Builds the server as `cargo xtask start` does, and has its investigator judged; `passed_on`
/// are the judge's own arguments.
pub(crate) fn eval(passed_on: &[OsString]) -> Result<()> {
    machine::ensure_build_packages()?;
    let builds = Builds::local()?;
    let packages = ["--package", "cli", "--package", "eval"];
    process::run(builds.cargo().args(["build", "--profile", PROFILE]).args(packages))?;
    let mut eval = Command::new(builds.program(PROFILE, "eval"));
    eval.arg("--server").arg(builds.program(PROFILE, "sortie")).args(passed_on);
    process::run(&mut eval)
}

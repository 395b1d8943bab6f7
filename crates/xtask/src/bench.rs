//! `cargo xtask bench`: builds the server and the benchmark as they ship, and runs the latter.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::{machine, process};

/// Runs one benchmark or all; `passed_on` are the benchmark's own arguments.
pub(crate) fn bench(name: Option<String>, json: bool, passed_on: &[OsString]) -> Result<()> {
    let builds = Builds::local()?.apart("bench");
    let mut cargo = builds.cargo();
    cargo.args(["build", "--release", "--package", "cli", "--package", "bench"]);
    if name.as_deref() == Some("local") {
        machine::ensure_build_packages()?;
        cargo.args(["--features", "bench/local"]);
    } else {
        // The engine takes as long to compile as everything else, and only its own figures
        // need it: all others are taken against a mock.
        cargo.arg("--no-default-features");
    }
    process::run(&mut cargo)?;
    let mut bench = Command::new(builds.program("release", "bench"));
    bench.arg("--server").arg(builds.program("release", "sortie"));
    if json {
        bench.arg("--json");
    }
    bench.args(name).args(passed_on);
    process::run(&mut bench)
}

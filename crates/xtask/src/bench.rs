//! `cargo xtask bench`: builds the server and the benchmark as they ship, and runs the latter.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::process;

/// Runs one benchmark or all; `passed_on` are the benchmark's own arguments.
pub(crate) fn bench(name: Option<String>, json: bool, passed_on: &[OsString]) -> Result<()> {
    let builds = Builds::local()?.apart("bench");
    // Without the local model: its engine takes as long to compile as everything else, and all
    // figures but its own are taken against a mock.
    let args = ["build", "--release", "--package", "cli", "--package", "bench", "--no-default-features"];
    process::run(builds.cargo().args(args))?;
    let mut bench = Command::new(builds.program("release", "bench"));
    bench.arg("--server").arg(builds.program("release", "sortie"));
    if json {
        bench.arg("--json");
    }
    bench.args(name).args(passed_on);
    process::run(&mut bench)
}

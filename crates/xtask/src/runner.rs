//! The test runner: cargo-nextest where it can be had, `cargo test` where not.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::builds::Builds;
use crate::machine;
use crate::process::{self, Report};
use crate::tools::NEXTEST;

/// The profile that everything in a test run is built with, so that nothing is built twice.
pub(crate) const PROFILE: &str = "ci";

/// How the tests are run.
pub(crate) enum Runner {
    Nextest(PathBuf),
    CargoTest,
}

/// How many tests ended how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    /// Of those that passed, at their second try.
    pub(crate) flaky: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Runner {
    /// Nextest if it is there or quickly fetched. It is never worth compiling for one run.
    pub(crate) fn find() -> Result<Self> {
        if NEXTEST.installed()?.is_none() {
            // Without a network `cargo test` does as well.
            let _ = NEXTEST.fetch();
        }
        Ok(match NEXTEST.installed()? {
            Some(program) => {
                println!("present: cargo-nextest");
                Self::Nextest(program)
            }
            None => {
                println!("no cargo-nextest: `cargo test` runs the tests");
                Self::CargoTest
            }
        })
    }

    /// Every test of the workspace but those in documents; `passed_on` are the runner's arguments.
    pub(crate) fn run_all(&self, builds: &Builds, set: &[(&str, OsString)], passed_on: &[OsString]) -> Result<Counts> {
        let mut command = match self {
            Self::Nextest(program) => {
                let mut command = nextest(program, builds);
                command.args(["run", "--workspace", "--cargo-profile", PROFILE, "--no-fail-fast"]);
                if machine::in_ci() {
                    command.args(["--profile", "ci"]);
                }
                command.args(passed_on);
                command
            }
            Self::CargoTest => {
                let mut command = builds.cargo();
                command.args([
                    "test",
                    "--workspace",
                    "--lib",
                    "--bins",
                    "--tests",
                    "--profile",
                    PROFILE,
                    "--no-fail-fast",
                ]);
                command.arg("--").args(passed_on);
                command
            }
        };
        command.envs(set.iter().map(|(name, value)| (name, value)));
        self.counted(&mut command)
    }

    /// The tests of one package whose names begin so, ignored ones included, with their output.
    pub(crate) fn run_some(
        &self,
        builds: &Builds,
        set: &[(&str, OsString)],
        package: &str,
        prefix: &str,
    ) -> Result<Counts> {
        let mut command = match self {
            Self::Nextest(program) => {
                let mut command = nextest(program, builds);
                let filter = format!("package({package}) and test(/^{prefix}/)");
                command.args([
                    "run",
                    "--workspace",
                    "--cargo-profile",
                    PROFILE,
                    "--run-ignored",
                    "all",
                    "--no-capture",
                ]);
                command.args(["--profile", "battery", "--filterset", &filter]);
                command
            }
            Self::CargoTest => {
                let mut command = builds.cargo();
                command.args(["test", "--workspace", "--test", "it", "--profile", PROFILE, "--"]);
                command.args([prefix, "--include-ignored", "--nocapture"]);
                command
            }
        };
        command.envs(set.iter().map(|(name, value)| (name, value)));
        self.counted(&mut command)
    }

    fn counted(&self, command: &mut Command) -> Result<Counts> {
        match self {
            Self::Nextest(_) => Ok(count_nextest(&process::run_and_keep(command, Report::Stderr)?)),
            Self::CargoTest => Ok(count_libtest(&process::run_and_keep(command, Report::Stdout)?)),
        }
    }
}

/// Builds the binary and every test, in one go and with the features they share.
pub(crate) fn build(builds: &Builds) -> Result<()> {
    let mut cargo = builds.cargo();
    cargo.args(["build", "--workspace", "--bins", "--tests", "--profile", PROFILE]);
    if machine::in_ci() {
        // Elsewhere the lock file may follow an edited manifest.
        cargo.arg("--locked");
    }
    process::run(&mut cargo)
}

/// The examples in the documentation, which nextest does not run.
pub(crate) fn run_documentation(builds: &Builds) -> Result<Counts> {
    let mut command = builds.cargo();
    command.args(["test", "--workspace", "--doc", "--profile", PROFILE]);
    Ok(count_libtest(&process::run_and_keep(&mut command, Report::Stdout)?))
}

fn nextest(program: &Path, builds: &Builds) -> Command {
    let mut command = Command::new(program);
    command.arg("nextest").current_dir(builds.root());
    builds.configure(&mut command);
    command
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            flaky: self.flaky + other.flaky,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)?;
        match self.flaky {
            0 => Ok(()),
            flaky => write!(f, "; {flaky} passed at the second try alone"),
        }
    }
}

/// Reads `Summary [ 1.2s] 5 tests run: 4 passed (1 slow, 1 flaky), 1 failed, 2 skipped`.
fn count_nextest(lines: &[String]) -> Counts {
    let summary = lines.iter().rev().find(|line| line.trim_start().starts_with("Summary ["));
    summary.map(|line| count_words(line)).unwrap_or_default()
}

/// Sums up the lines `test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; …`.
fn count_libtest(lines: &[String]) -> Counts {
    let results = lines.iter().filter(|line| line.starts_with("test result:"));
    results.map(|line| count_words(line)).fold(Counts::default(), std::ops::Add::add)
}

fn count_words(line: &str) -> Counts {
    let words: Vec<&str> = line.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    let before = |name: &str| {
        let at = words.iter().position(|word| *word == name);
        at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
    };
    Counts {
        passed: before("passed"),
        flaky: before("flaky"),
        failed: before("failed") + before("timed"),
        skipped: before("skipped") + before("ignored"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_reports_are_counted() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let nextest =
            "     Summary [   0.9s] 6 tests run: 4 passed (1 slow, 3 flaky), 1 failed, 1 timed out, 2 skipped";
        let counts = count_nextest(&lines(nextest));
        assert_eq!(counts, Counts { passed: 4, flaky: 3, failed: 2, skipped: 2 });
        assert_eq!(counts.to_string(), "4 passed, 2 failed, 2 skipped; 3 passed at the second try alone");
        let libtest = "\
running 3 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(count_libtest(&lines(libtest)).to_string(), "3 passed, 0 failed, 1 skipped");
    }
}

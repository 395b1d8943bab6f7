//! Journeys of people in a real browser against the real server: `e2e/`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::builds::Builds;
use crate::runner::Counts;
use crate::{clients, process};

/// Installs what drives the browser, as its lock file has it; the browser is one of the system's packages.
pub(crate) fn ensure(builds: &Builds) -> Result<()> {
    let folder = builds.root().join("e2e");
    clients::ensure_node(&folder)?;
    process::run(Command::new("npm").current_dir(&folder).args(["run", "--silent", "check"]))
}

/// All journeys, against this binary.
pub(crate) fn run(builds: &Builds, set: &[(&str, OsString)]) -> Result<Counts> {
    let folder = builds.root().join("e2e");
    let report = folder.join("results/report.json");
    let mut journeys = Command::new("npm");
    journeys.current_dir(&folder).args(["run", "--silent", "test"]);
    process::run(journeys.envs(set.iter().map(|(name, value)| (name, value))))?;
    count(&report)
}

fn count(report: &Path) -> Result<Counts> {
    let text = std::fs::read(report).with_context(|| format!("reading {}", report.display()))?;
    let report: Value = serde_json::from_slice(&text).context("the report of the journeys")?;
    let stat = |name: &str| report["stats"][name].as_u64().with_context(|| format!("the report has no {name}"));
    let flaky = stat("flaky")?;
    Ok(Counts { passed: stat("expected")? + flaky, flaky, failed: stat("unexpected")?, skipped: stat("skipped")? })
}

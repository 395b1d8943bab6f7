//! The front ends, in TypeScript: what they need is installed, and they are checked, tested and
//! built, before the crates are built that serve them.
//!
//! One more front end is a line in [`FRONT_ENDS`]. Its `build` keeps its budgets of size: it
//! fails when they are overdrawn.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::builds::Builds;
use crate::{clients, process};

/// A folder with a front end.
struct FrontEnd {
    folder: &'static str,
    /// Other folders that it is made of.
    sources: &'static [&'static str],
    /// What is done with `npm run` before it is built.
    checks: &'static [&'static str],
}

const FRONT_ENDS: [FrontEnd; 2] = [
    // Its types are made of the APIs' documents.
    FrontEnd { folder: "console", sources: &["openapi"], checks: &["check", "lint", "test"] },
    FrontEnd { folder: "embed", sources: &[], checks: &["check", "test"] },
];

/// Where a front end is built to, and the mark that its checks and its build were done.
const BUILT: &str = "dist";
const MARK: &str = "dist/.built";

/// What is no source of a front end.
const NO_SOURCE: [&str; 2] = ["node_modules", BUILT];

/// Checks, tests and builds whatever has changed since it was.
pub(crate) fn check_and_build(builds: &Builds) -> Result<()> {
    FRONT_ENDS.iter().try_for_each(|front_end| make(builds.root(), front_end, front_end.checks))
}

/// Builds whatever has changed since it was built.
pub(crate) fn build(builds: &Builds) -> Result<()> {
    FRONT_ENDS.iter().try_for_each(|front_end| make(builds.root(), front_end, &[]))
}

fn make(root: &Path, FrontEnd { folder, sources, .. }: &FrontEnd, checks: &[&str]) -> Result<()> {
    let folder = &root.join(folder);
    let sources: Vec<PathBuf> = sources.iter().map(|source| root.join(source)).collect();
    let done = checks.join(" ");
    if is_current(folder, &sources, &done)? {
        println!("present: {}", folder.join(BUILT).display());
        return Ok(());
    }
    clients::ensure_node(folder)?;
    for script in checks.iter().chain(&["build"]) {
        process::run(npm(folder).args(["run", "--silent", script]))?;
    }
    std::fs::write(folder.join(MARK), done).context("noting that the front end was built")
}

fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder);
    npm
}

/// Whether it was built, and as much checked, since its sources changed last.
fn is_current(folder: &Path, sources: &[PathBuf], checks: &str) -> Result<bool> {
    let mark = folder.join(MARK);
    let Ok(known) = std::fs::read_to_string(&mark) else { return Ok(false) };
    let built_at = std::fs::metadata(&mark)?.modified()?;
    let changed_at = sources
        .iter()
        .map(|source| newest(source))
        .try_fold(newest(folder)?, |latest, changed| Ok::<_, anyhow::Error>(latest.max(changed?)))?;
    Ok(known.starts_with(checks) && changed_at <= built_at)
}

/// When a source changed last.
fn newest(folder: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        if NO_SOURCE.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        // A folder's own time tells of files that are gone.
        newest = newest.max(entry.metadata()?.modified()?);
        if entry.file_type()?.is_dir() {
            newest = newest.max(self::newest(&entry.path())?);
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has a file that was just made change so many seconds later: however coarse the clock of
    /// the disk is, that is later than what was done before.
    fn touch(path: &Path, seconds: u64) {
        let file = std::fs::File::options().create(true).truncate(false).write(true).open(path).unwrap();
        let made = file.metadata().unwrap().modified().unwrap();
        file.set_modified(made + std::time::Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn what_has_not_changed_is_not_built_again() {
        let folder = std::env::temp_dir().join(format!("front-end-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("src/deep")).unwrap();
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        std::fs::create_dir_all(folder.join("node_modules")).unwrap();
        std::fs::write(folder.join("src/deep/main.ts"), "").unwrap();
        assert!(!is_current(&folder, &[], "").unwrap(), "it was never built");
        std::fs::write(folder.join(MARK), "check test").unwrap();
        touch(&folder.join(MARK), 60);
        assert!(is_current(&folder, &[], "check test").unwrap() && is_current(&folder, &[], "").unwrap());
        assert!(!is_current(&folder, &[], "check test lint").unwrap(), "it was not checked as much");
        touch(&folder.join("node_modules/other.js"), 120);
        assert!(is_current(&folder, &[], "check test").unwrap());
        touch(&folder.join("src/deep/main.ts"), 120);
        assert!(!is_current(&folder, &[], "check test").unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

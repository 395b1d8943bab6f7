//! The console's front end: fetched, checked and built by npm, when something of it has changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::builds::Builds;
use crate::process;

/// What of the front end was done, and with what: a copy of the list of its sources' hashes.
/// They stand with what npm fetches, so that a new clone does it all.
const BUILT: &str = "node_modules/.built.txt";
const CHECKED: &str = "node_modules/.checked.txt";
const FETCHED: &str = "node_modules/.installed.json";

/// What goes into the front end besides its own folder: the APIs' documents, its types are made of.
const SOURCES: [&str; 2] = ["console", "openapi"];

/// Builds `console/dist`, which the crate `console` takes in.
pub(crate) fn build(builds: &Builds) -> Result<()> {
    let console = builds.root().join("console");
    fetch(&console)?;
    unless_done(builds, &console.join(BUILT), console.join("dist/index.html").is_file(), || {
        process::run(npm(&console).args(["run", "build"]))
    })
}

/// Types, rules and unit tests of the front end.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let console = builds.root().join("console");
    fetch(&console)?;
    unless_done(builds, &console.join(CHECKED), true, || {
        ["check", "lint", "test"].iter().try_for_each(|script| process::run(npm(&console).args(["run", script])))
    })
}

fn npm(console: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(console);
    npm
}

fn fetch(console: &Path) -> Result<()> {
    let lock = console.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    let done = console.join(FETCHED);
    if std::fs::read(&done).is_ok_and(|fetched| fetched == wanted) {
        println!("present: what {} names", lock.display());
        return Ok(());
    }
    let fetched = process::run(npm(console).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]));
    fetched.context("the console is built with Node.js 20 or newer and npm: install both, then try again")?;
    std::fs::write(&done, wanted).with_context(|| format!("writing {}", done.display()))
}

/// Does the work unless the sources are those of the last time.
fn unless_done(builds: &Builds, done: &Path, is_there: bool, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let now = fingerprint(builds.root())?;
    if is_there && std::fs::read_to_string(done).is_ok_and(|then| then == now) {
        println!("nothing of the console has changed");
        return Ok(());
    }
    work()?;
    std::fs::write(done, now).with_context(|| format!("writing {}", done.display()))
}

/// Every source with the hash of what it holds, as git sees the work tree.
fn fingerprint(root: &Path) -> Result<String> {
    let mut list = Command::new("git");
    list.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]).args(SOURCES);
    let names = process::read(&mut list)?;
    let files: Vec<PathBuf> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .filter(|name| root.join(name).is_file())
        .collect();
    let mut hash = Command::new("git");
    hash.current_dir(root).args(["hash-object", "--"]).args(&files);
    let hashes = process::read(&mut hash)?;
    let line = |(file, hash): (&PathBuf, &str)| format!("{hash} {}\n", file.display());
    Ok(files.iter().zip(hashes.lines()).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_known_by_what_they_hold() {
        let builds = Builds::local().unwrap();
        let print = fingerprint(builds.root()).unwrap();
        for name in [" console/package-lock.json", " console/src/app/routes.tsx", " openapi/native.json"] {
            assert!(print.lines().any(|line| line.ends_with(name) && line.len() == 40 + name.len()), "{name}");
        }
        assert!(!print.contains("node_modules") && !print.contains("console/dist"), "{print}");
    }
}

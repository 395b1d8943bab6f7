//! Documents that the binary itself writes, checked in so that a change of theirs is seen.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::builds::Builds;
use crate::runner::PROFILE;
use crate::{machine, process};

/// One generated document: where it stands, and the `sortie` arguments that print it.
/// One more is one more line here.
const DOCUMENTS: &[(&str, &[&str])] = &[];

/// Rewrites every document.
pub(crate) fn write() -> Result<()> {
    machine::ensure_build_packages()?;
    let builds = Builds::for_tests()?;
    build(&builds)?;
    for (path, arguments) in DOCUMENTS {
        let file = builds.root().join(path);
        std::fs::write(&file, printed(&builds, arguments)?).with_context(|| format!("writing {}", file.display()))?;
        println!("{path}");
    }
    Ok(())
}

/// Fails with the documents that are not what the built binary prints.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let mut stale = Vec::new();
    for (path, arguments) in DOCUMENTS {
        let file = builds.root().join(path);
        let stands = std::fs::read_to_string(&file).unwrap_or_default();
        if stands != printed(builds, arguments)? {
            stale.push(*path);
        }
    }
    if !stale.is_empty() {
        bail!("no longer what the code says: {}; `cargo xtask generate` rewrites them", stale.join(", "));
    }
    println!("{} documents are fresh", DOCUMENTS.len());
    Ok(())
}

/// Builds the binary as a test run does, so that one of the two finds it built by the other.
pub(crate) fn build(builds: &Builds) -> Result<()> {
    let mut cargo = builds.cargo();
    cargo.args(["build", "--workspace", "--bins", "--tests", "--profile", PROFILE]);
    if machine::in_ci() {
        // Elsewhere the lock file may follow an edited manifest.
        cargo.arg("--locked");
    }
    process::run(&mut cargo)
}

fn printed(builds: &Builds, arguments: &[&str]) -> Result<String> {
    process::read(Command::new(builds.program(PROFILE, "sortie")).args(arguments))
}

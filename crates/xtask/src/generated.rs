//! Documents that are written by the code and checked in, so that a change of theirs is seen.
//!
//! Each has a test that fails when it is stale and rewrites it when told to; the suite runs
//! those tests with all others.

use anyhow::{Context, Result};

use crate::builds::Builds;
use crate::runner::PROFILE;
use crate::{machine, process};

/// The packages with such a test and a part of its name. One more document is one more line.
const DOCUMENTS: &[(&str, &str)] = &[
    ("config", "sample::"),
    ("api-cassidy", "the_checked_in_document_is_fresh"),
    ("api-make", "the_checked_in_document_is_fresh"),
    ("api-native", "document"),
    ("api-cased", "document"),
];

/// What tells the tests to rewrite.
const UPDATE: [&str; 2] = ["UPDATE", "SORTIE_UPDATE"];

/// Rewrites every document.
pub(crate) fn write() -> Result<()> {
    machine::ensure_build_packages()?;
    let builds = Builds::for_tests()?;
    for (package, test) in DOCUMENTS {
        let mut cargo = builds.cargo();
        cargo.args(["test", "--quiet", "--profile", PROFILE, "--package", package, test]);
        process::run(cargo.envs(UPDATE.map(|name| (name, "1"))))
            .with_context(|| format!("generating for {package}"))?;
    }
    Ok(())
}

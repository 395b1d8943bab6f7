//! `docs/testing.md` says which test keeps which promise; each test it names must be there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::builds::Builds;
use crate::process;

const MAP: &str = "docs/testing.md";

/// Fails with the tests that the map names and the sources lack.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let root = builds.root();
    let map = std::fs::read_to_string(root.join(MAP)).with_context(|| format!("reading {MAP}"))?;
    let listing = process::read(Command::new("git").current_dir(root).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "crates/*.rs",
    ]))?;
    let files: Vec<&str> = listing.lines().collect();
    let named: Vec<(&str, &str)> = named_tests(&map).collect();
    let missing: Vec<String> = named
        .iter()
        .filter(|(file, test)| !is_there(root, &files, file, test))
        .map(|(file, test)| format!("{file}::{test}"))
        .collect();
    if !missing.is_empty() {
        bail!("{MAP} names tests that are not there:\n  {}", missing.join("\n  "));
    }
    println!("{} tests are named in {MAP}, and all are there", named.len());
    Ok(())
}

/// Everything of the form `file.rs::test` between backticks.
fn named_tests(map: &str) -> impl Iterator<Item = (&str, &str)> {
    map.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(file, _)| file.ends_with(".rs"))
}

fn is_there(root: &Path, files: &[&str], file: &str, test: &str) -> bool {
    let (ending, head) = (format!("/{file}"), format!("fn {test}("));
    let candidates = files.iter().filter(|path| path.ends_with(&ending));
    candidates.into_iter().any(|path| std::fs::read_to_string(root.join(path)).is_ok_and(|text| text.contains(&head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_between_backticks() {
        let map = "| a `word` | `x/tests/it/a.rs::one`, `b.rs::two` and `Thing::method` |";
        assert_eq!(named_tests(map).collect::<Vec<_>>(), [("x/tests/it/a.rs", "one"), ("b.rs", "two")]);
    }
}

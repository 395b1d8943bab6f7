//! How long a source file may be: above 800 lines never, above 500 for a tenth of all lines.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::builds::Builds;
use crate::process;

const LINES_MAX: usize = 800;
const LONG: usize = 500;
/// How many of a hundred lines may stand in long files.
const LONG_PERCENT_MAX: usize = 10;

const SOURCES: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "py", "sh", "sql", "css", "html"];

/// A source file and how many lines it has.
struct Source {
    path: String,
    lines: usize,
}

/// Fails with the files that are too long.
pub(crate) fn check(builds: &Builds) -> Result<()> {
    let sources = sources(builds.root())?;
    judge(&sources)?;
    println!("{} files, {} lines", sources.len(), total(&sources));
    Ok(())
}

fn judge(sources: &[Source]) -> Result<()> {
    let listed = |over: usize| {
        let mut files: Vec<&Source> = sources.iter().filter(|source| source.lines > over).collect();
        files.sort_by_key(|source| std::cmp::Reverse(source.lines));
        files.iter().map(|source| format!("{} has {} lines", source.path, source.lines)).collect::<Vec<_>>()
    };
    let too_long = listed(LINES_MAX);
    if !too_long.is_empty() {
        bail!("no source file may be over {LINES_MAX} lines; split:\n  {}", too_long.join("\n  "));
    }
    let in_long: usize = sources.iter().map(|source| source.lines).filter(|lines| *lines > LONG).sum();
    if in_long * 100 > total(sources) * LONG_PERCENT_MAX {
        bail!(
            "files over {LONG} lines hold {in_long} of {} lines, more than {LONG_PERCENT_MAX} %; split one of:\n  {}",
            total(sources),
            listed(LONG).join("\n  "),
        );
    }
    Ok(())
}

fn total(sources: &[Source]) -> usize {
    sources.iter().map(|source| source.lines).sum()
}

/// What git knows or would add, without what is generated or fetched.
fn sources(root: &Path) -> Result<Vec<Source>> {
    let listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let names = process::read(Command::new("git").current_dir(root).args(listing))?;
    let mut sources = Vec::new();
    for path in names.split('\0').filter(|path| is_source(path)) {
        let file = root.join(path);
        // Deleted in the work tree and still in the index.
        if !file.is_file() {
            continue;
        }
        let text = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        sources.push(Source { path: path.to_owned(), lines: text.iter().filter(|byte| **byte == b'\n').count() });
    }
    Ok(sources)
}

fn is_source(path: &str) -> bool {
    let path = Path::new(path);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    SOURCES.contains(&extension) && !path.iter().any(|part| part == "generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(lines: &[usize]) -> Vec<Source> {
        lines.iter().enumerate().map(|(n, lines)| Source { path: format!("{n}.rs"), lines: *lines }).collect()
    }

    #[test]
    fn a_file_over_the_limit_is_named() {
        let error = judge(&files(&[800, 801])).unwrap_err().to_string();
        assert!(error.ends_with("split:\n  1.rs has 801 lines"), "{error}");
    }

    #[test]
    fn long_files_may_hold_a_tenth() {
        assert!(judge(&files(&[501, 500, 500, 500, 500, 500, 500, 500, 500, 500, 9])).is_ok());
        assert!(judge(&files(&[501, 500, 500, 500, 500, 500, 500, 500, 500, 500])).is_err());
    }

    #[test]
    fn what_is_generated_is_exempt() {
        assert!(is_source("crates/app/src/lib.rs"));
        assert!(!is_source("console/src/generated/api.ts"));
        assert!(!is_source("Cargo.lock"));
    }
}

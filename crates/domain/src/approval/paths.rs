//! Which paths a rollout changes, by the word of its pipeline, and which of them a pattern means.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value};

/// Where metadata may name paths: our own name for it, and that of the API whose answer is
/// passed on as it is.
const NAMED_UNDER: [&str; 2] = ["changed_paths", "files"];

/// What an entry that is an object holds a path under. A file that was moved changes two.
const PATHS_OF_ENTRY: [&str; 3] = ["path", "filename", "previous_filename"];

/// Bytes of a path, and of all paths, that are read. Of a longer list nothing is known.
const PATH_BYTES_MAX: usize = 4 << 10;
const PATHS_BYTES_MAX: usize = 16 << 10;

/// What stands before the name of a branch where a reference is written out.
const BRANCH_PREFIX: &str = "refs/heads/";

/// The paths that a rollout changes; `None` if its metadata does not say, or not in a way that
/// can be relied on: then nobody can tell which rule means it.
pub fn changed_paths(metadata: &Map<String, Value>) -> Option<Vec<String>> {
    let named = NAMED_UNDER.iter().filter_map(|name| metadata.get(*name)).filter(|value| !value.is_null());
    let lists: Vec<Vec<&str>> = named.map(paths_in).collect::<Option<_>>()?;
    let bytes = lists
        .iter()
        .flatten()
        .try_fold(0, |sum: usize, path| (path.len() <= PATH_BYTES_MAX).then(|| sum.saturating_add(path.len())))?;
    if bytes > PATHS_BYTES_MAX {
        return None;
    }
    let mut paths: Vec<String> = lists.into_iter().flatten().map(plain).collect::<Option<_>>()?;
    paths.sort_unstable();
    paths.dedup();
    Some(paths).filter(|paths| !paths.is_empty())
}

/// The paths in a list of texts or of objects, or in a text with one a line.
fn paths_in(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(text.lines().filter(|line| !line.trim().is_empty()).collect()),
        Value::Array(entries) => {
            let lists = entries.iter().map(|entry| match entry {
                Value::String(path) => Some(vec![path.as_str()]),
                Value::Object(entry) => paths_of(entry),
                _ => None,
            });
            Some(lists.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

fn paths_of(entry: &Map<String, Value>) -> Option<Vec<&str>> {
    let named = PATHS_OF_ENTRY.iter().filter_map(|name| entry.get(*name)).filter(|value| !value.is_null());
    let paths: Vec<&str> = named.map(Value::as_str).collect::<Option<_>>()?;
    Some(paths).filter(|paths| !paths.is_empty())
}

/// A path from the root of the repository, in its one spelling. Of one that may mean another
/// place than it seems to, nothing is known.
fn plain(path: &str) -> Option<String> {
    let path = path.trim();
    let path = path.strip_prefix("./").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    let is_odd = |c: char| c.is_control() || c == '\\' || c == '"';
    let is_whole = path.split('/').all(|part| !["", ".", ".."].contains(&part));
    (is_whole && !path.contains(is_odd)).then(|| path.to_owned())
}

/// The name of a branch, or the whole reference of what is none; `None` if it is not said.
/// Callers put the prefix in front of what has it already.
pub(super) fn branch(git_ref: Option<&str>) -> Option<&str> {
    let mut name = git_ref?.trim();
    while let Some(rest) = name.strip_prefix(BRANCH_PREFIX) {
        name = rest;
    }
    Some(name).filter(|name| !name.is_empty())
}

/// What patterns mean: `*` within a part, `**` over parts, `{a,b}` and `[a-z]`.
pub(super) struct Patterns(GlobSet);

impl Patterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn read<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| error.to_string())?);
        }
        set.build().map(Self).map_err(|error| error.to_string())
    }

    /// Reads patterns of branches.
    ///
    /// # Errors
    /// As [`Patterns::read`].
    pub(super) fn of_branches(patterns: &[String]) -> Result<Self, String> {
        Self::read(patterns.iter().map(|pattern| pattern.strip_prefix(BRANCH_PREFIX).unwrap_or(pattern)))
    }

    /// Whether one of them means this.
    pub(super) fn mean(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(metadata: Value) -> Option<Vec<String>> {
        changed_paths(metadata.as_object().unwrap())
    }

    #[test]
    fn paths_are_read_in_the_shapes_that_pipelines_have_them_in() {
        for (metadata, expected) in [
            (json!({ "changed_paths": ["b/c", "a", "./a", "/a"] }), Some(vec!["a", "b/c"])),
            (json!({ "changed_paths": "a\nb\n\n" }), Some(vec!["a", "b"])),
            (
                json!({ "files": [{ "filename": "a", "previous_filename": "b" }, { "path": "c" }] }),
                Some(vec!["a", "b", "c"]),
            ),
            (json!({ "changed_paths": ["a"], "files": ["b"] }), Some(vec!["a", "b"])),
            (json!({ "changed_paths": ["a"], "files": null }), Some(vec!["a"])),
            (json!({ "changed_paths": ["a b.txt"] }), Some(vec!["a b.txt"])),
        ] {
            let expected = expected.map(|paths| paths.into_iter().map(str::to_owned).collect());
            assert_eq!(of(metadata.clone()), expected, "{metadata}");
        }
    }

    #[test]
    fn what_cannot_be_relied_on_is_not_known() {
        for metadata in [
            json!({}),
            json!({ "changed_paths": [] }),
            json!({ "changed_paths": "" }),
            json!({ "changed_paths": 3 }),
            json!({ "changed_paths": ["a", 3] }),
            json!({ "changed_paths": ["a"], "files": 3 }),
            json!({ "changed_paths": ["docs/../infra/main.tf"] }),
            json!({ "changed_paths": ["a//b"] }),
            json!({ "changed_paths": ["a\\b"] }),
            json!({ "changed_paths": ["\"infra/\\303\\244.tf\""] }),
            json!({ "files": [{ "sha": "1" }] }),
            json!({ "files": [{ "filename": 1 }] }),
            json!({ "raw": ["a"] }),
            json!({ "changed_paths": ["a", "b".repeat(PATH_BYTES_MAX + 1)] }),
            json!({ "changed_paths": vec!["c".repeat(100); 164] }),
        ] {
            assert_eq!(of(metadata.clone()), None, "{metadata}");
        }
    }

    #[test]
    fn a_branch_is_known_however_often_it_is_spelled_out() {
        for (git_ref, expected) in [
            (None, None),
            (Some(""), None),
            (Some("refs/heads/"), None),
            (Some("main"), Some("main")),
            (Some("refs/heads/main"), Some("main")),
            (Some("refs/heads/refs/heads/release/1"), Some("release/1")),
            (Some("refs/tags/v1"), Some("refs/tags/v1")),
        ] {
            assert_eq!(branch(git_ref), expected, "{git_ref:?}");
        }
    }

    #[test]
    fn a_star_stays_within_its_part() {
        for (pattern, text, expected) in [
            ("*.tf", "main.tf", true),
            ("*.tf", "infra/main.tf", false),
            ("**/*.tf", "infra/main.tf", true),
            ("infra/**", "infra/a/b", true),
            ("infra/**", "infrared/a", false),
            ("{api,web}/*", "web/a", true),
            ("release/*", "release/1", true),
        ] {
            let patterns = Patterns::read([pattern]).ok().unwrap();
            assert_eq!(patterns.mean(text), expected, "{pattern} {text}");
        }
        assert!(Patterns::read(["a{b"]).is_err());
        assert!(Patterns::of_branches(&["refs/heads/main".to_owned()]).ok().unwrap().mean("main"));
    }

    proptest! {
        #[test]
        fn any_metadata_is_read_or_not_known(paths in prop::collection::vec(".{0,12}", 0..4), text: String) {
            for metadata in [json!({ "changed_paths": paths }), json!({ "files": text })] {
                for path in of(metadata).into_iter().flatten() {
                    prop_assert!(path.split('/').all(|part| !part.is_empty() && part != ".." && part != "."));
                    prop_assert!(!path.contains('\\'));
                }
            }
        }
    }
}

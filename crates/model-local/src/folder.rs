//! Where model files lie, and which file a model's name means.

use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::catalogue::{CatalogueEntry, catalogue, find_entry};

/// Names the directory of model files; set by those who keep them elsewhere.
pub const MODEL_DIR_ENV: &str = "SORTIE_MODEL_DIR";

/// The directory of model files: `SORTIE_MODEL_DIR`, else `sortie/models` in the user's
/// cache directory, so that every checkout and data directory of a machine shares them.
pub fn model_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os(MODEL_DIR_ENV).filter(|dir| !dir.is_empty()) {
        return PathBuf::from(dir);
    }
    let cache = etcetera::choose_base_strategy()
        .map(|dirs| dirs.cache_dir())
        // No home directory, as for some system users: the directory is then the same for
        // every process of this machine all the same.
        .unwrap_or_else(|_| std::env::temp_dir());
    cache.join("sortie").join("models")
}

/// The file of this model in [`model_dir`], if it is there.
pub fn find(name: &str) -> Option<PathBuf> {
    find_in(&model_dir(), name)
}

/// The file of this model in `dir`, if it is there.
///
/// `name` is `default`, a name of the catalogue or the name of a `.gguf` file. It may come
/// from anyone, so it never leads out of the directory. A catalogue model of another size
/// than its own is not that model.
pub fn find_in(dir: &Path, name: &str) -> Option<PathBuf> {
    let entry = find_entry(name);
    let file_name = entry.map_or(name, |entry| entry.file_name);
    if !is_plain_file_name(file_name) {
        return None;
    }
    let path = dir.join(file_name);
    let found = std::fs::metadata(&path).ok()?;
    let whole = entry.is_none_or(|entry| entry.bytes == found.len());
    (found.is_file() && whole).then_some(path)
}

/// A model as `sortie models list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModel {
    /// What to put after `local/` in an agent's model.
    pub name: String,
    /// Its file, if it is here.
    pub path: Option<PathBuf>,
    /// What the catalogue knows of it; `None` for a file someone put there.
    pub entry: Option<&'static CatalogueEntry>,
}

/// The models of the catalogue, here or not, then the other files of [`model_dir`].
pub fn list() -> Vec<ListedModel> {
    list_in(&model_dir())
}

/// As [`list`], for another directory.
pub fn list_in(dir: &Path) -> Vec<ListedModel> {
    let known = catalogue().iter().map(|entry| ListedModel {
        name: entry.name.to_owned(),
        path: find_in(dir, entry.name),
        entry: Some(entry),
    });
    // A directory that is not there yet, or cannot be read, holds no models for us.
    let mut others = other_files(dir).unwrap_or_default();
    others.sort();
    let others = others.into_iter().map(|name| ListedModel { path: Some(dir.join(&name)), name, entry: None });
    known.chain(others).collect()
}

fn other_files(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for found in std::fs::read_dir(dir)? {
        let found = found?;
        let Ok(name) = found.file_name().into_string() else {
            continue;
        };
        if is_plain_file_name(&name) && find_entry(&name).is_none() && found.path().is_file() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether this names a `.gguf` file and cannot be read as a path.
fn is_plain_file_name(name: &str) -> bool {
    name.ends_with(".gguf")
        && name.len() <= 200
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':'])
        && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_directory() {
        let outside = tempfile::tempdir().unwrap();
        let dir = outside.path().join("models");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(outside.path().join("secret.gguf"), "x").unwrap();
        std::fs::write(dir.join("mine.gguf"), "x").unwrap();
        std::fs::write(dir.join("notes.txt"), "x").unwrap();

        assert_eq!(find_in(&dir, "mine.gguf"), Some(dir.join("mine.gguf")));
        let absolute = outside.path().join("secret.gguf");
        let hostile = [
            "../secret.gguf",
            "..\\secret.gguf",
            "./mine.gguf",
            "notes.txt",
            "",
            "..",
            "mine.gguf\0",
            "mine.gguf/",
            absolute.to_str().unwrap(),
        ];
        for name in hostile {
            assert_eq!(find_in(&dir, name), None, "{name:?}");
        }
    }

    #[test]
    fn a_cut_catalogue_file_is_not_the_model() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("SmolLM2-135M-Instruct.Q4_1.gguf"), "GGUF").unwrap();

        assert_eq!(find_in(dir.path(), "smollm2-135m"), None);
        let listed = list_in(dir.path());
        assert_eq!(listed.len(), catalogue().len(), "and it is not listed as somebody's own either");
    }

    #[test]
    fn other_files_are_listed_under_their_own_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("own.gguf"), "GGUF").unwrap();
        std::fs::write(dir.path().join("own.gguf.part"), "GG").unwrap();

        let listed = list_in(dir.path());
        assert_eq!(listed.last().map(|model| model.name.as_str()), Some("own.gguf"));
        assert_eq!(listed.len(), catalogue().len() + 1);
        assert!(list_in(&dir.path().join("absent")).iter().all(|model| model.path.is_none()));
    }
}

//! Files that only their owner may read: written whole or not at all, and on disk when
//! the call returns.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const OWNER_ONLY: u32 = 0o600;

/// Writes a file that only its owner may read. A crash leaves the old one or the new one.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    Prepared::new(path, contents)?.put_in_place()
}

/// A file that is written and on disk, beside its place. Nothing of it is left unless it is put
/// there.
pub(crate) struct Prepared {
    fresh: PathBuf,
    path: PathBuf,
}

impl Prepared {
    /// Writes it.
    pub(crate) fn new(path: &Path, contents: &[u8]) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        // One that an earlier crash left behind is in the way of `create_new`.
        remove(&fresh)?;
        let prepared = Self { fresh, path: path.to_owned() };
        fill(&prepared.fresh, contents)?;
        Ok(prepared)
    }

    /// Puts it in its place, in one step.
    pub(crate) fn put_in_place(self) -> io::Result<()> {
        std::fs::rename(&self.fresh, &self.path)?;
        sync_directory_of(&self.path)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // It is in its place, or nothing of it is of use and somebody is told why.
        let _ = remove(&self.fresh);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fill(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// Reads such a file; `None` if it is not there. One that others may read is closed to
/// them first.
pub(crate) fn read(path: &Path) -> io::Result<Option<String>> {
    let mode = match std::fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if mode & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(OWNER_ONLY))?;
        tracing::warn!(path = %path.display(), "others could read this file; now only its owner can");
    }
    std::fs::read_to_string(path).map(Some)
}

/// A new name is durable when its directory is.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("login");
        std::fs::write(path.with_extension("new"), "left by a crash").unwrap();

        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((read(&path).unwrap().as_deref(), mode(&path)), (Some("two"), 0o600));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        read(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_missing_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(&dir.path().join("absent")).unwrap(), None);
    }
}

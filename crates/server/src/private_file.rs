//! Files that only their owner may read: written whole or not at all, and on disk when
//! the call returns.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

const OWNER_ONLY: u32 = 0o600;

/// Writes a file that only its owner may read. A crash leaves the old one or the new one.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // One that an earlier crash left behind is in the way of `create_new`.
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = fill(&fresh, contents).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        // Nothing of it is of use; the error says why it could not be written.
        let _ = std::fs::remove_file(&fresh);
    }
    written?;
    sync_directory_of(path)
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

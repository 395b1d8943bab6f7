//! The file while it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Progress, PullError, SourceError, Step, blocking};

/// `NAME.part`: a beginning of the file, in the order of its bytes.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    len: u64,
    total: u64,
}

impl Partial {
    /// Opens what an earlier attempt left, or an empty file.
    pub(super) fn open(dir: &Path, file_name: &str, total: u64) -> Result<Self, PullError> {
        let path = dir.join(format!("{file_name}.part"));
        let opened = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, file) = opened.map_err(|error| PullError::disk(&path, error))?;
        let mut partial = Partial { path, file, len, total };
        partial.cut_to(if len > total { 0 } else { len })?;
        Ok(partial)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn is_whole(&self) -> bool {
        self.len == self.total
    }

    /// A directory beside the file for what a source must hold on the way. It is on the
    /// same disk, which has to have the room anyway.
    pub(super) fn scratch_path(&self) -> PathBuf {
        self.path.with_extension("part.d")
    }

    /// Forgets everything after the first `len` bytes.
    pub(super) fn cut_to(&mut self, len: u64) -> Result<(), PullError> {
        let cut = self.file.set_len(len).and_then(|()| self.file.seek(SeekFrom::Start(len)));
        cut.map_err(|error| PullError::disk(&self.path, error))?;
        self.len = len;
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<(), PullError> {
        self.cut_to(0)
    }

    /// Appends, and refuses more than the whole file: a source does not get to fill the disk.
    pub(super) fn append(&mut self, bytes: &[u8], progress: Progress<'_>) -> Result<(), SourceError> {
        if self.len + bytes.len() as u64 > self.total {
            return Err(SourceError::Failed(format!("it sends more than the {} bytes of the file", self.total)));
        }
        self.file.write_all(bytes).map_err(|error| PullError::disk(&self.path, error))?;
        self.len += bytes.len() as u64;
        progress(Step::Fetched { bytes: self.len, total: self.total });
        Ok(())
    }

    /// Appends all that `reader` gives.
    pub(super) fn append_all(&mut self, reader: &mut dyn Read, progress: Progress<'_>) -> Result<(), SourceError> {
        let mut block = vec![0; 1 << 20];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => self.append(&block[..count], progress)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SourceError::Failed(error.to_string())),
            }
        }
    }

    /// Takes the operator's file, from its beginning.
    pub(super) async fn copy_from(&mut self, path: &Path, progress: Progress<'_>) -> Result<(), SourceError> {
        let failed = |error: io::Error| SourceError::Failed(error.to_string());
        let mut source = File::open(path).map_err(failed)?;
        let found = source.metadata().map_err(failed)?.len();
        if found != self.total {
            return Err(SourceError::Failed(format!("it has {found} bytes, the model's file has {}", self.total)));
        }
        self.clear()?;
        let mut block = vec![0; 1 << 20];
        loop {
            // A network mount may take its time over each block.
            let read;
            (source, block, read) =
                blocking(move || source.read(&mut block).map(|count| (source, block, count))).await.map_err(failed)?;
            if read == 0 {
                return Ok(());
            }
            self.append(&block[..read], progress)?;
        }
    }

    /// The checksum of what is on disk.
    pub(super) async fn digest(&self, progress: Progress<'_>) -> Result<String, SourceError> {
        if !self.is_whole() {
            return Err(SourceError::Failed(format!("it ended after {} of {} bytes", self.len, self.total)));
        }
        progress(Step::Checking);
        let path = self.path.clone();
        let digest = blocking(move || sha256_of(&path)).await;
        Ok(digest.map_err(|error| PullError::disk(&self.path, error))?)
    }

    /// Makes the file durable and gives it its name, which only now exists.
    pub(super) async fn finish(self, target: &Path) -> Result<(), PullError> {
        let (path, target_path) = (self.path.clone(), target.to_owned());
        let renamed = blocking(move || {
            self.file.sync_all()?;
            std::fs::rename(&self.path, &target_path)?;
            match target_path.parent() {
                Some(dir) => sync_dir(dir),
                None => Ok(()),
            }
        });
        renamed.await.map_err(|error| PullError::disk(&path, error))
    }
}

/// SHA-256 of a file's content, lower-case hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => hash.update(&block[..count]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

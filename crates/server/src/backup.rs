//! `sortie backup`: a data directory's copy, to start a server on.
//!
//! It holds the database and a page that says what it is. The file with the hashing and
//! encryption keys is never in it: whoever has both can read everything.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use domain::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use store_sqlite::SqliteStore;

use crate::admin::{AdminError, AdminErrorKind};
use crate::private_file;

/// The page that says what a backup is.
pub(crate) const PAGE: &str = "backup.json";
/// The copy of the database.
pub(crate) const DATABASE: &str = "sortie.db";
/// The version of the page.
pub(crate) const FORMAT: u32 = 1;
/// What stands in a data directory and in no backup of it.
const LEFT_OUT: [&str; 2] = ["secrets.toml", "login"];

/// A backup, as its own page describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackupView {
    /// The version of this description.
    pub format: u32,
    /// The server that made it.
    pub sortie: String,
    /// When it was begun: all that was acknowledged before is in it.
    pub taken_at: Timestamp,
    /// Where it was made.
    pub path: PathBuf,
    /// Bytes of the database.
    pub bytes: u64,
    /// SHA-256 of the database, in hexadecimal digits.
    pub sha256: String,
    /// Files of the data directory that are needed besides, and were left out.
    pub left_out: Vec<String>,
}

/// Makes a backup in a directory that is not there yet. It gets its name when it is whole.
pub(crate) async fn make(store: &SqliteStore, to: &Path, now: Timestamp) -> Result<BackupView, AdminError> {
    let refused = |kind, why: &str| AdminError::new(kind, format!("{}: {why}", to.display()));
    let (Some(parent), Some(name)) = (to.parent(), to.file_name()) else {
        return Err(refused(AdminErrorKind::Invalid, "name a directory to be made"));
    };
    if !to.is_absolute() {
        return Err(refused(AdminErrorKind::Invalid, "the path must be absolute"));
    }
    if to.symlink_metadata().is_ok() {
        return Err(refused(AdminErrorKind::Conflict, "is there already: a backup is made in a new directory"));
    }
    let unfinished = parent.join(format!("{}.unfinished", name.to_string_lossy()));
    DirBuilder::new().mode(0o700).create(&unfinished).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => refused(
            AdminErrorKind::Conflict,
            &format!(
                "{} is in the way: another backup is being made, or one was cut off: then remove it",
                unfinished.display()
            ),
        ),
        io::ErrorKind::NotFound => refused(AdminErrorKind::Invalid, "the directory it is to be in is not there"),
        _ => failed(&unfinished, &error),
    })?;
    let mut unfinished = Unfinished { path: unfinished, is_done: false };
    let backup = fill(store, &unfinished.path, to, now).await?;
    renameat_with(CWD, &unfinished.path, CWD, to, RenameFlags::NOREPLACE).map_err(|error| failed(to, &error.into()))?;
    unfinished.is_done = true;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| failed(parent, &error))?;
    tracing::info!(path = %to.display(), bytes = backup.bytes, "a backup was made");
    Ok(backup)
}

async fn fill(store: &SqliteStore, dir: &Path, to: &Path, now: Timestamp) -> Result<BackupView, AdminError> {
    let database = dir.join(DATABASE);
    let copied = store.copy_to(database.clone()).await;
    copied.map_err(|error| AdminError::new(AdminErrorKind::Failed, error.to_string()))?;
    let hashed = database.clone();
    let hash = tokio::task::spawn_blocking(move || model_local::pull::sha256_of(&hashed)).await;
    let hash = hash.unwrap_or_else(|error| Err(io::Error::other(error)));
    let size = || std::fs::metadata(&database).map(|found| found.len());
    let backup = BackupView {
        format: FORMAT,
        sortie: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: now,
        path: to.to_owned(),
        bytes: size().map_err(|error| failed(&database, &error))?,
        sha256: hash.map_err(|error| failed(&database, &error))?,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    };
    let page = dir.join(PAGE);
    let text = serde_json::to_vec_pretty(&backup).map_err(|error| failed(&page, &error.into()))?;
    private_file::write(&page, &text).map_err(|error| failed(&page, &error))?;
    Ok(backup)
}

fn failed(path: &Path, error: &io::Error) -> AdminError {
    AdminError::new(AdminErrorKind::Failed, format!("{}: {error}", path.display()))
}

/// What has no name yet goes again, if it does not become whole.
struct Unfinished {
    path: PathBuf,
    is_done: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_done
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "an unfinished backup could not be removed");
        }
    }
}

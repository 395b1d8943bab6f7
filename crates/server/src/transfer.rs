//! `sortie export` and `sortie import`: an organization as one file.
//!
//! The file is gzip over JSON, one object a line: a head, the records of
//! [`ports::transfer`], an end with their number and SHA-256. `docs/export.md` describes it
//! for others. It is written and read line by line; neither end ever holds more than one.

mod reading;
mod writing;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{OrgId, Timestamp};
use ports::IdSource;
use ports::time::SystemSources;
use ports::transfer::{ExportError, ImportError, LeftOut, Record};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use store_sqlite::SqliteStore;

use crate::admin::{AdminError, AdminErrorKind};
use crate::private_file::sync_directory_of;
use reading::Reading;
use writing::Writing;

const FORMAT: &str = "sortie-export";
/// Grows when a reader of this version could misunderstand the next.
const VERSION: u32 = 1;
/// The longest line: a document's text in JSON is at most six times its length.
const LINE_BYTES_MAX: usize = 160 << 20;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    sortie: String,
    exported_at: Timestamp,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    end: End,
}

/// What the records before it must come to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    records: u64,
    sha256: String,
    left_out: LeftOut,
}

/// An organization that was exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportView {
    /// The file.
    pub path: PathBuf,
    /// How many records are in it.
    pub records: u64,
    /// SHA-256 of the records: the same content has the same, wherever it was exported.
    pub sha256: String,
    /// What is not in it.
    pub left_out: LeftOut,
}

/// An organization that was imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportView {
    /// Its id here.
    pub org: OrgId,
    /// How many records were in the file.
    pub records: u64,
    /// Their SHA-256.
    pub sha256: String,
    /// What was not in the file, and is to be made again.
    pub left_out: LeftOut,
}

/// Writes an organization into a file that is not there yet. It gets its name when it is whole.
pub(crate) async fn export(
    store: &SqliteStore,
    org: OrgId,
    to: &Path,
    now: Timestamp,
) -> Result<ExportView, AdminError> {
    if to.symlink_metadata().is_ok() {
        let message = format!("{}: is there already: name a new file", to.display());
        return Err(AdminError::new(AdminErrorKind::Conflict, message));
    }
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let head = Head { format: FORMAT.to_owned(), version: VERSION, sortie: version(), exported_at: now };
    let writing = Writing::begin(&unfinished, &head).map_err(|error| at(&unfinished, &error))?;
    // Only now it is ours to remove.
    let unfinished = Unfinished(unfinished);
    let writing = Arc::new(Mutex::new(writing));
    let taking = Arc::clone(&writing);
    let sink = move |record: &Record| {
        let mut writing = taking.lock().unwrap_or_else(PoisonError::into_inner);
        writing.put(record).map_err(|error| error.to_string())
    };
    let left_out = store.export(org, sink).await.map_err(|error| refused_export(to, &error))?;
    let name = to.to_owned();
    let finishing = tokio::task::spawn_blocking(move || {
        let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
        let end = writing.finish(left_out).map_err(|error| at(&unfinished.0, &error))?;
        renameat_with(CWD, &unfinished.0, CWD, &name, RenameFlags::NOREPLACE)
            .map_err(|error| at(&name, &error.into()))?;
        sync_directory_of(&name).map_err(|error| at(&name, &error))?;
        Ok(end)
    });
    let end =
        finishing.await.unwrap_or_else(|error| Err(AdminError::new(AdminErrorKind::Failed, error.to_string())))?;
    let End { records, sha256, left_out } = end;
    Ok(ExportView { path: to.to_owned(), records, sha256, left_out })
}

/// Takes the organization of a file in: under its own id, or as a new one of this name. The
/// file is read to its end before anything is written.
pub(crate) async fn import(
    store: &SqliteStore,
    from: &Path,
    as_new: Option<String>,
    now: Timestamp,
) -> Result<ImportView, AdminError> {
    let broken = |error: String| {
        let message = format!("{}: {error}: nothing was imported", from.display());
        AdminError::new(AdminErrorKind::Invalid, message)
    };
    let path = from.to_owned();
    let checked = tokio::task::spawn_blocking(move || check(&path)).await;
    let (found, name, end) = checked.unwrap_or_else(|error| Err(error.to_string())).map_err(broken)?;
    if !app::is_name(as_new.as_ref().unwrap_or(&name)) {
        return Err(broken("the name of an organization must have 1 to 256 characters".to_owned()));
    }
    let org = if as_new.is_some() { OrgId(SystemSources.uuid_v7()) } else { found };
    let records = Reading::open(from).map_err(|error| broken(error.to_string()))?;
    let renamed = records.map(move |record| match (record, &as_new) {
        (Ok(Record::Org { mut org, tools_numbered }), Some(name)) => {
            org.name.clone_from(name);
            Ok(Record::Org { org, tools_numbered })
        }
        (record, _) => record,
    });
    let imported = store.import(org, now, renamed).await;
    let records = imported.map_err(|error| refused_import(from, found, &error))?;
    tracing::info!(org.id = %org, records, "an organization was imported");
    Ok(ImportView { org, records, sha256: end.sha256, left_out: end.left_out })
}

/// Reads a file to its end: whose it is, what they are called, and what its end says.
fn check(path: &Path) -> Result<(OrgId, String, End), String> {
    let mut reading = Reading::open(path).map_err(|error| error.to_string())?;
    let Some(Record::Org { org, .. }) = reading.next().transpose()? else {
        return Err("it does not begin with an organization".to_owned());
    };
    for record in &mut reading {
        record?;
    }
    let end = reading.end().ok_or("it has no end")?;
    Ok((org.id, org.name, end.clone()))
}

fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn at(path: &Path, error: &io::Error) -> AdminError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AdminErrorKind::Invalid,
        io::ErrorKind::AlreadyExists => AdminErrorKind::Conflict,
        _ => AdminErrorKind::Failed,
    };
    AdminError::new(kind, format!("{}: {error}", path.display()))
}

fn refused_export(to: &Path, error: &ExportError) -> AdminError {
    let kind = match error {
        ExportError::Busy(_) => AdminErrorKind::Conflict,
        ExportError::Missing => AdminErrorKind::NotFound,
        ExportError::Sink(why) => return AdminError::new(AdminErrorKind::Failed, format!("{}: {why}", to.display())),
        ExportError::Store(_) => AdminErrorKind::Failed,
    };
    AdminError::new(kind, error.to_string())
}

fn refused_import(from: &Path, found: OrgId, error: &ImportError) -> AdminError {
    let kind = match error {
        ImportError::Exists(what) if what.contains(&found.to_string()) => {
            let message = format!("{error}; --as-new NAME takes it in as another one");
            return AdminError::new(AdminErrorKind::Conflict, message);
        }
        ImportError::Exists(_) => AdminErrorKind::Conflict,
        ImportError::Misplaced(_) | ImportError::Source(_) => AdminErrorKind::Invalid,
        ImportError::Store(_) => AdminErrorKind::Failed,
    };
    AdminError::new(kind, format!("{}: {error}", from.display()))
}

/// A file without its name yet. It goes when it did not get it.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, path = %self.0.display(), "an unfinished export could not be removed");
            }
            _ => {}
        }
    }
}

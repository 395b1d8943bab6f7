//! `sortie restore`: a backup becomes a data directory's database again.
//!
//! Nothing is touched before the backup was read. Then other secrets are put aside, the database
//! is put in place in one step, and the secrets behind it: whatever a crash leaves is what was
//! there, or a database without secrets, which the next start refuses. It is never one with the
//! secrets of another, and never taken for a new installation.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::Config;
use domain::Timestamp;
use serde::Serialize;
use store_sqlite::{Inspection, OpenError, Restoring};

use crate::backup::{self, BackupView};
use crate::demonstration;
use crate::fault::StartError;
use crate::private_file::{self, Prepared};
use crate::secrets::{self, Secrets};

/// A longer page was not written by `sortie backup`.
const PAGE_BYTES_MAX: u64 = 64 << 10;

/// What is to be restored, and over what.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The directory that `sortie backup` made.
    pub from: PathBuf,
    /// The installation's secrets, if they are to be put in place too.
    pub secrets: Option<PathBuf>,
    /// What becomes of data that is there.
    pub present: Present,
}

/// What becomes of a database that stands where another is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// It stays, and nothing is restored.
    Stays,
    /// It is kept under another name.
    IsReplaced,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestoreView {
    /// The data directory.
    pub path: PathBuf,
    /// The backup.
    pub from: PathBuf,
    /// When it was made: what came later is not in it.
    pub taken_at: Timestamp,
    /// The server that made it.
    pub sortie: String,
    /// Bytes of the database.
    pub bytes: u64,
    /// SHA-256 of the database, in hexadecimal digits.
    pub sha256: String,
    /// The version of its schema.
    pub schema: i64,
    /// The newest version known here, which the next start brings it to.
    pub newest_schema: i64,
    /// What was there before is called this now.
    pub replaced: Vec<PathBuf>,
    /// Whether the secrets are in place, without which no server starts on it.
    pub has_secrets: bool,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no backup.
    #[error("{}: no backup is here ({why}): name the directory that `sortie backup` made", .path.display())]
    NoBackup {
        /// The place.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// It is not what was written.
    #[error("{}: the backup is damaged ({why}): use another one; nothing was changed", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It is of a newer release.
    #[error("{}: the backup was made by a newer Sortie ({why}): restore it with that release", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What tells.
        why: String,
    },
    /// Something is there already.
    #[error("{} is there already: restore into an empty directory, or say --replace", .0.display())]
    Occupied(PathBuf),
    /// The backup is where it is to be restored to.
    #[error("{} is the data directory itself: name the backup, or another place with --data-dir", .0.display())]
    Itself(PathBuf),
    /// The directory is another user's, who could not read what this one writes.
    #[error("{} belongs to user {user}: restore as that user (docs/operations.md shows how with systemd)", .path.display())]
    NotYours {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        user: u32,
    },
    /// The directory, the secrets or the options are at fault.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl RestoreError {
    /// The process's exit code. `docs/cli.md` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            RestoreError::Itself(_) => 2,
            RestoreError::NoBackup { .. } => 3,
            RestoreError::Occupied(_) => 5,
            RestoreError::NotYours { .. } => 11,
            RestoreError::Damaged { .. } => 14,
            RestoreError::Newer { .. } => 15,
            RestoreError::Start(error) => error.exit_code(),
        }
    }

    fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }
}

impl From<OpenError> for RestoreError {
    fn from(error: OpenError) -> Self {
        StartError::Store(error).into()
    }
}

impl Restore {
    /// Puts the backup into the data directory of this configuration.
    ///
    /// # Errors
    /// See [`RestoreError`]; what was there is as it was.
    pub async fn run(self, config: &Config) -> Result<RestoreView, RestoreError> {
        let directory = std::path::absolute(&config.server.data_dir);
        let directory = directory.map_err(|error| StartError::at(&config.server.data_dir, error))?;
        let restored = tokio::task::spawn_blocking(move || self.into_directory(&directory)).await;
        restored.unwrap_or_else(|error| Err(StartError::Other(error.to_string()).into()))
    }

    fn into_directory(self, directory: &Path) -> Result<RestoreView, RestoreError> {
        let page = read_page(&self.from)?;
        let database = self.from.join(backup::DATABASE);
        let found = database.metadata().map_err(|error| no_backup(&database, error))?;
        if !found.is_file() {
            return Err(no_backup(&database, "it is no file"));
        }
        if found.len() != page.bytes {
            let why = format!("it has {} bytes, and {} says {}", found.len(), backup::PAGE, page.bytes);
            return Err(RestoreError::damaged(&database, why));
        }
        if is_same(&self.from, directory) {
            return Err(RestoreError::Itself(directory.to_owned()));
        }
        demonstration::refuse_made_up(directory)?;
        check_owner(directory)?;
        let secrets = self.secrets.as_deref().map(Given::read).transpose()?;
        let has_secrets = secrets.is_some() || Secrets::read(directory)?.is_some();
        let restoring = Restoring::begin(directory)?;
        let over = match &secrets {
            Some(given) => given.in_the_way(directory)?,
            None => None,
        };
        if self.present == Present::Stays {
            if restoring.has_database() {
                return Err(RestoreError::Occupied(directory.join(backup::DATABASE)));
            }
            over.map_or(Ok(()), |over| Err(RestoreError::Occupied(over)))?;
        }
        let inspection = check_copy(&restoring, &database, &page)?;
        let replaced = put_in_place(restoring, secrets, directory)?;
        Ok(RestoreView {
            path: directory.to_owned(),
            from: self.from,
            taken_at: page.taken_at,
            sortie: page.sortie,
            bytes: page.bytes,
            sha256: page.sha256,
            schema: inspection.schema,
            newest_schema: inspection.newest_schema,
            replaced,
            has_secrets,
        })
    }
}

/// Puts the copy in place, with the secrets if some were given. What was there is called this now.
fn put_in_place(
    mut restoring: Restoring,
    given: Option<Given>,
    directory: &Path,
) -> Result<Vec<PathBuf>, RestoreError> {
    // Secrets that are not there go nowhere: those that an earlier try put aside are of this database.
    let beside: &[_] = if Secrets::path_in(directory).exists() { &[secrets::FILE] } else { &[] };
    let ending = restoring.unused_ending(beside);
    let Some(given) = given else { return Ok(Vec::from_iter(restoring.finish(&ending)?)) };
    let path = Secrets::path_in(directory);
    // Written before anything is moved: a full disk is told of while all is as it was.
    let prepared = Prepared::new(&path, given.text.as_bytes()).map_err(|error| StartError::at(&path, error))?;
    let aside = given.put_others_aside(directory, &ending)?;
    let replaced = restoring.finish(&ending).inspect_err(|_| {
        if let Some(aside) = &aside {
            put_back(aside, &path);
        }
    })?;
    prepared.put_in_place().map_err(|error| StartError::Secrets {
        path,
        why: format!("the database is restored, but its secrets could not be put here: {error}; copy them by hand"),
    })?;
    Ok(replaced.into_iter().chain(aside).collect())
}

/// Secrets that were put aside for nothing have their name again.
fn put_back(aside: &Path, path: &Path) {
    if let Err(error) = std::fs::rename(aside, path) {
        tracing::error!(%error, secrets = %aside.display(), "the secrets that were there could not be put back");
    }
}

/// What is restored belongs to whoever restores it, and must belong to whoever serves it.
fn check_owner(directory: &Path) -> Result<(), RestoreError> {
    let owner = directory.metadata().map(|found| found.uid()).ok();
    match owner.filter(|user| *user != rustix::process::geteuid().as_raw()) {
        Some(user) => Err(RestoreError::NotYours { path: directory.to_owned(), user }),
        None => Ok(()),
    }
}

/// Copies the database, and looks whether the copy is what the page says and of use here.
fn check_copy(restoring: &Restoring, database: &Path, page: &BackupView) -> Result<Inspection, RestoreError> {
    use store_sqlite::RestoreError as Refused;
    let refused = |refused: Refused| match refused {
        Refused::Unreadable { path, error } => RestoreError::damaged(&path, error),
        Refused::Unfit(OpenError::Newer { found, known, .. }) => {
            let why = format!("schema {found}, this one knows {known}");
            RestoreError::Newer { path: database.to_owned(), why }
        }
        Refused::Unfit(OpenError::Foreign(_)) => RestoreError::damaged(database, "it is not a database of Sortie"),
        Refused::Unfit(OpenError::Corrupt { reason, .. }) => RestoreError::damaged(database, reason),
        Refused::Unfit(error) | Refused::Directory(error) => error.into(),
    };
    let copy = restoring.copy(database).map_err(refused)?;
    let hash = model_local::pull::sha256_of(&copy).map_err(|error| StartError::at(&copy, error))?;
    if hash != page.sha256 {
        return Err(RestoreError::damaged(database, format!("its SHA-256 is not the one in {}", backup::PAGE)));
    }
    restoring.inspect().map_err(refused)
}

/// The page that says what a backup is.
fn read_page(from: &Path) -> Result<BackupView, RestoreError> {
    let path = from.join(backup::PAGE);
    let text =
        read_text(&path, PAGE_BYTES_MAX).map_err(|error| no_backup(from, format!("{}: {error}", backup::PAGE)))?;
    let page: serde_json::Value = serde_json::from_str(&text).map_err(|error| RestoreError::damaged(&path, error))?;
    match page["format"].as_u64() {
        Some(format) if format > backup::FORMAT.into() => {
            let why = format!("format {format}, this one knows {}", backup::FORMAT);
            Err(RestoreError::Newer { path, why })
        }
        _ => serde_json::from_value(page).map_err(|error| RestoreError::damaged(&path, error)),
    }
}

fn no_backup(path: &Path, why: impl ToString) -> RestoreError {
    RestoreError::NoBackup { path: path.to_owned(), why: why.to_string() }
}

/// A text file that is not longer than it may be.
fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    match File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)? as u64 > bytes_max {
        true => Err(io::Error::other("it is too long")),
        false => Ok(text),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(one).is_some_and(|one| Some(one) == canonical(other))
}

/// A secrets file that somebody kept.
struct Given {
    text: String,
}

impl Given {
    fn read(path: &Path) -> Result<Self, StartError> {
        let text = read_text(path, PAGE_BYTES_MAX).map_err(|error| StartError::Secrets {
            path: path.to_owned(),
            why: format!("the secrets cannot be read: {error}"),
        })?;
        Secrets::parse(&text, path)?;
        Ok(Self { text })
    }

    /// Other secrets that stand where these are to be.
    fn in_the_way(&self, directory: &Path) -> Result<Option<PathBuf>, StartError> {
        let path = Secrets::path_in(directory);
        match std::fs::read_to_string(&path) {
            Ok(text) if text == self.text => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // What cannot be read may be somebody's secrets all the same.
            Ok(_) => Ok(Some(path)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(path)),
            Err(error) => Err(StartError::at(path, error)),
        }
    }

    /// Others that are there belong to the database that is replaced, and are kept beside it, under
    /// a name with this ending. Before that database is: by the secrets of another it would not be
    /// noticed that a crash came in between.
    fn put_others_aside(&self, directory: &Path, ending: &str) -> Result<Option<PathBuf>, StartError> {
        let Some(others) = self.in_the_way(directory)? else { return Ok(None) };
        let kept = directory.join(format!("{}{ending}", secrets::FILE));
        std::fs::rename(&others, &kept).map_err(|error| StartError::at(&kept, error))?;
        if let Err(error) = private_file::sync_directory_of(&kept) {
            put_back(&kept, &others);
            return Err(StartError::at(&kept, error));
        }
        Ok(Some(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;

    /// A directory with a database and the secrets of it.
    fn installed() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(backup::DATABASE), "old").unwrap();
        fs::write(dir.path().join(secrets::FILE), "others").unwrap();
        dir
    }

    fn files(dir: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.file_name() != "lock");
        files.map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap())).collect()
    }

    fn written<const N: usize>(files: [(&str, &str); N]) -> BTreeMap<String, String> {
        files.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn restore(dir: &Path, database: &str) -> Vec<PathBuf> {
        let copy = tempfile::NamedTempFile::new().unwrap();
        fs::write(copy.path(), database).unwrap();
        let restoring = Restoring::begin(dir).unwrap();
        restoring.copy(copy.path()).unwrap();
        put_in_place(restoring, Some(Given { text: format!("of {database}") }), dir).unwrap()
    }

    /// What happens is watched, so that no crash in between can leave a new database with old
    /// secrets.
    #[cfg(target_os = "linux")]
    #[test]
    fn secrets_in_the_way_are_put_aside_before_the_database_and_the_new_ones_come_last() {
        use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
        let dir = installed();
        let watch = init(CreateFlags::NONBLOCK).unwrap();
        add_watch(&watch, dir.path(), WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO).unwrap();
        restore(dir.path(), "new");
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4_096];
        let (mut reader, mut moved) = (Reader::new(watch, &mut buffer), Vec::new());
        while let Ok(event) = reader.next() {
            moved.extend(event.file_name().map(|name| name.to_str().unwrap().to_owned()));
        }
        assert_eq!(moved, ["secrets.toml", "secrets.toml.replaced", "sortie.db", "secrets.new", "secrets.toml"]);
    }

    #[test]
    fn what_is_put_aside_twice_is_there_twice_each_database_with_its_secrets() {
        let dir = installed();
        let replaced = restore(dir.path(), "new");
        assert_eq!(replaced, ["sortie.db.replaced", "secrets.toml.replaced"].map(|name| dir.path().join(name)));
        let replaced = restore(dir.path(), "newer");
        assert_eq!(replaced, ["sortie.db.replaced.2", "secrets.toml.replaced.2"].map(|name| dir.path().join(name)));
        let expected = written([
            ("sortie.db", "newer"),
            ("secrets.toml", "of newer"),
            ("sortie.db.replaced", "old"),
            ("secrets.toml.replaced", "others"),
            ("sortie.db.replaced.2", "new"),
            ("secrets.toml.replaced.2", "of new"),
        ]);
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn a_database_that_cannot_be_put_in_place_leaves_all_as_it_was() {
        let dir = installed();
        let before = files(dir.path());
        // Nothing was copied, so there is nothing to be named.
        let restoring = Restoring::begin(dir.path()).unwrap();
        assert!(put_in_place(restoring, Some(Given { text: "given".to_owned() }), dir.path()).is_err());
        assert_eq!(files(dir.path()), before);
    }
}

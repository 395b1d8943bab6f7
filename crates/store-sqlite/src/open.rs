//! Opening the database: one process at a time, only a file of our own, never one that a
//! newer release has written.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::migrations;

pub(crate) const DATABASE: &str = "sortie.db";
pub(crate) const LOCK: &str = "lock";

/// Statements kept ready by each connection; there are fewer.
const STATEMENTS_MAX: usize = 128;

/// Room for what one full batch changes, so that nothing is written before its commit.
const WRITER_CACHE_KIB: i64 = 16 * 1024;

/// How long a connection waits for another of this process. Only recovery after a crash
/// and the end of a checkpoint lock anything, both for moments.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data directory {0} is in use by another process: stop that one, or choose another --data-dir")]
    InUse(PathBuf),
    /// Not a database of ours.
    #[error("{0} is not a database of Sortie: move it away, or choose another --data-dir")]
    Foreign(PathBuf),
    /// A newer release has written it.
    #[error(
        "{path} was written by a newer Sortie (schema {found}, this one knows {known}): use that release or a newer one"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// Damaged.
    #[error("the database {path} is damaged ({reason}): restore a backup; nothing was changed")]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The directory or the file cannot be written.
    #[error(
        "the data directory {0} cannot be written: check its owner and permissions, and that it is not mounted read-only"
    )]
    ReadOnly(PathBuf),
    /// No room.
    #[error("the disk of the data directory {0} is full: free some space")]
    Full(PathBuf),
    /// Something else.
    #[error("the data directory {path} cannot be used: {reason}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl OpenError {
    pub(crate) fn of_system(dir: &Path, error: &io::Error) -> Self {
        let path = dir.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly(path),
            io::ErrorKind::StorageFull => OpenError::Full(path),
            _ => OpenError::Io { path, reason: error.to_string() },
        }
    }

    pub(crate) fn of_database(file: &Path, error: &rusqlite::Error) -> Self {
        let path = file.to_owned();
        let dir = file.parent().unwrap_or(file).to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => OpenError::Foreign(path),
            Some(ErrorCode::DatabaseCorrupt) => OpenError::Corrupt { path, reason: error.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::ReadOnly(dir),
            Some(ErrorCode::DiskFull) => OpenError::Full(dir),
            _ => OpenError::Io { path: dir, reason: error.to_string() },
        }
    }
}

/// The directory, held by this process until it is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Makes the directory if it is not there (for its owner only) and takes it.
pub(crate) fn lock(dir: &Path) -> Result<DirectoryLock, OpenError> {
    let unusable = |error: io::Error| OpenError::of_system(dir, &error);
    make_private_dir(dir).map_err(unusable)?;
    let file = private_file().truncate(false).open(dir.join(LOCK)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(DirectoryLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens connections to one database.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    path: PathBuf,
    vfs: Option<String>,
}

impl Connector {
    pub(crate) fn new(dir: &Path, vfs: Option<String>) -> Self {
        Self { path: dir.join(DATABASE), vfs }
    }

    /// The connection of the writer, on a database that is ours and migrated.
    pub(crate) fn writer(&self) -> Result<Connection, OpenError> {
        if self.vfs.is_none() {
            // SQLite would make it readable to others; its log takes after it.
            let dir = self.path.parent().unwrap_or(&self.path);
            private_file().truncate(false).open(&self.path).map_err(|error| OpenError::of_system(dir, &error))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut db = self.connect(flags).map_err(|error| self.unusable(&error))?;
        let version = self.recognize(&db)?;
        self.prepare(&mut db, version).map_err(|error| self.unusable(&error))?;
        Ok(db)
    }

    /// Whether there is a database.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// A connection that only reads, to a database of ours that somebody else may hold, and
    /// the version of its schema.
    pub(crate) fn look(&self) -> Result<(Connection, i64), OpenError> {
        let db = self.reader().map_err(|error| self.unusable(&error))?;
        let version = self.recognize(&db)?;
        Ok((db, version))
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        let db = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    }

    /// A connection that moves the log's pages into the database, as durably as the writer.
    pub(crate) fn mover(&self) -> rusqlite::Result<Connection> {
        let db = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.pragma_update(None, "synchronous", "full")?;
        Ok(db)
    }

    pub(crate) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.path, flags, vfs.as_str())?,
            None => Connection::open_with_flags(&self.path, flags)?,
        };
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // Only the writer moves the log, when it chooses to; not whoever closes last.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // A plan that never depends on a bound value is never made again: without this,
        // statements on partial indexes are prepared anew with each use.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        Ok(db)
    }

    /// The schema's version of a database of ours; 0 for a new one. Changes nothing.
    fn recognize(&self, db: &Connection) -> Result<i64, OpenError> {
        let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let read = || Ok((pragma("application_id")?, pragma("user_version")?, tables(db)?));
        let (application, version, tables) = read().map_err(|error| self.unusable(&error))?;
        let is_new = application == 0 && version == 0 && tables == 0;
        if application != migrations::APPLICATION_ID && !is_new {
            return Err(OpenError::Foreign(self.path.clone()));
        }
        if version > migrations::NEWEST {
            return Err(OpenError::Newer { path: self.path.clone(), found: version, known: migrations::NEWEST });
        }
        Ok(version)
    }

    fn prepare(&self, db: &mut Connection, version: i64) -> rusqlite::Result<()> {
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.pragma_update(None, "temp_store", "memory")?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        // What is deleted is written over, not only forgotten. Little is deleted on a run's way.
        db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        migrations::migrate(db, version)
    }

    pub(crate) fn unusable(&self, error: &rusqlite::Error) -> OpenError {
        OpenError::of_database(&self.path, error)
    }
}

fn tables(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
}

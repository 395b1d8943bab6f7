//! A look at a data directory from outside, whoever holds it. Nothing is changed.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use domain::Timestamp;
use rusqlite::Connection;

use crate::columns::time;
use crate::fault::Fault;
use crate::migrations;
use crate::open::{Connector, LOCK, OpenError};
use crate::sql::{one, statements};

statements! {
    LAST_START = "select taken_at from leases where fence = (select max(fence) from leases)";
}

/// Faults that are listed; a damaged file can have any number of them.
const FAULTS_MAX: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version of the schema.
    pub schema: i64,
    /// The newest version known here.
    pub newest_schema: i64,
    /// What is wrong with the file, by SQLite's own words; nothing if it is whole.
    pub faults: Vec<String>,
    /// When a server last began to work on it, by that server's clock.
    pub last_start: Option<Timestamp>,
}

/// Looks at the database of a data directory and reads all of it; `None` if there is none.
///
/// # Errors
/// It is none of ours, or so damaged that it cannot be read at all.
pub fn inspect(dir: &Path) -> Result<Option<Inspection>, OpenError> {
    let connector = Connector::new(dir, None);
    if !connector.exists() {
        return Ok(None);
    }
    let (db, schema) = connector.look()?;
    let faults = faults(&db).map_err(|error| connector.unusable(&error))?;
    // In a damaged file nothing more can be relied on.
    let last_start = if faults.is_empty() { last_start(&db).unwrap_or_default() } else { None };
    Ok(Some(Inspection { schema, newest_schema: migrations::NEWEST, faults, last_start }))
}

/// Whether a process holds a data directory.
///
/// # Errors
/// The lock is there and cannot be read.
pub fn is_held(dir: &Path) -> io::Result<bool> {
    let file = match File::open(dir.join(LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What is wrong with a database, nothing if it is whole.
pub(crate) fn faults(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(&format!("pragma integrity_check({FAULTS_MAX})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(if lines == ["ok"] { Vec::new() } else { lines })
}

fn last_start(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    one(db, LAST_START, [], |row| time(row.get(0)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SqliteStore, StoreOptions};
    use ports::Store;

    #[tokio::test]
    async fn a_directory_is_looked_at_while_somebody_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!((inspect(dir.path()).unwrap(), is_held(dir.path()).unwrap()), (None, false));
        let store = SqliteStore::open(dir.path(), &StoreOptions::default(), ports::Feed::default()).unwrap();
        store.take_lease(Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(is_held(dir.path()).unwrap());
        let found = inspect(dir.path()).unwrap().expect("a database");
        assert_eq!((found.schema, found.faults.len()), (found.newest_schema, 0));
        assert_eq!(found.last_start, Some(Timestamp::UNIX_EPOCH));
        store.close().await;
        assert!(!is_held(dir.path()).unwrap());
    }

    #[test]
    fn a_damaged_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), &StoreOptions::default(), ports::Feed::default()).unwrap();
        drop(store);
        let path = dir.path().join("sortie.db");
        let mut bytes = std::fs::read(&path).unwrap();
        // The last page, far from the schema.
        let last = bytes.len() - 4096;
        bytes[last..].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        match inspect(dir.path()) {
            Err(OpenError::Corrupt { .. }) => {}
            Ok(Some(found)) if !found.faults.is_empty() => {}
            other => panic!("{other:?}"),
        }
    }
}

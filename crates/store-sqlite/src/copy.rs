//! A copy of the database while it is being written.
//!
//! SQLite's own online backup, from inside one read transaction: the copy is the database as
//! it stood when the copying began, whatever is committed meanwhile, and never has to begin
//! anew. Until it is done the write-ahead log cannot shrink; commits wait for nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ports::StoreError;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::fault::store_error;
use crate::inspect;
use crate::open::{Connector, private_file};
use crate::store::SqliteStore;

/// Pages copied before it is seen whether anybody still wants the copy.
const PAGES: i32 = 4096;

impl SqliteStore {
    /// Copies the database into a new file, whole, checked and flushed. All that was
    /// acknowledged before the call is in it. Dropping the call ends the copying; what then
    /// is in the file is nothing.
    ///
    /// # Errors
    /// The file is there already or cannot be written, or the copy is not whole.
    pub async fn copy_to(&self, file: PathBuf) -> Result<(), StoreError> {
        let unwanted = Unwanted::default();
        let (connector, is_unwanted) = (self.connector().clone(), Arc::clone(&unwanted.0));
        let copying = tokio::task::spawn_blocking(move || copy(&connector, &file, &is_unwanted));
        copying.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Set when the caller has gone.
#[derive(Default)]
struct Unwanted(Arc<AtomicBool>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn copy(connector: &Connector, to: &Path, is_unwanted: &AtomicBool) -> Result<(), StoreError> {
    let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("{}: {error}", to.display()));
    let failed = |error: rusqlite::Error| store_error(&error);
    let file = private_file().create_new(true).open(to).map_err(unwritable)?;
    let from = connector.reader().map_err(failed)?;
    from.execute_batch("begin; select count(*) from sqlite_schema;").map_err(failed)?;
    let mut copy = Connection::open(to).map_err(failed)?;
    {
        let backup = Backup::new(&from, &mut copy).map_err(failed)?;
        while backup.step(PAGES).map_err(failed)? != StepResult::Done {
            if is_unwanted.load(Ordering::Relaxed) {
                return Err(StoreError::Failed("nobody waits for the copy any more".to_owned()));
            }
        }
    }
    from.execute_batch("commit").map_err(failed)?;
    // One file and none beside it; a server that opens it sets what it needs.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(failed)?;
    let faults = inspect::faults(&copy).map_err(failed)?;
    if !faults.is_empty() {
        return Err(StoreError::Failed(format!("the copy is damaged: {}", faults.join("; "))));
    }
    copy.close().map_err(|(_, error)| failed(error))?;
    file.sync_all().map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreOptions;
    use domain::Timestamp;
    use ports::Store;

    #[tokio::test]
    async fn a_copy_is_a_store_of_its_own_and_never_written_over_another() {
        let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = SqliteStore::open(dir.path(), &StoreOptions::default(), ports::Feed::default()).unwrap();
        let fence = store.take_lease(Timestamp::UNIX_EPOCH).await.unwrap();
        let file = to.path().join("sortie.db");
        store.copy_to(file.clone()).await.unwrap();
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 1);
        assert!(matches!(store.copy_to(file).await, Err(StoreError::Unwritable(_))));

        let copy = SqliteStore::open(to.path(), &StoreOptions::default(), ports::Feed::default()).unwrap();
        assert!(copy.take_lease(Timestamp::UNIX_EPOCH).await.unwrap() > fence);
    }
}

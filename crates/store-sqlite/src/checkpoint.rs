//! Moving what the write-ahead log holds into the database file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;

/// Counts the log's pages and moves them when there are enough.
///
/// Runs between commits, after the callers were answered. Readers hold no long read
/// transactions, so the log begins anew after each move and its file stops growing.
pub(crate) struct Checkpoints {
    pages: Arc<AtomicU32>,
    at_pages: u32,
}

impl Checkpoints {
    /// Watches the log through this connection.
    pub(crate) fn watch(db: &mut Connection, at_pages: u32) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&pages);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, at_pages })
    }

    /// Moves the log's pages if there are enough.
    pub(crate) fn after_commit(&self, db: &Connection) {
        if self.pages.load(Ordering::Relaxed) >= self.at_pages {
            self.pages.store(0, Ordering::Relaxed);
            checkpoint(db, "pragma wal_checkpoint(passive)");
        }
    }

    /// Moves everything, so that the next start finds nothing to do.
    pub(crate) fn at_close(&self, db: &Connection) {
        checkpoint(db, "pragma wal_checkpoint(truncate)");
    }
}

fn checkpoint(db: &Connection, sql: &str) {
    // The log stays as it is if this fails, and with it everything that was committed.
    if let Err(error) = db.query_row(sql, [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be moved into the database");
    }
}

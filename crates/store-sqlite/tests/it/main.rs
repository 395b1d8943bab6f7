//! The store, driven as its callers drive it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod deleting;
mod opening;
mod planted;

use std::sync::Arc;

use ports::{Feed, Store};
use store_sqlite::{Planted, SqliteStore, StoreOptions};
use tempfile::TempDir;
use test_kit::stories::Backend;

/// A SQLite store in a directory of its own.
struct Sqlite {
    dir: TempDir,
    planted: Planted,
}

impl Sqlite {
    fn new() -> Self {
        Self::with(Planted::default())
    }

    fn with(planted: Planted) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), planted }
    }
}

impl Backend for Sqlite {
    fn open(&self, feed: &Feed) -> Arc<dyn Store> {
        // Few to a flush and few pages to a checkpoint, so that the stories meet both.
        let options =
            StoreOptions { batch_max: 8, checkpoint_pages: 64, planted: self.planted, ..StoreOptions::default() };
        SqliteStore::open(self.dir.path(), &options, feed.clone()).unwrap()
    }
}

test_kit::store_stories!(Sqlite::new());

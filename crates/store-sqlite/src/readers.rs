//! Reading, beside the writer.
//!
//! A short read (a few index seeks, microseconds) runs where it is asked for: handing it to
//! another thread and back costs several times as much as the read. A long one (a list, a
//! log) goes to a thread of its own, a bounded number at once. Every read is one short
//! transaction, so that the write-ahead log can always be moved on.

use std::sync::{Arc, Mutex, PoisonError};

use ports::StoreError;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::fault::{Fault, store_error};
use crate::open::Connector;

/// Connections kept for later reads.
const IDLE_MAX: usize = 8;

/// The pool of readers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Pool>);

struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Connection>>,
    long: Semaphore,
}

impl Readers {
    pub(crate) fn new(connector: Connector, long_max: usize) -> Self {
        let long = Semaphore::new(long_max.max(1));
        Self(Arc::new(Pool { connector, idle: Mutex::default(), long }))
    }

    /// What opens further connections.
    pub(crate) fn connector(&self) -> &Connector {
        &self.0.connector
    }

    /// Does a short read here and now.
    pub(crate) async fn short<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        // A task that reads again and again lets others have their turn.
        tokio::task::coop::consume_budget().await;
        self.0.read(read)
    }

    /// Does a long read on a thread of its own.
    pub(crate) async fn long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _permit = self.0.long.acquire().await.map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || pool.read(read)).await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Pool {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let db = match idle {
            Some(db) => db,
            None => self.connector.reader().map_err(|error| store_error(&error))?,
        };
        let found = read(&db);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(db);
        }
        drop(idle);
        Ok(found?)
    }
}

//! What can go wrong inside the store, before it is told in the words of the port.

use ports::{CommitError, Refusal, StoreError};
use rusqlite::{ErrorCode, ffi};

/// A change set or a query that came to nothing.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The caller decided on a state that has changed.
    Refused(Refusal),
    /// The store failed.
    Store(StoreError),
}

impl Fault {
    /// A row that cannot be read back.
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Fault::Store(StoreError::Failed(format!("a stored row cannot be read: {what}")))
    }
}

/// Refuses with `Missing` unless a row was changed.
pub(crate) fn found(changed: usize) -> Result<(), Fault> {
    if changed == 0 { Err(Refusal::Missing.into()) } else { Ok(()) }
}

/// What SQLite says, in the words of the port.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    // After a failed flush nobody knows what is on disk; it is neither there nor not there.
    let is_flush = error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_FSYNC);
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) if is_flush => StoreError::Failed(error.to_string()),
        Some(ErrorCode::DiskFull) => StoreError::Unwritable("the disk is full".to_owned()),
        Some(ErrorCode::ReadOnly) => StoreError::Unwritable("the data directory is read-only".to_owned()),
        Some(ErrorCode::SystemIoFailure) => StoreError::Unwritable(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation) {
            return Fault::Store(store_error(&error));
        }
        // SQLite names the columns of the constraint; only one is told apart.
        let is_thread = error.to_string().contains("sessions.thread");
        Fault::Refused(if is_thread { Refusal::ThreadTaken } else { Refusal::Exists })
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Fault::damaged(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused(refusal)
    }
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => CommitError::Refused(refusal),
            Fault::Store(error) => CommitError::Store(error),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => StoreError::Failed(refusal.to_string()),
            Fault::Store(error) => error,
        }
    }
}

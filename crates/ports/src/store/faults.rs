//! Why nothing was stored or read.

/// The store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file system refused; nothing was written.
    #[error("the store could not write: {0}")]
    Unwritable(String),
    /// Too many changes of this organization are waiting to be written.
    #[error("the store is busy: too many changes wait to be written")]
    Busy,
    /// Something else, by the store's own words.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The store is closing.
    #[error("the store is closed")]
    Closed,
}

/// A change set was not applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// What it was decided on has changed.
    #[error("decided on a state that has changed: {0}")]
    Refused(Refusal),
    /// The store failed. For [`StoreError::Unwritable`] and [`StoreError::Busy`] nothing was
    /// written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a change set was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A guard does not hold.
    #[error("{0:?}")]
    Guard(domain::Guard),
    /// The thread of a new session is taken.
    #[error("the thread exists")]
    ThreadTaken,
    /// A session that is to be closed has a run that is not over.
    #[error("a run of the session is not over")]
    SessionBusy,
    /// A session that is to have a run, or to be changed, is archived.
    #[error("the session is archived")]
    SessionArchived,
    /// No owner who may act would be left.
    #[error("an organization needs an owner who may act")]
    NoOwner,
    /// An id, or another thing that must be unique, is taken.
    #[error("the thing exists")]
    Exists,
    /// A budget forbids a call that was to be reserved.
    #[error("a budget forbids the call")]
    OverBudget,
    /// Something that is to be changed is not there.
    #[error("the thing is not there")]
    Missing,
}

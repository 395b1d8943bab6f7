//! What is looked for because it has been kept for long enough.

use domain::{SessionId, Timestamp};

/// Which sessions at rest, in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestingFilter {
    /// Those in which nothing was said since.
    pub before: Timestamp,
    /// Behind this place; from the first if absent.
    pub after: Option<RestingPlace>,
    /// Looks at no more than this many sessions.
    pub limit: usize,
}

/// Where a page of sessions at rest ended. What it means is the store's own affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestingPlace(pub [i64; 2]);

/// A page of sessions at rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RestingPage {
    /// Those that were found, of those that were looked at.
    pub sessions: Vec<SessionId>,
    /// Of the sessions that something was said in since: not later than the first of them had
    /// its last word. On the last page also of those that are too young to be looked at.
    pub next_at: Option<Timestamp>,
    /// Where the next page goes on, if there is one.
    pub next: Option<RestingPlace>,
}

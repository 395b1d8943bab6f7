//! Leases.

use domain::Timestamp;
use domain::run::Fence;
use rusqlite::Connection;

use crate::columns::{micros, number};
use crate::fault::Fault;
use crate::sql::{run, statements};

statements! {
    INSERT = "insert into leases (taken_at) values (?1)";
    FORGET_OLDER = "delete from leases where fence < ?1";
}

/// A new lease, with a fence greater than any before it. Only the last row is kept: whether
/// a lease is still good is known to the process that holds the data directory, so that
/// renewing one writes nothing.
pub(crate) fn insert(db: &Connection, now: Timestamp) -> Result<Fence, Fault> {
    run(db, INSERT, [micros(now)])?;
    let fence = db.last_insert_rowid();
    run(db, FORGET_OLDER, [fence])?;
    Ok(Fence(number(fence)))
}

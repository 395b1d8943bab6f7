//! The order of an organization's commits: one row for each session that a commit changed.

use domain::{OrgId, Timestamp};
use rusqlite::Connection;

use crate::columns::micros;
use crate::fault::Fault;
use crate::sql::{one, run, statements};

statements! {
    LAST = "select max(position) from session_changes where org = ?1";
    INSERT = "insert into session_changes (org, position, session, at) values (?1, ?2, ?3, ?4)";
}

/// The last position given in an organization, 0 before the first.
pub(crate) fn last(db: &Connection, org: OrgId) -> Result<i64, Fault> {
    Ok(one(db, LAST, [org.0], |row| Ok(row.get::<_, Option<i64>>(0)?))?.flatten().unwrap_or(0))
}

pub(crate) fn insert(db: &Connection, org: OrgId, position: i64, session: i64, at: Timestamp) -> Result<(), Fault> {
    run(db, INSERT, (org.0, position, session, micros(at)))?;
    Ok(())
}

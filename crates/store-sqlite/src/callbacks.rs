//! Addresses that are still to be told how a run ended.

use domain::{OrgId, RunId};
use ports::store::DueCallback;
use rusqlite::Connection;

use crate::columns::id;
use crate::fault::{Fault, found};
use crate::sql::{many, run, statements};

statements! {
    INSERT = "insert into callbacks (run, org, url) select ?1, ?2, ?3
        where exists (select 1 from runs where id = ?1 and org = ?2)";
    DELETE = "delete from callbacks where run = ?1 and org = ?2";
    LIST = "select org, run, url from callbacks order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, of: RunId, url: &str) -> Result<(), Fault> {
    found(run(db, INSERT, (of.0, org.0, url))?)
}

pub(crate) fn delete(db: &Connection, org: OrgId, of: RunId) -> Result<(), Fault> {
    run(db, DELETE, (of.0, org.0)).map(|_| ())
}

pub(crate) fn list(db: &Connection) -> Result<Vec<DueCallback>, Fault> {
    many(db, LIST, [], |row| Ok(DueCallback { org: id(row, 0)?, run: id(row, 1)?, url: row.get(2)? }))
}

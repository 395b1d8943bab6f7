//! Numbers of the operator's providers, for façades whose ids are integers.

use rusqlite::Connection;

use crate::columns::number;
use crate::fault::Fault;
use crate::sql::{one, run, statements};

statements! {
    INSERT = "insert into provider_numbers (name) values (?1) on conflict (name) do nothing";
    FIND = "select number from provider_numbers where name = ?1";
}

pub(crate) fn find(db: &Connection, name: &str) -> Result<Option<u64>, Fault> {
    one(db, FIND, [name], |row| Ok(number(row.get(0)?)))
}

/// The number of a provider, given now if it has none.
pub(crate) fn number_of(db: &Connection, name: &str) -> Result<u64, Fault> {
    run(db, INSERT, [name])?;
    find(db, name)?.ok_or_else(|| Fault::damaged("a provider's number"))
}

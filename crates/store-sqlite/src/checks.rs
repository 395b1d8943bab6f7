//! Whether the store can write: one row that is written to find out.

use rusqlite::Connection;

use crate::fault::Fault;
use crate::sql::{run, statements};

statements! {
    WRITE = "insert into checks (only_row, checked) values (1, 1)
        on conflict (only_row) do update set checked = checked + 1";
}

pub(crate) fn write(db: &Connection) -> Result<(), Fault> {
    run(db, WRITE, []).map(|_| ())
}

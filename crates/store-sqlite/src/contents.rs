//! Large texts, which stand outside their row.
//!
//! They lie in a table of their own, not in files: they are then part of the very commit
//! that names them, nothing is left behind by a crash, and one file is still the whole
//! store. The row holds the text itself or, if that is large, its number.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};
use serde::de::DeserializeOwned;

use crate::fault::Fault;
use crate::sql::{one, run, statements};

/// Texts longer than this stand outside their row.
pub(crate) const IN_ROW_BYTES_MAX: usize = 256 * 1024;

statements! {
    INSERT = "insert into contents (text) values (?1)";
    READ = "select text from contents where number = ?1";
    DELETE = "delete from contents where number = ?1";
}

/// A text on its way into a column of type `any`.
pub(crate) enum Content<'a> {
    /// The text itself.
    Text(&'a str),
    /// The number under which it stands in `contents`.
    Number(i64),
}

impl ToSql for Content<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Content::Text(text) => ToSqlOutput::from(*text),
            Content::Number(number) => ToSqlOutput::from(*number),
        })
    }
}

/// Makes a text ready for its column; one longer than `in_row_max` is stored outside.
pub(crate) fn put<'a>(db: &Connection, text: &'a str, in_row_max: usize) -> Result<Content<'a>, Fault> {
    if text.len() <= in_row_max {
        return Ok(Content::Text(text));
    }
    run(db, INSERT, [text])?;
    Ok(Content::Number(db.last_insert_rowid()))
}

/// The text of a column.
pub(crate) fn text(db: &Connection, row: &Row<'_>, column: usize) -> Result<String, Fault> {
    match row.get_ref(column)? {
        ValueRef::Integer(number) => outside(db, number),
        value => Ok(value.as_str().map_err(Fault::damaged)?.to_owned()),
    }
}

/// The JSON of a column, read.
pub(crate) fn json<T: DeserializeOwned>(db: &Connection, row: &Row<'_>, column: usize) -> Result<T, Fault> {
    match row.get_ref(column)? {
        ValueRef::Integer(number) => Ok(serde_json::from_str(&outside(db, number)?)?),
        value => Ok(serde_json::from_str(value.as_str().map_err(Fault::damaged)?)?),
    }
}

/// Forgets the text outside a row that was deleted; `column` is what the row held.
pub(crate) fn delete(db: &Connection, row: &Row<'_>, column: usize) -> Result<Option<i64>, Fault> {
    match row.get_ref(column)? {
        ValueRef::Integer(number) => {
            forget(db, number)?;
            Ok(Some(number))
        }
        _ => Ok(None),
    }
}

/// Forgets the text of this number.
pub(crate) fn forget(db: &Connection, number: i64) -> Result<(), Fault> {
    run(db, DELETE, [number]).map(|_| ())
}

fn outside(db: &Connection, number: i64) -> Result<String, Fault> {
    one(db, READ, [number], |row| Ok(row.get(0)?))?.ok_or_else(|| Fault::damaged("its content is gone"))
}

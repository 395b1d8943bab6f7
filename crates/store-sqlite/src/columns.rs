//! How domain values stand in columns.

use domain::Timestamp;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::fault::Fault;

/// A time as it is stored.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time that may be absent.
pub(crate) fn maybe_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(micros)
}

/// A stored time.
pub(crate) fn time(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros).map_err(Fault::damaged)
}

/// The time in a column that may be null.
pub(crate) fn maybe_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Fault> {
    row.get::<_, Option<i64>>(column)?.map(time).transpose()
}

/// The id in a column.
pub(crate) fn id<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<T, Fault> {
    Ok(T::from(row.get::<_, Uuid>(column)?))
}

/// The id in a column that may be null.
pub(crate) fn maybe_id<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<Option<T>, Fault> {
    Ok(row.get::<_, Option<Uuid>>(column)?.map(T::from))
}

/// The JSON in a column.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Fault> {
    let text = row.get_ref(column)?.as_str().map_err(Fault::damaged)?;
    Ok(serde_json::from_str(text)?)
}

/// A body as it is stored.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Fault> {
    Ok(serde_json::to_string(value)?)
}

/// The rows a query may give; SQLite takes a negative number for no limit.
pub(crate) fn limit(limit: Option<usize>) -> i64 {
    limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
}

/// A number given by the database, which counts from 1.
pub(crate) fn number(rowid: i64) -> u64 {
    rowid.unsigned_abs()
}

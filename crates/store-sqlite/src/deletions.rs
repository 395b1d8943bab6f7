//! What deleted sessions leave behind, and clearing it away.
//!
//! A session's log, its runs and its inbox are found only through its row, so deleting the
//! row deletes all of it at once. What is left then is nobody's, and the writer clears it
//! away in bites when it has a moment: a log of a hundred thousand events holds up nobody.
//! A crash in between changes nothing: the next start goes on.

use domain::RunId;
use rusqlite::{Connection, Params, Row};

use crate::contents;
use crate::fault::Fault;
use crate::sql::{exists, many, one, run, statements};

/// Rows of a kind that are cleared at a time.
const BITE: i64 = 250;

/// The number of a large text that stands outside its row, if it does.
macro_rules! outside {
    ($column:literal) => {
        concat!("case typeof(", $column, ") when 'integer' then ", $column, " end")
    };
}

statements! {
    INSERT = "insert into deleted_sessions (number, id, org, created_at, leftovers)
        select number, id, org, created_at, 1 from sessions where number = ?1";
    WAIT = "select 1 from deleted_sessions where leftovers = 1 limit 1";
    NEXT = "select number from deleted_sessions where leftovers = 1 order by number limit 1";
    CLEARED = "update deleted_sessions set leftovers = 0 where number = ?1";
    OPEN_RUNS = concat!("delete from runs where number in (
          select number from runs where session = ?1 and status = 'queued'
          union all select number from runs where id = ?2)
        returning ", outside!("overrides"), ", id");
    RUNS = concat!("delete from runs where number in (select number from runs where session = ?1 limit ?2)
        returning ", outside!("overrides"), ", id");
    CALLBACK = "delete from callbacks where run = ?1";
    INBOX = concat!("delete from inbox where number in (select number from inbox where session = ?1 limit ?2)
        returning ", outside!("body"));
    EVENTS = concat!("delete from events where place in (
          select place from events where place between ?1 << 32 and ((?1 + 1) << 32) - 1 order by place limit ?2)
        returning ", outside!("body"));
}

/// The session of this number is about to be deleted. Its runs that are not over (the one
/// that waits, and those queued behind it) are gone at once, so that nobody takes them up.
pub(crate) fn insert(db: &Connection, session: i64, waiting: Option<RunId>) -> Result<(), Fault> {
    delete_runs(db, OPEN_RUNS, (session, waiting.map(|run| run.0)))?;
    run(db, INSERT, [session]).map(|_| ())
}

/// Whether something is to be cleared away.
pub(crate) fn wait(db: &Connection) -> Result<bool, Fault> {
    exists(db, WAIT, [])
}

/// Clears one bite away; whether there may be more.
pub(crate) fn clear_some(db: &Connection) -> Result<bool, Fault> {
    let Some(session) = one(db, NEXT, [], |row| Ok(row.get::<_, i64>(0)?))? else { return Ok(false) };
    let bite = (session, BITE);
    let events = delete_rows(db, EVENTS, bite)?;
    let inputs = delete_rows(db, INBOX, bite)?;
    let runs = delete_runs(db, RUNS, bite)?;
    if events + inputs + runs == 0 {
        run(db, CLEARED, [session])?;
    }
    Ok(true)
}

fn delete_runs(db: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    let deleted = many(db, sql, params, |row| Ok((text_outside(row)?, row.get::<_, uuid::Uuid>(1)?)))?;
    for (text, id) in &deleted {
        run(db, CALLBACK, [id])?;
        text.iter().try_for_each(|text| contents::forget(db, *text))?;
    }
    Ok(deleted.len())
}

fn delete_rows(db: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    let deleted = many(db, sql, params, text_outside)?;
    deleted.iter().flatten().try_for_each(|text| contents::forget(db, *text))?;
    Ok(deleted.len())
}

fn text_outside(row: &Row<'_>) -> Result<Option<i64>, Fault> {
    Ok(row.get(0)?)
}

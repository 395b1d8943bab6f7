//! What deleted sessions and webhooks leave behind, and clearing it away.
//!
//! A session's log, its runs, its inbox and the answers about it are found only through its row, so deleting the
//! row deletes all of it at once. What is left then is nobody's, and the writer clears it
//! away in bites when it has a moment: a log of a hundred thousand events holds up nobody.
//! A crash in between changes nothing: the next start goes on.

use domain::RunId;
use rusqlite::{Connection, Params, Row};

use crate::fault::Fault;
use crate::sql::{exists, many, one, run, statements};
use crate::{contents, webhooks};

/// Rows of a kind that are cleared at a time,
const BITE_ROWS: i64 = 250;
/// and bytes of all kinds, but for the last row.
const BITE_BYTES: i64 = 4 << 20;

/// The number of a large text that stands outside its row, if it does.
macro_rules! outside {
    ($column:literal) => {
        concat!("case typeof(", $column, ") when 'integer' then ", $column, " end")
    };
}

/// The bytes of a text, in its row or outside.
macro_rules! bytes {
    ($column:literal) => {
        concat!(
            "case typeof(",
            $column,
            ") when 'integer'
               then (select octet_length(text) from contents where number = ",
            $column,
            ")
               else ifnull(octet_length(",
            $column,
            "), 0) end"
        )
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
    RUNS = concat!("delete from runs where number in (
          select number from runs where session = ?1 order by number limit ?2)
        returning ", outside!("overrides"), ", id");
    CALLBACK = "delete from callbacks where run = ?1";
    RUN_BYTES = concat!("select ", bytes!("overrides"), " from runs where session = ?1 order by number limit ?2");
    INBOX = concat!("delete from inbox where number in (
          select number from inbox where session = ?1 order by number limit ?2)
        returning ", outside!("body"));
    INBOX_BYTES = concat!("select ", bytes!("body"), " from inbox where session = ?1 order by number limit ?2");
    EVENT_BYTES = concat!("select ", bytes!("body"), " from events
        where place between ?1 << 32 and ((?1 + 1) << 32) - 1 order by place limit ?2");
    EVENTS = concat!("delete from events where place in (
          select place from events where place between ?1 << 32 and ((?1 + 1) << 32) - 1 order by place limit ?2)
        returning ", outside!("body"));
    REQUEST_BYTES = "select ifnull(octet_length(answer), 0) from requests
        where session = (select id from deleted_sessions where number = ?1) order by number limit ?2";
    REQUESTS = "delete from requests where number in (select number from requests
          where session = (select id from deleted_sessions where number = ?1) order by number limit ?2)";
}

/// The session of this number is about to be deleted. Its runs that are not over (the one
/// that waits, and those queued behind it) are gone at once, so that nobody takes them up.
pub(crate) fn insert(db: &Connection, session: i64, waiting: Option<RunId>) -> Result<(), Fault> {
    delete_runs(db, OPEN_RUNS, (session, waiting.map(|run| run.0)))?;
    run(db, INSERT, [session]).map(|_| ())
}

/// Whether something is to be cleared away.
pub(crate) fn wait(db: &Connection) -> Result<bool, Fault> {
    Ok(exists(db, WAIT, [])? || webhooks::wait(db)?)
}

/// Clears one bite away; whether there may be more.
pub(crate) fn clear_some(db: &Connection) -> Result<bool, Fault> {
    let Some(session) = one(db, NEXT, [], |row| Ok(row.get::<_, i64>(0)?))? else { return webhooks::clear_some(db) };
    let mut left = BITE_BYTES;
    let events = rows_within(db, EVENT_BYTES, session, &mut left)?;
    let inputs = rows_within(db, INBOX_BYTES, session, &mut left)?;
    let runs = rows_within(db, RUN_BYTES, session, &mut left)?;
    delete_rows(db, EVENTS, (session, events))?;
    delete_rows(db, INBOX, (session, inputs))?;
    let requests = rows_within(db, REQUEST_BYTES, session, &mut left)?;
    delete_runs(db, RUNS, (session, runs))?;
    run(db, REQUESTS, (session, requests))?;
    if events + inputs + runs + requests == 0 {
        run(db, CLEARED, [session])?;
    }
    Ok(true)
}

/// How many rows, the first ones, have no more than the bytes that are left; the last may go
/// beyond, so that a bite is never empty.
fn rows_within(db: &Connection, bytes: &str, session: i64, left: &mut i64) -> Result<i64, Fault> {
    let mut rows = 0;
    for size in many(db, bytes, (session, BITE_ROWS), |row| Ok(row.get::<_, i64>(0)?))? {
        if *left <= 0 {
            break;
        }
        *left -= size;
        rows += 1;
    }
    Ok(rows)
}

fn delete_runs(db: &Connection, sql: &str, params: impl Params) -> Result<(), Fault> {
    let deleted = many(db, sql, params, |row| Ok((text_outside(row)?, row.get::<_, uuid::Uuid>(1)?)))?;
    for (text, id) in &deleted {
        run(db, CALLBACK, [id])?;
        text.iter().try_for_each(|text| contents::forget(db, *text))?;
    }
    Ok(())
}

fn delete_rows(db: &Connection, sql: &str, params: impl Params) -> Result<(), Fault> {
    let deleted = many(db, sql, params, text_outside)?;
    deleted.iter().flatten().try_for_each(|text| contents::forget(db, *text))
}

fn text_outside(row: &Row<'_>) -> Result<Option<i64>, Fault> {
    Ok(row.get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(db: &Connection) -> i64 {
        db.query_row("select count(*) from events", [], |row| row.get(0)).unwrap()
    }

    fn requests(db: &Connection) -> i64 {
        db.query_row("select count(*) from requests", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_bite_is_bounded_by_bytes_and_never_empty() {
        let mut db = Connection::open_in_memory().unwrap();
        crate::migrations::migrate(&mut db, 0).unwrap();
        db.execute("insert into deleted_sessions values (1, x'01', x'02', 0, 1)", []).unwrap();
        let insert = "insert into events (place, id, at, type, body) values (?1, ?2, 0, 't', ?3)";
        for (seq, bytes) in (1..).zip([vec![1 << 20; 6], vec![9 << 20], vec![1; 300]].concat()) {
            let place: i64 = (1 << 32) + seq;
            db.execute(insert, (place, seq.to_be_bytes(), "x".repeat(bytes))).unwrap();
        }
        let insert = "insert into requests (org, key, path, name, fingerprint, at, session, answer)
            values (x'02', x'03', 'p', ?1, x'04', 0, x'01', ?2)";
        for name in 0..300 {
            db.execute(insert, (name.to_string(), "x".repeat(1 << 10))).unwrap();
        }
        let mut left = Vec::new();
        while wait(&db).unwrap() {
            clear_some(&db).unwrap();
            left.push((events(&db), requests(&db)));
        }
        // Four of a mebibyte; two and what is larger than a bite; then by their number, and the
        // requests as far as there is room for them.
        assert_eq!(left, [(303, 300), (300, 300), (50, 50), (0, 0), (0, 0)]);
    }
}

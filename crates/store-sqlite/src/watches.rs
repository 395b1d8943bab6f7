//! Watches over rollouts, and when something is to be done in them.

use domain::monitor::{Next, Watch, WatchEnd, WatchState};
use domain::{OrgId, SessionId, Timestamp};
use ports::store::DueWatch;
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::columns::{id, json, limit, micros, time, to_json};
use crate::fault::{Fault, found};
use crate::sql::{exists, many, one, run, statements};

statements! {
    INSERT = "insert into watches (session, org, state, due_at, version, body)
        select ?1, ?2, ?3, ?4, ?5, ?6 where exists (select 1 from sessions where id = ?1 and org = ?2)";
    // Nothing goes on in an archived session.
    PUT = "update watches set state = ?3, due_at = ?4, version = ?5, body = ?6 where session = ?1 and org = ?2
        and (?4 is null or exists (select 1 from sessions where id = ?1 and archived_at is null))";
    GOES_ON = "select 1 from watches where session = ?1 and due_at is not null";
    DELETE = "delete from watches where session = ?1";
    IS_AT = "select 1 from watches where session = ?1 and org = ?2 and version = ?3";
    FIND = "select body from watches where session = ?1 and org = ?2";
    LIST = "select body from watches where session in (select unhex(value) from json_each(?1)) and org = ?2";
    // All columns stand in the index, so that passing many over reads no row.
    DUE = "select org, session, due_at from watches where due_at <= ?1
        and org not in (select unhex(value) from json_each(?2)) order by due_at limit ?3";
    LATER = "select org, session, due_at from watches where due_at > ?1 order by due_at limit 1";
}

pub(crate) fn insert(db: &Connection, org: OrgId, new: &Watch) -> Result<(), Fault> {
    write(db, INSERT, org, new)
}

pub(crate) fn put(db: &Connection, org: OrgId, changed: &Watch) -> Result<(), Fault> {
    write(db, PUT, org, changed)
}

fn write(db: &Connection, sql: &str, org: OrgId, watch: &Watch) -> Result<(), Fault> {
    let due = watch.next().map(Next::at).map(micros);
    let version = watch.version.cast_signed();
    found(run(db, sql, (watch.session.0, org.0, state_text(watch.state), due, version, to_json(watch)?))?)
}

/// Whether something is still to be done in a session.
pub(crate) fn goes_on(db: &Connection, session: SessionId) -> Result<bool, Fault> {
    exists(db, GOES_ON, [session.0])
}

/// The session is gone.
pub(crate) fn delete(db: &Connection, session: SessionId) -> Result<(), Fault> {
    run(db, DELETE, [session.0]).map(|_| ())
}

pub(crate) fn is_at(db: &Connection, org: OrgId, session: SessionId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (session.0, org.0, version.cast_signed()))
}

pub(crate) fn find(db: &Connection, org: OrgId, session: SessionId) -> Result<Option<Watch>, Fault> {
    one(db, FIND, (session.0, org.0), |row| json(row, 0))
}

pub(crate) fn list(db: &Connection, org: OrgId, sessions: &[SessionId]) -> Result<Vec<Watch>, Fault> {
    many(db, LIST, (to_json(&hexadecimal(sessions.iter().map(|session| session.0)))?, org.0), |row| json(row, 0))
}

/// Ids as `unhex` reads them.
fn hexadecimal(ids: impl Iterator<Item = Uuid>) -> Vec<String> {
    ids.map(|id| id.simple().to_string()).collect()
}

pub(crate) fn next(
    db: &Connection,
    now: Timestamp,
    passed_over: &[OrgId],
    most: usize,
) -> Result<Vec<DueWatch>, Fault> {
    let passed_over = hexadecimal(passed_over.iter().map(|org| org.0));
    let read = |row: &Row<'_>| Ok(DueWatch { org: id(row, 0)?, session: id(row, 1)?, due: time(row.get(2)?)? });
    let now = micros(now);
    let mut next = many(db, DUE, (now, to_json(&passed_over)?, limit(Some(most))), read)?;
    if next.len() < most {
        next.extend(one(db, LATER, [now], read)?);
    }
    Ok(next)
}

/// What a list of sessions shows of one that is over; see [`domain::session::Progress`].
fn state_text(state: WatchState) -> &'static str {
    match state {
        WatchState::Watching => "watching",
        WatchState::Ended { end: WatchEnd::Completed { .. }, .. } => "completed",
        WatchState::Ended { end: WatchEnd::Cancelled, .. } => "cancelled",
        WatchState::Ended { end: WatchEnd::Failed, .. } => "failed",
    }
}

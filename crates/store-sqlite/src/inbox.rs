//! The inbox: input that waits for its run.

use domain::session::InboxItem;
use domain::{EventId, OrgId, RunId, SessionId};
use ports::Refusal;
use rusqlite::{Connection, Row};

use crate::columns::{id, micros, time, to_json};
use crate::contents::{self, IN_ROW_BYTES_MAX};
use crate::fault::Fault;
use crate::sql::{exists, many, one, run, statements};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, s.id, i.run, i.accepted_at, i.body from inbox i join sessions s on s.number = i.session ",
            $rest
        )
    };
}

statements! {
    OPEN_RUN = "select r.session from runs r join sessions s on s.number = r.session
        where r.id = ?1 and r.org = ?2 and s.id = ?3 and r.status in ('queued', 'running', 'waiting')";
    INSERT = "insert into inbox (id, session, run, accepted_at, body) values (?1, ?2, ?3, ?4, ?5)";
    TAKE = "delete from inbox
        where id = ?1 and session = (select number from sessions where id = ?2 and org = ?3) returning body";
    WAITS_FOR = "select 1 from inbox where run = ?1";
    LIST_OF_RUN = select!("where i.run = ?1 and s.org = ?2 order by i.number");
    LIST_OF_SESSION = select!("where s.id = ?1 and s.org = ?2 order by i.number");
}

/// Puts an item before its run. A run that is over takes nothing any more: the caller
/// decided on a state that has changed.
pub(crate) fn enqueue(db: &Connection, org: OrgId, item: &InboxItem) -> Result<i64, Fault> {
    let session = one(db, OPEN_RUN, (item.run.0, org.0, item.session.0), |row| Ok(row.get::<_, i64>(0)?))?;
    let session = session.ok_or(Refusal::Missing)?;
    let body = to_json(&item.body)?;
    let body = contents::put(db, &body, IN_ROW_BYTES_MAX)?;
    run(db, INSERT, (item.id.0, session, item.run.0, micros(item.accepted_at), body))?;
    Ok(session)
}

pub(crate) fn take(db: &Connection, org: OrgId, session: SessionId, item: EventId) -> Result<(), Fault> {
    let taken = one(db, TAKE, (item.0, session.0, org.0), |row| contents::delete(db, row, 0))?;
    taken.map(|_| ()).ok_or_else(|| Refusal::Missing.into())
}

pub(crate) fn waits_for(db: &Connection, run: RunId) -> Result<bool, Fault> {
    exists(db, WAITS_FOR, [run.0])
}

pub(crate) fn list_of_run(db: &Connection, org: OrgId, run: RunId) -> Result<Vec<InboxItem>, Fault> {
    many(db, LIST_OF_RUN, (run.0, org.0), |row| read(db, row))
}

pub(crate) fn list_of_session(db: &Connection, org: OrgId, session: SessionId) -> Result<Vec<InboxItem>, Fault> {
    many(db, LIST_OF_SESSION, (session.0, org.0), |row| read(db, row))
}

fn read(db: &Connection, row: &Row<'_>) -> Result<InboxItem, Fault> {
    Ok(InboxItem {
        id: id(row, 0)?,
        session: id(row, 1)?,
        run: id(row, 2)?,
        accepted_at: time(row.get(3)?)?,
        body: contents::json(db, row, 4)?,
    })
}

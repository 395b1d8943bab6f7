//! The logs of sessions.

use std::ops::RangeInclusive;

use domain::session::overview::{Overview, Stretch};
use domain::{Event, EventBody, EventId, NewEvent, OrgId, SessionId, Timestamp};
use ports::store::{EventFilter, Order};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{id, limit, maybe_id, micros, time, to_json};
use crate::contents::{self, IN_ROW_BYTES_MAX};
use crate::fault::Fault;
use crate::sql::{many, one, run, statements};

/// An event's place is its session's number and, in the low 32 bits, its `seq`.
const SEQ_BITS: u32 = 32;
/// Events that are looked at for what was said last.
const LOOKS_BACK: i64 = 30;
const SEQ_MAX: u64 = (1 << SEQ_BITS) - 1;

macro_rules! listed {
    ($order:literal) => {
        concat!(
            "select e.place, e.id, e.run, e.at, e.body from sessions s
             join events e on e.place between (s.number << 32) + :first and (s.number << 32) + :last
             where s.id = :session and s.org = :org and e.at between :from and :until
               and (:run is null or e.run = :run)
               and (:types is null or e.type in (select value from json_each(:types)))
             order by e.place ",
            $order,
            " limit :limit"
        )
    };
}

statements! {
    INSERT = "insert into events (place, id, run, at, type, body) values (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND = "select e.place, e.id, e.run, e.at, e.body from events e join sessions s on s.number = e.place >> 32
        where e.id = ?1 and s.id = ?2 and s.org = ?3";
    SPAN_OF_RUN = "select r.first_seq, (select n.first_seq from runs n
          where n.session = r.session and n.number > r.number and n.first_seq > r.first_seq
          order by n.number limit 1)
        from runs r where r.id = ?1 and r.org = ?2";
    LAST_SAID = "select body from events where place between ?1 and ?2
          and type in ('agent.message', 'user.message', 'session.error', 'monitor.update', 'monitor.ended')
        order by place desc limit 1";
    SURVEY = "select e.place, e.at, e.type from sessions s
        join events e on e.place between (s.number << 32) + :first and (s.number << 32) + :last
        where s.id = :session and s.org = :org order by e.place";
    LIST_OLDEST_FIRST = listed!("asc");
    LIST_NEWEST_FIRST = listed!("desc");
}

/// Appends an event to the log of the session with this number.
pub(crate) fn insert(db: &Connection, session: i64, seq: u64, event: NewEvent) -> Result<Event, Fault> {
    if seq > SEQ_MAX {
        return Err(Fault::damaged("the session's log is full"));
    }
    let place = (session << SEQ_BITS) | seq.cast_signed();
    let body = to_json(&event.body)?;
    let body = contents::put(db, &body, IN_ROW_BYTES_MAX)?;
    let at = micros(event.at);
    run(db, INSERT, (place, event.id.0, event.run.map(|run| run.0), at, event.body.name(), body))?;
    // What is streamed live is what will be read back, to the microsecond.
    Ok(Event { at: time(at)?, ..event.stored(seq) })
}

pub(crate) fn find(db: &Connection, org: OrgId, session: SessionId, event: EventId) -> Result<Option<Event>, Fault> {
    one(db, FIND, (event.0, session.0, org.0), |row| read(db, row))
}

pub(crate) fn list(db: &Connection, org: OrgId, session: SessionId, filter: &EventFilter) -> Result<Vec<Event>, Fault> {
    let Some((first, last)) = range(db, org, filter)? else { return Ok(Vec::new()) };
    let sql = match filter.order {
        Order::OldestFirst => LIST_OLDEST_FIRST,
        Order::NewestFirst => LIST_NEWEST_FIRST,
    };
    let types = if filter.types.is_empty() { None } else { Some(to_json(&filter.types)?) };
    let params = named_params! {
        ":session": session.0,
        ":org": org.0,
        ":first": first.cast_signed(),
        ":last": last.cast_signed(),
        ":from": filter.from.map_or(i64::MIN, micros),
        ":until": filter.until.map_or(i64::MAX, micros),
        ":run": filter.run.map(|run| run.0),
        ":types": types,
        ":limit": limit(filter.limit),
    };
    many(db, sql, params, |row| read(db, row))
}

/// The log at a glance. Names and times stand before the bodies, which are not read.
pub(crate) fn survey(
    db: &Connection,
    org: OrgId,
    session: SessionId,
    seqs: &RangeInclusive<u64>,
    parts: u64,
) -> Result<Vec<Stretch>, Fault> {
    let (first, last) = (*seqs.start().max(&1), *seqs.end().min(&SEQ_MAX));
    let mut overview = Overview::new(first, last, parts);
    if first > last {
        return Ok(overview.into_stretches());
    }
    let params = named_params! {
        ":session": session.0,
        ":org": org.0,
        ":first": first.cast_signed(),
        ":last": last.cast_signed(),
    };
    let mut statement = db.prepare_cached(SURVEY)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        let place: i64 = row.get(0)?;
        let name = row.get_ref(2)?.as_str().map_err(Fault::damaged)?;
        overview.add(place.cast_unsigned() & SEQ_MAX, time(row.get(1)?)?, name);
    }
    Ok(overview.into_stretches())
}

/// What was said last in the session with this number, if it stands near the end of its log.
pub(crate) fn last_said(db: &Connection, session: i64, last_seq: i64) -> Result<Option<EventBody>, Fault> {
    let place = |seq: i64| (session << SEQ_BITS) | seq;
    let first = place((last_seq - LOOKS_BACK).max(0));
    one(db, LAST_SAID, (first, place(last_seq)), |row| contents::json(db, row, 0))
}

/// The first and the last `seq` that can fit the filter; `None` if none can.
fn range(db: &Connection, org: OrgId, filter: &EventFilter) -> Result<Option<(u64, u64)>, Fault> {
    let mut first = filter.first.unwrap_or(1).max(1);
    let mut last = filter.last.unwrap_or(SEQ_MAX).min(SEQ_MAX);
    if let Some(after) = filter.after {
        match filter.order {
            Order::OldestFirst => first = first.max(after.saturating_add(1)),
            Order::NewestFirst => last = last.min(after.saturating_sub(1)),
        }
    }
    if let Some(run) = filter.run {
        // Runs have their session one after another, in the order in which they were
        // accepted: a run's events stand between its first and the next run's first, and no
        // more of the log is read. One that was dropped before it began has no such place.
        let span: Option<(Option<i64>, Option<i64>)> =
            one(db, SPAN_OF_RUN, (run.0, org.0), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (begins, next_begins) = span.unwrap_or_default();
        first = first.max(begins.map_or(1, i64::cast_unsigned));
        last = last.min(next_begins.map_or(SEQ_MAX, |next| next.cast_unsigned().saturating_sub(1)));
    }
    Ok((first <= last).then_some((first, last)))
}

fn read(db: &Connection, row: &Row<'_>) -> Result<Event, Fault> {
    let place: i64 = row.get(0)?;
    let at: Timestamp = time(row.get(3)?)?;
    let body: EventBody = contents::json(db, row, 4)?;
    Ok(Event { id: id(row, 1)?, seq: place.cast_unsigned() & SEQ_MAX, run: maybe_id(row, 2)?, at, body })
}

//! The order of an organization's commits: one row for each session that a commit changed.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{OrgId, Timestamp};
use ports::store::{ChangeFilter, SessionChange};
use rusqlite::{Connection, named_params};

use crate::columns::{limit, micros, time};
use crate::fault::Fault;
use crate::sessions;
use crate::sql::{many, one, run, statements};

/// A change's place is its organization's number and, in the low 40 bits, its position.
const POSITION_BITS: u32 = 40;
const POSITION_MAX: i64 = (1 << POSITION_BITS) - 1;

statements! {
    ORG = "select number from orgs where id = ?1";
    NEXT_ORG = "select number from orgs where number > ?1 order by number limit 1";
    LAST = "select place from session_changes where place between ?1 and ?2 order by place desc limit 1";
    FIRST = "select place, at from session_changes where place between ?1 and ?2 order by place limit 1";
    INSERT = "insert into session_changes (place, session, at) values (?1, ?2, ?3)";
    AT = "select at from session_changes where place = ?1";
    LIST = "select place, at, session from session_changes
        where place between :first and :last order by place limit :limit";
    FIRST_SINCE = "select place from session_changes where place between ?1 and ?2 and at >= ?3 order by place limit 1";
    DELETE = "delete from session_changes where place >= ?1 and place < ?2";
}

/// The number of an organization that is there.
pub(crate) fn org_number(db: &Connection, org: OrgId) -> Result<Option<i64>, Fault> {
    one(db, ORG, [org.0], |row| Ok(row.get(0)?))
}

/// The first organization with a higher number than this.
pub(crate) fn next_org(db: &Connection, number: i64) -> Result<Option<i64>, Fault> {
    one(db, NEXT_ORG, [number], |row| Ok(row.get(0)?))
}

/// The last position given in the organization with this number, 0 before the first.
pub(crate) fn last(db: &Connection, org: i64) -> Result<i64, Fault> {
    let found = one(db, LAST, (place(org, 1), place(org, POSITION_MAX)), |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(found.map_or(0, position))
}

/// The last position given in an organization, 0 before the first.
pub(crate) fn last_of(db: &Connection, org: OrgId) -> Result<u64, Fault> {
    org_number(db, org)?.map_or(Ok(0), |org| Ok(last(db, org)?.unsigned_abs()))
}

pub(crate) fn insert(db: &Connection, org: i64, position: i64, session: i64, at: i64) -> Result<(), Fault> {
    if position > POSITION_MAX {
        return Err(Fault::damaged("the organization's changes cannot be counted any further"));
    }
    run(db, INSERT, (place(org, position), session, at))?;
    Ok(())
}

/// When the change at a position was made, if it is still kept.
pub(crate) fn find(db: &Connection, org: OrgId, position: u64) -> Result<Option<Timestamp>, Fault> {
    let Some(org) = org_number(db, org)? else { return Ok(None) };
    let Some(position) = i64::try_from(position).ok().filter(|position| *position <= POSITION_MAX) else {
        return Ok(None);
    };
    one(db, AT, [place(org, position)], |row| time(row.get(0)?))
}

/// The changes that fit, each with its session as it is now, in their order.
pub(crate) fn list(db: &Connection, org: OrgId, filter: &ChangeFilter) -> Result<Vec<SessionChange>, Fault> {
    let Some(number) = org_number(db, org)? else { return Ok(Vec::new()) };
    let after = i64::try_from(filter.after).unwrap_or(POSITION_MAX).min(POSITION_MAX - 1);
    let (mut first, last) = (place(number, after + 1), place(number, POSITION_MAX));
    if let Some(since) = filter.since {
        let Some(young) = one(db, FIRST_SINCE, (first, last, micros(since)), |row| Ok(row.get(0)?))? else {
            return Ok(Vec::new());
        };
        // What comes behind it may be a little older, and stays: the order has no gap.
        first = young;
    }
    let params = named_params! {
        ":first": first,
        ":last": last,
        ":limit": limit(Some(filter.limit)),
    };
    let rows = many(db, LIST, params, |row| Ok((row.get::<_, i64>(0)?, time(row.get(1)?)?, row.get::<_, i64>(2)?)))?;
    // A session changes several times in a turn: it is read once for all of them.
    let mut known = HashMap::new();
    let mut changes = Vec::with_capacity(rows.len());
    for (place, at, number) in rows {
        let session = match known.get(&number) {
            Some(session) => Option::clone(session),
            None => sessions::summarize(db, org, number)?.map(Arc::new),
        };
        known.insert(number, session.clone());
        changes.push(SessionChange { position: position(place).unsigned_abs(), at, session });
    }
    Ok(changes)
}

/// Deletes changes of an organization from before a time, oldest first, at most `max` and
/// never the last one, which is what the next position is counted from. How many.
pub(crate) fn prune(db: &Connection, org: i64, before: i64, max: i64) -> Result<usize, Fault> {
    let oldest =
        one(db, FIRST, (place(org, 1), place(org, POSITION_MAX)), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let Some((first, _)) = oldest.filter(|(_, at): &(i64, i64)| *at < before) else { return Ok(0) };
    let end = place(org, last(db, org)?).min(first + max);
    // Times may stand a little out of order. What is left must have no gap, so the first that
    // is young enough ends the bite.
    let young = one(db, FIRST_SINCE, (first, end, before), |row| Ok(row.get::<_, i64>(0)?))?;
    run(db, DELETE, (first, young.map_or(end, |young| young.min(end))))
}

fn place(org: i64, position: i64) -> i64 {
    (org << POSITION_BITS) | position
}

fn position(place: i64) -> i64 {
    place & POSITION_MAX
}

//! What sampled sources gave, for as long as it is compared with.

use std::ops::Range;

use domain::monitor::{SAMPLES_KEPT_FOR, Sample, Samples, SourceDigest};
use domain::{OrgId, Timestamp};
use rusqlite::{Connection, Row};

use crate::columns::{micros, to_json};
use crate::fault::Fault;
use crate::retention::Old;
use crate::sql::{many, one, run, statements};

/// The bits of a place that hold the second.
const SECOND_BITS: u32 = 32;

statements! {
    TOUCH = "insert into sampled (org, source, last_at) values (?1, ?2, ?3)
        on conflict (org, source) do update set last_at = max(last_at, excluded.last_at) returning number";
    NUMBER = "select number from sampled where org = ?1 and source = ?2";
    KEEP = "insert into samples (place, value) values (?1, ?2) on conflict (place) do nothing";
    LIST = "select place, value from samples where place >= ?1 and place < ?2 order by place";
    // A few at a time, more than are added: no commit is held up by what a pause has left.
    FORGET = "delete from samples where place in
        (select place from samples where place >= ?1 and place < ?2 order by place limit 8)";
    // A source that nobody asks any more goes when nothing of it is young enough.
    NEXT_UNUSED = "select number from sampled where last_at < ?1 order by last_at limit 1";
    CLEAR = "delete from samples where place in
        (select place from samples where place >= ?1 and place < ?2 order by place limit 250)";
    DROP = "delete from sampled where number = ?1";
    NEXT_SOURCE = "select number from sampled where number > ?1 order by number limit 1";
    OF_SOURCE = "select place from samples where place >= ?1 and place < ?2 order by place";
    FORGET_OLD = "delete from samples where place in (select value from json_each(?1))";
}

/// Keeps what was sampled at a moment, and forgets some of what is too old.
pub(crate) fn keep(db: &Connection, org: OrgId, samples: &Samples) -> Result<(), Fault> {
    let over = samples.at.saturating_sub(SAMPLES_KEPT_FOR).unwrap_or(Timestamp::MIN);
    for (source, value) in samples.values.iter().filter(|(_, value)| value.is_finite()) {
        let touched = one(db, TOUCH, (org.0, source.0, micros(samples.at)), |row| Ok(row.get::<_, i64>(0)?))?;
        let number = touched.ok_or_else(|| Fault::damaged("a source that is sampled has no number"))?;
        run(db, KEEP, (place(number, samples.at), value))?;
        run(db, FORGET, (place(number, Timestamp::UNIX_EPOCH), place(number, over)))?;
    }
    clear_unused(db, over)
}

/// What a source gave within a time.
pub(crate) fn list(
    db: &Connection,
    org: OrgId,
    source: SourceDigest,
    within: Range<Timestamp>,
) -> Result<Vec<Sample>, Fault> {
    let number = one(db, NUMBER, (org.0, source.0), |row| Ok(row.get::<_, i64>(0)?))?;
    let Some(number) = number else { return Ok(Vec::new()) };
    many(db, LIST, (place(number, within.start), place(number, within.end)), read)
}

/// Takes a bite of the source that was given up first, if that is long enough ago.
fn clear_unused(db: &Connection, over: Timestamp) -> Result<(), Fault> {
    let Some(number) = one(db, NEXT_UNUSED, [micros(over)], |row| Ok(row.get::<_, i64>(0)?))? else { return Ok(()) };
    if run(db, CLEAR, (place(number, Timestamp::UNIX_EPOCH), number.saturating_add(1) << SECOND_BITS))? == 0 {
        run(db, DROP, [number])?;
    }
    Ok(())
}

/// What all sources gave before a time.
pub(crate) fn old(db: &Connection, before: Timestamp) -> Result<Old, Fault> {
    let (mut old, mut last) = (Old::default(), 0);
    while let Some(number) = one(db, NEXT_SOURCE, [last], |row| Ok(row.get::<_, i64>(0)?))? {
        last = number;
        let within = (place(number, Timestamp::UNIX_EPOCH), number.saturating_add(1) << SECOND_BITS);
        let mut statement = db.prepare_cached(OF_SOURCE)?;
        let rows = statement.query_and_then(within, |row| Ok::<_, Fault>((row.get(0)?, second(row.get(0)?)?)))?;
        old.take(before, rows)?;
    }
    Ok(old)
}

/// Forgets those at these places.
pub(crate) fn forget(db: &Connection, places: &[i64]) -> Result<(), Fault> {
    run(db, FORGET_OLD, [to_json(&places)?]).map(drop)
}

/// Seconds fill their bits in the year 2106; what is beyond stays at the end.
fn place(number: i64, at: Timestamp) -> i64 {
    (number << SECOND_BITS) + at.as_second().clamp(0, u32::MAX.into())
}

fn read(row: &Row<'_>) -> Result<Sample, Fault> {
    Ok(Sample { at: second(row.get(0)?)?, value: row.get(1)? })
}

/// When what stands at a place was taken.
fn second(place: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_second(place & i64::from(u32::MAX)).map_err(Fault::damaged)
}

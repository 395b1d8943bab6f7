//! Runs, and the queue they stand in.

use std::sync::Arc;

use domain::agent::Overrides;
use domain::run::{Fence, Run, RunStatus};
use domain::{AgentId, OrgId, RunId, SessionId, Timestamp};
use ports::Refusal;
use ports::metrics::OpenRuns;
use ports::store::{LateRun, ReadyRun};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::columns::{id, json, limit, maybe_micros, time, to_json};
use crate::contents;
use crate::fault::{Fault, found};
use crate::sessions::{self, Head};
use crate::sql::{exists, many, one, run, statements};

/// A run's row is written with each of its steps: overrides longer than this (prompts)
/// stand outside it.
const OVERRIDES_IN_ROW_BYTES_MAX: usize = 2 * 1024;

macro_rules! select {
    ($rest:literal) => {
        concat!("select r.status, r.fence, r.version, r.overrides, r.body from runs r ", $rest)
    };
}

statements! {
    INSERT = "insert into runs (id, org, session, agent, status, ready, fence, version, first_seq, deadline,
          asks_since, overrides, body) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    PUT = "update runs set status = ?3, ready = ?4, fence = ?5, version = version + 1, first_seq = ?6, deadline = ?7,
          asks_since = ?8, body = ?9 where id = ?1 and org = ?2";
    QUEUED_IN = "select 1 from runs where session = ?1 and status = 'queued'";
    QUEUED_BEFORE = "select 1 from runs where session = ?1 and status = 'queued'
        and number < (select number from runs where id = ?2)";
    RELEASE = "update runs set ready = 1 where ready = 0
        and number = (select number from runs where session = ?1 and status = 'queued' order by number limit 1)
        and exists (select 1 from sessions where number = ?1 and active_run is null)";
    HELD = "select r.number, r.session, r.org, s.updated_at from runs r join sessions s on s.number = r.session
        where r.status in ('queued', 'running', 'waiting') and r.status = 'running' and (?1 is null or r.fence = ?1)";
    REQUEUE = "update runs set status = 'queued', ready = 1, fence = null, version = version + 1 where number = ?1";
    IS_HELD = "select 1 from runs where id = ?1 and org = ?2 and status = 'running' and fence = ?3";
    IS_AT = "select 1 from runs where id = ?1 and org = ?2 and version = ?3";
    READY_ORG_AFTER = "select org from runs where ready = 1 and org > ?1 order by org limit 1";
    READY_ORG_FIRST = "select org from runs where ready = 1 order by org limit 1";
    READY_OF = "select id from runs where ready = 1 and org = ?1 order by number limit ?2";
    NEXT_DEADLINE = "select org, id, deadline from runs
        where ready = 0 and status in ('queued', 'waiting') and deadline is not null order by deadline limit 1";
    IS_WAITING = "select 1 from runs where id = ?1 and status = 'waiting'";
    FIND = select!("where r.id = ?1 and r.org = ?2 and exists (select 1 from sessions s where s.number = r.session)");
    FIND_QUEUED = select!("join sessions s on s.number = r.session where s.id = ?1 and s.org = ?2
        and r.status = 'queued' and r.first_seq is null order by r.number desc limit 1");
    LIST_QUEUED = select!("join sessions s on s.number = r.session where s.id = ?1 and s.org = ?2
        and r.status = 'queued' and r.first_seq is null order by r.number");
    HELD_OF = "select id from runs
        where status in ('queued', 'running', 'waiting') and status = 'running' and agent = ?1 and org = ?2";
    CALL_IN = "update runs set status = 'queued', ready = 1, asks_since = null, version = version + 1
        where status in ('queued', 'running', 'waiting') and status = 'waiting' and agent = ?1 and org = ?2
        returning session";
    COUNT_OPEN = "select count(*) filter (where status = 'queued'), count(*) filter (where status = 'running'),
          count(*) filter (where status = 'waiting')
        from runs where status in ('queued', 'running', 'waiting')";
    LIST = select!("join sessions s on s.number = r.session where s.id = ?1 and s.org = ?2 order by r.number");
}

/// Stores a new run; whether it is ready to be claimed.
pub(crate) fn insert(db: &Connection, org: OrgId, new: &Run) -> Result<bool, Fault> {
    let session = sessions::need(db, org, new.session)?;
    if session.is_archived {
        return Err(Refusal::SessionArchived.into());
    }
    let is_first = session.active_run.is_none() && !queued_in(db, session.number)?;
    let ready = new.status == RunStatus::Queued && is_first;
    let changes_nothing = *new.overrides == Overrides::default();
    let overrides = if changes_nothing { None } else { Some(to_json(&new.overrides)?) };
    let overrides = overrides.as_deref().map(|text| contents::put(db, text, OVERRIDES_IN_ROW_BYTES_MAX)).transpose()?;
    let mut statement = db.prepare_cached(INSERT)?;
    statement.execute((
        new.id.0,
        org.0,
        session.number,
        new.agent.0,
        status_text(new.status),
        ready,
        new.fence.map(stored_fence),
        new.version.cast_signed(),
        new.first_seq.map(u64::cast_signed),
        maybe_micros(new.deadline),
        maybe_micros(asks_since(new)),
        overrides,
        body(new)?,
    ))?;
    Ok(ready)
}

/// Stores a run as it is now; whether it is ready to be claimed.
pub(crate) fn put(db: &Connection, org: OrgId, changed: &Run) -> Result<bool, Fault> {
    let ready = changed.status == RunStatus::Queued && has_its_turn(db, org, changed)?;
    let mut statement = db.prepare_cached(PUT)?;
    found(statement.execute((
        changed.id.0,
        org.0,
        status_text(changed.status),
        ready,
        changed.fence.map(stored_fence),
        changed.first_seq.map(u64::cast_signed),
        maybe_micros(changed.deadline),
        maybe_micros(asks_since(changed)),
        body(changed)?,
    ))?)?;
    Ok(ready)
}

/// Whether a queued run has its session, or is the first to get it.
fn has_its_turn(db: &Connection, org: OrgId, queued: &Run) -> Result<bool, Fault> {
    let Head { number, active_run, .. } = sessions::need(db, org, queued.session)?;
    match active_run {
        Some(active) => Ok(active == queued.id),
        None => Ok(!exists(db, QUEUED_BEFORE, (number, queued.id.0))?),
    }
}

/// Whether a run waits in the session with this number.
pub(crate) fn queued_in(db: &Connection, session: i64) -> Result<bool, Fault> {
    exists(db, QUEUED_IN, [session])
}

/// Whether a run waits for someone.
pub(crate) fn is_waiting(db: &Connection, id: RunId) -> Result<bool, Fault> {
    exists(db, IS_WAITING, [id.0])
}

/// Makes the oldest queued run of a session ready if no run has the session; whether one
/// became ready.
pub(crate) fn release(db: &Connection, session: i64) -> Result<bool, Fault> {
    Ok(run(db, RELEASE, [session])? > 0)
}

/// Takes the runs held under a lease (under any, if `None`) from their workers: they are
/// queued again and ready, and their sessions are rescheduling. Gives those sessions.
pub(crate) fn requeue(db: &Connection, fence: Option<Fence>) -> Result<Vec<(OrgId, i64, Timestamp)>, Fault> {
    let held = many(db, HELD, [fence.map(stored_fence)], |row| {
        let session: (OrgId, i64, Timestamp) = (id(row, 2)?, row.get(1)?, time(row.get(3)?)?);
        Ok((row.get::<_, i64>(0)?, session))
    })?;
    for (number, (_, session, _)) in &held {
        run(db, REQUEUE, [number])?;
        sessions::reschedule(db, *session)?;
    }
    Ok(held.into_iter().map(|(_, session)| session).collect())
}

/// The runs of an agent that workers hold.
pub(crate) fn held_of(db: &Connection, org: OrgId, agent: AgentId) -> Result<Vec<RunId>, Fault> {
    many(db, HELD_OF, (agent.0, org.0), |row| id(row, 0))
}

/// Queues the runs of an agent that wait for someone, ready to be claimed; gives their sessions.
pub(crate) fn call_in(db: &Connection, org: OrgId, agent: AgentId) -> Result<Vec<i64>, Fault> {
    many(db, CALL_IN, (agent.0, org.0), |row| Ok(row.get(0)?))
}

pub(crate) fn is_held(db: &Connection, org: OrgId, id: RunId, fence: Fence) -> Result<bool, Fault> {
    exists(db, IS_HELD, (id.0, org.0, stored_fence(fence)))
}

pub(crate) fn is_at(db: &Connection, org: OrgId, id: RunId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (id.0, org.0, version.cast_signed()))
}

/// See [`ports::Store::next_ready`]. Each step is one seek in an index of ready runs alone.
pub(crate) fn next_ready(db: &Connection, after: Option<OrgId>, most: usize) -> Result<Vec<ReadyRun>, Fault> {
    let mut lines: Vec<std::vec::IntoIter<ReadyRun>> = Vec::new();
    let mut last = after;
    let mut went_round = after.is_none();
    while lines.len() < most {
        let next: Option<OrgId> = match last {
            Some(last) => one(db, READY_ORG_AFTER, [last.0], |row| id(row, 0))?,
            None => one(db, READY_ORG_FIRST, [], |row| id(row, 0))?,
        };
        match next {
            // Once round, the organizations behind `after` have been seen.
            Some(org) if went_round && after.is_some_and(|after| org > after) => break,
            Some(org) => {
                lines.push(ready_of(db, org, most)?.into_iter());
                last = Some(org);
            }
            None if went_round => break,
            None => (went_round, last) = (true, None),
        }
    }
    Ok(in_turns(lines, most))
}

fn ready_of(db: &Connection, org: OrgId, most: usize) -> Result<Vec<ReadyRun>, Fault> {
    many(db, READY_OF, (org.0, limit(Some(most))), |row| Ok(ReadyRun { org, run: id(row, 0)? }))
}

/// One of each line, then the next of each, up to `most` in all.
fn in_turns(mut lines: Vec<std::vec::IntoIter<ReadyRun>>, most: usize) -> Vec<ReadyRun> {
    let mut taken = Vec::new();
    while taken.len() < most {
        let round: Vec<ReadyRun> = lines.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() {
            break;
        }
        taken.extend(round);
    }
    taken.truncate(most);
    taken
}

pub(crate) fn next_deadline(db: &Connection) -> Result<Option<LateRun>, Fault> {
    one(db, NEXT_DEADLINE, [], |row| Ok(LateRun { org: id(row, 0)?, run: id(row, 1)?, deadline: time(row.get(2)?)? }))
}

pub(crate) fn find(db: &Connection, org: OrgId, id: RunId) -> Result<Option<Run>, Fault> {
    one(db, FIND, (id.0, org.0), |row| read(db, row))
}

pub(crate) fn find_queued(db: &Connection, org: OrgId, session: SessionId) -> Result<Option<Run>, Fault> {
    one(db, FIND_QUEUED, (session.0, org.0), |row| read(db, row))
}

pub(crate) fn list_queued(db: &Connection, org: OrgId, session: SessionId) -> Result<Vec<Run>, Fault> {
    many(db, LIST_QUEUED, (session.0, org.0), |row| read(db, row))
}

pub(crate) fn list(db: &Connection, org: OrgId, session: SessionId) -> Result<Vec<Run>, Fault> {
    many(db, LIST, (session.0, org.0), |row| read(db, row))
}

/// See [`ports::Store::count_open_runs`]: counted in the index of open runs alone.
pub(crate) fn count_open(db: &Connection) -> Result<OpenRuns, Fault> {
    let count = |row: &Row<'_>, column| Ok::<_, Fault>(row.get::<_, i64>(column)?.cast_unsigned());
    let counted = one(db, COUNT_OPEN, [], |row| {
        Ok(OpenRuns { queued: count(row, 0)?, running: count(row, 1)?, waiting: count(row, 2)? })
    })?;
    Ok(counted.unwrap_or_default())
}

/// The body holds everything but the overrides, which never change.
fn body(run: &Run) -> Result<String, Fault> {
    to_json(&Run { overrides: Arc::default(), ..run.clone() })
}

/// Reads a run from the columns that `select` begins with.
pub(crate) fn read(db: &Connection, row: &Row<'_>) -> Result<Run, Fault> {
    let mut run: Run = json(row, 4)?;
    run.status = status(row.get_ref(0)?.as_str().map_err(Fault::damaged)?)?;
    run.fence = row.get::<_, Option<i64>>(1)?.map(|fence| Fence(fence.cast_unsigned()));
    run.version = row.get::<_, i64>(2)?.cast_unsigned();
    if row.get_ref(3)? != ValueRef::Null {
        run.overrides = contents::json(db, row, 3)?;
    }
    Ok(run)
}

/// Since when a run stands among those that wait for people.
fn asks_since(run: &Run) -> Option<Timestamp> {
    run.asks_since.filter(|_| run.status == RunStatus::Waiting)
}

fn stored_fence(fence: Fence) -> i64 {
    fence.0.cast_signed()
}

fn status_text(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "queued",
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting",
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}

fn status(text: &str) -> Result<RunStatus, Fault> {
    match text {
        "queued" => Ok(RunStatus::Queued),
        "running" => Ok(RunStatus::Running),
        "waiting" => Ok(RunStatus::Waiting),
        "completed" => Ok(RunStatus::Completed),
        "failed" => Ok(RunStatus::Failed),
        "cancelled" => Ok(RunStatus::Cancelled),
        other => Err(Fault::damaged(format!("run status {other:?}"))),
    }
}

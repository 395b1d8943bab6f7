//! Rollouts.

use domain::alias::AliasRange;
use domain::rollout::{Rollout, SAME_FOR, Source};
use domain::{OrgId, ProjectId, RolloutId, Timestamp};
use ports::Refusal;
use ports::store::{DueApproval, Order, RolloutFilter};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{id, json, limit, maybe_micros, micros, time, to_json};
use crate::fault::{Fault, found};
use crate::places::place;
use crate::sql::{exists, many, one, statements};

macro_rules! same {
    ($columns:literal, $rest:literal) => {
        concat!(
            "select ",
            $columns,
            " from rollouts where project = :project and source = :source and created_at > :since and org = :org
               and (commit_id is null or :commit is null or commit_id = :commit)
               and (environment is null or :environment is null or environment = :environment) ",
            $rest
        )
    };
}

macro_rules! listed {
    ($columns:literal, $only:expr, $rest:expr) => {
        concat!(
            "select ",
            $columns,
            " from rollouts where org = :org and created_at >= :from ",
            $only,
            " and (:status is null or status = :status) and (:project is null or project = :project) ",
            $rest
        )
    };
}

macro_rules! asking {
    () => {
        "and approval_due_at is not null"
    };
}

macro_rules! page {
    () => {
        "and (created_at, number) < (:after_at, :after) order by created_at desc, number desc limit :limit"
    };
}

/// When it was first reported, and its number: the order of all.
pub(crate) type Place = (i64, i64);

statements! {
    INSERT = "insert into rollouts (id, org, alias, project, status, source, commit_id, environment, session,
          approval_due_at, asks_since, created_at, version, body)
        select :id, :org, :alias, :project, :status, :source, :commit, :environment, :session, :due, :since,
          :created_at, :version, :body
        where exists (select 1 from projects where id = :project and org = :org)";
    PUT = "update rollouts set status = :status, commit_id = :commit, environment = :environment,
          approval_due_at = :due, asks_since = :since, version = version + 1, body = :body
        where id = :id and org = :org";
    IS_AT = "select 1 from rollouts where id = ?1 and org = ?2 and version = ?3";
    FIND = "select version, body from rollouts where id = ?1 and org = ?2";
    LIST_NAMED = "select version, body from rollouts where alias between ?1 and ?2 and org = ?3 limit 2";
    IS_SAME = same!("1", "limit 1");
    FIND_SAME = same!("version, body", "order by created_at desc limit 1");
    PLACE = "select created_at, number from rollouts where id = ?1 and org = ?2";
    LIST = listed!("version, body", "", page!());
    LIST_ASKING = listed!("version, body", asking!(), page!());
    COUNT = listed!("count(*)", "", "");
    COUNT_ASKING = listed!("count(*)", asking!(), "");
    NEXT_DUE = "select org, id, approval_due_at from rollouts where approval_due_at is not null
        order by approval_due_at limit ?1";
    LIST_PAGE = "select version, body, number from rollouts where org = ?1 and (created_at, number) > (?2, ?3)
        order by created_at, number limit ?4";
}

/// Stores a new rollout, unless it is one that is here already.
pub(crate) fn insert(db: &Connection, org: OrgId, new: &Rollout) -> Result<(), Fault> {
    if let Some(source) = &new.source {
        let since = new.created_at.saturating_sub(SAME_FOR).map_err(Fault::damaged)?;
        let mut statement = db.prepare_cached(IS_SAME)?;
        if statement.exists(named_params! {
            ":project": new.project.0,
            ":source": source.name,
            ":since": micros(since),
            ":org": org.0,
            ":commit": source.commit,
            ":environment": source.environment,
        })? {
            return Err(Refusal::Exists.into());
        }
    }
    import(db, org, new)
}

/// Stores a rollout as it was elsewhere.
pub(crate) fn import(db: &Connection, org: OrgId, new: &Rollout) -> Result<(), Fault> {
    let source = new.source.as_ref();
    let mut statement = db.prepare_cached(INSERT)?;
    found(statement.execute(named_params! {
        ":id": new.id.0,
        ":org": org.0,
        ":alias": new.alias,
        ":project": new.project.0,
        ":status": new.status.as_str(),
        ":source": source.map(|source| &source.name),
        ":commit": source.and_then(|source| source.commit.as_ref()),
        ":environment": source.and_then(|source| source.environment.as_ref()),
        ":session": new.session.0,
        ":due": maybe_micros(new.approval_due()),
        ":since": maybe_micros(asks_since(new)),
        ":created_at": micros(new.created_at),
        ":version": new.version.cast_signed(),
        ":body": to_json(new)?,
    })?)
}

pub(crate) fn put(db: &Connection, org: OrgId, changed: &Rollout) -> Result<(), Fault> {
    let source = changed.source.as_ref();
    let mut statement = db.prepare_cached(PUT)?;
    found(statement.execute(named_params! {
        ":id": changed.id.0,
        ":org": org.0,
        ":status": changed.status.as_str(),
        ":commit": source.and_then(|source| source.commit.as_ref()),
        ":environment": source.and_then(|source| source.environment.as_ref()),
        ":due": maybe_micros(changed.approval_due()),
        ":since": maybe_micros(asks_since(changed)),
        ":body": to_json(changed)?,
    })?)
}

pub(crate) fn is_at(db: &Connection, org: OrgId, id: RolloutId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (id.0, org.0, version.cast_signed()))
}

pub(crate) fn find(db: &Connection, org: OrgId, id: RolloutId) -> Result<Option<Rollout>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn list_named(db: &Connection, org: OrgId, range: AliasRange) -> Result<Vec<Rollout>, Fault> {
    many(db, LIST_NAMED, (range.first, range.last, org.0), read)
}

pub(crate) fn find_same(
    db: &Connection,
    org: OrgId,
    project: ProjectId,
    source: &Source,
    since: Timestamp,
) -> Result<Option<Rollout>, Fault> {
    let params = named_params! {
        ":project": project.0,
        ":source": source.name,
        ":since": micros(since),
        ":org": org.0,
        ":commit": source.commit,
        ":environment": source.environment,
    };
    one(db, FIND_SAME, params, read)
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &RolloutFilter) -> Result<Vec<Rollout>, Fault> {
    let after = filter.after.map(|rollout| (rollout.0, org.0));
    let Some(place) = place(db, PLACE, after, Order::NewestFirst)? else { return Ok(Vec::new()) };
    let params = named_params! {
        ":org": org.0,
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":status": filter.status.map(|status| status.as_str()),
        ":project": filter.project.map(|project| project.0),
        ":after_at": place.at,
        ":after": place.number,
        ":limit": limit(filter.limit),
    };
    many(db, if filter.waits_for_approval { LIST_ASKING } else { LIST }, params, read)
}

/// Those behind a place, oldest first, each with its place.
pub(crate) fn list_page(
    db: &Connection,
    org: OrgId,
    (at, number): Place,
    max: usize,
) -> Result<Vec<(Place, Rollout)>, Fault> {
    many(db, LIST_PAGE, (org.0, at, number, limit(Some(max))), |row| {
        let rollout = read(row)?;
        Ok(((micros(rollout.created_at), row.get(2)?), rollout))
    })
}

pub(crate) fn count(db: &Connection, org: OrgId, filter: &RolloutFilter) -> Result<u64, Fault> {
    let params = named_params! {
        ":org": org.0,
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":status": filter.status.map(|status| status.as_str()),
        ":project": filter.project.map(|project| project.0),
    };
    let sql = if filter.waits_for_approval { COUNT_ASKING } else { COUNT };
    let counted = one(db, sql, params, |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(counted.unwrap_or_default().unsigned_abs())
}

/// Those whose approval is over first.
pub(crate) fn next_due(db: &Connection, most: usize) -> Result<Vec<DueApproval>, Fault> {
    many(db, NEXT_DUE, [limit(Some(most))], |row| {
        Ok(DueApproval { org: id(row, 0)?, rollout: id(row, 1)?, due: time(row.get(2)?)? })
    })
}

fn asks_since(rollout: &Rollout) -> Option<Timestamp> {
    rollout.approval.as_ref().filter(|_| rollout.is_asking()).map(|approval| approval.asked_at)
}

/// Reads a rollout from its version and body.
pub(crate) fn read(row: &Row<'_>) -> Result<Rollout, Fault> {
    Ok(Rollout { version: row.get::<_, i64>(0)?.cast_unsigned(), ..json(row, 1)? })
}

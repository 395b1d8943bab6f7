//! Deployments, when they are due, and what they began.

use domain::deployment::{Begun, Cause, Deployment, DeploymentRun};
use domain::monitor::SampledSource;
use domain::{DeploymentId, DeploymentRunId, OrgId, Timestamp};
use jiff::SignedDuration;
use ports::store::{DeploymentFilter, DeploymentRunFilter, DueDeployment, Order};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{id, json, limit, maybe_micros, maybe_time, micros, time, to_json};
use crate::fault::{Fault, found};
use crate::places::place;
use crate::sql::{exists, many, one, run, statements};

/// How long the name of a message is known, so that it begins one run.
const NAMED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long it is known what a deployment began.
const HISTORY_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What deployments are read by; the columns count.
macro_rules! select {
    ($($rest:literal),*) => {
        concat!("select d.version, d.last_run_at, d.next_run_at, d.body from deployments d ", $($rest),*)
    };
}

macro_rules! listed {
    ($order:literal) => {
        select!(
            "where d.org = :org and (:project is null or d.project = :project) and (:kind is null or d.kind = :kind)
               and (:archived or d.archived_at is null)
               and (:member is null or exists (select 1 from agents g where g.id = d.agent and (g.members is null
                 or g.creator = :member or :named in (select value from json_each(g.members))))) ",
            $order,
            " limit :limit"
        )
    };
}

statements! {
    INSERT = "insert into deployments (id, org, project, agent, kind, version, created_at, archived_at, next_run_at,
          last_run_at, sampled, body)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
        where exists (select 1 from agents where id = ?4 and org = ?2 and project = ?3)";
    PUT = "update deployments set version = ?3, agent = ?4, kind = ?5, archived_at = ?6, sampled = ?7, body = ?8
        where id = ?1 and org = ?2 and exists (select 1 from agents where id = ?4 and org = ?2 and project = deployments.project)";
    SET_DUE = "update deployments set next_run_at = ?3 where id = ?1 and org = ?2";
    IS_AT = "select 1 from deployments where id = ?1 and org = ?2 and version = ?3";
    FIND = select!("where d.id = ?1 and d.org = ?2");
    FIND_ANYONES = "select d.version, d.last_run_at, d.next_run_at, d.body, d.org from deployments d where d.id = ?1";
    NEXT_DUE = "select org, id, next_run_at from deployments where next_run_at is not null
        order by next_run_at limit 1";
    LIST_SAMPLED = "select body from deployments where org = ?1 and sampled = 1 order by number";
    LIST_SAMPLED_ORGS = "select distinct org from deployments where sampled = 1 and org > ifnull(?1, x'')
        order by org limit ?2";
    COUNT = "select count(*) from deployments where org = ?1 and archived_at is null";
    PLACE = "select created_at, number from deployments where id = ?1 and org = ?2";
    LIST_NEWEST_FIRST =
        listed!("and (d.created_at, d.number) < (:after_at, :after) order by d.created_at desc, d.number desc");
    LIST_OLDEST_FIRST =
        listed!("and (d.created_at, d.number) > (:after_at, :after) order by d.created_at, d.number");
    RAN = "update deployments set last_run_at = max(ifnull(last_run_at, ?3), ?3),
          next_run_at = case when ?4 is not null and next_run_at = ?4 then ?5 else next_run_at end
        where id = ?1 and org = ?2";
    // A name that is a day old may be given again.
    UNNAME = "update deployment_runs set name = null where deployment = ?1 and name = ?2 and at < ?3";
    UNNAME_SOME = "update deployment_runs set name = null where number in
        (select number from deployment_runs where name is not null and at < ?1 order by at limit 8)";
    FORGET_SOME = "delete from deployment_runs where number in
        (select number from deployment_runs where at < ?1 order by at limit 8)";
    INSERT_RUN = "insert into deployment_runs (id, org, deployment, cause, at, failed, scheduled_at, name, body)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    IMPORT_RUN = "insert into deployment_runs (id, org, deployment, cause, at, failed, scheduled_at, name, body)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 where exists (select 1 from deployments where id = ?3 and org = ?2)";
    LIST_RUNS_PAGE = "select at, number, body, name from deployment_runs where org = ?1 and (at, number) > (?2, ?3)
        order by at, number limit ?4";
    FIND_RUN = "select body from deployment_runs where id = ?1 and org = ?2";
    FIND_NAMED_RUN = "select body from deployment_runs where deployment = ?1 and name = ?2 and at >= ?3 and org = ?4";
    RUN_PLACE = "select at, number from deployment_runs where id = ?1 and org = ?2";
    LIST_RUNS = "select body from deployment_runs where org = :org
        and (:deployment is null or deployment = :deployment) and (:cause is null or cause = :cause)
        and (:failed is null or failed = :failed) and at between :from and :until
        and (at, number) < (:after_at, :after) order by at desc, number desc limit :limit";
    LIST_RUNS_OF = "select body from deployment_runs where deployment = :deployment and org = :org
        and (:cause is null or cause = :cause)
        and (:failed is null or failed = :failed) and at between :from and :until
        and (at, number) < (:after_at, :after) order by at desc, number desc limit :limit";
}

/// Stores a new deployment. Its agent must be of the same organization and project.
pub(crate) fn insert(db: &Connection, org: OrgId, new: &Deployment) -> Result<(), Fault> {
    let times = (maybe_micros(new.archived_at), maybe_micros(new.next_run_at), maybe_micros(new.last_run_at));
    let ids = (new.id.0, org.0, new.project.0, new.agent.0);
    let columns = (
        ids.0,
        ids.1,
        ids.2,
        ids.3,
        new.trigger.kind(),
        new.version.cast_signed(),
        micros(new.created_at),
        times.0,
        times.1,
        times.2,
        is_sampled(org, new),
        to_json(new)?,
    );
    found(run(db, INSERT, columns)?)
}

/// Stores what a deployment is, but for when it is due and when it last ran.
pub(crate) fn put(db: &Connection, org: OrgId, now: &Deployment) -> Result<(), Fault> {
    let (version, archived_at) = (now.version.cast_signed(), maybe_micros(now.archived_at));
    let columns =
        (now.id.0, org.0, version, now.agent.0, now.trigger.kind(), archived_at, is_sampled(org, now), to_json(now)?);
    found(run(db, PUT, columns)?)
}

/// The organization's sources that are sampled.
pub(crate) fn list_sampled(db: &Connection, org: OrgId) -> Result<Vec<SampledSource>, Fault> {
    let read = |row: &Row<'_>| Ok(json::<Deployment>(row, 0)?.sampled_sources(org));
    Ok(many(db, LIST_SAMPLED, [org.0], read)?.into_iter().flatten().collect())
}

/// Those who have some.
pub(crate) fn list_sampled_orgs(db: &Connection, after: Option<OrgId>, most: usize) -> Result<Vec<OrgId>, Fault> {
    many(db, LIST_SAMPLED_ORGS, (after.map(|org| org.0), limit(Some(most))), |row| id(row, 0))
}

fn is_sampled(org: OrgId, of: &Deployment) -> bool {
    !of.sampled_sources(org).is_empty()
}

pub(crate) fn set_due(db: &Connection, org: OrgId, of: DeploymentId, due: Option<Timestamp>) -> Result<(), Fault> {
    found(run(db, SET_DUE, (of.0, org.0, maybe_micros(due)))?)
}

pub(crate) fn is_at(db: &Connection, org: OrgId, of: DeploymentId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (of.0, org.0, version.cast_signed()))
}

/// How many there are that are not archived.
pub(crate) fn count(db: &Connection, org: OrgId) -> Result<usize, Fault> {
    let counted = one(db, COUNT, [org.0], |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(usize::try_from(counted.unwrap_or_default()).unwrap_or(usize::MAX))
}

pub(crate) fn find(db: &Connection, org: OrgId, of: DeploymentId) -> Result<Option<Deployment>, Fault> {
    one(db, FIND, (of.0, org.0), read)
}

/// The deployment of this id, whosever it is.
pub(crate) fn find_anyones(db: &Connection, of: DeploymentId) -> Result<Option<(OrgId, Deployment)>, Fault> {
    one(db, FIND_ANYONES, [of.0], |row| Ok((id(row, 4)?, read(row)?)))
}

/// The deployment of any organization that is due first.
pub(crate) fn next_due(db: &Connection) -> Result<Option<DueDeployment>, Fault> {
    one(db, NEXT_DUE, [], |row| {
        Ok(DueDeployment { org: id(row, 0)?, deployment: id(row, 1)?, due: time(row.get(2)?)? })
    })
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &DeploymentFilter) -> Result<Vec<Deployment>, Fault> {
    let sql = match filter.order {
        Order::OldestFirst => LIST_OLDEST_FIRST,
        Order::NewestFirst => LIST_NEWEST_FIRST,
    };
    let after = filter.after.map(|deployment| (deployment.0, org.0));
    let Some(place) = place(db, PLACE, after, filter.order)? else { return Ok(Vec::new()) };
    let params = named_params! {
        ":org": org.0,
        ":project": filter.project.map(|project| project.0),
        ":kind": filter.kind,
        ":archived": filter.include_archived,
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":after_at": place.at,
        ":after": place.number,
        ":limit": limit(filter.limit),
    };
    many(db, sql, params, read)
}

/// Stores that a deployment began something, under the name that the message had. Refused if
/// it has begun something for this scheduled time, or under this name within a day.
pub(crate) fn insert_run(
    db: &Connection,
    org: OrgId,
    begun: &DeploymentRun,
    name: Option<&str>,
    next_due: Option<Timestamp>,
) -> Result<(), Fault> {
    let (of, at, scheduled_at) = (begun.deployment, micros(begun.at), scheduled_at(begun));
    found(run(db, RAN, (of.0, org.0, at, scheduled_at, maybe_micros(next_due)))?)?;
    let day_ago = micros(begun.at.saturating_sub(NAMED_FOR).map_err(Fault::damaged)?);
    if let Some(name) = name {
        run(db, UNNAME, (of.0, name, day_ago))?;
        run(db, UNNAME_SOME, [day_ago])?;
    }
    let long_ago = begun.at.saturating_sub(HISTORY_KEPT).map_err(Fault::damaged)?;
    run(db, FORGET_SOME, [micros(long_ago)])?;
    write_run(db, INSERT_RUN, org, begun, name).map(drop)
}

/// Stores what was begun in another installation, under the name that the message had there.
pub(crate) fn import_run(db: &Connection, org: OrgId, begun: &DeploymentRun, name: Option<&str>) -> Result<(), Fault> {
    found(write_run(db, IMPORT_RUN, org, begun, name)?)
}

fn write_run(
    db: &Connection,
    sql: &str,
    org: OrgId,
    begun: &DeploymentRun,
    name: Option<&str>,
) -> Result<usize, Fault> {
    let failed = matches!(begun.outcome, Begun::Failed { .. });
    let (id, of, at) = (begun.id.0, begun.deployment.0, micros(begun.at));
    let columns = (id, org.0, of, begun.cause.kind(), at, failed, scheduled_at(begun), name, to_json(begun)?);
    run(db, sql, columns)
}

fn scheduled_at(begun: &DeploymentRun) -> Option<i64> {
    match begun.cause {
        Cause::Schedule { scheduled_at } => Some(micros(scheduled_at)),
        Cause::Manual | Cause::Webhook | Cause::Visitor | Cause::Rollout { .. } => None,
    }
}

/// Where a deployment's run stands among all, the run, and the name that its message had.
pub(crate) type PortableRun = ((i64, i64), DeploymentRun, Option<String>);

/// What deployments began, the oldest first, behind this place.
pub(crate) fn list_runs_page(
    db: &Connection,
    org: OrgId,
    (at, number): (i64, i64),
    most: usize,
) -> Result<Vec<PortableRun>, Fault> {
    many(db, LIST_RUNS_PAGE, (org.0, at, number, limit(Some(most))), |row| {
        Ok(((row.get(0)?, row.get(1)?), json(row, 2)?, row.get(3)?))
    })
}

pub(crate) fn find_run(db: &Connection, org: OrgId, of: DeploymentRunId) -> Result<Option<DeploymentRun>, Fault> {
    one(db, FIND_RUN, (of.0, org.0), |row| json(row, 0))
}

/// What a deployment began under this name within the day before `now`.
pub(crate) fn find_named_run(
    db: &Connection,
    org: OrgId,
    of: DeploymentId,
    name: &str,
    now: Timestamp,
) -> Result<Option<DeploymentRun>, Fault> {
    let day_ago = micros(now.saturating_sub(NAMED_FOR).map_err(Fault::damaged)?);
    one(db, FIND_NAMED_RUN, (of.0, name, day_ago, org.0), |row| json(row, 0))
}

/// What deployments began, the newest first.
pub(crate) fn list_runs(
    db: &Connection,
    org: OrgId,
    filter: &DeploymentRunFilter,
) -> Result<Vec<DeploymentRun>, Fault> {
    let after = filter.after.map(|begun| (begun.0, org.0));
    let Some(place) = place(db, RUN_PLACE, after, Order::NewestFirst)? else { return Ok(Vec::new()) };
    let sql = if filter.deployment.is_some() { LIST_RUNS_OF } else { LIST_RUNS };
    let params = named_params! {
        ":org": org.0,
        ":deployment": filter.deployment.map(|deployment| deployment.0),
        ":cause": filter.cause,
        ":failed": filter.has_error,
        ":from": filter.from.map_or(i64::MIN, micros),
        ":until": filter.until.map_or(i64::MAX, micros),
        ":after_at": place.at,
        ":after": place.number,
        ":limit": limit(filter.limit),
    };
    many(db, sql, params, |row| json(row, 0))
}

fn read(row: &Row<'_>) -> Result<Deployment, Fault> {
    Ok(Deployment {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        last_run_at: maybe_time(row, 1)?,
        next_run_at: maybe_time(row, 2)?,
        ..json(row, 3)?
    })
}

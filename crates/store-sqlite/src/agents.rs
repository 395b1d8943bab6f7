//! Agents and their versions.

use std::sync::Arc;

use domain::agent::Agent;
use domain::rights::Access;
use domain::{AgentId, MemberId, OrgId, Timestamp};
use ports::store::{AgentFilter, Order};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{json, limit, maybe_id, maybe_time, micros, to_json};
use crate::fault::{Fault, found};
use crate::places::place;
use crate::sql::{exists, many, one, run, statements};

/// What agents are read by; the version's body counts but for what is of the agent.
macro_rules! select {
    ($($rest:literal),*) => {
        concat!("select a.archived_at, v.body, a.creator, a.members from agents a join agent_versions v on v.agent = a.id ", $($rest),*)
    };
}

macro_rules! listed {
    ($order:literal) => {
        select!(
            "and v.version = a.version where a.org = :org and a.deleted_at is null
               and a.created_at between :from and :until and (:project is null or a.project = :project)
               and (:archived or a.archived_at is null)
               and (:member is null or a.members is null or a.creator = :member
                 or :named in (select value from json_each(a.members))) ",
            $order,
            " limit :limit"
        )
    };
}

statements! {
    INSERT = "insert into agents (id, org, project, version, created_at, creator, members)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7
        where exists (select 1 from projects where id = ?3 and org = ?2)";
    INSERT_VERSION = "insert into agent_versions (agent, version, body) values (?1, ?2, ?3)";
    MOVE_TO_VERSION = "update agents set version = ?3
        where id = ?1 and org = ?2 and version = ?3 - 1 and deleted_at is null";
    ARCHIVE = "update agents set archived_at = coalesce(archived_at, ?3)
        where id = ?1 and org = ?2 and deleted_at is null";
    OPEN_TO = "update agents set members = ?3 where id = ?1 and org = ?2 and deleted_at is null";
    DELETE = "update agents set deleted_at = ?3 where id = ?1 and org = ?2 and deleted_at is null";
    LIVES = "select 1 from agents where id = ?1 and org = ?2 and deleted_at is null";
    IS_AT = "select 1 from agents
        where id = ?1 and org = ?2 and version = ?3 and archived_at is null and deleted_at is null";
    FIND = select!("and v.version = a.version where a.id = ?1 and a.org = ?2 and a.deleted_at is null");
    FIND_VERSION = select!("where a.id = ?1 and a.org = ?2 and v.version = ?3");
    IS_HERE = "select 1 from agents where id = ?1 and org = ?2";
    LIST_ALL_VERSIONS = select!("where a.id = ?1 and a.org = ?2 order by v.version");
    LIST_VERSIONS = select!("where a.id = ?1 and a.org = ?2 and a.deleted_at is null
        and v.version < ?3 order by v.version desc limit ?4");
    PLACE = "select created_at, number from agents where id = ?1 and org = ?2";
    LIST_OLDEST_FIRST = listed!("and (a.created_at, a.number) > (:after_at, :after) order by a.created_at, a.number");
    LIST_NEWEST_FIRST =
        listed!("and (a.created_at, a.number) < (:after_at, :after) order by a.created_at desc, a.number desc");
}

/// Stores a new agent. Its project must be of the same organization.
pub(crate) fn insert(db: &Connection, org: OrgId, agent: &Agent) -> Result<(), Fault> {
    let Access { creator, members } = &*agent.access;
    let (creator, members) = (creator.map(|maker| maker.0), named(members.as_deref())?);
    let made_at = micros(agent.created_at);
    found(run(db, INSERT, (agent.id.0, org.0, agent.project.0, agent.version, made_at, creator, members))?)?;
    insert_version(db, agent)
}

pub(crate) fn put_version(db: &Connection, org: OrgId, agent: &Agent) -> Result<(), Fault> {
    found(run(db, MOVE_TO_VERSION, (agent.id.0, org.0, agent.version))?)?;
    insert_version(db, agent)
}

/// Stores a version of an agent that is there.
pub(crate) fn insert_version(db: &Connection, agent: &Agent) -> Result<(), Fault> {
    run(db, INSERT_VERSION, (agent.id.0, agent.version, to_json(agent)?))?;
    Ok(())
}

pub(crate) fn archive(db: &Connection, org: OrgId, agent: AgentId, at: Timestamp) -> Result<(), Fault> {
    found(run(db, ARCHIVE, (agent.0, org.0, micros(at)))?)
}

pub(crate) fn open_to(db: &Connection, org: OrgId, agent: AgentId, members: Option<&[MemberId]>) -> Result<(), Fault> {
    found(run(db, OPEN_TO, (agent.0, org.0, named(members)?))?)
}

/// People as they stand in their column.
pub(crate) fn named(members: Option<&[MemberId]>) -> Result<Option<String>, Fault> {
    members.map(|members| to_json(&members)).transpose()
}

pub(crate) fn delete(db: &Connection, org: OrgId, agent: AgentId, at: Timestamp) -> Result<(), Fault> {
    found(run(db, DELETE, (agent.0, org.0, micros(at)))?)
}

/// Whether there is or was such an agent.
pub(crate) fn is_here(db: &Connection, org: OrgId, agent: AgentId) -> Result<bool, Fault> {
    exists(db, IS_HERE, (agent.0, org.0))
}

/// The versions of an agent, oldest first, be it deleted or not.
pub(crate) fn list_all_versions(db: &Connection, org: OrgId, agent: AgentId) -> Result<Vec<Agent>, Fault> {
    many(db, LIST_ALL_VERSIONS, (agent.0, org.0), read)
}

/// Whether the agent is there, archived or not.
pub(crate) fn lives(db: &Connection, org: OrgId, agent: AgentId) -> Result<bool, Fault> {
    exists(db, LIVES, (agent.0, org.0))
}

/// Whether the agent takes new sessions and this is its newest version.
pub(crate) fn is_at(db: &Connection, org: OrgId, agent: AgentId, version: u32) -> Result<bool, Fault> {
    exists(db, IS_AT, (agent.0, org.0, version))
}

pub(crate) fn find(db: &Connection, org: OrgId, agent: AgentId) -> Result<Option<Agent>, Fault> {
    one(db, FIND, (agent.0, org.0), read)
}

pub(crate) fn find_version(db: &Connection, org: OrgId, agent: AgentId, version: u32) -> Result<Option<Agent>, Fault> {
    one(db, FIND_VERSION, (agent.0, org.0, version), read)
}

pub(crate) fn list_versions(
    db: &Connection,
    org: OrgId,
    agent: AgentId,
    before: Option<u32>,
    most: usize,
) -> Result<Vec<Agent>, Fault> {
    let below = before.map_or(i64::MAX, i64::from);
    many(db, LIST_VERSIONS, (agent.0, org.0, below, limit(Some(most))), read)
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &AgentFilter) -> Result<Vec<Agent>, Fault> {
    let sql = match filter.order {
        Order::OldestFirst => LIST_OLDEST_FIRST,
        Order::NewestFirst => LIST_NEWEST_FIRST,
    };
    let after = filter.after.map(|agent| (agent.0, org.0));
    let Some(place) = place(db, PLACE, after, filter.order)? else { return Ok(Vec::new()) };
    let params = named_params! {
        ":org": org.0,
        ":project": filter.project.map(|project| project.0),
        ":archived": filter.include_archived,
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":until": filter.created_until.map_or(i64::MAX, micros),
        ":after_at": place.at,
        ":after": place.number,
        ":limit": limit(filter.limit),
    };
    many(db, sql, params, read)
}

fn read(row: &Row<'_>) -> Result<Agent, Fault> {
    let access = Arc::new(access(row, 2)?);
    Ok(Agent { archived_at: maybe_time(row, 0)?, access, ..json(row, 1)? })
}

/// Who may use an agent whose creator and people stand from this column on.
pub(crate) fn access(row: &Row<'_>, column: usize) -> Result<Access, Fault> {
    let members = row.get_ref(column + 1)?.as_str_or_null().map_err(Fault::damaged)?;
    Ok(Access { creator: maybe_id(row, column)?, members: members.map(serde_json::from_str).transpose()? })
}

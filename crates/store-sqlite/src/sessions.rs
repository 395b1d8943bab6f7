//! Sessions and what their logs amount to.

use domain::session::{Session, SessionAgent, SessionState, SessionStatus, Standing};
use domain::{AgentId, MemberId, OrgId, ProjectId, RunId, SessionId, Timestamp};
use ports::Refusal;
use ports::store::{Order, SessionFilter, SessionSummary, SessionTold};
use rusqlite::{Connection, Row, named_params};
use uuid::Uuid;

use crate::columns::{id, json, limit, maybe_id, maybe_micros, maybe_time, micros, time, to_json};
use crate::events;
use crate::fault::{Fault, found};
use crate::places::place;
use crate::sql::{exists, many, one, run, statements};

/// What a session is read by. A session that is idle by its log shows that a run is due in
/// it and no worker holds that run yet. Only idle sessions are asked, and only the index of
/// queued runs, so that a list can be filtered by what is shown.
macro_rules! select {
    () => {
        select!(of "s.archived_at, s.version, s.body")
    };
    (of $columns:expr) => {
        concat!(
            "select s.seq, s.updated_at,
               case when s.status = 'idle'
                 and exists (select 1 from runs r where r.session = s.number and r.status = 'queued' and r.ready = 1)
                 then 'rescheduling' else s.status end as shown_status,
               s.state, ",
            $columns,
            " from sessions s "
        )
    };
    ($rest:literal) => {
        concat!(select!(), $rest)
    };
}

/// Where a session stands, in the words of [`Standing`].
macro_rules! standing {
    () => {
        "case
           when s.archived_at is not null or s.status = 'terminated' then 'ended'
           when s.status = 'idle' and s.active_run is not null and json_extract(s.state, '$.asks') then 'waiting'
           when exists (select 1 from rollouts q where q.session = s.id and q.approval_due_at is not null)
             then 'waiting'
           when s.status <> 'idle' or s.active_run is not null
             or exists (select 1 from runs r where r.session = s.number and r.status = 'queued') then 'running'
           else 'idle' end"
    };
}

/// Sessions that are open to a person: whose agent is.
macro_rules! open_to {
    () => {
        "(:member is null or exists (select 1 from agents g where g.id = s.agent and (g.members is null
           or g.creator = :member or :named in (select value from json_each(g.members)))))"
    };
}
pub(crate) use open_to;

macro_rules! listed {
    ($which:expr, $order:literal) => {
        concat!(
            select!(),
            $which,
            " and s.created_at between :from and :until
               and (:project is null or s.project = :project) and (:agent is null or s.agent = :agent)
               and (:agent_version is null or s.agent_version = :agent_version)
               and (:archived or s.archived_at is null)
               and (:deployment is null or json_extract(s.body, '$.deployment') = :deployment)
               and (:origins is null or json_extract(s.body, '$.origin') in (select value from json_each(:origins)))
               and (:title is null or instr(lower(json_extract(s.body, '$.title')), lower(:title)) > 0)
               and ",
            open_to!(),
            " and (:statuses is null or shown_status in (select value from json_each(:statuses)))
               and (:standings is null or ",
            standing!(),
            " in (select value from json_each(:standings))) ",
            $order,
            " limit :limit"
        )
    };
}

/// Whatever there is, in its order.
macro_rules! all {
    () => {
        "where s.org = :org"
    };
}

/// Only what may be under way or wait for somebody: few, however many rest. They are looked up
/// one by one, and not looked for among all.
macro_rules! open {
    () => {
        "not indexed where s.org = :org and s.number in (
           select r.session from runs r where r.status in ('queued', 'running', 'waiting') and r.org = :org
           union select x.number from rollouts q join sessions x on x.id = q.session
             where q.asks_since is not null and q.org = :org)"
    };
}

statements! {
    INSERT = "insert into sessions (number, id, org, alias, project, agent, agent_version, purpose, thread, owner,
          created_at, archived_at, seq, status, active_run, updated_at, state, body)
        select max(ifnull((select max(number) from sessions), 0), ifnull((select max(number) from deleted_sessions), 0))
          + 1, :id, :org, :alias, :project, :agent, :agent_version, :purpose, :thread, :owner, :created_at,
          :archived_at, 0, :status, :active_run, :updated_at, :state, :body
        where exists (select 1 from agents where id = :agent and org = :org and project = :project)";
    PUT = "update sessions set version = version + 1, body = ?2 where number = ?1";
    ARCHIVE = "update sessions set archived_at = ?2 where number = ?1";
    DELETE = "delete from sessions where number = ?1";
    IS_DESCRIBED_AT = "select 1 from sessions where id = ?1 and org = ?2 and version = ?3";
    HEAD = "select number, seq, active_run, archived_at is not null from sessions where id = ?1 and org = ?2";
    ADVANCE = "update sessions set seq = ?2, updated_at = ?3 where number = ?1";
    PUT_STATE = "update sessions set seq = ?2, updated_at = ?3, status = ?4, active_run = ?5, state = ?6
        where number = ?1";
    RESCHEDULE = "update sessions set status = 'rescheduling' where number = ?1";
    FIND = select!("where s.id = ?1 and s.org = ?2");
    SUMMARIZE = concat!(
        select!(of concat!("s.id, s.project, s.agent, json_extract(s.body, '$.title'), ", standing!())),
        "where s.number = ?1 and s.org = ?2");
    FIND_THREAD = select!("where s.project = ?1 and s.agent = ?2 and s.thread = ?3 and s.org = ?4");
    FIND_BY_ALIAS = select!("where s.alias = ?1 and s.org = ?2");
    LIST_THREADS = "select id from sessions where org = ?1 and owner = ?2 and (?3 is null or project = ?3)
        order by updated_at desc, number desc limit ?4";
    PLACE = "select created_at, number from sessions where id = ?1 and org = ?2
        union all select created_at, number from deleted_sessions where id = ?1 and org = ?2";
    LIST_OLDEST_FIRST =
        listed!(all!(), "and (s.created_at, s.number) > (:after_at, :after) order by s.created_at, s.number");
    LIST_NEWEST_FIRST =
        listed!(all!(), "and (s.created_at, s.number) < (:after_at, :after) order by s.created_at desc, s.number desc");
    LIST_OPEN_OLDEST_FIRST =
        listed!(open!(), "and (s.created_at, s.number) > (:after_at, :after) order by +s.created_at, +s.number");
    LIST_OPEN_NEWEST_FIRST = listed!(open!(),
        "and (s.created_at, s.number) < (:after_at, :after) order by +s.created_at desc, +s.number desc");
    TELL = concat!("select s.number, s.seq, ", standing!(), " from sessions s where s.id = ?1 and s.org = ?2");
}

/// What a change needs to know of its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Its number, by which other tables name it.
    pub(crate) number: i64,
    /// The last event's `seq`.
    pub(crate) seq: u64,
    /// The run that has it.
    pub(crate) active_run: Option<RunId>,
    /// Whether it takes no new run.
    pub(crate) is_archived: bool,
}

/// Stores a new session; its number. Its agent must be of the same organization and project.
pub(crate) fn insert(db: &Connection, org: OrgId, session: &Session) -> Result<i64, Fault> {
    let agent_version = match session.agent {
        SessionAgent::Pinned { version, .. } => Some(version),
        SessionAgent::Following { .. } => None,
    };
    let mut statement = db.prepare_cached(INSERT)?;
    let inserted = statement.execute(named_params! {
        ":id": session.id.0,
        ":org": org.0,
        ":alias": session.alias,
        ":project": session.project.0,
        ":agent": session.agent.id().0,
        ":agent_version": agent_version,
        ":purpose": session.purpose.map(|purpose| purpose.as_str()),
        ":thread": session.thread.as_deref().filter(|thread| own_name(thread) != Some(session.alias)),
        ":owner": session.owner.map(|owner| owner.0),
        ":created_at": micros(session.created_at),
        ":archived_at": maybe_micros(session.archived_at),
        ":status": status_text(session.state.status),
        ":active_run": session.state.active_run.map(|run| run.0),
        ":updated_at": micros(session.state.updated_at),
        ":state": to_json(&session.state)?,
        ":body": to_json(session)?,
    })?;
    found(inserted)?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn head(db: &Connection, org: OrgId, session: SessionId) -> Result<Option<Head>, Fault> {
    one(db, HEAD, (session.0, org.0), |row| {
        Ok(Head {
            number: row.get(0)?,
            seq: row.get::<_, i64>(1)?.cast_unsigned(),
            active_run: maybe_id(row, 2)?,
            is_archived: row.get(3)?,
        })
    })
}

/// The head of a session that must be there.
pub(crate) fn need(db: &Connection, org: OrgId, session: SessionId) -> Result<Head, Fault> {
    head(db, org, session)?.ok_or_else(|| Refusal::Missing.into())
}

/// The log has grown to `seq`, and this is what it amounts to now; `None` if no more has
/// changed than that.
pub(crate) fn advance(
    db: &Connection,
    number: i64,
    seq: u64,
    at: Timestamp,
    state: Option<&SessionState>,
) -> Result<(), Fault> {
    let seq = seq.cast_signed();
    match state {
        None => run(db, ADVANCE, (number, seq, micros(at)))?,
        Some(state) => {
            let active_run = state.active_run.map(|run| run.0);
            let updated_at = micros(state.updated_at);
            run(db, PUT_STATE, (number, seq, updated_at, status_text(state.status), active_run, to_json(state)?))?
        }
    };
    Ok(())
}

/// Stores what a session is now.
pub(crate) fn put(db: &Connection, org: OrgId, session: &Session) -> Result<(), Fault> {
    let head = need(db, org, session.id)?;
    if head.is_archived {
        return Err(Refusal::SessionArchived.into());
    }
    run(db, PUT, (head.number, to_json(session)?)).map(|_| ())
}

pub(crate) fn is_described_at(db: &Connection, org: OrgId, session: SessionId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_DESCRIBED_AT, (session.0, org.0, version.cast_signed()))
}

pub(crate) fn archive(db: &Connection, number: i64, at: Timestamp) -> Result<(), Fault> {
    run(db, ARCHIVE, (number, micros(at))).map(|_| ())
}

/// The row alone: whatever belongs to the session is found through it, and is gone with it.
pub(crate) fn delete(db: &Connection, number: i64) -> Result<(), Fault> {
    run(db, DELETE, [number]).map(|_| ())
}

/// A run is due in the session, and its worker is gone.
pub(crate) fn reschedule(db: &Connection, number: i64) -> Result<(), Fault> {
    run(db, RESCHEDULE, [number]).map(|_| ())
}

pub(crate) fn find(db: &Connection, org: OrgId, id: SessionId) -> Result<Option<Session>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn summarize(db: &Connection, org: OrgId, number: i64) -> Result<Option<SessionSummary>, Fault> {
    one(db, SUMMARIZE, (number, org.0), |row| {
        let (id, project, agent) = (id(row, 4)?, id(row, 5)?, id(row, 6)?);
        let standing = read_standing(row, 8)?;
        Ok(SessionSummary { id, project, agent, title: row.get(7)?, standing, state: read_state(row)? })
    })
}

pub(crate) fn find_thread(
    db: &Connection,
    org: OrgId,
    project: ProjectId,
    agent: AgentId,
    thread: &str,
) -> Result<Option<Session>, Fault> {
    if let Some(alias) = own_name(thread) {
        let named_so = |found: &Session| {
            (found.project, found.agent.id(), found.thread.as_deref()) == (project, agent, Some(thread))
        };
        if let Some(found) = find_by_alias(db, org, alias)?.filter(named_so) {
            return Ok(Some(found));
        }
    }
    one(db, FIND_THREAD, (project.0, agent.0, thread, org.0), read)
}

/// The alias that a thread is named after, if nobody else named it. Such a thread is found by
/// the alias and stands in no index of its own.
fn own_name(thread: &str) -> Option<Uuid> {
    Uuid::try_parse(thread).ok().filter(|alias| alias.as_hyphenated().to_string() == thread)
}

pub(crate) fn find_by_alias(db: &Connection, org: OrgId, alias: Uuid) -> Result<Option<Session>, Fault> {
    one(db, FIND_BY_ALIAS, (alias, org.0), read)
}

/// The threads of a person, the one that changed last first.
pub(crate) fn list_threads(
    db: &Connection,
    org: OrgId,
    owner: MemberId,
    project: Option<ProjectId>,
    most: usize,
) -> Result<Vec<SessionId>, Fault> {
    let project = project.map(|project| project.0);
    many(db, LIST_THREADS, (org.0, owner.0, project, limit(Some(most))), |row| id(row, 0))
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &SessionFilter) -> Result<Vec<Session>, Fault> {
    let is_open = |standing: &Standing| matches!(standing, Standing::Waiting | Standing::Running);
    let only_open = !filter.standings.is_empty() && filter.standings.iter().all(is_open);
    let sql = match (filter.order, only_open) {
        (Order::OldestFirst, false) => LIST_OLDEST_FIRST,
        (Order::NewestFirst, false) => LIST_NEWEST_FIRST,
        (Order::OldestFirst, true) => LIST_OPEN_OLDEST_FIRST,
        (Order::NewestFirst, true) => LIST_OPEN_NEWEST_FIRST,
    };
    let after = filter.after.map(|session| (session.0, org.0));
    let Some(place) = place(db, PLACE, after, filter.order)? else { return Ok(Vec::new()) };
    let statuses = if filter.statuses.is_empty() { None } else { Some(to_json(&filter.statuses)?) };
    let standings: Vec<&str> = filter.standings.iter().map(|standing| standing.as_str()).collect();
    let standings = if standings.is_empty() { None } else { Some(to_json(&standings)?) };
    let origins = if filter.origins.is_empty() { None } else { Some(to_json(&filter.origins)?) };
    let params = named_params! {
        ":org": org.0,
        ":project": filter.project.map(|project| project.0),
        ":agent": filter.agent.map(|agent| agent.0),
        ":agent_version": filter.agent_version,
        ":archived": filter.include_archived,
        ":deployment": filter.deployment.map(|deployment| deployment.to_string()),
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":statuses": statuses,
        ":standings": standings,
        ":origins": origins,
        ":title": filter.title,
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":until": filter.created_until.map_or(i64::MAX, micros),
        ":after_at": place.at,
        ":after": place.number,
        ":limit": limit(filter.limit),
    };
    many(db, sql, params, read)
}

/// Where a session stands, and what was said last in it.
pub(crate) fn tell(
    db: &Connection,
    org: OrgId,
    id: SessionId,
    with_last_said: bool,
) -> Result<Option<SessionTold>, Fault> {
    let found =
        one(db, TELL, (id.0, org.0), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, read_standing(row, 2)?)))?;
    let Some((number, seq, standing)) = found else { return Ok(None) };
    let last_said = if with_last_said { events::last_said(db, number, seq)? } else { None };
    Ok(Some(SessionTold { standing, last_said }))
}

fn read_standing(row: &Row<'_>, column: usize) -> Result<Standing, Fault> {
    let word = row.get_ref(column)?.as_str().map_err(Fault::damaged)?;
    let standing = Standing::ALL.into_iter().find(|standing| standing.as_str() == word);
    standing.ok_or_else(|| Fault::damaged(format!("session standing {word:?}")))
}

/// Reads a session from the columns that `select` begins with.
pub(crate) fn read(row: &Row<'_>) -> Result<Session, Fault> {
    let mut session: Session = json(row, 6)?;
    session.archived_at = maybe_time(row, 4)?;
    session.version = row.get::<_, i64>(5)?.cast_unsigned();
    session.state = read_state(row)?;
    Ok(session)
}

fn read_state(row: &Row<'_>) -> Result<SessionState, Fault> {
    let mut state: SessionState = json(row, 3)?;
    state.seq = row.get::<_, i64>(0)?.cast_unsigned();
    state.updated_at = time(row.get(1)?)?;
    state.status = status(row.get_ref(2)?.as_str().map_err(Fault::damaged)?)?;
    Ok(state)
}

/// As it stands in JSON, so that a filter's statuses can be compared with the column.
fn status_text(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Idle => "idle",
        SessionStatus::Running => "running",
        SessionStatus::Rescheduling => "rescheduling",
        SessionStatus::Terminated => "terminated",
    }
}

fn status(text: &str) -> Result<SessionStatus, Fault> {
    match text {
        "idle" => Ok(SessionStatus::Idle),
        "running" => Ok(SessionStatus::Running),
        "rescheduling" => Ok(SessionStatus::Rescheduling),
        "terminated" => Ok(SessionStatus::Terminated),
        other => Err(Fault::damaged(format!("session status {other:?}"))),
    }
}

//! Sessions that have a purpose, and where they stand.

use domain::OrgId;
use domain::alias::AliasRange;
use domain::session::Progress;
use ports::store::{PurposefulFilter, PurposefulSession};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{limit, micros, to_json};
use crate::fault::Fault;
use crate::sessions;
use crate::sql::{many, one, statements};

/// Where a session stands: by whether its rollout waits for approval, by who waits, by its
/// watch, by its last run.
macro_rules! progress {
    () => {
        "case
           when exists (select 1 from rollouts q where q.session = s.id and q.approval_due_at is not null)
             then 'pending_user_input'
           when s.active_run is not null and s.status = 'idle' then 'pending_user_input'
           when s.active_run is not null and exists (select 1 from runs r where r.id = s.active_run
             and r.status = 'running' and json_array_length(r.body, '$.in_flight') > 0) then 'tool_executing'
           when s.active_run is not null
             or (select w.state from watches w where w.session = s.id) = 'watching' then 'agent_running'
           when exists (select 1 from runs r where r.session = s.number and r.status = 'queued')
             then case s.seq when 0 then 'created' else 'agent_running' end
           else ifnull((select w.state from watches w where w.session = s.id),
             ifnull((select r.status from runs r where r.session = s.number order by r.number desc limit 1), 'created'))
           end"
    };
}

macro_rules! select {
    ($columns:expr, $rest:literal) => {
        concat!("select ", $columns, " from sessions s where s.purpose is not null ", $rest)
    };
}

macro_rules! listed {
    ($columns:expr, $rest:literal) => {
        concat!(
            "select ",
            $columns,
            " from sessions s where s.purpose is not null and s.org = :org and s.created_at >= :from
               and s.archived_at is null
               and (:purpose is null or s.purpose = :purpose) and (:project is null or s.project = :project)
               and (:member is null or exists (select 1 from agents g where g.id = s.agent and (g.members is null
                 or g.creator = :member or :named in (select value from json_each(g.members)))))
               and (:progress is null or ",
            progress!(),
            " in (select value from json_each(:progress))) ",
            $rest
        )
    };
}

/// As [`sessions::read`] reads them, and the progress behind.
macro_rules! columns {
    () => {
        concat!("s.seq, s.updated_at, s.status, s.state, s.archived_at, s.version, s.body, ", progress!())
    };
}

statements! {
    LIST_NAMED = select!(columns!(), "and s.alias between ?1 and ?2 and s.org = ?3 limit 2");
    LIST = listed!(columns!(), "order by s.created_at desc, s.number desc limit :limit");
    COUNT = listed!("count(*)", "");
}

pub(crate) fn list_named(db: &Connection, org: OrgId, range: AliasRange) -> Result<Vec<PurposefulSession>, Fault> {
    many(db, LIST_NAMED, (range.first, range.last, org.0), read)
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &PurposefulFilter) -> Result<Vec<PurposefulSession>, Fault> {
    let params = named_params! {
        ":org": org.0,
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":purpose": filter.purpose.map(|purpose| purpose.as_str()),
        ":project": filter.project.map(|project| project.0),
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":progress": words(filter)?,
        ":limit": limit(filter.limit),
    };
    many(db, LIST, params, read)
}

pub(crate) fn count(db: &Connection, org: OrgId, filter: &PurposefulFilter) -> Result<u64, Fault> {
    let params = named_params! {
        ":org": org.0,
        ":from": filter.created_from.map_or(i64::MIN, micros),
        ":purpose": filter.purpose.map(|purpose| purpose.as_str()),
        ":project": filter.project.map(|project| project.0),
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":progress": words(filter)?,
    };
    let counted = one(db, COUNT, params, |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(counted.unwrap_or_default().unsigned_abs())
}

fn words(filter: &PurposefulFilter) -> Result<Option<String>, Fault> {
    let words: Vec<&str> = filter.progress.iter().map(|progress| progress.as_str()).collect();
    if words.is_empty() { Ok(None) } else { to_json(&words).map(Some) }
}

fn read(row: &Row<'_>) -> Result<PurposefulSession, Fault> {
    let word = row.get_ref(7)?.as_str().map_err(Fault::damaged)?;
    let progress = Progress::ALL.into_iter().find(|progress| progress.as_str() == word);
    let progress = progress.ok_or_else(|| Fault::damaged(format!("progress {word:?}")))?;
    Ok(PurposefulSession { session: sessions::read(row)?, progress })
}

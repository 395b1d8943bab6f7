//! What waits for people, found by since when it waits: indexes hold nothing else.

use domain::OrgId;
use domain::session::Origin;
use ports::store::{AskingFilter, AskingRollout, AskingRun};
use rusqlite::{Connection, Row, named_params};
use uuid::Uuid;

use crate::columns::{id, limit, micros, time};
use crate::fault::Fault;
use crate::sessions::open_to;
use crate::sql::{many, statements};
use crate::{rollouts, runs};

macro_rules! listed {
    ($columns:literal, $of:literal) => {
        concat!(
            "select ",
            $columns,
            " from ",
            $of,
            " where w.org = :org and w.asks_since is not null and (w.asks_since, w.id) >= (:since, :from)
               and (:project is null or s.project = :project) and (:agent is null or s.agent = :agent)
               and ",
            open_to!(),
            " order by w.asks_since, w.id limit :limit"
        )
    };
}

statements! {
    LIST_RUNS = listed!(
        "w.status, w.fence, w.version, w.overrides, w.body, w.asks_since, json_extract(s.body, '$.origin'),
           json_extract(s.body, '$.title')",
        "runs w cross join sessions s on s.number = w.session");
    LIST_ROLLOUTS = listed!("w.version, w.body, w.asks_since, s.agent",
        "rollouts w cross join sessions s on s.id = w.session");
}

pub(crate) fn list_runs(db: &Connection, org: OrgId, filter: &AskingFilter) -> Result<Vec<AskingRun>, Fault> {
    list(db, LIST_RUNS, org, filter, |row| {
        let origin = row.get_ref(6)?.as_str().map_err(Fault::damaged)?;
        let origin: Origin = serde_json::from_value(origin.into())?;
        Ok(AskingRun { run: runs::read(db, row)?, origin, title: row.get(7)?, since: time(row.get(5)?)? })
    })
}

pub(crate) fn list_rollouts(db: &Connection, org: OrgId, filter: &AskingFilter) -> Result<Vec<AskingRollout>, Fault> {
    list(db, LIST_ROLLOUTS, org, filter, |row| {
        Ok(AskingRollout { rollout: rollouts::read(row)?, agent: id(row, 3)?, since: time(row.get(2)?)? })
    })
}

fn list<T>(
    db: &Connection,
    sql: &str,
    org: OrgId,
    filter: &AskingFilter,
    read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let (since, from) = filter.from.map_or((i64::MIN, Uuid::nil()), |(at, id)| (micros(at), id));
    let params = named_params! {
        ":org": org.0,
        ":since": since,
        ":from": from,
        ":project": filter.project.map(|project| project.0),
        ":agent": filter.agent.map(|agent| agent.0),
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":limit": limit(Some(filter.limit)),
    };
    many(db, sql, params, read)
}

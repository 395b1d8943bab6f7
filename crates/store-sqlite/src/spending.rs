//! What runs have spent, read from their own rows: nothing else is written for it. Those of a
//! time are found by their sessions, which lie in their order and tell when they last changed.

use domain::limits::Spent;
use domain::run::AskedModel;
use domain::{AgentId, KeyId, OrgId, ProjectId, SessionId, Timestamp};
use ports::store::{RunSpending, SpendingFilter, SpendingPage, SpendingPlace};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, named_params};
use serde::Deserialize;

use crate::columns::{json, limit, micros};
use crate::fault::Fault;
use crate::sessions::open_to;
use crate::sql::{many, statements};

statements! {
    // A session with nothing that fits is a row, too: however many there are, a page has an end.
    LIST = concat!(
        "select s.created_at, s.number, ifnull(r.number, 0), r.body
         from sessions s left join runs r on r.session = s.number and s.updated_at >= :from
           and (:project is null or s.project = :project) and ",
        open_to!(),
        " where s.org = :org and s.created_at < :until
           and (s.created_at, s.number) >= (:at, :session)
           and (s.created_at > :at or s.number > :session or r.number > :run)
         order by s.created_at, s.number, r.number limit :limit");
}

/// What of a run's body tells of its spending.
#[derive(Deserialize)]
struct Body {
    session: SessionId,
    project: ProjectId,
    agent: AgentId,
    #[serde(default)]
    key: Option<KeyId>,
    #[serde(default)]
    started_at: Option<Timestamp>,
    spent: Spent,
    #[serde(default)]
    asked: Vec<AskedModel>,
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &SpendingFilter) -> Result<SpendingPage, Fault> {
    let SpendingPlace([at, session, run]) = filter.after.unwrap_or(SpendingPlace([i64::MIN; 3]));
    let params = named_params! {
        ":org": org.0,
        ":from": micros(filter.from),
        ":until": micros(filter.until),
        ":at": at,
        ":session": session,
        ":run": run,
        ":project": filter.project.map(|project| project.0),
        ":member": filter.open_to.map(|member| member.0),
        ":named": filter.open_to.map(|member| member.to_string()),
        ":limit": limit(Some(filter.limit)),
    };
    let rows = many(db, LIST, params, read)?;
    let is_full = rows.len() == filter.limit;
    let next = rows.last().filter(|_| is_full).map(|(place, _)| *place);
    let of_time = |at: &Timestamp| (filter.from..filter.until).contains(at);
    let spent = |(_, body): (SpendingPlace, Option<Body>)| {
        let Body { session, project, agent, key, started_at, spent, asked } = body?;
        let started_at = started_at.filter(of_time)?;
        Some(RunSpending { session, project, agent, key, started_at, spent, asked })
    };
    Ok(SpendingPage { runs: rows.into_iter().filter_map(spent).collect(), next })
}

fn read(row: &Row<'_>) -> Result<(SpendingPlace, Option<Body>), Fault> {
    let has_run = row.get_ref(3)? != ValueRef::Null;
    let body = if has_run { Some(json(row, 3)?) } else { None };
    Ok((SpendingPlace([row.get(0)?, row.get(1)?, row.get(2)?]), body))
}

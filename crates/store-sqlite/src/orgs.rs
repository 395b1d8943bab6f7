//! Organizations.

use domain::OrgId;
use domain::org::{Org, RolloutSettings};
use ports::Refusal;
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::Fault;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into orgs (id, body) values (?1, ?2)";
    FIND = "select number, body from orgs where id = ?1";
    LIST = "select number, body from orgs order by number";
    PUT = "update orgs set body = ?2 where id = ?1";
}

pub(crate) fn insert(db: &Connection, org: &Org) -> Result<u64, Fault> {
    run(db, INSERT, (org.id.0, to_json(org)?))?;
    Ok(number(db.last_insert_rowid()))
}

pub(crate) fn find(db: &Connection, id: OrgId) -> Result<Option<Org>, Fault> {
    one(db, FIND, [id.0], read)
}

pub(crate) fn put_rollout_settings(db: &Connection, id: OrgId, rollouts: RolloutSettings) -> Result<(), Fault> {
    let org = find(db, id)?.ok_or(Refusal::Missing)?;
    run(db, PUT, (id.0, to_json(&Org { rollouts, ..org })?)).map(|_| ())
}

pub(crate) fn list(db: &Connection) -> Result<Vec<Org>, Fault> {
    many(db, LIST, [], read)
}

fn read(row: &Row<'_>) -> Result<Org, Fault> {
    Ok(Org { number: number(row.get(0)?), ..json(row, 1)? })
}

//! Organizations' other names for models.

use domain::OrgId;
use domain::provider::ModelAlias;
use rusqlite::Connection;

use crate::columns::{json, to_json};
use crate::fault::{Fault, found};
use crate::sql::{many, run, statements};

statements! {
    PUT = "insert into model_aliases (org, name, body) values (?1, ?2, ?3)
        on conflict (org, name) do update set body = excluded.body";
    DELETE = "delete from model_aliases where org = ?1 and name = ?2";
    LIST = "select body from model_aliases where org = ?1 order by name";
}

pub(crate) fn put(db: &Connection, org: OrgId, alias: &ModelAlias) -> Result<(), Fault> {
    run(db, PUT, (org.0, &alias.name, to_json(alias)?))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, org: OrgId, name: &str) -> Result<(), Fault> {
    found(run(db, DELETE, (org.0, name))?)
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<ModelAlias>, Fault> {
    many(db, LIST, [org.0], |row| json(row, 0))
}

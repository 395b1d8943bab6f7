//! Providers of models that organizations brought.

use domain::provider::OwnProvider;
use domain::{OrgId, ProviderId};
use rusqlite::Connection;

use crate::columns::{json, to_json};
use crate::fault::{Fault, found};
use crate::sql::{exists, many, run, statements};

statements! {
    INSERT = "insert into providers (id, org, name, version, body) values (?1, ?2, ?3, ?4, ?5)";
    PUT = "update providers set name = ?3, version = ?4, body = ?5 where id = ?1 and org = ?2";
    DELETE = "delete from providers where id = ?1 and org = ?2";
    IS_AT = "select 1 from providers where id = ?1 and org = ?2 and version = ?3";
    LIST = "select body from providers where org = ?1 order by name";
}

pub(crate) fn insert(db: &Connection, org: OrgId, new: &OwnProvider) -> Result<(), Fault> {
    write(db, INSERT, org, new).map(|_| ())
}

pub(crate) fn put(db: &Connection, org: OrgId, changed: &OwnProvider) -> Result<(), Fault> {
    found(write(db, PUT, org, changed)?)
}

fn write(db: &Connection, sql: &str, org: OrgId, provider: &OwnProvider) -> Result<usize, Fault> {
    let version = provider.version.cast_signed();
    run(db, sql, (provider.id.0, org.0, &provider.settings.name, version, to_json(provider)?))
}

pub(crate) fn delete(db: &Connection, org: OrgId, id: ProviderId) -> Result<(), Fault> {
    found(run(db, DELETE, (id.0, org.0))?)
}

pub(crate) fn is_at(db: &Connection, org: OrgId, id: ProviderId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (id.0, org.0, version.cast_signed()))
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<OwnProvider>, Fault> {
    many(db, LIST, [org.0], |row| json(row, 0))
}

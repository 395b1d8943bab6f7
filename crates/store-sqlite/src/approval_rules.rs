//! Rules of approvals.

use domain::approval::ApprovalRule;
use domain::{ApprovalRuleId, OrgId};
use rusqlite::Connection;

use crate::columns::{json, to_json};
use crate::fault::{Fault, found};
use crate::sql::{exists, many, run, statements};

statements! {
    INSERT = "insert into approval_rules (id, org, version, body) values (?1, ?2, ?3, ?4)";
    PUT = "update approval_rules set version = ?3, body = ?4 where id = ?1 and org = ?2";
    DELETE = "delete from approval_rules where id = ?1 and org = ?2";
    IS_AT = "select 1 from approval_rules where id = ?1 and org = ?2 and version = ?3";
    LIST = "select body from approval_rules where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, new: &ApprovalRule) -> Result<(), Fault> {
    write(db, INSERT, org, new)
}

pub(crate) fn put(db: &Connection, org: OrgId, changed: &ApprovalRule) -> Result<(), Fault> {
    write(db, PUT, org, changed)
}

fn write(db: &Connection, sql: &str, org: OrgId, rule: &ApprovalRule) -> Result<(), Fault> {
    found(run(db, sql, (rule.id.0, org.0, rule.version.cast_signed(), to_json(rule)?))?)
}

pub(crate) fn delete(db: &Connection, org: OrgId, id: ApprovalRuleId) -> Result<(), Fault> {
    found(run(db, DELETE, (id.0, org.0))?)
}

pub(crate) fn is_at(db: &Connection, org: OrgId, id: ApprovalRuleId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (id.0, org.0, version.cast_signed()))
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<ApprovalRule>, Fault> {
    many(db, LIST, [org.0], |row| json(row, 0))
}

//! Tools kept by projects.

use domain::tool::Tool;
use domain::{OrgId, ProjectId, ToolId};
use ports::Refusal;
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::{Fault, found};
use crate::sql::{many, one, run, statements};

statements! {
    NEXT_NUMBER = "update orgs set tools_numbered = tools_numbered + 1 where id = ?1 returning tools_numbered";
    INSERT = "insert into tools (id, org, number, project, body) values (?1, ?2, ?3, ?4, ?5)";
    DELETE = "delete from tools where id = ?1 and org = ?2";
    FIND = "select number, body from tools where id = ?1 and org = ?2";
    FIND_NUMBERED = "select number, body from tools where number = ?1 and org = ?2";
    LIST = "select number, body from tools where org = ?1 and (?2 is null or project = ?2) order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, tool: &Tool) -> Result<u64, Fault> {
    let given: Option<i64> = one(db, NEXT_NUMBER, [org.0], |row| Ok(row.get(0)?))?;
    let given = given.ok_or(Refusal::Missing)?;
    run(db, INSERT, (tool.id.0, org.0, given, tool.project.0, to_json(tool)?))?;
    Ok(number(given))
}

pub(crate) fn delete(db: &Connection, org: OrgId, id: ToolId) -> Result<(), Fault> {
    found(run(db, DELETE, (id.0, org.0))?)
}

pub(crate) fn find(db: &Connection, org: OrgId, id: ToolId) -> Result<Option<Tool>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn find_numbered(db: &Connection, org: OrgId, wanted: u64) -> Result<Option<Tool>, Fault> {
    let Ok(wanted) = i64::try_from(wanted) else { return Ok(None) };
    one(db, FIND_NUMBERED, (wanted, org.0), read)
}

pub(crate) fn list(db: &Connection, org: OrgId, project: Option<ProjectId>) -> Result<Vec<Tool>, Fault> {
    many(db, LIST, (org.0, project.map(|project| project.0)), read)
}

fn read(row: &Row<'_>) -> Result<Tool, Fault> {
    Ok(Tool { number: number(row.get(0)?), ..json(row, 1)? })
}

//! Projects.

use domain::org::Project;
use domain::{OrgId, ProjectId};
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::Fault;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into projects (id, org, body) values (?1, ?2, ?3)";
    FIND = "select number, body from projects where id = ?1 and org = ?2";
    FIND_NUMBERED = "select number, body from projects where number = ?1 and org = ?2";
    LIST = "select number, body from projects where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, project: &Project) -> Result<u64, Fault> {
    run(db, INSERT, (project.id.0, org.0, to_json(project)?))?;
    Ok(number(db.last_insert_rowid()))
}

pub(crate) fn find(db: &Connection, org: OrgId, id: ProjectId) -> Result<Option<Project>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn find_numbered(db: &Connection, org: OrgId, wanted: u64) -> Result<Option<Project>, Fault> {
    // A number beyond what SQLite can hold was never given.
    let Ok(wanted) = i64::try_from(wanted) else { return Ok(None) };
    one(db, FIND_NUMBERED, (wanted, org.0), read)
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Project>, Fault> {
    many(db, LIST, [org.0], read)
}

fn read(row: &Row<'_>) -> Result<Project, Fault> {
    Ok(Project { number: number(row.get(0)?), ..json(row, 1)? })
}

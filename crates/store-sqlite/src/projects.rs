//! Projects.

use domain::org::Project;
use domain::repository::Repository;
use domain::{OrgId, ProjectId};
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::{Fault, found};
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into projects (id, org, repository, body) values (?1, ?2, ?3, ?4)";
    PUT = "update projects set repository = ?3, body = ?4 where id = ?1 and org = ?2";
    FIND = "select number, body from projects where id = ?1 and org = ?2";
    FIND_NUMBERED = "select number, body from projects where number = ?1 and org = ?2";
    FIND_OF = "select number, body from projects where org = ?1 and repository = ?2";
    LIST = "select number, body from projects where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, project: &Project) -> Result<u64, Fault> {
    run(db, INSERT, (project.id.0, org.0, folded(project), to_json(project)?))?;
    Ok(number(db.last_insert_rowid()))
}

pub(crate) fn put(db: &Connection, org: OrgId, project: &Project) -> Result<(), Fault> {
    found(run(db, PUT, (project.id.0, org.0, folded(project), to_json(project)?))?)
}

pub(crate) fn find(db: &Connection, org: OrgId, id: ProjectId) -> Result<Option<Project>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

/// Projects change so rarely that no column holds their version.
pub(crate) fn is_at(db: &Connection, org: OrgId, id: ProjectId, version: u64) -> Result<bool, Fault> {
    Ok(find(db, org, id)?.is_some_and(|project| project.version == version))
}

pub(crate) fn find_numbered(db: &Connection, org: OrgId, wanted: u64) -> Result<Option<Project>, Fault> {
    // A number beyond what SQLite can hold was never given.
    let Ok(wanted) = i64::try_from(wanted) else { return Ok(None) };
    one(db, FIND_NUMBERED, (wanted, org.0), read)
}

pub(crate) fn find_of(db: &Connection, org: OrgId, repository: &Repository) -> Result<Option<Project>, Fault> {
    one(db, FIND_OF, (org.0, repository.folded()), read)
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Project>, Fault> {
    many(db, LIST, [org.0], read)
}

/// The spelling of its repository by which it is found.
fn folded(project: &Project) -> Option<String> {
    project.repository.as_ref().map(Repository::folded)
}

fn read(row: &Row<'_>) -> Result<Project, Fault> {
    Ok(Project { number: number(row.get(0)?), ..json(row, 1)? })
}

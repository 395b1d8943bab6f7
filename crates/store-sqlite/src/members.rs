//! The people of an organization.

use domain::org::Member;
use domain::{MemberId, OrgId};
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::Fault;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into members (id, org, body) values (?1, ?2, ?3)";
    FIND = "select number, body from members where id = ?1 and org = ?2";
    LIST = "select number, body from members where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, member: &Member) -> Result<u64, Fault> {
    run(db, INSERT, (member.id.0, org.0, to_json(member)?))?;
    Ok(number(db.last_insert_rowid()))
}

pub(crate) fn find(db: &Connection, org: OrgId, id: MemberId) -> Result<Option<Member>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Member>, Fault> {
    many(db, LIST, [org.0], read)
}

fn read(row: &Row<'_>) -> Result<Member, Fault> {
    Ok(Member { number: number(row.get(0)?), ..json(row, 1)? })
}

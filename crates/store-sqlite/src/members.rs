//! The people of an organization.

use domain::org::{Member, Role};
use domain::{MemberId, OrgId};
use ports::Refusal;
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::{Fault, found};
use crate::sql::{exists, many, one, run, statements};

statements! {
    INSERT = "insert into members (id, org, email, owns, body) values (?1, ?2, ?3, ?4, ?5)";
    // Nobody logs in as one who left.
    PUT = "update members set email = ?3, owns = ?4, body = ?5, person = iif(?3 is null, null, person)
        where id = ?1 and org = ?2";
    OWNS = "select 1 from members where org = ?1 and owns = 1";
    FIND = "select number, body from members where id = ?1 and org = ?2";
    LIST = "select number, body from members where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, member: &Member) -> Result<u64, Fault> {
    run(db, INSERT, (member.id.0, org.0, address(member), owns(member), to_json(member)?))?;
    Ok(number(db.last_insert_rowid()))
}

/// Stores a person as they are now. An owner who may act must be left.
pub(crate) fn put(db: &Connection, org: OrgId, member: &Member) -> Result<(), Fault> {
    found(run(db, PUT, (member.id.0, org.0, address(member), owns(member), to_json(member)?))?)?;
    if exists(db, OWNS, [org.0])? { Ok(()) } else { Err(Refusal::NoOwner.into()) }
}

pub(crate) fn find(db: &Connection, org: OrgId, id: MemberId) -> Result<Option<Member>, Fault> {
    one(db, FIND, (id.0, org.0), |row| read(row, 0))
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Member>, Fault> {
    many(db, LIST, [org.0], |row| read(row, 0))
}

/// A member whose number and body stand from this column on.
pub(crate) fn read(row: &Row<'_>, column: usize) -> Result<Member, Fault> {
    Ok(Member { number: number(row.get(column)?), ..json(row, column + 1)? })
}

/// Two people of one organization cannot have the same, however it is written.
fn address(member: &Member) -> Option<String> {
    member.removed_at.is_none().then(|| member.email.to_lowercase())
}

fn owns(member: &Member) -> bool {
    member.is_active() && member.role == Role::Owner
}

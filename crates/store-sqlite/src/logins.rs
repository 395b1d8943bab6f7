//! Logins: what browsers have after somebody has logged in. One that is over has no row.

use domain::key::KeyHash;
use domain::org::Member;
use domain::person::Login;
use domain::{LoginId, OrgId, PersonId, Timestamp};
use ports::store::LoginOfMember;
use rusqlite::{Connection, Row};

use crate::columns::{id, json, micros, time, to_json};
use crate::fault::{Fault, found};
use crate::members;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into logins (id, org, member, person, hash, expires_at, last_used_at, body)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
        where exists (select 1 from members where id = ?3 and org = ?2 and person = ?4)
        and exists (select 1 from persons where id = ?4 and version = ?9)";
    // A few at a time, more than are added.
    FORGET = "delete from logins where number in (select number from logins where expires_at < ?1
        order by expires_at limit 8)";
    TOUCH = "update logins set last_used_at = max(last_used_at, ?3) where id = ?1 and org = ?2";
    END = "delete from logins where id = ?1 and person = ?2";
    END_ALL = "delete from logins where person = ?1";
    FIND = "select l.last_used_at, l.body, m.number, m.body from logins l join members m on m.id = l.member
        where l.id = ?1 and l.org = ?2";
    FIND_BY_HASH = "select l.last_used_at, l.body, m.number, m.body, l.org from logins l
        join members m on m.id = l.member where l.hash = ?1";
    LIST_OF = "select last_used_at, body from logins where person = ?1 order by number";
}

/// Stores a new login, as a member whom its person, at this version, logs in as.
pub(crate) fn insert(db: &Connection, org: OrgId, new: &Login, version: u64) -> Result<(), Fault> {
    let Login { id, person, member, hash, created_at, expires_at, last_used_at } = new;
    let times = (micros(*expires_at), micros(*last_used_at));
    let columns = (id.0, org.0, member.0, person.0, hash.0, times.0, times.1, to_json(new)?, version.cast_signed());
    found(run(db, INSERT, columns)?)?;
    run(db, FORGET, [micros(*created_at)]).map(drop)
}

/// One that has ended meanwhile was used before that.
pub(crate) fn touch(db: &Connection, org: OrgId, login: LoginId, at: Timestamp) -> Result<(), Fault> {
    run(db, TOUCH, (login.0, org.0, micros(at))).map(drop)
}

pub(crate) fn end(db: &Connection, person: PersonId, login: LoginId) -> Result<usize, Fault> {
    run(db, END, (login.0, person.0))
}

pub(crate) fn end_all(db: &Connection, person: PersonId) -> Result<(), Fault> {
    run(db, END_ALL, [person.0]).map(drop)
}

pub(crate) fn find(db: &Connection, org: OrgId, login: LoginId) -> Result<Option<(Login, Member)>, Fault> {
    one(db, FIND, (login.0, org.0), |row| Ok((read(row)?, members::read(row, 2)?)))
}

pub(crate) fn find_by_hash(db: &Connection, hash: KeyHash) -> Result<Option<LoginOfMember>, Fault> {
    one(db, FIND_BY_HASH, [hash.0], |row| {
        Ok(LoginOfMember { org: id(row, 4)?, login: read(row)?, member: members::read(row, 2)? })
    })
}

pub(crate) fn list_of(db: &Connection, person: PersonId) -> Result<Vec<Login>, Fault> {
    many(db, LIST_OF, [person.0], read)
}

fn read(row: &Row<'_>) -> Result<Login, Fault> {
    Ok(Login { last_used_at: time(row.get(0)?)?, ..json(row, 1)? })
}

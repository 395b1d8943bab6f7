//! People who log in, and as whom. They are of the installation: what stands here asks for no
//! organization but where a member of one is joined.

use domain::org::Org;
use domain::person::{Identity, Person, PersonChange};
use domain::{MemberId, OrgId, PersonId};
use ports::store::Membership;
use rusqlite::{Connection, Row};

use crate::columns::{id, json, number, to_json};
use crate::fault::{Fault, found};
use crate::sql::{exists, many, one, run, statements};
use crate::{links, logins, members};

statements! {
    INSERT = "insert into persons (id, email, version, body) values (?1, ?2, ?3, ?4)";
    PUT = "update persons set email = ?2, version = ?3, body = ?4 where id = ?1 and version = ?3 - 1";
    END_LINKS = "delete from links where member in (select id from members where person = ?1)";
    IDENTIFY = "insert into identities (issuer, subject, person, body) select ?1, ?2, ?3, ?4
        where exists (select 1 from persons where id = ?3)";
    FORGET_IDENTITIES = "delete from identities where person = ?1";
    JOIN = "update members set person = ?3 where id = ?1 and org = ?2 and person is null
        and exists (select 1 from persons where id = ?3)";
    FIND = "select body from persons where id = ?1";
    FIND_BY_EMAIL = "select body from persons where email = ?1";
    FIND_BY_IDENTITY = "select p.body from identities i join persons p on p.id = i.person
        where i.issuer = ?1 and i.subject = ?2";
    LIST_IDENTITIES = "select body from identities where person = ?1 order by issuer";
    LIST_WAITING = "select o.number, o.body, m.number, m.body from members m join orgs o on o.id = m.org
        where m.email = ?1 and m.person is null order by m.number";
    FIND_OF_MEMBER = "select person from members where id = ?1 and org = ?2 and person is not null";
    LIST_MEMBERSHIPS = "select o.number, o.body, m.number, m.body from members m join orgs o on o.id = m.org
        where m.person = ?1 order by m.number";
    HAS_OWNER = "select 1 from members where owns = 1 and person is not null
        and org = (select id from orgs order by number limit 1)";
    LIST_WHO_LOG_IN = "select m.body from members m where m.org = ?1 and m.person is not null order by m.number";
}

pub(crate) fn change(db: &Connection, org: OrgId, change: PersonChange) -> Result<(), Fault> {
    match change {
        PersonChange::Insert(new) => {
            run(db, INSERT, (new.id.0, address(&new.email), new.version.cast_signed(), to_json(&new)?)).map(drop)
        }
        PersonChange::Put(changed) => put(db, &changed),
        PersonChange::Identify(identity) => identify(db, &identity),
        PersonChange::ForgetIdentities(person) => run(db, FORGET_IDENTITIES, [person.0]).map(drop),
        PersonChange::Join { member, person } => found(run(db, JOIN, (member.0, org.0, person.0))?),
        PersonChange::InsertLogin { login, version } => logins::insert(db, org, &login, version),
        PersonChange::TouchLogin { login, at } => logins::touch(db, org, login, at),
        PersonChange::EndLogin { person, login } => logins::end(db, person, login).map(drop),
        PersonChange::TakeLogin { person, login } => found(logins::end(db, person, login)?),
        PersonChange::EndLogins(person) => logins::end_all(db, person),
        PersonChange::PutLink(new) => links::put(db, org, &new),
        PersonChange::UseLink { member, hash } => links::take(db, org, member, hash),
    }
}

fn put(db: &Connection, person: &Person) -> Result<(), Fault> {
    let columns = (person.id.0, address(&person.email), person.version.cast_signed(), to_json(person)?);
    found(run(db, PUT, columns)?)?;
    run(db, END_LINKS, [person.id.0]).map(drop)
}

fn identify(db: &Connection, identity: &Identity) -> Result<(), Fault> {
    let Identity { issuer, subject, person, .. } = identity;
    found(run(db, IDENTIFY, (issuer, subject, person.0, to_json(identity)?))?)
}

pub(crate) fn find(db: &Connection, person: PersonId) -> Result<Option<Person>, Fault> {
    one(db, FIND, [person.0], |row| json(row, 0))
}

pub(crate) fn find_by_email(db: &Connection, email: &str) -> Result<Option<Person>, Fault> {
    one(db, FIND_BY_EMAIL, [address(email)], |row| json(row, 0))
}

pub(crate) fn find_by_identity(db: &Connection, issuer: &str, subject: &str) -> Result<Option<Person>, Fault> {
    one(db, FIND_BY_IDENTITY, [issuer, subject], |row| json(row, 0))
}

pub(crate) fn list_identities(db: &Connection, person: PersonId) -> Result<Vec<Identity>, Fault> {
    many(db, LIST_IDENTITIES, [person.0], |row| json(row, 0))
}

pub(crate) fn list_waiting(db: &Connection, email: &str) -> Result<Vec<Membership>, Fault> {
    many(db, LIST_WAITING, [address(email)], membership)
}

pub(crate) fn find_of_member(db: &Connection, org: OrgId, member: MemberId) -> Result<Option<PersonId>, Fault> {
    one(db, FIND_OF_MEMBER, (member.0, org.0), |row| id(row, 0))
}

pub(crate) fn list_memberships(db: &Connection, person: PersonId) -> Result<Vec<Membership>, Fault> {
    many(db, LIST_MEMBERSHIPS, [person.0], membership)
}

pub(crate) fn has_owner(db: &Connection) -> Result<bool, Fault> {
    exists(db, HAS_OWNER, [])
}

/// The addresses of an organization's members who can log in, oldest member first.
pub(crate) fn list_who_log_in(db: &Connection, org: OrgId) -> Result<Vec<String>, Fault> {
    many(db, LIST_WHO_LOG_IN, [org.0], |row| Ok(json::<domain::org::Member>(row, 0)?.email))
}

fn membership(row: &Row<'_>) -> Result<Membership, Fault> {
    Ok(Membership { org: org(row)?, member: members::read(row, 2)? })
}

/// An organization whose number and body are the first columns.
pub(crate) fn org(row: &Row<'_>) -> Result<Org, Fault> {
    Ok(Org { number: number(row.get(0)?), ..json(row, 1)? })
}

/// However an address is written, it is one person's.
fn address(email: &str) -> String {
    email.to_lowercase()
}

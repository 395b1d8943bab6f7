//! Organizations.

use domain::OrgId;
use domain::org::Org;
use domain::secret::Secret;
use ports::Refusal;
use rusqlite::{Connection, Row};

use crate::columns::{json, number, to_json};
use crate::fault::{Fault, found};
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into orgs (id, body) values (?1, ?2)";
    FIND = "select number, body from orgs where id = ?1";
    FIND_EMBED_SECRET = "select embed_secret from orgs where id = ?1 and embed_secret is not null";
    KEEP_EMBED_SECRET = "update orgs set embed_secret = ?2 where id = ?1 and embed_secret is null";
    LIST = "select number, body from orgs order by number";
    PUT = "update orgs set body = ?2 where id = ?1";
}

pub(crate) fn insert(db: &Connection, org: &Org) -> Result<u64, Fault> {
    run(db, INSERT, (org.id.0, to_json(org)?))?;
    Ok(number(db.last_insert_rowid()))
}

pub(crate) fn find(db: &Connection, id: OrgId) -> Result<Option<Org>, Fault> {
    one(db, FIND, [id.0], read)
}

/// Stores an organization as it is now.
pub(crate) fn put(db: &Connection, org: &Org) -> Result<(), Fault> {
    found(run(db, PUT, (org.id.0, to_json(org)?))?)
}

/// What the tokens for visitors of embeds are signed with.
pub(crate) fn find_embed_secret(db: &Connection, id: OrgId) -> Result<Option<Secret>, Fault> {
    one(db, FIND_EMBED_SECRET, [id.0], |row| json(row, 0))
}

/// Keeps the first one that is given.
pub(crate) fn keep_embed_secret(db: &Connection, id: OrgId, secret: &Secret) -> Result<(), Fault> {
    match run(db, KEEP_EMBED_SECRET, (id.0, to_json(secret)?))? {
        0 => Err(Refusal::Exists.into()),
        _ => Ok(()),
    }
}

pub(crate) fn list(db: &Connection) -> Result<Vec<Org>, Fault> {
    many(db, LIST, [], read)
}

fn read(row: &Row<'_>) -> Result<Org, Fault> {
    Ok(Org { number: number(row.get(0)?), ..json(row, 1)? })
}

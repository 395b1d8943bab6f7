//! API keys.

use domain::key::{Key, KeyHash};
use domain::{KeyId, OrgId, Timestamp};
use ports::store::KeyOfMember;
use rusqlite::{Connection, Row};

use crate::columns::{id, json, maybe_micros, maybe_time, micros, to_json};
use crate::fault::{Fault, found};
use crate::members;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into keys (id, org, maker, hash, revoked_at, last_used_at, body)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7 where exists (select 1 from members where id = ?3 and org = ?2)";
    REVOKE = "update keys set revoked_at = coalesce(revoked_at, ?3) where id = ?1 and org = ?2";
    TOUCH = "update keys set last_used_at = max(coalesce(last_used_at, ?3), ?3) where id = ?1 and org = ?2";
    FIND = "select revoked_at, last_used_at, body from keys where id = ?1 and org = ?2";
    FIND_BY_HASH = "select k.revoked_at, k.last_used_at, k.body, k.org, m.number, m.body
        from keys k join members m on m.id = k.maker where k.hash = ?1";
    LIST = "select revoked_at, last_used_at, body from keys where org = ?1 order by number";
}

/// Stores a new key. Its maker must be of the same organization.
pub(crate) fn insert(db: &Connection, org: OrgId, key: &Key) -> Result<(), Fault> {
    let times = (maybe_micros(key.revoked_at), maybe_micros(key.last_used_at));
    found(run(db, INSERT, (key.id.0, org.0, key.creator.0, key.hash.0, times.0, times.1, to_json(key)?))?)
}

pub(crate) fn revoke(db: &Connection, org: OrgId, key: KeyId, at: Timestamp) -> Result<(), Fault> {
    found(run(db, REVOKE, (key.0, org.0, micros(at)))?)
}

pub(crate) fn touch(db: &Connection, org: OrgId, key: KeyId, at: Timestamp) -> Result<(), Fault> {
    found(run(db, TOUCH, (key.0, org.0, micros(at)))?)
}

pub(crate) fn find(db: &Connection, org: OrgId, key: KeyId) -> Result<Option<Key>, Fault> {
    one(db, FIND, (key.0, org.0), read)
}

pub(crate) fn find_by_hash(db: &Connection, hash: KeyHash) -> Result<Option<KeyOfMember>, Fault> {
    one(db, FIND_BY_HASH, [hash.0], |row| {
        Ok(KeyOfMember { org: id(row, 3)?, key: read(row)?, maker: members::read(row, 4)? })
    })
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Key>, Fault> {
    many(db, LIST, [org.0], read)
}

fn read(row: &Row<'_>) -> Result<Key, Fault> {
    Ok(Key { revoked_at: maybe_time(row, 0)?, last_used_at: maybe_time(row, 1)?, ..json(row, 2)? })
}

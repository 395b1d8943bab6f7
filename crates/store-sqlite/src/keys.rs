//! API keys.

use domain::key::{Key, KeyHash};
use domain::{KeyId, OrgId, Timestamp};
use rusqlite::{Connection, Row};

use crate::columns::{id, json, maybe_micros, maybe_time, micros, to_json};
use crate::fault::{Fault, found};
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into keys (id, org, hash, revoked_at, last_used_at, body) values (?1, ?2, ?3, ?4, ?5, ?6)";
    REVOKE = "update keys set revoked_at = coalesce(revoked_at, ?3) where id = ?1 and org = ?2";
    TOUCH = "update keys set last_used_at = max(coalesce(last_used_at, ?3), ?3) where id = ?1 and org = ?2";
    FIND = "select revoked_at, last_used_at, body from keys where id = ?1 and org = ?2";
    FIND_BY_HASH = "select revoked_at, last_used_at, body, org from keys where hash = ?1";
    LIST = "select revoked_at, last_used_at, body from keys where org = ?1 order by number";
}

pub(crate) fn insert(db: &Connection, org: OrgId, key: &Key) -> Result<(), Fault> {
    let times = (maybe_micros(key.revoked_at), maybe_micros(key.last_used_at));
    run(db, INSERT, (key.id.0, org.0, key.hash.0, times.0, times.1, to_json(key)?))?;
    Ok(())
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

pub(crate) fn find_by_hash(db: &Connection, hash: KeyHash) -> Result<Option<(OrgId, Key)>, Fault> {
    one(db, FIND_BY_HASH, [hash.0], |row| Ok((id(row, 3)?, read(row)?)))
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Key>, Fault> {
    many(db, LIST, [org.0], read)
}

fn read(row: &Row<'_>) -> Result<Key, Fault> {
    Ok(Key { revoked_at: maybe_time(row, 0)?, last_used_at: maybe_time(row, 1)?, ..json(row, 2)? })
}

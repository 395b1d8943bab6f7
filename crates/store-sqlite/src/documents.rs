//! Documents and their texts.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use domain::knowledge::Document;
use domain::{AgentId, DocumentId, OrgId, Timestamp};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::columns::{json, maybe_micros, micros, to_json};
use crate::contents::{self, IN_ROW_BYTES_MAX};
use crate::fault::{Fault, found};
use crate::sql::{many, one, run, statements};

statements! {
    DELETE = "delete from documents where id = ?1 and org = ?2 returning text";
    DELETE_EXPIRED = "delete from documents where agent = ?1 and org = ?2 and expires_at <= ?3 returning text";
    INSERT = "insert into documents (id, org, agent, expires_at, body, text) values (?1, ?2, ?3, ?4, ?5, ?6)";
    REPLACE = "update documents set agent = ?3, expires_at = ?4, body = ?5, text = ?6 where id = ?1 and org = ?2";
    OLD_TEXT = "select text from documents where id = ?1 and org = ?2";
    FIND = "select body from documents where id = ?1 and org = ?2";
    LIST_OF_ALL = "select body from documents where org = ?1 and agent is null order by number";
    LIST_READ_BY = "select body, 0 as of_all, number from documents
          where agent = ?1 and org = ?2 and (expires_at is null or expires_at > ?3)
        union all select body, 1, number from documents where org = ?2 and agent is null
        order by of_all, number";
    LIST = "select body from documents where agent = ?1 and org = ?2 and (expires_at is null or expires_at > ?3)
        order by number";
    READ = "select text from documents where id = ?1 and org = ?2";
    NEXT_AGENT = "select min(agent) from documents where agent > ?1";
    NEXT_ORG = "select min(org) from documents where org > ?1 and agent is null";
}

/// The agents that may have documents of their own, and the organizations that may have some for
/// all, in memory: every run asks, and most have none. One that had some stays until the next
/// start.
pub(crate) struct Documented(RwLock<HashSet<Uuid>>);

impl Documented {
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut readers = HashSet::new();
        // From one to the next in the index, however many documents each has.
        for sql in [NEXT_AGENT, NEXT_ORG] {
            let mut next = db.prepare(sql)?;
            let mut last = Uuid::nil();
            while let Some(reader) = next.query_row([last], |row| row.get::<_, Option<Uuid>>(0))? {
                readers.insert(reader);
                last = reader;
            }
        }
        Ok(Self(RwLock::new(readers)))
    }

    /// Before the commit that stores the document: one too many does no harm.
    pub(crate) fn add(&self, org: OrgId, document: &Document) {
        let reader = document.reader.agent().map_or(org.0, |agent| agent.0);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(reader);
    }

    /// Whether an agent may have some of its own.
    pub(crate) fn may_have_some(&self, agent: AgentId) -> bool {
        self.holds(agent.0)
    }

    /// Whether an agent of this organization may read some, its own or those for all.
    pub(crate) fn may_read_some(&self, org: OrgId, agent: AgentId) -> bool {
        self.holds(agent.0) || self.holds(org.0)
    }

    fn holds(&self, reader: Uuid) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&reader)
    }
}

/// Stores a document, in its old place if it replaces one. What has expired by then goes.
pub(crate) fn put(db: &Connection, org: OrgId, document: &Document, text: &str) -> Result<(), Fault> {
    let agent = document.reader.agent().map(|agent| agent.0);
    forget(db, DELETE_EXPIRED, (agent, org.0, micros(document.created_at)))?;
    let replaced = forget(db, OLD_TEXT, (document.id.0, org.0))? > 0;
    let text = contents::put(db, text, IN_ROW_BYTES_MAX)?;
    let sql = if replaced { REPLACE } else { INSERT };
    let expires_at = maybe_micros(document.expires_at);
    run(db, sql, (document.id.0, org.0, agent, expires_at, to_json(document)?, text))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, org: OrgId, id: DocumentId) -> Result<(), Fault> {
    found(forget(db, DELETE, (id.0, org.0))?)
}

/// Deletes the texts outside the rows that a statement gives; the number of rows.
fn forget(db: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize, Fault> {
    Ok(many(db, sql, params, |row| contents::delete(db, row, 0))?.len())
}

pub(crate) fn find(db: &Connection, org: OrgId, id: DocumentId) -> Result<Option<Document>, Fault> {
    one(db, FIND, (id.0, org.0), read)
}

pub(crate) fn list(db: &Connection, org: OrgId, agent: AgentId, now: Timestamp) -> Result<Vec<Document>, Fault> {
    many(db, LIST, (agent.0, org.0, micros(now)), read)
}

/// Those that every agent reads, oldest first.
pub(crate) fn list_of_all(db: &Connection, org: OrgId) -> Result<Vec<Document>, Fault> {
    many(db, LIST_OF_ALL, [org.0], read)
}

/// Those that an agent reads: its own, then those that every agent reads.
pub(crate) fn list_read_by(
    db: &Connection,
    org: OrgId,
    agent: AgentId,
    now: Timestamp,
) -> Result<Vec<Document>, Fault> {
    many(db, LIST_READ_BY, (agent.0, org.0, micros(now)), read)
}

pub(crate) fn text(db: &Connection, org: OrgId, id: DocumentId) -> Result<Option<String>, Fault> {
    one(db, READ, (id.0, org.0), |row| contents::text(db, row, 0))
}

fn read(row: &Row<'_>) -> Result<Document, Fault> {
    json(row, 0)
}

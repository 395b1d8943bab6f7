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
    LIST = "select body from documents where agent = ?1 and org = ?2 and (expires_at is null or expires_at > ?3)
        order by number";
    READ = "select text from documents where id = ?1 and org = ?2";
    NEXT_AGENT = "select min(agent) from documents where agent > ?1";
}

/// The agents that may have documents, in memory: every run asks for its agent's, and most
/// agents have none. One that had some stays until the next start.
pub(crate) struct Documented(RwLock<HashSet<AgentId>>);

impl Documented {
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Self> {
        // From one to the next in the index, however many documents each has.
        let mut next = db.prepare(NEXT_AGENT)?;
        let mut agents = HashSet::new();
        let mut last = Uuid::nil();
        while let Some(agent) = next.query_row([last], |row| row.get::<_, Option<Uuid>>(0))? {
            agents.insert(AgentId(agent));
            last = agent;
        }
        Ok(Self(RwLock::new(agents)))
    }

    /// Before the commit that gives it a document: one too many does no harm.
    pub(crate) fn add(&self, agent: AgentId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(agent);
    }

    pub(crate) fn may_have_some(&self, agent: AgentId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&agent)
    }
}

/// Stores a document, in its old place if it replaces one. What has expired by then goes.
pub(crate) fn put(db: &Connection, org: OrgId, document: &Document, text: &str) -> Result<(), Fault> {
    forget(db, DELETE_EXPIRED, (document.agent.0, org.0, micros(document.created_at)))?;
    let replaced = forget(db, OLD_TEXT, (document.id.0, org.0))? > 0;
    let text = contents::put(db, text, IN_ROW_BYTES_MAX)?;
    let sql = if replaced { REPLACE } else { INSERT };
    let expires_at = maybe_micros(document.expires_at);
    run(db, sql, (document.id.0, org.0, document.agent.0, expires_at, to_json(document)?, text))?;
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

pub(crate) fn text(db: &Connection, org: OrgId, id: DocumentId) -> Result<Option<String>, Fault> {
    one(db, READ, (id.0, org.0), |row| contents::text(db, row, 0))
}

fn read(row: &Row<'_>) -> Result<Document, Fault> {
    json(row, 0)
}

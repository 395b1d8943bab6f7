//! Webhooks. What changes with what their receivers do has columns, which are what counts.

use domain::webhook::{Disabled, WAITING_MAX, Webhook, WhyDisabled, waiting_max};
use domain::{OrgId, Timestamp, WebhookId};
use rusqlite::{Connection, Row, named_params};

use crate::columns::{json, maybe_time, micros, to_json};
use crate::deliveries;
use crate::fault::{Fault, found};
use crate::sql::{exists, many, one, run, statements};

macro_rules! selected {
    ($rest:literal) => {
        concat!("select body, version, failing_since, disabled_at, disabled_why from webhooks where ", $rest)
    };
}

statements! {
    INSERT = "insert into webhooks (id, org, version, disabled_at, disabled_why, body)
        values (:id, :org, :version, :disabled_at, :disabled_why, :body)";
    // What its receiver does meanwhile is not lost; one that is enabled again begins anew.
    PUT = "update webhooks set version = :version, disabled_at = :disabled_at, disabled_why = :disabled_why,
          failing_since = iif(disabled_at is not null and :disabled_at is null, null, failing_since), body = :body
        where id = :id and org = :org and deleted = 0";
    OFF = "select number from webhooks where id = ?1 and org = ?2 and disabled_at is not null and deleted = 0";
    GIVE_ROOM = "update webhooks set waiting_max = ?2 where number = ?1";
    TOOK = "update webhooks set failing_since = null where id = ?1 and org = ?2 and failing_since is not null";
    FAILED = "update webhooks set failing_since = ?3 where id = ?1 and org = ?2 and failing_since is null";
    DISABLE = "update webhooks set version = version + 1, disabled_at = ?3, disabled_why = ?4
        where id = ?1 and org = ?2 and disabled_at is null";
    DELETE = "update webhooks set deleted = 1, body = '' where id = ?1 and org = ?2 and deleted = 0";
    IS_AT = "select 1 from webhooks where id = ?1 and org = ?2 and version = ?3 and deleted = 0";
    FIND = selected!("id = ?1 and org = ?2 and deleted = 0");
    LIST = selected!("org = ?1 and deleted = 0 order by number");
    NUMBERED = "select number, body, version, failing_since, disabled_at, disabled_why, waiting_max from webhooks
        where org = ?1 and deleted = 0 order by number";
    NEXT_ORG = "select min(org) from webhooks where deleted = 0 and org > ?1";
    WAIT = "select 1 from webhooks where deleted = 1 limit 1";
    NEXT_TO_CLEAR = "select number from webhooks where deleted = 1 order by number limit 1";
    CLEARED = "delete from webhooks where number = ?1";
}

pub(crate) fn insert(db: &Connection, org: OrgId, new: &Webhook) -> Result<(), Fault> {
    write(db, INSERT, org, new).map(drop)
}

/// Writes a webhook as it is now. What waits for one that is enabled begins anew.
pub(crate) fn put(db: &Connection, org: OrgId, changed: &Webhook) -> Result<(), Fault> {
    let was_off = match changed.disabled {
        None => one(db, OFF, (changed.id.0, org.0), |row| Ok(row.get::<_, i64>(0)?))?,
        Some(_) => None,
    };
    found(write(db, PUT, org, changed)?)?;
    if let Some(number) = was_off {
        let waiting = deliveries::begin_anew(db, number, changed.updated_at)?;
        run(db, GIVE_ROOM, (number, waiting_max(waiting)))?;
    }
    Ok(())
}

fn write(db: &Connection, sql: &str, org: OrgId, webhook: &Webhook) -> Result<usize, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.execute(named_params! {
        ":id": webhook.id.0,
        ":org": org.0,
        ":version": webhook.version.cast_signed(),
        ":disabled_at": webhook.disabled.map(|disabled| micros(disabled.at)),
        ":disabled_why": webhook.disabled.map(|disabled| disabled.why.as_str()),
        ":body": to_json(webhook)?,
    })?)
}

/// What was sent was taken; one that is gone needs no word of it.
pub(crate) fn took(db: &Connection, org: OrgId, id: WebhookId) -> Result<(), Fault> {
    run(db, TOOK, (id.0, org.0)).map(drop)
}

/// What was sent was not taken.
pub(crate) fn failed(db: &Connection, org: OrgId, id: WebhookId, at: Timestamp) -> Result<(), Fault> {
    run(db, FAILED, (id.0, org.0, micros(at))).map(drop)
}

pub(crate) fn disable(
    db: &Connection,
    org: OrgId,
    id: WebhookId,
    at: Timestamp,
    why: WhyDisabled,
) -> Result<(), Fault> {
    run(db, DISABLE, (id.0, org.0, micros(at), why.as_str())).map(drop)
}

/// The webhook is gone, and its secrets with it; its deliveries are cleared away later, since
/// they may be many.
pub(crate) fn delete(db: &Connection, org: OrgId, id: WebhookId) -> Result<(), Fault> {
    found(run(db, DELETE, (id.0, org.0))?)
}

pub(crate) fn is_at(db: &Connection, org: OrgId, id: WebhookId, version: u64) -> Result<bool, Fault> {
    exists(db, IS_AT, (id.0, org.0, version.cast_signed()))
}

pub(crate) fn find(db: &Connection, org: OrgId, id: WebhookId) -> Result<Option<Webhook>, Fault> {
    one(db, FIND, (id.0, org.0), |row| read(row, 0))
}

pub(crate) fn list(db: &Connection, org: OrgId) -> Result<Vec<Webhook>, Fault> {
    many(db, LIST, [org.0], |row| read(row, 0))
}

/// A webhook with what only the store knows of it.
#[derive(Debug)]
pub(crate) struct Numbered {
    pub(crate) number: i64,
    pub(crate) webhook: Webhook,
    /// How many deliveries may wait for it.
    pub(crate) waiting_max: u32,
}

/// All of an organization.
pub(crate) fn list_numbered(db: &Connection, org: OrgId) -> Result<Vec<Numbered>, Fault> {
    many(db, NUMBERED, [org.0], |row| {
        let given: Option<u32> = row.get(6)?;
        Ok(Numbered { number: row.get(0)?, webhook: read(row, 1)?, waiting_max: given.unwrap_or(WAITING_MAX) })
    })
}

/// The organizations that have webhooks, from one to the next in the index.
pub(crate) fn orgs(db: &Connection) -> rusqlite::Result<Vec<OrgId>> {
    let mut next = db.prepare(NEXT_ORG)?;
    let (mut orgs, mut last) = (Vec::new(), uuid::Uuid::nil());
    while let Some(org) = next.query_row([last], |row| row.get::<_, Option<uuid::Uuid>>(0))? {
        orgs.push(OrgId(org));
        last = org;
    }
    Ok(orgs)
}

/// Whether something of webhooks that are gone is to be cleared away.
pub(crate) fn wait(db: &Connection) -> Result<bool, Fault> {
    exists(db, WAIT, [])
}

/// Clears one bite away; whether there may be more.
pub(crate) fn clear_some(db: &Connection) -> Result<bool, Fault> {
    let Some(number) = one(db, NEXT_TO_CLEAR, [], |row| Ok(row.get::<_, i64>(0)?))? else { return Ok(false) };
    if deliveries::clear_some(db, number)? == 0 {
        run(db, CLEARED, [number])?;
    }
    Ok(true)
}

fn read(row: &Row<'_>, first: usize) -> Result<Webhook, Fault> {
    let disabled_at = maybe_time(row, first + 3)?;
    let why: Option<String> = row.get(first + 4)?;
    let disabled = disabled_at.zip(why).map(|(at, why)| Ok::<_, Fault>(Disabled { at, why: why_of(&why)? }));
    Ok(Webhook {
        version: row.get::<_, i64>(first + 1)?.cast_unsigned(),
        failing_since: maybe_time(row, first + 2)?,
        disabled: disabled.transpose()?,
        ..json(row, first)?
    })
}

fn why_of(text: &str) -> Result<WhyDisabled, Fault> {
    let known = WhyDisabled::ALL.into_iter().find(|why| why.as_str() == text);
    known.ok_or_else(|| Fault::damaged(format!("webhook disabled for {text:?}")))
}

//! The audit log. Nothing here changes or removes an entry, and the schema lets nobody.

use domain::OrgId;
use domain::audit::AuditEntry;
use ports::store::AuditFilter;
use rusqlite::{Connection, named_params};

use crate::columns::{json, limit, micros, to_json};
use crate::fault::Fault;
use crate::sql::{many, one, run, statements};

statements! {
    INSERT = "insert into audit (id, org, at, actor, action, body) values (?1, ?2, ?3, ?4, ?5, ?6)";
    PLACE = "select number from audit where id = ?1 and org = ?2";
    LIST = "select body from audit where org = :org and number < :after and at between :from and :until
        and (:actor is null or actor = :actor)
        and (:actions is null or action in (select value from json_each(:actions)))
        order by number desc limit :limit";
    LIST_PAGE = "select number, body from audit where org = ?1 and number > ?2 order by number limit ?3";
}

pub(crate) fn insert(db: &Connection, org: OrgId, new: &AuditEntry) -> Result<(), Fault> {
    let (actor, action) = (new.actor.name(), new.act.action.as_str());
    run(db, INSERT, (new.id.0, org.0, micros(new.at), actor, action, to_json(new)?)).map(drop)
}

pub(crate) fn list(db: &Connection, org: OrgId, filter: &AuditFilter) -> Result<Vec<AuditEntry>, Fault> {
    let after = match filter.after {
        // What comes after an entry that is not there is nothing.
        Some(entry) => one(db, PLACE, (entry.0, org.0), |row| Ok(row.get(0)?))?.unwrap_or(i64::MIN),
        None => i64::MAX,
    };
    let actions = if filter.actions.is_empty() { None } else { Some(to_json(&filter.actions)?) };
    let params = named_params! {
        ":org": org.0,
        ":after": after,
        ":from": filter.from.map_or(i64::MIN, micros),
        ":until": filter.until.map_or(i64::MAX, micros),
        ":actor": filter.actor,
        ":actions": actions,
        ":limit": limit(filter.limit),
    };
    many(db, LIST, params, |row| json(row, 0))
}

/// Those behind a number, oldest first, each with its number.
pub(crate) fn list_page(db: &Connection, org: OrgId, after: i64, most: usize) -> Result<Vec<(i64, AuditEntry)>, Fault> {
    many(db, LIST_PAGE, (org.0, after, limit(Some(most))), |row| Ok((row.get(0)?, json(row, 1)?)))
}

#[cfg(test)]
mod tests {
    use domain::audit::{Act, Action, Actor};
    use domain::{AuditId, Timestamp};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn nobody_changes_or_removes_an_entry() {
        let mut db = Connection::open_in_memory().unwrap();
        crate::migrations::migrate(&mut db, 0).unwrap();
        let org = OrgId(Uuid::nil());
        let act = Act::new(Action::KeyCreated, "key");
        let (id, at) = (AuditId(Uuid::nil()), Timestamp::UNIX_EPOCH);
        insert(&db, org, &AuditEntry { id, at, actor: Actor::Operator, act }).unwrap();
        for attempt in ["update audit set at = 1", "delete from audit"] {
            assert!(db.execute(attempt, []).is_err(), "{attempt}");
        }
        assert_eq!(list(&db, org, &AuditFilter::default()).unwrap().len(), 1);
    }
}

//! What is on its way to webhooks, and was.

use domain::webhook::{Delivery, DeliveryState, OVER_KEPT_FOR, OVER_KEPT_MAX};
use domain::{DeliveryId, OrgId, Timestamp, WebhookId};
use ports::store::DueWebhook;
use rusqlite::{Connection, Row, named_params};

use crate::columns::{id, limit, maybe_micros, micros, time, to_json};
use crate::fault::{Fault, found};
use crate::retention::Old;
use crate::sql::{exists, many, one, run, statements};

/// A delivery's place is its webhook's number and, in the low bits, its own.
const OWN_BITS: u32 = 32;
const OWN_MAX: i64 = (1 << OWN_BITS) - 1;

/// Those that are over and go with each that comes, so that no commit is held up by many.
const FORGOTTEN_AT_ONCE: i64 = 4;
/// Those that go at once with their webhook.
const BITE: i64 = 500;

macro_rules! selected {
    ($rest:literal) => {
        concat!(
            "select d.id, w.id, d.type, d.body, d.created_at, d.queued_at, d.attempts, d.due_at, d.taken, d.last
             from webhooks w join deliveries d ",
            $rest
        )
    };
}

statements! {
    // A second one of the same notice is the first.
    INSERT = "insert into deliveries (place, webhook, id, created_at, due_at, queued_at, type, body)
        values (:place, :webhook, :id, :created_at, :due_at, :queued_at, :type, :body) on conflict (id) do nothing";
    PUT = "update deliveries set due_at = :due_at, taken = :taken, attempts = :attempts, queued_at = :queued_at,
          last = :last
        where id = :id and webhook = (select number from webhooks where id = :webhook and org = :org and deleted = 0)";
    BEGIN_ANEW = "update deliveries set due_at = ?2, queued_at = ?2, attempts = 0
        where webhook = ?1 and due_at is not null";
    IS_AT = "select 1 from deliveries where id = ?1 and attempts = ?2 and due_at is not null
        and webhook = (select number from webhooks where id = ?3 and org = ?4 and deleted = 0)";
    WAITS = "select 1 from deliveries where id = ?1 and due_at is not null";
    LAST = "select place from deliveries where place between ?1 and ?2 order by place desc limit 1";
    COUNT_WAITING = "select count(*) from deliveries where webhook = ?1 and due_at is not null";
    OLDEST = "select place, created_at from deliveries where webhook = ?1 and due_at is null
        order by place limit ?2";
    FORGET = "delete from deliveries where place = ?1";
    NEXT_WEBHOOK = "select number from webhooks where number > ?1 order by number limit 1";
    OVER = "select place, created_at from deliveries where webhook = ?1 and due_at is null order by place";
    // One that is to be sent again meanwhile stays.
    FORGET_OLD = "delete from deliveries where place in (select value from json_each(?1)) and due_at is null";
    CLEAR = "delete from deliveries where place in (
          select place from deliveries where place between ?1 and ?2 order by place limit ?3)";
    FIND = selected!("on d.webhook = w.number where d.id = ?1 and w.id = ?2 and w.org = ?3 and w.deleted = 0");
    PLACE = "select d.place from webhooks w join deliveries d on d.webhook = w.number
        where d.id = ?1 and w.id = ?2 and w.org = ?3 and w.deleted = 0";
    LIST = selected!("on d.place between w.number << 32 and (w.number << 32) + ?3
        where w.id = ?1 and w.org = ?2 and w.deleted = 0 order by d.place desc limit ?4");
    LIST_DUE = selected!("on d.webhook = w.number and d.due_at <= ?3
        where w.id = ?1 and w.org = ?2 and w.deleted = 0 order by d.due_at, d.place limit ?4");
    FIRST_WAITING = "select webhook, due_at from deliveries where due_at is not null and webhook > ?1
        order by webhook, due_at limit 1";
    RECEIVER = "select org, id, failing_since is not null from webhooks
        where number = ?1 and deleted = 0 and disabled_at is null";
}

/// The place behind the last one of a webhook.
pub(crate) fn next_own(db: &Connection, webhook: i64) -> Result<i64, Fault> {
    let last = one(db, LAST, (place(webhook, 0), place(webhook, OWN_MAX)), |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(last.map_or(1, |last| (last & OWN_MAX) + 1))
}

/// How many wait for a webhook.
pub(crate) fn count_waiting(db: &Connection, webhook: i64) -> Result<u32, Fault> {
    let counted = one(db, COUNT_WAITING, [webhook], |row| Ok(row.get::<_, u32>(0)?))?;
    Ok(counted.unwrap_or_default())
}

/// Queues a delivery at this place of its webhook's, and forgets some that are long over.
/// `false` if it is there already.
pub(crate) fn insert(db: &Connection, webhook: i64, own: i64, new: &Delivery) -> Result<bool, Fault> {
    if own > OWN_MAX {
        return Err(Fault::damaged("the webhook's deliveries cannot be counted any further"));
    }
    let mut statement = db.prepare_cached(INSERT)?;
    let inserted = statement.execute(named_params! {
        ":place": place(webhook, own),
        ":webhook": webhook,
        ":id": new.id.0,
        ":created_at": micros(new.created_at),
        ":due_at": maybe_micros(new.due()),
        ":queued_at": micros(new.queued_at),
        ":type": new.kind.as_str(),
        ":body": new.body,
    })?;
    forget_some(db, webhook, own, new.created_at)?;
    Ok(inserted > 0)
}

/// What waits for a webhook is due at this time, with all attempts before it; how many that are.
pub(crate) fn begin_anew(db: &Connection, webhook: i64, at: Timestamp) -> Result<u32, Fault> {
    u32::try_from(run(db, BEGIN_ANEW, (webhook, micros(at)))?).map_err(Fault::damaged)
}

/// Forgets the oldest of a webhook that are long over, or too many; what waits stays.
fn forget_some(db: &Connection, webhook: i64, own: i64, now: Timestamp) -> Result<(), Fault> {
    let before = micros(now.saturating_sub(OVER_KEPT_FOR).map_err(Fault::damaged)?);
    let kept = place(webhook, own.saturating_sub_unsigned(OVER_KEPT_MAX).max(0));
    let oldest =
        many(db, OLDEST, (webhook, FORGOTTEN_AT_ONCE), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    for (place, created_at) in oldest {
        if created_at < before || place < kept {
            run(db, FORGET, [place])?;
        }
    }
    Ok(())
}

/// Those to all webhooks that are over and from before a time.
pub(crate) fn old(db: &Connection, before: Timestamp) -> Result<Old, Fault> {
    let (mut old, mut last) = (Old::default(), 0);
    while let Some(number) = one(db, NEXT_WEBHOOK, [last], |row| Ok(row.get::<_, i64>(0)?))? {
        last = number;
        let mut statement = db.prepare_cached(OVER)?;
        let rows = statement.query_and_then([number], |row| Ok::<_, Fault>((row.get(0)?, time(row.get(1)?)?)))?;
        old.take(before, rows)?;
    }
    Ok(old)
}

/// Forgets those at these places.
pub(crate) fn forget(db: &Connection, places: &[i64]) -> Result<(), Fault> {
    run(db, FORGET_OLD, [to_json(&places)?]).map(drop)
}

/// Writes where a delivery stands. Whether it has come to wait, or waits no more.
pub(crate) fn put(db: &Connection, org: OrgId, changed: &Delivery) -> Result<i32, Fault> {
    let waited = exists(db, WAITS, [changed.id.0])?;
    let mut statement = db.prepare_cached(PUT)?;
    found(statement.execute(named_params! {
        ":id": changed.id.0,
        ":webhook": changed.webhook.0,
        ":org": org.0,
        ":due_at": maybe_micros(changed.due()),
        ":taken": changed.state == DeliveryState::Delivered,
        ":attempts": changed.attempts,
        ":queued_at": micros(changed.queued_at),
        ":last": changed.last.as_ref().map(to_json).transpose()?,
    })?)?;
    Ok(i32::from(changed.due().is_some()) - i32::from(waited))
}

pub(crate) fn is_at(
    db: &Connection,
    org: OrgId,
    webhook: WebhookId,
    delivery: DeliveryId,
    attempts: u32,
) -> Result<bool, Fault> {
    exists(db, IS_AT, (delivery.0, attempts, webhook.0, org.0))
}

pub(crate) fn find(
    db: &Connection,
    org: OrgId,
    webhook: WebhookId,
    delivery: DeliveryId,
) -> Result<Option<Delivery>, Fault> {
    one(db, FIND, (delivery.0, webhook.0, org.0), read)
}

/// Those of a webhook behind one of them, newest first.
pub(crate) fn list(
    db: &Connection,
    org: OrgId,
    webhook: WebhookId,
    after: Option<DeliveryId>,
    most: usize,
) -> Result<Vec<Delivery>, Fault> {
    let last = match after {
        None => OWN_MAX,
        Some(after) => match one(db, PLACE, (after.0, webhook.0, org.0), |row| Ok(row.get::<_, i64>(0)?))? {
            Some(place) => (place & OWN_MAX) - 1,
            // It is long over and gone, and all behind it with it.
            None => return Ok(Vec::new()),
        },
    };
    many(db, LIST, (webhook.0, org.0, last, limit(Some(most))), read)
}

/// Those of a webhook that are due, the first to be sent first.
pub(crate) fn list_due(
    db: &Connection,
    org: OrgId,
    webhook: WebhookId,
    by: Timestamp,
    most: usize,
) -> Result<Vec<Delivery>, Fault> {
    many(db, LIST_DUE, (webhook.0, org.0, micros(by), limit(Some(most))), read)
}

/// The webhooks for which deliveries wait: from the first of one to the first of the next in
/// the index, however many wait for each.
pub(crate) fn due_webhooks(db: &Connection) -> Result<Vec<DueWebhook>, Fault> {
    let (mut due, mut last) = (Vec::new(), 0);
    while let Some((number, at)) = one(db, FIRST_WAITING, [last], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))? {
        last = number;
        let at = time(at)?;
        due.extend(one(db, RECEIVER, [number], |row| {
            Ok(DueWebhook { org: id(row, 0)?, webhook: id(row, 1)?, is_failing: row.get(2)?, due: at })
        })?);
    }
    Ok(due)
}

/// Deletes a bite of the deliveries to a webhook that is gone; how many.
pub(crate) fn clear_some(db: &Connection, webhook: i64) -> Result<usize, Fault> {
    run(db, CLEAR, (place(webhook, 0), place(webhook, OWN_MAX), BITE))
}

fn place(webhook: i64, own: i64) -> i64 {
    (webhook << OWN_BITS) | own
}

fn read(row: &Row<'_>) -> Result<Delivery, Fault> {
    let due: Option<i64> = row.get(7)?;
    let state = match (due, row.get(8)?) {
        (Some(due), _) => DeliveryState::Waiting { due: time(due)? },
        (None, true) => DeliveryState::Delivered,
        (None, false) => DeliveryState::GivenUp,
    };
    let last: Option<String> = row.get(9)?;
    Ok(Delivery {
        id: id(row, 0)?,
        webhook: id(row, 1)?,
        kind: row.get_ref(2)?.as_str().map_err(Fault::damaged)?.parse().map_err(Fault::damaged)?,
        body: row.get(3)?,
        created_at: time(row.get(4)?)?,
        queued_at: time(row.get(5)?)?,
        attempts: row.get(6)?,
        state,
        last: last.map(|last| serde_json::from_str(&last)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::webhook::Notice;
    use jiff::SignedDuration;
    use uuid::Uuid;

    fn migrated() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        crate::migrations::migrate(&mut db, 0).unwrap();
        db
    }

    fn delivery(n: u128, at: Timestamp) -> Delivery {
        Delivery::of(&Notice::test(Uuid::from_u128(n), at), WebhookId(Uuid::nil()), None)
    }

    fn kept(db: &Connection) -> Vec<i64> {
        many(db, "select place & 4294967295 from deliveries order by place", [], |row| Ok(row.get(0)?)).unwrap()
    }

    #[test]
    fn what_is_long_over_goes_as_new_ones_come() {
        let db = migrated();
        for n in 1..=8i64 {
            insert(&db, 7, n, &delivery(n.cast_unsigned().into(), Timestamp::UNIX_EPOCH)).unwrap();
        }
        // All but the first four are over: what waits in front keeps nothing that is behind it.
        db.execute("update deliveries set due_at = null where place & 4294967295 > 4", []).unwrap();
        let young = Timestamp::UNIX_EPOCH + OVER_KEPT_FOR;
        insert(&db, 7, 9, &delivery(9, young)).unwrap();
        assert_eq!(kept(&db).len(), 9, "it is not yet long");
        let late = young + SignedDuration::from_secs(1);
        for (n, left) in [(10i64, vec![1, 2, 3, 4]), (11, vec![1, 2, 3, 4])] {
            insert(&db, 7, n, &delivery(n.cast_unsigned().into(), late)).unwrap();
            let old: Vec<i64> = kept(&db).into_iter().filter(|own| *own < 9).collect();
            assert_eq!(old, left, "with the {n}th");
        }
        assert_eq!(next_own(&db, 7).unwrap(), 12);
        let far = OVER_KEPT_MAX.cast_signed() + 20;
        db.execute("update deliveries set due_at = null", []).unwrap();
        insert(&db, 7, far, &delivery(99, late)).unwrap();
        insert(&db, 7, far + 1, &delivery(100, late)).unwrap();
        assert_eq!(kept(&db), [far, far + 1], "only so many are kept");
    }

    #[test]
    fn a_webhook_that_is_gone_is_cleared_away_in_bites() {
        let db = migrated();
        let sql = "insert into webhooks (id, org, version, body, deleted) values (x'01', x'02', 1, '', ?1)";
        db.execute(sql, [1]).unwrap();
        let sql = "insert into deliveries (place, webhook, id, created_at, queued_at, type, body)
            values (?1, ?2, ?3, 0, 0, 'webhook.test', '')";
        for n in 0..BITE + 1 {
            db.execute(sql, (place(1, n + 1), 1, n.to_be_bytes())).unwrap();
        }
        db.execute(sql, (place(2, 1), 2, b"other")).unwrap();
        let mut left = Vec::new();
        while crate::webhooks::wait(&db).unwrap() {
            crate::webhooks::clear_some(&db).unwrap();
            left.push(kept(&db).len());
        }
        assert_eq!(left, [2, 1, 1], "the other webhook's stays");
    }
}

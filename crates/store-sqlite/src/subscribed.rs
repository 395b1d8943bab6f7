//! Who is told of what, in the writer's memory: organizations without webhooks must not pay for
//! those that have some, not even by a query.

use std::collections::{HashMap, HashSet};

use domain::webhook::{Delivery, Notice, WebhookSettings, WhyDisabled};
use domain::{OrgId, ProjectId, WebhookId};
use ports::Refusal;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::sql::{one, statements};
use crate::webhooks::Numbered;
use crate::{columns, deliveries, webhooks};

statements! {
    PROJECT_OF = "select project from sessions where id = ?1 and org = ?2";
}

/// The webhooks of all organizations that have some.
///
/// What a transaction has changed here may be undone with it, so whatever it touched is read
/// anew after a part of it was rolled back.
#[derive(Debug, Default)]
pub(crate) struct Subscribed {
    by_org: HashMap<OrgId, Vec<Subscription>>,
    /// Read anew before they are used.
    stale: HashSet<OrgId>,
    /// Changed by this transaction,
    touched: HashSet<OrgId>,
    /// and by this job of it.
    touched_by_job: HashSet<OrgId>,
}

#[derive(Debug)]
struct Subscription {
    id: WebhookId,
    number: i64,
    settings: WebhookSettings,
    is_disabled: bool,
    /// Where its next delivery stands.
    next: i64,
    /// Deliveries that wait,
    waiting: u32,
    /// and may.
    waiting_max: u32,
}

impl Subscribed {
    /// Those of all organizations.
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let stale: HashSet<OrgId> = webhooks::orgs(db)?.into_iter().collect();
        // Read when they are needed: what an organization has is looked at with its next commit.
        let by_org = stale.iter().map(|org| (*org, Vec::new())).collect();
        Ok(Self { by_org, stale, ..Self::default() })
    }

    /// Whether an organization may have webhooks.
    pub(crate) fn has(&self, org: OrgId) -> bool {
        self.by_org.get(&org).is_some_and(|known| !known.is_empty() || self.stale.contains(&org))
    }

    /// The webhooks of an organization have changed.
    pub(crate) fn change(&mut self, org: OrgId) {
        self.by_org.entry(org).or_default();
        self.stale.insert(org);
        self.touch(org);
    }

    /// A transaction begins.
    pub(crate) fn begin(&mut self) {
        self.touched.clear();
    }

    /// The transaction was undone.
    pub(crate) fn undo(&mut self) {
        self.stale.extend(self.touched.iter().copied());
    }

    /// A job of the transaction begins that may be undone alone.
    pub(crate) fn begin_job(&mut self) {
        self.touched_by_job.clear();
    }

    /// The job was undone. What others did in the transaction stays, and what is known of it.
    pub(crate) fn undo_job(&mut self) {
        self.stale.extend(self.touched_by_job.drain());
    }

    fn touch(&mut self, org: OrgId) {
        self.touched.insert(org);
        self.touched_by_job.insert(org);
    }

    /// Queues a notice for each webhook that wants it; how many do.
    pub(crate) fn queue(&mut self, db: &Connection, org: OrgId, notice: &Notice) -> Result<usize, Fault> {
        let subscriptions = self.of(db, org)?;
        if subscriptions.iter().all(|subscription| subscription.is_disabled) {
            return Ok(0);
        }
        let project = project_of(db, org, notice)?;
        let mut queued = 0;
        for subscription in subscriptions {
            if !subscription.is_disabled && subscription.settings.wants(notice.kind, project) {
                queued += usize::from(subscription.queue(db, org, notice, project)?);
            }
        }
        Ok(queued)
    }

    /// Queues a notice for one webhook, whatever it wants. Refused if that is disabled, or too
    /// many wait for it.
    pub(crate) fn queue_for(
        &mut self,
        db: &Connection,
        org: OrgId,
        webhook: WebhookId,
        notice: &Notice,
    ) -> Result<(), Fault> {
        let found = self.of(db, org)?.iter_mut().find(|subscription| subscription.id == webhook);
        let has_room = |found: &&mut Subscription| !found.is_disabled && !found.is_full();
        let subscription = found.filter(has_room).ok_or(Refusal::Missing)?;
        subscription.queue(db, org, notice, notice.project).map(drop)
    }

    /// As many deliveries more, or less, wait for a webhook.
    pub(crate) fn count(&mut self, org: OrgId, webhook: WebhookId, more: i32) {
        self.touch(org);
        let known = self.by_org.get_mut(&org).into_iter().flatten().find(|known| known.id == webhook);
        if let Some(subscription) = known {
            subscription.waiting = subscription.waiting.saturating_add_signed(more);
        }
    }

    fn of(&mut self, db: &Connection, org: OrgId) -> Result<&mut Vec<Subscription>, Fault> {
        // The places that are given from here on may be taken back.
        self.touch(org);
        let known = self.by_org.entry(org).or_default();
        if self.stale.contains(&org) {
            *known = webhooks::list_numbered(db, org)?
                .into_iter()
                .map(|numbered| Subscription::read(db, numbered))
                .collect::<Result<_, _>>()?;
            self.stale.remove(&org);
        }
        Ok(known)
    }
}

impl Subscription {
    fn read(db: &Connection, numbered: Numbered) -> Result<Self, Fault> {
        let Numbered { number, webhook, waiting_max } = numbered;
        Ok(Self {
            id: webhook.id,
            number,
            is_disabled: webhook.disabled.is_some(),
            next: deliveries::next_own(db, number)?,
            waiting: deliveries::count_waiting(db, number)?,
            waiting_max,
            settings: webhook.settings,
        })
    }

    fn is_full(&self) -> bool {
        self.waiting >= self.waiting_max
    }

    /// Queues a notice; one that is there already is not queued again.
    fn queue(
        &mut self,
        db: &Connection,
        org: OrgId,
        notice: &Notice,
        project: Option<ProjectId>,
    ) -> Result<bool, Fault> {
        if self.is_full() {
            // Silence would look like nothing had happened.
            tracing::warn!(webhook.id = %self.id, "a webhook is disabled: {}", WhyDisabled::TooFarBehind.sentence());
            webhooks::disable(db, org, self.id, notice.at, WhyDisabled::TooFarBehind)?;
            self.is_disabled = true;
            return Ok(false);
        }
        let is_new = deliveries::insert(db, self.number, self.next, &Delivery::of(notice, self.id, project))?;
        if is_new {
            self.next += 1;
            self.waiting += 1;
        }
        Ok(is_new)
    }
}

/// The project that a notice is of. A session that is gone with this very commit has none.
fn project_of(db: &Connection, org: OrgId, notice: &Notice) -> Result<Option<ProjectId>, Fault> {
    match (notice.project, notice.session) {
        (Some(project), _) => Ok(Some(project)),
        (None, Some(session)) => one(db, PROJECT_OF, (session.0, org.0), |row| columns::id(row, 0)),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::webhook::{ENABLED_ROOM, WAITING_MAX, Webhook};
    use uuid::Uuid;

    fn migrated() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        crate::migrations::migrate(&mut db, 0).unwrap();
        db
    }

    fn insert(db: &Connection, org: OrgId, id: WebhookId) {
        let settings =
            WebhookSettings { url: "https://a.example".into(), event_types: None, project: None, description: None };
        let secret = serde_json::from_str("\"sealed\"").unwrap();
        webhooks::insert(db, org, &Webhook::create(id, settings, secret, Timestamp::UNIX_EPOCH).0).unwrap();
    }

    fn test(n: u128) -> Notice {
        Notice::test(Uuid::from_u128(n), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn one_that_is_enabled_has_room_for_more_however_many_wait() {
        let db = migrated();
        let (org, id) = (OrgId(Uuid::from_u128(1)), WebhookId(Uuid::from_u128(2)));
        insert(&db, org, id);
        let wait = |first: u32, last: u32| {
            let sql = "with recursive n (n) as (select ?1 union all select n + 1 from n where n < ?2)
                insert into deliveries (place, webhook, id, created_at, due_at, queued_at, attempts, type, body)
                select (1 << 32) + n, 1, cast(printf('%016d', n) as blob), 0, 7, 0, 3, 'webhook.test', '' from n";
            db.execute(sql, (first, last)).unwrap();
        };
        wait(1, WAITING_MAX);
        let mut subscribed = Subscribed::read(&db).unwrap();
        assert!(subscribed.queue_for(&db, org, id, &test(1)).is_err(), "there is no room");
        assert!(webhooks::find(&db, org, id).unwrap().unwrap().disabled.is_none(), "and nothing happened");
        assert_eq!(subscribed.queue(&db, org, &test(1)).unwrap(), 0);
        let off = webhooks::find(&db, org, id).unwrap().unwrap();
        let at = Timestamp::from_second(9).unwrap();
        webhooks::put(&db, org, &off.enabled(at).unwrap().0).unwrap();
        subscribed.change(org);
        let waiting = deliveries::list_due(&db, org, id, at, 1).unwrap().remove(0);
        assert_eq!((waiting.due(), waiting.queued_at, waiting.attempts), (Some(at), at, 0), "it begins anew");
        assert_eq!(subscribed.queue(&db, org, &test(2)).unwrap(), 1);
        subscribed.queue_for(&db, org, id, &test(3)).unwrap();
        wait(WAITING_MAX + 3, WAITING_MAX + ENABLED_ROOM);
        subscribed.change(org);
        assert_eq!(subscribed.queue(&db, org, &test(4)).unwrap(), 0, "there is an end to it");
        assert!(webhooks::find(&db, org, id).unwrap().unwrap().disabled.is_some());
    }

    #[test]
    fn a_job_that_is_undone_leaves_what_others_did() {
        let db = migrated();
        let [ours, theirs] = [1, 2].map(|n| OrgId(Uuid::from_u128(n)));
        insert(&db, ours, WebhookId(Uuid::from_u128(3)));
        insert(&db, theirs, WebhookId(Uuid::from_u128(4)));
        let mut subscribed = Subscribed::read(&db).unwrap();
        subscribed.begin();
        for (n, org) in [(5, ours), (6, theirs)] {
            subscribed.begin_job();
            assert_eq!(subscribed.queue(&db, org, &test(n)).unwrap(), 1);
        }
        subscribed.undo_job();
        assert_eq!(subscribed.stale, HashSet::from([theirs]));
        subscribed.undo();
        assert_eq!(subscribed.stale, HashSet::from([ours, theirs]), "the whole transaction");
    }

    #[test]
    fn one_that_falls_too_far_behind_is_disabled() {
        let db = migrated();
        let (org, id) = (OrgId(Uuid::from_u128(1)), WebhookId(Uuid::from_u128(2)));
        insert(&db, org, id);
        let mut subscribed = Subscribed::read(&db).unwrap();
        assert!(subscribed.has(org) && !subscribed.has(OrgId(Uuid::from_u128(9))));
        let notify = |subscribed: &mut Subscribed, n: u128| {
            subscribed.queue(&db, org, &Notice::test(Uuid::from_u128(n), Timestamp::UNIX_EPOCH)).unwrap()
        };
        assert_eq!(notify(&mut subscribed, 1), 1);
        assert_eq!(notify(&mut subscribed, 1), 0, "it is there already");
        subscribed.count(org, id, (WAITING_MAX - 2).cast_signed());
        assert_eq!([notify(&mut subscribed, 2), notify(&mut subscribed, 3), notify(&mut subscribed, 4)], [1, 0, 0]);
        let found = webhooks::find(&db, org, id).unwrap().unwrap();
        assert_eq!(found.disabled.map(|disabled| disabled.why), Some(WhyDisabled::TooFarBehind));
        assert_eq!(deliveries::list(&db, org, id, None, 9).unwrap().len(), 2);

        webhooks::delete(&db, org, id).unwrap();
        subscribed.change(org);
        assert!(subscribed.has(org), "it may have others");
        assert_eq!(notify(&mut subscribed, 5), 0);
        assert!(!subscribed.has(org), "it has none");
    }
}

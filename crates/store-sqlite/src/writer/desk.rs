//! What the writer works with inside a transaction: the connection, the lease that is good,
//! and what is to be told afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use domain::change::ChangeSet;
use domain::run::Fence;
use domain::{OrgId, Timestamp};
use ports::Committed;
use rusqlite::Connection;

use crate::budgets::Budgeted;
use crate::changes::{Application, Effects};
use crate::columns::micros;
use crate::documents::Documented;
use crate::fault::Fault;
use crate::planted::Planted;
use crate::subscribed::Subscribed;
use crate::{checks, leases, positions, runs};

/// What a transaction added to the organizations' orders.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// How many changes.
    pub(super) changes: usize,
    /// When the newest was made, in microseconds; 0 without one.
    pub(super) newest: i64,
    /// The last position of each organization that has new ones.
    pub(super) positions: Vec<(OrgId, u64)>,
}

pub(crate) struct Desk {
    pub(super) db: Connection,
    pub(super) effects: Effects,
    pub(super) planted: Planted,
    /// The newest lease, while it is good. The directory lock sees to it that no other
    /// process gives leases, so that none needs a heartbeat on disk.
    lease: Option<Fence>,
    /// The lease as it was when the transaction began.
    lease_before: Option<Fence>,
    /// Each organization's number and the last position given in it.
    positions: HashMap<OrgId, (i64, i64)>,
    budgeted: Budgeted,
    subscribed: Subscribed,
    pub(crate) documented: Arc<Documented>,
}

impl Desk {
    pub(crate) fn new(db: Connection, documented: Arc<Documented>, subscribed: Subscribed, planted: Planted) -> Self {
        let effects = Effects::default();
        let (positions, budgeted) = (HashMap::new(), Budgeted::default());
        Self { db, effects, planted, lease: None, lease_before: None, positions, budgeted, subscribed, documented }
    }

    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// For what an import puts in place beside change sets.
    pub(crate) fn accounts(&mut self) -> (&Connection, &mut Budgeted) {
        (&self.db, &mut self.budgeted)
    }

    pub(crate) fn apply(&mut self, org: OrgId, set: ChangeSet) -> Result<Committed, Fault> {
        let Self { db, effects, planted, lease, budgeted, documented, subscribed, .. } = self;
        let planted = *planted;
        Application { db, org, lease: *lease, effects, budgeted, documented, subscribed, planted }.apply(set)
    }

    /// The webhooks of an organization changed in another way than by a change set.
    pub(crate) fn webhooks_changed(&mut self, org: OrgId) {
        self.subscribed.change(org);
    }

    /// A session changed in another way than by a change set.
    pub(crate) fn session_changed(&mut self, org: OrgId, session: i64, at: Timestamp) {
        self.effects.changed.push((org, session, at));
    }

    /// What an organization watches by changed in another way than by a change set.
    pub(crate) fn monitors_changed(&mut self, org: OrgId) {
        self.effects.monitors.push(org);
    }

    /// See [`ports::Store::take_lease`].
    pub(crate) fn take_lease(&mut self, now: Timestamp) -> Result<Fence, Fault> {
        self.requeue(None)?;
        let fence = leases::insert(&self.db, now)?;
        self.lease = Some(fence);
        Ok(fence)
    }

    /// See [`ports::Store::end_lease`].
    pub(crate) fn end_lease(&mut self, fence: Fence) -> Result<(), Fault> {
        if self.lease == Some(fence) {
            self.requeue(Some(fence))?;
            self.lease = None;
        }
        Ok(())
    }

    pub(crate) fn is_good(&self, fence: Fence) -> bool {
        self.lease == Some(fence)
    }

    /// Writes, to see whether that can be done.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        checks::write(&self.db)
    }

    fn requeue(&mut self, fence: Option<Fence>) -> Result<(), Fault> {
        let taken = runs::requeue(&self.db, fence)?;
        self.effects.works += taken.len();
        self.effects.changed.extend(taken);
        Ok(())
    }

    /// Gives each session that this transaction changed its place in its organization's
    /// order.
    pub(super) fn record_positions(&mut self) -> Result<Recorded, Fault> {
        let mut changed = std::mem::take(&mut self.effects.changed);
        changed.sort_unstable_by_key(|(org, session, at)| (*org, *session, std::cmp::Reverse(*at)));
        changed.dedup_by_key(|(org, session, _)| (*org, *session));
        let mut recorded = Recorded { changes: changed.len(), ..Recorded::default() };
        for (org, session, at) in changed {
            let (number, last) = match self.positions.get(&org) {
                Some(known) => *known,
                None => {
                    let number = positions::org_number(&self.db, org)?;
                    let number = number.ok_or_else(|| Fault::damaged("a session's organization is not there"))?;
                    (number, positions::last(&self.db, number)?)
                }
            };
            let (position, at) = (last + 1, micros(at));
            positions::insert(&self.db, number, position, session, at)?;
            self.positions.insert(org, (number, position));
            recorded.newest = recorded.newest.max(at);
            match recorded.positions.last_mut() {
                Some((same, newest)) if *same == org => *newest = position.unsigned_abs(),
                _ => recorded.positions.push((org, position.unsigned_abs())),
            }
        }
        Ok(recorded)
    }

    pub(super) fn begin(&mut self) -> Result<(), Fault> {
        self.lease_before = self.lease;
        self.subscribed.begin();
        self.statement("begin immediate")
    }

    /// Undoes the whole transaction, whatever of it is left.
    pub(super) fn roll_back(&mut self) {
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("rollback")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.lease = self.lease_before;
        self.effects = Effects::default();
        // They may have been given in the transaction that is gone.
        self.positions.clear();
        self.budgeted = Budgeted::default();
        self.subscribed.undo();
    }

    /// Does one job's work; if it fails, undoes it and nothing else. `Err` if the failure
    /// took the whole transaction with it.
    pub(super) fn alone(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<Result<(), Fault>, Fault> {
        let mark = self.effects.mark();
        let lease = self.lease;
        self.subscribed.begin_job();
        self.statement("savepoint job")?;
        let done = work(self);
        if let Err(fault) = &done {
            if self.db.is_autocommit() {
                // SQLite itself has rolled back: the disk is full or failing.
                return Err(fault.clone());
            }
            self.statement("rollback to job")?;
            self.effects.take_back(mark);
            self.lease = lease;
            self.budgeted = Budgeted::default();
            self.subscribed.undo_job();
        }
        self.statement("release job")?;
        Ok(done)
    }

    pub(super) fn statement(&self, sql: &str) -> Result<(), Fault> {
        self.db.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

//! Letting go of old changes, a small bite at a time, after the callers were answered.
//!
//! Bites are taken as changes come, and each may take twice what came since the one before:
//! so the table cannot grow beyond what is to be kept, and nothing wakes up to look.

use ports::store::CHANGES_KEPT;

use super::desk::{Desk, Recorded};
use crate::fault::Fault;
use crate::positions;

/// Changes that come between two bites.
const EVERY_CHANGES: usize = 500;
/// Changes that go with one bite.
const BITE_MAX: i64 = 1_000;
/// Organizations that are looked at in one bite; the next bite goes on behind them.
const ORGS_MAX: usize = 16;

/// When to take the next bite, and where.
pub(super) struct Pruning {
    since_last: usize,
    /// When the last commit was: the store has no clock of its own. Not the latest time ever
    /// seen, lest a clock that once ran ahead make everything old.
    newest: i64,
    /// The number of the organization that was looked at last.
    org: i64,
}

impl Default for Pruning {
    /// The first change after a start is followed by a bite, so that a server which is often
    /// started anew lets go of old changes too.
    fn default() -> Self {
        Self { since_last: EVERY_CHANGES, newest: 0, org: 0 }
    }
}

impl Pruning {
    /// Takes note of what a commit added.
    pub(super) fn note(&mut self, recorded: &Recorded) {
        self.since_last += recorded.changes;
        if recorded.changes > 0 {
            self.newest = recorded.newest;
        }
    }

    /// Takes a bite if it is time. What cannot be let go of now stays for the next one.
    pub(super) fn after_commit(&mut self, desk: &mut Desk) {
        if self.since_last < EVERY_CHANGES || self.newest == 0 {
            return;
        }
        self.since_last = 0;
        if let Err(fault) = self.bite(desk) {
            desk.roll_back();
            tracing::warn!(?fault, "old changes could not be let go of");
        }
    }

    fn bite(&mut self, desk: &mut Desk) -> Result<(), Fault> {
        let kept = i64::try_from(CHANGES_KEPT.as_micros()).unwrap_or(i64::MAX);
        let before = self.newest.saturating_sub(kept);
        let mut left = BITE_MAX;
        desk.begin()?;
        for _ in 0..ORGS_MAX {
            let Some(org) = positions::next_org(desk.db(), self.org)? else {
                self.org = 0;
                break;
            };
            left -= i64::try_from(positions::prune(desk.db(), org, before, left)?).unwrap_or(left);
            if left <= 0 {
                // The next bite goes on here: one busy organization may need all of many.
                break;
            }
            self.org = org;
        }
        desk.statement("commit")
    }
}

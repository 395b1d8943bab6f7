//! Faults put in on purpose, so that the batteries can prove that they would be caught.
//!
//! Only a build with the feature `planted-bugs` knows how to switch one on.

use std::time::Duration;

use domain::{OrgId, SessionId};
use rusqlite::Connection;

/// A promise broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Commits are not flushed to disk.
    SkipFlush,
    /// A worker whose lease is no longer good may write.
    IgnoreFence,
    /// Callers are answered before the commit.
    AcknowledgeBeforeCommit,
    /// A session is found whatever its organization.
    ForgetOrg,
    /// What is read behind a cursor leaves out what comes first.
    SkipReplayed,
}

impl PlantedBug {
    /// How long before the commit callers are answered: long enough to be caught in, also where
    /// the disk is fast and the machine is busy.
    pub(crate) const HEAD_START: Duration = Duration::from_millis(15);
}

/// The bug that a store has been given, if any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted(#[cfg(feature = "planted-bugs")] Option<PlantedBug>);

impl Planted {
    /// With this bug.
    #[cfg(feature = "planted-bugs")]
    pub fn with(bug: PlantedBug) -> Self {
        Self(Some(bug))
    }

    /// With the bug that the environment names in `SORTIE_PLANTED_BUG`, for batteries that
    /// start the whole server: `skip-flush`, `ignore-fence`, `acknowledge-before-commit`,
    /// `forget-org` or `skip-replayed`.
    pub(crate) fn or_from_environment(self) -> Self {
        #[cfg(feature = "planted-bugs")]
        if self.0.is_none() {
            return Self(std::env::var("SORTIE_PLANTED_BUG").ok().and_then(|name| match name.as_str() {
                "skip-flush" => Some(PlantedBug::SkipFlush),
                "ignore-fence" => Some(PlantedBug::IgnoreFence),
                "acknowledge-before-commit" => Some(PlantedBug::AcknowledgeBeforeCommit),
                "forget-org" => Some(PlantedBug::ForgetOrg),
                "skip-replayed" => Some(PlantedBug::SkipReplayed),
                _ => None,
            }));
        }
        self
    }

    /// The organization as which a session is looked up: the caller's.
    pub(crate) fn org_of(self, _db: &Connection, _session: SessionId, org: OrgId) -> OrgId {
        #[cfg(feature = "planted-bugs")]
        if self.is(PlantedBug::ForgetOrg) {
            let owner = _db.query_row("select org from sessions where id = ?1", [_session.0], |row| row.get(0));
            return owner.map_or(org, OrgId);
        }
        org
    }

    /// What is read behind.
    pub(crate) fn cursor(self, after: u64) -> u64 {
        after + u64::from(after > 0 && self.is(PlantedBug::SkipReplayed))
    }

    /// Whether this bug is there.
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn is(self, bug: PlantedBug) -> bool {
        self.0 == Some(bug)
    }

    /// Whether this bug is there: never.
    #[cfg(not(feature = "planted-bugs"))]
    pub(crate) fn is(self, _: PlantedBug) -> bool {
        false
    }
}

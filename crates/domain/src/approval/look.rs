//! A rollout as the rules look at it: read once for all of them, and compared only so much.
//!
//! Patterns and paths come from outside and meet each other at every report, while others wait.
//! What is compared has an end, therefore, and beyond it nothing is known, which is asked about.

use std::cell::{Cell, OnceCell};

use jiff::Zoned;

use super::paths::{Patterns, branch, changed_paths};
use crate::id::ProjectId;
use crate::rollout::Rollout;

/// How much is compared for one report, as bytes of patterns times bytes of text: some tens of
/// milliseconds of patterns that were made to be slow, and a thousand files against a kilobyte
/// of patterns.
const WORK_MAX: u64 = 16 << 20;

/// Bytes of text that reading a byte of a pattern is worth.
const READING: u64 = 512;

/// A rollout, and the moment at which it is looked at.
pub(super) struct Look<'a> {
    rollout: &'a Rollout,
    /// Now, by the organization's clock.
    pub(super) at: &'a Zoned,
    changed: OnceCell<Option<Vec<String>>>,
    work_left: Cell<u64>,
}

impl<'a> Look<'a> {
    pub(super) fn at(rollout: &'a Rollout, at: &'a Zoned) -> Self {
        Self { rollout, at, changed: OnceCell::new(), work_left: Cell::new(WORK_MAX) }
    }

    pub(super) fn is_of(&self, project: ProjectId) -> bool {
        self.rollout.project == project
    }

    /// Whether its branch is one of these, or not known.
    pub(super) fn is_on(&self, branches: &[String]) -> bool {
        let Some(branch) = branch(self.rollout.details.git_ref.as_deref()) else { return true };
        !self.affords(branches, branch.len())
            || Patterns::of_branches(branches).map_or(true, |patterns| patterns.mean(branch))
    }

    /// Whether it changes one of these paths, or that is not known.
    pub(super) fn changes(&self, paths: &[String]) -> bool {
        let Some(changed) = self.changed.get_or_init(|| changed_paths(&self.rollout.details.metadata)) else {
            return true;
        };
        !self.affords(paths, changed.iter().map(String::len).sum())
            || Patterns::read(paths.iter().map(String::as_str))
                .map_or(true, |patterns| changed.iter().any(|path| patterns.mean(path)))
    }

    /// Whether so much text may yet be compared with these patterns.
    fn affords(&self, patterns: &[String], text: usize) -> bool {
        let patterns: usize = patterns.iter().map(String::len).sum();
        let work = (patterns as u64).saturating_mul((text as u64).saturating_add(READING));
        let left = self.work_left.get().checked_sub(work);
        self.work_left.set(left.unwrap_or(self.work_left.get()));
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::rule::tests::rollout;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use serde_json::json;

    #[test]
    fn what_would_take_too_long_to_compare_is_asked_about() {
        let paths: Vec<String> = (0..100).map(|n| format!("{n:0100}")).collect();
        let rollout = rollout(1, Some(&"b".repeat(10_000)), &json!({ "changed_paths": paths }));
        let at = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let look = Look::at(&rollout, &at);
        let elsewhere = ["web/**".to_owned()];
        assert!(!look.changes(&elsewhere) && !look.is_on(&elsewhere));
        let slow = vec![format!("*{}", "a".repeat(255)); 20];
        assert!(look.changes(&slow), "too much at once");
        assert!(!look.changes(&elsewhere), "which takes nothing from the others");
        let slow = vec!["*a???????b".to_owned()];
        let asked = (0..1_000).filter(|_| look.changes(&slow) && look.is_on(&slow)).count();
        assert!(asked > 800, "{asked} of 1,000 rules were not compared");
        assert!(!Look::at(&rollout, &at).changes(&slow), "the next look begins anew");
    }
}

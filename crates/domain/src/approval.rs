//! Approvals of rollouts: which rollouts wait for people, for whom, and what these decide.
//!
//! A rule looks at what a pipeline reports ([`Rollout::considered`](crate::rollout::Rollout)). A rollout that is reported
//! pending and that rules ask about waits, and what is decided about it is bound to its commit
//! and to that it is pending still ([`Approval`]). Nothing here keeps a pipeline from going on:
//! it asks, and is told.

mod look;
mod paths;
mod request;
mod rule;
mod window;

pub use paths::changed_paths;
pub use request::{
    Approval, ApprovalState, Ask, Considered, Decision, DecisionRefusal, Outcome, Verdict, VoidCause, Vote,
};
pub use rule::{ApprovalRule, Approvers, EXPIRES_AFTER_DEFAULT, RULES_MAX, RuleSpec};
pub use window::{Day, NotATime, TimeOfDay, Window};

//! What people were asked about a deployment, as it is shown with it and told in its session.

use domain::Timestamp;
use domain::approval::{Approval, Ask, Outcome, VoidCause};
use domain::rights::Role;
use domain::rollout::Rollout;
use serde::Serialize;
use utoipa::ToSchema;

use crate::times::iso;

/// What people were asked about a deployment, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// `pending_approval`, `approved`, `rejected` or `void`.
    state: &'static str,
    /// Why it was rejected (`expired` if nobody decided in time), or is void.
    reason: Option<String>,
    /// The commit that was asked about, and that alone.
    commit_sha: Option<String>,
    requested_at: String,
    /// When it is rejected if nobody decides.
    expires_at: String,
    decided_at: Option<String>,
    /// Names of those who approved.
    approved_by: Vec<String>,
    /// Who still must.
    still_needed: Vec<Needed>,
}

/// Approvals that a rule still wants.
#[derive(Debug, Serialize, ToSchema)]
struct Needed {
    /// The rule's name.
    rule: String,
    /// How many.
    count: u32,
    /// Of whoever has one of these roles,
    roles: Vec<&'static str>,
    /// and of these members.
    members: Vec<String>,
}

impl ApprovalView {
    pub(crate) fn of(rollout: &Rollout) -> Option<Self> {
        rollout.approval.as_ref().map(|approval| Self {
            state: approval.state.as_str(),
            reason: approval.state.reason().map(str::to_owned),
            commit_sha: approval.commit.clone(),
            requested_at: iso(approval.asked_at),
            expires_at: iso(approval.expires_at),
            decided_at: approval.state.since().map(iso),
            approved_by: approval.votes.iter().map(|vote| vote.name.clone()).collect(),
            still_needed: approval.asks.iter().filter_map(|ask| Needed::of(rollout, approval, ask)).collect(),
        })
    }
}

impl Needed {
    fn of(rollout: &Rollout, approval: &Approval, ask: &Ask) -> Option<Self> {
        let count = rollout.votes_missing(approval, ask);
        let needed = Self {
            rule: ask.name.clone(),
            count,
            roles: ask.approvers.roles.iter().copied().map(Role::as_str).collect(),
            members: ask.approvers.members.iter().map(ToString::to_string).collect(),
        };
        Some(needed).filter(|_| count > 0 && approval.is_open())
    }
}

/// What is told when people are asked.
pub(crate) fn asked(rules: &[String], expires_at: Timestamp) -> String {
    format!("The deployment waits for approval ({}) until {}.", rules.join(", "), iso(expires_at))
}

/// What is told when they have decided, or will not.
pub(crate) fn said(outcome: &Outcome) -> String {
    let why = |reason: &Option<String>| reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match outcome {
        Outcome::Approved { name, reason, still_needed: 0, .. } => {
            format!("{name} approved the deployment, which may go on{}", why(reason))
        }
        Outcome::Approved { name, reason, still_needed, .. } => {
            format!("{name} approved the deployment, which needs {still_needed} more{}", why(reason))
        }
        Outcome::Rejected { name, reason, .. } => format!("{name} rejected the deployment{}", why(reason)),
        Outcome::Expired => "Nobody decided in time: the deployment is rejected (expired).".to_owned(),
        Outcome::Void { cause } => format!("The approval is void: {}.", because(*cause)),
    }
}

fn because(cause: VoidCause) -> &'static str {
    match cause {
        VoidCause::Commit => "the deployment is of another commit",
        VoidCause::Status => "the deployment moved on before it was decided",
        VoidCause::Report => "what was reported since needs other approvals",
        VoidCause::Superseded => "its pipeline reported another commit, as a deployment of its own",
        VoidCause::Exported => "the organization was moved",
    }
}

/// How much it matters in a log.
pub(crate) fn kind_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Approved { .. } => "info",
        Outcome::Rejected { .. } | Outcome::Expired | Outcome::Void { .. } => "warning",
    }
}

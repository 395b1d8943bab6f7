//! What is to be done, of all organizations: by whom it is found and when.

use domain::{OrgId, RolloutId, RunId, SessionId, Timestamp, WebhookId};

/// A run that a worker may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyRun {
    /// Whose it is.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
}

/// A watch, and when something is to be done in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueWatch {
    /// Whose it is.
    pub org: OrgId,
    /// The session it is told of in.
    pub session: SessionId,
    /// When.
    pub due: Timestamp,
}

/// A rollout that waits for approval, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueApproval {
    /// Whose it is.
    pub org: OrgId,
    /// The rollout.
    pub rollout: RolloutId,
    /// When it is due.
    pub due: Timestamp,
}

/// A webhook, and when something is to be sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueWebhook {
    /// Whose it is.
    pub org: OrgId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Whether nobody took what was sent to it last.
    pub is_failing: bool,
    /// When.
    pub due: Timestamp,
}

/// An address that is to be told how a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCallback {
    /// Whose run it is.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
    /// The address.
    pub url: String,
}

/// A run that nobody holds and that must end at a set time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateRun {
    /// Whose it is.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
    /// When it must end.
    pub deadline: Timestamp,
}

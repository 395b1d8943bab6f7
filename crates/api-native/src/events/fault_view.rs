//! Faults, as they are shown in events.

use domain::event::RetryStatus;
use domain::model::FaultKind;
use serde::Serialize;
use utoipa::ToSchema;

/// A fault of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultView {
    #[serde(rename = "type")]
    kind: FaultType,
    message: String,
    retry_status: RetryStatusView,
}

/// What failed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
enum FaultType {
    #[serde(rename = "model_overloaded_error")]
    Overloaded,
    #[serde(rename = "model_rate_limited_error")]
    RateLimited,
    #[serde(rename = "model_request_failed_error")]
    RequestFailed,
    #[serde(rename = "billing_error")]
    Billing,
    #[serde(rename = "compaction_limit_reached_error")]
    CompactionLimitReached,
    #[serde(rename = "unknown_error")]
    Unknown,
}

/// What is done about a fault.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum RetryStatusView {
    Retrying,
    Exhausted,
    Terminal,
}

impl FaultView {
    pub(super) fn new(kind: FaultKind, message: String, retry: RetryStatus) -> Self {
        let kind = match kind {
            FaultKind::RateLimited => FaultType::RateLimited,
            FaultKind::Overloaded => FaultType::Overloaded,
            FaultKind::ServerError
            | FaultKind::Unreachable
            | FaultKind::Silent
            | FaultKind::Cut
            | FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::Rejected
            | FaultKind::Declined
            | FaultKind::Unauthorized
            | FaultKind::Unavailable => FaultType::RequestFailed,
            FaultKind::Unpaid => FaultType::Billing,
            FaultKind::TooLong => FaultType::CompactionLimitReached,
            FaultKind::Internal => FaultType::Unknown,
        };
        let retry_status = match retry {
            RetryStatus::Retrying => RetryStatusView::Retrying,
            RetryStatus::Exhausted => RetryStatusView::Exhausted,
            RetryStatus::Terminal => RetryStatusView::Terminal,
        };
        Self { kind, message, retry_status }
    }
}

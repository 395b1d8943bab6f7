//! Why a session is idle, as it is shown in events.

use domain::EventId;
use domain::event::StopReason;
use domain::limits::Unit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::budget::HolderView;

/// Why a session is idle.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum StopReasonView {
    /// The agent has said what it had to say, or was interrupted.
    EndTurn,
    /// Tool calls wait for a decision or a result.
    RequiresAction {
        /// The tool-use events.
        #[schema(value_type = Vec<String>)]
        event_ids: Vec<EventId>,
    },
    /// The model failed for good.
    RetriesExhausted,
    /// A limit ended the turn, or a budget.
    BudgetReached {
        /// Which. Ours.
        unit: UnitView,
        /// Whose budget; null if it is a limit of one turn. Ours.
        budget: Option<HolderView>,
    },
    /// The model declined.
    Refusal,
}

impl From<StopReason> for StopReasonView {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::EndTurn => StopReasonView::EndTurn,
            StopReason::RequiresAction { event_ids } => StopReasonView::RequiresAction { event_ids },
            StopReason::RetriesExhausted => StopReasonView::RetriesExhausted,
            StopReason::BudgetReached { unit, budget } => {
                StopReasonView::BudgetReached { unit: unit.into(), budget: budget.map(HolderView::from) }
            }
            StopReason::Refusal => StopReasonView::Refusal,
        }
    }
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnitView {
    Tokens,
    Steps,
    ToolCalls,
    Time,
    Money,
}

impl From<Unit> for UnitView {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Tokens => UnitView::Tokens,
            Unit::Steps => UnitView::Steps,
            Unit::ToolCalls => UnitView::ToolCalls,
            Unit::Time => UnitView::Time,
            Unit::Money => UnitView::Money,
        }
    }
}

/// More about a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum StopDetails {
    Refusal { category: Option<String>, explanation: Option<String> },
}

impl StopDetails {
    pub(super) fn of(reason: &StopReason) -> Option<Self> {
        matches!(reason, StopReason::Refusal).then_some(StopDetails::Refusal { category: None, explanation: None })
    }
}

//! The log's entries. A stored event never changes.
//!
//! The names and most fields are those of the managed-agents shape, so that the log reads
//! the same on disk and over `/v1`; the façades still render it in their own types.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval;
use crate::budget::{Budget, Holder};
use crate::citation::Source;
use crate::id::{EventId, RolloutId, RunId};
use crate::limits::Unit;
use crate::model::{Block, FaultKind, StopCause, Usage};
use crate::money::Money;
use crate::monitor::{Evidence, Level, RollbackStep, WatchEnd};
use crate::rollout::RolloutStatus;
use crate::run::Outcome;
use crate::session::SessionUpdate;
use crate::tool::{Effect, Permission, Ruling};

/// A stored event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id, known before it is stored.
    pub id: EventId,
    /// Its place in the session: 1, 2, 3, … without gaps. Given by the store.
    pub seq: u64,
    /// The run it belongs to, if any.
    pub run: Option<RunId>,
    /// When it was taken into the log.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// An event on its way to the store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// The run it belongs to, if any.
    pub run: Option<RunId>,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

impl NewEvent {
    /// The stored form, at the place the store gave it.
    pub fn stored(self, seq: u64) -> Event {
        Event { id: self.id, seq, run: self.run, at: self.at, body: self.body }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventBody {
    /// Someone spoke to the agent.
    #[serde(rename = "user.message")]
    UserMessage {
        /// What was said.
        content: Vec<Block>,
        /// It was waiting for a run that was called off before it began, and was not used.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        dropped: bool,
    },
    /// Someone asked the agent to stop.
    #[serde(rename = "user.interrupt")]
    UserInterrupt {},
    /// Someone decided about a tool call that waited.
    #[serde(rename = "user.tool_confirmation")]
    UserToolConfirmation {
        /// The tool-use event.
        tool_use_id: EventId,
        /// The decision.
        result: Verdict,
        /// What the model is told with a denial.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deny_message: Option<String>,
        /// The tool's answer, as far as the person knows it (with [`Verdict::Happened`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<Block>>,
    },
    /// The client ran a custom tool.
    #[serde(rename = "user.custom_tool_result")]
    UserCustomToolResult {
        /// The tool-use event.
        custom_tool_use_id: EventId,
        /// The tool's answer.
        content: Vec<Block>,
        /// Whether it failed.
        #[serde(default)]
        is_error: bool,
    },
    /// Instructions added in mid-session.
    #[serde(rename = "system.message")]
    SystemMessage {
        /// Text blocks.
        content: Vec<Block>,
        /// As with a message.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        dropped: bool,
    },
    /// The model spoke. Also holds a turn of the agent's that the caller supplied.
    #[serde(rename = "agent.message")]
    AgentMessage {
        /// Text blocks.
        content: Vec<Block>,
        /// What the model had been given to cite, if it cites anything: the text names a source
        /// by its place here.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sources: Vec<Source>,
    },
    /// The model reasoned.
    #[serde(rename = "agent.thinking")]
    AgentThinking {
        /// The provider's summary, if it gave one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        summary: String,
    },
    /// The model asked for a tool that the server runs. Stored before the tool starts.
    #[serde(rename = "agent.tool_use")]
    AgentToolUse {
        /// The tool.
        name: String,
        /// The arguments; whatever the model sent if they were not JSON.
        input: Value,
        /// Whether the call may be made.
        evaluated_permission: Ruling,
        /// The rule by which that was judged.
        permission: Permission,
        /// What it does to the world.
        effect: Effect,
    },
    /// The model asked for a tool that the client runs.
    #[serde(rename = "agent.custom_tool_use")]
    AgentCustomToolUse {
        /// The tool.
        name: String,
        /// The arguments.
        input: Value,
    },
    /// What came of a tool call.
    #[serde(rename = "agent.tool_result")]
    AgentToolResult {
        /// The tool-use event.
        tool_use_id: EventId,
        /// The tool's answer.
        content: Vec<Block>,
        /// Whether it failed.
        is_error: bool,
    },
    /// The conversation had grown too large for the model, and is shown to it shorter from
    /// here on. The log itself loses nothing.
    #[serde(rename = "agent.thread_context_compacted")]
    ContextCompacted {
        /// How.
        compaction: Compaction,
    },
    /// A worker has taken the session's run.
    #[serde(rename = "session.status_running")]
    StatusRunning {},
    /// The run was interrupted by a fault and goes on.
    #[serde(rename = "session.status_rescheduled")]
    StatusRescheduled {},
    /// The run is over, or waits for someone.
    #[serde(rename = "session.status_idle")]
    StatusIdle {
        /// Why.
        stop_reason: StopReason,
    },
    /// The session takes no more input.
    #[serde(rename = "session.status_terminated")]
    StatusTerminated {},
    /// A fault.
    #[serde(rename = "session.error")]
    Error {
        /// What failed.
        kind: FaultKind,
        /// For people.
        message: String,
        /// What is done about it.
        retry: RetryStatus,
    },
    /// Someone changed what the session is.
    #[serde(rename = "session.updated")]
    SessionUpdated(SessionUpdate),
    /// What the session has used.
    #[serde(rename = "session.usage")]
    Usage {
        /// All runs so far.
        usage: Usage,
        /// What they cost, as far as the models have a price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<Money>,
        /// Milliseconds in which workers held them.
        #[serde(default)]
        active_ms: u64,
        /// What the session might spend when its run was taken up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
    },
    /// The answer did not fit the agent's output schema, and the model is asked again.
    #[serde(rename = "session.output_invalid")]
    OutputInvalid {
        /// What the model is told.
        reason: String,
    },
    /// A run ended that had not begun: its time was over, or it was called off.
    #[serde(rename = "session.run_dropped")]
    RunDropped {
        /// How it ended.
        outcome: Outcome,
    },
    /// A pipeline reported the rollout that is watched in this session.
    #[serde(rename = "rollout.reported")]
    RolloutReported {
        /// The rollout.
        rollout: RolloutId,
        /// Where it stands.
        status: RolloutStatus,
        /// What is rolled out, in the pipeline's words.
        request: String,
        /// The commit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// The rollout waits for people to approve it.
    #[serde(rename = "rollout.approval_requested")]
    ApprovalRequested {
        /// The rollout.
        rollout: RolloutId,
        /// The commit that is asked about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
        /// The names of the rules that ask.
        rules: Vec<String>,
        /// When it is rejected if nobody decides.
        expires_at: Timestamp,
    },
    /// Somebody decided about the rollout, or nobody will any more.
    #[serde(rename = "rollout.approval_decided")]
    ApprovalDecided {
        /// The rollout.
        rollout: RolloutId,
        /// What became of the approval.
        #[serde(flatten)]
        outcome: approval::Outcome,
    },
    /// The rollout was looked at.
    #[serde(rename = "monitor.update")]
    MonitorUpdate {
        /// Which look this was, from 1.
        check: u32,
        /// How bad it is.
        level: Level,
        /// How bad it was before, if something is worse now, and known to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rose_from: Option<Level>,
        /// For people.
        summary: String,
        /// What each signal showed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
    },
    /// The rollout does harm, and this becomes of taking it back. What is then called, who
    /// decided and what came of it is told as of any tool.
    #[serde(rename = "monitor.rollback")]
    MonitorRollback {
        /// The rollout.
        rollout: RolloutId,
        /// The commit, as far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
        /// What becomes of it.
        step: RollbackStep,
        /// For people.
        summary: String,
    },
    /// The rollout is watched no more.
    #[serde(rename = "monitor.ended")]
    MonitorEnded {
        /// How that came.
        #[serde(flatten)]
        end: WatchEnd,
        /// How often it was looked at.
        checks: u32,
        /// How bad it was the last time.
        level: Level,
        /// For people.
        summary: String,
    },
    /// A model call begins. Stored before the call.
    #[serde(rename = "span.model_request_start")]
    ModelRequestStart {
        /// `provider/model`.
        model: String,
    },
    /// A model call is over.
    #[serde(rename = "span.model_request_end")]
    ModelRequestEnd {
        /// The event of its beginning.
        model_request_start_id: EventId,
        /// Whether it failed.
        is_error: bool,
        /// What it used.
        model_usage: Usage,
        /// What that cost, if the model has a price.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<Money>,
        /// Why the model stopped, unless the call failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stop_cause: Option<StopCause>,
    },
}

impl EventBody {
    /// What the agent said, citing nothing.
    pub fn said(content: Vec<Block>) -> Self {
        EventBody::AgentMessage { content, sources: Vec::new() }
    }

    /// The event's name, as stored and streamed.
    pub fn name(&self) -> &'static str {
        match self {
            EventBody::UserMessage { .. } => "user.message",
            EventBody::UserInterrupt {} => "user.interrupt",
            EventBody::UserToolConfirmation { .. } => "user.tool_confirmation",
            EventBody::UserCustomToolResult { .. } => "user.custom_tool_result",
            EventBody::SystemMessage { .. } => "system.message",
            EventBody::AgentMessage { .. } => "agent.message",
            EventBody::AgentThinking { .. } => "agent.thinking",
            EventBody::AgentToolUse { .. } => "agent.tool_use",
            EventBody::AgentCustomToolUse { .. } => "agent.custom_tool_use",
            EventBody::AgentToolResult { .. } => "agent.tool_result",
            EventBody::ContextCompacted { .. } => "agent.thread_context_compacted",
            EventBody::StatusRunning {} => "session.status_running",
            EventBody::StatusRescheduled {} => "session.status_rescheduled",
            EventBody::StatusIdle { .. } => "session.status_idle",
            EventBody::StatusTerminated {} => "session.status_terminated",
            EventBody::Error { .. } => "session.error",
            EventBody::SessionUpdated(_) => "session.updated",
            EventBody::Usage { .. } => "session.usage",
            EventBody::OutputInvalid { .. } => "session.output_invalid",
            EventBody::RunDropped { .. } => "session.run_dropped",
            EventBody::RolloutReported { .. } => "rollout.reported",
            EventBody::ApprovalRequested { .. } => "rollout.approval_requested",
            EventBody::ApprovalDecided { .. } => "rollout.approval_decided",
            EventBody::MonitorUpdate { .. } => "monitor.update",
            EventBody::MonitorRollback { .. } => "monitor.rollback",
            EventBody::MonitorEnded { .. } => "monitor.ended",
            EventBody::ModelRequestStart { .. } => "span.model_request_start",
            EventBody::ModelRequestEnd { .. } => "span.model_request_end",
        }
    }
}

/// How a conversation was made shorter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Compaction {
    /// Long results of tools that were logged before this `seq` are shown with their middle
    /// left out.
    Shortened {
        /// The `seq`.
        until: u64,
    },
    /// Messages were replaced by a summary.
    Summarized {
        /// The message that begins with the event of this `seq`, and those behind it,
        from: u64,
        /// up to this one, which is kept,
        kept_from: u64,
        /// but for these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<u64>,
        /// What stands in their place.
        summary: String,
    },
}

/// A person's decision about a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Make the call.
    Allow,
    /// Do not.
    Deny,
    /// The call whose outcome was lost did happen.
    Happened,
    /// It did not: it may be made now.
    DidNotHappen,
}

impl Verdict {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Happened => "happened",
            Verdict::DidNotHappen => "did_not_happen",
        }
    }
}

/// Why a session is idle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StopReason {
    /// The agent has said what it had to say, or was interrupted.
    EndTurn,
    /// Tool calls wait for a person or for the client.
    RequiresAction {
        /// The tool-use events that wait.
        event_ids: Vec<EventId>,
    },
    /// The model failed for good.
    RetriesExhausted,
    /// A limit ended the run, or a budget.
    BudgetReached {
        /// Which.
        unit: Unit,
        /// Whose budget; `None` if it is a limit of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Holder>,
    },
    /// The model declined.
    Refusal,
}

/// What is done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryStatus {
    /// The call is made again by itself.
    Retrying,
    /// The run has ended.
    Exhausted,
    /// The session has ended.
    Terminal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_stored_type() {
        let bodies = [
            EventBody::UserInterrupt {},
            EventBody::StatusIdle {
                stop_reason: StopReason::BudgetReached { unit: Unit::Steps, budget: Some(Holder::Session) },
            },
            EventBody::said(vec![Block::text("hi")]),
            EventBody::MonitorEnded {
                end: WatchEnd::Completed { finding: crate::monitor::Finding::Healthy },
                checks: 3,
                level: Level::None,
                summary: "All is well.".into(),
            },
            EventBody::ApprovalDecided {
                rollout: RolloutId(uuid::Uuid::nil()),
                outcome: approval::Outcome::Void { cause: approval::VoidCause::Commit },
            },
        ];
        for body in bodies {
            let stored = serde_json::to_value(&body).unwrap();
            assert_eq!(stored["type"], body.name());
            assert_eq!(serde_json::from_value::<EventBody>(stored).unwrap(), body);
        }
    }
}

//! Events as they are listed and streamed.

use app::SentEvent;
use domain::event::{Compaction, EventBody, Verdict};
use domain::monitor::Level;
use domain::run::Outcome;
use domain::session::{InboxItem, SessionUpdate};
use domain::tool::{Permission, Ruling};
use domain::{Event, EventId, MemberId, RolloutId, RunId, Timestamp};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::approval_view::Told;
use super::content::{ContentView, SourceView, shown};
use super::fault_view::FaultView;
use super::monitor_view::{EvidenceView, words_of};
use super::stop_view::{StopDetails, StopReasonView};
use crate::agents::agent_view::DescribedAgent;
use crate::agents::tools::EffectParam;
use crate::budget::{BudgetView, Money};
use crate::usage::{CallUsage, UsageView};

/// An event of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    #[schema(value_type = String)]
    id: EventId,
    #[serde(flatten)]
    body: BodyView,
    /// When it was taken into the log; null while it waits.
    processed_at: Option<Timestamp>,
    /// Its place in the session, from 1 without gaps; null while it waits. Ours.
    seq: Option<u64>,
    /// The run it belongs to. Ours.
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
}

impl EventView {
    /// The end of a session that was deleted then. It has no place in a log.
    pub(crate) fn session_deleted(id: EventId, at: Timestamp) -> Self {
        Self { id, body: BodyView::SessionDeleted {}, processed_at: Some(at), seq: None, run_id: None }
    }

    /// The name of the event.
    pub(crate) fn name(&self) -> &'static str {
        self.body.name()
    }
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id,
            body: BodyView::from(&event.body),
            processed_at: Some(event.at),
            seq: Some(event.seq),
            run_id: event.run,
        }
    }
}

impl From<&InboxItem> for EventView {
    fn from(item: &InboxItem) -> Self {
        let body = BodyView::from(&item.body);
        Self { id: item.id, body, processed_at: None, seq: None, run_id: Some(item.run) }
    }
}

impl From<&SentEvent> for EventView {
    fn from(sent: &SentEvent) -> Self {
        let body = BodyView::from(&sent.body);
        Self { id: sent.event, body, processed_at: sent.processed_at, seq: sent.seq, run_id: None }
    }
}

macro_rules! bodies {
    // The name is a bare token: as a `literal`, the document's derive would not see it.
    ($($(#[$doc:meta])* $variant:ident = $name:tt { $($(#[$field_attr:meta])* $field:ident: $type:ty,)* })*) => {
        /// What happened.
        #[derive(Debug, Serialize, ToSchema)]
        #[serde(tag = "type")]
        enum BodyView {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant { $($(#[$field_attr])* $field: $type,)* },
        )*}

        impl BodyView {
            fn name(&self) -> &'static str {
                match self { $(BodyView::$variant { .. } => $name,)* }
            }
        }
    };
}

bodies! {
    /// Someone spoke to the agent.
    UserMessage = "user.message" {
        content: Vec<ContentView>,
        /// It was waiting for a turn that was called off before it began (the turn before it
        /// failed for good, or someone interrupted), and was not used. Ours.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        dropped: bool,
    }
    /// Someone asked the agent to stop.
    UserInterrupt = "user.interrupt" { session_thread_id: Option<String>, }
    /// Someone decided about a tool call.
    UserToolConfirmation = "user.tool_confirmation" {
        #[schema(value_type = String)]
        tool_use_id: EventId,
        result: VerdictView,
        deny_message: Option<String>,
        /// The tool's answer, with `happened`. Ours.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Vec<ContentView>>,
        session_thread_id: Option<String>,
    }
    /// The client ran a custom tool.
    UserCustomToolResult = "user.custom_tool_result" {
        #[schema(value_type = String)]
        custom_tool_use_id: EventId,
        content: Vec<ContentView>,
        is_error: bool,
        session_thread_id: Option<String>,
    }
    /// Instructions added in mid-session.
    SystemMessage = "system.message" {
        content: Vec<ContentView>,
        /// As with a message. Ours.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        dropped: bool,
    }
    /// The agent spoke.
    AgentMessage = "agent.message" {
        content: Vec<ContentView>,
        /// What it had been given to cite, if it cites anything: `[[0]]` in its text names the
        /// first. A marker that names none of them was made up. Ours.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[schema(required = false)]
        sources: Vec<SourceView>,
    }
    /// The agent reasoned. A signal without text.
    AgentThinking = "agent.thinking" {}
    /// The agent asked for a tool that the server runs.
    AgentToolUse = "agent.tool_use" {
        name: String,
        #[schema(value_type = Object)]
        input: Value,
        evaluated_permission: PermissionView,
        evaluation: Option<Evaluation>,
        /// What the call does to the world. Ours.
        effect: EffectParam,
        session_thread_id: Option<String>,
    }
    /// The agent asked for a tool that the client runs.
    AgentCustomToolUse = "agent.custom_tool_use" {
        name: String,
        #[schema(value_type = Object)]
        input: Value,
        session_thread_id: Option<String>,
    }
    /// What came of a tool call.
    AgentToolResult = "agent.tool_result" {
        #[schema(value_type = String)]
        tool_use_id: EventId,
        content: Vec<ContentView>,
        is_error: bool,
    }
    /// The conversation had grown too large for the model, which is shown it shorter from here
    /// on. The log itself loses nothing.
    ContextCompacted = "agent.thread_context_compacted" {
        /// The place in the session before which long results of tools are shown with their
        /// middle left out. Ours.
        tool_results_shortened_before: Option<u64>,
        /// What stands for the oldest messages. Ours.
        summary: Option<String>,
    }
    /// A turn goes on.
    StatusRunning = "session.status_running" {}
    /// A turn was interrupted by a fault and will go on.
    StatusRescheduled = "session.status_rescheduled" {}
    /// A turn is over, or waits for someone.
    StatusIdle = "session.status_idle" { stop_reason: StopReasonView, stop_details: Option<StopDetails>, }
    /// The session has ended for good.
    StatusTerminated = "session.status_terminated" {}
    /// A fault.
    SessionError = "session.error" { error: FaultView, }
    /// Someone changed what the session is. Holds what changed and nothing else.
    SessionUpdated = "session.updated" {
        /// The title since; null if it was removed.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, required = false)]
        title: Option<Option<String>>,
        /// All metadata since.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<std::collections::HashMap<String, String>>, required = false)]
        metadata: Option<IndexMap<String, String>>,
        /// The agent since, from the next turn on.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(required = false)]
        agent: Option<Box<DescribedAgent>>,
        /// The budget since; null if it was removed.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<BudgetView>, required = false)]
        budget: Option<Option<BudgetView>>,
    }
    /// The session is gone for good. Only on streams, and the last thing there.
    SessionDeleted = "session.deleted" {}
    /// What the session has used.
    SessionUsage = "session.usage" {
        usage: UsageView,
        /// What the session may spend.
        budget: Option<BudgetView>,
    }
    /// The answer did not fit the agent's output schema; it is asked again. Ours.
    OutputInvalid = "session.output_invalid" { reason: String, }
    /// A run ended that had not begun. Ours.
    RunDropped = "session.run_dropped" { stop_reason: StopReasonView, }
    /// A pipeline reported the rollout that this session watches. Ours.
    RolloutReported = "rollout.reported" {
        #[schema(value_type = String)]
        rollout_id: RolloutId,
        /// `pending`, `running`, `success`, `failure` or `cancelled`.
        status: &'static str,
        /// What is rolled out, in the pipeline's words.
        request: String,
        commit: Option<String>,
    }
    /// The rollout waits for people to approve it. Ours.
    ApprovalRequested = "rollout.approval_requested" {
        #[schema(value_type = String)]
        rollout_id: RolloutId,
        /// The commit that is asked about.
        commit: Option<String>,
        /// The names of the rules that ask.
        rules: Vec<String>,
        /// When it is rejected if nobody decides.
        expires_at: Timestamp,
    }
    /// Somebody decided about the rollout, or nobody will any more. Ours.
    ApprovalDecided = "rollout.approval_decided" {
        #[schema(value_type = String)]
        rollout_id: RolloutId,
        /// `approved`, `rejected` or `void`.
        outcome: &'static str,
        /// Who decided.
        #[schema(value_type = Option<String>)]
        member_id: Option<MemberId>,
        name: Option<String>,
        /// What they said; `expired` if nobody decided; of what is void, why.
        reason: Option<String>,
        /// How many more must approve.
        still_needed: Option<u32>,
    }
    /// The rollout was looked at. Ours.
    MonitorUpdate = "monitor.update" {
        /// Which look this was, from 1.
        check: u32,
        /// `none`, `no_data`, `unknown`, `medium`, `high` or `critical`.
        level: &'static str,
        /// The level before, if something is worse now, and known to be.
        #[serde(skip_serializing_if = "Option::is_none")]
        rose_from: Option<&'static str>,
        /// For people.
        summary: String,
        evidence: Vec<EvidenceView>,
    }
    /// The rollout does harm, and this becomes of taking it back. Ours.
    MonitorRollback = "monitor.rollback" {
        #[schema(value_type = String)]
        rollout_id: RolloutId,
        commit: Option<String>,
        /// `proposed`, `begun`, `impossible` or `void`.
        step: &'static str,
        /// For people.
        summary: String,
    }
    /// The rollout is watched no more. Ours.
    MonitorEnded = "monitor.ended" {
        /// `completed`, `cancelled` or `failed`.
        end: &'static str,
        /// What was found, of one that is completed: `healthy`, `anomalies_remain`,
        /// `not_verified` or `deployment_failed`.
        outcome: Option<&'static str>,
        /// How often it was looked at.
        checks: u32,
        /// How bad it was the last time.
        level: &'static str,
        /// For people.
        summary: String,
    }
    /// A model call begins.
    ModelRequestStart = "span.model_request_start" {
        /// The model. Ours.
        model: String,
    }
    /// A model call is over.
    ModelRequestEnd = "span.model_request_end" {
        #[schema(value_type = String)]
        model_request_start_id: EventId,
        is_error: bool,
        model_usage: CallUsage,
        /// What that cost, if the model has a price. Ours.
        list_cost: Option<Money>,
    }
}

impl From<&EventBody> for BodyView {
    fn from(body: &EventBody) -> Self {
        match body.clone() {
            EventBody::UserMessage { content, dropped } => Self::UserMessage { content: shown(&content), dropped },
            EventBody::UserInterrupt {} => Self::UserInterrupt { session_thread_id: None },
            EventBody::UserToolConfirmation { tool_use_id, result, deny_message, content } => {
                Self::UserToolConfirmation {
                    tool_use_id,
                    result: result.into(),
                    deny_message,
                    content: content.as_deref().map(shown),
                    session_thread_id: None,
                }
            }
            EventBody::UserCustomToolResult { custom_tool_use_id, content, is_error } => Self::UserCustomToolResult {
                custom_tool_use_id,
                content: shown(&content),
                is_error,
                session_thread_id: None,
            },
            EventBody::SystemMessage { content, dropped } => Self::SystemMessage { content: shown(&content), dropped },
            EventBody::AgentMessage { content, sources } => {
                let sources = sources.into_iter().map(SourceView::from).collect();
                Self::AgentMessage { content: shown(&content), sources }
            }
            EventBody::AgentThinking { .. } => Self::AgentThinking {},
            EventBody::AgentToolUse { name, input, evaluated_permission, permission, effect } => Self::AgentToolUse {
                name,
                input,
                evaluated_permission: evaluated_permission.into(),
                evaluation: Evaluation::by(permission),
                effect: effect.into(),
                session_thread_id: None,
            },
            EventBody::AgentCustomToolUse { name, input } => {
                Self::AgentCustomToolUse { name, input, session_thread_id: None }
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } => {
                Self::AgentToolResult { tool_use_id, content: shown(&content), is_error }
            }
            EventBody::ContextCompacted { compaction: Compaction::Shortened { until } } => {
                Self::ContextCompacted { tool_results_shortened_before: Some(until), summary: None }
            }
            EventBody::ContextCompacted { compaction: Compaction::Summarized { summary, .. } } => {
                Self::ContextCompacted { tool_results_shortened_before: None, summary: Some(summary) }
            }
            EventBody::StatusRunning {} => Self::StatusRunning {},
            EventBody::StatusRescheduled {} => Self::StatusRescheduled {},
            EventBody::StatusIdle { stop_reason } => {
                Self::StatusIdle { stop_details: StopDetails::of(&stop_reason), stop_reason: stop_reason.into() }
            }
            EventBody::StatusTerminated {} => Self::StatusTerminated {},
            EventBody::Error { kind, message, retry } => {
                Self::SessionError { error: FaultView::new(kind, message, retry) }
            }
            EventBody::SessionUpdated(SessionUpdate { title, metadata, agent, budget }) => {
                let agent = agent.map(|agent| Box::new(DescribedAgent::new(agent.id, agent.version, &agent.spec)));
                let budget = budget.map(|budget| budget.map(BudgetView::from));
                Self::SessionUpdated { title, metadata, agent, budget }
            }
            EventBody::Usage { usage, cost, active_ms, budget } => Self::SessionUsage {
                usage: UsageView::new(usage, cost, active_ms),
                budget: budget.map(BudgetView::from),
            },
            EventBody::OutputInvalid { reason } => Self::OutputInvalid { reason },
            EventBody::RunDropped { outcome } => {
                Self::RunDropped { stop_reason: Outcome::stop_reason(&outcome).into() }
            }
            EventBody::RolloutReported { rollout, status, request, commit } => {
                Self::RolloutReported { rollout_id: rollout, status: status.as_str(), request, commit }
            }
            EventBody::ApprovalRequested { rollout, commit, rules, expires_at } => {
                Self::ApprovalRequested { rollout_id: rollout, commit, rules, expires_at }
            }
            EventBody::ApprovalDecided { rollout, outcome } => {
                let Told { outcome, member, name, reason, still_needed } = outcome.into();
                let (rollout_id, member_id) = (rollout, member);
                Self::ApprovalDecided { rollout_id, outcome, member_id, name, reason, still_needed }
            }
            EventBody::MonitorUpdate { check, level, rose_from, summary, evidence } => {
                let evidence = evidence.into_iter().map(EvidenceView::from).collect();
                let rose_from = rose_from.map(Level::as_str);
                Self::MonitorUpdate { check, level: level.as_str(), rose_from, summary, evidence }
            }
            EventBody::MonitorRollback { rollout, commit, step, summary } => {
                Self::MonitorRollback { rollout_id: rollout, commit, step: step.as_str(), summary }
            }
            EventBody::MonitorEnded { end, checks, level, summary } => {
                let (end, outcome) = words_of(end);
                Self::MonitorEnded { end, outcome, checks, level: level.as_str(), summary }
            }
            EventBody::ModelRequestStart { model } => Self::ModelRequestStart { model },
            EventBody::ModelRequestEnd { model_request_start_id, is_error, model_usage, cost, .. } => {
                Self::ModelRequestEnd {
                    model_request_start_id,
                    is_error,
                    model_usage: model_usage.into(),
                    list_cost: cost.map(Money::from),
                }
            }
        }
    }
}

/// A decision about a tool call.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerdictView {
    Allow,
    Deny,
    Happened,
    DidNotHappen,
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => VerdictView::Allow,
            Verdict::Deny => VerdictView::Deny,
            Verdict::Happened => VerdictView::Happened,
            Verdict::DidNotHappen => VerdictView::DidNotHappen,
        }
    }
}

/// What became of the question whether a tool may be called.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PermissionView {
    Allow,
    Ask,
    Deny,
}

impl From<Ruling> for PermissionView {
    fn from(ruling: Ruling) -> Self {
        match ruling {
            Ruling::Allow => PermissionView::Allow,
            Ruling::Ask => PermissionView::Ask,
            Ruling::Deny => PermissionView::Deny,
        }
    }
}

/// By which rule a permission was judged.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Evaluation {
    AlwaysAllow,
    AlwaysAsk,
    Auto,
}

impl Evaluation {
    fn by(permission: Permission) -> Option<Self> {
        match permission {
            Permission::Allow => Some(Evaluation::AlwaysAllow),
            Permission::Ask => Some(Evaluation::AlwaysAsk),
            Permission::Auto => Some(Evaluation::Auto),
            Permission::Deny => None,
        }
    }
}

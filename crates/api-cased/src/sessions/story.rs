//! What happened in a session, told as a log, as a conversation, and in short.

mod actions;

use std::collections::HashSet;

use app::{App, Ctx, EventFilter, Order, PurposefulSession};
use domain::event::{EventBody, RetryStatus, StopReason, Verdict};
use domain::model::{Block, text_of};
use domain::monitor::{Level, Watch, WatchEnd, WatchState};
use domain::session::{Origin, Progress};
use domain::text::cut;
use domain::{Event, EventId, RunId, SessionId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::approvals;
use crate::error::ApiError;
use crate::times::iso;

/// Entries of each kind that are shown: the newest.
const ENTRIES_MAX: usize = 1_000;
/// Events that are read at a time.
const PAGE: usize = 50;
/// Bytes of text beyond which no older events are read.
const TOLD_BYTES: usize = 8 << 20;
/// Characters of an entry.
const SAID_CHARS: usize = 20_000;
const LOGGED_CHARS: usize = 2_000;
/// Characters of what a session came to.
const DESCRIPTION_CHARS: usize = 500;

/// No model.
const NONE: &str = "-";

/// Events that are part of the conversation.
const SPOKEN: [&str; 9] = [
    "user.message",
    "agent.message",
    "system.message",
    "rollout.reported",
    "rollout.approval_requested",
    "rollout.approval_decided",
    "monitor.update",
    "monitor.rollback",
    "monitor.ended",
];

/// Events that are part of the log.
const LOGGED: [&str; 18] = [
    "rollout.reported",
    "rollout.approval_requested",
    "rollout.approval_decided",
    "monitor.update",
    "monitor.rollback",
    "monitor.ended",
    "user.interrupt",
    "user.tool_confirmation",
    "user.custom_tool_result",
    "agent.tool_use",
    "agent.custom_tool_use",
    "agent.tool_result",
    "session.status_running",
    "session.status_idle",
    "session.status_terminated",
    "session.error",
    "session.run_dropped",
    "span.model_request_end",
];

/// An entry of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogEntry {
    /// `info`, `tool`, `warning` or `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    created_at: String,
}

/// An entry of the conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Said {
    /// `user`, `assistant` or `system`.
    role: &'static str,
    content: String,
    created_at: String,
}

/// What a session is about, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FullSummary {
    title: String,
    description: String,
    /// How it ended: of a watched deployment what was found, of another session how it ended.
    outcome: String,
    key_actions: Vec<String>,
}

/// What happened in a session.
pub(super) struct Story {
    pub(super) model: String,
    pub(super) provider: String,
    pub(super) summary: FullSummary,
    pub(super) log: Vec<LogEntry>,
    pub(super) conversation: Vec<Said>,
    pub(super) deployment: Option<Uuid>,
}

/// Tells what happened in a session.
pub(super) async fn tell(app: &App, ctx: &Ctx, found: &PurposefulSession) -> Result<Story, ApiError> {
    let session = &found.session;
    let spoken = newest(app, ctx, session.id, &SPOKEN).await?;
    let logged = newest(app, ctx, session.id, &LOGGED).await?;
    let watch = app.find_watch(ctx, session.id).await?;
    let deployment = match &watch {
        Some(watch) => app.find_rollout(ctx, &watch.rollout.to_string()).await.ok().map(|found| found.rollout.alias),
        None => None,
    };
    let (provider, model) = match app.session_model(ctx, session).await? {
        Some(full) => match full.split_once('/') {
            Some((provider, model)) => (provider.to_owned(), model.to_owned()),
            None => (NONE.to_owned(), full),
        },
        None => (NONE.to_owned(), NONE.to_owned()),
    };
    let asked_by_monitor = match &watch {
        Some(_) => monitors_runs(app, ctx, session.id).await?,
        None => HashSet::new(),
    };
    // What the monitor tells a model is all in its updates.
    let is_briefing = |event: &Event| {
        matches!(event.body, EventBody::UserMessage { .. })
            && event.run.is_some_and(|run| asked_by_monitor.contains(&run))
    };
    let conversation: Vec<Said> = spoken.iter().filter(|event| !is_briefing(event)).filter_map(said).collect();
    let summary = FullSummary {
        title: session.title.clone().unwrap_or_default(),
        description: description(&conversation),
        outcome: outcome(watch.as_ref(), found.progress).to_owned(),
        key_actions: actions::key_actions(&logged),
    };
    let log = logged.iter().filter_map(|event| logged_as(event, &logged)).collect();
    Ok(Story { model, provider, summary, log, conversation, deployment })
}

/// The runs that the monitor began in a session.
async fn monitors_runs(app: &App, ctx: &Ctx, session: SessionId) -> Result<HashSet<RunId>, ApiError> {
    let runs = app.list_runs(ctx, session).await?;
    Ok(runs.into_iter().filter(|run| run.origin == Origin::Monitor).map(|run| run.id).collect())
}

/// The newest events of these kinds, oldest first, as much of each as is shown.
async fn newest(app: &App, ctx: &Ctx, session: SessionId, types: &[&str]) -> Result<Vec<Event>, ApiError> {
    let mut filter = EventFilter {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        order: Order::NewestFirst,
        limit: Some(PAGE),
        ..EventFilter::default()
    };
    let (mut events, mut bytes): (Vec<Event>, usize) = (Vec::new(), 0);
    while events.len() < ENTRIES_MAX && bytes < TOLD_BYTES {
        let page = app.list_events(ctx, session, filter.clone()).await?;
        let Some(last) = page.last() else { break };
        filter.after = Some(last.seq);
        for event in page {
            let (event, size) = shortened(event);
            bytes += size;
            events.push(event);
        }
    }
    events.truncate(ENTRIES_MAX);
    events.reverse();
    Ok(events)
}

/// The event without what is not shown of it, and the bytes of its text.
fn shortened(event: Event) -> (Event, usize) {
    let mut body = event.body;
    let mut size = 0;
    match &mut body {
        EventBody::UserMessage { content, .. }
        | EventBody::AgentMessage { content, .. }
        | EventBody::SystemMessage { content, .. }
        | EventBody::AgentToolResult { content, .. }
        | EventBody::UserCustomToolResult { content, .. } => {
            let text = cut(&text_of(content), SAID_CHARS);
            size = text.len();
            *content = vec![Block::text(text)];
        }
        EventBody::AgentToolUse { input, .. } | EventBody::AgentCustomToolUse { input, .. } => {
            let written = input.to_string();
            if written.len() > LOGGED_CHARS {
                *input = Value::String(cut(&written, LOGGED_CHARS));
            }
        }
        _ => {}
    }
    (Event { body, ..event }, size)
}

fn said(event: &Event) -> Option<Said> {
    let (role, content) = match &event.body {
        EventBody::UserMessage { content, dropped: false } => ("user", text_of(content)),
        EventBody::AgentMessage { content, .. } => ("assistant", text_of(content)),
        EventBody::SystemMessage { content, dropped: false } => ("system", text_of(content)),
        EventBody::RolloutReported { status, request, .. } => ("system", reported(status.as_str(), request)),
        EventBody::ApprovalRequested { rules, expires_at, .. } => ("system", approvals::asked(rules, *expires_at)),
        EventBody::ApprovalDecided { outcome, .. } => ("system", approvals::said(outcome)),
        EventBody::MonitorUpdate { summary, .. }
        | EventBody::MonitorRollback { summary, .. }
        | EventBody::MonitorEnded { summary, .. } => ("assistant", summary.clone()),
        _ => return None,
    };
    Some(Said { role, content: cut(&content, SAID_CHARS), created_at: iso(event.at) })
}

fn logged_as(event: &Event, all: &[Event]) -> Option<LogEntry> {
    let (kind, message) = match &event.body {
        EventBody::RolloutReported { status, request, .. } => ("info", reported(status.as_str(), request)),
        EventBody::ApprovalRequested { rules, expires_at, .. } => ("warning", approvals::asked(rules, *expires_at)),
        EventBody::ApprovalDecided { outcome, .. } => (approvals::kind_of(outcome), approvals::said(outcome)),
        EventBody::MonitorUpdate { level, summary, .. } => (kind_of(*level), summary.clone()),
        EventBody::MonitorRollback { summary, .. } => ("warning", summary.clone()),
        EventBody::MonitorEnded { end, summary, .. } => match end {
            WatchEnd::Completed { finding } => ("info", format!("Ended: {}. {summary}", finding.as_str())),
            WatchEnd::Cancelled => ("warning", format!("Stopped. {summary}")),
            WatchEnd::Failed => ("error", format!("Failed. {summary}")),
        },
        EventBody::UserInterrupt {} => ("warning", "Somebody asked the agent to stop.".to_owned()),
        EventBody::UserToolConfirmation { tool_use_id, result, deny_message, .. } => {
            ("info", decided(tool_of(all, *tool_use_id), *result, deny_message.as_deref()))
        }
        EventBody::AgentToolUse { name, input, .. } | EventBody::AgentCustomToolUse { name, input } => {
            ("tool", format!("{name} {}", arguments(input)))
        }
        EventBody::AgentToolResult { tool_use_id, content, is_error } => {
            let kind = if *is_error { "error" } else { "tool" };
            (kind, format!("{}: {}", tool_of(all, *tool_use_id), text_of(content)))
        }
        EventBody::UserCustomToolResult { custom_tool_use_id, content, is_error } => {
            let kind = if *is_error { "error" } else { "tool" };
            (kind, format!("{}: {}", tool_of(all, *custom_tool_use_id), text_of(content)))
        }
        EventBody::StatusRunning {} => ("info", "The agent began to work.".to_owned()),
        EventBody::StatusIdle { stop_reason } => rested(stop_reason),
        EventBody::StatusTerminated {} => ("error", "The session has ended for good.".to_owned()),
        EventBody::Error { message, retry: RetryStatus::Retrying, .. } => ("warning", message.clone()),
        EventBody::Error { message, .. } => ("error", message.clone()),
        EventBody::RunDropped { .. } => ("warning", "Work that had not begun was called off.".to_owned()),
        EventBody::ModelRequestEnd { is_error: false, model_usage, .. } => {
            let tokens = model_usage.input_tokens.saturating_add(model_usage.output_tokens);
            ("info", format!("The model answered; {tokens} tokens."))
        }
        _ => return None,
    };
    Some(LogEntry { kind, message: cut(&message, LOGGED_CHARS), created_at: iso(event.at) })
}

fn kind_of(level: Level) -> &'static str {
    match level {
        Level::None | Level::NoData | Level::Unknown => "info",
        Level::Medium | Level::High => "warning",
        Level::Critical => "error",
    }
}

fn rested(reason: &StopReason) -> (&'static str, String) {
    match reason {
        StopReason::EndTurn => ("info", "The agent is done.".to_owned()),
        StopReason::RequiresAction { .. } => ("warning", "A decision is waited for.".to_owned()),
        StopReason::RetriesExhausted => ("error", "The model failed for good.".to_owned()),
        StopReason::BudgetReached { unit, .. } => ("error", format!("A limit was reached: {}.", unit.as_str())),
        StopReason::Refusal => ("warning", "The model declined.".to_owned()),
    }
}

fn decided(tool: &str, verdict: Verdict, why: Option<&str>) -> String {
    let word = match verdict {
        Verdict::Allow => "allowed",
        Verdict::Deny => "denied",
        Verdict::Happened => "said to have happened",
        Verdict::DidNotHappen => "said not to have happened",
    };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("{tool} was {word}{why}")
}

/// The name of the tool that was called by this event.
fn tool_of(events: &[Event], use_id: EventId) -> &str {
    let used = events.iter().find(|event| event.id == use_id).map(|event| &event.body);
    match used {
        Some(EventBody::AgentToolUse { name, .. } | EventBody::AgentCustomToolUse { name, .. }) => name,
        _ => "A tool",
    }
}

fn arguments(input: &Value) -> String {
    cut(&input.to_string(), LOGGED_CHARS / 2)
}

fn reported(status: &str, request: &str) -> String {
    format!("The deployment is {status}: {request}")
}

/// What was last said by whoever works in the session.
fn description(conversation: &[Said]) -> String {
    let last = conversation.iter().rev().find(|said| said.role == "assistant");
    last.map(|said| cut(&said.content, DESCRIPTION_CHARS)).unwrap_or_default()
}

fn outcome(watch: Option<&Watch>, progress: Progress) -> &'static str {
    match watch.map(|watch| watch.state) {
        Some(WatchState::Ended { end: WatchEnd::Completed { finding }, .. }) => finding.as_str(),
        Some(WatchState::Watching) => "",
        _ => match progress {
            Progress::Completed | Progress::Failed | Progress::Cancelled => progress.as_str(),
            _ => "",
        },
    }
}

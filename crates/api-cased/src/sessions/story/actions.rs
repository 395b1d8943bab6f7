//! What mattered in a session, by plain rules: what a model says of it is not asked.

use std::collections::HashSet;

use domain::event::{EventBody, Verdict};
use domain::model::text_of;
use domain::monitor::{Level, RollbackStep};
use domain::text::cut;
use domain::tool::Ruling;
use domain::{Event, EventId, RunId};

use super::{DESCRIPTION_CHARS, decided, tool_of};
use crate::approvals;

/// Key actions that are shown: the newest.
const ACTIONS_MAX: usize = 10;

/// Anomalies that were seen, rollbacks and what came of them, tools that were called,
/// decisions.
pub(super) fn key_actions(events: &[Event]) -> Vec<String> {
    let mut told = Told::default();
    events.iter().for_each(|event| told.take(event, events));
    let mut actions = told.actions;
    actions.dedup();
    let beyond = actions.len().saturating_sub(ACTIONS_MAX);
    actions.drain(..beyond);
    actions.into_iter().map(|action| cut(&action, DESCRIPTION_CHARS)).collect()
}

#[derive(Default)]
struct Told {
    actions: Vec<String>,
    worst: Level,
    /// Runs that take the rollout back.
    rollbacks: HashSet<RunId>,
    /// Calls whose end is told already, or needs no telling.
    settled: HashSet<EventId>,
    /// Runs that were called off before their call was made.
    void: HashSet<RunId>,
}

impl Told {
    fn take(&mut self, event: &Event, all: &[Event]) {
        let is_rollback = event.run.is_some_and(|run| self.rollbacks.contains(&run));
        let is_void = event.run.is_some_and(|run| self.void.contains(&run));
        match &event.body {
            EventBody::MonitorUpdate { level, summary, .. } => {
                if level.is_anomaly() && *level > self.worst {
                    self.actions.push(summary.clone());
                }
                self.worst = *level;
            }
            EventBody::MonitorRollback { step, summary, .. } => {
                self.rollbacks.extend(event.run);
                if *step == RollbackStep::Void {
                    self.void.extend(event.run);
                }
                self.actions.push(summary.clone());
            }
            EventBody::AgentToolUse { .. } if is_rollback => {}
            EventBody::AgentToolUse { name, evaluated_permission: Ruling::Ask, .. } => {
                self.actions.push(format!("Asked whether to call {name}"));
            }
            EventBody::AgentToolUse { name, .. } | EventBody::AgentCustomToolUse { name, .. } => {
                self.actions.push(format!("Called {name}"));
            }
            EventBody::ApprovalDecided { outcome, .. } => self.actions.push(approvals::said(outcome)),
            EventBody::UserToolConfirmation { tool_use_id, result, deny_message, .. } => {
                if *result == Verdict::Deny {
                    self.settled.insert(*tool_use_id);
                }
                self.actions.push(decided(tool_of(all, *tool_use_id), *result, deny_message.as_deref()));
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } if is_rollback => {
                let tool = tool_of(all, *tool_use_id);
                match is_error {
                    false => self.actions.push(format!("Rolled back by {tool}")),
                    true if is_void || self.settled.contains(tool_use_id) => {}
                    true => self.actions.push(format!("Not rolled back: {}", text_of(content))),
                }
            }
            _ => {}
        }
    }
}

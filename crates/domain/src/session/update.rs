//! Changing what a session is: its title, its metadata, what its agent may call.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Session, SessionAgent, SessionRefusal, SessionState, SessionStatus};
use crate::agent::{Agent, AgentSpec, AgentTool, double_option};
use crate::budget::{Budget, Holder};
use crate::change::{Change, ChangeSet, Guard};
use crate::event::{EventBody, NewEvent, StopReason};
use crate::id::AgentId;
use crate::turn::Moment;

/// What is to be changed of a session. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionPatch {
    /// Another title; `Some(None)` is none at all.
    pub title: Option<Option<String>>,
    /// Pairs to set, or to remove.
    pub metadata: IndexMap<String, Option<String>>,
    /// Other tools, instead of all there were.
    pub tools: Option<Vec<AgentTool>>,
    /// Other MCP servers, likewise.
    pub mcp_servers: Option<Vec<Value>>,
    /// Another budget, which [`crate::budget::check_change`] allows; `Some(None)` is none.
    pub budget: Option<Option<Budget>>,
}

impl SessionPatch {
    /// Whether it speaks of the agent.
    pub fn concerns_agent(&self) -> bool {
        self.tools.is_some() || self.mcp_servers.is_some()
    }
}

/// What an update changed, and nothing else, as the log tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionUpdate {
    /// The title since; `Some(None)` is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
    pub title: Option<Option<String>>,
    /// All metadata since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<IndexMap<String, String>>,
    /// The agent since, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UpdatedAgent>,
    /// The budget since; `Some(None)` is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double_option")]
    pub budget: Option<Option<Budget>>,
}

/// An agent as it answers in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdatedAgent {
    /// The agent.
    pub id: AgentId,
    /// Its version.
    pub version: u32,
    /// The description, with the session's changes.
    pub spec: Arc<AgentSpec>,
}

impl Session {
    /// The session after the change. `agent` is its agent at the version it keeps to, without
    /// the session's own changes. What changes nothing is not stored and not told.
    ///
    /// # Errors
    /// One that has ended takes no change. Its agent changes only between two turns, so that
    /// a turn ends with the tools it began with.
    pub fn update(
        self,
        patch: SessionPatch,
        agent: &Agent,
        at: &mut Moment<'_>,
    ) -> Result<(Session, ChangeSet), SessionRefusal> {
        self.check_takes_change()?;
        let mut next = self.clone();
        let mut update = SessionUpdate::default();
        if let Some(title) = patch.title.clone().filter(|title| *title != self.title) {
            next.title.clone_from(&title);
            update.title = Some(title);
        }
        for (key, value) in &patch.metadata {
            match value {
                Some(value) => next.metadata.insert(key.clone(), value.clone()),
                None => next.metadata.shift_remove(key),
            };
        }
        if next.metadata != self.metadata {
            update.metadata = Some(next.metadata.clone());
        }
        if let Some(budget) = patch.budget.filter(|budget| *budget != self.budget) {
            next.budget = budget;
            update.budget = Some(budget);
        }
        if patch.concerns_agent() {
            self.check_between_turns()?;
            let changed = self.agent_with(patch)?;
            let shown = changed.shown(agent);
            if shown != self.agent.shown(agent) {
                next.agent = changed;
                update.agent = Some(shown);
            }
        }
        if update == SessionUpdate::default() {
            return Ok((self, ChangeSet::default()));
        }
        Ok(next.updated_from(&self, update, at))
    }

    /// Whether it rests because its own budget was used up, and would have gone on.
    pub fn is_stopped_by_its_budget(&self) -> bool {
        let SessionState { status, active_run, stop_reason, .. } = &self.state;
        let by_budget = matches!(stop_reason, Some(StopReason::BudgetReached { budget: Some(Holder::Session), .. }));
        by_budget && *status == SessionStatus::Idle && active_run.is_none()
    }

    /// As stored after an update of `before`.
    fn updated_from(mut self, before: &Session, update: SessionUpdate, at: &mut Moment<'_>) -> (Session, ChangeSet) {
        let (session, seq) = (self.id, before.state.seq);
        let as_loaded = Guard::SessionDescribedAt { session, version: before.version };
        let between_turns = update.agent.is_some().then_some(Guard::SessionFree { session, seq });
        self.version += 1;
        self.state.seq += 1;
        self.state.updated_at = at.now;
        let event = NewEvent { id: (at.ids)(), run: None, at: at.now, body: EventBody::SessionUpdated(update) };
        let changes = [Change::PutSession(self.clone()), Change::Append { session, events: vec![event], state: None }];
        let guards = [as_loaded].into_iter().chain(between_turns);
        let changes = guards.fold(ChangeSet::of(changes), ChangeSet::guarded);
        (self, changes)
    }

    fn agent_with(&self, patch: SessionPatch) -> Result<SessionAgent, SessionRefusal> {
        let SessionAgent::Pinned { agent, version, overrides } = &self.agent else {
            return Err(SessionRefusal::FollowsAgent);
        };
        let mut overrides = overrides.clone();
        overrides.tools = patch.tools.or(overrides.tools);
        overrides.mcp_servers = patch.mcp_servers.or(overrides.mcp_servers);
        Ok(SessionAgent::Pinned { agent: *agent, version: *version, overrides })
    }

    fn check_takes_change(&self) -> Result<(), SessionRefusal> {
        if self.archived_at.is_some() {
            return Err(SessionRefusal::Archived);
        }
        match self.state.status {
            SessionStatus::Terminated => Err(SessionRefusal::Terminated),
            _ => Ok(()),
        }
    }

    /// A turn that waits for someone is under way too.
    fn check_between_turns(&self) -> Result<(), SessionRefusal> {
        match self.state.status {
            SessionStatus::Idle if self.state.active_run.is_none() => Ok(()),
            _ => Err(SessionRefusal::Busy),
        }
    }
}

impl SessionAgent {
    /// The agent as it answers, given the version that is kept to.
    fn shown(&self, agent: &Agent) -> UpdatedAgent {
        let spec = match self {
            SessionAgent::Pinned { overrides, .. } => overrides.apply(&agent.spec),
            SessionAgent::Following { .. } => Arc::clone(&agent.spec),
        };
        UpdatedAgent { id: agent.id, version: agent.version, spec }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::id::RunId;
    use crate::session::tests::{agent, at, session};

    fn custom(name: &str) -> AgentTool {
        AgentTool::Custom { name: name.into(), description: "d".into(), input_schema: json!({ "type": "object" }) }
    }

    fn patch() -> SessionPatch {
        SessionPatch::default()
    }

    fn told(changes: &ChangeSet) -> &SessionUpdate {
        let Some(Change::Append { events, state: None, .. }) = changes.changes.last() else { panic!("{changes:?}") };
        let [NewEvent { run: None, body: EventBody::SessionUpdated(update), .. }] = &events[..] else {
            panic!("{events:?}")
        };
        update
    }

    #[test]
    fn only_what_changed_is_told() {
        let metadata = [("k".to_owned(), Some("2".to_owned())), ("gone".to_owned(), None)];
        let (next, changes) = at(|at| {
            let patch = SessionPatch { metadata: metadata.into_iter().collect(), ..patch() };
            session().update(patch, &agent(), at).unwrap()
        });
        let expected: IndexMap<String, String> = [("k".to_owned(), "2".to_owned())].into_iter().collect();
        assert_eq!(*told(&changes), SessionUpdate { metadata: Some(expected.clone()), ..SessionUpdate::default() });
        assert_eq!((next.metadata, next.version, next.state.seq), (expected, 1, 1));
        assert!(changes.guards.contains(&Guard::SessionDescribedAt { session: next.id, version: 0 }));

        let (_, changes) = at(|at| {
            let patch = SessionPatch { title: Some(None), ..patch() };
            session().update(patch, &agent(), at).unwrap()
        });
        assert_eq!(*told(&changes), SessionUpdate { title: Some(None), ..SessionUpdate::default() });
        let stored = serde_json::to_value(told(&changes)).unwrap();
        assert_eq!(stored, json!({ "title": null }));
        assert_eq!(serde_json::from_value::<SessionUpdate>(stored).unwrap(), *told(&changes));
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        let metadata = [("k".to_owned(), Some("1".to_owned())), ("absent".to_owned(), None)];
        let same = SessionPatch {
            title: Some(Some("t".into())),
            metadata: metadata.into_iter().collect(),
            tools: Some(agent().spec.tools.clone()),
            mcp_servers: Some(Vec::new()),
            budget: Some(None),
        };
        let (next, changes) = at(|at| session().update(same, &agent(), at).unwrap());
        assert_eq!((next, changes.is_empty()), (session(), true));
    }

    #[test]
    fn the_agent_changes_only_between_two_turns() {
        let tools = || SessionPatch { tools: Some(vec![custom("other")]), ..patch() };
        let (next, changes) = at(|at| session().update(tools(), &agent(), at).unwrap());
        let update = told(&changes).agent.as_ref().unwrap();
        assert_eq!((&update.spec.tools, &update.spec.name), (&vec![custom("other")], &agent().spec.name));
        assert!(changes.guards.contains(&Guard::SessionFree { session: next.id, seq: 0 }));

        for (status, active_run) in [
            (SessionStatus::Running, Some(RunId(Uuid::nil()))),
            (SessionStatus::Rescheduling, None),
            (SessionStatus::Idle, Some(RunId(Uuid::nil()))),
        ] {
            let mut busy = session();
            (busy.state.status, busy.state.active_run) = (status, active_run);
            assert_eq!(at(|at| busy.clone().update(tools(), &agent(), at)).unwrap_err(), SessionRefusal::Busy);
            let title = SessionPatch { title: Some(Some("new".into())), ..patch() };
            at(|at| busy.update(title, &agent(), at)).unwrap();
        }
        let follows = Session { agent: SessionAgent::Following { agent: agent().id }, ..session() };
        assert_eq!(at(|at| follows.update(tools(), &agent(), at)).unwrap_err(), SessionRefusal::FollowsAgent);
    }

    #[test]
    fn what_has_ended_takes_no_change() {
        let archived = Session { archived_at: Some(session().created_at), ..session() };
        assert_eq!(at(|at| archived.update(patch(), &agent(), at)).unwrap_err(), SessionRefusal::Archived);
        let mut terminated = session();
        terminated.state.status = SessionStatus::Terminated;
        assert_eq!(at(|at| terminated.update(patch(), &agent(), at)).unwrap_err(), SessionRefusal::Terminated);
    }

    #[test]
    fn an_event_reads_back_whole() {
        let (_, changes) = at(|at| {
            let patch = SessionPatch { tools: Some(vec![custom("other")]), ..patch() };
            session().update(patch, &agent(), at).unwrap()
        });
        let body = EventBody::SessionUpdated(told(&changes).clone());
        let stored = serde_json::to_value(&body).unwrap();
        assert_eq!(stored["type"], body.name());
        assert_eq!(serde_json::from_value::<EventBody>(stored).unwrap(), body);
    }
}

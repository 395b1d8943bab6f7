//! Sessions: one conversation with one agent, an append-only log and the state folded from it.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::agent::Overrides;
use crate::event::{EventBody, StopReason};
use crate::id::{AgentId, EventId, ProjectId, RunId, SessionId};
use crate::model::Usage;

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// A random UUIDv4 that names it too, for façades whose clients print and search ids.
    pub alias: Uuid,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Who answers in it.
    pub agent: SessionAgent,
    /// What began it.
    pub origin: Origin,
    /// The caller's name of the conversation; unique for a project and agent.
    pub thread: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// Free pairs for its owner.
    #[serde(default)]
    pub metadata: IndexMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it takes no input.
    pub archived_at: Option<Timestamp>,
    /// What its log amounts to.
    pub state: SessionState,
}

/// Who answers in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SessionAgent {
    /// Always this version, with these changes.
    Pinned {
        /// The agent.
        agent: AgentId,
        /// Its version.
        version: u32,
        /// What the session changes of it.
        #[serde(default)]
        overrides: Box<Overrides>,
    },
    /// The version that is newest when a run begins.
    Following {
        /// The agent.
        agent: AgentId,
    },
}

impl SessionAgent {
    /// The agent, whatever its version.
    pub fn id(&self) -> AgentId {
        match self {
            SessionAgent::Pinned { agent, .. } | SessionAgent::Following { agent } => *agent,
        }
    }
}

/// What began a session or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The native API.
    Native,
    /// The Make-compatible API.
    Make,
    /// The Cassidy-compatible API.
    Cassidy,
    /// The Cased-compatible API.
    Cased,
}

/// What a session's log amounts to. Written only together with events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    /// Whether it works, waits or has ended.
    pub status: SessionStatus,
    /// The last event's `seq`; 0 before the first.
    pub seq: u64,
    /// The run that has the session: queued again, running or waiting. Others wait behind it.
    pub active_run: Option<RunId>,
    /// Why it is idle, once it has been running.
    pub stop_reason: Option<StopReason>,
    /// Tokens of all its model calls.
    pub usage: Usage,
    /// Milliseconds that workers held its runs.
    pub active_ms: u64,
    /// When the last event was stored.
    pub updated_at: Timestamp,
}

impl SessionState {
    /// The state of a session without events.
    pub fn new(now: Timestamp) -> Self {
        Self {
            status: SessionStatus::Idle,
            seq: 0,
            active_run: None,
            stop_reason: None,
            usage: Usage::default(),
            active_ms: 0,
            updated_at: now,
        }
    }
}

/// Whether a session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Waits for input, or for someone's decision.
    Idle,
    /// A worker holds its run.
    Running,
    /// A run is due and no worker holds it yet.
    Rescheduling,
    /// Ended for good.
    Terminated,
}

/// Input that waits in the durable inbox of a busy session until its run takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxItem {
    /// The id its event will have.
    pub id: EventId,
    /// The session.
    pub session: SessionId,
    /// The run that will take it.
    pub run: RunId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// What it will be in the log.
    pub body: EventBody,
}

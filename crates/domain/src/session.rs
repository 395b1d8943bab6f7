//! Sessions: one conversation with one agent, an append-only log and the state folded from it.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::agent::Overrides;
use crate::budget::Budget;
use crate::event::{EventBody, StopReason};
use crate::id::{AgentId, DeploymentId, EventId, MemberId, ProjectId, RunId, SessionId};
use crate::model::Usage;
use crate::money::Money;

mod close;
pub mod overview;
mod standing;
mod update;

pub use standing::Standing;
pub use update::{SessionPatch, SessionUpdate, UpdatedAgent};

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
    /// What it is for, if it was begun for a purpose of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The caller's name of the conversation; unique for a project and agent.
    pub thread: Option<String>,
    /// The deployment that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// The person whose thread it is; `None` if it belongs to nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberId>,
    /// For people.
    pub title: Option<String>,
    /// Free pairs for its owner.
    #[serde(default)]
    pub metadata: IndexMap<String, String>,
    /// Grows with each change of what stands above.
    #[serde(default)]
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it takes no input.
    pub archived_at: Option<Timestamp>,
    /// What it may spend over all its runs. Given when it is made; can be changed, and be
    /// removed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
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

/// A session cannot be changed as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    /// It takes no input and no change any more.
    #[error("session is archived")]
    Archived,
    /// It has ended for good.
    #[error("session is terminated")]
    Terminated,
    /// A turn is under way.
    #[error("the session has a turn under way: interrupt it, or wait for its end")]
    Busy,
    /// It answers by its agent's newest version, which is changed instead.
    #[error("the session follows its agent's newest version: change the agent")]
    FollowsAgent,
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
    /// The deploy monitor, of itself.
    Monitor,
}

/// What a session is for. Conversations as such have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A rollout is watched in it.
    DeployMonitor,
    /// The cause of a trouble is looked for.
    RootCauseAnalysis,
    /// Anything else that was asked for.
    General,
}

/// Words that speak of trouble.
const TROUBLE: [&str; 11] = [
    "incident",
    "outage",
    "alert",
    "error",
    "exception",
    "latency",
    "down",
    "failing",
    "5xx",
    "rollback",
    "root cause",
];

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 3] = [Purpose::DeployMonitor, Purpose::RootCauseAnalysis, Purpose::General];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::DeployMonitor => "deploy_monitor",
            Purpose::RootCauseAnalysis => "root_cause_analysis",
            Purpose::General => "general",
        }
    }

    /// The purpose of a task, by the words in it: no model is asked.
    pub fn of_task<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let speaks_of_trouble = |text: &str| {
            let text = text.to_lowercase();
            TROUBLE.iter().any(|word| has_word(&text, word))
        };
        match texts.into_iter().any(speaks_of_trouble) {
            true => Purpose::RootCauseAnalysis,
            false => Purpose::General,
        }
    }
}

/// Whether a word stands in a text by itself, or with an ending: `errors`, not `terror`; nor
/// `download`, which goes on with more than an ending.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let begins = !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let rest = &text[at + word.len()..];
        let ending: String = rest.chars().take_while(|c| c.is_alphanumeric()).take(4).collect();
        begins && ["", "s", "ed", "ing"].contains(&ending.as_str())
    })
}

/// Where a session that has a purpose stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has begun yet.
    Created,
    /// The agent works, or waits for the time of its next look.
    AgentRunning,
    /// A tool works.
    ToolExecuting,
    /// Somebody is waited for.
    WaitsForSomeone,
    /// It came to its end.
    Completed,
    /// It could not come to its end.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Progress {
    /// All of them.
    pub const ALL: [Progress; 7] = [
        Progress::Created,
        Progress::AgentRunning,
        Progress::ToolExecuting,
        Progress::WaitsForSomeone,
        Progress::Completed,
        Progress::Failed,
        Progress::Cancelled,
    ];

    /// Those that go on.
    pub const ACTIVE: [Progress; 4] =
        [Progress::Created, Progress::AgentRunning, Progress::ToolExecuting, Progress::WaitsForSomeone];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Progress::Created => "created",
            Progress::AgentRunning => "agent_running",
            Progress::ToolExecuting => "tool_executing",
            Progress::WaitsForSomeone => "pending_user_input",
            Progress::Completed => "completed",
            Progress::Failed => "failed",
            Progress::Cancelled => "cancelled",
        }
    }
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
    /// Whether a person's word is waited for: to approve a call, or to say what came of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// Model calls begun.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steps: u64,
    /// Tokens of all its model calls.
    pub usage: Usage,
    /// What they cost, as far as the models have a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Milliseconds that workers held its runs.
    pub active_ms: u64,
    /// The `seq` from which on the log is enough to know the conversation as the model is shown
    /// it: what is before is only in a summary. Absent is the whole log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_from: Option<u64>,
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
            asks: false,
            steps: 0,
            usage: Usage::default(),
            cost: None,
            active_ms: 0,
            context_from: None,
            updated_at: now,
        }
    }

    /// What the log tells of what was used; `budget` is the session's.
    pub(crate) fn told_usage(&self, budget: Option<Budget>) -> EventBody {
        EventBody::Usage { usage: self.usage, cost: self.cost, active_ms: self.active_ms, budget }
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::agent::{Agent, AgentSpec, AgentTool};
    use crate::turn::Moment;

    /// A session at rest, pinned to [`agent`].
    pub(crate) fn session() -> Session {
        let now = Timestamp::UNIX_EPOCH;
        Session {
            id: SessionId(Uuid::from_u128(1)),
            alias: Uuid::from_u128(2),
            project: ProjectId(Uuid::from_u128(3)),
            agent: SessionAgent::Pinned { agent: agent().id, version: 1, overrides: Box::default() },
            origin: Origin::Native,
            purpose: None,
            thread: None,
            owner: None,
            deployment: None,
            title: Some("t".into()),
            metadata: [("k".to_owned(), "1".to_owned())].into_iter().collect(),
            version: 0,
            created_at: now,
            archived_at: None,
            budget: None,
            state: SessionState::new(now),
        }
    }

    #[test]
    fn words_tell_what_a_task_is_for() {
        let purpose = |text| Purpose::of_task([text]);
        for text in
            ["Why is p95 latency up?", "ERRORS in checkout", "5xx!", "find the root cause", "It crashed: rollback?"]
        {
            assert_eq!(purpose(text), Purpose::RootCauseAnalysis, "{text}");
        }
        for text in ["Why is p95 up?", "Write the docs for the download page", "terror", "", "put it downstream"] {
            assert_eq!(purpose(text), Purpose::General, "{text}");
        }
    }

    pub(crate) fn agent() -> Agent {
        let input_schema = serde_json::json!({ "type": "object" });
        let tool = AgentTool::Custom { name: "look".into(), description: "looks".into(), input_schema };
        let spec = AgentSpec { name: "Ada".into(), tools: vec![tool], ..AgentSpec::default() };
        let (id, project) = (AgentId(Uuid::from_u128(4)), ProjectId(Uuid::from_u128(3)));
        Agent::create(id, project, spec, Timestamp::UNIX_EPOCH).0
    }

    /// Decides at a moment with ids of its own.
    pub(crate) fn at<T>(decide: impl FnOnce(&mut Moment<'_>) -> T) -> T {
        let mut next = 9_000;
        let mut ids = || {
            next += 1;
            EventId(Uuid::from_u128(next))
        };
        decide(&mut Moment { now: Timestamp::UNIX_EPOCH, ids: &mut ids })
    }
}

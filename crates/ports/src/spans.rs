//! What runs did and when, for whoever traces: spans, told when they have ended.
//!
//! Their ids come out of the ids of what they tell of: the run, the event that began the
//! call. So every part of a run finds its place in the trace, whichever worker did it, and
//! nothing of a trace is kept.

use domain::model::{StopCause, Usage};
use domain::{AgentId, EventId, OrgId, RunId, SessionId, Timestamp};

/// Where ended spans go.
pub trait Spans: Send + Sync + 'static {
    /// Takes a span. Returns at once, whatever becomes of it.
    fn ended(&self, span: Span);

    /// Whether it wants what people, models and tools said.
    fn takes_texts(&self) -> bool;
}

/// Something that was done, from its beginning to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace: the caller's, or the run's own.
    pub trace: u128,
    /// Its id in the trace.
    pub id: u64,
    /// What it is a part of.
    pub parent: Option<Parent>,
    /// Whose run it is.
    pub org: OrgId,
    /// The conversation.
    pub session: SessionId,
    /// The run.
    pub run: RunId,
    /// `provider/model`.
    pub model: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it failed, in a word.
    pub fault: Option<String>,
    /// What was done.
    pub deed: Deed,
}

/// What a span is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The span.
    pub id: u64,
    /// Whether it is told of by somebody else.
    pub is_remote: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// An agent worked: a whole run.
    Run {
        /// The agent.
        agent: AgentId,
        /// Its name.
        agent_name: String,
        /// All its model calls.
        usage: Usage,
        /// What it was asked and what it said, if wanted.
        texts: Option<Texts>,
    },
    /// A model was called.
    ModelCall {
        /// What it used.
        usage: Usage,
        /// Why it stopped.
        stop: Option<StopCause>,
        /// What it said, if wanted.
        texts: Option<Texts>,
    },
    /// A tool was called.
    ToolCall {
        /// The event that told of it first.
        use_id: EventId,
        /// The tool.
        name: String,
        /// The arguments and the answer, if wanted.
        texts: Option<Texts>,
    },
}

/// What was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// By whoever asked.
    pub input: String,
    /// By whoever answered.
    pub output: String,
}

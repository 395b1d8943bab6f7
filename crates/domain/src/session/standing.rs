//! Where a session stands, in the words of a list that people look at.

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A person is waited for: to approve a tool call or a rollout, or to say what came of a call.
    Waiting,
    /// A turn is under way, or due; it may be waiting for its client's result.
    Running,
    /// Nothing is under way.
    Idle,
    /// It takes no more input.
    Ended,
}

impl Standing {
    /// All of them.
    pub const ALL: [Standing; 4] = [Standing::Waiting, Standing::Running, Standing::Idle, Standing::Ended];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Running => "running",
            Standing::Idle => "idle",
            Standing::Ended => "ended",
        }
    }
}

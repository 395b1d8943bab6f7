//! What a power cut may not undo: whatever a client was told, and whatever was done outside.

use domain::event::Verdict;
use domain::run::{Run, RunStatus};
use domain::session::InboxItem;
use domain::{Event, EventBody, EventId, RunId, SessionId};
use ports::store::EventFilter;
use ports::{OrgStore, StoreError};

/// Something about a session that is true from the moment at which it was noted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Promise {
    /// It was made.
    Made,
    /// The log of a session reaches so far, where it has this event.
    Logged { seq: u64, event: EventId },
    /// An event was taken: it is in the log, or waits.
    Taken { event: EventId },
    /// A tool was called. The call is in the log, and if nobody answered it, the run knows that
    /// it is under way; if it had to be allowed, so it was.
    Called { call: EventId, was_asked: bool },
    /// The budget of a session was raised to so many model calls.
    Raised { steps: u64 },
    /// A run was answered.
    Answered { run: RunId },
}

/// A session as the disk has it.
struct Kept {
    /// How long the log is, by the session's own word.
    seq: u64,
    events: Vec<Event>,
    inbox: Vec<InboxItem>,
    runs: Vec<Run>,
    steps: Option<u64>,
}

/// Checks promises of one session.
///
/// # Errors
/// What was lost.
pub(super) async fn check_session(
    store: &dyn OrgStore,
    session: SessionId,
    promises: &[Promise],
) -> Result<(), String> {
    let kept = read(store, session).await.map_err(|error| error.to_string())?;
    let kept = kept.ok_or_else(|| format!("{session} is gone: {promises:?}"))?;
    if !kept.events.iter().enumerate().all(|(index, event)| event.seq == index as u64 + 1) {
        return Err(format!("the log of {session} has a gap"));
    }
    if kept.seq != kept.events.len() as u64 {
        return Err(format!("{session} says that its log has {} events, and it has {}", kept.seq, kept.events.len()));
    }
    if let Some(run) = kept.runs.iter().find(|run| run.status == RunStatus::Running) {
        return Err(format!("{} runs without a lease", run.id));
    }
    match promises.iter().find(|promise| !kept.holds(promise)) {
        Some(lost) => Err(format!("{lost:?} does not hold; the log has {} events", kept.events.len())),
        None => Ok(()),
    }
}

async fn read(store: &dyn OrgStore, id: SessionId) -> Result<Option<Kept>, StoreError> {
    let Some(session) = store.find_session(id).await? else { return Ok(None) };
    let events = store.list_events(id, EventFilter::default()).await?;
    let (inbox, runs) = (store.list_session_inbox(id).await?, store.list_runs(id).await?);
    let seq = session.state.seq;
    Ok(Some(Kept { seq, events, inbox, runs, steps: session.budget.and_then(|budget| budget.steps) }))
}

impl Kept {
    fn holds(&self, promise: &Promise) -> bool {
        match *promise {
            // Else there would be nothing to ask.
            Promise::Made => true,
            Promise::Logged { seq, event } => self.events.get(seq as usize - 1).is_some_and(|kept| kept.id == event),
            Promise::Taken { event } => {
                self.events.iter().any(|kept| kept.id == event) || self.inbox.iter().any(|item| item.id == event)
            }
            Promise::Called { call, was_asked } => {
                self.is_asked_for(call)
                    && (self.is_answered(call) || self.is_under_way(call))
                    && (!was_asked || self.is_allowed(call))
            }
            Promise::Raised { steps } => self.steps == Some(steps),
            Promise::Answered { run } => {
                self.runs.iter().any(|kept| kept.id == run && kept.status == RunStatus::Completed)
            }
        }
    }

    fn is_asked_for(&self, call: EventId) -> bool {
        self.events.iter().any(|event| event.id == call && matches!(event.body, EventBody::AgentToolUse { .. }))
    }

    fn is_answered(&self, call: EventId) -> bool {
        let answers =
            |body: &EventBody| matches!(body, EventBody::AgentToolResult { tool_use_id, .. } if *tool_use_id == call);
        self.events.iter().any(|event| answers(&event.body))
    }

    fn is_under_way(&self, call: EventId) -> bool {
        self.runs.iter().any(|run| run.in_flight.contains(&call))
    }

    fn is_allowed(&self, call: EventId) -> bool {
        let allows = |body: &EventBody| match body {
            EventBody::UserToolConfirmation { tool_use_id, result, .. } => {
                *tool_use_id == call && *result == Verdict::Allow
            }
            _ => false,
        };
        self.events.iter().any(|event| allows(&event.body))
    }
}

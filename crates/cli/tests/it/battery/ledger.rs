//! What the clients were told, over all lives of the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// The ledger: shared by the clients, and read by the checker when they are gone.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Told>>);

#[derive(Default, Clone)]
pub(super) struct Told {
    /// Sessions and what their clients are up to.
    pub(super) tasks: Vec<Task>,
    /// What was read from streams, and from answers that were waited for.
    pub(super) streamed: Vec<Streamed>,
    /// Runs whose answer was given.
    pub(super) answered_runs: Vec<String>,
    /// Tasks that somebody is to take up again, by their place in `tasks`.
    left: VecDeque<usize>,
}

/// A session with one message, which sets the tools to work on a task of its own.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) number: usize,
    pub(super) session: String,
    pub(super) story: Story,
    /// Events that were acknowledged: the message, decisions, results.
    pub(super) taken: Vec<String>,
    /// Interrupts that were acknowledged.
    pub(super) interrupts: Vec<String>,
    /// Raises of the budget that were acknowledged.
    pub(super) raises: usize,
}

/// How a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    /// The tools run by themselves.
    Plain,
    /// A person allows what asks for leave.
    Approve,
    /// A person denies the call that cannot be taken back, and allows the other.
    Deny,
    /// One of the tools is run by the client.
    ClientTool,
    /// The turn is interrupted while its tools are at work.
    InterruptAtWork,
    /// The turn is interrupted while it waits for leave.
    InterruptAsking,
    /// The budget of the session stops the turn, and is raised.
    Budget { unit: Unit, max: u64 },
}

/// The unit of a budget, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Steps,
    ToolCalls,
    Tokens,
}

impl Unit {
    /// The bound's key.
    pub(super) fn bound(self) -> &'static str {
        match self {
            Unit::Steps => "max_steps",
            Unit::ToolCalls => "max_tool_calls",
            Unit::Tokens => "max_tokens",
        }
    }

    /// As a stop reason has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Unit::Steps => "steps",
            Unit::ToolCalls => "tool_calls",
            Unit::Tokens => "tokens",
        }
    }
}

/// Stored events that a client was shown.
#[derive(Clone)]
pub(super) struct Streamed {
    pub(super) session: String,
    pub(super) events: Vec<Value>,
}

impl Task {
    /// What the user says, and the tools are called with.
    pub(super) fn name(&self) -> String {
        format!("task-{}", self.number)
    }
}

impl Ledger {
    pub(super) fn told(&self) -> Told {
        self.lock().clone()
    }

    /// A session was made for a task; its place.
    pub(super) fn begin(&self, number: usize, session: String, story: Story) -> usize {
        let mut told = self.lock();
        let (taken, interrupts) = (Vec::new(), Vec::new());
        told.tasks.push(Task { number, session, story, taken, interrupts, raises: 0 });
        told.tasks.len() - 1
    }

    pub(super) fn task(&self, place: usize) -> Task {
        self.lock().tasks[place].clone()
    }

    /// Events of a task were acknowledged.
    pub(super) fn taken(&self, place: usize, events: impl IntoIterator<Item = String>) {
        self.lock().tasks[place].taken.extend(events);
    }

    /// So was an interrupt.
    pub(super) fn interrupted(&self, place: usize, event: String) {
        self.lock().tasks[place].interrupts.push(event);
    }

    /// So was a raise.
    pub(super) fn raised(&self, place: usize) {
        self.lock().tasks[place].raises += 1;
    }

    pub(super) fn shown(&self, session: &str, events: Vec<Value>) {
        self.lock().streamed.push(Streamed { session: session.to_owned(), events });
    }

    pub(super) fn answered(&self, run: String) {
        self.lock().answered_runs.push(run);
    }

    /// These tasks, and no others, are to be taken up again.
    pub(super) fn leave(&self, places: impl IntoIterator<Item = usize>) {
        self.lock().left = places.into_iter().collect();
    }

    /// Takes one of them.
    pub(super) fn take_up(&self) -> Option<usize> {
        self.lock().left.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

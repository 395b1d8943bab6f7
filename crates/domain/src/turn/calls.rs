//! The tool calls of one reply: which may start, which are under way, which wait.

use serde_json::Value;

use self::CallState::{Done, Ready, Started};
use super::{JudgedCall, Judgement, Moment, Need, Turn, Waiting};
use crate::event::EventBody;
use crate::id::EventId;
use crate::model::Block;
use crate::tool::{Effect, Ruling, ToolOutcome};

/// A tool call of the current reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its tool-use event; also its idempotency key.
    pub id: EventId,
    /// The tool.
    pub name: String,
    /// The arguments.
    pub input: Value,
    /// What it does to the world.
    pub effect: Effect,
    /// Where it stands.
    pub state: CallState,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// May start when its turn comes.
    Ready,
    /// Under way; the intent is stored.
    Started,
    /// Waits for someone.
    Waiting(Need),
    /// Its answer is stored.
    Done,
}

impl Call {
    pub(super) fn is_started(&self) -> bool {
        self.state == Started
    }

    /// Starts it; its id.
    pub(super) fn start(&mut self) -> EventId {
        self.state = Started;
        self.id
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == Done
    }

    pub(super) fn waiting(&self) -> Option<Waiting> {
        match self.state {
            CallState::Waiting(need) => Some(Waiting { tool_use: self.id, need }),
            _ => None,
        }
    }
}

/// Which calls may start now. Calls run side by side where they may be repeated; an unsafe
/// call runs alone, after all before it and before all behind it.
pub(super) fn startable(calls: &[Call]) -> Vec<usize> {
    let mut startable = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        if call.is_done() {
            continue;
        }
        if call.effect != Effect::Unsafe {
            if call.state == Ready {
                startable.push(index);
            }
            continue;
        }
        let first = calls[..index].iter().all(Call::is_done);
        if first && call.state == Ready {
            startable.push(index);
        }
        break;
    }
    startable
}

impl Turn {
    /// A tool call came to its end.
    pub fn answered(&mut self, id: EventId, outcome: ToolOutcome, at: &mut Moment<'_>) {
        let Some(index) = self.calls.iter().position(|call| call.id == id && call.is_started()) else { return };
        let (content, is_error) = match outcome {
            ToolOutcome::Answered { content, is_error } => (content, is_error),
            ToolOutcome::NotReached(why) => (format!("the tool was not reached: {why}"), true),
            ToolOutcome::Unknown(why) => {
                (format!("{why}; whether the call took effect is unknown, so do not simply repeat it"), true)
            }
        };
        self.answer(index, vec![Block::text(content)], is_error, at);
        self.advance(at);
    }

    /// Stores the intent of a call that the model asked for, or why it will not be made.
    pub(super) fn take_call(&mut self, judged: JudgedCall, at: &mut Moment<'_>) {
        let id = (at.ids)();
        let JudgedCall { name, input, judgement, permission, effect, by_client } = judged;
        let (ruling, state, refusal) = match judgement {
            Judgement::Valid(Ruling::Allow) if by_client => {
                (Ruling::Allow, CallState::Waiting(Need::ClientResult), None)
            }
            Judgement::Valid(Ruling::Allow) => (Ruling::Allow, Ready, None),
            Judgement::Valid(Ruling::Ask) => (Ruling::Ask, CallState::Waiting(Need::Approval), None),
            Judgement::Valid(Ruling::Deny) => (Ruling::Deny, Ready, Some("this tool may not be called".to_owned())),
            Judgement::Invalid(why) => (Ruling::Allow, Ready, Some(why)),
        };
        let body = if by_client {
            EventBody::AgentCustomToolUse { name: name.clone(), input: input.clone() }
        } else {
            EventBody::AgentToolUse {
                name: name.clone(),
                input: input.clone(),
                evaluated_permission: ruling,
                permission,
                effect,
            }
        };
        self.log_as(id, at.now, body);
        self.calls.push(Call { id, name, input, effect, state });
        if let Some(why) = refusal {
            let index = self.calls.len() - 1;
            self.answer(index, vec![Block::text(why)], true, at);
        }
    }

    pub(super) fn answer(&mut self, index: usize, content: Vec<Block>, is_error: bool, at: &mut Moment<'_>) {
        let id = self.calls[index].id;
        self.calls[index].state = Done;
        self.log(at, EventBody::AgentToolResult { tool_use_id: id, content, is_error });
    }

    /// Writes into the run which calls are under way and which wait: what a worker that
    /// takes it up after a crash has to go by.
    pub(super) fn name_open_calls(&mut self) {
        self.run.in_flight = self.calls.iter().filter(|call| call.is_started()).map(|call| call.id).collect();
        self.run.waiting = self.calls.iter().filter_map(Call::waiting).collect();
    }
}

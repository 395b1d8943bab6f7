//! Going on with a run that has begun: after a crash, a drain, or a decision it waited for.

use super::accept::unmoved;
use super::{Call, CallEnd, CallState, Claim, Moment, Need, Phase, Turn};
use crate::event::{Event, EventBody};
use crate::run::Run;
use crate::session::{InboxItem, Session};
use crate::tool::Effect;

impl Turn {
    /// Rebuilds a run from its own events (`events`, in order) and goes on from its last
    /// committed step. A model call that was open is void and made again. A tool call that
    /// was under way is made again if its effect allows; an unsafe one waits for a person.
    /// `inbox` is what came for the run meanwhile.
    pub fn resume(
        run: Run,
        session: Session,
        events: &[Event],
        inbox: Vec<InboxItem>,
        claim: Claim<'_>,
        at: &mut Moment<'_>,
    ) -> Turn {
        let guards = unmoved(&run, &session.state);
        let mut turn = Turn::held(run, session, claim, at.now);
        turn.guards.extend(guards);
        turn.state.asks = false;
        let open_call = turn.rebuild(events);
        turn.log(at, EventBody::StatusRunning {});
        if let Some(start) = open_call {
            turn.end_model_call(start, CallEnd::FAILED, at);
        }
        if turn.run.is_late(at.now) {
            turn.timed_out(at);
            return turn;
        }
        turn.settle_interrupted_calls();
        turn.phase = Phase::InTools;
        if inbox.is_empty() {
            turn.advance(at);
        } else {
            turn.take_input(inbox, at);
        }
        turn
    }

    /// Folds the run's events; gives back the model call that was open at their end.
    fn rebuild(&mut self, events: &[Event]) -> Option<crate::id::EventId> {
        let mut open = None;
        for event in events {
            match &event.body {
                EventBody::ModelRequestStart { .. } => open = Some(event.id),
                EventBody::ModelRequestEnd { is_error, .. } => {
                    open = None;
                    if !is_error {
                        self.calls.clear();
                    }
                }
                EventBody::AgentToolUse { name, input, effect, .. } => {
                    self.rebuild_call(event, name, input, *effect);
                }
                EventBody::AgentCustomToolUse { name, input } => {
                    self.rebuild_call(event, name, input, Effect::Idempotent);
                }
                EventBody::AgentToolResult { tool_use_id: answered, .. }
                | EventBody::UserCustomToolResult { custom_tool_use_id: answered, .. } => {
                    if let Some(call) = self.calls.iter_mut().find(|call| call.id == *answered) {
                        call.state = CallState::Done;
                    }
                }
                EventBody::OutputInvalid { .. } => self.repaired = true,
                _ => {}
            }
        }
        open
    }

    fn rebuild_call(&mut self, event: &Event, name: &str, input: &serde_json::Value, effect: Effect) {
        let waiting = self.run.waiting.iter().find(|waiting| waiting.tool_use == event.id);
        let state = match waiting {
            Some(waiting) => CallState::Waiting(waiting.need),
            None if self.run.in_flight.contains(&event.id) => CallState::Started,
            None => CallState::Ready,
        };
        self.calls.push(Call { id: event.id, name: name.to_owned(), input: input.clone(), effect, state });
    }

    /// A call that was under way when its worker died: a person decides, or it is made again.
    /// That is the same call still, which was counted when it was begun.
    fn settle_interrupted_calls(&mut self) {
        let in_doubt = |call: &&mut Call| call.is_started() && call.effect == Effect::Unsafe;
        for call in self.calls.iter_mut().filter(in_doubt) {
            call.state = CallState::Waiting(Need::Resolution);
        }
    }
}

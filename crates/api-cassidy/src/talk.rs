//! From a log to what was said: answers, and how runs ended that have none.

use domain::budget::Holder;
use domain::citation::Source;
use domain::event::StopReason;
use domain::limits::Unit;
use domain::model::Block;
use domain::run::Outcome;
use domain::{Event, EventBody, EventId, Timestamp};

use web::words::capitalized;

use crate::error::ApiError;

/// What an agent answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) sources: Vec<Source>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// With an answer; `None` is an empty one.
    Answered(Option<Said>),
    /// Without one, and this is what its caller is told.
    Unanswered(ApiError),
}

/// One run of a thread after the other, followed from event to event.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    /// What the last model call said.
    said: Option<Said>,
    was_interrupted: bool,
    waits_for_somebody: bool,
    last_fault: Option<String>,
}

impl Listener {
    /// Takes in the next event; how a run ended, if it ends with it.
    pub(crate) fn take(&mut self, event: &Event) -> Option<End> {
        match &event.body {
            EventBody::ModelRequestStart { .. } => self.said = None,
            EventBody::AgentMessage { content, sources } => {
                let (text, sources) = (text_of(content), sources.clone());
                self.said = Some(Said { id: event.id, at: event.at, text, sources });
            }
            // One that found nothing to interrupt belongs to no run.
            EventBody::UserInterrupt {} => self.was_interrupted = event.run.is_some(),
            EventBody::Error { message, .. } => self.last_fault = Some(message.clone()),
            EventBody::StatusRunning {} => self.waits_for_somebody = false,
            EventBody::StatusIdle { stop_reason: StopReason::RequiresAction { .. } } => self.waits_for_somebody = true,
            EventBody::StatusIdle { stop_reason } => {
                let run = std::mem::take(self);
                return Some(run.ended(stop_reason));
            }
            EventBody::RunDropped { outcome } => {
                let run = std::mem::take(self);
                return Some(run.dropped(outcome));
            }
            _ => {}
        }
        None
    }

    /// Whether a tool call waits for somebody's word.
    pub(crate) fn waits_for_somebody(&self) -> bool {
        self.waits_for_somebody
    }

    fn ended(self, reason: &StopReason) -> End {
        match reason {
            StopReason::EndTurn if self.was_interrupted => stopped(),
            StopReason::EndTurn | StopReason::Refusal => End::Answered(self.said),
            StopReason::BudgetReached { unit, budget } => limit_reached(*unit, *budget),
            StopReason::RetriesExhausted => {
                let fault = self.last_fault.as_deref().unwrap_or("the model failed");
                End::Unanswered(ApiError::unanswered(capitalized(fault)))
            }
            // Seen before.
            StopReason::RequiresAction { .. } => stopped(),
        }
    }

    fn dropped(self, outcome: &Outcome) -> End {
        match outcome {
            Outcome::Done | Outcome::Refused => End::Answered(self.said),
            Outcome::Interrupted => stopped(),
            Outcome::LimitReached { unit, budget } => limit_reached(*unit, *budget),
            Outcome::ModelFailed { message, .. } | Outcome::Unrunnable { message } => {
                End::Unanswered(ApiError::unanswered(capitalized(message)))
            }
        }
    }
}

fn stopped() -> End {
    End::Unanswered(ApiError::conflict("The run was stopped before it had an answer"))
}

fn limit_reached(unit: Unit, budget: Option<Holder>) -> End {
    End::Unanswered(match (budget, unit) {
        (Some(holder), _) => ApiError::unanswered(format!(
            "The {}'s budget ({}) was used up before the agent had an answer",
            holder.as_str(),
            unit.as_str()
        )),
        (None, Unit::Time) => ApiError::too_late("The agent had no answer in the time it has"),
        (None, unit) => ApiError::unanswered(format!(
            "The agent reached its limit of {} before it had an answer",
            unit.as_str().replace('_', " ")
        )),
    })
}

/// What is text of a message.
pub(crate) fn text_of(content: &[Block]) -> String {
    content.iter().filter_map(Block::as_text).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::RunId;
    use domain::event::RetryStatus;
    use domain::model::FaultKind;
    use uuid::Uuid;

    fn ends(bodies: impl IntoIterator<Item = EventBody>) -> Vec<End> {
        let mut listener = Listener::default();
        let event = |(seq, body)| Event {
            id: EventId(Uuid::from_u128(u128::from(seq))),
            seq,
            run: Some(RunId(Uuid::nil())),
            at: Timestamp::UNIX_EPOCH,
            body,
        };
        (1..).zip(bodies).map(event).filter_map(|event| listener.take(&event)).collect()
    }

    fn says(text: &str) -> [EventBody; 2] {
        let model = "scripted/demo".to_owned();
        [EventBody::ModelRequestStart { model }, EventBody::said(vec![Block::text(text)])]
    }

    fn idle(stop_reason: StopReason) -> EventBody {
        EventBody::StatusIdle { stop_reason }
    }

    fn answers(ends: &[End]) -> Vec<Option<&str>> {
        let answer = |end: &End| match end {
            End::Answered(said) => Some(said.as_ref().map_or("", |said| said.text.as_str()).to_owned()),
            End::Unanswered(_) => None,
        };
        ends.iter().map(answer).map(|text| text.map(|text| &*text.leak())).collect()
    }

    #[test]
    fn the_last_words_of_a_run_are_its_answer() {
        let [start, looks] = says("let me look");
        let [again, found] = says("it is 7");
        let run = [start.clone(), looks, again.clone(), found, idle(StopReason::EndTurn)];
        assert_eq!(answers(&ends(run)), [Some("it is 7")]);
        let silent = [start, EventBody::said(vec![]), again, idle(StopReason::EndTurn)];
        assert_eq!(answers(&ends(silent)), [Some("")]);
    }

    #[test]
    fn a_run_that_waits_has_not_ended() {
        let waits = idle(StopReason::RequiresAction { event_ids: vec![] });
        let [start, said] = says("done");
        let mut listener = Listener::default();
        for (body, waiting) in [(waits, true), (EventBody::StatusRunning {}, false), (start, false), (said, false)] {
            let id = EventId(Uuid::nil());
            let event = Event { id, seq: 1, run: None, at: Timestamp::UNIX_EPOCH, body };
            assert_eq!((listener.take(&event), listener.waits_for_somebody()), (None, waiting));
        }
    }

    #[test]
    fn a_run_without_an_answer_says_why() {
        let fault = |message: &str| EventBody::Error {
            kind: FaultKind::Unavailable,
            message: message.into(),
            retry: RetryStatus::Exhausted,
        };
        let [start, said] = says("half");
        let runs = [
            fault("the provider is down"),
            idle(StopReason::RetriesExhausted),
            start,
            said,
            EventBody::UserInterrupt {},
            idle(StopReason::EndTurn),
            idle(StopReason::BudgetReached { unit: Unit::Time, budget: None }),
            EventBody::RunDropped { outcome: Outcome::Unrunnable { message: "no model".into() } },
        ];
        let ended = ends(runs);
        assert_eq!(
            ended,
            [
                End::Unanswered(ApiError::unanswered("The provider is down")),
                stopped(),
                End::Unanswered(ApiError::too_late("The agent had no answer in the time it has")),
                End::Unanswered(ApiError::unanswered("No model")),
            ]
        );
    }
}

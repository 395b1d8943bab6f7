//! A run that takes a rollout back: one call, by nobody's model, made at most once.

use super::*;
use crate::model::text_of;
use crate::monitor::remedy::tests::remedy;
use crate::monitor::{Policy, RollbackStep};
use crate::transcript::Transcript;

fn desk(policy: Policy, effect: Effect) -> Desk {
    let remedy = Remedy { effect, ..remedy(policy, Some("4f2c1e0")).unwrap() };
    Desk::open(&Bank::default(), 0, Limits::default(), Some(Box::new(remedy))).expect("nothing forbids it")
}

impl Desk {
    fn hears(&mut self, body: EventBody) {
        let item = self.item(body);
        self.decide(|turn, at| turn.take_input(vec![item], at));
    }

    fn decides(&mut self, result: Verdict) {
        let Some(waiting) = self.turn.run.waiting.first() else { return };
        let tool_use_id = waiting.tool_use;
        self.hears(EventBody::UserToolConfirmation { tool_use_id, result, deny_message: None, content: None });
    }

    fn answers(&self) -> Vec<String> {
        let answers = self.log.iter().filter_map(|event| match &event.body {
            EventBody::AgentToolResult { content, .. } => Some(text_of(content)),
            _ => None,
        });
        answers.collect()
    }

    fn results(&self) -> Vec<bool> {
        let results = self.log.iter().filter_map(|event| match &event.body {
            EventBody::AgentToolResult { is_error, .. } => Some(!is_error),
            _ => None,
        });
        results.collect()
    }
}

#[test]
fn a_proposal_is_one_call_that_waits_and_no_model_is_asked() {
    let mut desk = desk(Policy::Propose, Effect::Unsafe);
    assert_eq!(desk.turn.doing(), Doing::Wait);
    desk.decides(Verdict::Allow);
    let call = started(&desk)[0];
    desk.decide(|turn, at| turn.answered(call, answer(), at));
    assert_eq!(
        desk.names(),
        [
            "monitor.rollback",
            "session.status_running",
            "agent.tool_use",
            "session.status_idle",
            "session.status_running",
            "user.tool_confirmation",
            "agent.tool_result",
            "session.usage",
            "session.status_idle",
        ]
    );
    assert_eq!((desk.turn.doing(), desk.turn.run.outcome.clone()), (Doing::Over, Some(Outcome::Done)));
}

#[test]
fn what_is_denied_or_interrupted_is_not_called() {
    for body in [None, Some(EventBody::UserInterrupt {})] {
        let mut desk = desk(Policy::Propose, Effect::Unsafe);
        match body {
            Some(body) => desk.hears(body),
            None => desk.decides(Verdict::Deny),
        }
        assert_eq!((desk.turn.doing(), desk.results()), (Doing::Over, vec![false]));
    }
}

#[test]
fn one_that_asks_nobody_is_called_at_once_and_is_in_doubt_after_a_crash() {
    let mut desk = desk(Policy::Automatic, Effect::Unsafe);
    let call = started(&desk)[0];
    desk.crash();
    assert_eq!(desk.turn.run.waiting, [Waiting { tool_use: call, need: Need::Resolution }]);
    desk.decides(Verdict::Happened);
    assert_eq!((desk.turn.doing(), desk.results()), (Doing::Over, vec![true]));
}

#[test]
fn a_doubt_that_is_given_up_stays_a_doubt() {
    type End = fn(&mut Desk);
    let ends: [End; 2] = [|desk| desk.hears(EventBody::UserInterrupt {}), |desk| desk.decide(Turn::timed_out)];
    for end in ends {
        let mut desk = desk(Policy::Automatic, Effect::Unsafe);
        desk.crash();
        end(&mut desk);
        let answers = desk.answers();
        assert_eq!((desk.turn.doing(), answers.len()), (Doing::Over, 1));
        assert!(answers[0].contains("unknown") && !answers[0].contains("not made"), "{answers:?}");
    }
}

/// A rollback that waits for its turn, and for how long it does.
fn queued(policy: Policy) -> (Session, Queued, Timestamp) {
    let now = Timestamp::UNIX_EPOCH;
    let (session, remedy) = (session(now), remedy(policy, Some("4f2c1e0")).unwrap());
    let (deadline, body) = (remedy.deadline(now), remedy.called_for(2));
    let run = Run { deadline: Some(deadline), remedy: Some(Box::new(remedy)), ..run(&session, Limits::default(), now) };
    let id = EventId(Uuid::from_u128(77));
    let item = InboxItem { id, session: session.id, run: run.id, accepted_at: now, body };
    (session, Queued { run, inbox: vec![item] }, deadline)
}

/// What is told of rollbacks.
fn told(changes: &ChangeSet) -> Vec<(RollbackStep, String)> {
    let logs = changes.changes.iter().filter_map(|change| match change {
        Change::Append { events, .. } => Some(events),
        _ => None,
    });
    let told = logs.flatten().filter_map(|event| match &event.body {
        EventBody::MonitorRollback { step, summary, .. } => Some((*step, summary.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn one_whose_turn_never_comes_is_void_and_never_said_to_be_begun() {
    let is_void = |changes: &ChangeSet, why: &str| {
        let told = told(changes);
        assert!(matches!(told.as_slice(), [(RollbackStep::Void, said)] if said.contains(why)), "{why}: {told:?}");
    };
    for policy in [Policy::Propose, Policy::Automatic] {
        let at = &mut Moment { now: Timestamp::UNIX_EPOCH, ids: &mut || EventId(Uuid::from_u128(78)) };
        let late = Outcome::LimitReached { unit: Unit::Time, budget: None };
        is_void(&drop_queued(queued(policy).1, late, at), "did not come in time");
        is_void(&drop_queued(queued(policy).1, Outcome::Interrupted, at), "called off");
        is_void(&call_off_queued(queued(policy).1, "it was asked for", at), "it was asked for");

        let spec = AgentSpec::default();
        let claim = || Claim { fence: FENCE, spec: &spec, models: Vec::new() };
        let (session, Queued { run, mut inbox }, _) = queued(policy);
        inbox.push(InboxItem {
            id: EventId(Uuid::from_u128(79)),
            body: EventBody::UserInterrupt {},
            ..inbox[0].clone()
        });
        let mut interrupted = Turn::claim(run, session, inbox, claim(), at);
        is_void(&interrupted.take_claim(), "called off");
        let (session, Queued { run, inbox }, deadline) = queued(policy);
        at.now = deadline;
        let mut late = Turn::claim(run, session, inbox, claim(), at);
        is_void(&late.take_claim(), "did not come in time");
        assert_eq!((interrupted.doing(), late.doing()), (Doing::Over, Doing::Over));
    }
}

#[test]
fn a_model_never_hears_of_it() {
    let mut desk = desk(Policy::Automatic, Effect::Idempotent);
    let call = started(&desk)[0];
    desk.decide(|turn, at| turn.answered(call, answer(), at));
    let mut transcript = Transcript::default();
    desk.log.iter().for_each(|event| transcript.apply(event));
    assert!(transcript.messages(None).is_empty());
}

#[test]
fn its_time_to_be_decided_counts_from_its_beginning() {
    let desk = desk(Policy::Automatic, Effect::Unsafe);
    assert_eq!(desk.turn.run.deadline, Some(desk.now + crate::monitor::remedy::DECIDED_WITHIN));
}

proptest! {
    /// Whatever comes in which order: there is one call, it is made only when it may be, and
    /// answered once; and no model is called.
    #[test]
    fn it_is_one_call_whatever_comes(
        asks: bool,
        effect in prop::sample::select(vec![Effect::Read, Effect::Idempotent, Effect::Unsafe]),
        steps in prop::collection::vec(0u8..8, 0..20),
    ) {
        let mut desk = desk(if asks { Policy::Propose } else { Policy::Automatic }, effect);
        let mut may_be_made = !asks;
        for step in steps {
            let is_asked = desk.turn.run.waiting.iter().any(|waiting| waiting.need == Need::Approval);
            match step {
                0 if desk.turn.doing() != Doing::Over => desk.crash(),
                1 => {
                    desk.decides(Verdict::Allow);
                    may_be_made |= is_asked;
                }
                2 => desk.decides(Verdict::Deny),
                3 => desk.decides(Verdict::Happened),
                4 => desk.decides(Verdict::DidNotHappen),
                5 if desk.turn.doing() != Doing::Over => desk.hears(EventBody::UserInterrupt {}),
                6 if desk.turn.doing() != Doing::Over => desk.decide(Turn::timed_out),
                _ => {
                    for call in started(&desk) {
                        desk.decide(|turn, at| turn.answered(call, answer(), at));
                    }
                }
            }
            prop_assert!(may_be_made || started(&desk).is_empty(), "nobody has allowed it");
            prop_assert!(desk.results().len() <= 1);
        }
        let names = desk.names();
        prop_assert_eq!(names.iter().filter(|name| **name == "agent.tool_use").count(), 1);
        prop_assert!(!names.contains(&"span.model_request_start"));
        prop_assert_eq!(desk.results().len() == 1, desk.turn.doing() == Doing::Over);
    }
}

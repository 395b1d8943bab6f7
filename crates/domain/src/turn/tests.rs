//! A run under every order of happenings: whatever comes, the log is whole, the run ends,
//! and a worker that takes it up from the log alone stands where the first one stood.

mod remedy;

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::spending::tests::Bank;
use super::*;
use crate::agent::{AgentSpec, ModelChoice, Overrides};
use crate::event::{Event, Verdict};
use crate::id::{AgentId, ProjectId, RunId};
use crate::limits::Spent;
use crate::model::FaultKind;
use crate::monitor::Remedy;
use crate::session::{InboxItem, Origin, Session, SessionAgent};
use crate::tool::{Effect, Permission, Ruling, ToolOutcome};
use crate::transcript::Cut;

const FENCE: Fence = Fence(1);

/// The models of every run here.
const MODELS: [&str; 3] = ["scripted/demo", "scripted/second", "scripted/third"];

/// A session with one run, its store and its worker in one.
pub(crate) struct Desk {
    next_id: u128,
    now: Timestamp,
    pub(crate) log: Vec<Event>,
    spec: AgentSpec,
    session: Session,
    pub(crate) turn: Turn,
    /// The budgets that the run meets, shared by all desks of a bank.
    pub(super) bank: Bank,
}

impl Desk {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::at(&Bank::default(), 0, limits).expect("nothing forbids the first call")
    }

    /// One of several desks whose runs spend from the same budgets. `None` if they forbid its
    /// first call.
    pub(super) fn at(bank: &Bank, number: u128, limits: Limits) -> Option<Self> {
        Self::open(bank, number, limits, None)
    }

    fn open(bank: &Bank, number: u128, limits: Limits, remedy: Option<Box<Remedy>>) -> Option<Self> {
        let now = Timestamp::UNIX_EPOCH;
        let model = ModelChoice { id: "scripted/demo".into(), ..ModelChoice::default() };
        let spec = AgentSpec { model, limits, ..AgentSpec::default() };
        let session = session(now);
        let id = RunId(Uuid::from_u128(5 + (number << 64)));
        let run = Run { id, remedy, ..run(&session, limits, now) };
        let mut next_id = 1_000 + (number << 64);
        let mut ids = || {
            next_id += 1;
            EventId(Uuid::from_u128(next_id))
        };
        let hello = EventBody::UserMessage { content: vec![Block::text("hello")], dropped: false };
        let body = run.remedy.as_ref().map_or(hello, |remedy| remedy.called_for(2));
        let inputs = vec![Input { id: ids(), body }];
        let at = &mut Moment { now, ids: &mut ids };
        let models = MODELS.map(str::to_owned).to_vec();
        let claim = Claim { fence: FENCE, spec: &spec, models };
        let accepted = accept(&session, true, run, inputs, Some(claim), at);
        let turn = accepted.turn.expect("it was claimed");
        let mut desk = Self { next_id, now, log: Vec::new(), spec, session, turn, bank: bank.clone() };
        bank.pay(&accepted.changes).then(|| {
            desk.store(accepted.changes);
            desk
        })
    }

    /// Applies a change set as a store would.
    pub(crate) fn store(&mut self, changes: ChangeSet) {
        for change in changes.changes {
            if let Change::Append { events, .. } = change {
                for event in events {
                    let seq = self.log.len() as u64 + 1;
                    self.log.push(event.stored(seq));
                }
            }
        }
        self.turn.committed(self.log.len() as u64);
    }

    pub(crate) fn decide(&mut self, decide: impl FnOnce(&mut Turn, &mut Moment<'_>)) {
        let next_id = &mut self.next_id;
        let mut ids = || {
            *next_id += 1;
            EventId(Uuid::from_u128(*next_id))
        };
        let at = &mut Moment { now: self.now, ids: &mut ids };
        decide(&mut self.turn, at);
        let mut changes = self.turn.take_changes();
        while !self.bank.pay(&changes) {
            changes = self.turn.reconsider(changes, self.bank.accounts(), at);
        }
        self.store(changes);
    }

    /// The worker dies; another goes on from the log and the run's row.
    fn crash(&mut self) {
        let run = self.turn.stored_run();
        let session = Session { state: self.turn.state.clone(), ..self.session.clone() };
        let (log, spec) = (self.log.clone(), self.spec.clone());
        let queued = Run { status: RunStatus::Queued, ..run };
        let models = MODELS.map(str::to_owned).to_vec();
        let claim = Claim { fence: FENCE, spec: &spec, models };
        self.decide(|turn, at| *turn = Turn::resume(queued, session, &log, Vec::new(), claim, at));
    }

    fn item(&mut self, body: EventBody) -> InboxItem {
        self.next_id += 1;
        let id = EventId(Uuid::from_u128(self.next_id));
        InboxItem { id, session: self.turn.session(), run: self.turn.run.id, accepted_at: self.now, body }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.log.iter().map(|event| event.body.name()).collect()
    }
}

fn session(now: Timestamp) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(1)),
        alias: Uuid::from_u128(2),
        project: ProjectId(Uuid::from_u128(3)),
        agent: SessionAgent::Following { agent: AgentId(Uuid::from_u128(4)) },
        origin: Origin::Native,
        purpose: None,
        thread: None,
        owner: None,
        deployment: None,
        title: None,
        metadata: Default::default(),
        version: 0,
        created_at: now,
        archived_at: None,
        budget: None,
        state: SessionState::new(now),
    }
}

fn run(session: &Session, limits: Limits, now: Timestamp) -> Run {
    Run {
        id: RunId(Uuid::from_u128(5)),
        session: session.id,
        project: session.project,
        agent: session.agent.id(),
        agent_version: Some(1),
        origin: Origin::Native,
        key: None,
        overrides: Arc::new(Overrides::default()),
        remedy: None,
        status: RunStatus::Queued,
        fence: None,
        version: 0,
        first_seq: None,
        trace: None,
        queued_at: now,
        started_at: None,
        ended_at: None,
        deadline: limits.wall_ms.map(|ms| now + Duration::from_millis(ms)),
        spent: Default::default(),
        in_flight: Vec::new(),
        waiting: Vec::new(),
        asks_since: None,
        asked: Vec::new(),
        failed_attempts: 0,
        model_at: 0,
        refused_tokens: None,
        outcome: None,
    }
}

pub(crate) fn judged(effect: Effect, judgement: Judgement) -> JudgedCall {
    let permission = Permission::Allow;
    JudgedCall { name: "t".into(), input: json!({}), judgement, permission, effect, by_client: false }
}

pub(super) fn says(text: &str) -> Reply {
    Reply { text: text.into(), usage: Usage { output_tokens: 3, ..Usage::default() }, ..Reply::default() }
}

pub(crate) fn asks_for(calls: Vec<JudgedCall>) -> Reply {
    Reply { calls, ..Reply::default() }
}

fn declines() -> Reply {
    Reply { stop: Some(StopCause::Refusal), ..says("I would rather not") }
}

fn answer() -> ToolOutcome {
    ToolOutcome::Answered { content: "5".into(), is_error: false }
}

pub(super) fn started(desk: &Desk) -> Vec<EventId> {
    match desk.turn.doing() {
        Doing::RunTools(calls) => calls.iter().map(|call| call.id).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_turn_with_a_tool_is_logged_in_the_contracts_order() {
    let mut desk = Desk::new(Limits::default());
    desk.decide(|turn, at| turn.replied(asks_for(vec![judged(Effect::Read, Judgement::Valid(Ruling::Allow))]), at));
    let call = started(&desk)[0];
    desk.decide(|turn, at| turn.answered(call, answer(), at));
    desk.decide(|turn, at| turn.replied(says("done"), at));
    assert_eq!(
        desk.names(),
        [
            "user.message",
            "session.status_running",
            "span.model_request_start",
            "span.model_request_end",
            "agent.tool_use",
            "agent.tool_result",
            "span.model_request_start",
            "agent.message",
            "span.model_request_end",
            "session.usage",
            "session.status_idle",
        ]
    );
    assert_eq!((desk.turn.doing(), desk.turn.run.status), (Doing::Over, RunStatus::Completed));
}

#[test]
fn safe_calls_run_side_by_side_and_an_unsafe_one_alone() {
    let mut desk = Desk::new(Limits::default());
    let effects = [Effect::Read, Effect::Idempotent, Effect::Unsafe, Effect::Read];
    let calls = effects.map(|effect| judged(effect, Judgement::Valid(Ruling::Allow))).to_vec();
    desk.decide(|turn, at| turn.replied(asks_for(calls), at));
    let first = started(&desk);
    assert_eq!(first.len(), 2);
    for call in first {
        desk.decide(|turn, at| turn.answered(call, answer(), at));
    }
    let alone = started(&desk);
    assert_eq!(alone.len(), 1);
    desk.decide(|turn, at| turn.answered(alone[0], answer(), at));
    assert_eq!(started(&desk).len(), 1);
}

#[test]
fn after_a_crash_a_safe_call_is_made_again_and_an_unsafe_one_waits_for_a_person() {
    for (effect, waits) in [(Effect::Read, false), (Effect::Idempotent, false), (Effect::Unsafe, true)] {
        let mut desk = Desk::new(Limits::default());
        desk.decide(|turn, at| turn.replied(asks_for(vec![judged(effect, Judgement::Valid(Ruling::Allow))]), at));
        let call = started(&desk)[0];
        desk.crash();
        assert_eq!(desk.turn.doing() == Doing::Wait, waits, "{effect:?}");
        if waits {
            assert_eq!(desk.turn.run.waiting, [Waiting { tool_use: call, need: Need::Resolution }]);
        } else {
            assert_eq!(started(&desk), [call], "the same call, under the same id");
        }
    }
}

#[test]
fn a_call_that_is_made_again_after_a_crash_is_counted_once() {
    let mut desk = Desk::new(Limits { tool_calls: Some(1), ..Limits::default() });
    let call = judged(Effect::Idempotent, Judgement::Valid(Ruling::Allow));
    desk.decide(|turn, at| turn.replied(asks_for(vec![call]), at));
    let under_way = started(&desk);
    desk.crash();
    assert_eq!((started(&desk), desk.turn.run.spent.tool_calls), (under_way.clone(), 1));
    desk.decide(|turn, at| turn.answered(under_way[0], answer(), at));
    assert!(matches!(desk.turn.doing(), Doing::CallModel { .. }), "no limit was reached");
}

#[test]
fn an_unsafe_call_that_had_not_begun_is_made_after_a_crash() {
    let mut desk = Desk::new(Limits::default());
    let calls = vec![
        judged(Effect::Read, Judgement::Valid(Ruling::Allow)),
        judged(Effect::Unsafe, Judgement::Valid(Ruling::Allow)),
    ];
    desk.decide(|turn, at| turn.replied(asks_for(calls), at));
    desk.crash();
    let read = started(&desk)[0];
    desk.decide(|turn, at| turn.answered(read, answer(), at));
    assert_eq!(started(&desk).len(), 1);
}

#[test]
fn a_person_decides_what_waits() {
    let decide = |judgement, crash: bool, result| {
        let mut desk = Desk::new(Limits::default());
        desk.decide(|turn, at| turn.replied(asks_for(vec![judged(Effect::Unsafe, judgement)]), at));
        if crash {
            desk.crash();
        }
        assert_eq!(desk.turn.doing(), Doing::Wait);
        let tool_use_id = desk.turn.run.waiting[0].tool_use;
        let body = EventBody::UserToolConfirmation { tool_use_id, result, deny_message: None, content: None };
        let run = desk.turn.stored_run();
        let at = &mut Moment { now: desk.now, ids: &mut || EventId(Uuid::from_u128(9)) };
        let id = EventId(Uuid::from_u128(8));
        resolve_waiting(run, desk.turn.state.clone(), vec![(id, body)], at)
    };
    let becomes = |changes: ChangeSet| {
        changes.changes.iter().any(|change| matches!(change, Change::PutRun(run) if run.status == RunStatus::Queued))
    };
    for (judgement, crash, result) in [
        (Judgement::Valid(Ruling::Ask), false, Verdict::Allow),
        (Judgement::Valid(Ruling::Ask), false, Verdict::Deny),
        (Judgement::Valid(Ruling::Allow), true, Verdict::Happened),
        (Judgement::Valid(Ruling::Allow), true, Verdict::DidNotHappen),
    ] {
        assert!(becomes(decide(judgement, crash, result).unwrap()), "{result:?}");
    }
    assert!(matches!(
        decide(Judgement::Valid(Ruling::Ask), false, Verdict::Happened),
        Err(NotWaiting::OtherNeed { .. })
    ));
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_again_once() {
    let mut desk = Desk::new(Limits::default());
    let misfit = || Reply { output_fault: Some("not JSON".into()), ..says("hm") };
    desk.decide(|turn, at| turn.replied(misfit(), at));
    assert!(matches!(desk.turn.doing(), Doing::CallModel { .. }));
    desk.crash();
    desk.decide(|turn, at| turn.replied(misfit(), at));
    assert_eq!(desk.turn.run.outcome, Some(Outcome::Done));
}

#[test]
fn limits_end_a_run_by_name_and_before_the_call() {
    let looping = || asks_for(vec![judged(Effect::Read, Judgement::Valid(Ruling::Allow))]);
    for (limits, unit) in [
        (Limits { steps: Some(2), ..Limits::default() }, Unit::Steps),
        (Limits { tool_calls: Some(1), ..Limits::default() }, Unit::ToolCalls),
        (Limits { tokens: Some(1), ..Limits::default() }, Unit::Tokens),
    ] {
        let mut desk = Desk::new(limits);
        for _ in 0..6 {
            let reply = Reply { usage: Usage { input_tokens: 1, ..Usage::default() }, ..looping() };
            desk.decide(|turn, at| turn.replied(reply, at));
            for call in started(&desk) {
                desk.decide(|turn, at| turn.answered(call, answer(), at));
            }
        }
        assert_eq!(desk.turn.run.outcome, Some(Outcome::LimitReached { unit, budget: None }));
        let Spent { steps, tool_calls, .. } = desk.turn.run.spent;
        assert!(steps <= limits.steps.unwrap_or(2) && tool_calls <= limits.tool_calls.unwrap_or(2));
    }
}

/// A call that was approved while its worker held the run, and lost in a crash after it was
/// started, is not taken for one that was never approved.
#[test]
fn an_approved_call_that_is_lost_waits_for_word_on_whether_it_happened() {
    let mut desk = Desk::new(Limits::default());
    let asked = |effect| judged(effect, Judgement::Valid(Ruling::Ask));
    let reply = asks_for(vec![asked(Effect::Read), asked(Effect::Unsafe)]);
    desk.decide(|turn, at| turn.replied(reply, at));
    happen(&mut desk, &Happening::Confirms(false));
    happen(&mut desk, &Happening::Confirms(true));
    desk.crash();
    let needs: Vec<Need> = desk.turn.run.waiting.iter().map(|waiting| waiting.need).collect();
    assert_eq!(needs, [Need::Resolution]);
}

/// The models that were called, in order.
fn called(desk: &Desk) -> Vec<&str> {
    let model = |event: &Event| match &event.body {
        EventBody::ModelRequestStart { model } => MODELS.into_iter().find(|known| known == model),
        _ => None,
    };
    desk.log.iter().filter_map(model).collect()
}

#[test]
fn a_model_that_does_not_serve_is_replaced_in_the_open() {
    let fault = ModelFault::new(FaultKind::Unavailable, "gone");
    let mut desk = Desk::new(Limits::default());
    desk.decide(|turn, at| turn.model_failed(&fault, Retry::Next, at));
    desk.crash();
    assert_eq!(called(&desk), [MODELS[0], MODELS[1], MODELS[1]], "it is resumed on the model it was at");
    desk.decide(|turn, at| turn.replied(declines(), at));
    desk.decide(|turn, at| turn.replied(says("hello"), at));
    assert_eq!(called(&desk), [MODELS[0], MODELS[1], MODELS[1], MODELS[2]]);
    assert_eq!(desk.turn.run.outcome, Some(Outcome::Done));
    let retried = |event: &&Event| matches!(event.body, EventBody::Error { retry: RetryStatus::Retrying, .. });
    assert_eq!(desk.log.iter().filter(retried).count(), 2, "each change of model is told");
    let said = |event: &&Event| matches!(event.body, EventBody::AgentMessage { .. });
    assert_eq!(desk.log.iter().filter(said).count(), 1, "what was said before declining is not kept");
}

#[test]
fn the_last_models_word_is_final() {
    let fault = ModelFault::new(FaultKind::Unpaid, "no money");
    let mut desk = Desk::new(Limits::default());
    for _ in MODELS {
        desk.decide(|turn, at| turn.model_failed(&fault, Retry::Next, at));
    }
    assert!(matches!(desk.turn.run.outcome, Some(Outcome::ModelFailed { fault: FaultKind::Unpaid, .. })));
    let mut desk = Desk::new(Limits::default());
    for _ in MODELS {
        desk.decide(|turn, at| turn.replied(declines(), at));
    }
    assert_eq!(desk.turn.run.outcome, Some(Outcome::Refused));
}

#[test]
fn a_summary_is_made_by_a_call_of_its_own_before_the_answer() {
    let mut desk = Desk::new(Limits::default());
    let too_long = ModelFault::new(FaultKind::TooLong, "too long");
    desk.decide(|turn, at| turn.model_failed(&too_long, Retry::Compact { refused: 900 }, at));
    desk.crash();
    assert_eq!(desk.turn.run.refused_tokens, Some(900), "what was learnt survives");
    let cut = Cut { from: 1, kept_from: 5, kept: vec![2], summary_tokens: 9, answer_tokens: 9, told_bytes: 9 };
    let usage = Usage { input_tokens: 7, ..Usage::default() };
    let summary = Summary { cut, context_from: Some(2), text: "x".repeat(100), usage, cost: None, stop: None };
    desk.decide(|turn, at| turn.summarized(summary, at));
    desk.decide(|turn, at| turn.replied(says("done"), at));
    assert_eq!(
        desk.names()[8..],
        [
            "span.model_request_start",
            "agent.thread_context_compacted",
            "span.model_request_end",
            "span.model_request_start",
            "agent.message",
            "span.model_request_end",
            "session.usage",
            "session.status_idle",
        ]
    );
    assert_eq!((desk.turn.state.context_from, desk.turn.run.refused_tokens), (Some(2), None));
    assert_eq!((desk.turn.state.usage.input_tokens, desk.turn.run.spent.steps), (7, 4));
}

/// What may happen next at the desk.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Says,
    AsksFor(Vec<(u8, bool)>),
    Fails(Retry),
    Declines,
    Summarizes,
    Shortens,
    Answers(usize),
    Rests,
    Interrupts,
    Confirms(bool),
    Crashes,
    TimeIsOver,
}

fn verdict() -> impl Strategy<Value = Retry> {
    prop_oneof![
        Just(Retry::After(Duration::from_secs(1))),
        Just(Retry::Compact { refused: 9 }),
        Just(Retry::Next),
        Just(Retry::GiveUp),
    ]
}

pub(super) fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => Just(Happening::Says),
        4 => proptest::collection::vec((0u8..3, any::<bool>()), 1..4).prop_map(Happening::AsksFor),
        2 => verdict().prop_map(Happening::Fails),
        1 => Just(Happening::Declines),
        1 => Just(Happening::Summarizes),
        1 => Just(Happening::Shortens),
        6 => (0usize..4).prop_map(Happening::Answers),
        2 => Just(Happening::Rests),
        1 => Just(Happening::Interrupts),
        2 => any::<bool>().prop_map(Happening::Confirms),
        3 => Just(Happening::Crashes),
        1 => Just(Happening::TimeIsOver),
    ]
}

pub(super) fn happen(desk: &mut Desk, happening: &Happening) {
    let effect = |number: u8| [Effect::Read, Effect::Idempotent, Effect::Unsafe][number as usize];
    match happening {
        Happening::Says => desk.decide(|turn, at| turn.replied(says("hi"), at)),
        Happening::AsksFor(calls) => {
            let judge =
                |asked: bool| if asked { Judgement::Valid(Ruling::Ask) } else { Judgement::Valid(Ruling::Allow) };
            let calls = calls.iter().map(|(number, asked)| judged(effect(*number), judge(*asked))).collect();
            desk.decide(|turn, at| turn.replied(asks_for(calls), at));
        }
        Happening::Fails(verdict) => {
            let fault = ModelFault::new(FaultKind::Cut, "cut");
            desk.decide(|turn, at| turn.model_failed(&fault, *verdict, at));
        }
        Happening::Declines => desk.decide(|turn, at| turn.replied(declines(), at)),
        Happening::Summarizes => {
            let last = desk.log.len() as u64;
            let cut =
                Cut { from: 1, kept_from: last, kept: Vec::new(), summary_tokens: 9, answer_tokens: 9, told_bytes: 9 };
            let text = "so it was".to_owned();
            let summary = Summary { cut, context_from: None, text, usage: Usage::default(), cost: None, stop: None };
            desk.decide(|turn, at| turn.summarized(summary, at));
        }
        Happening::Shortens => desk.decide(|turn, at| turn.shorten_context(u64::MAX, at)),
        Happening::Answers(which) => {
            let running = started(desk);
            if let Some(call) = running.get(which % running.len().max(1)).copied() {
                desk.decide(|turn, at| turn.answered(call, answer(), at));
            }
        }
        Happening::Rests => desk.decide(Turn::try_again),
        Happening::Interrupts => {
            let item = desk.item(EventBody::UserInterrupt {});
            desk.decide(|turn, at| turn.take_input(vec![item], at));
        }
        Happening::Confirms(allow) => {
            let Some(waiting) = desk.turn.run.waiting.first().copied() else { return };
            let result = match (waiting.need, allow) {
                (Need::Approval, true) => Verdict::Allow,
                (Need::Approval, false) => Verdict::Deny,
                (_, true) => Verdict::Happened,
                (_, false) => Verdict::DidNotHappen,
            };
            let tool_use_id = waiting.tool_use;
            let body = EventBody::UserToolConfirmation { tool_use_id, result, deny_message: None, content: None };
            let item = desk.item(body);
            desk.decide(|turn, at| turn.take_input(vec![item], at));
        }
        Happening::Crashes => desk.crash(),
        Happening::TimeIsOver => desk.decide(Turn::timed_out),
    }
}

/// Every model call and every tool use is closed exactly once when the run is over, no id
/// stands twice, and nothing follows the end.
pub(super) fn check_log(desk: &Desk) -> Result<(), TestCaseError> {
    let mut ids = HashSet::new();
    let (mut open_calls, mut open_tools) = (HashSet::new(), HashSet::new());
    for event in &desk.log {
        prop_assert!(ids.insert(event.id), "an id stands twice");
        match &event.body {
            EventBody::ModelRequestStart { .. } => {
                prop_assert!(open_calls.is_empty(), "two model calls at once");
                open_calls.insert(event.id);
            }
            EventBody::ModelRequestEnd { model_request_start_id, .. } => {
                prop_assert!(open_calls.remove(model_request_start_id));
            }
            EventBody::AgentToolUse { .. } => {
                open_tools.insert(event.id);
            }
            EventBody::AgentToolResult { tool_use_id, .. } => {
                prop_assert!(open_tools.remove(tool_use_id), "answered twice");
            }
            _ => {}
        }
    }
    if desk.turn.doing() == Doing::Over {
        prop_assert!(open_calls.is_empty() && open_tools.is_empty(), "open work in a run that is over");
        prop_assert!(desk.turn.run.outcome.is_some() && desk.turn.run.ended_at.is_some());
        prop_assert_eq!(desk.turn.state.active_run, None);
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_happens_the_log_is_whole(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut desk = Desk::new(Limits::default());
        for happening in &happenings {
            if desk.turn.doing() == Doing::Over {
                break;
            }
            happen(&mut desk, happening);
            check_log(&desk)?;
        }
    }

    #[test]
    fn an_unsafe_call_is_never_started_twice_without_a_persons_word(
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let mut desk = Desk::new(Limits::default());
        let mut begun: HashSet<EventId> = HashSet::new();
        let mut under_way: HashSet<EventId> = HashSet::new();
        for happening in &happenings {
            if desk.turn.doing() == Doing::Over {
                break;
            }
            let crashed = matches!(happening, Happening::Crashes);
            let confirmed = match happening {
                Happening::Confirms(false) => desk.turn.run.waiting.first().map(|waiting| waiting.tool_use),
                _ => None,
            };
            happen(&mut desk, happening);
            if crashed {
                under_way.clear();
            }
            let Doing::RunTools(calls) = desk.turn.doing() else { continue };
            for call in calls.iter().filter(|call| call.effect == Effect::Unsafe) {
                if under_way.insert(call.id) {
                    let again = !begun.insert(call.id);
                    prop_assert!(!again || confirmed == Some(call.id), "started again by itself");
                }
            }
        }
    }

    #[test]
    fn the_models_are_asked_in_order_whatever_crashes(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut desk = Desk::new(Limits::default());
        let mut at = 0;
        for happening in &happenings {
            if desk.turn.doing() == Doing::Over {
                break;
            }
            happen(&mut desk, happening);
            prop_assert!(desk.turn.run.model_at >= at, "back to a model that did not serve");
            at = desk.turn.run.model_at;
            let places: Vec<_> = called(&desk).iter().map(|model| MODELS.iter().position(|known| known == model)).collect();
            prop_assert!(places.is_sorted());
            prop_assert_eq!(places.last(), Some(&Some(usize::from(at))));
        }
    }

    #[test]
    fn a_model_is_never_shown_an_open_call(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut desk = Desk::new(Limits::default());
        for happening in &happenings {
            if desk.turn.doing() == Doing::Over {
                break;
            }
            happen(&mut desk, happening);
            if !matches!(desk.turn.doing(), Doing::CallModel { .. }) {
                continue;
            }
            let mut transcript = crate::transcript::Transcript::default();
            desk.log.iter().for_each(|event| transcript.apply(event));
            let mut open: Vec<String> = Vec::new();
            for message in transcript.messages(None) {
                match message.as_ref() {
                    crate::model::Message::Assistant { tool_calls, .. } => {
                        prop_assert!(open.is_empty());
                        open = tool_calls.iter().map(|call| call.id.clone()).collect();
                    }
                    crate::model::Message::Tool { call_id, .. } => {
                        prop_assert!(!open.is_empty() && open.remove(0) == *call_id);
                    }
                    crate::model::Message::User { .. } => prop_assert!(open.is_empty()),
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}

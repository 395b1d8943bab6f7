//! Conversations of every kind, made shorter in every way: nothing that must stay is lost, and
//! whoever folds the log again sees the same.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::Timestamp;
use crate::event::{EventBody, NewEvent, StopReason};
use crate::id::{EventId, RolloutId, RunId};
use crate::model::{ToolCall, Usage, text_of};
use crate::monitor::RollbackStep;
use crate::tool::{Effect, Permission, Ruling};

/// What happens in a run, besides that it begins with a message and ends.
#[derive(Debug, Clone)]
enum Step {
    Instructs(usize),
    Says(usize),
    /// Calls tools, whose results have these many bytes.
    Calls(Vec<usize>),
    Fails,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1usize..400).prop_map(Step::Instructs),
        3 => (1usize..3_000).prop_map(Step::Says),
        4 => proptest::collection::vec(0usize..9_000, 1..4).prop_map(Step::Calls),
        1 => Just(Step::Fails),
    ]
}

fn runs() -> impl Strategy<Value = Vec<(usize, Vec<Step>)>> {
    proptest::collection::vec((1usize..2_000, proptest::collection::vec(step(), 0..6)), 1..6)
}

/// A log and its fold, side by side.
#[derive(Default)]
struct Desk {
    log: Vec<Event>,
    transcript: Transcript,
    run: u128,
    context_from: Option<u64>,
}

impl Desk {
    fn log(&mut self, body: EventBody) -> EventId {
        let seq = self.log.len() as u64 + 1;
        let id = EventId(Uuid::from_u128(u128::from(seq)));
        let run = Some(RunId(Uuid::from_u128(self.run)));
        let event = NewEvent { id, run, at: Timestamp::UNIX_EPOCH, body }.stored(seq);
        self.transcript.apply(&event);
        self.log.push(event);
        id
    }

    fn call(&mut self, text: &str, calls: usize) -> Vec<EventId> {
        let model_request_start_id = self.log(EventBody::ModelRequestStart { model: "p/m".into() });
        if !text.is_empty() {
            self.log(EventBody::said(vec![Block::text(text)]));
        }
        self.log(ended(model_request_start_id, false));
        let used = |_| EventBody::AgentToolUse {
            name: "t".into(),
            input: json!({ "a": 1 }),
            evaluated_permission: Ruling::Allow,
            permission: Permission::Allow,
            effect: Effect::Read,
        };
        (0..calls).map(used).collect::<Vec<_>>().into_iter().map(|body| self.log(body)).collect()
    }

    /// A run up to the point where its next model call begins.
    fn run(&mut self, asked: usize, steps: &[Step]) {
        self.run += 1;
        let text = format!("question {} {}", self.run, "q".repeat(asked));
        self.log(EventBody::UserMessage { content: vec![Block::text(text)], dropped: false });
        for step in steps {
            match step {
                Step::Instructs(size) => {
                    let content = vec![Block::text(format!("rule {}", "r".repeat(*size)))];
                    self.log(EventBody::SystemMessage { content, dropped: false });
                }
                Step::Says(size) => {
                    self.call(&"s".repeat(*size), 0);
                }
                Step::Calls(results) => {
                    let calls = self.call("", results.len());
                    for (tool_use_id, size) in calls.into_iter().zip(results).rev() {
                        let content = vec![Block::text("7 ".repeat(*size / 2))];
                        self.log(EventBody::AgentToolResult { tool_use_id, content, is_error: false });
                    }
                }
                Step::Fails => {
                    let start = self.log(EventBody::ModelRequestStart { model: "p/m".into() });
                    self.log(ended(start, true));
                }
            }
        }
    }

    /// Makes the conversation fit, as a worker does; gives back what was done, and whether it
    /// fits in the end.
    fn fit(&mut self, history: Option<u32>, room: Room) -> Result<(Vec<Plan>, bool), TestCaseError> {
        let mut done = Vec::new();
        loop {
            let before = self.transcript.tokens(history);
            let plan = self.transcript.plan(history, room);
            prop_assert_eq!(&plan, &self.transcript.plan(history, room), "the same is decided again");
            match &plan {
                Plan::Fits => return Ok((done, true)),
                Plan::Stuck => return Ok((done, false)),
                Plan::Shorten { until } => {
                    self.log(EventBody::ContextCompacted { compaction: Compaction::Shortened { until: *until } });
                }
                Plan::Summarize(cut) => {
                    let told = self.transcript.telling(history, cut);
                    prop_assert!(!told.is_empty() && told.len() <= cut.told_bytes + 100, "{} bytes", told.len());
                    self.context_from = self.transcript.begins_at(history, cut).or(self.context_from);
                    let Cut { from, kept_from, kept, .. } = cut.clone();
                    let summary = cut.bounded(&"7 ".repeat(9_000));
                    let compaction = Compaction::Summarized { from, kept_from, kept, summary };
                    self.log(EventBody::ContextCompacted { compaction });
                }
            }
            prop_assert!(self.transcript.tokens(history) < before, "{plan:?} frees nothing");
            done.push(plan);
        }
    }

    fn folded_from(&self, mut transcript: Transcript) -> Transcript {
        self.log.iter().for_each(|event| transcript.apply(event));
        transcript
    }
}

fn ended(model_request_start_id: EventId, is_error: bool) -> EventBody {
    EventBody::ModelRequestEnd {
        model_request_start_id,
        is_error,
        model_usage: Usage::default(),
        cost: None,
        stop_cause: None,
    }
}

fn texts(messages: &[Arc<Message>]) -> Vec<String> {
    let text = |message: &Arc<Message>| match &**message {
        Message::User { content } => text_of(content),
        Message::Assistant { text, .. } => text.clone(),
        Message::Tool { content, .. } => content.clone(),
    };
    messages.iter().map(text).collect()
}

/// Each call is answered right behind it, and nothing else is.
fn check_calls(messages: &[Arc<Message>]) -> Result<(), TestCaseError> {
    let mut open: Vec<String> = Vec::new();
    for message in messages {
        match &**message {
            Message::Tool { call_id, .. } => {
                prop_assert!(!open.is_empty() && open.remove(0) == *call_id, "an answer without a call");
            }
            other => {
                prop_assert!(open.is_empty(), "a call without an answer");
                if let Message::Assistant { tool_calls, .. } = other {
                    open = tool_calls.iter().map(|ToolCall { id, .. }| id.clone()).collect();
                }
            }
        }
    }
    prop_assert!(open.is_empty(), "a call without an answer");
    Ok(())
}

fn room(window: u64) -> Room {
    Room { window, taken: 100, answer: 200, refused: None }
}

proptest! {
    #[test]
    fn what_must_stay_stays(runs in runs(), window in 400u64..20_000, refused in proptest::option::of(500u64..9_000)) {
        let mut desk = Desk::default();
        for (asked, steps) in &runs {
            desk.run(*asked, steps);
            let before = desk.transcript.messages(None);
            let newest = texts(&before[before.len() - 1..]);
            let (done, fits) = desk.fit(None, Room { refused, ..room(window) })?;
            let after = desk.transcript.messages(None);
            check_calls(&after)?;
            let shown = texts(&after);
            let last_asked = format!("question {} {}", desk.run, "q".repeat(*asked));
            prop_assert!(shown.contains(&last_asked), "the last question is gone");
            let rules = |texts: &[String]| texts.iter().filter(|text| text.starts_with("[instructions")).count();
            let given = desk.log.iter().filter(|event| matches!(event.body, EventBody::SystemMessage { .. })).count();
            prop_assert_eq!(rules(&shown), given, "instructions are gone");
            if !newest[0].contains("7 7 ") {
                prop_assert_eq!(shown.last(), newest.last(), "the newest message is another one");
            }
            prop_assert!(done.is_empty() || fits || !shown.is_empty());
            desk.log(EventBody::StatusIdle { stop_reason: StopReason::EndTurn });
        }
    }

    #[test]
    fn whoever_folds_the_log_again_sees_the_same(
        runs in runs(),
        window in 400u64..20_000,
        histories in proptest::collection::vec(proptest::option::of(0u32..4), 6),
    ) {
        let mut desk = Desk::default();
        for ((asked, steps), history) in runs.iter().zip(histories) {
            desk.run(*asked, steps);
            desk.fit(history, room(window))?;
            desk.log(EventBody::StatusIdle { stop_reason: StopReason::EndTurn });
            let whole = desk.folded_from(Transcript::default());
            let later = desk.folded_from(desk.context_from.map(Transcript::beginning_at).unwrap_or_default());
            for history in [None, Some(0), Some(1), Some(3)] {
                let seen = desk.transcript.messages(history);
                prop_assert!(seen == whole.messages(history), "another one from the beginning");
                prop_assert!(seen == later.messages(history), "another one from where it is enough");
                prop_assert_eq!(desk.transcript.tokens(history), whole.tokens(history));
                check_calls(&seen)?;
            }
        }
    }
}

/// A long run of calls whose results are long at first and many in the end.
#[test]
fn results_are_shortened_first_and_messages_summarized_then() {
    let mut desk = Desk::default();
    desk.run(10, &[Step::Calls(vec![9_000]), Step::Calls(vec![9_000]), Step::Says(10)]);
    let (done, fits) = desk.fit(None, room(4_000)).unwrap();
    assert!(matches!(done[..], [Plan::Shorten { .. }]) && fits, "{done:?}");
    assert!(texts(&desk.transcript.messages(None)).iter().any(|text| text.contains("characters left out")));

    desk.run(10, &[Step::Says(6_000), Step::Says(6_000), Step::Says(6_000), Step::Says(20)]);
    let (done, fits) = desk.fit(None, room(4_000)).unwrap();
    assert!(matches!(done.last(), Some(Plan::Summarize(_))) && fits, "{done:?}");
    let messages = desk.transcript.messages(None);
    assert!(texts(&messages).iter().any(|text| text.starts_with("[summary of the conversation so far")));
}

#[test]
fn what_fits_is_left_alone() {
    let mut desk = Desk::default();
    desk.run(10, &[Step::Calls(vec![9_000])]);
    assert_eq!(desk.fit(None, room(u64::from(DEFAULT_WINDOW_TOKENS))).unwrap(), (Vec::new(), true));
}

#[test]
fn a_conversation_that_was_refused_is_made_shorter_however_large_the_window_is_said_to_be() {
    let mut desk = Desk::default();
    desk.run(10, &[Step::Calls(vec![9_000]), Step::Calls(vec![9_000]), Step::Says(10)]);
    let refused = desk.transcript.tokens(None);
    let (done, fits) = desk.fit(None, Room { refused: Some(refused), ..room(1_000_000) }).unwrap();
    assert!(!done.is_empty() && fits);
    assert!(desk.transcript.tokens(None) <= refused / 2);
}

/// What a client says while calls are open is shown behind their answers.
#[test]
fn what_is_said_between_a_call_and_its_answer_is_shown_behind_it() {
    let mut desk = Desk::default();
    desk.run(10, &[]);
    let calls = desk.call("", 2);
    let answer = |tool_use_id| EventBody::AgentToolResult { tool_use_id, content: vec![], is_error: false };
    desk.log(answer(calls[0]));
    desk.log(EventBody::SystemMessage { content: vec![Block::text("be brief")], dropped: false });
    desk.log(answer(calls[1]));
    let messages = desk.transcript.messages(None);
    check_calls(&messages).unwrap();
    assert!(texts(&messages).last().unwrap().contains("be brief"));
}

#[test]
fn runs_without_a_model_stay_aside_however_they_are_mixed() {
    let mut desk = Desk::default();
    for (run, step) in [(1, RollbackStep::Begun), (2, RollbackStep::Void)] {
        desk.run = run;
        let rollout = RolloutId(Uuid::nil());
        desk.log(EventBody::MonitorRollback { rollout, commit: None, step, summary: "It is told.".into() });
    }
    desk.run = 1;
    desk.log(EventBody::StatusIdle { stop_reason: StopReason::EndTurn });
    assert!(desk.transcript.runs.is_empty(), "none of it is a model's");
}

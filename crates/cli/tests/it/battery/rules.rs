//! What must hold of a task whose session is at rest, whatever was killed meanwhile: by its
//! log, by its client's ledger, and by the outside's book.

use std::collections::HashSet;

use serde_json::Value;

use super::ledger::{Story, Task, Unit};
use super::person::denies;
use super::standing::Standing;
use super::world::CALL_TOKENS;

/// The key under which a tool did a task, if it did.
pub(super) type Done<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Holds at every rest.
///
/// # Errors
/// The first thing that is not so.
pub(super) fn check_at_rest(task: &Task, standing: &Standing, done: Done<'_>) -> Result<(), String> {
    check_acknowledged(task, standing)?;
    check_decisions(standing)?;
    check_budget(task, standing, done)?;
    for call in calls(standing) {
        check_call(task, standing, call, done)?;
    }
    Ok(())
}

/// Holds of a task of which nothing more is to come: each run has a named end, the one its story
/// leads to.
///
/// # Errors
/// The first thing that is not so.
pub(super) fn check_end(task: &Task, standing: &Standing) -> Result<(), String> {
    let ends = standing.runs.iter().map(|run| (text(&run["status"]), text(&run["outcome"]["type"])));
    let ends: Vec<(&str, &str)> = ends.collect();
    let is_interrupt = matches!(task.story, Story::InterruptAtWork | Story::InterruptAsking);
    let fits = match (&*ends, task.story) {
        // The message was not acknowledged, and is not there.
        ([], _) => task.taken.is_empty(),
        ([("failed", "limit_reached"), ("completed", "done")], Story::Budget { unit, .. }) => {
            let outcome = &standing.runs[0]["outcome"];
            outcome["unit"] == unit.name() && outcome["budget"] == "session"
        }
        (_, Story::Budget { .. }) => false,
        ([("cancelled", "interrupted")], _) => is_interrupt,
        ([("completed", "done")], _) if is_interrupt => interrupts_came_late(task, standing),
        ([("completed", "done")], _) => true,
        _ => false,
    };
    let answered = calls(standing).all(|call| answers(standing, &call["id"]).count() == 1);
    match fits && answered {
        true => Ok(()),
        false => Err(format!("{task:?} ended so: {ends:?} {:#?}", standing.events)),
    }
}

/// An interrupt that was acknowledged when the turn was over is recorded behind its end.
fn interrupts_came_late(task: &Task, standing: &Standing) -> bool {
    let over = position(standing, |event| event["stop_reason"]["type"] == "end_turn");
    task.interrupts.iter().all(|interrupt| position(standing, |event| event["id"] == **interrupt) > over)
}

/// What was acknowledged is in the log, once; and the log has neither gap nor repeat.
fn check_acknowledged(task: &Task, standing: &Standing) -> Result<(), String> {
    let events = &standing.events;
    if !events.iter().enumerate().all(|(index, event)| event["seq"] == index as u64 + 1) {
        return Err(format!("the log of {task:?} has a gap or a repeat: {events:#?}"));
    }
    let ids: HashSet<&str> = events.iter().map(|event| text(&event["id"])).collect();
    if ids.len() != events.len() {
        return Err(format!("an event of {task:?} stands twice: {events:#?}"));
    }
    if let Some(lost) = task.taken.iter().chain(&task.interrupts).find(|taken| !ids.contains(taken.as_str())) {
        return Err(format!("{lost} of {task:?} is lost: {events:#?}"));
    }
    let raises = of_type(standing, "session.updated").count();
    if raises < task.raises || raises > 1 || (raises == 1) != (standing.runs.len() == 2) {
        return Err(format!("{task:?} was raised {raises} times, and has {} runs", standing.runs.len()));
    }
    Ok(())
}

/// Each call is decided once, and what was decided is asked no more.
fn check_decisions(standing: &Standing) -> Result<(), String> {
    for call in calls(standing) {
        let verdicts = of_type(standing, "user.tool_confirmation").filter(|said| said["tool_use_id"] == call["id"]);
        let verdicts = verdicts.filter(|said| said["result"] == "allow" || said["result"] == "deny").count();
        let results = of_type(standing, "user.custom_tool_result");
        let results = results.filter(|said| said["custom_tool_use_id"] == call["id"]).count();
        let is_asked = standing.waiting().iter().any(|(asked, need)| *asked == call && *need != "resolution");
        if verdicts + results + usize::from(is_asked) > 1 {
            return Err(format!("{call} was decided {} times, and is asked: {is_asked}", verdicts + results));
        }
        if answers(standing, &call["id"]).count() > 1 {
            return Err(format!("{call} was answered twice: {:#?}", standing.events));
        }
    }
    Ok(())
}

/// What was spent is never more than the budget by more than the call under way, which of calls
/// themselves is none.
fn check_budget(task: &Task, standing: &Standing, done: Done<'_>) -> Result<(), String> {
    let Story::Budget { unit, max } = task.story else { return Ok(()) };
    let until_stopped = position(standing, |event| event["stop_reason"]["type"] == "budget_reached");
    let until_stopped = &standing.events[..until_stopped.min(standing.events.len())];
    let spent = match unit {
        Unit::Steps => until_stopped.iter().filter(|event| event["type"] == "span.model_request_start").count() as u64,
        Unit::ToolCalls => ["read", "idempotent", "unsafe"].into_iter().filter_map(done).count() as u64,
        Unit::Tokens => {
            let usage = until_stopped.iter().rfind(|event| event["type"] == "session.usage");
            let tokens = |name: &str| usage.and_then(|told| told["usage"][name].as_u64()).unwrap_or(0);
            (tokens("input_tokens") + tokens("output_tokens")).saturating_sub(CALL_TOKENS)
        }
    };
    match spent <= max {
        true => Ok(()),
        false => Err(format!("{task:?} spent {spent} before it was stopped: {:#?}", standing.events)),
    }
}

/// A call was made under its own key, if it was made; and it was made if its answer says so.
fn check_call(task: &Task, standing: &Standing, call: &Value, done: Done<'_>) -> Result<(), String> {
    if call["type"] != "agent.tool_use" {
        return Ok(());
    }
    let tool = text(&call["name"]);
    let made = done(tool);
    let said = |result: &str| {
        let of_call = |said: &Value| said["tool_use_id"] == call["id"] && said["result"] == result;
        of_type(standing, "user.tool_confirmation").any(of_call)
    };
    let answer = answers(standing, &call["id"]).next();
    let is_waiting = standing.waiting().iter().any(|(asked, _)| *asked == call);
    let is_complaint = match (&made, answer) {
        (Some(key), _) if call["id"] != **key => "was made under another key",
        (Some(_), _) if said("deny") => "was made though it was denied",
        (Some(_), _) if tool.starts_with("asked-") && !said("allow") => "was made before it was allowed",
        (None, Some(answer)) if answer["is_error"] == false => "was answered without being made",
        (None, Some(_)) if is_to_be_made(task, tool) => "was never made",
        (_, Some(answer)) if answer["is_error"] == true && is_to_be_made(task, tool) => "has failed",
        (_, Some(_)) if is_waiting => "was answered, and still waits",
        _ => return Ok(()),
    };
    Err(format!("{call} of {task:?} {is_complaint} ({made:?}): {:#?}", standing.events))
}

/// Whether nothing but a kill can have kept a call from being made, and that only for a time.
fn is_to_be_made(task: &Task, tool: &str) -> bool {
    match task.story {
        Story::InterruptAtWork | Story::InterruptAsking | Story::Budget { unit: Unit::ToolCalls, .. } => false,
        story => !denies(story, tool),
    }
}

fn calls(standing: &Standing) -> impl Iterator<Item = &Value> {
    let is_call = |event: &&Value| event["type"] == "agent.tool_use" || event["type"] == "agent.custom_tool_use";
    standing.events.iter().filter(is_call)
}

/// What answers a call.
fn answers<'a>(standing: &'a Standing, call: &'a Value) -> impl Iterator<Item = &'a Value> {
    let answers = move |event: &&Value| match event["type"].as_str() {
        Some("agent.tool_result") => event["tool_use_id"] == *call,
        Some("user.custom_tool_result") => event["custom_tool_use_id"] == *call,
        _ => false,
    };
    standing.events.iter().filter(answers)
}

fn of_type<'a>(standing: &'a Standing, name: &'a str) -> impl Iterator<Item = &'a Value> {
    standing.events.iter().filter(move |event| event["type"] == name)
}

/// Where the first such event stands; behind all if there is none.
fn position(standing: &Standing, is_it: impl Fn(&Value) -> bool) -> usize {
    standing.events.iter().position(is_it).unwrap_or(usize::MAX)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

mod tests {
    use super::*;
    use serde_json::json;

    /// A task whose one call has this event id, `t`.
    fn task(story: Story) -> Task {
        let taken = vec!["m".to_owned()];
        Task { number: 0, session: "s".into(), story, taken, interrupts: vec![], raises: 0 }
    }

    fn standing(events: Value, run: Value) -> Standing {
        let numbered = events.as_array().unwrap().iter().enumerate().map(|(index, event)| {
            let mut event = event.clone();
            event["seq"] = json!(index + 1);
            if event["id"].is_null() {
                event["id"] = json!(format!("e{index}"));
            }
            event
        });
        Standing { events: numbered.collect(), runs: vec![run] }
    }

    fn call(tool: &str) -> [Value; 2] {
        let message = json!({ "type": "user.message", "id": "m" });
        [message, json!({ "type": "agent.tool_use", "id": "t", "name": tool })]
    }

    fn word(result: &str) -> Value {
        json!({ "type": "user.tool_confirmation", "tool_use_id": "t", "result": result })
    }

    fn answer(is_error: bool) -> Value {
        json!({ "type": "agent.tool_result", "tool_use_id": "t", "is_error": is_error })
    }

    fn idle(reason: &str) -> Value {
        json!({ "type": "session.status_idle", "stop_reason": { "type": reason } })
    }

    fn over(status: &str, outcome: &str) -> Value {
        json!({ "status": status, "outcome": { "type": outcome } })
    }

    fn checked(story: Story, log: &[Value], run: Value, key: Option<&str>) -> Result<(), String> {
        let (task, standing) = (task(story), standing(json!(log), run));
        let done =
            |tool: &str| key.filter(|_| standing.events.iter().any(|call| call["name"] == tool)).map(str::to_owned);
        check_at_rest(&task, &standing, &done)?;
        check_end(&task, &standing)
    }

    #[test]
    fn a_task_that_went_well_passes() {
        let [message, unsafe_call] = call("unsafe");
        let log = [message.clone(), unsafe_call, answer(false), idle("end_turn")];
        assert_eq!(checked(Story::Plain, &log, over("completed", "done"), Some("t")), Ok(()));
        let [message, asked] = call("asked-unsafe");
        let allowed = [message.clone(), asked.clone(), word("allow"), answer(false), idle("end_turn")];
        assert_eq!(checked(Story::Approve, &allowed, over("completed", "done"), Some("t")), Ok(()));
        let denied = [message, asked, word("deny"), answer(true), idle("end_turn")];
        assert_eq!(checked(Story::Deny, &denied, over("completed", "done"), None), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_complained_of() {
        let ([message, free], [_, asked]) = (call("unsafe"), call("asked-unsafe"));
        let done = || over("completed", "done");
        let end = || idle("end_turn");
        let log = |middle: &[Value]| [std::slice::from_ref(&message), middle, &[end()]].concat();
        let plain = log(&[free.clone(), answer(false)]);
        for (story, log, run, key, what) in [
            (Story::Plain, vec![free.clone(), answer(false), end()], done(), Some("t"), "is lost"),
            (Story::Plain, log(&[free.clone(), free.clone(), answer(false)]), done(), Some("t"), "stands twice"),
            (Story::Plain, plain.clone(), done(), Some("other"), "another key"),
            (Story::Plain, plain.clone(), done(), None, "without being made"),
            (Story::Plain, log(&[free.clone(), answer(true)]), done(), Some("t"), "has failed"),
            (Story::Plain, log(&[free.clone(), answer(true)]), done(), None, "never made"),
            (Story::Plain, log(&[free.clone(), answer(false), answer(false)]), done(), Some("t"), "answered twice"),
            (Story::Plain, log(std::slice::from_ref(&free)), done(), Some("t"), "ended so"),
            (Story::Plain, plain.clone(), over("failed", "model_failed"), Some("t"), "ended so"),
            (Story::Plain, plain, over("cancelled", "interrupted"), Some("t"), "ended so"),
            (Story::Approve, log(&[asked.clone(), answer(false)]), done(), Some("t"), "before it was allowed"),
            (
                Story::Approve,
                log(&[asked.clone(), word("allow"), word("allow"), answer(false)]),
                done(),
                Some("t"),
                "decided 2 times",
            ),
            (Story::Deny, log(&[asked.clone(), word("deny"), answer(true)]), done(), Some("t"), "though it was denied"),
        ] {
            let complaint = checked(story, &log, run, key).expect_err(what);
            assert!(complaint.contains(what), "{what}: {complaint}");
        }
    }

    #[test]
    fn a_budget_that_is_overdrawn_is_complained_of() {
        let story = Story::Budget { unit: Unit::Steps, max: 1 };
        let step = || json!({ "type": "span.model_request_start" });
        let [message, _] = call("read");
        let run = || json!({ "status": "failed" });
        let stopped = |steps: &[Value]| [std::slice::from_ref(&message), steps, &[idle("budget_reached")]].concat();
        let check = |log: Vec<Value>| check_at_rest(&task(story), &standing(json!(log), run()), &|_| None);
        assert_eq!(check(stopped(&[step()])), Ok(()));
        assert!(check(stopped(&[step(), step()])).is_err_and(|complaint| complaint.contains("spent 2")));
    }

    #[test]
    fn an_interrupt_that_had_no_effect_is_complained_of() {
        let [message, _] = call("read");
        let interrupt = || json!({ "type": "user.interrupt", "id": "i" });
        let task = Task { interrupts: vec!["i".into()], ..task(Story::InterruptAtWork) };
        let late = standing(json!([message, idle("end_turn"), interrupt()]), over("completed", "done"));
        assert_eq!(check_end(&task, &late), Ok(()));
        let ignored = standing(json!([message, interrupt(), idle("end_turn")]), over("completed", "done"));
        assert!(check_end(&task, &ignored).is_err());
    }
}

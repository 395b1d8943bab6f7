//! A run's events as Make's steps.
//!
//! A model call is one assistant step: its text, its thinking, its tokens and the calls it
//! asked for, which stand in the log one by one. A tool call is one tool step, when it has
//! its answer. What only the core cares about (status, usage, retries) makes no step.

use std::collections::HashMap;

use domain::event::{Compaction, EventBody};
use domain::model::{Usage, text_of};
use domain::{Event, EventId, RunId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// Tells the id of the system step, which no event of the log is behind, from its run's.
const SYSTEM_STEP: u128 = 0x5757;

/// One thing that was said or done in a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// Who.
    pub(crate) role: StepRole,
    /// What was said; may be empty.
    pub(crate) content: String,
    /// Its id.
    pub(crate) id: Uuid,
    /// Its place in the run, from 1.
    #[schema(minimum = 1)]
    pub(crate) index: u32,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_time_ms: Option<u64>,
    /// Tokens of the model call; on assistant steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_usage: Option<TokenUsage>,
    /// The run, the same on all of its steps.
    pub(crate) agent_iteration_id: Uuid,
    /// The calls the model asked for; on assistant steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tool_calls: Vec<ToolCallView>,
    /// What came of a call; on tool steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool_response: Option<ToolResponse>,
    /// The summary of what the model thought, if it gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<String>,
}

/// Whose step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StepRole {
    /// The instructions.
    System,
    /// Whoever uses the agent.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenUsage {
    /// Read.
    pub(crate) prompt_tokens: u64,
    /// Written.
    pub(crate) completion_tokens: u64,
    /// Both.
    pub(crate) total_tokens: u64,
}

/// A call that the model asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolCallView {
    /// Its id.
    id: Uuid,
    /// The tool.
    name: String,
    /// What kind of tool it is.
    tool_type: ToolType,
    /// The arguments.
    arguments: serde_json::Map<String, Value>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolResponse {
    /// The tool.
    name: String,
    /// Its answer, or `{"error": text}`.
    result: Value,
    /// Whether it worked.
    status: ToolStatus,
    /// What kind of tool it is.
    tool_type: ToolType,
}

/// Whether a tool worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ToolStatus {
    /// It did.
    Ok,
    /// It did not, or was not called.
    Fail,
}

/// A kind of tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ToolType {
    /// A scenario; HTTP tools are shown as such.
    Scenario,
}

impl From<Usage> for TokenUsage {
    fn from(usage: Usage) -> Self {
        let (total_tokens, completion_tokens) = (usage.total(), usage.output_tokens);
        Self { prompt_tokens: total_tokens - completion_tokens, completion_tokens, total_tokens }
    }
}

/// Renders the steps of one run, event by event.
#[derive(Debug)]
pub(crate) struct Steps {
    run: RunId,
    last_index: u32,
    /// The model call that is under way.
    call: Option<ModelCall>,
    /// An assistant step that tool calls may still join.
    held: Option<Step>,
    tools: HashMap<EventId, (String, Timestamp)>,
    last_answer: String,
}

#[derive(Debug)]
struct ModelCall {
    began_at: Timestamp,
    text: String,
    reasoning: Option<String>,
}

impl Steps {
    /// No step yet.
    pub(crate) fn of(run: RunId) -> Self {
        Self { run, last_index: 0, call: None, held: None, tools: HashMap::new(), last_answer: String::new() }
    }

    /// The first step: the instructions as the model gets them.
    pub(crate) fn system(&mut self, instructions: String) -> Step {
        let id = Uuid::from_u128(self.run.0.as_u128() ^ SYSTEM_STEP);
        self.step(StepRole::System, id, instructions)
    }

    /// The steps that are finished with this event.
    pub(crate) fn take(&mut self, event: &Event) -> Vec<Step> {
        let joins = matches!(event.body, EventBody::AgentToolUse { .. } | EventBody::AgentCustomToolUse { .. });
        let released = if joins { None } else { self.release() };
        released.into_iter().chain(self.step_of(event)).collect()
    }

    /// The step that was held back for tool calls to join it. To be asked for when no event
    /// is at hand: the calls of a reply are stored together with it.
    pub(crate) fn release(&mut self) -> Option<Step> {
        self.held.take()
    }

    /// What the model said last.
    pub(crate) fn into_last_answer(self) -> String {
        self.last_answer
    }

    fn step_of(&mut self, event: &Event) -> Option<Step> {
        match &event.body {
            EventBody::UserMessage { content, dropped: false } => {
                Some(self.step(StepRole::User, event.id.0, text_of(content)))
            }
            EventBody::SystemMessage { content, dropped: false } => {
                Some(self.step(StepRole::System, event.id.0, text_of(content)))
            }
            EventBody::ModelRequestStart { .. } => {
                self.call = Some(ModelCall { began_at: event.at, text: String::new(), reasoning: None });
                None
            }
            EventBody::AgentThinking { summary } => {
                let call = self.call.as_mut().filter(|_| !summary.is_empty())?;
                call.reasoning.get_or_insert_default().push_str(summary);
                None
            }
            EventBody::AgentMessage { content, .. } => match &mut self.call {
                Some(call) => {
                    call.text.push_str(&text_of(content));
                    None
                }
                // A turn of the agent's that the caller supplied.
                None => Some(self.step(StepRole::Assistant, event.id.0, text_of(content))),
            },
            // The call was for a summary, and no step of the conversation.
            EventBody::ContextCompacted { compaction: Compaction::Summarized { .. } } => {
                self.call = None;
                None
            }
            EventBody::ModelRequestEnd { is_error, model_usage, .. } => {
                let call = self.call.take().filter(|_| !is_error)?;
                self.held = Some(self.assistant(call, event, *model_usage));
                None
            }
            EventBody::AgentToolUse { name, input, .. } | EventBody::AgentCustomToolUse { name, input } => {
                self.join(event, name, input);
                None
            }
            EventBody::AgentToolResult { tool_use_id, content, is_error } => {
                Some(self.tool(event, *tool_use_id, text_of(content), *is_error))
            }
            EventBody::UserCustomToolResult { custom_tool_use_id, content, is_error } => {
                Some(self.tool(event, *custom_tool_use_id, text_of(content), *is_error))
            }
            EventBody::UserMessage { dropped: true, .. }
            | EventBody::SystemMessage { dropped: true, .. }
            | EventBody::UserInterrupt {}
            | EventBody::ContextCompacted { .. }
            | EventBody::UserToolConfirmation { .. }
            | EventBody::StatusRunning {}
            | EventBody::StatusRescheduled {}
            | EventBody::StatusIdle { .. }
            | EventBody::StatusTerminated {}
            | EventBody::RunDropped { .. }
            | EventBody::RolloutReported { .. }
            | EventBody::ApprovalRequested { .. }
            | EventBody::ApprovalDecided { .. }
            | EventBody::MonitorUpdate { .. }
            | EventBody::MonitorRollback { .. }
            | EventBody::MonitorEnded { .. }
            | EventBody::Error { .. }
            | EventBody::SessionUpdated(_)
            | EventBody::Usage { .. }
            | EventBody::OutputInvalid { .. } => None,
        }
    }

    fn assistant(&mut self, call: ModelCall, end: &Event, usage: Usage) -> Step {
        self.last_answer.clone_from(&call.text);
        Step {
            execution_time_ms: Some(millis_between(call.began_at, end.at)),
            token_usage: Some(usage.into()),
            reasoning: call.reasoning,
            ..self.step(StepRole::Assistant, end.id.0, call.text)
        }
    }

    fn join(&mut self, event: &Event, name: &str, input: &Value) {
        self.tools.insert(event.id, (name.to_owned(), event.at));
        let Some(step) = &mut self.held else { return };
        // What a model wrote instead of an object is shown rather than dropped.
        let arguments = match input {
            Value::Object(arguments) => arguments.clone(),
            other => serde_json::Map::from_iter([("input".to_owned(), other.clone())]),
        };
        let call = ToolCallView { id: event.id.0, name: name.to_owned(), tool_type: ToolType::Scenario, arguments };
        step.tool_calls.push(call);
    }

    fn tool(&mut self, event: &Event, tool_use: EventId, content: String, is_error: bool) -> Step {
        let (name, called_at) = self.tools.remove(&tool_use).unwrap_or_else(|| (String::new(), event.at));
        let (status, result) = match is_error {
            true => (ToolStatus::Fail, json!({ "error": content })),
            false => {
                (ToolStatus::Ok, serde_json::from_str(&content).unwrap_or_else(|_| Value::String(content.clone())))
            }
        };
        Step {
            execution_time_ms: Some(millis_between(called_at, event.at)),
            tool_response: Some(ToolResponse { name, result, status, tool_type: ToolType::Scenario }),
            ..self.step(StepRole::Tool, event.id.0, content)
        }
    }

    fn step(&mut self, role: StepRole, id: Uuid, content: String) -> Step {
        self.last_index += 1;
        Step {
            role,
            content,
            id,
            index: self.last_index,
            execution_time_ms: None,
            token_usage: None,
            agent_iteration_id: self.run.0,
            tool_calls: Vec::new(),
            tool_response: None,
            reasoning: None,
        }
    }
}

/// Whole milliseconds from one time to a later one.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{RetryStatus, StopReason};
    use domain::limits::Unit;
    use domain::model::{Block, FaultKind, StopCause};
    use domain::tool::{Effect, Permission, Ruling};

    const RUN: RunId = RunId(Uuid::from_u128(9));

    fn id(number: u64) -> EventId {
        EventId(Uuid::from_u128(u128::from(number)))
    }

    /// The steps of a log whose events came ten milliseconds apart; the id of each is its place.
    fn steps_of(bodies: Vec<EventBody>) -> (Vec<Value>, Steps) {
        let mut steps = Steps::of(RUN);
        let mut rendered = vec![steps.system("Be brief.".into())];
        for (body, seq) in bodies.into_iter().zip(1..) {
            let at = Timestamp::from_millisecond(10 * seq as i64).unwrap();
            rendered.extend(steps.take(&Event { id: id(seq), seq, run: Some(RUN), at, body }));
        }
        let shown = rendered.iter().map(|step| serde_json::to_value(step).unwrap()).collect();
        (shown, steps)
    }

    fn text(text: &str) -> Vec<Block> {
        vec![Block::text(text)]
    }

    fn start() -> EventBody {
        EventBody::ModelRequestStart { model: "m/m".into() }
    }

    fn end(start: u64, is_error: bool) -> EventBody {
        let model_usage = Usage { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 3, ..Usage::default() };
        let stop_cause = Some(StopCause::EndTurn);
        EventBody::ModelRequestEnd { model_request_start_id: id(start), is_error, model_usage, cost: None, stop_cause }
    }

    fn tool_use() -> EventBody {
        EventBody::AgentToolUse {
            name: "add".into(),
            input: json!({"a": 2}),
            evaluated_permission: Ruling::Allow,
            permission: Permission::Allow,
            effect: Effect::Read,
        }
    }

    #[test]
    fn a_plain_run_has_a_system_a_user_and_an_assistant_step() {
        let (shown, steps) = steps_of(vec![
            EventBody::UserMessage { content: text("hi"), dropped: false },
            EventBody::StatusRunning {},
            start(),
            EventBody::AgentThinking { summary: "hm".into() },
            EventBody::said(text("Hello.")),
            end(3, false),
            EventBody::Usage { usage: Usage::default(), cost: None, active_ms: 0, budget: None },
            EventBody::StatusIdle { stop_reason: StopReason::EndTurn },
        ]);
        let iteration = RUN.0.to_string();
        assert_eq!(
            shown,
            [
                json!({"role": "system", "content": "Be brief.", "id": shown[0]["id"], "index": 1, "agentIterationId": iteration}),
                json!({"role": "user", "content": "hi", "id": id(1).0, "index": 2, "agentIterationId": iteration}),
                json!({
                    "role": "assistant", "content": "Hello.", "id": id(6).0, "index": 3, "executionTimeMs": 30,
                    "tokenUsage": {"promptTokens": 8, "completionTokens": 2, "totalTokens": 10},
                    "agentIterationId": iteration, "reasoning": "hm",
                }),
            ]
        );
        assert_eq!(steps.into_last_answer(), "Hello.");
    }

    #[test]
    fn calls_join_the_reply_they_came_with_and_answers_are_steps_of_their_own() {
        let result = |of, answer: &str, is_error| EventBody::AgentToolResult {
            tool_use_id: id(of),
            content: text(answer),
            is_error,
        };
        let (shown, _) = steps_of(vec![
            start(),
            end(1, false),
            tool_use(),
            EventBody::AgentCustomToolUse { name: "ask".into(), input: json!("not an object") },
            result(4, "no such luck", true),
            result(3, "5", false),
            start(),
        ]);
        let calls = &shown[1]["toolCalls"];
        assert_eq!((calls[0]["name"].as_str(), calls[0]["toolType"].as_str()), (Some("add"), Some("scenario")));
        assert_eq!(
            (&calls[0]["arguments"], &calls[1]["arguments"]),
            (&json!({"a": 2}), &json!({"input": "not an object"}))
        );
        let answers: Vec<(&Value, &Value)> =
            shown[2..].iter().map(|step| (&step["toolResponse"], &step["executionTimeMs"])).collect();
        let failed =
            json!({"name": "ask", "result": {"error": "no such luck"}, "status": "fail", "toolType": "scenario"});
        let worked = json!({"name": "add", "result": 5, "status": "ok", "toolType": "scenario"});
        assert_eq!(answers, [(&failed, &json!(10)), (&worked, &json!(30))]);
    }

    #[test]
    fn a_reply_is_held_until_its_calls_are_known_and_given_out_on_demand() {
        let (shown, mut steps) = steps_of(vec![start(), end(1, false), tool_use()]);
        assert_eq!(shown.len(), 1);
        let released = steps.release().unwrap();
        assert_eq!((released.index, released.tool_calls.len()), (2, 1));
        assert_eq!(steps.release(), None);
    }

    #[test]
    fn what_failed_and_was_done_again_makes_no_step_and_no_gap() {
        let (shown, _) = steps_of(vec![
            start(),
            end(1, true),
            EventBody::Error { kind: FaultKind::Cut, message: String::new(), retry: RetryStatus::Retrying },
            start(),
            EventBody::said(text("{}")),
            end(4, false),
            EventBody::OutputInvalid { reason: String::new() },
            start(),
            end(8, false),
            EventBody::StatusIdle { stop_reason: StopReason::BudgetReached { unit: Unit::Steps, budget: None } },
        ]);
        let indexes: Vec<&Value> = shown.iter().map(|step| &step["index"]).collect();
        assert_eq!(indexes, [&json!(1), &json!(2), &json!(3)]);
        assert_eq!((&shown[1]["content"], &shown[2]["content"]), (&json!("{}"), &json!("")));
    }

    #[test]
    fn a_turn_that_the_caller_supplied_is_no_model_call() {
        let (shown, _) = steps_of(vec![EventBody::said(text("earlier"))]);
        assert_eq!((&shown[1]["role"], &shown[1]["content"]), (&json!("assistant"), &json!("earlier")));
        assert!(shown[1].get("tokenUsage").is_none());
    }
}

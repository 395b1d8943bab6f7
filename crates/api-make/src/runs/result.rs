//! From a run's events to its result.

use std::sync::Arc;

use app::RunWatch;
use domain::budget::Holder;
use domain::event::{EventBody, StopReason};
use domain::limits::Unit;
use domain::model::Usage;
use domain::output::{Schema, unfenced};
use domain::run::Outcome;
use domain::{Event, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::words::sentence;

use crate::error::ApiError;
use crate::steps::{Step, Steps, TokenUsage, millis_between};

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunResult {
    /// The answer; with `make-schema` the text of the JSON.
    response: String,
    /// The answer, with `make-schema` and if it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    json_response: Option<Value>,
    /// Everything said and done; empty at the end of a stream, which has given it already.
    execution_steps: Vec<Step>,
    /// How long it took, waiting included.
    execution_time_ms: u64,
    /// The conversation: as given, or the fresh one.
    thread_id: String,
    /// All model calls together.
    token_usage_summary: TokenUsage,
    /// The run.
    last_agent_iteration_id: Uuid,
}

impl RunResult {
    /// As a stream ends with it.
    pub(super) fn without_steps(self) -> Self {
        Self { execution_steps: Vec::new(), ..self }
    }
}

/// How far a run has come.
pub(super) struct Progress {
    steps: Steps,
    iteration: Uuid,
    thread: String,
    output_schema: Option<Arc<Value>>,
    accepted_at: Timestamp,
    last_at: Timestamp,
    usage: Usage,
    model_calls: u32,
    last_fault: Option<String>,
    was_interrupted: bool,
    end: Option<Ending>,
}

enum Ending {
    Answered,
    Failed(String),
}

impl Progress {
    /// A run that was just accepted.
    pub(super) fn of(watch: &RunWatch, output_schema: Option<Arc<Value>>) -> Self {
        let run = &watch.run;
        Self {
            steps: Steps::of(run.id),
            iteration: run.id.0,
            thread: watch.session.thread.clone().unwrap_or_else(|| watch.session.alias.to_string()),
            output_schema,
            accepted_at: run.queued_at,
            last_at: run.queued_at,
            usage: Usage::default(),
            model_calls: 0,
            last_fault: None,
            was_interrupted: false,
            end: None,
        }
    }

    /// The system step.
    pub(super) fn system(&mut self, prompt: String) -> Step {
        self.steps.system(prompt)
    }

    /// Takes in the next event and gives the steps that are finished with it.
    pub(super) fn take(&mut self, event: &Event) -> Vec<Step> {
        self.last_at = event.at;
        match &event.body {
            EventBody::ModelRequestStart { .. } => self.model_calls += 1,
            EventBody::ModelRequestEnd { model_usage, .. } => self.usage += *model_usage,
            EventBody::UserInterrupt {} => self.was_interrupted = true,
            EventBody::Error { message, .. } => self.last_fault = Some(message.clone()),
            EventBody::StatusIdle { stop_reason } => self.end = self.ending(stop_reason),
            EventBody::RunDropped { outcome } => self.end = Some(self.dropped(outcome)),
            _ => {}
        }
        self.steps.take(event)
    }

    /// The step that waits for what else belongs to it.
    pub(super) fn release(&mut self) -> Option<Step> {
        self.steps.release()
    }

    /// The result, once the last event was taken in.
    pub(super) fn result(self, execution_steps: Vec<Step>) -> Result<RunResult, ApiError> {
        match self.end {
            Some(Ending::Answered) => {}
            Some(Ending::Failed(detail)) => return Err(ApiError::run_failed(detail)),
            None => return Err(ApiError::internal()),
        }
        let answer = self.steps.into_last_answer();
        let fitting = self.output_schema.as_deref().and_then(|schema| Schema::new(schema).ok()?.read(&answer).ok());
        let response = if fitting.is_some() { unfenced(&answer).to_owned() } else { answer };
        Ok(RunResult {
            response,
            json_response: fitting,
            execution_steps,
            execution_time_ms: millis_between(self.accepted_at, self.last_at),
            thread_id: self.thread,
            token_usage_summary: self.usage.into(),
            last_agent_iteration_id: self.iteration,
        })
    }

    fn ending(&self, stop_reason: &StopReason) -> Option<Ending> {
        match stop_reason {
            StopReason::EndTurn if self.was_interrupted => Some(stopped()),
            StopReason::EndTurn | StopReason::Refusal => Some(Ending::Answered),
            StopReason::BudgetReached { unit, budget } => Some(self.limit_reached(*unit, *budget)),
            StopReason::RetriesExhausted => {
                Some(Ending::Failed(sentence(self.last_fault.as_deref().unwrap_or("the model failed"))))
            }
            StopReason::RequiresAction { .. } => None,
        }
    }

    fn dropped(&self, outcome: &Outcome) -> Ending {
        match outcome {
            Outcome::Done | Outcome::Refused => Ending::Answered,
            Outcome::Interrupted => stopped(),
            Outcome::LimitReached { unit, budget } => self.limit_reached(*unit, *budget),
            Outcome::ModelFailed { message, .. } | Outcome::Unrunnable { message } => Ending::Failed(sentence(message)),
        }
    }

    fn limit_reached(&self, unit: Unit, budget: Option<Holder>) -> Ending {
        if let Some(holder) = budget {
            let (whose, what) = (holder.as_str(), unit.as_str());
            let said = format!("Budget used up: the {whose}'s budget ({what}) was reached before the agent answered.");
            return Ending::Failed(said);
        }
        Ending::Failed(match unit {
            Unit::Steps => format!(
                "Recursion limit reached: the agent made {} model calls and had not answered.",
                self.model_calls
            ),
            Unit::Time => {
                let millis = millis_between(self.accepted_at, self.last_at);
                format!("Timed out: the agent had not answered after {millis} ms.")
            }
            Unit::ToolCalls => {
                "Tool call limit reached: the agent made all its tool calls and had not answered.".into()
            }
            Unit::Money => "Cost limit reached: the agent used all its money and had not answered.".into(),
            Unit::Tokens => "Token limit reached: the agent used all its tokens and had not answered.".into(),
        })
    }
}

fn stopped() -> Ending {
    Ending::Failed("The run was stopped before it had an answer.".to_owned())
}

//! Workflow webhooks: a message from outside begins a run, and may wait for its results.

use app::{Delivered, Delivery, Error, Operator, RunWatch};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use domain::deployment::Begun;
use domain::{DeploymentId, Event, EventBody, EventId};
use serde::Serialize;
use serde_json::Value;
use web::{Facade, HeaderOrder, Query, Rejection};

use crate::Cassidy;
use crate::body::Answer;
use crate::error::ApiError;
use crate::talk::{End, Listener, text_of};

/// Most bytes of a message.
const BYTES_MAX: usize = 5 << 20;

/// Most values in one. Each takes up to a hundred times its bytes once it is read, and anybody
/// may send them.
const VALUES_MAX: usize = 200_000;

/// Steps that are told of a run.
const STEPS_MAX: usize = 1_000;

/// What the last result is called.
const ANSWER: &str = "answer";

/// The route. It has a door of its own: most webhooks ask nobody for a key.
pub(crate) fn routes() -> Router<Cassidy> {
    Router::new().route("/webhook/workflows/{id}", post(take))
}

/// What came of a message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TakenView {
    workflow_run: WorkflowRun,
}

/// A run, as it stands.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkflowRun {
    id: String,
    status: Status,
    /// The tool steps in order, then the answer.
    action_results: Vec<ActionResult>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Running,
    Success,
    Failed,
}

/// What came of a step.
#[derive(Debug, PartialEq, Serialize)]
struct ActionResult {
    id: String,
    name: String,
    status: Status,
    output: Output,
    /// There exactly when the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// An object when the step made one, otherwise a text.
#[derive(Debug, PartialEq, Serialize)]
struct Output {
    value: Value,
}

async fn take(
    State(cassidy): State<Cassidy>,
    Path(id): Path<String>,
    query: Query,
    request: Request,
) -> Result<Response, ApiError> {
    use axum::response::IntoResponse;
    let taken = receive(&cassidy, &id, &query, request).await;
    let mut response = taken.map_or_else(IntoResponse::into_response, IntoResponse::into_response);
    // For whoever counts the answers, further out.
    response.extensions_mut().insert(Facade::Cassidy);
    Ok(response)
}

async fn receive(cassidy: &Cassidy, id: &str, query: &Query, request: Request) -> Result<Answer<TakenView>, ApiError> {
    let id: DeploymentId = id.parse().map_err(|_| ApiError::not_found())?;
    let operator = Operator::of_this_installation();
    let webhook = cassidy.app.open_webhook(&operator, id).await?;
    let (parts, body) = request.into_parts();
    if webhook.requires_key() {
        let caller = web::auth::authenticate(&cassidy.app, &parts.headers, HeaderOrder::ApiKeyFirst).await?;
        cassidy.shared.limits.check(Facade::Cassidy, caller.ctx())?;
        cassidy.app.may_deliver(caller.ctx(), &webhook).await?;
    } else {
        cassidy.shared.limits.check_of(Facade::Cassidy, webhook.id().0, cassidy.app.now())?;
    }
    if !web::body::is_json(&parts.headers) {
        return Err(Rejection::NotSaidToBeJson.into());
    }
    // Whoever sends it, it takes a place of its receiver's: nobody's address is anybody else's
    // trouble.
    let bytes = web::body::read(body, BYTES_MAX, Some(webhook.org())).await?;
    let proven = cassidy.app.prove_delivery(&webhook, delivery(&parts.headers, &bytes))?;
    let payload = read_payload(&bytes)?;
    let delivered = cassidy.app.deliver_webhook(&operator, proven, &payload).await?;
    let is_asked = query.find("results").is_some_and(|asked| matches!(asked, "true" | "1"));
    let workflow_run =
        if is_asked || webhook.returns_results() { ended(cassidy, delivered).await? } else { begun(delivered) };
    Ok(Answer(TakenView { workflow_run }))
}

fn delivery<'a>(headers: &'a HeaderMap, bytes: &'a [u8]) -> Delivery<'a> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Delivery {
        bytes,
        idempotency_key: header("idempotency-key"),
        webhook_id: header("webhook-id"),
        webhook_timestamp: header("webhook-timestamp"),
        webhook_signature: header("webhook-signature"),
        github_signature: header("x-hub-signature-256"),
    }
}

fn read_payload(bytes: &[u8]) -> Result<Value, ApiError> {
    if values_in(bytes) > VALUES_MAX {
        return Err(ApiError::bad_request("Too many values: at most 200,000"));
    }
    serde_json::from_slice(bytes).map_err(|_| ApiError::bad_request("Invalid JSON"))
}

/// At least as many as a JSON text holds: each but the first stands behind one of these marks.
fn values_in(json: &[u8]) -> usize {
    let (mut in_text, mut is_escaped) = (false, false);
    let mark = |byte: &&u8| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'\\' => is_escaped = in_text && !was_escaped,
            b'"' => in_text ^= !was_escaped,
            _ => {}
        }
        !in_text && matches!(byte, b',' | b'[' | b'{')
    };
    json.iter().filter(mark).count()
}

/// The answer that comes at once.
fn begun(Delivered { begun, .. }: Delivered) -> WorkflowRun {
    let status = match &begun.outcome {
        Begun::Run { .. } | Begun::Watch { .. } => Status::Running,
        Begun::Filtered => Status::Success,
        Begun::Failed { .. } => Status::Failed,
    };
    let id = begun.id.compact();
    let action_results = not_begun(&id, &begun.outcome);
    WorkflowRun { id, status, action_results }
}

/// What stands in place of the steps of a run that never was.
fn not_begun(id: &str, outcome: &Begun) -> Vec<ActionResult> {
    let Begun::Failed { message, .. } = outcome else { return Vec::new() };
    let (output, error) = (Output { value: Value::String(String::new()) }, Some(message.clone()));
    vec![ActionResult { id: id.to_owned(), name: ANSWER.to_owned(), status: Status::Failed, output, error }]
}

/// The answer that comes when the run has ended.
async fn ended(cassidy: &Cassidy, delivered: Delivered) -> Result<WorkflowRun, ApiError> {
    let Begun::Run { run, .. } = delivered.begun.outcome else { return Ok(begun(delivered)) };
    let Delivered { begun, watch, reader } = delivered;
    let watch = match watch {
        Some(watch) => watch,
        None => cassidy.app.watch_run(&reader, run).await?,
    };
    let within = cassidy.shared.answer_within;
    let awaited = tokio::time::timeout(within, followed(cassidy, watch, begun.id.compact()));
    match cassidy.shared.drain.within_grace(awaited).await {
        Some(Ok(ended)) => ended,
        Some(Err(_)) => Err(ApiError::too_late(format!("No end of the run in {} s", within.as_secs()))),
        None => Err(ApiError::unavailable("The server is stopping: the run goes on after the restart")),
    }
}

async fn followed(cassidy: &Cassidy, mut watch: RunWatch, id: String) -> Result<WorkflowRun, ApiError> {
    let mut steps = Steps::default();
    while let Some(event) = watch.next_unless_left(cassidy.shared.drain.draining()).await {
        match event {
            Ok(event) => {
                if let Some((status, action_results)) = steps.take(&event) {
                    return Ok(WorkflowRun { id, status, action_results });
                }
            }
            Err(Error::Draining) => {
                return Err(ApiError::unavailable("The server is stopping: the run goes on after the restart"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::internal())
}

/// A run's steps, gathered from its events.
#[derive(Default)]
struct Steps {
    listener: Listener,
    calls: Vec<(EventId, String)>,
    results: Vec<ActionResult>,
}

impl Steps {
    /// Takes in the next event; how the run ended and all its results, if it ends with it.
    fn take(&mut self, event: &Event) -> Option<(Status, Vec<ActionResult>)> {
        match &event.body {
            EventBody::AgentToolUse { name, .. } | EventBody::AgentCustomToolUse { name, .. } => {
                self.calls.push((event.id, name.clone()));
            }
            EventBody::AgentToolResult { tool_use_id: call, content, is_error }
            | EventBody::UserCustomToolResult { custom_tool_use_id: call, content, is_error } => {
                self.result(*call, &text_of(content), *is_error);
            }
            _ => {}
        }
        let (status, id, text, error) = match self.listener.take(event)? {
            End::Answered(said) => {
                (Status::Success, said.as_ref().map_or(event.id, |said| said.id), said.map(|said| said.text), None)
            }
            End::Unanswered(error) => (Status::Failed, event.id, None, Some(error.message().to_owned())),
        };
        let output = Output { value: value_of(&text.unwrap_or_default()) };
        let mut results = std::mem::take(&mut self.results);
        results.push(ActionResult { id: id.compact(), name: ANSWER.to_owned(), status, output, error });
        Some((status, results))
    }

    fn result(&mut self, call: EventId, text: &str, is_error: bool) {
        let Some(place) = self.calls.iter().position(|(id, _)| *id == call) else { return };
        let (id, name) = self.calls.swap_remove(place);
        if self.results.len() >= STEPS_MAX {
            return;
        }
        let status = if is_error { Status::Failed } else { Status::Success };
        let error = is_error.then(|| text.to_owned());
        self.results.push(ActionResult {
            id: id.compact(),
            name,
            status,
            output: Output { value: value_of(text) },
            error,
        });
    }
}

/// An object as it is, everything else as its text.
fn value_of(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::event::StopReason;
    use domain::model::Block;
    use domain::tool::{Effect, Permission, Ruling};
    use serde_json::json;
    use uuid::Uuid;

    fn event(number: u128, body: EventBody) -> Event {
        Event { id: EventId(Uuid::from_u128(number)), seq: 1, run: None, at: Timestamp::UNIX_EPOCH, body }
    }

    fn call(name: &str) -> EventBody {
        EventBody::AgentToolUse {
            name: name.into(),
            input: json!({}),
            evaluated_permission: Ruling::Allow,
            permission: Permission::Allow,
            effect: Effect::Read,
        }
    }

    fn result(of: u128, text: &str, is_error: bool) -> EventBody {
        EventBody::AgentToolResult {
            tool_use_id: EventId(Uuid::from_u128(of)),
            content: vec![Block::text(text)],
            is_error,
        }
    }

    #[test]
    fn values_are_counted_before_they_are_read() {
        for (json, values) in [
            ("7", 0),
            ("[1,2]", 2),
            (r#"{"a":[{},{}],"b":1}"#, 6),
            (r#"["[,{\",[","\\",1]"#, 3),
            (r#""\\\"[[[""#, 0),
            (r#""\\",[["#, 3),
        ] {
            assert_eq!(values_in(json.as_bytes()), values, "{json}");
        }
        let empty = |count: usize| format!("[{}[]]", "[],".repeat(count));
        assert!(read_payload(empty(VALUES_MAX / 3).as_bytes()).is_ok());
        assert!(read_payload(empty(VALUES_MAX).as_bytes()).is_err());
    }

    #[test]
    fn steps_are_told_in_the_order_of_their_results_and_the_answer_last() {
        let mut steps = Steps::default();
        let events = [
            (1, call("look")),
            (2, call("break")),
            (3, result(2, "no", true)),
            (4, result(1, "{\"a\":1}", false)),
            (5, result(9, "of nobody", false)),
            (6, EventBody::said(vec![Block::text("[1]")])),
        ];
        for (number, body) in events {
            assert_eq!(steps.take(&event(number, body)), None);
        }
        let ended = steps.take(&event(7, EventBody::StatusIdle { stop_reason: StopReason::EndTurn }));
        let (status, results) = ended.unwrap();
        let shown: Vec<_> = results
            .iter()
            .map(|result| (result.name.as_str(), result.status, result.output.value.clone(), result.error.as_deref()))
            .collect();
        assert_eq!(status, Status::Success);
        assert_eq!(
            shown,
            [
                ("break", Status::Failed, json!("no"), Some("no")),
                ("look", Status::Success, json!({ "a": 1 }), None),
                ("answer", Status::Success, json!("[1]"), None),
            ]
        );
    }
}

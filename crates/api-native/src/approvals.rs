//! `/v1/approvals`: one inbox of what waits for people, over all sessions. Ours.
//!
//! Decisions go where they always went; each item says where that is.

use app::{App, Asked, Asking, AskingCall, AskingKind, AskingPlace, ListAsking};
use axum::Json;
use axum::extract::State;
use domain::rollout::Rollout;
use domain::run::Need;
use domain::{AgentId, EventId, ProjectId, RolloutId, RunId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::agents::tools::{EffectParam, Policy};
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::query::Query;
use crate::sessions::session_view::OriginView;

/// Bytes of a call's arguments that are shown.
const INPUT_BYTES_MAX: usize = 4 << 10;

/// Something that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum AskingView {
    /// A tool call.
    ToolCall(Box<AskingCallView>),
    /// A rollout.
    Rollout(Box<AskingRolloutView>),
}

/// A tool call that waits for a person's word.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskingCallView {
    /// Since when.
    since: Timestamp,
    agent: AgentName,
    #[schema(value_type = String)]
    project_id: ProjectId,
    #[schema(value_type = String)]
    session_id: SessionId,
    session_title: Option<String>,
    origin: OriginView,
    #[schema(value_type = String)]
    run_id: RunId,
    /// The `agent.tool_use` event, which a decision names.
    #[schema(value_type = String)]
    tool_use_id: EventId,
    /// The tool.
    name: String,
    /// The arguments; null if they are longer than 4 KiB.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    /// How the arguments begin, if they are longer.
    input_beginning: Option<String>,
    /// What the call does to the world.
    effect: EffectParam,
    /// The rule by which it is judged.
    permission_policy: Policy,
    why: WhyView,
    decide: DecideView,
}

/// Why a tool call waits for a person.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WhyView {
    /// Its rule has a person asked each time.
    Approval,
    /// It was under way when its worker died, and may have happened.
    Resolution,
}

/// A rollout that waits for approval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskingRolloutView {
    /// Since when.
    since: Timestamp,
    /// Who watches it.
    agent: AgentName,
    #[schema(value_type = String)]
    project_id: ProjectId,
    /// Where it is told of.
    #[schema(value_type = String)]
    session_id: SessionId,
    #[schema(value_type = String)]
    rollout_id: RolloutId,
    /// What is rolled out, in the pipeline's words.
    request: String,
    commit: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    /// The names of the rules that ask.
    rules: Vec<String>,
    /// How many more approvals are needed.
    still_needed: u32,
    /// When it is rejected if nobody decides.
    expires_at: Timestamp,
    decide: DecideView,
}

/// An agent by its id and name.
#[derive(Debug, Serialize, ToSchema)]
struct AgentName {
    #[schema(value_type = String)]
    id: AgentId,
    name: Option<String>,
}

/// The two answers, as requests.
#[derive(Debug, Serialize, ToSchema)]
struct DecideView {
    yes: RequestView,
    no: RequestView,
}

/// A request to be sent with the caller's own key.
#[derive(Debug, Serialize, ToSchema)]
struct RequestView {
    method: MethodView,
    path: String,
    #[schema(value_type = Object)]
    body: Value,
}

/// How it is sent.
#[derive(Debug, Serialize, ToSchema)]
enum MethodView {
    #[serde(rename = "POST")]
    Post,
}

/// What of the inbox to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListApprovals {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Of this kind only.
    #[param(inline)]
    kind: Option<KindParam>,
    /// Of this agent only.
    agent_id: Option<String>,
}

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KindParam {
    /// A tool call that asks.
    ToolCall,
    /// A rollout that waits for approval.
    Rollout,
}

/// List what waits for people
///
/// Tool calls that ask, and rollouts that wait for approval, over all sessions that the caller
/// may see; what has waited longest comes first. `decide` of each says which request answers
/// it. `GET /v1/stream` tells of the session whenever something comes to wait or is decided:
/// that is when to read this again.
#[utoipa::path(get, path = "/v1/approvals", tag = "approvals", params(ListApprovals),
    responses((status = 200, body = Page<AskingView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_approvals(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListApprovals>,
) -> Result<Json<Page<AskingView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("approvals", &query));
    let after: Option<AskingPlace> = pages.position(query.page.as_deref())?;
    let agent: Result<Option<AgentId>, _> = query.agent_id.as_deref().map(str::parse).transpose();
    // What is no id of an agent names none, of which nothing waits.
    let Ok(agent) = agent else { return Ok(Json(Page::all(Vec::new()))) };
    let kind = query.kind.map(AskingKind::from);
    let mut asking = app.list_asking(caller.ctx(), ListAsking { kind, agent, after, limit: limit + 1 }).await?;
    let more = page::cut(&mut asking, limit);
    let next = asking.last().filter(|_| more).map(|last| pages.text(last.place()));
    Ok(Json(Page::new(asking.into_iter().map(AskingView::from).collect(), next)))
}

impl From<KindParam> for AskingKind {
    fn from(kind: KindParam) -> Self {
        match kind {
            KindParam::ToolCall => AskingKind::Call,
            KindParam::Rollout => AskingKind::Rollout,
        }
    }
}

impl From<Asking> for AskingView {
    fn from(Asking { since, agent, agent_name, what }: Asking) -> Self {
        let agent = AgentName { id: agent, name: agent_name };
        match what {
            Asked::Call(call) => AskingView::ToolCall(Box::new(AskingCallView::of(since, agent, *call))),
            Asked::Rollout(rollout) => AskingView::Rollout(Box::new(AskingRolloutView::of(since, agent, *rollout))),
        }
    }
}

impl AskingCallView {
    fn of(since: Timestamp, agent: AgentName, asking: AskingCall) -> Self {
        let AskingCall { run, origin, title, call, need, tool, input, effect, permission } = asking;
        let (why, yes, no) = match need {
            Need::Resolution => (WhyView::Resolution, "did_not_happen", "happened"),
            Need::Approval | Need::ClientResult => (WhyView::Approval, "allow", "deny"),
        };
        let answer = |result: &str| {
            let event = json!({ "type": "user.tool_confirmation", "tool_use_id": call, "result": result });
            RequestView::post(format!("/v1/sessions/{}/events", run.session), json!({ "events": [event] }))
        };
        let (input, input_beginning) = bounded(input);
        Self {
            since,
            agent,
            project_id: run.project,
            session_id: run.session,
            session_title: title,
            origin: origin.into(),
            run_id: run.id,
            tool_use_id: call,
            name: tool,
            input,
            input_beginning,
            effect: effect.into(),
            permission_policy: permission.into(),
            why,
            decide: DecideView { yes: answer(yes), no: answer(no) },
        }
    }
}

impl AskingRolloutView {
    fn of(since: Timestamp, agent: AgentName, rollout: Rollout) -> Self {
        let approval = rollout.approval.as_ref();
        // To the last digit, since a decision is compared with it.
        let since = approval.map_or(since, |approval| approval.asked_at);
        let asks = approval.map(|approval| approval.asks.as_slice()).unwrap_or_default();
        let missing = |ask| approval.map_or(0, |approval| rollout.votes_missing(approval, ask));
        let rules = asks.iter().map(|ask| ask.name.clone()).collect();
        let still_needed = asks.iter().map(missing).max().unwrap_or_default();
        let answer = |verb: &str| {
            RequestView::post(format!("/v1/rollouts/{}/{verb}", rollout.id), json!({ "requested_at": since }))
        };
        let decide = DecideView { yes: answer("approve"), no: answer("reject") };
        Self {
            since,
            agent,
            project_id: rollout.project,
            session_id: rollout.session,
            rollout_id: rollout.id,
            rules,
            still_needed,
            expires_at: rollout.approval_due().unwrap_or(since),
            decide,
            request: rollout.details.request,
            commit: rollout.details.commit,
            git_ref: rollout.details.git_ref,
        }
    }
}

impl RequestView {
    fn post(path: String, body: Value) -> Self {
        Self { method: MethodView::Post, path, body }
    }
}

/// Arguments as they are if they are short, or else how their text begins: a model writes what
/// it likes.
fn bounded(input: Value) -> (Option<Value>, Option<String>) {
    let text = input.to_string();
    if text.len() <= INPUT_BYTES_MAX {
        return (Some(input), None);
    }
    let end = text.floor_char_boundary(INPUT_BYTES_MAX);
    (None, Some(text[..end].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_arguments_are_shown_in_part() {
        let short = json!({ "room": "Blue" });
        assert_eq!(bounded(short.clone()), (Some(short), None));
        let (input, beginning) = bounded(json!({ "text": "é".repeat(INPUT_BYTES_MAX) }));
        assert_eq!(input, None);
        let beginning = beginning.unwrap();
        assert!(beginning.starts_with("{\"text\":\"é") && beginning.len() <= INPUT_BYTES_MAX);
    }
}

//! Conversations of the demo: begun, and decided about.

use app::{AgentChoice, App, CreateSession, Ctx, EventFilter, Order};
use domain::agent::{Agent, Overrides};
use domain::budget::Budget;
use domain::event::Verdict;
use domain::model::Block;
use domain::session::Origin;
use domain::tool::Ruling;
use domain::{EventBody, EventId, SessionId};
use indexmap::IndexMap;

use crate::DemoError;

/// What is said to an agent.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    pub(crate) title: String,
    pub(crate) said: String,
    /// Over which API.
    pub(crate) over: Origin,
    pub(crate) budget: Option<Budget>,
}

impl Talk {
    pub(crate) fn of(title: &str, said: &str) -> Self {
        Self { title: title.to_owned(), said: said.to_owned(), over: Origin::Native, budget: None }
    }
}

/// Begins it.
pub(crate) async fn begin(app: &App, ctx: &Ctx, agent: &Agent, talk: Talk) -> Result<SessionId, DemoError> {
    let create = CreateSession {
        project: None,
        agent: AgentChoice { id: agent.id, version: None, overrides: Overrides::default() },
        title: Some(talk.title),
        metadata: IndexMap::new(),
        origin: talk.over,
        purpose: None,
        thread: None,
        budget: talk.budget,
        initial_events: vec![said(&talk.said)],
    };
    Ok(app.create_session(ctx, create).await?.id)
}

/// Says yes to the call that a session waits with, if it waits with one.
pub(crate) async fn allow(app: &App, ctx: &Ctx, session: SessionId) -> Result<(), DemoError> {
    decide(app, ctx, session, Verdict::Allow, None).await
}

/// Says no to it.
pub(crate) async fn deny(app: &App, ctx: &Ctx, session: SessionId, why: &str) -> Result<(), DemoError> {
    decide(app, ctx, session, Verdict::Deny, Some(why.to_owned())).await
}

async fn decide(
    app: &App,
    ctx: &Ctx,
    session: SessionId,
    result: Verdict,
    deny_message: Option<String>,
) -> Result<(), DemoError> {
    let Some(tool_use_id) = waiting_call(app, ctx, session).await? else { return Ok(()) };
    let word = EventBody::UserToolConfirmation { tool_use_id, result, deny_message, content: None };
    app.send_events(ctx, session, vec![word]).await?;
    Ok(())
}

/// The call that was asked about last.
async fn waiting_call(app: &App, ctx: &Ctx, session: SessionId) -> Result<Option<EventId>, DemoError> {
    let filter = EventFilter {
        types: vec!["agent.tool_use".to_owned()],
        order: Order::NewestFirst,
        limit: Some(1),
        ..EventFilter::default()
    };
    let last = app.list_events(ctx, session, filter).await?.into_iter().next();
    let asks = |body: &EventBody| matches!(body, EventBody::AgentToolUse { evaluated_permission: Ruling::Ask, .. });
    Ok(last.filter(|event| asks(&event.body)).map(|event| event.id))
}

fn said(text: &str) -> EventBody {
    EventBody::UserMessage { content: vec![Block::text(text)], dropped: false }
}

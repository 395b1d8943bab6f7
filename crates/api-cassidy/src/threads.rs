//! Threads: made, read, listed.

use std::collections::{HashSet, VecDeque};

use app::{AgentChoice, CreateSession, EventFilter};
use axum::extract::State;
use domain::agent::Overrides;
use domain::session::{Origin, Session, SessionStatus};
use domain::{AgentId, Event, EventBody, EventId, SessionId, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use web::{Caller, Query};

use crate::Cassidy;
use crate::body::{Answer, Body, Fields, FromFields, id_issue};
use crate::caller::{asking, looking};
use crate::citations::{Reference, cited};
use crate::error::{ApiError, Issue};
use crate::openapi::{GetFailures, ListFailures, PostFailures};
use crate::talk::{End, Listener, text_of};

/// Most threads of a list.
const THREADS_MAX: usize = 1_000;

/// Characters of the first message that a thread is named by.
const NAME_CHARS: usize = 60;
const UNNAMED: &str = "New thread";

/// Most bytes of text that are shown of a thread: the newest.
const TEXT_BYTES_MAX: usize = 32 << 20;

/// Events read from the log at a time.
const PAGE: usize = 500;

/// Which agent a thread is with.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct CreateThreadBody {
    /// The agent.
    #[schema(min_length = 1, max_length = 64)]
    assistant_id: String,
}

/// Which agent a thread is with, read and checked.
#[derive(Debug)]
pub(crate) struct CreateThread {
    assistant: String,
}

impl FromFields for CreateThread {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        Some(Self { assistant: fields.id("assistant_id")? })
    }
}

/// A thread, by its id alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreadRef {
    /// The thread.
    thread_id: String,
}

/// Threads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreadList {
    /// The newest activity first.
    threads: Vec<ThreadRef>,
}

/// A thread with what was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadView {
    /// The thread.
    thread_id: String,
    /// How its first message begins.
    name: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When something last happened in it.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Its organization.
    organization_id: String,
    /// Its agent.
    assistant_id: String,
    /// What was said, oldest first.
    messages: Vec<MessageView>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

/// Something that was said.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct MessageView {
    id: String,
    role: Role,
    content: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// The sources of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    references: Option<Vec<Reference>>,
}

/// Create a thread
#[utoipa::path(post, path = "/assistants/thread/create", tag = "Agents",
    operation_id = "assistantApiRouter-createThread", request_body = CreateThreadBody,
    responses((status = 200, description = "The thread.", body = ThreadRef), PostFailures)
)]
pub(crate) async fn create_thread(
    State(cassidy): State<Cassidy>,
    caller: Caller,
    Body(create): Body<CreateThread>,
) -> Result<Answer<ThreadRef>, ApiError> {
    let ctx = asking(&caller)?;
    let id: AgentId = create.assistant.parse().map_err(|_| ApiError::not_found())?;
    let create = CreateSession {
        project: None,
        agent: AgentChoice { id, version: None, overrides: Overrides::default() },
        title: None,
        metadata: Default::default(),
        origin: Origin::Cassidy,
        purpose: None,
        thread: None,
        budget: None,
        initial_events: Vec::new(),
    };
    let thread = cassidy.app.create_session(&ctx, create).await?;
    Ok(Answer(ThreadRef { thread_id: thread.id.compact() }))
}

/// Which thread to read.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
pub(crate) struct GetThread {
    /// The thread.
    #[param(min_length = 1, max_length = 64)]
    thread_id: String,
}

/// Read a thread
///
/// Messages and answers; no tool calls, no instructions, no reasoning.
#[utoipa::path(get, path = "/assistants/thread/get", tag = "Agents",
    operation_id = "assistantApiRouter-getThread", params(GetThread),
    responses((status = 200, description = "The thread.", body = ThreadView), GetFailures)
)]
pub(crate) async fn get_thread(
    State(cassidy): State<Cassidy>,
    caller: Caller,
    query: Query,
) -> Result<Answer<ThreadView>, ApiError> {
    let named = query.find("thread_id").ok_or_else(|| Issue::wrong_type("thread_id", "string"));
    let named = named.and_then(|id| id_issue("thread_id", id).map_or(Ok(id), Err));
    let named = named.map_err(|issue| ApiError::invalid(vec![issue]))?;
    let ctx = looking(&caller)?;
    let id: SessionId = named.parse().map_err(|_| ApiError::not_found())?;
    let thread = cassidy.app.find_thread(&ctx, id).await?;
    // What waits is read before the log: it may move there meanwhile, and is then seen twice
    // and not never.
    let waiting = match thread.state.status {
        SessionStatus::Idle | SessionStatus::Terminated => Vec::new(),
        SessionStatus::Running | SessionStatus::Rescheduling => cassidy.app.list_inbox(&ctx, id).await?,
    };
    let mut talk = Talk::default();
    let mut filter =
        EventFilter { types: TOLD.map(String::from).to_vec(), limit: Some(PAGE), ..EventFilter::default() };
    loop {
        let page = cassidy.app.list_events(&ctx, id, filter.clone()).await?;
        page.iter().for_each(|event| talk.take(event));
        match page.last() {
            Some(last) if page.len() == PAGE => filter.after = Some(last.seq),
            _ => break,
        }
    }
    for item in &waiting {
        talk.asked(item.id, item.accepted_at, &item.body);
    }
    Ok(Answer(talk.view(ctx.org.compact(), &thread)))
}

/// List threads
///
/// Those of the person behind the key, the newest activity first, at most 1,000.
#[utoipa::path(get, path = "/assistants/threads/get", tag = "Agents",
    operation_id = "assistantApiRouter-getThreads",
    responses((status = 200, description = "The threads.", body = ThreadList), ListFailures)
)]
pub(crate) async fn get_threads(
    State(cassidy): State<Cassidy>,
    caller: Caller,
) -> Result<Answer<ThreadList>, ApiError> {
    let threads = cassidy.app.list_threads(&looking(&caller)?, THREADS_MAX).await?;
    let threads = threads.into_iter().map(|id| ThreadRef { thread_id: id.compact() }).collect();
    Ok(Answer(ThreadList { threads }))
}

/// The events that a thread is told from.
const TOLD: [&str; 6] = [
    "user.message",
    "user.interrupt",
    "agent.message",
    "session.status_idle",
    "session.run_dropped",
    "span.model_request_start",
];

/// What was said in a thread, as far as its log was read.
#[derive(Default)]
struct Talk {
    listener: Listener,
    messages: VecDeque<MessageView>,
    /// Those that were asked, so that what moves from the inbox to the log is told once.
    asked: HashSet<EventId>,
    bytes: usize,
    name: Option<String>,
}

impl Talk {
    fn take(&mut self, event: &Event) {
        self.asked(event.id, event.at, &event.body);
        let Some(End::Answered(Some(said))) = self.listener.take(event) else { return };
        let (content, references) = cited(&said.text, &said.sources);
        let (id, created_at) = (said.id.compact(), iso(said.at));
        self.push(MessageView { id, role: Role::Assistant, content, created_at, references: Some(references) });
    }

    /// A message of the user, in the log or on its way there.
    fn asked(&mut self, id: EventId, at: Timestamp, body: &EventBody) {
        let EventBody::UserMessage { content, .. } = body else { return };
        if !self.asked.insert(id) {
            return;
        }
        let content = text_of(content);
        self.name.get_or_insert_with(|| content.chars().take(NAME_CHARS).collect());
        let (id, created_at) = (id.compact(), iso(at));
        self.push(MessageView { id, role: Role::User, content, created_at, references: None });
    }

    fn push(&mut self, message: MessageView) {
        self.bytes += message.content.len();
        self.messages.push_back(message);
        while self.bytes > TEXT_BYTES_MAX
            && let Some(oldest) = self.messages.pop_front()
        {
            self.bytes -= oldest.content.len();
        }
    }

    fn view(self, organization_id: String, thread: &Session) -> ThreadView {
        ThreadView {
            thread_id: thread.id.compact(),
            name: self.name.unwrap_or_else(|| UNNAMED.to_owned()),
            created_at: iso(thread.created_at),
            updated_at: iso(thread.state.updated_at),
            organization_id,
            assistant_id: thread.agent.id().compact(),
            messages: self.messages.into(),
        }
    }
}

/// ISO 8601, UTC, milliseconds, `Z`.
pub(crate) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::Block;
    use uuid::Uuid;

    fn asks(talk: &mut Talk, number: u128, text: &str) {
        let body = EventBody::UserMessage { content: vec![Block::text(text)], dropped: false };
        talk.asked(EventId(Uuid::from_u128(number)), Timestamp::UNIX_EPOCH, &body);
    }

    #[test]
    fn what_is_shown_is_bounded_and_the_name_stays() {
        let mut talk = Talk::default();
        asks(&mut talk, 0, &"ä".repeat(61));
        let long = "x".repeat(1 << 20);
        (1..40).for_each(|number| asks(&mut talk, number, &long));
        assert!(talk.bytes <= TEXT_BYTES_MAX && talk.messages.len() == 32);
        assert_eq!(talk.name.map(|name| name.chars().count()), Some(60));
    }

    #[test]
    fn a_message_on_its_way_into_the_log_is_told_once() {
        let mut talk = Talk::default();
        (0..2).for_each(|_| asks(&mut talk, 7, "hi"));
        assert_eq!(talk.messages.len(), 1);
    }

    #[test]
    fn times_have_milliseconds_and_a_z() {
        assert_eq!(iso(Timestamp::from_microsecond(1_795_316_645_678_901).unwrap()), "2026-11-22T03:04:05.678Z");
    }
}

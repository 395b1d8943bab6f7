//! Messages: said in a thread, and answered in one piece.

use std::time::Duration;

use axum::extract::State;
use domain::SessionId;
use serde::Serialize;
use utoipa::ToSchema;
use web::Caller;

use crate::body::{Answer, Body, Fields, FromFields};
use crate::caller::asking;
use crate::citations::{Reference, cited};
use crate::error::{ApiError, Issue};
use crate::openapi::PostFailures;
use crate::{Cassidy, answer};

/// Longest message, in characters.
const CHARS_MAX: usize = 100_000;

/// How long a message waits until the thread has answered those before it.
const TURN_WITHIN: Duration = Duration::from_secs(30);

/// What is said, and where.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct SendMessageBody {
    /// The thread.
    #[schema(min_length = 1, max_length = 64)]
    thread_id: String,
    /// The message: 1 to 100,000 characters, not counting white space around it.
    #[schema(min_length = 1, pattern = r"\S")]
    message: String,
}

/// What is said, read and checked.
#[derive(Debug)]
pub(crate) struct SendMessage {
    thread: String,
    message: String,
}

impl FromFields for SendMessage {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let (thread, message) = (fields.id("thread_id"), fields.text("message"));
        let message = message.and_then(|message| {
            let text = message.trim();
            let code = match text.chars().take(CHARS_MAX + 1).count() {
                1..=CHARS_MAX => return Some(text.to_owned()),
                0 => "too_small",
                _ => "too_big",
            };
            fields.note(Issue::broken("message", code, format!("message must have 1 to {CHARS_MAX} characters")));
            None
        });
        Some(Self { thread: thread?, message: message? })
    }
}

/// The whole answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageAnswer {
    /// The text, with its citation markers: `[[0]]` names the first of the references.
    content: String,
    /// The sources, in the markers' order.
    references: Vec<Reference>,
}

/// Send a message and wait for the answer
///
/// One request, one whole answer. A caller that leaves does not stop the agent: the answer is
/// in the thread. A thread answers one message after the other; one that has to wait for more
/// than 30 s is refused and not stored.
#[utoipa::path(post, path = "/assistants/message/create", tag = "Agents",
    operation_id = "assistantApiRouter-sendMessage", request_body = SendMessageBody,
    responses((status = 200, description = "The answer.", body = MessageAnswer), PostFailures)
)]
pub(crate) async fn send_message(
    State(cassidy): State<Cassidy>,
    caller: Caller,
    Body(send): Body<SendMessage>,
) -> Result<Answer<MessageAnswer>, ApiError> {
    let ctx = asking(&caller)?;
    let thread: SessionId = send.thread.parse().map_err(|_| ApiError::not_found())?;
    let asked = cassidy.app.ask(&ctx, thread, send.message, TURN_WITHIN);
    let within_grace = cassidy.shared.drain.within_grace(asked).await;
    let watch = within_grace.unwrap_or(Err(app::Error::Draining))?;
    let said = answer::of(&cassidy, ctx, watch).await?;
    let (content, references) = said.map(|said| cited(&said.text, &said.sources)).unwrap_or_default();
    Ok(Answer(MessageAnswer { content, references }))
}

//! What a visitor of an embed is shown of their conversation: what was said to them and by
//! them, and whether the agent is at work. No tool, no thought, no instruction, and nothing
//! that people of the organization say in the session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::citation::{self, Source};
use domain::event::StopReason;
use domain::model::Block;
use domain::run::Outcome;
use domain::{DeploymentId, Event, EventBody, EventId, Timestamp};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, Stream, StreamExt};
use ports::feed::PreviewItem;

use super::visitors::{OpenEmbed, Visitor};
use crate::error::{AuthFault, Error};
use crate::streams::{From, SessionStream, StreamItem};
use crate::{App, Operator};

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The visitor.
    Visitor,
    /// The agent.
    Agent,
}

/// How an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// The agent is at work.
    Working,
    /// Somebody of the organization must say something first.
    WaitsForSomebody,
    /// The visitor stopped it, or somebody for them.
    Stopped,
    /// There was none.
    Failed,
    /// There was none: what may be spent was spent.
    LimitReached,
    /// It is there; the agent rests.
    Rests,
    /// Nothing more can be said in this conversation.
    Ended,
}

/// One thing that a visitor is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// What was said.
    Message {
        /// Its event.
        event: EventId,
        /// When it was said.
        at: Timestamp,
        /// Who said it.
        by: Party,
        /// The text; `[[0]]` names the first source.
        text: String,
        /// What is cited, in the order of the markers.
        sources: Vec<Source>,
    },
    /// The agent begins to say something.
    Begins {
        /// The event that it will be.
        event: EventId,
    },
    /// More of it.
    More {
        /// The event that it will be.
        event: EventId,
        /// What follows.
        text: Arc<str>,
    },
    /// What the agent had begun to say will not come.
    Void {
        /// The event that says so.
        event: EventId,
    },
    /// How things stand from here on.
    Now {
        /// The event that says so.
        event: EventId,
        /// How.
        activity: Activity,
    },
}

/// A conversation as its visitor follows it: what was said, then what is being said. It ends
/// with their token, when the embed closes, and with the session.
pub struct Conversation(BoxStream<'static, Result<Told, Error>>);

impl Stream for Conversation {
    type Item = Result<Told, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl App {
    /// Follows the visitor's conversation; `None` if they have said nothing yet.
    ///
    /// # Errors
    /// The event to go on behind is not of this conversation, whoever made the embed may not
    /// read it any more, or the store failed.
    pub async fn follow_conversation(
        &self,
        to: &OpenEmbed,
        visitor: &Visitor,
        from: From,
    ) -> Result<Option<Conversation>, Error> {
        let Some(session) = self.conversation_of(to, visitor).await? else { return Ok(None) };
        let now = self.now();
        let ctx = self.with_its_rights(to.org, &to.deployment, now).await?;
        let events = self.stream_session(&ctx, session.id, from, true).await?;
        let left = visitor.until().map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default());
        let expired = match left {
            Some(left) => tokio::time::sleep(left).boxed(),
            None => std::future::pending().boxed(),
        };
        let following = Following { app: self.clone(), to: to.clone(), visitor: visitor.clone(), events, expired };
        let told = futures::stream::unfold(Some(Box::new(following)), |following| async move {
            let mut following = following?;
            match following.next().await? {
                Ok(told) => {
                    let is_last = matches!(told, Told::Now { activity: Activity::Ended, .. });
                    Some((Ok(told), (!is_last).then_some(following)))
                }
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(Some(Conversation(told.boxed())))
    }
}

struct Following {
    app: App,
    to: OpenEmbed,
    visitor: Visitor,
    events: SessionStream,
    expired: BoxFuture<'static, ()>,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Told, Error>> {
        loop {
            let item = tokio::select! {
                biased;
                () = &mut self.expired => return Some(Err(Error::Unauthenticated(AuthFault::Expired))),
                item = self.events.next() => item?,
            };
            let told = match item {
                Ok(item) => told(&item, &self.visitor),
                Err(error) => return Some(Err(error)),
            };
            let Some(told) = told else { continue };
            if matches!(told, Told::Message { .. })
                && let Err(error) = check_open(self.app.clone(), self.to.id(), self.visitor.until().is_some()).await
            {
                return Some(Err(error));
            }
            return Some(Ok(told));
        }
    }
}

/// Whether the embed still takes the visitor: it may have been paused, or have come to want
/// tokens, since they came.
async fn check_open(app: App, id: DeploymentId, has_token: bool) -> Result<(), Error> {
    let now = app.open_embed(&Operator::of_this_installation(), id).await?;
    match now.embed.secure && !has_token {
        true => Err(Error::Unauthenticated(AuthFault::Missing)),
        false => Ok(()),
    }
}

/// What a visitor is told of something.
fn told(item: &StreamItem, visitor: &Visitor) -> Option<Told> {
    match item {
        StreamItem::Stored(event) => told_of(event, visitor),
        StreamItem::Preview(PreviewItem::Start { is_thinking: true, .. }) => None,
        StreamItem::Preview(PreviewItem::Start { event, .. }) => Some(Told::Begins { event: *event }),
        StreamItem::Preview(PreviewItem::Delta { event, text, .. }) => {
            Some(Told::More { event: *event, text: Arc::clone(text) })
        }
        StreamItem::Deleted { event, .. } => Some(Told::Now { event: *event, activity: Activity::Ended }),
    }
}

fn told_of(event: &Event, visitor: &Visitor) -> Option<Told> {
    let now = |activity| Some(Told::Now { event: event.id, activity });
    match &event.body {
        EventBody::UserMessage { content, dropped: false } if visitor.said(event.id) => {
            Some(message(event, Party::Visitor, text_of(content), Vec::new()))
        }
        EventBody::AgentMessage { content, sources } => {
            let cited = citation::cite(&text_of(content), sources.len());
            let sources = cited.sources.iter().filter_map(|place| sources.get(*place).cloned()).collect();
            Some(message(event, Party::Agent, cited.text, sources))
        }
        EventBody::ModelRequestEnd { is_error: true, .. } | EventBody::StatusRescheduled {} => {
            Some(Told::Void { event: event.id })
        }
        EventBody::StatusRunning {} => now(Activity::Working),
        EventBody::UserInterrupt {} if event.run.is_some() => now(Activity::Stopped),
        EventBody::StatusIdle { stop_reason } => now(match stop_reason {
            StopReason::EndTurn | StopReason::Refusal => Activity::Rests,
            StopReason::RequiresAction { .. } => Activity::WaitsForSomebody,
            StopReason::RetriesExhausted => Activity::Failed,
            StopReason::BudgetReached { .. } => Activity::LimitReached,
        }),
        EventBody::RunDropped { outcome } => now(match outcome {
            Outcome::Done | Outcome::Refused => Activity::Rests,
            Outcome::Interrupted => Activity::Stopped,
            Outcome::LimitReached { .. } => Activity::LimitReached,
            Outcome::ModelFailed { .. } | Outcome::Unrunnable { .. } => Activity::Failed,
        }),
        EventBody::StatusTerminated {} => now(Activity::Ended),
        _ => None,
    }
}

fn message(event: &Event, by: Party, text: String, sources: Vec<Source>) -> Told {
    Told::Message { event: event.id, at: event.at, by, text, sources }
}

fn text_of(content: &[Block]) -> String {
    content.iter().filter_map(Block::as_text).collect::<Vec<_>>().join("\n")
}

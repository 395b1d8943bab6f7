//! Following a session: live, and without a gap or a repeat across broken connections.

use std::time::Duration;

use eventsource_stream::{Event, Eventsource};
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::{Native, part, refusal};
use crate::failure::{Code, Failure};

/// A sign of life comes every ten seconds; a connection silent for longer is dead.
const SILENCE_MAX: Duration = Duration::from_secs(35);
/// Between attempts to reach the server again; grows with each up to the maximum.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a server that went away is waited for.
const ATTEMPTS_MAX: u32 = 60;

/// Something that happened in a session.
#[derive(Debug)]
pub(crate) enum Update {
    /// A stored event.
    Event(Value),
    /// More text of the message with this id.
    Text {
        /// The event that the message will be.
        event: String,
        /// The piece.
        text: String,
    },
}

/// A session being followed.
pub(crate) struct Follow {
    native: Native,
    session: String,
    /// The last stored event that was seen, or where to begin.
    after: Option<String>,
    /// The message that is being generated and how much of it was seen, in bytes.
    seen: Option<(String, u64)>,
    connection: Option<BoxStream<'static, Result<Event, String>>>,
    failed: u32,
    over: bool,
}

impl Follow {
    /// Follows a session from now on (`after` absent), from its `start`, or after an event.
    /// Returns when the server listens: what is sent from now on is not missed.
    pub(crate) async fn begin(native: &Native, session: &str, after: Option<&str>) -> Result<Self, Failure> {
        let mut follow = Self {
            native: native.clone(),
            session: session.to_owned(),
            after: after.map(str::to_owned),
            seen: None,
            connection: None,
            failed: 0,
            over: false,
        };
        follow.connect().await?;
        Ok(follow)
    }

    /// What happens next; `None` when the session has ended for good.
    pub(crate) async fn next(&mut self) -> Result<Option<Update>, Failure> {
        while !self.over {
            let Some(connection) = &mut self.connection else {
                self.reconnect().await?;
                continue;
            };
            match tokio::time::timeout(SILENCE_MAX, connection.next()).await {
                Ok(Some(Ok(event))) => {
                    if let Some(update) = self.take(event)? {
                        return Ok(Some(update));
                    }
                }
                // Cut, closed by a server that stops, or silent: the log knows the rest.
                Ok(Some(Err(_)) | None) | Err(_) => self.connection = None,
            }
        }
        Ok(None)
    }

    async fn reconnect(&mut self) -> Result<(), Failure> {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failed.min(10)).min(WAIT_MAX);
        tokio::time::sleep(wait).await;
        match self.connect().await {
            Err(failure) if failure.is(Code::Unreachable) && self.failed < ATTEMPTS_MAX => {
                self.failed += 1;
                Ok(())
            }
            connected => connected,
        }
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        let response = self.request().send().await.map_err(|error| self.native.unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(refusal(status, &response.json().await.unwrap_or_default())),
        }
        let events = response.bytes_stream().eventsource();
        self.connection = Some(events.map(|event| event.map_err(|error| error.to_string())).boxed());
        self.failed = 0;
        Ok(())
    }

    fn request(&self) -> RequestBuilder {
        let path = format!("sessions/{}/events/stream", part(&self.session));
        let mut request = self.native.request(Method::GET, &path).query(&[("event_deltas[]", "agent.message")]);
        if let Some(after) = &self.after {
            request = request.query(&[("after", after)]);
        }
        if let Some((event, end)) = &self.seen {
            request = request.query(&[("delta_after", format!("{event}:0:{end}"))]);
        }
        request
    }

    fn take(&mut self, event: Event) -> Result<Option<Update>, Failure> {
        let data: Value = match event.event.as_str() {
            "ping" => return Ok(None),
            _ => serde_json::from_str(&event.data)
                .map_err(|error| Failure::other(format!("the server sent what is no JSON: {error}")))?,
        };
        match event.event.as_str() {
            "error" => Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, &data)),
            "event_start" => Ok(None),
            "event_delta" => Ok(self.take_text(&data)),
            _ => {
                if !event.id.is_empty() {
                    self.after = Some(event.id);
                }
                self.seen = None;
                self.over = matches!(event.event.as_str(), "session.status_terminated" | "session.deleted");
                Ok(Some(Update::Event(data)))
            }
        }
    }

    /// A piece of text, without what was seen of it before the connection broke.
    fn take_text(&mut self, data: &Value) -> Option<Update> {
        let event = data["event_id"].as_str()?.to_owned();
        let text = data["delta"]["content"]["text"].as_str()?;
        let end = data["delta"]["end"].as_u64().or(data["end"].as_u64());
        let (Some(end), length) = (end, text.len() as u64) else {
            return Some(Update::Text { event, text: text.to_owned() });
        };
        let seen = self.seen.as_ref().filter(|(seen, _)| *seen == event).map_or(0, |(_, end)| *end);
        let fresh = end.saturating_sub(seen).min(length);
        let fresh = text.get((length - fresh) as usize..).unwrap_or_default().to_owned();
        self.seen = Some((event.clone(), end.max(seen)));
        (!fresh.is_empty()).then_some(Update::Text { event, text: fresh })
    }
}

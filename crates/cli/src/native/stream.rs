//! Following a session: live, and without a gap or a repeat across broken connections.

use eventsource_stream::Event;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::line::Line;
use super::{Native, part, refusal};
use crate::failure::Failure;

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
    line: Line,
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
            line: Line::new(native),
            over: false,
        };
        let request = follow.request();
        follow.line.connect(request).await?;
        Ok(follow)
    }

    /// What happens next; `None` when the session has ended for good.
    pub(crate) async fn next(&mut self) -> Result<Option<Update>, Failure> {
        while !self.over {
            let Some(frame) = self.line.next().await else {
                let request = self.request();
                self.line.reconnect(request).await?;
                continue;
            };
            if let Some(update) = self.take(frame)? {
                return Ok(Some(update));
            }
        }
        Ok(None)
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
        let data: Value = serde_json::from_str(&event.data)
            .map_err(|error| Failure::other(format!("the server sent what is no JSON: {error}")))?;
        match event.event.as_str() {
            "error" => Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, &data)),
            "event_start" | "ping" => Ok(None),
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

//! A session's stream as this API spells it: section 5 of its contract.

use std::fmt::Display;

use app::PreviewItem;
use bytes::Bytes;
use domain::{Event, EventId, Timestamp};
use serde::Serialize;
use web::StreamPlace;
use web::sse::{EndsBy, FrameStyle, Manners, comment};

use super::event_view::EventView;
use crate::error::ErrorEnvelope;

const STYLE: FrameStyle = FrameStyle { id_first: true, spaced: true };

/// The header in which a browser says where it left off.
pub(crate) const LAST_EVENT_ID: &str = "last-event-id";

/// What is sent when nothing else was for a while.
const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// Which previews a reader wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Previews {
    /// Text of messages in the making.
    pub(crate) messages: bool,
    /// That the agent reasons.
    pub(crate) thinking: bool,
}

/// Text that a returning reader has already: bytes of the block of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeltaCursor {
    event: EventId,
    end: usize,
}

impl std::str::FromStr for DeltaCursor {
    type Err = ();

    /// `EVENT:INDEX:END`. Messages have one block, so the index is 0.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(':');
        let (Some(event), Some("0"), Some(end), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        Ok(Self { event: event.parse().map_err(|_| ())?, end: end.parse().map_err(|_| ())? })
    }
}

/// How streams that can be resumed show that they live, and end.
pub(crate) fn manners(place: StreamPlace) -> Manners {
    Manners {
        sign_of_life: Bytes::from_static(PING.as_bytes()),
        last_word: comment(" draining"),
        ends_by: EndsBy::Drain,
        place: Some(place),
    }
}

/// A stored event.
pub(crate) fn stored(event: &Event) -> Bytes {
    let view = EventView::from(event);
    frame(Some(&event.id), view.name(), &view)
}

/// The last word on a session that was deleted. There is nothing to go on from.
pub(crate) fn deleted(event: EventId, at: Timestamp) -> Bytes {
    let view = EventView::session_deleted(event, at);
    frame(None, view.name(), &view)
}

/// A fault of the stream itself.
pub(crate) fn fault(envelope: &ErrorEnvelope) -> Bytes {
    frame(None, "error", envelope)
}

/// The previews of one stream.
pub(crate) struct PreviewFrames {
    wanted: Previews,
    known: Option<DeltaCursor>,
    /// The message whose tokens come, and how the frame of each of them begins.
    head: Option<(EventId, Vec<u8>)>,
}

impl PreviewFrames {
    /// Of what a reader wants, who has this text already.
    pub(crate) fn new(wanted: Previews, known: Option<DeltaCursor>) -> Self {
        Self { wanted, known, head: None }
    }

    /// More of a message in the making, if the reader wants it and has not got it.
    pub(crate) fn next(&mut self, item: &PreviewItem) -> Option<Bytes> {
        match item {
            PreviewItem::Start { event, is_thinking, .. } => {
                let is_wanted = if *is_thinking { self.wanted.thinking } else { self.wanted.messages };
                let kind = if *is_thinking { "agent.thinking" } else { "agent.message" };
                let start = EventStart { kind: "event_start", event: Started { kind, id: *event } };
                is_wanted.then(|| frame(None, start.kind, &start))
            }
            PreviewItem::Delta { event, offset, text } => {
                let known = self.known.filter(|known| known.event == *event);
                let known = known.map_or(0, |known| known.end.saturating_sub(*offset));
                // A cursor within a character is no place to go on from: the character comes whole.
                let known = text.floor_char_boundary(known.min(text.len()));
                let rest = &text[known..];
                (self.wanted.messages && !rest.is_empty()).then(|| self.delta(*event, offset + known, rest))
            }
        }
    }

    /// The frame of a token. Written for each of them, so its fixed parts are not put together
    /// field by field.
    fn delta(&mut self, event: EventId, offset: usize, text: &str) -> Bytes {
        let head = match &self.head {
            Some((of, head)) if *of == event => head,
            _ => &self.head.insert((event, delta_head(event))).1,
        };
        let mut frame = Vec::with_capacity(head.len() + text.len() + 64);
        frame.extend_from_slice(head);
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(&mut frame, text);
        // UTF-8 bytes of the block before this piece, and with it. Ours.
        let mut digits = itoa::Buffer::new();
        frame.extend_from_slice(b"}},\"offset\":");
        frame.extend_from_slice(digits.format(offset).as_bytes());
        frame.extend_from_slice(b",\"end\":");
        frame.extend_from_slice(digits.format(offset + text.len()).as_bytes());
        frame.extend_from_slice(b"}\n\n");
        frame.into()
    }
}

fn delta_head(event: EventId) -> Vec<u8> {
    format!(
        "event: event_delta\ndata: {{\"type\":\"event_delta\",\"event_id\":\"{event}\",\"delta\":{{\
         \"type\":\"content_delta\",\"index\":0,\"content\":{{\"type\":\"text\",\"text\":"
    )
    .into_bytes()
}

/// A frame of this API.
pub(crate) fn frame(id: Option<&dyn Display>, name: &str, data: &impl Serialize) -> Bytes {
    // Plain structures of texts and numbers: writing them as JSON does not fail.
    STYLE.frame(name, id, data).unwrap_or_default()
}

#[derive(Serialize)]
struct EventStart {
    #[serde(rename = "type")]
    kind: &'static str,
    event: Started,
}

#[derive(Serialize)]
struct Started {
    #[serde(rename = "type")]
    kind: &'static str,
    id: EventId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{EventBody, RunId};
    use uuid::Uuid;

    const ALL: Previews = Previews { messages: true, thinking: true };

    fn id() -> EventId {
        EventId(Uuid::from_u128(1))
    }

    fn run() -> RunId {
        RunId(Uuid::from_u128(2))
    }

    fn text(bytes: Option<Bytes>) -> String {
        bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).unwrap_or_default()
    }

    fn piece(known: Option<&str>) -> String {
        let item = PreviewItem::Delta { event: id(), offset: 4, text: "héllo".into() };
        text(PreviewFrames::new(ALL, known.map(|known| known.parse().unwrap())).next(&item))
    }

    #[test]
    fn frames_have_the_exact_grammar() {
        let event = Event { id: id(), seq: 3, run: None, at: Timestamp::UNIX_EPOCH, body: EventBody::StatusRunning {} };
        assert_eq!(
            text(Some(stored(&event))),
            "id: sevt_00000000000000000000000001\nevent: session.status_running\ndata: \
             {\"id\":\"sevt_00000000000000000000000001\",\"type\":\"session.status_running\",\
             \"processed_at\":\"1970-01-01T00:00:00Z\",\"seq\":3,\"run_id\":null}\n\n"
        );
        assert_eq!(
            piece(None),
            "event: event_delta\ndata: {\"type\":\"event_delta\",\"event_id\":\"sevt_00000000000000000000000001\",\
             \"delta\":{\"type\":\"content_delta\",\"index\":0,\"content\":{\"type\":\"text\",\"text\":\"héllo\"}},\
             \"offset\":4,\"end\":10}\n\n"
        );
        let start = PreviewItem::Start { event: id(), run: run(), is_thinking: true };
        assert_eq!(
            text(PreviewFrames::new(ALL, None).next(&start)),
            "event: event_start\ndata: {\"type\":\"event_start\",\"event\":{\"type\":\"agent.thinking\",\
             \"id\":\"sevt_00000000000000000000000001\"}}\n\n"
        );
    }

    #[test]
    fn a_returning_reader_is_not_sent_what_it_has() {
        let known = |end: usize| format!("{}:0:{end}", id());
        assert!(piece(Some(&known(0))).contains("héllo"));
        assert!(piece(Some(&known(4))).contains("héllo"));
        assert!(piece(Some(&known(5))).contains("\"text\":\"éllo\"}},\"offset\":5,\"end\":10"));
        assert!(piece(Some(&known(6))).contains("\"offset\":5"), "within a character");
        assert!(piece(Some(&known(10))).is_empty());
        assert!(piece(Some(&format!("{}:0:10", EventId(Uuid::from_u128(2))))).contains("héllo"));
        for junk in ["", "x:0:1", &format!("{}:1:1", id()), &format!("{}:0", id()), &format!("{}:0:-1", id())] {
            assert!(junk.parse::<DeltaCursor>().is_err(), "{junk}");
        }
    }

    #[test]
    fn only_wanted_previews_are_sent() {
        let start = |is_thinking, wanted| {
            PreviewFrames::new(wanted, None).next(&PreviewItem::Start { event: id(), run: run(), is_thinking })
        };
        let messages = Previews { messages: true, thinking: false };
        assert!(start(false, messages).is_some());
        assert!(start(true, messages).is_none());
        assert!(start(false, Previews::default()).is_none());
    }

    #[test]
    fn each_message_has_frames_of_its_own() {
        let mut frames = PreviewFrames::new(ALL, None);
        for event in [1, 2, 2, 1].map(|number| EventId(Uuid::from_u128(number))) {
            let item = PreviewItem::Delta { event, offset: 9, text: "\"".into() };
            let frame = text(frames.next(&item));
            assert!(frame.contains(&format!("\"event_id\":\"{event}\"")), "{frame}");
            assert!(frame.ends_with("\"text\":\"\\\"\"}},\"offset\":9,\"end\":10}\n\n"), "{frame}");
        }
    }
}

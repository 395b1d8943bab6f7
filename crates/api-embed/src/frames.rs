//! A conversation as the panel is streamed it.

use app::{Activity, Party, Told};
use bytes::Bytes;
use domain::{EventId, Timestamp};
use serde::Serialize;
use web::StreamPlace;
use web::sse::{EndsBy, FrameStyle, Manners, comment};

use crate::error::Failure;

const STYLE: FrameStyle = FrameStyle { id_first: true, spaced: true };

/// Said after a silence. A comment would not do: the panel notices by it that the line is dead.
const PING: &[u8] = b"event: ping\ndata: {}\n\n";

/// How the streams show that they live, and end.
pub(crate) fn manners(place: StreamPlace) -> Manners {
    Manners {
        sign_of_life: Bytes::from_static(PING),
        last_word: comment(" draining"),
        ends_by: EndsBy::Drain,
        place: Some(place),
    }
}

#[derive(Serialize)]
struct MessageView<'a> {
    id: EventId,
    at: Timestamp,
    by: &'static str,
    text: &'a str,
    /// What the markers in the text name, in their order.
    sources: Vec<&'a str>,
}

#[derive(Serialize)]
struct PieceView<'a> {
    id: EventId,
    text: &'a str,
}

#[derive(Serialize)]
struct NowView {
    activity: &'static str,
}

/// What a visitor is told. What is stored has an id, behind which a stream can be gone on with.
pub(crate) fn told(told: &Told) -> Bytes {
    match told {
        Told::Message { event, at, by, text, sources } => {
            let by = match by {
                Party::Visitor => "visitor",
                Party::Agent => "agent",
            };
            let sources = sources.iter().map(|source| source.name.as_str()).collect();
            frame("message", Some(*event), &MessageView { id: *event, at: *at, by, text, sources })
        }
        Told::Begins { event } => frame("begins", None, &PieceView { id: *event, text: "" }),
        Told::More { event, text } => frame("more", None, &PieceView { id: *event, text }),
        Told::Void { event } => frame("void", Some(*event), &()),
        Told::Now { event, activity: Activity::Ended } => {
            // There may be nothing left to go on behind.
            let _ = event;
            frame("now", None, &NowView { activity: "ended" })
        }
        Told::Now { event, activity } => frame("now", Some(*event), &NowView { activity: name(*activity) }),
    }
}

/// Why the stream ends.
pub(crate) fn fault(failure: &Failure) -> Bytes {
    frame("fault", None, failure)
}

fn name(activity: Activity) -> &'static str {
    match activity {
        Activity::Working => "working",
        Activity::WaitsForSomebody => "waits_for_somebody",
        Activity::Stopped => "stopped",
        Activity::Failed => "failed",
        Activity::LimitReached => "limit_reached",
        Activity::Rests => "rests",
        Activity::Ended => "ended",
    }
}

fn frame(name: &str, id: Option<EventId>, data: &impl Serialize) -> Bytes {
    let id = id.as_ref().map(|id| id as &dyn std::fmt::Display);
    // Plain structures of texts: writing them as JSON does not fail.
    STYLE.frame(name, id, data).unwrap_or_default()
}

//! Clients that put together what broken connections left them, by the contract's rules, and
//! complain of whatever does not fit.

use std::time::Duration;

use eventsource_stream::{Event, Eventsource};
use futures::StreamExt;
use reqwest::Client;
use serde_json::Value;

use super::process::KEY;

/// A server says something every ten seconds; the machine may be busy.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// Before a server that is not there is asked again.
const PAUSE: Duration = Duration::from_millis(5);

/// Something that reads a stream over many connections.
pub(super) trait Reader {
    /// The address of the stream, from where this reader stands.
    fn path(&self) -> String;

    /// Takes a frame in.
    ///
    /// # Errors
    /// What is wrong with it.
    fn take(&mut self, frame: &Event, data: Value) -> Result<(), String>;
}

/// Reads over one connection until it ends or the reader has what it wants; whether it has.
///
/// # Errors
/// The reader's complaint, or a refusal of the server.
pub(super) async fn read_on<R: Reader>(
    reader: &mut R,
    client: &Client,
    url: &str,
    is_enough: impl Fn(&R) -> bool,
) -> Result<bool, String> {
    let request = client.get(format!("{url}{}", reader.path())).bearer_auth(KEY);
    let Ok(answer) = request.send().await else {
        tokio::time::sleep(PAUSE).await;
        return Ok(false);
    };
    if !answer.status().is_success() {
        return Err(format!("{} was answered {}", reader.path(), answer.status()));
    }
    let mut frames = answer.bytes_stream().eventsource();
    while !is_enough(reader) {
        let frame = tokio::time::timeout(SILENCE_MAX, frames.next()).await;
        match frame.map_err(|_| format!("silence on {}", reader.path()))? {
            Some(Ok(frame)) if frame.event == "ping" => {}
            Some(Ok(frame)) => {
                let data = serde_json::from_str(&frame.data).map_err(|_| format!("not JSON: {frame:?}"))?;
                reader.take(&frame, data)?;
            }
            Some(Err(_)) | None => return Ok(false),
        }
    }
    Ok(true)
}

/// Reads the log of a session and shows the text in the making.
pub(super) struct SessionReader {
    pub(super) session: String,
    /// The log as far as it was put together.
    pub(super) events: Vec<Value>,
    /// The message that is being shown, and its text so far.
    pub(super) shown: Option<(String, String)>,
    /// Messages whose text was shown to its end, and those that were closed before.
    pub(super) whole: usize,
    pub(super) closed: Vec<String>,
}

impl SessionReader {
    pub(super) fn of(session: &str) -> Self {
        Self { session: session.to_owned(), events: Vec::new(), shown: None, whole: 0, closed: Vec::new() }
    }

    /// How often the session came to rest.
    pub(super) fn turns(&self) -> usize {
        self.events.iter().filter(|event| event["type"] == "session.status_idle").count()
    }

    pub(super) fn shown_bytes(&self) -> usize {
        self.shown.as_ref().map_or(0, |(_, text)| text.len())
    }

    fn begin(&mut self, data: &Value) -> Result<(), String> {
        let event = text(&data["event"]["id"])?;
        match &self.shown {
            Some((shown, _)) if shown == event => return Ok(()),
            Some((shown, _)) => return Err(format!("{event} begins, and nothing has closed {shown}")),
            None => {}
        }
        self.shown = Some((event.to_owned(), String::new()));
        Ok(())
    }

    fn grow(&mut self, data: &Value) -> Result<(), String> {
        let (event, piece) = (text(&data["event_id"])?, text(&data["delta"]["content"]["text"])?);
        let Some((_, shown)) = self.shown.as_mut().filter(|(shown, _)| shown == event) else {
            return Err(format!("text of {event}, which did not begin: {data}"));
        };
        let (offset, end) = (shown.len(), shown.len() + piece.len());
        if (data["offset"].as_u64(), data["end"].as_u64()) != (Some(offset as u64), Some(end as u64)) {
            return Err(format!("{offset} bytes of {event} are shown, and then comes {data}"));
        }
        shown.push_str(piece);
        Ok(())
    }

    fn store(&mut self, event: Value) -> Result<(), String> {
        if event["seq"] != self.events.len() + 1 {
            return Err(format!("a gap or a repeat: behind event {} comes {event}", self.events.len()));
        }
        match (text(&event["type"])?, &self.shown) {
            ("agent.message", shown) => {
                let id = text(&event["id"])?;
                if self.closed.iter().any(|closed| closed == id) {
                    return Err(format!("{id} was closed, and is stored: {event}"));
                }
                if let Some((shown, bytes)) = shown {
                    let whole = text(&event["content"][0]["text"])?;
                    if shown != id || !whole.starts_with(bytes) {
                        return Err(format!("{shown} was shown as {bytes:?}, and stored is {event}"));
                    }
                    self.whole += usize::from(whole == bytes);
                }
                self.shown = None;
            }
            ("span.model_request_end", Some((shown, _))) => {
                if event["is_error"] != true {
                    return Err(format!("{shown} is shown, and its call ended well without it: {event}"));
                }
                self.closed.push(shown.clone());
                self.shown = None;
            }
            _ => {}
        }
        self.events.push(event);
        Ok(())
    }
}

impl Reader for SessionReader {
    fn path(&self) -> String {
        let after = self.events.last().and_then(|event| event["id"].as_str()).unwrap_or("start");
        let delta_after = match &self.shown {
            Some((event, text)) => format!("&delta_after={event}:0:{}", text.len()),
            None => String::new(),
        };
        let session = &self.session;
        format!("/v1/sessions/{session}/events/stream?after={after}&event_deltas[]=agent.message{delta_after}")
    }

    fn take(&mut self, frame: &Event, data: Value) -> Result<(), String> {
        match frame.event.as_str() {
            "error" => Err(format!("the stream failed: {data}")),
            "event_start" => self.begin(&data),
            "event_delta" => self.grow(&data),
            name if data["type"] != name || data["id"] != frame.id.as_str() => {
                Err(format!("a frame unlike its data: {frame:?}"))
            }
            _ => self.store(data),
        }
    }
}

/// Reads the changes of an organization.
#[derive(Default)]
pub(super) struct OrgReader {
    /// Position and data of each change.
    pub(super) changes: Vec<(u64, Value)>,
}

impl OrgReader {
    /// The positions and the sessions that changed.
    pub(super) fn order(&self) -> Vec<(u64, &str)> {
        self.changes
            .iter()
            .map(|(position, change)| (*position, change["session_id"].as_str().unwrap_or_default()))
            .collect()
    }

    pub(super) fn has_seen(&self, session: &str) -> bool {
        self.changes.iter().any(|(_, change)| change["session_id"] == session)
    }
}

impl Reader for OrgReader {
    fn path(&self) -> String {
        let after = self.changes.last().map_or("start".to_owned(), |(position, _)| position.to_string());
        format!("/v1/stream?after={after}")
    }

    fn take(&mut self, frame: &Event, data: Value) -> Result<(), String> {
        if frame.event != "session.changed" {
            return Err(format!("not a change: {frame:?}"));
        }
        let position: u64 = frame.id.parse().map_err(|_| format!("no position: {frame:?}"))?;
        let expected = self.changes.last().map_or(1, |(last, _)| last + 1);
        if position != expected {
            return Err(format!("a gap or a repeat: {position} comes where {expected} should"));
        }
        self.changes.push((position, data));
        Ok(())
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("not a text: {value}"))
}

mod tests {
    use super::*;
    use serde_json::json;

    fn read(frames: &[Value]) -> Result<SessionReader, String> {
        let mut reader = SessionReader::of("sesn_1");
        for data in frames {
            let event = data["type"].as_str().unwrap().to_owned();
            let id = data["id"].as_str().unwrap_or_default().to_owned();
            reader.take(&Event { event, id, ..Event::default() }, data.clone())?;
        }
        Ok(reader)
    }

    fn start(id: &str) -> Value {
        json!({ "type": "event_start", "event": { "type": "agent.message", "id": id } })
    }

    fn delta(id: &str, offset: usize, text: &str) -> Value {
        json!({ "type": "event_delta", "event_id": id, "delta": { "content": { "text": text } },
            "offset": offset, "end": offset + text.len() })
    }

    fn message(seq: u64, id: &str, text: &str) -> Value {
        json!({ "type": "agent.message", "id": id, "seq": seq, "content": [{ "text": text }] })
    }

    fn end(seq: u64, is_error: bool) -> Value {
        json!({ "type": "span.model_request_end", "id": "e", "seq": seq, "is_error": is_error })
    }

    #[test]
    fn what_fits_is_taken() {
        let again = [
            start("m"),
            delta("m", 0, "hé"),
            start("m"),
            delta("m", 3, "llo"),
            message(1, "m", "héllo"),
            end(2, false),
        ];
        assert_eq!(read(&again).ok().map(|reader| reader.whole), Some(1));
        let anew =
            [start("m"), delta("m", 0, "he"), end(1, true), start("n"), delta("n", 0, "ho"), message(2, "n", "ho")];
        assert_eq!(read(&anew).ok().map(|reader| reader.closed), Some(vec!["m".to_owned()]));
    }

    #[test]
    fn what_does_not_fit_is_complained_of() {
        let cases: [&[Value]; 9] = [
            &[message(2, "m", "a")],
            &[message(1, "m", "a"), message(1, "m", "a")],
            &[start("m"), delta("m", 1, "b")],
            &[start("m"), delta("m", 0, "a"), delta("m", 0, "a")],
            &[delta("m", 0, "a")],
            &[start("m"), delta("m", 0, "a"), message(1, "m", "b")],
            &[start("m"), start("n")],
            &[start("m"), end(1, false)],
            &[start("m"), end(1, true), message(2, "m", "a")],
        ];
        for case in cases {
            assert!(read(case).is_err(), "{case:?}");
        }
    }
}

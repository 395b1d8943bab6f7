//! Reading a stream the way a careful client does: frame by frame, raw and parsed.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// How long a reader waits for the next bytes before it calls the test failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The bytes as they came, the empty line that ends the frame included.
    pub raw: String,
    /// The `id:` line.
    pub id: Option<String>,
    /// The `event:` line.
    pub event: Option<String>,
    /// The `data:` lines, joined by line feeds.
    pub data: String,
}

impl Frame {
    /// The frame's data as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("not JSON ({error}): {:?}", self.raw))
    }

    /// The name of the event: the `event:` line, or `message` as browsers have it.
    pub fn name(&self) -> &str {
        self.event.as_deref().unwrap_or("message")
    }

    fn parse(raw: &str) -> Self {
        let mut frame = Self { raw: raw.to_owned(), id: None, event: None, data: String::new() };
        let mut data: Vec<&str> = Vec::new();
        for line in raw.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => frame.id = Some(value.to_owned()),
                "event" => frame.event = Some(value.to_owned()),
                "data" => data.push(value),
                _ => {}
            }
        }
        frame.data = data.join("\n");
        frame
    }

    /// Whether it holds nothing but comments.
    pub fn is_comment(&self) -> bool {
        self.event.is_none() && self.id.is_none() && self.data.is_empty()
    }
}

/// Splits bytes into frames, however they were cut on the way.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: BytesMut,
}

impl Frames {
    /// Takes more bytes; gives back the frames that are whole now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.buffer.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let raw = self.buffer.split_to(end + 2);
            frames.push(Frame::parse(&String::from_utf8_lossy(&raw)));
        }
        frames
    }

    /// Bytes that have not become a frame.
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }
}

/// An open stream.
pub struct SseReader {
    /// The status of the response.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    body: BodyDataStream,
    frames: Frames,
    ready: VecDeque<Frame>,
}

impl SseReader {
    /// Reads the body of this response.
    pub fn new(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.into_data_stream(),
            frames: Frames::default(),
            ready: VecDeque::new(),
        }
    }

    /// The next frame, comments included; `None` when the server has ended the stream.
    ///
    /// # Panics
    /// If nothing comes for thirty seconds, or the stream breaks.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            let bytes = self.bytes().await?;
            self.ready.extend(self.frames.push(&bytes));
        }
    }

    /// The next frame that is neither a ping nor a comment.
    pub async fn next_event(&mut self) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.name() != "ping" && !frame.is_comment() {
                return Some(frame);
            }
        }
    }

    /// All events up to and with the first that fits.
    ///
    /// # Panics
    /// If the stream ends before.
    pub async fn until(&mut self, fits: impl Fn(&Frame) -> bool) -> Vec<Frame> {
        let mut seen = Vec::new();
        loop {
            let Some(frame) = self.next_event().await else {
                panic!("the stream ended before the frame that was awaited; it held {seen:#?}")
            };
            let found = fits(&frame);
            seen.push(frame);
            if found {
                return seen;
            }
        }
    }

    /// All events up to and with the first of this name.
    pub async fn until_named(&mut self, name: &str) -> Vec<Frame> {
        self.until(|frame| frame.name() == name).await
    }

    /// All events until the server ends the stream.
    pub async fn collect(mut self) -> Vec<Frame> {
        let mut seen = Vec::new();
        while let Some(frame) = self.next_event().await {
            seen.push(frame);
        }
        seen
    }

    /// The next bytes as they come over the wire, for tests of the exact grammar.
    pub async fn bytes(&mut self) -> Option<Bytes> {
        next_bytes(&mut self.body).await
    }
}

async fn next_bytes<S, E>(body: &mut S) -> Option<Bytes>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let next = tokio::time::timeout(PATIENCE, body.next()).await;
    let Ok(next) = next else { panic!("nothing came over the stream for {PATIENCE:?}") };
    next.map(|bytes| bytes.unwrap_or_else(|error| panic!("the stream broke: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_same_however_the_bytes_are_cut() {
        let text = "id: 1\nevent: a\ndata: {\"t\":\"é\"}\n\n: hi\n\nevent:b\ndata:1\ndata: 2\n\nrest";
        let whole = Frames::default().push(text.as_bytes());
        for size in 1..text.len() {
            let mut frames = Frames::default();
            let cut: Vec<Frame> = text.as_bytes().chunks(size).flat_map(|bytes| frames.push(bytes)).collect();
            assert_eq!(cut, whole);
            assert_eq!(frames.rest(), b"rest");
        }
        assert_eq!(whole[0].json()["t"], "é");
        assert!(whole[1].is_comment());
        assert_eq!((whole[2].name(), whole[2].data.as_str()), ("b", "1\n2"));
    }
}

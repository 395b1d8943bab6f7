//! Server-sent events: exact bytes, signs of life, and an end when the server stops.
//!
//! A stream is polled only as fast as its client reads, and nothing is kept for a client
//! that does not. When the client leaves, the stream is dropped and nothing else happens.

use std::fmt::Display;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, Stream};
use seldom::Seldom;
use serde::Serialize;
use tokio::time::Instant;

use crate::{Drain, StreamPlace};

/// A client hears something at least this often.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);

/// How a façade writes its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameStyle {
    /// Whether `id` stands before `event`.
    pub id_first: bool,
    /// Whether a space follows the colon.
    pub spaced: bool,
}

impl FrameStyle {
    /// One frame. `name` and `id` must be free of line breaks.
    ///
    /// # Errors
    /// The data cannot be written as JSON.
    pub fn frame(
        &self,
        name: &str,
        id: Option<&dyn Display>,
        data: &impl Serialize,
    ) -> Result<Bytes, serde_json::Error> {
        let colon = if self.spaced { ": " } else { ":" };
        let mut frame = Vec::with_capacity(256);
        if let Some(id) = id.filter(|_| self.id_first) {
            line(&mut frame, "id", colon, id);
        }
        line(&mut frame, "event", colon, &name);
        if let Some(id) = id.filter(|_| !self.id_first) {
            line(&mut frame, "id", colon, id);
        }
        frame.extend_from_slice(b"data");
        frame.extend_from_slice(colon.as_bytes());
        // JSON holds no line break outside its escapes, so this is one line.
        serde_json::to_writer(&mut frame, data)?;
        frame.extend_from_slice(b"\n\n");
        Ok(frame.into())
    }
}

/// A comment, which clients pass over.
pub fn comment(text: &str) -> Bytes {
    format!(":{text}\n\n").into()
}

/// When a stream ends because the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndsBy {
    /// At once: the client resumes elsewhere.
    Drain,
    /// When the grace is over: the client cannot resume.
    Grace,
}

/// How a stream shows that it lives, and how it ends.
#[derive(Debug)]
pub struct Manners {
    /// Said after each [`SILENCE_MAX`] of silence.
    pub sign_of_life: Bytes,
    /// Said before the end when the server stops; nothing if empty.
    pub last_word: Bytes,
    /// When that is.
    pub ends_by: EndsBy,
    /// The organization's place for this stream.
    pub place: Option<StreamPlace>,
}

/// The answer that streams these frames.
pub fn response(
    frames: impl Stream<Item = Bytes> + Send + Unpin + 'static,
    drain: &Drain,
    manners: Manners,
) -> Response {
    let drain = drain.clone();
    let ends_by = manners.ends_by;
    let stop = async move {
        match ends_by {
            EndsBy::Drain => drain.draining().await,
            EndsBy::Grace => drain.grace_over().await,
        }
    };
    let stop = stop.map(|()| Stir::Stop).boxed();
    let stirs = Seldom::new(FuturesUnordered::from_iter([stop, silence_until(Instant::now() + SILENCE_MAX)]));
    let frames = Frames { frames, stirs, spoke_at: Instant::now(), manners };
    let mut response = Response::new(Body::from_stream(frames.map(Ok::<_, std::convert::Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

struct Frames<S> {
    frames: S,
    /// What ends the stream or breaks its silence: looked at only when it has stirred, so that a
    /// stream with much to say moves no timer. Empty once the server stops.
    stirs: Seldom<FuturesUnordered<BoxFuture<'static, Stir>>>,
    /// When something was said last.
    spoke_at: Instant,
    manners: Manners,
}

enum Stir {
    Stop,
    /// There may have been silence for too long.
    Silence,
}

fn silence_until(end: Instant) -> BoxFuture<'static, Stir> {
    tokio::time::sleep_until(end).map(|()| Stir::Silence).boxed()
}

impl<S: Stream<Item = Bytes> + Unpin> Stream for Frames<S> {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        while let Poll::Ready(stir) = this.stirs.poll_next_unpin(cx) {
            let Some(Stir::Silence) = stir else {
                let last_word = std::mem::take(&mut this.manners.last_word);
                this.stirs.change().clear();
                return Poll::Ready(Some(last_word).filter(|word| !word.is_empty()));
            };
            let now = Instant::now();
            let end = this.spoke_at + SILENCE_MAX;
            if end <= now {
                this.spoke_at = now;
                this.stirs.change().push(silence_until(now + SILENCE_MAX));
                return Poll::Ready(Some(this.manners.sign_of_life.clone()));
            }
            this.stirs.change().push(silence_until(end));
        }
        let next = this.frames.poll_next_unpin(cx);
        if next.is_ready() {
            this.spoke_at = Instant::now();
        }
        next
    }
}

fn line(frame: &mut Vec<u8>, name: &str, colon: &str, value: &dyn Display) {
    // Writing into memory does not fail.
    let _ = writeln!(frame, "{name}{colon}{value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::{self, BoxStream};
    use serde_json::json;

    const MAKE: FrameStyle = FrameStyle { id_first: false, spaced: false };
    const NATIVE: FrameStyle = FrameStyle { id_first: true, spaced: true };

    fn manners(ends_by: EndsBy) -> Manners {
        Manners { sign_of_life: comment(""), last_word: comment(" draining"), ends_by, place: None }
    }

    fn text(
        frames: impl Stream<Item = Bytes> + Send + 'static,
        drain: &Drain,
        ends_by: EndsBy,
    ) -> BoxStream<'static, String> {
        let body = response(frames.boxed(), drain, manners(ends_by)).into_body().into_data_stream();
        body.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap()).boxed()
    }

    #[test]
    fn frames_are_written_to_the_byte() {
        let data = json!({"text": "a\nb\u{2028}"});
        let native = NATIVE.frame("agent.message", Some(&"sevt_1"), &data).unwrap();
        assert_eq!(native, "id: sevt_1\nevent: agent.message\ndata: {\"text\":\"a\\nb\u{2028}\"}\n\n");
        let make = MAKE.frame("step", Some(&7), &json!([])).unwrap();
        assert_eq!(make, "event:step\nid:7\ndata:[]\n\n");
        let without_id = NATIVE.frame("ping", None, &json!({"type": "ping"})).unwrap();
        assert_eq!(without_id, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
        assert_eq!(comment(""), ":\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_every_ten_seconds() {
        let began = Instant::now();
        let frames = stream::once(async {
            tokio::time::sleep(Duration::from_secs(25)).await;
            Bytes::from_static(b"x")
        });
        let told: Vec<_> = text(frames, &Drain::new(Duration::ZERO), EndsBy::Drain).collect().await;
        assert_eq!(told, [":\n\n", ":\n\n", "x"]);
        assert_eq!(began.elapsed(), Duration::from_secs(25));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_word() {
        let began = Instant::now();
        let words = stream::unfold(0, |count| async move {
            tokio::time::sleep(Duration::from_secs(if count < 3 { 7 } else { 1_000 })).await;
            Some((Bytes::from_static(b"x"), count + 1))
        });
        let told = text(words, &Drain::new(Duration::ZERO), EndsBy::Drain);
        let told: Vec<_> = told.map(|word| (word, began.elapsed().as_secs())).take(5).collect().await;
        let expected = [("x", 7), ("x", 14), ("x", 21), (":\n\n", 31), (":\n\n", 41)];
        assert_eq!(told, expected.map(|(word, at)| (word.to_owned(), at)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_server_says_a_last_word() {
        let drain = Drain::new(Duration::from_secs(5));
        let endless = || stream::once(async { Bytes::from_static(b"x") }).chain(stream::pending());
        let (mut resumable, mut other) =
            (text(endless(), &drain, EndsBy::Drain), text(endless(), &drain, EndsBy::Grace));
        assert_eq!((resumable.next().await.unwrap(), other.next().await.unwrap()), ("x".into(), "x".into()));
        drain.begin();
        let began = Instant::now();
        assert_eq!(resumable.collect::<Vec<_>>().await, [": draining\n\n"]);
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(other.collect::<Vec<_>>().await, [": draining\n\n"]);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test]
    async fn the_headers_keep_intermediaries_out() {
        let answer = response(stream::empty(), &Drain::new(Duration::ZERO), manners(EndsBy::Drain));
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            ["content-type", "cache-control", "x-accel-buffering"].map(header),
            ["text/event-stream", "no-cache", "no"]
        );
    }
}

//! What comes back.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;
use url::Url;

use crate::alarm::Alarm;
use crate::client::root_cause;
use crate::connections::Body;
use crate::error::OutboundError;
use crate::guard::host_of;

/// An answer whose head has come. Its body is read piece by piece, within the bounds of
/// the request; dropping it closes the call.
#[derive(Debug)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) url: Url,
    pub(crate) body: Body,
    pub(crate) deadline: Option<Instant>,
    pub(crate) idle_timeout: Duration,
    /// Since when the next piece is waited for.
    pub(crate) waits_since: Option<Instant>,
    pub(crate) alarm: Alarm,
    pub(crate) bytes_left: usize,
    pub(crate) bytes_max: usize,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the answer came from: the last hop of the redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// If it ends in the middle, is too large, or takes too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The same, for what is itself polled.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OutboundError>> {
        loop {
            let Poll::Ready(frame) = self.body.poll_frame(cx) else { return self.poll_silence(cx).map(Err) };
            self.waits_since = None;
            let frame = match frame {
                None => return Poll::Ready(Ok(None)),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    let cut = OutboundError::Cut { host: host_of(&self.url), why: root_cause(&error) };
                    return Poll::Ready(Err(cut));
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            return Poll::Ready(match self.bytes_left.checked_sub(data.len()) {
                Some(left) => {
                    self.bytes_left = left;
                    Ok(Some(data))
                }
                None => Err(OutboundError::TooLarge { host: host_of(&self.url), max: self.bytes_max }),
            });
        }
    }

    /// Ready when nothing came for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<OutboundError> {
        let now = Instant::now();
        let silent_at = *self.waits_since.get_or_insert(now) + self.idle_timeout;
        let until = self.deadline.map_or(silent_at, |deadline| deadline.min(silent_at));
        ready!(self.alarm.poll_until(cx, now, until));
        let host = host_of(&self.url);
        Poll::Ready(match self.deadline == Some(until) {
            true => OutboundError::TimedOut { host },
            false => OutboundError::Silent { host, after: self.idle_timeout },
        })
    }

    /// Bounds the silence between two pieces from now on; streams often begin slowly.
    pub fn set_idle_timeout(&mut self, timeout: Duration) {
        self.idle_timeout = timeout;
    }

    /// Bounds what may still be read of the body, if that is less than before.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        if bytes < self.bytes_left {
            self.bytes_left = bytes;
            self.bytes_max = bytes;
        }
        self
    }

    /// Ends the reading of a body of which nothing more is wanted, so that the connection can
    /// serve the next call. Little is read to its end for that; if the end has not come yet, it is
    /// waited for in the background, and not for long.
    pub fn finish(mut self) {
        const END_MARK_TIMEOUT: Duration = Duration::from_secs(1);
        for _ in 0..2 {
            match self.chunk().now_or_never() {
                Some(Ok(None) | Err(_)) => return,
                Some(Ok(Some(_))) => {}
                None => break,
            }
        }
        tokio::spawn(async move {
            // Either the end, or something that should not be there: both are the end.
            let _ = tokio::time::timeout(END_MARK_TIMEOUT, self.chunk()).await;
        });
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, OutboundError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(next) = self.chunk().await? {
            whole.extend_from_slice(&next);
        }
        Ok(whole.freeze())
    }

    /// The beginning of the body, at most `max` bytes, and what became of the rest.
    pub async fn bytes_up_to(mut self, max: usize) -> (Bytes, Rest) {
        // `max` is the bound here, and reaching it is no error.
        self.bytes_left = usize::MAX;
        let mut begun = BytesMut::new();
        let rest = loop {
            match self.chunk().await {
                Ok(None) => break Rest::Nothing,
                Ok(Some(next)) if begun.len() + next.len() <= max => begun.extend_from_slice(&next),
                Ok(Some(next)) => {
                    begun.extend_from_slice(&next[..max - begun.len()]);
                    break Rest::Unread;
                }
                Err(error) => break Rest::Lost(error),
            }
        };
        (begun.freeze(), rest)
    }
}

/// What comes after the part of a body that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// Nothing: that was all.
    Nothing,
    /// More, which was not asked for.
    Unread,
    /// More, which did not arrive.
    Lost(OutboundError),
}

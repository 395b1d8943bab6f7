//! What comes back.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http::{HeaderMap, StatusCode};
use hyper::body::Frame;
use tokio::time::Instant;
use url::Url;

use crate::alarm::Alarm;
use crate::client::root_cause;
use crate::error::OutboundError;
use crate::guard::host_of;
use crate::http1::Body;

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
        loop {
            let silent_at = Instant::now() + self.idle_timeout;
            let until = self.deadline.map_or(silent_at, |deadline| deadline.min(silent_at));
            let frame = match self.frame_until(until).await {
                Some(None) => return Ok(None),
                Some(Some(Ok(frame))) => frame,
                Some(Some(Err(error))) => {
                    return Err(OutboundError::Cut { host: host_of(&self.url), why: root_cause(&error) });
                }
                None if self.deadline == Some(until) => {
                    return Err(OutboundError::TimedOut { host: host_of(&self.url) });
                }
                None => {
                    return Err(OutboundError::Silent { host: host_of(&self.url), after: self.idle_timeout });
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            match self.bytes_left.checked_sub(data.len()) {
                Some(left) => self.bytes_left = left,
                None => {
                    return Err(OutboundError::TooLarge { host: host_of(&self.url), max: self.bytes_max });
                }
            }
            return Ok(Some(data));
        }
    }

    /// The next frame, if it comes in time.
    async fn frame_until(&mut self, until: Instant) -> Option<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, alarm, .. } = self;
        poll_fn(|cx| match body.poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(Some(frame)),
            Poll::Pending => alarm.poll_until(cx, until).map(|()| None),
        })
        .await
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

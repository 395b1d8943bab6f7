//! A stream that is taken up again when its connection breaks.

use std::time::Duration;

use eventsource_stream::{Event, Eventsource};
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::{RequestBuilder, StatusCode};

use super::{Native, refusal};
use crate::failure::{Code, Failure};

/// A sign of life comes every ten seconds; a connection silent for longer is dead.
const SILENCE_MAX: Duration = Duration::from_secs(35);
/// Between attempts to reach the server again; grows with each up to the maximum.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long a server that went away is waited for.
const ATTEMPTS_MAX: u32 = 60;

/// A line to the server, over which frames come.
pub(super) struct Line {
    native: Native,
    frames: Option<BoxStream<'static, Result<Event, String>>>,
    failed: u32,
}

impl Line {
    pub(super) fn new(native: &Native) -> Self {
        Self { native: native.clone(), frames: None, failed: 0 }
    }

    /// Connects. The server listens when this returns.
    pub(super) async fn connect(&mut self, request: RequestBuilder) -> Result<(), Failure> {
        let response = request.send().await.map_err(|error| self.native.unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(refusal(status, &response.json().await.unwrap_or_default())),
        }
        let frames = response.bytes_stream().eventsource();
        self.frames = Some(frames.map(|frame| frame.map_err(|error| error.to_string())).boxed());
        self.failed = 0;
        Ok(())
    }

    /// The next frame; `None` if the connection is gone: cut, closed by
    /// a server that stops, or silent. What comes then is in the log.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let frames = self.frames.as_mut()?;
        match tokio::time::timeout(SILENCE_MAX, frames.next()).await {
            Ok(Some(Ok(frame))) => Some(frame),
            Ok(Some(Err(_)) | None) | Err(_) => {
                self.frames = None;
                None
            }
        }
    }

    /// Connects again after a while. Gives up when the server has been away for too long.
    pub(super) async fn reconnect(&mut self, request: RequestBuilder) -> Result<(), Failure> {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failed.min(10)).min(WAIT_MAX);
        tokio::time::sleep(wait).await;
        match self.connect(request).await {
            Err(failure) if failure.is(Code::Unreachable) && self.failed < ATTEMPTS_MAX => {
                self.failed += 1;
                Ok(())
            }
            connected => connected,
        }
    }
}

//! A connection of HTTP/2, which many calls share, and the bodies that come on it.
//!
//! A task of its own moves it on. A server takes so many calls at once and lets the others wait
//! for as long as those last; an answer that is a stream may last for minutes. So no connection is
//! given more calls than its server takes: the next one gets another.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connections::{Outgoing, Socket, Unanswered};

/// Calls on a connection at once, whatever more its server takes: they share a task and a window.
const CALLS_MAX: usize = 1_000;
/// Calls on a connection of which the server has not said yet how many it takes: the one that it
/// was made for.
const CALLS_AT_FIRST: usize = 1;
/// After so long without a word while calls wait, the other side is asked whether it is there, and
/// has so long to say so. A connection can be dead for a quarter of an hour before the kernel
/// gives it up, and all calls of that time would be sent on it.
const SILENCE_MAX: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    connection: Arc<Mutex<Moving>>,
    calls: Arc<AtomicUsize>,
}

/// `None` once it is over: only when it is gone does it tell so to who would send on it.
type Moving = Option<Connection<Socket, Full<Bytes>, TokioExecutor>>;

/// A place on a connection for one call.
pub(crate) struct Call {
    sender: SendRequest<Full<Bytes>>,
    place: Place,
}

/// Counts among the calls of a connection until it is dropped.
struct Place {
    calls: Arc<AtomicUsize>,
}

impl Http2 {
    /// A connection on a fresh socket.
    pub(crate) async fn begin(socket: Socket) -> hyper::Result<Self> {
        let handshake = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_max_send_streams(CALLS_AT_FIRST)
            .keep_alive_interval(SILENCE_MAX)
            .keep_alive_timeout(PING_TIMEOUT)
            .handshake(socket);
        let (sender, connection) = handshake.await?;
        let connection = Arc::new(Mutex::new(Some(connection)));
        tokio::spawn(move_on(Arc::clone(&connection)));
        Ok(Self { sender, connection, calls: Arc::default() })
    }

    /// A place on it, if there is one.
    pub(crate) fn join(&self) -> Option<Call> {
        let calls_max = lock(&self.connection).as_ref()?.current_max_send_streams().min(CALLS_MAX);
        let one_more = |calls| (calls < calls_max).then_some(calls + 1);
        self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Call { sender: self.sender.clone(), place: Place { calls: Arc::clone(&self.calls) } })
    }

    /// Whether it can serve no call any more.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.connection).is_none()
    }
}

/// Hands requests over until it is over. How it ends is told to those who wait for its answers.
async fn move_on(connection: Arc<Mutex<Moving>>) {
    poll_fn(|cx| {
        let mut connection = lock(&connection);
        let Some(moving) = connection.as_mut() else { return Poll::Ready(()) };
        ready!(Pin::new(moving).poll(cx)).ok();
        *connection = None;
        Poll::Ready(())
    })
    .await;
}

fn lock(connection: &Mutex<Moving>) -> MutexGuard<'_, Moving> {
    connection.lock().unwrap_or_else(|poisoned| {
        // A panic within it is its end.
        let mut connection = poisoned.into_inner();
        *connection = None;
        connection
    })
}

impl Drop for Place {
    fn drop(&mut self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Call {
    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn exchange(mut self, request: Outgoing) -> Result<http::Response<Body>, Unanswered> {
        let answer = self.sender.try_send_request(request.request).await?;
        Ok(answer.map(|incoming| Body { incoming, _place: self.place }))
    }
}

/// The body of an answer, which comes by itself. Dropped before its end, it ends the call.
pub(crate) struct Body {
    incoming: Incoming,
    _place: Place,
}

impl Body {
    /// The next frame of it.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.incoming).poll_frame(cx)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

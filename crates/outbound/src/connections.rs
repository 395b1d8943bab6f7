//! Connections to where calls go, made when none that was kept can serve.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper::body::Frame;
use hyper::client::conn::TrySendError;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::ServiceExt;
use url::{Origin, Url};

use crate::connector::GuardedConnector;
use crate::http1::{self, Http1};
use crate::http2::{self, Http2};

pub(crate) type Socket = MaybeHttpsStream<TokioIo<TcpStream>>;
type BoxError = Box<dyn Error + Send + Sync>;

/// A request on its way out.
pub(crate) struct Outgoing {
    /// With the whole URL.
    pub(crate) request: http::Request<Full<Bytes>>,
    /// Who is called, where the connection does not say it.
    pub(crate) host: HeaderValue,
}

/// Why there is no answer.
pub(crate) struct Unanswered {
    /// The request did not leave.
    pub(crate) is_unsent: bool,
    pub(crate) error: hyper::Error,
}

/// How connections are kept for the next call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeping {
    /// For how long without a call.
    pub(crate) idle_timeout: Duration,
    /// How many to one origin.
    pub(crate) per_origin_max: usize,
}

/// All connections of a client.
pub(crate) struct Connections {
    connector: HttpsConnector<GuardedConnector>,
    kept: Arc<Kept>,
}

/// One to send a request on.
pub(crate) struct Ready {
    connection: Connection,
    home: Home,
    /// Whether it was there before; its other end may have closed it since.
    pub(crate) was_kept: bool,
}

enum Connection {
    Http1(Http1),
    /// A place on one that calls share.
    Http2(http2::Call),
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Body {
    Http1(http1::Body),
    Http2(http2::Body),
}

struct Kept {
    keeping: Keeping,
    origins: Mutex<HashMap<Origin, AtOrigin>>,
}

#[derive(Default)]
struct AtOrigin {
    /// Each with when it came to rest, the last one last.
    http1: Vec<(Instant, Http1)>,
    /// Each with when a call joined it last.
    http2: Vec<(Instant, Http2)>,
}

/// Where a connection is kept.
pub(crate) struct Home {
    kept: Weak<Kept>,
    origin: Origin,
}

impl Keeping {
    fn is_in_use(&self, used_at: Instant, now: Instant) -> bool {
        now < used_at + self.idle_timeout
    }
}

impl AtOrigin {
    /// A place on the first of the shared connections that has one, so that the last ones empty
    /// when there are fewer calls.
    fn join(&mut self, now: Instant, keeping: Keeping) -> Option<http2::Call> {
        let mut in_use = self.http2.iter_mut().filter(|(used_at, _)| keeping.is_in_use(*used_at, now));
        in_use.find_map(|(used_at, shared)| {
            let call = shared.join()?;
            *used_at = now;
            Some(call)
        })
    }
}

impl Connections {
    pub(crate) fn new(connector: HttpsConnector<GuardedConnector>, keeping: Keeping) -> Self {
        Self { connector, kept: Arc::new(Kept { keeping, origins: Mutex::default() }) }
    }

    /// A connection to where this URL leads, one that was kept if there is one.
    ///
    /// # Errors
    /// Whatever the connector or the handshake says.
    pub(crate) async fn reach(&self, url: &Url, uri: &Uri) -> Result<Ready, BoxError> {
        let origin = url.origin();
        let ready = |connection, was_kept| {
            let home = Home { kept: Arc::downgrade(&self.kept), origin: origin.clone() };
            Ready { connection, home, was_kept }
        };
        if let Some(connection) = self.kept.take(&origin) {
            return Ok(ready(connection, true));
        }
        let socket = self.connector.clone().oneshot(uri.clone()).await?;
        if !socket.connected().is_negotiated_h2() {
            return Ok(ready(Connection::Http1(Http1::begin(socket).await?), false));
        }
        let (call, was_kept) = self.kept.share(&origin, Box::pin(Http2::begin(socket)).await?);
        call.map(|call| ready(Connection::Http2(call), was_kept))
            .ok_or_else(|| "the server takes no calls at the moment".into())
    }
}

impl Ready {
    /// Sends a request, and waits for the head of its answer.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn exchange(self, request: Outgoing) -> Result<http::Response<Body>, Unanswered> {
        match self.connection {
            Connection::Http1(connection) => Ok(connection.exchange(request, self.home).await?.map(Body::Http1)),
            Connection::Http2(call) => Ok(call.exchange(request).await?.map(Body::Http2)),
        }
    }
}

impl Body {
    /// The next frame of it.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        match self {
            Self::Http1(body) => body.poll_frame(cx),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }
}

impl Home {
    /// Keeps a connection that can take another request.
    pub(crate) fn keep(self, connection: Http1) {
        if let Some(kept) = self.kept.upgrade() {
            kept.keep(self.origin, connection);
        }
    }
}

impl Kept {
    /// One that stood when it was used last. Whether it still does is found out by the call, before
    /// its request leaves.
    fn take(&self, origin: &Origin) -> Option<Connection> {
        let now = Instant::now();
        let mut origins = self.origins();
        let here = origins.get_mut(origin)?;
        if let Some(call) = here.join(now, self.keeping) {
            return Some(Connection::Http2(call));
        }
        // The last one rested for the shortest time; if that was too long, the sweep has them all.
        let (_, connection) = here.http1.pop_if(|(since, _)| self.keeping.is_in_use(*since, now))?;
        Some(Connection::Http1(connection))
    }

    fn keep(self: &Arc<Self>, origin: Origin, connection: Http1) {
        // One too many is closed, and not where others wait.
        let _closed = self.change(origin, |here| {
            if here.http1.len() == self.keeping.per_origin_max {
                return Some(connection);
            }
            here.http1.push((Instant::now(), connection));
            None
        });
    }

    /// A place for a call on one of those that were made meanwhile, or else on the connection that
    /// was made for it, which is kept; and whether it is one of those.
    fn share(self: &Arc<Self>, origin: &Origin, made: Http2) -> (Option<http2::Call>, bool) {
        let now = Instant::now();
        self.change(origin.clone(), |here| match here.join(now, self.keeping) {
            Some(call) => (Some(call), true),
            None => {
                let call = made.join();
                here.http2.retain(|(_, shared)| !shared.is_closed());
                // One too many closes when its call is over.
                if here.http2.len() < self.keeping.per_origin_max {
                    here.http2.push((now, made));
                }
                (call, false)
            }
        })
    }

    fn change<T>(self: &Arc<Self>, origin: Origin, change: impl FnOnce(&mut AtOrigin) -> T) -> T {
        let mut origins = self.origins();
        if origins.is_empty() {
            tokio::spawn(sweep(Arc::downgrade(self), self.keeping.idle_timeout / 4));
        }
        match origins.entry(origin) {
            Entry::Occupied(mut here) => change(here.get_mut()),
            Entry::Vacant(here) => change(here.insert(AtOrigin::default())),
        }
    }

    /// Closes what nobody used for long; says whether anything is left.
    fn close_unused(&self) -> bool {
        let now = Instant::now();
        let mut closed = Vec::new();
        let mut origins = self.origins();
        origins.retain(|_, here| {
            let unused = here.http1.partition_point(|(since, _)| !self.keeping.is_in_use(*since, now));
            closed.extend(here.http1.drain(..unused));
            here.http2.retain(|(used_at, shared)| !shared.is_closed() && self.keeping.is_in_use(*used_at, now));
            !here.http1.is_empty() || !here.http2.is_empty()
        });
        let is_left = !origins.is_empty();
        // Closing is not for where others wait.
        drop(origins);
        drop(closed);
        is_left
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<Origin, AtOrigin>> {
        // A panic while the lock was held leaves the map whole: every change is one step.
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes through what is kept from time to time, until nothing is.
async fn sweep(kept: Weak<Kept>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if !kept.upgrade().is_some_and(|kept| kept.close_unused()) {
            return;
        }
    }
}

impl<T> From<TrySendError<T>> for Unanswered {
    fn from(mut error: TrySendError<T>) -> Self {
        Self { is_unsent: error.take_message().is_some(), error: error.into_error() }
    }
}

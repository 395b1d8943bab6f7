//! A connection of HTTP/1.1, and the body that comes on it.
//!
//! Whoever waits for the answer moves the connection on: no task stands between the socket and
//! its reader, so that a token passes no further queue and wakes nobody twice. A connection that
//! is kept for the next call rests; whether it still stands is found out by that call, before its
//! request leaves.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::HOST;
use http::uri::PathAndQuery;
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use tokio::task::coop::unconstrained;

use crate::connections::{Home, Outgoing, Socket, Unanswered};

/// The largest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long the rest of a request may take when its answer is there already.
const LEFT_BEHIND_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Http1 {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is over: only when it is gone does it tell so to who waits for an answer.
    connection: Option<Box<Connection<Socket, Full<Bytes>>>>,
}

impl Http1 {
    /// A connection on a fresh socket.
    pub(crate) async fn begin(socket: Socket) -> hyper::Result<Self> {
        let (sender, connection) = Builder::new().max_buf_size(HEAD_BYTES_MAX).handshake(socket).await?;
        Ok(Self { sender, connection: Some(Box::new(connection)) })
    }

    /// Whether it can take a request; looked at without waiting.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.go_on(&mut unheard());
        !self.is_over() && self.sender.is_ready()
    }

    fn is_over(&self) -> bool {
        self.connection.is_none()
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn exchange(mut self, request: Outgoing, home: Home) -> Result<http::Response<Body>, Unanswered> {
        // Nothing but the connection brings it on, so it is asked behind that, and always answers.
        let mut answering = pin!(unconstrained(self.sender.try_send_request(in_origin_form(request))));
        let answer = poll_fn(|cx| {
            self.go_on(cx);
            answering.as_mut().poll(&mut unheard())
        });
        let (head, incoming) = answer.await?.into_parts();
        let mut body = Body { incoming, under_way: Some(UnderWay { connection: self, home, is_awaited: false }) };
        if body.incoming.is_end_stream() {
            body.ends();
        }
        Ok(http::Response::from_parts(head, body))
    }

    /// Waits until it can take another request; `None` if it never will.
    async fn settled(mut self) -> Option<Self> {
        let is_ready = poll_fn(|cx| {
            self.go_on(cx);
            self.sender.poll_ready(cx)
        });
        is_ready.await.ok().map(|()| self)
    }

    /// Reads and writes what can be, and has `cx` woken when there is more.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            self.connection = None;
        }
    }
}

/// The body of an answer. Dropped before its end, it closes the connection that it comes on.
pub(crate) struct Body {
    incoming: Incoming,
    /// `None` once it has ended.
    under_way: Option<UnderWay>,
}

struct UnderWay {
    connection: Http1,
    /// Where the connection goes when the body has ended.
    home: Home,
    /// Whether somebody was told to wait.
    is_awaited: bool,
}

impl Body {
    /// The next frame of it.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(under_way) = &mut self.under_way else {
            return Pin::new(&mut self.incoming).poll_frame(cx);
        };
        let mut frame = Poll::Pending;
        // The connection and the body also wake each other, for which nobody has to come back:
        // they are heard only when there is nothing to be had.
        if under_way.is_awaited {
            under_way.connection.go_on(&mut unheard());
            frame = Pin::new(&mut self.incoming).poll_frame(&mut unheard());
        }
        if frame.is_pending() {
            under_way.connection.go_on(cx);
            frame = Pin::new(&mut self.incoming).poll_frame(&mut unheard());
        }
        under_way.is_awaited = frame.is_pending();
        match &frame {
            Poll::Ready(None) => self.ends(),
            Poll::Ready(Some(Err(_))) => self.under_way = None,
            _ => {}
        }
        frame
    }

    /// Keeps the connection for the next call, if it can serve one.
    fn ends(&mut self) {
        let Some(UnderWay { mut connection, home, .. }) = self.under_way.take() else { return };
        if connection.is_ready() {
            home.keep(connection);
        } else if !connection.is_over() {
            // The answer came before all of the request was sent, or goodbye is still to be said.
            tokio::spawn(async move {
                let settled = tokio::time::timeout(LEFT_BEHIND_MAX, connection.settled()).await;
                settled.ok().flatten().map(|connection| home.keep(connection))
            });
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// Of what is to wake nobody.
fn unheard() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// The request as it is written on a connection to its own server. Source: RFC 9112, section 3.2.1.
fn in_origin_form(outgoing: Outgoing) -> http::Request<Full<Bytes>> {
    let Outgoing { mut request, host } = outgoing;
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    request.headers_mut().insert(HOST, host);
    request
}

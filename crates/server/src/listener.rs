//! The accept loop: connections in, requests to the router, an orderly end.
//!
//! Ours and not a framework's, for what a stranger can push: headers must come in a set
//! time and size, addresses of requests have a length, connections a number; and for the
//! drain: each connection is told to finish what it is doing, and waited for.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use futures::future::{Either, Ready, ready};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use seldom::Seldom;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::fault::StartError;
use crate::patience::{self, Attentive, Impatient};
use crate::proxies::TrustedProxies;
use crate::tls::H2;

/// How long a client may take to send the head of a request, and to send the next one on a
/// connection it keeps.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of all headers of a request.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Bytes of a head that are read at all. What is beyond is answered by the HTTP library, with
/// a status and no word; up to here we can say what is wrong.
const HEAD_BYTES_READ: usize = 2 * HEAD_BYTES_MAX;
/// Bytes of a request's address.
const ADDRESS_BYTES_MAX: usize = 8 << 10;
/// Connections that the system holds until we take them.
const BACKLOG: u32 = 4096;
/// After an error of `accept` (no file descriptors left, for one), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listening port, not yet served.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    proxies: Arc<TrustedProxies>,
    places: Arc<Semaphore>,
}

/// How connections are ended.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// No new connections; each open one ends after the request it is in.
    pub(crate) gently: CancellationToken,
    /// Open connections are cut.
    pub(crate) now: CancellationToken,
}

impl Listener {
    /// Takes the port. Clients may connect from now on; they are answered by [`Self::serve`].
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, StartError> {
        let socket = listen(address).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken(address),
            _ => StartError::Unlistenable { address, error },
        })?;
        let places = Arc::new(Semaphore::new(usize::MAX >> 4));
        Ok(Self { socket, tls: None, proxies: Arc::default(), places })
    }

    /// With TLS on every connection.
    pub(crate) fn with_tls(self, tls: Option<TlsAcceptor>) -> Self {
        Self { tls, ..self }
    }

    /// With these proxies in front, and at most so many connections at once.
    pub(crate) fn with_bounds(self, proxies: TrustedProxies, connections_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(connections_max.clamp(1, Semaphore::MAX_PERMITS)));
        Self { proxies: Arc::new(proxies), places, ..self }
    }

    /// The address it has: the port that was found if any would do.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop`; returns when the last connection has ended.
    pub(crate) async fn serve(self, router: Router, stop: Stop) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.gently.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let (stream, peer, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections at this moment");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let door = Door { router: router.clone(), peer, proxies: Arc::clone(&self.proxies) };
            let (tls, stop) = (self.tls.clone(), stop.clone());
            if let Err(error) = patience::set_up(&stream) {
                tracing::debug!(%error, %peer, "the connection was gone at once");
                continue;
            }
            let stream = Impatient::new(stream);
            connections.spawn(async move {
                match tls {
                    None => talk_http1(stream, door, stop).await,
                    // Boxed: it is large, and connections without it would hold its room too.
                    Some(tls) => Box::pin(talk_tls(tls, stream, door, stop)).await,
                }
                drop(place);
            });
        }
        // The port is free for the next server while the last requests end.
        drop(self.socket);
        connections.close();
        connections.wait().await;
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = self.socket.accept().await?;
        Ok((stream, peer, place))
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port of a server that has just ended is free, whatever lingers there.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn talk_tls(tls: TlsAcceptor, stream: Impatient<TcpStream>, door: Door, stop: Stop) {
    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
    let stream = tokio::select! {
        () = stop.now.cancelled() => return,
        shaken = handshake => match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%error, peer = %door.peer, "TLS handshake failed"),
            Err(_) => return tracing::debug!(peer = %door.peer, "TLS handshake took too long"),
        },
    };
    match stream.get_ref().1.alpn_protocol() {
        // Whoever is asked answers within the time; whoever never begins is not asked.
        Some(H2) => Box::pin(talk_http2(Attentive::new(stream, 2 * HEAD_TIMEOUT), door, stop)).await,
        _ => talk_http1(stream, door, stop).await,
    }
}

/// Without TLS only HTTP/1 is spoken: telling the two apart by their first bytes would be
/// one more place where a client can keep us waiting.
pub(crate) async fn talk_http1<S, R>(stream: S, door: R, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    R: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    let mut talk = http1::Builder::new();
    talk.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES_READ);
    finish(talk.serve_connection(TokioIo::new(stream), door), stop).await;
}

async fn talk_http2<S>(stream: S, door: Door, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut talk = http2::Builder::new(TokioExecutor::new());
    talk.timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES_READ as u32)
        .max_concurrent_streams(256)
        .keep_alive_interval(HEAD_TIMEOUT)
        .keep_alive_timeout(HEAD_TIMEOUT);
    finish(talk.serve_connection(TokioIo::new(stream), door), stop).await;
}

/// How soon a connection is to end.
enum Haste {
    Gently,
    Now,
}

/// Serves a connection until its client or `stop` ends it.
async fn finish<C: GracefulConnection<Error = hyper::Error>>(connection: C, stop: Stop) {
    let mut connection = pin!(connection);
    // Looked at only when they have stirred, and not whenever the connection has.
    let Stop { gently, now } = stop;
    let gently = gently.cancelled_owned().map(|()| Haste::Gently).boxed();
    let now = now.cancelled_owned().map(|()| Haste::Now).boxed();
    let mut stops = Seldom::new(FuturesUnordered::from_iter([gently, now]));
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            Some(haste) = stops.next() => match haste {
                Haste::Gently => connection.as_mut().graceful_shutdown(),
                Haste::Now => return,
            },
        }
    };
    if let Err(error) = ended {
        // Clients hang up in every way there is; none of them is our failure.
        tracing::debug!(%error, "connection ended");
    }
}

/// Between a connection and the router: says who the client is, and turns away addresses
/// that are too long.
#[derive(Clone)]
struct Door {
    router: Router,
    peer: SocketAddr,
    proxies: Arc<TrustedProxies>,
}

impl Service<Request<Incoming>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<axum::routing::future::RouteFuture<Infallible>, Ready<Result<Response<Body>, Infallible>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(refusal) = too_large(&request) {
            return Either::Right(ready(Ok(refusal)));
        }
        let client = self.proxies.client(self.peer, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        Either::Left(self.router.clone().call(request))
    }
}

/// The answer to a request whose head is larger than it may be.
fn too_large(request: &Request<Incoming>) -> Option<Response<Body>> {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > ADDRESS_BYTES_MAX {
        let said = format!("the address of the request is longer than {ADDRESS_BYTES_MAX} bytes\n");
        return Some((StatusCode::URI_TOO_LONG, said).into_response());
    }
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    if headers > HEAD_BYTES_MAX {
        let said = format!("the headers of the request are larger than {HEAD_BYTES_MAX} bytes\n");
        return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, said).into_response());
    }
    None
}

#[cfg(test)]
mod tests;

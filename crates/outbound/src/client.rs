//! The client.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use tokio::time::Instant;
use url::Url;

use crate::alarm::Alarm;
use crate::connections::{Body, Connections, Keeping, Outgoing};
use crate::connector::{GuardedConnector, Refused};
use crate::error::{BadOptions, OutboundError};
use crate::guard::{Guard, host_of};
use crate::names::Names;
use crate::options::OutboundOptions;
use crate::redirect;
use crate::request::Request;
use crate::response::Response;
use crate::tls;

/// The guarded client. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Outbound {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Connections,
    connector: GuardedConnector,
    bounds: Bounds,
}

/// What holds for a call that does not say otherwise.
struct Bounds {
    /// `None`: as long as it takes, for answers that are streams.
    timeout: Option<Duration>,
    idle_timeout: Duration,
    bytes_max: usize,
    redirects_max: usize,
}

const AGENT: HeaderValue = HeaderValue::from_static(concat!("sortie/", env!("CARGO_PKG_VERSION")));

/// Headers that belong to the connection, which is ours.
const OURS: [HeaderName; 7] = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, TE, TRAILER, UPGRADE];

impl Outbound {
    /// A client for addresses that users and models name.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn new(options: &OutboundOptions) -> Result<Self, BadOptions> {
        let guard = Guard::new(&options.allow)?;
        Self::build(guard, Names::system(), options, Bounds::of(options), Keeping::for_many_hosts())
    }

    /// A client for one provider that the operator configured: answers may stream for as
    /// long as they take and redirects are not followed. With `allow_private` the
    /// provider may be anywhere.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn for_provider(allow_private: bool, options: &OutboundOptions) -> Result<Self, BadOptions> {
        let guard = match allow_private {
            true => Guard::open(),
            false => Guard::new(&options.allow)?,
        };
        let bounds = Bounds { timeout: None, bytes_max: usize::MAX, redirects_max: 0, ..Bounds::of(options) };
        Self::build(guard, Names::system(), options, bounds, Keeping::for_one_host())
    }

    /// Checks a URL that is to be called later, as far as that is possible without
    /// resolving its name: form, scheme, and an address written in it.
    ///
    /// # Errors
    /// If it will never be called.
    pub fn check_url(&self, url: &str) -> Result<Url, OutboundError> {
        let url = Url::parse(url).map_err(|error| OutboundError::BadUrl(format!("not a URL: {error}")))?;
        self.inner.connector.guard.check_url(&url)?;
        Ok(url)
    }

    /// Checks a URL and what its name resolves to now. A call checks again.
    ///
    /// # Errors
    /// If a call now would be refused, or the name does not resolve.
    pub async fn check_resolved(&self, url: &str) -> Result<Url, OutboundError> {
        let url = self.check_url(url)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        match self.inner.connector.addresses(host, port).await {
            Ok(_) => Ok(url),
            Err(error) => Err(not_connected(&url, error.as_ref())),
        }
    }

    /// Makes the call and returns when the answer's head is there. Never retried, unless
    /// it is certain that the request did not leave (a kept connection that had closed).
    ///
    /// # Errors
    /// See [`OutboundError`]; an answer of any status is no error.
    pub async fn send(&self, mut request: Request) -> Result<Response, OutboundError> {
        let bounds = &self.inner.bounds;
        let deadline = request.timeout.or(bounds.timeout).map(|timeout| Instant::now() + timeout);
        for name in OURS {
            request.headers.remove(name);
        }
        request.headers.entry(USER_AGENT).or_insert(AGENT);

        let mut hops = 0;
        loop {
            let answer = self.exchange(&request, deadline).await;
            let answer = answer.map_err(|error| after_redirects(hops, error))?;
            let (head, body) = answer.into_parts();
            let target = match bounds.redirects_max {
                0 => None,
                _ => redirect::target(head.status, &head.headers, &request.url),
            };
            let bytes_max = request.bytes_max.unwrap_or(bounds.bytes_max);
            let response = Response {
                status: head.status,
                headers: head.headers,
                url: request.url.clone(),
                body,
                deadline,
                idle_timeout: request.idle_timeout.unwrap_or(bounds.idle_timeout),
                waits_since: None,
                alarm: Alarm::default(),
                bytes_left: bytes_max,
                bytes_max,
            };
            let Some(target) = target else { return Ok(response) };
            response.finish();
            hops += 1;
            if hops > bounds.redirects_max {
                return Err(OutboundError::TooManyRedirects { host: host_of(&request.url), max: bounds.redirects_max });
            }
            let target = target.map_err(|error| after_redirects(hops, error))?;
            redirect::follow(&mut request, head.status, target);
        }
    }

    fn build(
        guard: Guard,
        names: Names,
        options: &OutboundOptions,
        bounds: Bounds,
        keeping: Keeping,
    ) -> Result<Self, BadOptions> {
        let connector =
            GuardedConnector { guard: Arc::new(guard), names: Arc::new(names), timeout: options.connect_timeout };
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(options.ca_file.as_deref())?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(connector.clone());
        let connections = Connections::new(https, keeping);
        Ok(Self { inner: Arc::new(Inner { connections, connector, bounds }) })
    }

    /// One hop: one request, one answer's head.
    async fn exchange(
        &self,
        request: &Request,
        deadline: Option<Instant>,
    ) -> Result<http::Response<Body>, OutboundError> {
        let (url, host) = (&request.url, || host_of(&request.url));
        self.inner.connector.guard.check_url(url)?;
        let began = Instant::now();
        let until = [deadline, request.head_timeout.map(|timeout| began + timeout)].into_iter().flatten().min();
        loop {
            let outgoing = outgoing(request)?;
            let reaching = self.inner.connections.reach(url, outgoing.request.uri());
            let ready = match within(until, reaching).await {
                Some(reached) => reached.map_err(|error| not_connected(url, error.as_ref()))?,
                None => return Err(OutboundError::NotReached { host: host(), why: "connecting took too long".into() }),
            };
            let was_kept = ready.was_kept;
            let unanswered = match within(until, ready.exchange(outgoing)).await {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(unanswered)) => unanswered,
                None if until == deadline => return Err(OutboundError::TimedOut { host: host() }),
                None => return Err(OutboundError::Silent { host: host(), after: began.elapsed() }),
            };
            match (unanswered.is_unsent, root_cause(&unanswered.error)) {
                (true, _) if was_kept => {}
                (true, why) => return Err(OutboundError::NotReached { host: host(), why }),
                (false, why) => return Err(OutboundError::NoAnswer { host: host(), why }),
            }
        }
    }
}

impl Bounds {
    fn of(options: &OutboundOptions) -> Self {
        Self {
            timeout: Some(options.timeout),
            idle_timeout: options.idle_timeout,
            bytes_max: options.response_bytes_max,
            redirects_max: options.redirects_max,
        }
    }
}

impl Keeping {
    /// Others choose the hosts, so few connections are kept to each, and not for long.
    fn for_many_hosts() -> Self {
        Self { idle_timeout: Duration::from_secs(20), per_origin_max: 16 }
    }

    /// The same host is called all day.
    fn for_one_host() -> Self {
        Self { idle_timeout: Duration::from_secs(90), per_origin_max: 1024 }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").finish_non_exhaustive()
    }
}

/// What lies at the bottom of an error: hyper's own words say little ("client error").
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// Why no connection came about.
fn not_connected(url: &Url, error: &(dyn Error + 'static)) -> OutboundError {
    let host = host_of(url);
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Refused(why)) = error.downcast_ref() {
            return OutboundError::NotAllowed { host, why };
        }
        next = error.source();
    }
    OutboundError::NotReached { host, why: root_cause(error) }
}

/// A failure on a later hop does not undo that the first one was called.
fn after_redirects(hops: usize, error: OutboundError) -> OutboundError {
    match hops {
        0 => error,
        _ => OutboundError::Redirected(Box::new(error)),
    }
}

/// The request as it goes out.
fn outgoing(request: &Request) -> Result<Outgoing, OutboundError> {
    let bad = |error: http::Error| OutboundError::BadUrl(format!("not a URL that can be called: {error}"));
    let host = HeaderValue::try_from(host_of(&request.url)).map_err(|error| bad(error.into()))?;
    let mut outgoing = http::Request::new(Full::new(request.body.clone()));
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = Uri::try_from(request.url.as_str()).map_err(|error| bad(error.into()))?;
    *outgoing.headers_mut() = request.headers.clone();
    Ok(Outgoing { request: outgoing, host })
}

/// What comes of it in time.
async fn within<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => tokio::time::timeout_at(until, work).await.ok(),
        None => Some(work.await),
    }
}

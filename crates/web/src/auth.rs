//! Who calls: the key in the headers or the login in the cookie, and the caller it belongs to.

use app::{App, AuthFault, Ctx, Error};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::Shared;
use crate::limits::Facade;

/// The header that carries a key and nothing else.
const API_KEY: &str = "x-api-key";

/// The header in which a caller that traces says which trace this is.
const TRACE_PARENT: &str = "traceparent";

/// The header in which clients of the Cased API may send it too.
const CASED_API_KEY: &str = "x-cased-api-key";

/// Words before a key that say what it is. Their case does not matter.
const SCHEMES: [&str; 2] = ["bearer", "token"];

/// Which header counts when a key stands in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderOrder {
    /// `Authorization` before `x-api-key`.
    AuthorizationFirst,
    /// `x-api-key` before `Authorization`.
    ApiKeyFirst,
    /// `Authorization`, then `x-api-key`, then `X-CASED-API-KEY`.
    CasedLast,
}

/// What a façade takes for proof of who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A key.
    Key,
    /// A key, or without one the login of a browser.
    KeyOrLogin,
}

/// Whoever makes a request, known by their key or login.
#[derive(Debug, Clone)]
pub struct Caller(Ctx);

impl Caller {
    /// The caller that a context describes.
    pub fn new(ctx: Ctx) -> Self {
        Self(ctx)
    }

    /// Who asks: the first argument of every operation.
    pub fn ctx(&self) -> &Ctx {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    /// A route that takes a caller and has no [`require_caller`] before it is our own fault.
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The key that a request shows: `Authorization` with a scheme word or without, or
/// `x-api-key`. An empty header counts as absent.
pub fn presented_key(headers: &HeaderMap, order: HeaderOrder) -> Option<&str> {
    let plain = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let authorization = || plain(header::AUTHORIZATION.as_str()).map(without_scheme).filter(|key| !key.is_empty());
    let api_key = || plain(API_KEY).filter(|key| !key.is_empty());
    match order {
        HeaderOrder::AuthorizationFirst => authorization().or_else(api_key),
        HeaderOrder::ApiKeyFirst => api_key().or_else(authorization),
        HeaderOrder::CasedLast => {
            authorization().or_else(api_key).or_else(|| plain(CASED_API_KEY).filter(|key| !key.is_empty()))
        }
    }
}

/// Who a request comes from. Notes it in the request's log.
///
/// # Errors
/// [`Error::Unauthenticated`], or the store failed.
pub async fn authenticate(app: &App, headers: &HeaderMap, order: HeaderOrder) -> Result<Caller, Error> {
    let key = presented_key(headers, order).ok_or(Error::Unauthenticated(AuthFault::Missing))?;
    Ok(noted(app.authenticate(key).await?, headers))
}

/// Who a request to the native API comes from: by a key, or by the login that a browser shows if
/// there is none. What changes something must then come from this server's own pages.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::NotForYou`], or the store failed.
async fn authenticate_browser(door: &Door, method: &Method, headers: &HeaderMap) -> Result<Caller, Error> {
    let site = &door.shared.site;
    match site.shown_login(headers) {
        Some(shown) if presented_key(headers, door.order).is_none() => {
            site.check_own(method, headers)?;
            Ok(noted(door.app.authenticate_login(shown).await?, headers))
        }
        _ => authenticate(&door.app, headers, door.order).await,
    }
}

/// The caller, written down in the request's log.
fn noted(ctx: Ctx, headers: &HeaderMap) -> Caller {
    let span = tracing::Span::current();
    span.record("org.id", tracing::field::display(ctx.org));
    if let Some(key) = ctx.key {
        span.record("key.id", tracing::field::display(key));
    }
    if let Some(login) = ctx.login {
        span.record("login.id", tracing::field::display(login.id));
    }
    let trace = headers.get(TRACE_PARENT).and_then(|value| value.to_str().ok()?.parse().ok()).map(Box::new);
    Caller(Ctx { trace, ..ctx })
}

/// What [`require_caller`] needs to know of the façade it stands in.
#[derive(Clone)]
pub struct Door {
    /// The operations.
    pub app: App,
    /// What the façades share.
    pub shared: Shared,
    /// Which façade.
    pub facade: Facade,
    /// Which header counts.
    pub order: HeaderOrder,
    /// Whether browsers' logins count too.
    pub proof: Proof,
    /// How the façade says what went wrong.
    pub render: fn(Error) -> Response,
}

/// Middleware: lets in whoever shows a good key and has requests left, and puts their
/// [`Caller`] into the request. To be used as a `route_layer`, so that an unknown path is
/// not asked for a key.
pub async fn require_caller(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let known = match door.proof {
        Proof::Key => authenticate(&door.app, request.headers(), door.order).await,
        Proof::KeyOrLogin => authenticate_browser(&door, request.method(), request.headers()).await,
    };
    let admitted = known.and_then(|caller| door.shared.limits.check(door.facade, caller.ctx()).map(|()| caller));
    let mut response = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => (door.render)(error),
    };
    // For whoever counts the answers, further out.
    response.extensions_mut().insert(door.facade);
    response
}

fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((word, key)) if SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) => key.trim_start(),
        // The word alone is a header that lost its key, not a key.
        None if SCHEMES.iter().any(|scheme| value.eq_ignore_ascii_case(scheme)) => "",
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HeaderOrder::{ApiKeyFirst, AuthorizationFirst, CasedLast};

    fn key(headers: &[(&'static str, &'static str)], order: HeaderOrder) -> Option<String> {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        presented_key(&headers, order).map(ToOwned::to_owned)
    }

    #[test]
    fn a_key_is_read_in_every_spelling() {
        for value in ["Bearer k", "Token k", "bearer k", "TOKEN   k", "k", " k "] {
            let headers: HeaderMap = [(header::AUTHORIZATION, value.parse().unwrap())].into_iter().collect();
            assert_eq!(presented_key(&headers, AuthorizationFirst), Some("k"), "{value}");
        }
        assert_eq!(key(&[("x-api-key", "k")], AuthorizationFirst).as_deref(), Some("k"));
    }

    #[test]
    fn a_header_without_a_key_counts_as_absent() {
        for value in ["", "Bearer", "token", "Bearer ", " "] {
            let headers = [("authorization", value), ("x-api-key", "k")];
            assert_eq!(key(&headers, AuthorizationFirst).as_deref(), Some("k"), "{value:?}");
        }
        assert_eq!(key(&[], ApiKeyFirst), None);
    }

    #[test]
    fn an_unknown_scheme_is_taken_as_a_key_and_will_be_unknown() {
        assert_eq!(key(&[("authorization", "Basic abc")], AuthorizationFirst).as_deref(), Some("Basic abc"));
    }

    #[test]
    fn the_facade_says_which_header_wins() {
        let both = [("authorization", "Bearer a"), ("x-api-key", "b")];
        assert_eq!(key(&both, AuthorizationFirst).as_deref(), Some("a"));
        assert_eq!(key(&both, ApiKeyFirst).as_deref(), Some("b"));
    }

    #[test]
    fn cased_clients_have_a_header_of_their_own() {
        let own = ("x-cased-api-key", "c");
        assert_eq!(key(&[own], CasedLast).as_deref(), Some("c"));
        assert_eq!(key(&[own, ("x-api-key", "b")], CasedLast).as_deref(), Some("b"));
        assert_eq!(key(&[own, ("x-api-key", "b"), ("authorization", "Token a")], CasedLast).as_deref(), Some("a"));
        assert_eq!(key(&[own], AuthorizationFirst), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_no_key() {
        let value = axum::http::HeaderValue::from_bytes(b"Bearer \xff").unwrap();
        let headers: HeaderMap = [(header::AUTHORIZATION, value)].into_iter().collect();
        assert_eq!(presented_key(&headers, AuthorizationFirst), None);
    }
}

//! Redirects, which are followed here and not by the HTTP library, so that each hop passes
//! the guard.

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, COOKIE,
    LOCATION, PROXY_AUTHORIZATION,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use url::Url;

use crate::error::OutboundError;
use crate::request::Request;

/// Where an answer sends us, if it is a redirect.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Result<Url, OutboundError>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // A redirect that names no place is an answer like any other.
    let location = headers.get(LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok();
    let url = location.and_then(|location| from.join(location).ok());
    Some(url.ok_or_else(|| OutboundError::BadUrl("the redirect's location is no URL".to_owned())))
}

/// Turns the request that was redirected into the next one. Source: RFC 9110, section 15.4.
pub(crate) fn follow(request: &mut Request, status: StatusCode, to: Url) {
    let becomes_get = match status.as_u16() {
        303 => !matches!(request.method, Method::GET | Method::HEAD),
        // What the standard tolerates and every browser does.
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body.clear();
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
            request.headers.remove(name);
        }
    }
    if to.origin() != request.url.origin() {
        drop_credentials(&mut request.headers);
    }
    request.url = to;
}

fn drop_credentials(headers: &mut HeaderMap) {
    let is_secret = |name: &HeaderName| {
        [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name)
            || matches!(name.as_str(), "x-api-key" | "api-key" | "x-auth-token")
    };
    let secret: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| value.is_sensitive() || is_secret(name))
        .map(|(name, _)| name.clone())
        .collect();
    for name in secret {
        headers.remove(name);
    }
}

//! Somebody who calls the house with a key: requests in, replies out, as a client sees them.

use std::fmt;

use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::sse::SseReader;

/// Somebody with a key, or without one. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    headers: HeaderMap,
    key: Option<String>,
}

impl Caller {
    /// Calls this router with `Authorization: Bearer` and this key.
    pub fn new(router: Router, key: Option<String>) -> Self {
        let caller = Self { router, headers: HeaderMap::new(), key: None };
        match key {
            Some(key) => caller.with_header(AUTHORIZATION.as_str(), &format!("Bearer {key}")).knowing(key),
            None => caller,
        }
    }

    fn knowing(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The key itself, for clients of other makes.
    ///
    /// # Panics
    /// If this caller has none.
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("this caller has no key")
    }

    /// The same caller, sending this header with each request instead of what it sent
    /// under that name.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut caller = self.clone();
        let name: HeaderName = name.parse().expect("a header name");
        caller.headers.insert(name, value.parse().expect("a header value"));
        caller
    }

    /// The same caller without that header.
    #[must_use]
    pub fn without_header(&self, name: &str) -> Self {
        let mut caller = self.clone();
        caller.headers.remove(name);
        caller
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Any method, with or without a JSON body.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.request(method, path);
        let body = match body {
            Some(json) => {
                request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.send_raw(request.map(|()| body)).await
    }

    /// A request of the test's own making; this caller's headers are added where the
    /// request has none of the name.
    pub async fn send_raw(&self, request: Request<Body>) -> Reply {
        Reply::read(self.respond(request).await).await
    }

    /// A stream, opened by GET.
    pub async fn stream(&self, path: &str) -> SseReader {
        SseReader::new(self.respond(self.request(Method::GET, path).map(|()| Body::empty())).await)
    }

    /// A stream, opened by POST with a JSON body.
    pub async fn post_stream(&self, path: &str, body: Value) -> SseReader {
        let mut request = self.request(Method::POST, path).map(|()| Body::from(body.to_string()));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        SseReader::new(self.respond(request).await)
    }

    fn request(&self, method: Method, path: &str) -> Request<()> {
        Request::builder().method(method).uri(path).body(()).expect("a path that can be requested")
    }

    async fn respond(&self, mut request: Request<Body>) -> http::Response<Body> {
        for (name, value) in &self.headers {
            request.headers_mut().entry(name).or_insert(value.clone());
        }
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What a client was answered.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Reply {
    async fn read(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body that can be read").to_bytes();
        Self { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// The body, of a reply that must have this status.
    ///
    /// # Panics
    /// If it has another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        match self.text.is_empty() {
            true => Value::Null,
            false => self.json(),
        }
    }

    /// The body, of a reply that must be a 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        self.expect(200)
    }

    /// A header as text, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The status and the body, as a snapshot shows them.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.text)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

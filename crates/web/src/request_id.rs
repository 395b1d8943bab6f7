//! The name of one request, in its answer and in the log.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use fast32::base32::CROCKFORD_LOWER;
use uuid::Uuid;

/// The name of the header that carries it.
pub const HEADER: &str = "request-id";

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The name of one request: `req_` and 26 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    pub(crate) fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The request that is being answered by this task. Without one, as in a test of a
    /// single function, it is all zeros.
    pub fn current() -> Self {
        CURRENT.try_with(|id| *id).unwrap_or(RequestId(Uuid::nil()))
    }

    /// Does `work` as part of this request.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    pub(crate) fn header_value(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req_{:0>26}", CROCKFORD_LOWER.encode_u128(self.0.as_u128()))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or_else(RequestId::current))
    }
}

//! JSON bodies: an object, whatever the headers call it.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};
use web::body::{parse_json, read, sender};

use crate::error::ApiError;

/// How large a body may be.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;

/// The same without a key: less than what asks for a place among the large ones.
const UNKNOWN_BYTES_MAX: usize = 16 << 10;

/// The object that a request brings.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let sender = sender(&request);
        let max = if sender.is_some() { BODY_BYTES_MAX } else { UNKNOWN_BYTES_MAX };
        let bytes = read(request.into_body(), max, sender).await?;
        if bytes.is_empty() {
            return Err(ApiError::bad_request("The request body must be a JSON object, and there is none."));
        }
        Ok(Self(parse_json(&bytes)?))
    }
}

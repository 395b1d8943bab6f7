//! JSON bodies, read whole and checked field by field.

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde_json::Value;
use web::Rejection;
use web::body::{is_json, parse_json, read, sender};

use crate::error::ApiError;
use crate::reading::{At, Faults};

/// Most bytes of a JSON body.
const JSON_MAX: usize = 4 * 1024 * 1024;

/// What is read from a JSON body.
pub(crate) trait FromJson: Sized {
    /// Reads the body, noting every fault.
    fn read(at: &At<'_>) -> Option<Self>;
}

/// A JSON body, read and checked.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: FromJson> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        from_json(request, JSON_MAX).await.map(Self)
    }
}

/// Reads a JSON body of at most `max_bytes`.
pub(crate) async fn from_json<T: FromJson>(request: Request, max_bytes: usize) -> Result<T, ApiError> {
    let sender = sender(&request);
    let (parts, body) = request.into_parts();
    let bytes = read(body, max_bytes, sender).await?;
    check_kind(&parts.headers, &bytes)?;
    let value: Value = parse_json(&bytes)?;
    let faults = Faults::default();
    let read = {
        let at = At::root(&value, &faults);
        at.object().and_then(|_| T::read(&at))
    };
    Ok(faults.unless_any(read)?)
}

fn check_kind(headers: &HeaderMap, bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.is_empty() {
        return Err(ApiError::invalid_field("body", "required"));
    }
    if is_json(headers) { Ok(()) } else { Err(Rejection::NotSaidToBeJson.into()) }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::TooLarge { max_bytes } => ApiError::too_large(max_bytes as u64),
            Rejection::BadField { path, message } if path.is_empty() => ApiError::invalid_field("body", message),
            Rejection::BadField { path, message } => ApiError::invalid_field(path, message),
            Rejection::NotJson { message } => ApiError::invalid_field("body", format!("must be JSON: {message}")),
            Rejection::NotSaidToBeJson => {
                ApiError::invalid_field("body", "must be sent with the header content-type: application/json")
            }
            Rejection::TooSlow => ApiError::invalid_field("body", "did not arrive in time"),
            Rejection::BrokenOff => ApiError::invalid_field("body", "broke off"),
        }
    }
}

//! What goes wrong, in this API's envelope.

use app::{Error, FieldError, Repeated};
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use web::idempotency::Fault;
use web::{Rejection, RequestId};

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Seconds after which a client may come again when the server is merely busy.
const BUSY_SECONDS: u64 = 1;

/// Why a request was not served.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: ErrorType,
    message: String,
    details: Option<ErrorDetails>,
    retry_after: Option<u64>,
    /// Whether a client library may try again by itself, where its status does not say so.
    should_retry: Option<bool>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    #[serde(rename = "type")]
    kind: EnvelopeType,
    error: ErrorBody,
    /// The same as in the header `request-id`.
    request_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EnvelopeType {
    Error,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    #[serde(rename = "type")]
    kind: ErrorType,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ErrorDetails>,
}

/// More about a wrong field.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ErrorDetails {
    /// A word that programs can act on.
    error_code: &'static str,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
}

/// The kinds of error; clients choose their exception by it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum ErrorType {
    #[serde(rename = "invalid_request_error")]
    InvalidRequest,
    #[serde(rename = "authentication_error")]
    Authentication,
    #[serde(rename = "billing_error")]
    Billing,
    #[serde(rename = "permission_error")]
    Permission,
    #[serde(rename = "not_found_error")]
    NotFound,
    #[serde(rename = "conflict_error")]
    Conflict,
    #[serde(rename = "rate_limit_error")]
    RateLimit,
    #[serde(rename = "api_error")]
    Api,
    #[serde(rename = "overloaded_error")]
    Overloaded,
}

impl ApiError {
    fn new(status: StatusCode, kind: ErrorType, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), details: None, retry_after: None, should_retry: None }
    }

    /// 400: this parameter is wrong.
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Error::invalid(param, message).into()
    }

    /// 404 with this text.
    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorType::NotFound, message)
    }

    /// 403 with this text.
    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorType::Permission, message)
    }

    /// 500: our own fault, of which nothing more can be said.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorType::Api, "internal error")
    }

    /// 405: the path exists, not for this method.
    pub(crate) fn wrong_method() -> Self {
        let message = "This path does not take this method; updates are POST.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorType::InvalidRequest, message)
    }

    /// 404 for a path of a resource that is to come.
    pub(crate) fn not_available() -> Self {
        Self::not_found("Not available in this release")
    }

    /// The body for a request of this id.
    pub(crate) fn envelope(self, request: RequestId) -> ErrorEnvelope {
        ErrorEnvelope {
            kind: EnvelopeType::Error,
            error: ErrorBody { kind: self.kind, message: self.message, details: self.details },
            request_id: request.to_string(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        // The client library would try again after any conflict by itself, mostly to no avail.
        let should_retry = self.should_retry.or((status == StatusCode::CONFLICT).then_some(false));
        let mut response = (status, Json(self.envelope(RequestId::current()))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(should_retry) = should_retry {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static(if should_retry { "true" } else { "false" }));
        }
        response
    }
}

/// An error of an operation as a response.
pub(crate) fn render(error: Error) -> Response {
    ApiError::from(error).into_response()
}

/// Why a request with an idempotency key was not served, as a response.
pub(crate) fn render_once(fault: Fault) -> Response {
    match fault {
        Fault::Body(rejection) => ApiError::from(rejection),
        Fault::Failed(error) => ApiError::from(error),
        Fault::Panicked => ApiError::internal(),
    }
    .into_response()
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorType::InvalidRequest, rejection.to_string())
            }
            Rejection::BadField { path, message } if message == "required" => Self::invalid(&path, "is required"),
            Rejection::BadField { path, message } => Self::invalid(&path, message),
            Rejection::TooSlow | Rejection::BrokenOff | Rejection::NotSaidToBeJson | Rejection::NotJson { .. } => {
                Self::invalid("", rejection.to_string())
            }
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        use ErrorType as T;
        use StatusCode as S;
        let said = error.to_string();
        match error {
            Error::NotFound(missing) => Self::not_found(&format!("No {} with this id.", missing.what)),
            Error::Unauthenticated(_) => Self::new(S::UNAUTHORIZED, T::Authentication, said),
            Error::Forbidden { .. } | Error::NotForYou(_) => Self::new(S::FORBIDDEN, T::Permission, said),
            Error::Invalid(faults) => Self::of_faults(&faults),
            Error::Refused(_) => Self::new(S::BAD_REQUEST, T::InvalidRequest, said),
            Error::UsedUp(_) => Self::new(S::PAYMENT_REQUIRED, T::Billing, said),
            Error::Conflict(_) => Self::new(S::CONFLICT, T::Conflict, said),
            Error::Gone(_) => Self::new(S::GONE, T::InvalidRequest, said),
            Error::Repeated(repeated) => Self::repeated(repeated, said),
            Error::TooLarge { .. } => Self::new(S::PAYLOAD_TOO_LARGE, T::InvalidRequest, said),
            Error::RateLimited { retry_after } => Self {
                retry_after: Some(retry_after.as_secs().max(1)),
                ..Self::new(S::TOO_MANY_REQUESTS, T::RateLimit, said)
            },
            Error::Provider(_) => Self::new(S::SERVICE_UNAVAILABLE, T::Api, said),
            Error::Busy => Self { retry_after: Some(BUSY_SECONDS), ..Self::overloaded(said) },
            Error::Draining => Self::new(S::SERVICE_UNAVAILABLE, T::Api, said),
            Error::Store(_) => Self::new(S::INTERNAL_SERVER_ERROR, T::Api, said),
        }
    }
}

impl ApiError {
    fn overloaded(message: String) -> Self {
        // 529 is this API's own status for a server that has too much to do.
        let status = StatusCode::from_u16(529).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        Self::new(status, ErrorType::Overloaded, message)
    }

    fn repeated(repeated: Repeated, said: String) -> Self {
        let conflict = Self::new(StatusCode::CONFLICT, ErrorType::Conflict, said);
        let details = |error_code| Some(ErrorDetails { error_code, param: None });
        match repeated {
            Repeated::OtherBody => Self { details: details("idempotency_mismatch"), ..conflict },
            Repeated::StillServed => Self {
                details: details("idempotency_in_progress"),
                retry_after: Some(BUSY_SECONDS),
                should_retry: Some(true),
                ..conflict
            },
        }
    }

    fn of_faults(faults: &[FieldError]) -> Self {
        let said = faults.iter().map(|fault| match native_path(&fault.path) {
            path if path.is_empty() => fault.message.clone(),
            path => format!("{path}: {}", fault.message),
        });
        let said: Vec<String> = said.collect();
        let details = faults.first().map(|first| ErrorDetails {
            error_code: first.code.unwrap_or("invalid_field"),
            param: Some(native_path(&first.path)).filter(|path| !path.is_empty()),
        });
        Self { details, ..Self::new(StatusCode::BAD_REQUEST, ErrorType::InvalidRequest, said.join("; ")) }
    }
}

/// A field of the domain's types by its name in this API.
fn native_path(path: &str) -> String {
    match path {
        "instructions" => "system".to_owned(),
        "model.id" => "model".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::{AuthFault, Missing};
    use domain::session::SessionRefusal;
    use std::time::Duration;

    #[test]
    fn every_error_has_its_status_and_type() {
        let shown = |error: Error| {
            let error = ApiError::from(error);
            let kind = serde_json::to_value(error.kind).unwrap();
            (error.status.as_u16(), kind.as_str().unwrap().to_owned(), error.message)
        };
        for (error, status, kind, message) in [
            (Error::NotFound(Missing::new("agent", "x")), 404, "not_found_error", "No agent with this id."),
            (Error::Unauthenticated(AuthFault::Missing), 401, "authentication_error", "no API key was sent"),
            (Error::Forbidden { missing: None }, 403, "permission_error", "not allowed"),
            (Error::invalid("instructions", "is long"), 400, "invalid_request_error", "system: is long"),
            (SessionRefusal::Archived.into(), 400, "invalid_request_error", "session is archived"),
            (Error::Conflict("moved".into()), 409, "conflict_error", "moved"),
            (Error::Gone("too old".into()), 410, "invalid_request_error", "too old"),
            (Error::Busy, 529, "overloaded_error", "the server is too busy: try again soon"),
            (Error::Draining, 503, "api_error", "the server is stopping"),
        ] {
            assert_eq!(shown(error), (status, kind.to_owned(), message.to_owned()));
        }
        let limited = ApiError::from(Error::RateLimited { retry_after: Duration::from_millis(10) });
        assert_eq!((limited.status.as_u16(), limited.retry_after), (429, Some(1)));
    }

    #[test]
    fn a_wrong_field_is_named_and_coded() {
        let fault = FieldError::new("model.id", "is unknown").code("unknown_model");
        let error = ApiError::from(Error::Invalid(vec![fault]));
        let details = serde_json::to_value(error.details).unwrap();
        assert_eq!(details, serde_json::json!({"error_code": "unknown_model", "param": "model"}));
    }
}

//! Failures in Cassidy's envelope.

use std::time::Duration;

use app::{AuthFault, Error, Refused};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use web::Rejection;
use web::words::{capitalized, whole_seconds};

use crate::body::Answer;

/// How soon a request that met a moment's trouble may come again.
const SOON: Duration = Duration::from_secs(1);

/// What a failed request is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    status: StatusCode,
    envelope: Envelope,
    retry_after: Option<Duration>,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope {
    /// What happened; never empty.
    #[schema(example = "Input validation failed", min_length = 1)]
    message: String,
    /// What kind of failure it is.
    #[schema(example = "BAD_REQUEST")]
    code: &'static str,
    /// One entry for each field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    issues: Option<Vec<Issue>>,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Issue {
    /// What kind of wrong it is.
    pub(crate) code: &'static str,
    /// The type it must have, if it has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expected: Option<&'static str>,
    /// Where it stands.
    pub(crate) path: Vec<String>,
    /// What it must be.
    pub(crate) message: String,
}

impl Issue {
    /// The field is absent, or of another type.
    pub(crate) fn wrong_type(field: &str, expected: &'static str) -> Self {
        let message = format!("{field} must be a {expected}");
        Self { code: "invalid_type", expected: Some(expected), path: vec![field.to_owned()], message }
    }

    /// The field breaks another rule.
    pub(crate) fn broken(field: &str, code: &'static str, message: String) -> Self {
        Self { code, expected: None, path: vec![field.to_owned()], message }
    }
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::BAD_REQUEST => "BAD_REQUEST",
            StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
            StatusCode::FORBIDDEN => "FORBIDDEN",
            StatusCode::NOT_FOUND => "NOT_FOUND",
            StatusCode::CONFLICT => "CONFLICT",
            StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED_MEDIA_TYPE",
            StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
            StatusCode::BAD_GATEWAY => "BAD_GATEWAY",
            StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
            StatusCode::GATEWAY_TIMEOUT => "GATEWAY_TIMEOUT",
            _ => "INTERNAL_SERVER_ERROR",
        };
        Self { status, envelope: Envelope { message: message.into(), code, issues: None }, retry_after: None }
    }

    /// Fields are wrong.
    pub(crate) fn invalid(issues: Vec<Issue>) -> Self {
        let mut error = Self::bad_request("Input validation failed");
        error.envelope.issues = Some(issues);
        error
    }

    /// The request is not possible, whatever its fields say.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The thing is known, and the caller has no right to it.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Insufficient access")
    }

    /// No such thing, for this caller; no such path, or not with this method.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found")
    }

    /// Its state does not allow it now.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// What it says.
    pub(crate) fn message(&self) -> &str {
        &self.envelope.message
    }

    /// The agent was asked and has no answer.
    pub(crate) fn unanswered(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, message)
    }

    /// No answer in the time there is for one.
    pub(crate) fn too_late(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, message)
    }

    /// The server cannot do it now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// Our own fault. What happened is in the log.
    pub(crate) fn internal() -> Self {
        let mut error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error");
        error.envelope.issues = Some(Vec::new());
        error
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) | Error::Gone(_) => Self::not_found(),
            Error::Unauthenticated(AuthFault::Missing) => {
                Self::new(StatusCode::UNAUTHORIZED, "Authorization not provided")
            }
            Error::Unauthenticated(fault) => Self::new(StatusCode::UNAUTHORIZED, capitalized(&fault.to_string())),
            Error::Forbidden { .. } | Error::NotForYou(_) => Self::forbidden(),
            Error::Invalid(faults) => {
                let issue = |fault: app::FieldError| Issue {
                    code: fault.code.unwrap_or("custom"),
                    expected: None,
                    path: fault.path.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect(),
                    message: fault.to_string(),
                };
                Self::invalid(faults.into_iter().map(issue).collect())
            }
            Error::Refused(Refused::NotSecure) => Self::bad_request("Secure token mode is off"),
            // The contract has no status for money; trying again is of no use.
            Error::UsedUp(_) => Self::new(StatusCode::FORBIDDEN, capitalized(&error.to_string())),
            Error::Refused(_) | Error::Conflict(_) | Error::Repeated(_) => {
                Self::conflict(capitalized(&error.to_string()))
            }
            Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, capitalized(&error.to_string())),
            Error::RateLimited { retry_after } => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, capitalized(&error.to_string()));
                Self { retry_after: Some(retry_after), ..error }
            }
            Error::Provider(_) => Self::unanswered(capitalized(&error.to_string())),
            Error::Busy | Error::Draining => Self::unavailable(capitalized(&error.to_string())),
            Error::Store(_) => Self::internal(),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, capitalized(&rejection.to_string())),
            Rejection::NotSaidToBeJson => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, capitalized(&rejection.to_string()))
            }
            Rejection::TooSlow | Rejection::BrokenOff => Self::bad_request(capitalized(&rejection.to_string())),
            Rejection::NotJson { .. } => Self::bad_request("Invalid JSON"),
            Rejection::BadField { path, message } => {
                let path: Vec<String> = Some(path).into_iter().filter(|path| !path.is_empty()).collect();
                Self::invalid(vec![Issue { code: "invalid_type", expected: Some("object"), path, message }])
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Answer(self.envelope)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: ApiError) -> (u16, String) {
        (error.status.as_u16(), serde_json::to_string(&error.envelope).unwrap())
    }

    #[test]
    fn the_envelope_is_that_of_the_contract() {
        let missing = Issue::wrong_type("assistant_id", "string");
        for (error, status, body) in [
            (
                ApiError::invalid(vec![missing]),
                400,
                r#"{"message":"Input validation failed","code":"BAD_REQUEST","issues":[{"code":"invalid_type","expected":"string","path":["assistant_id"],"message":"assistant_id must be a string"}]}"#,
            ),
            (
                Error::Unauthenticated(AuthFault::Missing).into(),
                401,
                r#"{"message":"Authorization not provided","code":"UNAUTHORIZED"}"#,
            ),
            (Error::Forbidden { missing: None }.into(), 403, r#"{"message":"Insufficient access","code":"FORBIDDEN"}"#),
            (ApiError::not_found(), 404, r#"{"message":"Not found","code":"NOT_FOUND"}"#),
            (
                Rejection::NotJson { message: "x".into() }.into(),
                400,
                r#"{"message":"Invalid JSON","code":"BAD_REQUEST"}"#,
            ),
            (
                ApiError::internal(),
                500,
                r#"{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR","issues":[]}"#,
            ),
        ] {
            assert_eq!(shown(error), (status, body.to_owned()));
        }
    }

    #[test]
    fn waiting_is_told_in_whole_seconds() {
        for (millis, header) in [(0, "1"), (1_000, "1"), (1_001, "2")] {
            let error = Error::RateLimited { retry_after: Duration::from_millis(millis) };
            assert_eq!(ApiError::from(error).into_response().headers()[header::RETRY_AFTER], header);
        }
    }
}

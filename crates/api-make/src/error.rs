//! Failures in Make's envelope.

use std::time::Duration;

use app::{AuthFault, Error, FieldError};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::words::{sentence, whole_seconds};

use crate::reading::Fault;
use crate::scopes::MakeScope;

/// How soon a request that met a moment's trouble may come again.
const SOON: Duration = Duration::from_secs(1);

/// What a failed request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    envelope: Envelope,
    retry_after: Option<Duration>,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope {
    /// What kind of failure it is.
    #[schema(example = "Validation failed")]
    message: String,
    /// What happened, and what to do where that is known.
    #[schema(example = "The request has 1 invalid field.")]
    detail: String,
    /// `SC` and the status.
    #[schema(example = "SC400")]
    code: String,
    /// One entry for each field that is wrong; its text begins with the field's path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suberrors: Vec<Suberror>,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Suberror {
    /// Its path, a colon, and what it must be.
    #[schema(example = "config: required")]
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let message = match status {
            StatusCode::BAD_REQUEST => "Validation failed",
            StatusCode::UNAUTHORIZED => "Access denied",
            StatusCode::PAYMENT_REQUIRED => "Budget used up",
            StatusCode::FORBIDDEN => "Permission denied",
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::PAYLOAD_TOO_LARGE => "Payload too large",
            StatusCode::FAILED_DEPENDENCY => "Agent run failed",
            StatusCode::TOO_MANY_REQUESTS => "Requests limit for organization exceeded",
            StatusCode::SERVICE_UNAVAILABLE => "Service unavailable",
            _ => "Internal server error",
        };
        let code = format!("SC{}", status.as_u16());
        let envelope = Envelope { message: message.to_owned(), detail: detail.into(), code, suberrors: Vec::new() };
        Self { status, envelope, retry_after: None }
    }

    /// Fields are wrong.
    pub(crate) fn invalid(faults: impl IntoIterator<Item = impl ToString>) -> Self {
        let suberrors: Vec<Suberror> =
            faults.into_iter().map(|fault| Suberror { message: fault.to_string() }).collect();
        let fields = if suberrors.len() == 1 { "field" } else { "fields" };
        let mut error =
            Self::new(StatusCode::BAD_REQUEST, format!("The request has {} invalid {fields}.", suberrors.len()));
        error.envelope.suberrors = suberrors;
        error
    }

    /// One field is wrong.
    pub(crate) fn invalid_field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid([Fault { path: path.into(), message: message.into() }])
    }

    /// The request is not possible, whatever its fields say.
    pub(crate) fn impossible(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The token has not the scope.
    pub(crate) fn lacks(scope: MakeScope) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("This token lacks the scope {}.", scope.as_str()))
    }

    /// No such thing, for this caller.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {what} here."))
    }

    /// Whether something was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// No such path, or not with this method.
    pub(crate) fn no_such_path() -> Self {
        Self::not_found("such path")
    }

    /// More was sent than is taken.
    pub(crate) fn too_large(max_bytes: u64) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("At most {max_bytes} bytes can be sent."))
    }

    /// The run began and could not be finished.
    pub(crate) fn run_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FAILED_DEPENDENCY, detail)
    }

    /// The organization has asked too often.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        let seconds = whole_seconds(retry_after);
        let detail = format!("Too many requests in this minute: try again in {seconds} s.");
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The server stops; the run goes on after its restart.
    pub(crate) fn stopping(iteration: Uuid) -> Self {
        let detail = format!("The server is stopping. The run {iteration} goes on after the restart.");
        Self::unavailable(detail)
    }

    /// The server cannot do it now.
    fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Our own fault. What happened is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The server could not do this.")
    }

    /// The body alone, for streams and callbacks.
    pub(crate) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The same failure with the fields that `words` renames in this façade's words.
    pub(crate) fn of(error: Error, words: impl Fn(&str) -> String) -> Self {
        match error {
            Error::Invalid(faults) => Self::invalid(faults.into_iter().map(|fault| {
                let FieldError { path, message, .. } = fault;
                Fault { path: if path.is_empty() { "body".to_owned() } else { words(&path) }, message }
            })),
            other => other.into(),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(missing) => Self::not_found(missing),
            Error::Gone(why) => Self::impossible(sentence(&why)),
            Error::Unauthenticated(fault) => Self::new(StatusCode::UNAUTHORIZED, unauthenticated(fault)),
            Error::Forbidden { missing: Some(scope) } => {
                Self::new(StatusCode::FORBIDDEN, format!("This token lacks the scope {scope}."))
            }
            Error::Forbidden { missing: None } => {
                Self::new(StatusCode::FORBIDDEN, "This token has no rights in this team.")
            }
            Error::NotForYou(why) => Self::new(StatusCode::FORBIDDEN, sentence(why)),
            Error::Invalid(_) => Self::of(error, str::to_owned),
            Error::Refused(refused) => Self::impossible(sentence(&refused.to_string())),
            Error::UsedUp(_) => Self::new(StatusCode::PAYMENT_REQUIRED, sentence(&error.to_string())),
            Error::Conflict(why) => Self::unavailable(sentence(&why)),
            Error::Repeated(_) => Self::unavailable(sentence(&error.to_string())),
            Error::TooLarge { max_bytes, .. } => Self::too_large(max_bytes),
            Error::RateLimited { retry_after } => Self::rate_limited(retry_after),
            Error::Provider(_) => Self::run_failed(sentence(&error.to_string())),
            Error::Busy | Error::Draining => Self::unavailable(sentence(&error.to_string())),
            Error::Store(_) => Self::internal(),
        }
    }
}

impl From<Vec<Fault>> for ApiError {
    fn from(faults: Vec<Fault>) -> Self {
        Self::invalid(faults)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.envelope)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

fn unauthenticated(fault: AuthFault) -> String {
    format!("{} Send it as: Authorization: Token KEY.", sentence(&fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: &ApiError) -> String {
        serde_json::to_string(error.envelope()).unwrap()
    }

    #[test]
    fn the_envelope_is_that_of_the_contract() {
        assert_eq!(
            shown(&ApiError::lacks(MakeScope::Write)),
            r#"{"message":"Permission denied","detail":"This token lacks the scope ai-agents:write.","code":"SC403"}"#
        );
        let faults = [("config", "required"), ("messages[0].role", "must be user or assistant")];
        let faults = faults.map(|(path, message)| Fault { path: path.into(), message: message.into() });
        assert_eq!(
            shown(&ApiError::invalid(faults)),
            r#"{"message":"Validation failed","detail":"The request has 2 invalid fields.","code":"SC400","suberrors":[{"message":"config: required"},{"message":"messages[0].role: must be user or assistant"}]}"#
        );
    }

    #[test]
    fn fields_are_named_in_the_facades_words() {
        let error = Error::Invalid(vec![FieldError::new("model.id", "unknown"), FieldError::new("", "too large")]);
        let error = ApiError::of(error, |path| path.replace("model.id", "defaultModel"));
        assert!(shown(&error).contains("defaultModel: unknown") && shown(&error).contains("body: too large"));
    }

    #[test]
    fn waiting_is_never_told_too_short() {
        for (millis, header) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2")] {
            let response = ApiError::rate_limited(Duration::from_millis(millis)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], header);
        }
    }
}

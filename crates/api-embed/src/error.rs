//! Failures as the panel reads them: a code that it acts on, and a sentence for its visitor,
//! who learns nothing of whose chat this is.

use std::time::Duration;

use app::{AuthFault, Error, Refused};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::deployment::DeploymentRefusal;
use serde::Serialize;
use web::words::whole_seconds;
use web::{Rejection, RequestId};

/// What a failed request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    failure: Failure,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// What kind it is.
    pub(crate) code: &'static str,
    /// What happened and what to do, for the visitor.
    pub(crate) message: String,
    /// When to try again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
    /// For whoever looks into it.
    pub(crate) request_id: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let request_id = RequestId::current().to_string();
        Self { status, failure: Failure { code, message: message.into(), retry_after: None, request_id } }
    }

    fn after(mut self, wait: Duration) -> Self {
        self.failure.retry_after = Some(whole_seconds(wait));
        self
    }

    /// What is said of it, on a stream that is open already.
    pub(crate) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// There is no such thing here.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no chat at this address.")
    }

    /// Our own fault. What happened is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here. Try again in a moment.")
    }

    /// A page around the chat may not show it.
    pub(crate) fn wrong_origin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "wrong_origin", "This chat may not be used on this site.")
    }

    /// The request says something that cannot be.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// Too many streams are open.
    pub(crate) fn too_many_streams() -> Self {
        let said = "This chat is open too often. Close it in other windows.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", said).after(Duration::from_secs(30))
    }

    /// Why somebody was not let in, or may not stay.
    pub(crate) fn of_visit(error: Error) -> Self {
        match error {
            Error::Unauthenticated(fault) => {
                let code = if fault == AuthFault::Expired { "token_expired" } else { "token_needed" };
                Self::new(StatusCode::UNAUTHORIZED, code, "Your visit has ended. Reload the page to go on.")
            }
            other => other.into(),
        }
    }

    /// The chat cannot be used now, whoever asks.
    fn unavailable() -> Self {
        let said = "This chat is not available at the moment. Try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", said).after(Duration::from_secs(60))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) | Error::Gone(_) => Self::not_found(),
            Error::Refused(Refused::Deployment(DeploymentRefusal::Paused)) => {
                Self::new(StatusCode::NOT_FOUND, "paused", "This chat is paused. Come back later.")
            }
            Error::Refused(Refused::Deployment(DeploymentRefusal::Archived)) => {
                Self::new(StatusCode::NOT_FOUND, "closed", "This chat has been closed.")
            }
            Error::Refused(Refused::Session(_)) => {
                Self::new(StatusCode::GONE, "ended", "This conversation has ended. Begin a new one.")
            }
            // Whoever made the embed has lost a right, the agent is gone, or money is: a matter
            // of the organization's, which its history tells of.
            Error::Refused(_)
            | Error::Unauthenticated(_)
            | Error::Forbidden { .. }
            | Error::NotForYou(_)
            | Error::UsedUp(_)
            | Error::Provider(_) => Self::unavailable(),
            Error::Invalid(faults) => {
                let said = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                Self::bad_request(format!("That cannot be sent: {said}."))
            }
            Error::Conflict(_) | Error::Repeated(_) => {
                let said = "The answer is still being written. Wait for it, or stop it.";
                Self::new(StatusCode::CONFLICT, "busy", said).after(Duration::from_secs(1))
            }
            Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "That is too long."),
            Error::RateLimited { retry_after } => {
                let seconds = whole_seconds(retry_after);
                let said = format!("That was a lot at once. Try again in {seconds} s.");
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", said).after(retry_after)
            }
            Error::Busy | Error::Draining => {
                let said = "The server is busy. Try again in a moment.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy_server", said).after(Duration::from_secs(1))
            }
            Error::Store(_) => Self::internal(),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "That is too long. Send it in parts.")
            }
            Rejection::NotSaidToBeJson => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_request", rejection.to_string())
            }
            Rejection::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", rejection.to_string()),
            Rejection::BrokenOff | Rejection::NotJson { .. } | Rejection::BadField { .. } => {
                Self::bad_request(rejection.to_string())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.failure.retry_after.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
        let kept = [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        let mut response = (self.status, kept, Json(self.failure)).into_response();
        if let Some(retry_after) = retry_after {
            response = (retry_after, response).into_response();
        }
        response
    }
}

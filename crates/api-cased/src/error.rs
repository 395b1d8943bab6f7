//! Failures as this API's clients read them: some look for `detail`, some for `error`.

use std::time::Duration;

use app::{Error, FieldError, Repeated};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use web::Rejection;
use web::idempotency::Fault;
use web::words::{sentence, whole_seconds};

/// How soon a request that met a moment's trouble may come again.
const SOON: Duration = Duration::from_secs(1);

/// What a failed request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: String,
    fields: Vec<(String, String)>,
    retry_after: Option<Duration>,
}

/// A failure. Of a field that is wrong there is a key with a list of texts besides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct Envelope {
    /// What happened, and what to do where that is known.
    #[schema(example = "Invalid input: repository_full_name")]
    detail: String,
    /// The same.
    error: String,
    #[serde(flatten)]
    #[schema(ignore)]
    fields: Map<String, Value>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), fields: Vec::new(), retry_after: None }
    }

    /// Fields are wrong: each with what it must be.
    pub(crate) fn invalid(fields: Vec<(String, String)>) -> Self {
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.dedup();
        let detail = format!("Invalid input: {}", names.join(", "));
        Self { fields, ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// One field is wrong.
    pub(crate) fn invalid_field(name: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![(name.to_owned(), message.into())])
    }

    /// The request cannot be understood, or not be done.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// No such thing, for this caller.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Not by this method.
    pub(crate) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This path is not called with this method.")
    }

    /// Too often.
    pub(crate) fn too_often(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// Our own fault. What happened is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }

    fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// The same failure with the fields that `words` renames in this façade's words.
    pub(crate) fn of(error: Error, words: impl Fn(&str) -> String) -> Self {
        match error {
            Error::Invalid(faults) => Self::invalid(faults.into_iter().map(|fault| in_words(fault, &words)).collect()),
            other => other.into(),
        }
    }
}

fn in_words(fault: FieldError, words: impl Fn(&str) -> String) -> (String, String) {
    let name = if fault.path.is_empty() { "body".to_owned() } else { words(&fault.path) };
    (name, sentence(&fault.message))
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let said = sentence(&error.to_string());
        match error {
            Error::NotFound(_) => Self::not_found(said),
            Error::Gone(_) => Self::new(StatusCode::GONE, said),
            Error::Unauthenticated(_) => Self::new(StatusCode::UNAUTHORIZED, said),
            Error::Forbidden { .. } | Error::NotForYou(_) => Self::new(StatusCode::FORBIDDEN, said),
            Error::Invalid(_) => Self::of(error, str::to_owned),
            Error::Refused(_) => Self::bad_request(said),
            Error::UsedUp(_) => Self::new(StatusCode::PAYMENT_REQUIRED, said),
            Error::Repeated(Repeated::OtherBody | Repeated::StillServed) => Self::new(StatusCode::CONFLICT, said),
            Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, said),
            Error::RateLimited { retry_after } => Self::too_often(said, retry_after),
            Error::Conflict(_) | Error::Busy | Error::Draining => Self::unavailable(said),
            Error::Provider(_) | Error::Store(_) => Self::internal(),
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let said = sentence(&rejection.to_string());
        match rejection {
            Rejection::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, said),
            Rejection::TooSlow
            | Rejection::BrokenOff
            | Rejection::NotSaidToBeJson
            | Rejection::NotJson { .. }
            | Rejection::BadField { .. } => Self::bad_request(said),
        }
    }
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, detail, fields, retry_after } = self;
        let mut texts: Map<String, Value> = Map::new();
        for (name, text) in fields {
            // What all clients read is never overwritten.
            if name == "detail" || name == "error" {
                continue;
            }
            match texts.get_mut(&name).and_then(Value::as_array_mut) {
                Some(texts) => texts.push(text.into()),
                None => drop(texts.insert(name, json!([text]))),
            }
        }
        let mut response = (status, Json(Envelope { error: detail.clone(), detail, fields: texts })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

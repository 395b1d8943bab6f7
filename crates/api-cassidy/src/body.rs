//! JSON in and out: bodies read whole and checked field by field, answers in one spelling.

use std::cell::RefCell;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use web::Rejection;
use web::body::{is_json, parse_json, read, sender};

use crate::error::{ApiError, Issue};

/// Most bytes of a body.
const BYTES_MAX: usize = 1 << 20;

/// Longest id, in characters.
const ID_CHARS_MAX: usize = 64;

/// What is read from a JSON body.
pub(crate) trait FromFields: Sized {
    /// Reads the fields, noting every one that is wrong.
    fn read(fields: &Fields<'_>) -> Option<Self>;
}

/// A JSON body, read and checked.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let sender = sender(&request);
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(Rejection::NotSaidToBeJson.into());
        }
        let fields: Map<String, Value> = parse_json(&read(body, BYTES_MAX, sender).await?)?;
        let fields = Fields { fields: &fields, issues: RefCell::default() };
        match T::read(&fields) {
            Some(read) if fields.issues.borrow().is_empty() => Ok(Self(read)),
            _ => Err(ApiError::invalid(fields.issues.into_inner())),
        }
    }
}

/// The fields of a body. What is not asked for is ignored.
pub(crate) struct Fields<'a> {
    fields: &'a Map<String, Value>,
    issues: RefCell<Vec<Issue>>,
}

impl Fields<'_> {
    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.fields.get(name).and_then(Value::as_str);
        if text.is_none() {
            self.note(Issue::wrong_type(name, "string"));
        }
        text
    }

    /// An id, of whatever it is.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        let id = self.text(name)?;
        match id_issue(name, id) {
            None => Some(id.to_owned()),
            Some(issue) => {
                self.note(issue);
                None
            }
        }
    }

    /// A text that may be absent or null.
    pub(crate) fn optional_text(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name).filter(|value| !value.is_null())?;
        let text = value.as_str();
        if text.is_none() {
            self.note(Issue::wrong_type(name, "string"));
        }
        text
    }

    /// A number that may be absent or null.
    pub(crate) fn optional_number(&self, name: &str) -> Option<f64> {
        let value = self.fields.get(name).filter(|value| !value.is_null())?;
        let number = value.as_f64();
        if number.is_none() {
            self.note(Issue::wrong_type(name, "number"));
        }
        number
    }

    /// Notes what is wrong.
    pub(crate) fn note(&self, issue: Issue) {
        self.issues.borrow_mut().push(issue);
    }
}

/// What is wrong with an id, whatever it is the id of.
pub(crate) fn id_issue(name: &str, id: &str) -> Option<Issue> {
    let message = format!("{name} must have 1 to {ID_CHARS_MAX} characters");
    match id.chars().take(ID_CHARS_MAX + 1).count() {
        0 => Some(Issue::broken(name, "too_small", message)),
        1..=ID_CHARS_MAX => None,
        _ => Some(Issue::broken(name, "too_big", message)),
    }
}

/// A JSON answer.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
        let mut response = axum::Json(self.0).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    }
}

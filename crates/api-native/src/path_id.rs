//! Ids in paths. What is no id of the kind names nothing: 404, as for one that never was.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::{AgentId, DeploymentId, DeploymentRunId, RunId, SessionId};

use crate::error::ApiError;

/// The id in the path of a request.
#[derive(Debug)]
pub(crate) struct PathId<T>(pub(crate) T);

/// An id of something that people have a word for.
pub(crate) trait Named: FromStr {
    /// The word.
    const NOUN: &'static str;
}

impl Named for AgentId {
    const NOUN: &'static str = "agent";
}

impl Named for SessionId {
    const NOUN: &'static str = "session";
}

impl Named for RunId {
    const NOUN: &'static str = "run";
}

impl Named for DeploymentId {
    const NOUN: &'static str = "deployment";
}

impl Named for DeploymentRunId {
    const NOUN: &'static str = "deployment run";
}

impl<T: Named, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let absent = || ApiError::not_found(&format!("No {} with this id.", T::NOUN));
        // Not UTF-8, or not one segment: no id either.
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| absent())?;
        text.parse().map(PathId).map_err(|_| absent())
    }
}

//! Ids in paths. What is no id of the kind names nothing: 404, as for one that never was.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::id::NotAnId;
use domain::{AgentId, DeploymentId, DeploymentRunId, EventId, RunId, SessionId};
use uuid::{Uuid, Version};

use crate::error::ApiError;

/// The id in the path of a request.
#[derive(Debug)]
pub(crate) struct PathId<T>(pub(crate) T);

/// An id of something that people have a word for.
pub(crate) trait Named: FromStr {
    /// The word.
    const NOUN: &'static str;
}

/// What a session is called: its id, or the random one that is in the address of its page.
#[derive(Debug)]
pub(crate) enum SessionName {
    Id(SessionId),
    Alias(Uuid),
}

impl FromStr for SessionName {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // An id may be written as a UUID, too; it is never a random one.
        match Uuid::try_parse(text) {
            Ok(random) if random.get_version() == Some(Version::Random) => Ok(SessionName::Alias(random)),
            _ => text.parse().map(SessionName::Id),
        }
    }
}

impl Named for AgentId {
    const NOUN: &'static str = "agent";
}

impl Named for SessionId {
    const NOUN: &'static str = "session";
}

impl Named for SessionName {
    const NOUN: &'static str = "session";
}

impl Named for RunId {
    const NOUN: &'static str = "run";
}

impl Named for EventId {
    const NOUN: &'static str = "event";
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

/// Two ids in the path of a request: of a thing, and of a part of it.
#[derive(Debug)]
pub(crate) struct PathIds<T, U>(pub(crate) T, pub(crate) U);

impl<T: Named, U: Named, S: Send + Sync> FromRequestParts<S> for PathIds<T, U> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let absent = |noun| ApiError::not_found(&format!("No {noun} with this id."));
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((thing, part)) = path.map_err(|_| absent(T::NOUN))?;
        let thing = thing.parse().map_err(|_| absent(T::NOUN))?;
        Ok(PathIds(thing, part.parse().map_err(|_| absent(U::NOUN))?))
    }
}

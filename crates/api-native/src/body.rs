//! JSON bodies of requests.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use web::body::{JsonRules, json};

use crate::error::ApiError;

/// How large a body may be.
pub(crate) const BODY_BYTES_MAX: usize = 32 << 20;

/// Nothing at all counts as `{}`, so that a missing field is named and not the body.
const RULES: JsonRules = JsonRules { max_bytes: BODY_BYTES_MAX, may_be_empty: true };

/// What strangers send is small: nobody else waits for a place because of them.
const STRANGERS_RULES: JsonRules = JsonRules { max_bytes: 16 << 10, may_be_empty: true };

/// The JSON body of a request that anybody may send.
#[derive(Debug)]
pub(crate) struct StrangersBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrangersBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(json(request, STRANGERS_RULES).await?))
    }
}

/// The JSON body of a request.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(json(request, RULES).await?))
    }
}

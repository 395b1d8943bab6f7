//! Who calls, and with which of this API's scopes: one extractor for each, so that a handler's
//! arguments show who may call it.

use app::Ctx;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::key::{Scope, Scopes};
use web::Caller;

use crate::error::ApiError;

macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident needs $needs:ident and takes [$($takes:ident),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) Ctx);

        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
                let caller = parts.extensions.get::<Caller>().ok_or_else(ApiError::internal)?;
                caller.ctx().require(Scope::$needs)?;
                // One answer of this API is gathered from several of our things.
                let scopes = Scopes::of([Scope::$needs, $(Scope::$takes),*]);
                Ok(Self(Ctx { scopes, ..caller.ctx().clone() }))
            }
        }
    )*};
}

callers! {
    /// Whoever reports rollouts.
    ReportsRollouts needs RolloutsWrite and takes [RolloutsRead];
    /// Whoever reads rollouts.
    ReadsRollouts needs RolloutsRead and takes [];
    /// Whoever has something looked into.
    BeginsSessions needs SessionsWrite and takes [SessionsRead, AgentsRead, AgentsRun];
    /// Whoever reads sessions.
    ReadsSessions needs SessionsRead and takes [AgentsRead, RolloutsRead];
    /// Whoever adds knowledge.
    AddsKnowledge needs KnowledgeWrite and takes [KnowledgeRead];
}

/// What the path names. One that is no text names nothing.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let name: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        name.map(|Path(name)| Self(name)).map_err(|_| ApiError::not_found("Nothing is at this path."))
    }
}

/// The scopes of a key that is made for this API.
pub(crate) const SCOPES: [Scope; 5] =
    [Scope::RolloutsWrite, Scope::RolloutsRead, Scope::SessionsWrite, Scope::SessionsRead, Scope::KnowledgeWrite];

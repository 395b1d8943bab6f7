//! The Make-compatible API: Make's AI Agents operations under `/api/v2`, in Make's words.
//!
//! A Sortie project is a team, a provider a connection, a project's tool a scenario, a
//! session a thread and a run an iteration. This crate translates and renders; what an agent
//! or a run may do is decided behind [`App`], and it knows neither the store nor the engine.
//! It reaches the outside only through [`Callbacks`], which the server gives it.
//!
//! One more operation is a handler in the module of its noun, named in that module's
//! `routes`; the OpenAPI document follows by itself.

mod agents;
mod body;
mod caller;
mod contexts;
mod error;
mod lookups;
mod openapi;
mod output_parser;
mod providers;
mod query;
mod reading;
mod runs;
mod scopes;
mod steps;
mod times;

use std::sync::Arc;

use app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use web::{Panicked, Shared, answer_panics, document};

pub use openapi::openapi;
pub use runs::{Callbacks, resume_callbacks};

use crate::error::ApiError;

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Make {
    app: App,
    shared: Shared,
    callbacks: Arc<dyn Callbacks>,
}

/// The routes. Paths below `/api/v2` that none of them serves are answered in this façade's
/// envelope.
pub fn router(app: App, shared: Shared, callbacks: Arc<dyn Callbacks>) -> Router {
    let (routes, _) = openapi::routes().split_for_parts();
    let routes = routes
        .route("/openapi.json", document::serve(openapi))
        .fallback(async || ApiError::no_such_path())
        .method_not_allowed_fallback(async || ApiError::no_such_path())
        .layer(from_fn_with_state(Panicked(|| ApiError::internal().into_response()), answer_panics))
        .with_state(Make { app, shared, callbacks });
    Router::new().nest("/api/v2", routes)
}

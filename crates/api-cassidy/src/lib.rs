//! The Cassidy-compatible API: threads for programs, under `/api`, in Cassidy's words.
//!
//! A session that belongs to a person is a thread, an agent an assistant. This crate
//! translates and renders; what may be asked of an agent, and when, is decided behind
//! [`App`]. It knows neither the store nor the engine, and no other façade, though they live
//! beside it below `/api`.
//!
//! One more operation is a handler in the module of its noun and a line in
//! [`openapi::routes`]; the document follows by itself.

mod answer;
mod body;
mod caller;
mod citations;
mod embed_tokens;
mod error;
mod messages;
mod openapi;
mod talk;
mod threads;
mod webhooks;

use app::App;
use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use web::auth::{Door, Proof, require_caller};
use web::{Facade, HeaderOrder, Panicked, RequestId, Shared, answer_panics, document};

pub use openapi::openapi;

use crate::error::ApiError;

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cassidy {
    app: App,
    shared: Shared,
}

/// The routes. Paths below `/api` that neither they nor another façade serves are answered in
/// this façade's envelope.
pub fn router(app: App, shared: Shared) -> Router {
    let door = Door {
        app: app.clone(),
        shared: shared.clone(),
        facade: Facade::Cassidy,
        order: HeaderOrder::ApiKeyFirst,
        proof: Proof::Key,
        render: |error| ApiError::from(error).into_response(),
    };
    let (routes, _) = openapi::routes().split_for_parts();
    let routes = routes
        .route_layer(from_fn_with_state(door, require_caller))
        .route("/openapi.json", document::serve(openapi))
        .merge(webhooks::routes())
        .fallback(async || ApiError::not_found())
        // Behind the door's layer: a wrong method is no path, and is not asked for a key.
        .method_not_allowed_fallback(async || ApiError::not_found())
        .layer(from_fn_with_state(Panicked(|| ApiError::internal().into_response()), answer_panics))
        .layer(map_response(named))
        .with_state(Cassidy { app, shared });
    Router::new().nest("/api", routes)
}

/// The request's name, under the header that this API's clients look for.
async fn named(mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&RequestId::current().to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

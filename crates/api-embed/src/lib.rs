//! The chat on other sites' pages, under `/embed`: the loader that sites include, the page that
//! stands in their frames, and what that page asks of the server.
//!
//! Everybody may knock here. A visitor has no key and no cookie: they are known by a secret
//! that their own browser made and, where the embed asks for one, by a token of the site. Who
//! they are, what they may do and what they are shown is decided behind [`App`]; this crate
//! parses, renders, counts, and says in headers what browsers keep to. It knows no other
//! façade. The front end itself is made in `embed/`, and put in by `build.rs`.
//!
//! One more thing that a visitor can do is a handler in [`conversation`] that begins with
//! [`door::Guest`].

mod assets;
mod conversation;
mod door;
mod error;
mod frames;
mod page;
mod streams;

use std::sync::Arc;

use app::App;
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use web::{Facade, Panicked, Shared, answer_panics};

use crate::error::ApiError;
use crate::streams::OpenStreams;

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Embeds {
    app: App,
    shared: Shared,
    streams: Arc<OpenStreams>,
}

/// The routes.
pub fn router(app: App, shared: Shared) -> Router {
    let chat = Router::new()
        .route("/", get(page::show))
        .route("/look", get(page::look))
        .route("/messages", post(conversation::say))
        .route("/stream", get(conversation::follow))
        .route("/stop", post(conversation::stop));
    let routes = Router::new()
        .route("/modal.js", get(assets::modal))
        .route("/assets/{version}/{file}", get(assets::of_panel))
        .nest("/chat/v2/{id}", chat)
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::not_found())
        .layer(from_fn_with_state(Panicked(|| ApiError::internal().into_response()), answer_panics))
        .layer(map_response(counted))
        .with_state(Embeds { app, shared, streams: Arc::default() });
    Router::new().nest("/embed", routes)
}

/// For whoever counts the answers, further out.
async fn counted(mut response: Response) -> Response {
    response.extensions_mut().insert(Facade::Embed);
    response
}

//! Everything that is served: the façades and the health checks, behind what all share.

use std::sync::Arc;
use std::time::Duration;

use api_make::Callbacks;
use app::{App, Operator};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use config::Config;
use futures::FutureExt;
use futures::future::BoxFuture;
use outbound::{Outbound, Request};
use web::{Shared, WebOptions};

use crate::house::House;
use crate::{health, metrics, reference};

/// The routes, and what they have in common.
pub(crate) struct Facades {
    pub(crate) router: Router,
    pub(crate) shared: Shared,
}

impl Facades {
    pub(crate) async fn new(app: &App, house: &House, config: &Config, url: &str, drain_grace: Duration) -> Self {
        let shared = Shared::new(app, &WebOptions { is_demo: house.is_demo, ..options(config, url, drain_grace) });
        let callbacks: Arc<dyn Callbacks> = Arc::new(GuardedCallbacks(house.outbound.clone()));
        // The checks stand before the request log: they come every few seconds, and say nothing.
        let facades = Router::new()
            .merge(api_native::router(app.clone(), shared.clone()))
            .merge(api_make::router(app.clone(), shared.clone(), Arc::clone(&callbacks)))
            .merge(api_cassidy::router(app.clone(), shared.clone()))
            .merge(api_cased::router(app.clone(), shared.clone(), url))
            .merge(api_embed::router(app.clone(), shared.clone()))
            .fallback(page_or_nothing);
        let router = health::router(app.clone(), shared.drain.clone())
            .merge(metrics::router(house.store.clone(), house.metrics.clone(), &config.server))
            .merge(reference::router())
            .merge(console::assets())
            .merge(web::finish(facades, &shared));
        api_make::resume_callbacks(app.clone(), shared.clone(), callbacks, Operator::of_this_installation()).await;
        Self { router, shared }
    }
}

fn options(config: &Config, url: &str, drain_grace: Duration) -> WebOptions {
    let limits = &config.limits;
    WebOptions {
        public_url: url.to_owned(),
        native_per_minute: limits.native_per_minute,
        make_per_minute: limits.make_per_minute,
        cassidy_per_minute: limits.cassidy_per_minute,
        cased_per_minute: limits.cased_per_minute,
        embed_per_minute: limits.embed_per_minute,
        embed_visitor_per_minute: limits.embed_visitor_per_minute,
        embed_address_per_minute: limits.embed_address_per_minute,
        answer_within: limits.cassidy_answer_within,
        drain_grace,
        ..WebOptions::default()
    }
}

/// A browser that comes to an address which no API has is shown the console.
async fn page_or_nothing(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match console::page(&method, &uri, &headers) {
        Some(page) => page,
        None => nothing_here().await.into_response(),
    }
}

pub(crate) async fn nothing_here() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "nothing is here; the APIs are below /v1, /api, /api/v1 and /api/v2\n")
}

/// Callers' addresses are called through the guarded client like all that strangers name.
struct GuardedCallbacks(Outbound);

impl Callbacks for GuardedCallbacks {
    fn post<'a>(&'a self, url: &'a str, body: Bytes, timeout: Duration) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let url = self.0.check_url(url).map_err(|error| error.to_string())?;
            let json = HeaderValue::from_static("application/json");
            let request = Request::new(Method::POST, url).header(CONTENT_TYPE, json).body(body).timeout(timeout);
            let response = self.0.send(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            response.finish();
            match status.is_success() {
                true => Ok(()),
                false => Err(format!("answered {status}")),
            }
        }
        .boxed()
    }
}

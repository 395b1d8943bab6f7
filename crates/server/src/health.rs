//! Whether the process lives (`/healthz`) and whether it can serve (`/readyz`).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use app::App;
use web::Drain;

/// Whether the server can serve; draining makes it say no, so that balancers turn away.
pub(crate) fn router(app: App, drain: Drain) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(readiness))
        .with_state(Arc::new(Readiness { app, drain }))
}

struct Readiness {
    app: App,
    drain: Drain,
}

async fn readiness(State(readiness): State<Arc<Readiness>>) -> (StatusCode, Json<Value>) {
    let not_ready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "why": why })));
    if readiness.drain.is_draining() {
        return not_ready("the server is stopping".to_owned());
    }
    match readiness.app.check().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(error) => not_ready(error.to_string()),
    }
}

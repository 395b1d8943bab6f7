//! `Idempotency-Key`: a POST that is sent again is answered as before, and does nothing.

use app::{App, Begun, Ctx, RequestPlace};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::idempotency::Answer;
use tokio::sync::oneshot;

use crate::{Caller, Rejection, RequestId};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Refusals that another attempt may pass.
const PASSING: [StatusCode; 4] =
    [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_TIMEOUT, StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS];

/// What [`once`] needs to know of the façade it stands in.
#[derive(Clone)]
pub struct Once {
    /// The operations.
    pub app: App,
    /// How large a body may be.
    pub body_bytes_max: usize,
    /// How the façade says what went wrong.
    pub render: fn(Fault) -> Response,
}

/// Why a request with a key was not served.
pub enum Fault {
    /// Its body was not taken.
    Body(Rejection),
    /// It cannot be done, or not again.
    Failed(app::Error),
    /// Its handler panicked.
    Panicked,
}

/// Middleware: serves a POST that has a key once. Stands behind whatever finds the caller.
pub async fn once(State(once): State<Once>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).filter(|_| request.method() == Method::POST).cloned();
    let caller = request.extensions().get::<Caller>().cloned();
    match (key, caller) {
        (Some(key), Some(caller)) => {
            let render = once.render;
            served_once(once, caller.ctx(), &key, request, next).await.unwrap_or_else(render)
        }
        _ => next.run(request).await,
    }
}

async fn served_once(
    once: Once,
    ctx: &Ctx,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Fault> {
    let Once { app, body_bytes_max, .. } = once;
    let (mut parts, body) = request.into_parts();
    let body = crate::body::read(body, body_bytes_max, Some(ctx.org)).await.map_err(Fault::Body)?;
    // Bytes that are no text are no key either, and are refused as such.
    let key = key.to_str().unwrap_or_default();
    match app.begin_request(ctx, parts.uri.path(), key, &body).await.map_err(Fault::Failed)? {
        Begun::Replay(answer) => Ok(replayed(answer)),
        Begun::Serve(ctx, place) => {
            parts.extensions.insert(Caller::new(Ctx::clone(&ctx)));
            to_the_end(app, *ctx, place, Request::from_parts(parts, Body::from(body)), next).await
        }
    }
}

/// Serves the request even if its client leaves: it comes again, and finds the answer.
async fn to_the_end(app: App, ctx: Ctx, place: RequestPlace, request: Request, next: Next) -> Result<Response, Fault> {
    let (sender, answered) = oneshot::channel();
    let id = RequestId::current();
    let serving = app.clone();
    app.spawn(id.during(async move {
        let response = kept(&serving, &ctx, next.run(request).await).await;
        drop(place);
        // The client may have left.
        let _ = sender.send(response);
    }));
    // Without an answer the handler has panicked.
    answered.await.map_err(|_| Fault::Panicked)
}

/// The response, once its answer is kept, if it is one to keep.
async fn kept(app: &App, ctx: &Ctx, response: Response) -> Response {
    let status = response.status();
    let lasts = status.is_success() || (status.is_client_error() && !PASSING.contains(&status));
    // One with a secret is answered anew, by what the request has made.
    let is_secret = response.headers().get(header::CACHE_CONTROL).is_some_and(|said| said == "no-store");
    if !lasts || is_secret || response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != JSON) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let answer = Answer { status: status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() };
    if let Err(error) = app.keep_answer(ctx, answer).await {
        tracing::error!(%error, "the answer of a request with an idempotency key could not be kept");
    }
    Response::from_parts(parts, Body::from(body))
}

const JSON: &str = "application/json";

fn replayed(Answer { status, body }: Answer) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(JSON)), (REPLAYED, HeaderValue::from_static("true"))];
    (status, headers, body).into_response()
}

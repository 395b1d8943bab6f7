//! Which project a request is about: the key's, the one that `anthropic-workspace-id`
//! names, or the organization's first.

use app::{App, Ctx, Error};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ProjectId;
use web::Caller;

use crate::error::ApiError;

const HEADER: &str = "anthropic-workspace-id";

/// What this API calls a project's id begins with.
const PREFIX: &str = "wrkspc_";

/// The project in which a caller's new things are made.
///
/// # Errors
/// The store failed, or the organization has no project.
pub(crate) async fn home_project(app: &App, ctx: &Ctx) -> Result<ProjectId, Error> {
    if let Some(only) = ctx.project {
        return Ok(only);
    }
    let oldest = app.list_projects(ctx).await?.into_iter().next();
    oldest.map(|project| project.id).ok_or_else(|| Error::not_found(app::Missing::new("project", "of this key")))
}

/// Narrows the caller to the project that the header names.
pub(crate) async fn narrow(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(header) = request.headers().get(HEADER).cloned() else { return next.run(request).await };
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return next.run(request).await };
    match named_project(&app, caller.ctx(), &header).await {
        Ok(project) => {
            request.extensions_mut().insert(Caller::new(Ctx { project: Some(project), ..caller.ctx().clone() }));
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn named_project(app: &App, ctx: &Ctx, header: &HeaderValue) -> Result<ProjectId, ApiError> {
    let forbidden = || ApiError::forbidden("anthropic-workspace-id names no workspace of this key");
    let digits = header.to_str().ok().and_then(|text| text.strip_prefix(PREFIX)).ok_or_else(forbidden)?;
    let id: ProjectId = format!("{}_{digits}", ProjectId::PREFIX).parse().map_err(|_| forbidden())?;
    match app.find_project(ctx, id).await {
        Ok(project) => Ok(project.id),
        Err(Error::NotFound(_)) => Err(forbidden()),
        Err(other) => Err(other.into()),
    }
}

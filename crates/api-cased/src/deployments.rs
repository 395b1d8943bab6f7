//! Deployment events: rollouts, as pipelines report them.

use app::{ReportRollout, ReportedRollout, RolloutFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::repository::Repository;
use domain::rollout::{Details, Report, RolloutStatus};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Query;

use crate::Cased;
use crate::approvals::ApprovalView;
use crate::body::Body;
use crate::caller::{Named, ReadsRollouts, ReportsRollouts};
use crate::error::ApiError;
use crate::reading::{Fields, as_object};
use crate::sessions::page_of;
use crate::times::{iso, since};

const REQUEST_CHARS: usize = 2_000;
const COMMIT_MESSAGE_CHARS: usize = 10_000;
const NAME_CHARS: usize = 255;
/// Longest list, and the usual one.
const LISTED: (u64, u64) = (100, 20);

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().routes(routes!(report, list)).routes(routes!(find))
}

/// A deployment, as it is reported. Further fields are kept under `event_metadata._extra`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewDeployment {
    /// What is deployed. Cut beyond 2,000 characters.
    #[schema(example = "Deploy 2.5.1")]
    deployment_request: String,
    /// `owner/name`, compared without case. Required when there are two or more projects.
    repository_full_name: Option<String>,
    /// `pending`, `running`, `success`, `failure` or `cancelled`.
    #[schema(default = "success")]
    status: Option<String>,
    /// Where a person reads more.
    external_url: Option<String>,
    /// The commit.
    commit_sha: Option<String>,
    /// What it says. Cut beyond 10,000 characters.
    commit_message: Option<String>,
    /// The branch or tag; kept as sent.
    #[schema(rename = "ref")]
    git_ref: Option<String>,
    /// Whatever else is to be kept, at most 64 KiB.
    #[schema(value_type = Option<Object>)]
    event_metadata: Option<Value>,
    /// The pipeline's name for its run. Reports of the same run within a day are one deployment.
    github_run_id: Option<String>,
    /// Where that run is shown.
    github_run_url: Option<String>,
    /// The pipeline.
    workflow_id: Option<String>,
}

/// A deployment that was taken.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// Its id.
    id: Uuid,
    /// Where it stands.
    status: &'static str,
    /// When it was first reported.
    created_at: String,
    /// The session in which it is watched.
    session_id: Uuid,
    /// The page of that session.
    url: String,
}

/// A deployment.
#[derive(Serialize, ToSchema)]
struct Deployment {
    id: Uuid,
    deployment_request: String,
    repository_full_name: Option<String>,
    status: &'static str,
    external_url: Option<String>,
    commit_sha: Option<String>,
    commit_message: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    #[schema(value_type = Object)]
    event_metadata: Map<String, Value>,
    github_run_id: Option<String>,
    github_run_url: Option<String>,
    workflow_id: Option<String>,
    created_at: String,
    updated_at: String,
    session_id: Uuid,
    url: String,
    /// Each status it moved to, oldest first.
    history: Vec<HistoryEntry>,
    /// While it is pending and rules ask about it, `pending_approval`, `approved`, `rejected` or
    /// `void`; otherwise its status. Ours.
    state: &'static str,
    /// What people were asked about it. Ours.
    approval: Option<ApprovalView>,
}

/// A status, and when the deployment moved to it.
#[derive(Serialize, ToSchema)]
struct HistoryEntry {
    status: &'static str,
    at: String,
}

/// Deployments, newest first.
#[derive(Serialize, ToSchema)]
struct Deployments {
    /// How many there are, whatever the limit.
    count: u64,
    results: Vec<Deployment>,
}

/// Which deployments.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
struct DeploymentQuery {
    /// At most so many; 100 is the most.
    #[param(required = false, minimum = 1, default = 20)]
    limit: u64,
    /// Reported since: `1h`, `24h`, `7d`, or a time.
    #[param(required = false)]
    since: String,
    /// With this status.
    #[param(required = false)]
    status: String,
    /// Of this repository.
    #[param(required = false)]
    repository_full_name: String,
}

/// Report a deployment
///
/// A deployment that is reported again moves on: same id, same session.
#[utoipa::path(post, path = "/api/v1/deployments", tag = "Deployments", request_body = NewDeployment,
    responses((status = 201, description = "Taken.", body = Taken), crate::openapi::Failures))]
async fn report(
    State(cased): State<Cased>,
    ReportsRollouts(ctx): ReportsRollouts,
    Body(body): Body,
) -> Result<(StatusCode, Json<Taken>), ApiError> {
    let report = read_report(body)?;
    let taken = cased.app.report_rollout(&ctx, report).await.map_err(|error| ApiError::of(error, in_our_words))?;
    Ok((StatusCode::CREATED, Json(taken.into())))
}

/// List deployments
#[utoipa::path(get, path = "/api/v1/deployments", tag = "Deployments", params(DeploymentQuery),
    responses((status = 200, description = "The deployments.", body = Deployments), crate::openapi::Failures))]
async fn list(
    State(cased): State<Cased>,
    ReadsRollouts(ctx): ReadsRollouts,
    query: Query,
) -> Result<Json<Deployments>, ApiError> {
    let mut filter = RolloutFilter { limit: Some(page_of(&query, LISTED)?), ..RolloutFilter::default() };
    if let Some(text) = query.find("since") {
        let from = since(text, &ctx).ok_or_else(|| ApiError::invalid_field("since", "Must be like 1h, 24h or 7d."))?;
        filter.created_from = Some(from);
    }
    if let Some(word) = query.find("status") {
        filter.status = Some(read_status(word).ok_or_else(|| ApiError::invalid_field("status", STATUS_RULE))?);
    }
    if let Some(name) = query.find("repository_full_name") {
        let project = match name.parse::<Repository>() {
            Ok(repository) => cased.app.find_project_of(&ctx, &repository).await?,
            Err(_) => None,
        };
        let Some(project) = project else { return Ok(Json(Deployments { count: 0, results: Vec::new() })) };
        filter.project = Some(project.id);
    }
    let (count, found) = cased.app.list_rollouts(&ctx, filter).await?;
    Ok(Json(Deployments { count, results: found.into_iter().map(Deployment::from).collect() }))
}

/// Get a deployment
#[utoipa::path(get, path = "/api/v1/deployments/{deployment_id}", tag = "Deployments",
    params(("deployment_id" = String, Path, description = "Its id, or the first characters of it, at least eight.")),
    responses((status = 200, description = "The deployment.", body = Deployment), crate::openapi::Failures))]
async fn find(
    State(cased): State<Cased>,
    ReadsRollouts(ctx): ReadsRollouts,
    Named(id): Named,
) -> Result<Json<Deployment>, ApiError> {
    Ok(Json(cased.app.find_rollout(&ctx, &id).await?.into()))
}

const STATUS_RULE: &str = "Must be pending, running, success, failure or cancelled.";

fn read_status(word: &str) -> Option<RolloutStatus> {
    word.parse().ok()
}

fn read_report(body: Map<String, Value>) -> Result<ReportRollout, ApiError> {
    let mut fields = Fields::of(body);
    let request = fields.required_text("deployment_request", REQUEST_CHARS);
    let rule = "Must be owner/name.";
    let repository = fields.text("repository_full_name").filter(|name| !name.trim().is_empty());
    let repository = repository
        .and_then(|name| name.trim().parse::<Repository>().ok().or_else(|| fields.fault("repository_full_name", rule)));
    let status = fields.word("status", read_status, STATUS_RULE).unwrap_or(RolloutStatus::Success);
    let metadata = fields.any("event_metadata").map(read_metadata);
    let gives_metadata = metadata.is_some();
    let details = Details {
        request: request.unwrap_or_default(),
        external_url: fields.address("external_url"),
        commit: fields.name("commit_sha", NAME_CHARS),
        commit_message: fields.cut_text("commit_message", COMMIT_MESSAGE_CHARS),
        git_ref: fields.cut_text("ref", NAME_CHARS),
        metadata: metadata.unwrap_or_default(),
        run_id: fields.name("github_run_id", NAME_CHARS),
        run_url: fields.address("github_run_url"),
        workflow_id: fields.name("workflow_id", NAME_CHARS),
    };
    let extra = fields.rest()?;
    Ok(ReportRollout { repository, report: Report { status, details, gives_metadata, extra } })
}

/// An object, or a text that may hold one; whatever it is, it is kept.
fn read_metadata(value: Value) -> Map<String, Value> {
    match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value) => as_object(value),
            Err(_) => as_object(Value::String(text)),
        },
        value => as_object(value),
    }
}

fn in_our_words(path: &str) -> String {
    match path {
        "repository" => "repository_full_name".to_owned(),
        other => other.to_owned(),
    }
}

/// The page of a session.
pub(crate) fn page_address(session: Uuid) -> String {
    format!("/agents/{session}")
}

impl From<ReportedRollout> for Taken {
    fn from(ReportedRollout { rollout, .. }: ReportedRollout) -> Self {
        Self {
            id: rollout.alias,
            status: rollout.status.as_str(),
            created_at: iso(rollout.created_at),
            session_id: rollout.session_alias,
            url: page_address(rollout.session_alias),
        }
    }
}

impl From<ReportedRollout> for Deployment {
    fn from(ReportedRollout { rollout, project }: ReportedRollout) -> Self {
        let history = rollout.history.iter();
        let history = history.map(|entry| HistoryEntry { status: entry.status.as_str(), at: iso(entry.at) }).collect();
        let (state, approval) = (rollout.state(), ApprovalView::of(&rollout));
        let details = rollout.details;
        Self {
            id: rollout.alias,
            deployment_request: details.request,
            repository_full_name: project.repository.map(|repository| repository.to_string()),
            status: rollout.status.as_str(),
            external_url: details.external_url,
            commit_sha: details.commit,
            commit_message: details.commit_message,
            git_ref: details.git_ref,
            event_metadata: details.metadata,
            github_run_id: details.run_id,
            github_run_url: details.run_url,
            workflow_id: details.workflow_id,
            created_at: iso(rollout.created_at),
            updated_at: iso(rollout.updated_at),
            session_id: rollout.session_alias,
            url: page_address(rollout.session_alias),
            history,
            state,
            approval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Report, ApiError> {
        read_report(as_object(body)).map(|report| report.report)
    }

    #[test]
    fn metadata_is_kept_whatever_it_is() {
        for (sent, kept) in [
            (json!({ "a": 1 }), json!({ "a": 1 })),
            (json!("{\"a\":1}"), json!({ "a": 1 })),
            (json!("{not json"), json!({ "raw": "{not json" })),
            (json!("[1]"), json!({ "raw": [1] })),
            (json!([1]), json!({ "raw": [1] })),
            (json!(7), json!({ "raw": 7 })),
            (json!(true), json!({ "raw": true })),
            (json!("null"), json!({})),
            (json!(null), json!({})),
        ] {
            let read = read(json!({ "deployment_request": "d", "event_metadata": sent })).unwrap();
            assert_eq!(Value::Object(read.details.metadata), kept);
        }
    }

    #[test]
    fn long_texts_are_cut_and_numbers_are_names() {
        let body = json!({
            "deployment_request": format!("  {}", "ü".repeat(3_000)),
            "commit_message": "m".repeat(20_000),
            "ref": "refs/heads/main",
            "github_run_id": 77,
            "workflow_id": "w",
            "commit_sha": "not hexadecimal",
            "external_url": "",
            "foo": [1],
        });
        let Report { details, extra, status, gives_metadata } = read(body).unwrap();
        assert_eq!(details.request.chars().count(), 2_000);
        assert_eq!(details.commit_message.unwrap().len(), 10_000);
        assert_eq!((details.run_id.as_deref(), details.commit.as_deref()), (Some("77"), Some("not hexadecimal")));
        assert_eq!((details.external_url, status, gives_metadata), (None, RolloutStatus::Success, false));
        assert_eq!(Value::Object(extra), json!({ "foo": [1] }));
    }
}

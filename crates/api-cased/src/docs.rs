//! Documents for the organization's knowledge.

use app::AddOrgDocument;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Cased;
use crate::body::Body;
use crate::caller::AddsKnowledge;
use crate::error::ApiError;
use crate::reading::Fields;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Cased> {
    OpenApiRouter::new().routes(routes!(add))
}

/// A document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewDocument {
    /// What it is called. A title that is there already: the text is replaced.
    #[schema(min_length = 1, max_length = 255)]
    title: String,
    /// The text.
    #[schema(min_length = 1, max_length = 102_400)]
    content: String,
    /// `markdown`, `text` or `conversation`.
    #[schema(default = "markdown")]
    format: Option<String>,
    /// Whether a model is to tidy the text; none does yet, and the message says so.
    #[schema(default = false)]
    cleanup: Option<bool>,
}

/// A document that was stored.
#[derive(Serialize, ToSchema)]
struct Stored {
    id: Uuid,
    /// A sentence for people.
    message: String,
}

/// Add a document
///
/// Every agent of the organization reads it.
#[utoipa::path(post, path = "/api/v1/docs", tag = "Knowledge", request_body = NewDocument,
    responses((status = 201, description = "Stored.", body = Stored), crate::openapi::Failures))]
async fn add(
    State(cased): State<Cased>,
    AddsKnowledge(ctx): AddsKnowledge,
    Body(body): Body,
) -> Result<(StatusCode, Json<Stored>), ApiError> {
    let mut fields = Fields::of(body);
    let title = fields.text("title");
    let content = fields.text("content");
    let kind = fields.word("format", kind_of, "Must be markdown, text or conversation.").unwrap_or("md");
    let wants_cleanup = fields.flag("cleanup").unwrap_or(false);
    for (name, value) in [("title", &title), ("content", &content)] {
        if value.is_none() {
            fields.fault_once::<()>(name, "This field is required.");
        }
    }
    fields.rest()?;
    let add = AddOrgDocument { title: title.unwrap_or_default(), text: content.unwrap_or_default(), kind };
    let stored = cased.app.add_org_document(&ctx, add).await.map_err(|error| ApiError::of(error, in_our_words))?;
    let tidied = if wants_cleanup { " It was not tidied: no model does that here." } else { "" };
    let message = format!("The document was stored and is read by every agent of the organization.{tidied}");
    Ok((StatusCode::CREATED, Json(Stored { id: stored.id.0, message })))
}

fn kind_of(format: &str) -> Option<&'static str> {
    match format {
        "markdown" | "conversation" => Some("md"),
        "text" => Some("txt"),
        _ => None,
    }
}

fn in_our_words(path: &str) -> String {
    match path {
        "name" => "title".to_owned(),
        other => other.to_owned(),
    }
}

//! `/v1/knowledge`: documents that agents read. Ours.

mod upload;

use app::{App, Error};
use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use domain::knowledge::Document;
use domain::{AgentId, DocumentId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Caller;

use self::upload::{FORM_BYTES_MAX, Upload, UploadFile, UploadText};
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::Page;
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// The operations. Files are larger than what is usually taken.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_documents, add_document))
        .routes(routes!(delete_document))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// A document, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentView {
    #[schema(value_type = String)]
    id: DocumentId,
    #[serde(rename = "type")]
    kind: DocumentType,
    /// The agent that reads it; null is every agent of the organization.
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
    name: String,
    /// `txt`, `md`, `csv`, `json`, `pdf` or `docx`.
    format: String,
    /// UTF-8 bytes of its text.
    text_bytes: u64,
    created_at: Timestamp,
    /// When it is removed by itself.
    expires_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DocumentType {
    Document,
}

/// A document that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedDocument {
    #[schema(value_type = String)]
    id: DocumentId,
    #[serde(rename = "type")]
    kind: DeletedDocumentType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedDocumentType {
    DocumentDeleted,
}

/// Which documents to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDocuments {
    /// What this agent alone reads; what every agent reads if absent.
    #[param(value_type = Option<String>)]
    agent_id: Option<AgentId>,
}

/// List documents
///
/// All of an agent's, at most 20, or all that every agent of the organization reads, at most
/// 50; the oldest first.
#[utoipa::path(get, path = "/v1/knowledge", tag = "knowledge", params(ListDocuments),
    responses((status = 200, body = Page<DocumentView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_documents(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListDocuments>,
) -> Result<Json<Page<DocumentView>>, ApiError> {
    let documents = match query.agent_id {
        Some(agent) => app.list_documents(caller.ctx(), None, agent).await?,
        None => app.list_org_documents(caller.ctx()).await?,
    };
    Ok(Json(Page::all(documents.into_iter().map(DocumentView::from).collect())))
}

/// Add a document
///
/// A text as JSON, or a file as a form, of which the text is taken out. The text of a document
/// of the same name and reader is replaced, and its id stays.
#[utoipa::path(post, path = "/v1/knowledge", tag = "knowledge",
    request_body(content((UploadText = "application/json"), (UploadFile = "multipart/form-data"))),
    responses((status = 200, body = DocumentView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn add_document(
    State(app): State<App>,
    caller: Caller,
    upload: Upload,
) -> Result<Json<DocumentView>, ApiError> {
    Ok(Json(upload.add(&app, caller.ctx()).await?.into()))
}

/// Delete a document
#[utoipa::path(delete, path = "/v1/knowledge/{document}", tag = "knowledge", params(("document" = String, Path)),
    responses((status = 200, body = DeletedDocument), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_document(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<DocumentId>,
) -> Result<Json<DeletedDocument>, ApiError> {
    app.delete_document(caller.ctx(), id).await?;
    Ok(Json(DeletedDocument { id, kind: DeletedDocumentType::DocumentDeleted }))
}

/// A field of the domain's by its name in this API.
fn in_our_words(error: Error) -> ApiError {
    match error {
        Error::Invalid(mut faults) => {
            for fault in faults.iter_mut().filter(|fault| fault.path == "agent") {
                "agent_id".clone_into(&mut fault.path);
            }
            Error::Invalid(faults).into()
        }
        other => other.into(),
    }
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        Self {
            id: document.id,
            kind: DocumentType::Document,
            agent_id: document.reader.agent(),
            name: document.name,
            format: document.kind,
            text_bytes: document.text_bytes,
            created_at: document.created_at,
            expires_at: document.expires_at,
        }
    }
}

impl Named for DocumentId {
    const NOUN: &'static str = "document";
}

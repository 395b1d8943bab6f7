//! Contexts: what an agent has to read.

use app::{AddDocument, DocumentSource, Error};
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::{Json, RequestExt};
use domain::knowledge::Document;
use domain::{AgentId, DocumentId};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::Query;

use crate::Make;
use crate::agents::find_agent;
use crate::body::{FromJson, from_json};
use crate::caller::{Id, Reading, Team, TeamQuery, Writing};
use crate::error::ApiError;
use crate::query::agent;
use crate::reading::{At, Fault, NOT_AN_ID};
use crate::times::iso;

/// Most bytes of an upload: a file of the largest size, and what stands around it.
const UPLOAD_MAX: usize = 21 * 1024 * 1024;
/// Most characters of a name.
const NAME_MAX: usize = 120;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::new()
        .routes(routes!(list_contexts, add_context))
        .routes(routes!(delete_context))
        .layer(DefaultBodyLimit::disable())
}

/// Something an agent has to read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Context)]
pub(crate) struct ContextView {
    /// Its id.
    id: Uuid,
    /// The agent.
    agent_id: Uuid,
    /// The file's name.
    document_name: String,
    /// For people.
    description: String,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
    /// What is known of the file.
    metadata: ContextMetadata,
    /// Whether it is removed after a day.
    is_temporary: bool,
}

/// What is known of a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContextMetadata {
    /// `txt`, `md`, `csv`, `json`, `pdf` or `docx`.
    #[serde(rename = "type")]
    kind: String,
    /// Bytes of its text.
    text_bytes: u64,
}

/// A text to read.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
struct AddText {
    /// The agent.
    #[schema(value_type = Uuid)]
    agent_id: AgentId,
    /// The text, at most 20 MiB.
    #[schema(min_length = 1)]
    content: String,
    /// 1 to 120 letters, digits, spaces, `-`, `_`, `.`, `(`, `)`. A name that the agent has
    /// already: the text is replaced.
    #[schema(required = false, min_length = 1, max_length = 120, default = "context.txt")]
    name: String,
    /// `"true"`; with anything else the text is removed after a day.
    #[schema(required = false, value_type = String, default = "true")]
    autosave: bool,
}

/// A file to read.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
struct AddFile {
    /// The agent.
    #[schema(value_type = Uuid)]
    agent_id: AgentId,
    /// TXT, MD, CSV, JSON, PDF or DOCX, at most 20 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The file's name.
    #[schema(ignore)]
    name: String,
}

/// Whose contexts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read key by key")]
struct AgentQuery {
    /// The agent.
    #[param(rename = "agentId")]
    agent_id: Uuid,
}

/// List contexts
///
/// All that an agent has to read, oldest first.
#[utoipa::path(get, path = "/ai-agents/v1/contexts", tag = "Contexts", params(TeamQuery, AgentQuery), responses(
    (status = 200, description = "The contexts.", body = Vec<ContextView>), crate::openapi::Failures
))]
async fn list_contexts(
    State(make): State<Make>,
    Reading(team): Reading,
    query: Query,
) -> Result<Json<Vec<ContextView>>, ApiError> {
    let id = agent(&query, "agentId").map_err(|fault| ApiError::invalid([fault]))?;
    let agent = find_agent(&make, &team, id).await?;
    contexts_of(&make, &team, agent.id).await.map(Json)
}

/// Add a context
///
/// A text as JSON, or a file as a form. Raw bytes of a file never reach a model: its text is
/// taken out.
#[utoipa::path(post, path = "/ai-agents/v1/contexts", tag = "Contexts", params(TeamQuery),
    request_body(content((AddText = "application/json"), (AddFile = "multipart/form-data"))),
    responses((status = 201, description = "The context.", body = ContextView), crate::openapi::Failures)
)]
async fn add_context(
    State(make): State<Make>,
    Writing(team): Writing,
    upload: Upload,
) -> Result<(StatusCode, Json<ContextView>), ApiError> {
    let add = upload.add_to(&team);
    let agent = add.agent;
    find_agent(&make, &team, agent).await?;
    let added = make.app.add_document(&team.ctx, add).await;
    let document = added.map_err(|error| ApiError::of(error, in_make_words))?;
    Ok((StatusCode::CREATED, Json(document.into())))
}

/// Delete a context
#[utoipa::path(delete, path = "/ai-agents/v1/contexts/{contextId}", tag = "Contexts",
    params(("contextId" = uuid::Uuid, Path, description = "The context."), TeamQuery),
    responses((status = 204, description = "Deleted."), crate::openapi::Failures)
)]
async fn delete_context(
    State(make): State<Make>,
    Id(id): Id<DocumentId>,
    Writing(team): Writing,
) -> Result<StatusCode, ApiError> {
    let missing = || ApiError::not_found(format_args!("context {}", id.0));
    match make.app.find_document(&team.ctx, id).await {
        Ok(document) if document.reader.project() == Some(team.project.id) => {}
        Ok(_) | Err(Error::NotFound(_)) => return Err(missing()),
        Err(error) => return Err(error.into()),
    }
    match make.app.delete_document(&team.ctx, id).await {
        Err(Error::NotFound(_)) => Err(missing()),
        other => other.map(|()| StatusCode::NO_CONTENT).map_err(ApiError::from),
    }
}

/// What an agent of the team has to read.
pub(crate) async fn contexts_of(make: &Make, team: &Team, agent: AgentId) -> Result<Vec<ContextView>, ApiError> {
    let documents = make.app.list_documents(&team.ctx, Some(team.project.id), agent).await?;
    Ok(documents.into_iter().map(ContextView::from).collect())
}

impl From<Document> for ContextView {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.0,
            agent_id: document.reader.agent().map(|agent| agent.0).unwrap_or_default(),
            document_name: document.name,
            description: String::new(),
            created_at: iso(document.created_at),
            metadata: ContextMetadata { kind: document.kind, text_bytes: document.text_bytes },
            is_temporary: document.expires_at.is_some(),
        }
    }
}

/// A text or a file, as sent.
enum Upload {
    Text(AddText),
    File(AddFile),
}

impl Upload {
    fn add_to(self, team: &Team) -> AddDocument {
        let project = Some(team.project.id);
        match self {
            Upload::Text(AddText { agent_id, content, name, autosave }) => AddDocument {
                project,
                agent: agent_id,
                name,
                source: DocumentSource::Text(content),
                temporary: !autosave,
            },
            Upload::File(AddFile { agent_id, file, name }) => AddDocument {
                project,
                agent: agent_id,
                name,
                source: DocumentSource::File { bytes: file },
                temporary: false,
            },
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"));
        if !is_form {
            return from_json(request, UPLOAD_MAX).await.map(Upload::Text);
        }
        let form = web::body::arrived(request, UPLOAD_MAX).await?.extract::<Multipart, _>().await;
        let form = form.map_err(|error| ApiError::invalid_field("body", error.body_text()))?;
        read_form(form).await.map(Upload::File)
    }
}

async fn read_form(mut form: Multipart) -> Result<AddFile, ApiError> {
    let (mut agent_id, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken_form)? {
        match field.name() {
            Some("agentId") => agent_id = Some(field.text().await.map_err(broken_form)?),
            Some("file") => {
                let name = file_name(field.file_name().unwrap_or_default());
                file = Some((name, field.bytes().await.map_err(broken_form)?));
            }
            _ => {}
        }
    }
    let fault = |path: &str, message: &str| Fault { path: path.to_owned(), message: message.to_owned() };
    let agent_id = match agent_id {
        None => Err(fault("agentId", "required")),
        Some(text) => text.trim().parse().map_err(|_| fault("agentId", NOT_AN_ID)),
    };
    match (agent_id, file.ok_or_else(|| fault("file", "required"))) {
        (Ok(agent_id), Ok((name, bytes))) => Ok(AddFile { agent_id, file: bytes.into(), name }),
        (agent_id, file) => Err(ApiError::invalid(agent_id.err().into_iter().chain(file.err()))),
    }
}

fn broken_form(error: MultipartError) -> ApiError {
    ApiError::invalid_field("body", error.body_text())
}

/// A file's name without folders, and without what a name may not hold: programs send names
/// their users chose, and a picture of a name is better than no upload.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || "-_.() ".contains(c) { c } else { '_' };
    let name: String = last.chars().map(plain).collect();
    match name.trim() {
        "" => DEFAULT_NAME.to_owned(),
        name => shortened(name),
    }
}

/// The name of a text that came without one.
const DEFAULT_NAME: &str = "context.txt";

/// A name of at most so many characters; its ending stays, since it tells the kind.
fn shortened(name: &str) -> String {
    let too_many = name.chars().count().saturating_sub(NAME_MAX);
    let stem_end = name.rfind('.').filter(|dot| name.len() - dot <= 8).unwrap_or(name.len());
    let (stem, ending) = name.split_at(stem_end);
    let kept = stem.chars().count().saturating_sub(too_many);
    stem.chars().take(kept).chain(ending.chars()).collect()
}

impl FromJson for AddText {
    fn read(at: &At<'_>) -> Option<Self> {
        let agent_id = at.field("agentId").required(At::id);
        let content = at.field("content").required(|at| at.text(1..=UPLOAD_MAX).map(str::to_owned));
        let name = at.field("name").optional(|at| at.text(1..=NAME_MAX).map(str::to_owned));
        let autosave = at.field("autosave").optional(read_autosave).unwrap_or(true);
        let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
        Some(Self { agent_id: agent_id?, content: content?, name, autosave })
    }
}

/// A string, of which `true` is one. A boolean is taken as its text.
fn read_autosave(at: &At<'_>) -> Option<bool> {
    match at.value() {
        Some(Value::Bool(autosave)) => Some(*autosave),
        Some(Value::String(text)) => Some(text == "true"),
        _ => {
            at.fault("must be a string");
            None
        }
    }
}

fn in_make_words(path: &str) -> String {
    match path {
        "agent" => "agentId".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lose_folders_and_odd_signs_and_keep_their_ending() {
        for (sent, kept) in [
            ("prices.csv", "prices.csv"),
            ("C:\\Users\\me\\prices.csv", "prices.csv"),
            ("../../etc/passwd", "passwd"),
            ("naïve \u{2019}26.md", "naïve _26.md"),
            ("", "context.txt"),
            ("/", "context.txt"),
        ] {
            assert_eq!(file_name(sent), kept);
        }
        let long = file_name(&format!("{}.csv", "n".repeat(200)));
        assert_eq!((long.chars().count(), long.ends_with(".csv")), (120, true));
        assert_eq!(file_name(&"n".repeat(121)).len(), 120);
    }
}

//! A document as it is sent: a text as JSON, or a file as a form.

use app::{AddDocument, AddOrgDocument, App, Ctx, DocumentSource};
use axum::RequestExt;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use domain::AgentId;
use domain::knowledge::Document;
use serde::Deserialize;
use utoipa::ToSchema;

use super::in_our_words;
use crate::body::Body;
use crate::error::ApiError;

/// How large a form may be: a file of the largest size, and what stands around it.
pub(crate) const FORM_BYTES_MAX: usize = 21 << 20;

/// A document by its text.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UploadText {
    /// The agent that reads it; every agent of the organization if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
    /// What it is called; its ending (`.md`, `.csv`, `.json`) tells its format. For an agent's:
    /// 1 to 120 letters, digits, spaces, `-`, `_`, `.`, `(` or `)`.
    name: String,
    /// At most 20 MiB; 102,400 characters if every agent is to read it.
    content: String,
    /// Whether an agent's is removed after a day.
    #[serde(default)]
    temporary: bool,
}

/// A document by its file.
#[derive(Debug, ToSchema)]
pub(crate) struct UploadFile {
    /// The agent that reads it.
    #[schema(value_type = String)]
    agent_id: AgentId,
    /// TXT, MD, CSV, JSON, PDF or DOCX, at most 20 MiB; it is called as the file is.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The file's name.
    #[schema(ignore)]
    name: String,
}

/// A text or a file.
pub(crate) enum Upload {
    Text(UploadText),
    File(UploadFile),
}

impl Upload {
    /// Adds it for those who are to read it.
    pub(crate) async fn add(self, app: &App, ctx: &Ctx) -> Result<Document, ApiError> {
        let (agent, name, source, temporary) = match self {
            Upload::File(UploadFile { agent_id, file, name }) => {
                (agent_id, name, DocumentSource::File { bytes: file }, false)
            }
            Upload::Text(UploadText { agent_id: Some(agent), name, content, temporary }) => {
                (agent, name, DocumentSource::Text(content), temporary)
            }
            Upload::Text(UploadText { agent_id: None, name, content, temporary }) => {
                if temporary {
                    return Err(ApiError::invalid("temporary", "goes only with agent_id"));
                }
                let is_markdown = name.to_ascii_lowercase().ends_with(".md");
                let kind = if is_markdown { "md" } else { "txt" };
                let add = AddOrgDocument { title: name, text: content, kind };
                return app.add_org_document(ctx, add).await.map_err(in_our_words);
            }
        };
        let add = AddDocument { project: None, agent, name, source, temporary };
        app.add_document(ctx, add).await.map_err(in_our_words)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"));
        if !is_form {
            let Body(text) = Body::from_request(request, state).await?;
            return Ok(Upload::Text(text));
        }
        let form = web::body::arrived(request, FORM_BYTES_MAX).await?.extract::<Multipart, _>().await;
        let form = form.map_err(|error| ApiError::invalid("", error.body_text()))?;
        read_form(form).await.map(Upload::File)
    }
}

async fn read_form(mut form: Multipart) -> Result<UploadFile, ApiError> {
    let (mut agent_id, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("agent_id") => agent_id = Some(field.text().await.map_err(broken)?),
            Some("file") => {
                let name = file_name(field.file_name().unwrap_or_default());
                file = Some((name, field.bytes().await.map_err(broken)?));
            }
            _ => {}
        }
    }
    let agent_id = agent_id.ok_or_else(|| ApiError::invalid("agent_id", "is required"))?;
    let agent_id = agent_id.trim().parse().map_err(|_| ApiError::invalid("agent_id", "is no id of an agent"))?;
    let (name, bytes) = file.ok_or_else(|| ApiError::invalid("file", "is required"))?;
    Ok(UploadFile { agent_id, file: bytes.into(), name })
}

fn broken(error: MultipartError) -> ApiError {
    ApiError::invalid("", error.body_text())
}

/// The name of a file without its folders, which some programs send along.
fn file_name(sent: &str) -> String {
    sent.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

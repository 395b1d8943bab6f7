//! Tools that the server runs, and text extraction for knowledge.

use std::time::Duration;

use async_trait::async_trait;
use domain::tool::{CarriedTool, ToolOutcome};
use domain::{EventId, OrgId};
use serde_json::Value;

/// One call of a server-run tool.
#[derive(Debug, Clone)]
pub struct ToolRun {
    /// The organization on whose behalf it is made.
    pub org: OrgId,
    /// What is called.
    pub tool: CarriedTool,
    /// The arguments, already checked against the tool's schema.
    pub input: Value,
    /// The tool-use event; its text form travels as `Idempotency-Key`.
    pub use_id: EventId,
    /// How long the call may take in all; the smaller of the tool's and the run's time.
    pub timeout: Duration,
}

/// Runs tools.
#[async_trait]
pub trait ToolRunner: Send + Sync + 'static {
    /// Makes the call, once. Never retries; never fails otherwise than by its outcome.
    async fn run(&self, call: ToolRun) -> ToolOutcome;
}

/// Why no text came out of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// Not a kind of file that is read here.
    #[error("{0} files are not supported: send TXT, MD, CSV, JSON, PDF or DOCX")]
    UnknownKind(String),
    /// The file holds no text.
    #[error("no text was found in the file")]
    NoText,
    /// The file is damaged, or reading it took too much time or memory.
    #[error("the file could not be read: {0}")]
    Unreadable(String),
}

/// Gets the text out of an uploaded file.
#[async_trait]
pub trait TextExtractor: Send + Sync + 'static {
    /// The text of a file, and its kind (`txt`, `md`, `csv`, `json`, `pdf`, `docx`), judged
    /// by `file_name` and the bytes.
    ///
    /// # Errors
    /// See [`ExtractError`].
    async fn extract(&self, file_name: &str, bytes: Vec<u8>) -> Result<ExtractedText, ExtractError>;
}

/// What was read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractedText {
    /// `txt`, `md`, `csv`, `json`, `pdf` or `docx`.
    pub kind: String,
    /// The text, UTF-8.
    pub text: String,
}

//! The text in uploaded files.
//!
//! Plain kinds are decoded here. PDF and DOCX are read in a child process of the same
//! binary, because their formats are deep and their readers may loop, run out of memory or
//! panic on a hostile file: the child has limits, and its end is one failed upload.

mod child;
mod docx;
mod kind;
mod parent;
mod plain;

use std::time::Duration;

use async_trait::async_trait;
use ports::TextExtractor;
use ports::tool::{ExtractError, ExtractedText};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

pub use child::child_main;
pub use parent::ChildCommand;

use kind::Kind;

/// How text is got out of uploaded files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractOptions {
    /// How long reading one file may take.
    ///
    /// Since 0.1.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub timeout: Duration,

    /// How much memory reading one PDF or DOCX file may take, in MiB of address space.
    ///
    /// Since 0.1.
    pub memory_mib_max: u64,

    /// The longest text that is taken out of one file, in bytes. More is an error.
    ///
    /// Since 0.1.
    pub text_bytes_max: usize,

    /// How many PDF and DOCX files are read at once; others wait.
    ///
    /// Since 0.1.
    pub concurrent_max: usize,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), memory_mib_max: 1024, text_bytes_max: 20 << 20, concurrent_max: 2 }
    }
}

/// Gets the text out of uploaded files.
#[derive(Debug)]
pub struct Extractor {
    options: ExtractOptions,
    command: ChildCommand,
    places: Semaphore,
}

impl Extractor {
    /// Reads PDF and DOCX with this binary's hidden command, which must call
    /// [`child_main`].
    ///
    /// # Errors
    /// If the path of this binary cannot be found out.
    pub fn new(options: ExtractOptions) -> std::io::Result<Self> {
        Ok(Self::with_command(options, ChildCommand::of_this_binary()?))
    }

    /// Reads PDF and DOCX with another command that calls [`child_main`].
    pub fn with_command(options: ExtractOptions, command: ChildCommand) -> Self {
        let places = Semaphore::new(options.concurrent_max.max(1));
        Self { options, command, places }
    }
}

#[async_trait]
impl TextExtractor for Extractor {
    async fn extract(&self, file_name: &str, bytes: Vec<u8>) -> Result<ExtractedText, ExtractError> {
        let kind = Kind::judge(file_name, &bytes)?;
        let text = if kind.needs_child() {
            // The semaphore is never closed.
            let _place = self.places.acquire().await;
            parent::read(&self.command, &self.options, kind, bytes).await?
        } else {
            plain::decode(bytes)?
        };
        if text.len() > self.options.text_bytes_max {
            let wrong = format!("its text is longer than {} bytes", self.options.text_bytes_max);
            return Err(ExtractError::Unreadable(wrong));
        }
        if text.trim().is_empty() {
            return Err(ExtractError::NoText);
        }
        Ok(ExtractedText { kind: kind.as_str().to_owned(), text })
    }
}

/// A DOCX file around this document.
#[cfg(test)]
fn docx_of(document_xml: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("word/document.xml", options).expect("a new archive");
    archive.write_all(document_xml).expect("written to memory");
    archive.finish().expect("written to memory").into_inner()
}

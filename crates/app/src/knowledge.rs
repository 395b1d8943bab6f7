//! Knowledge: the documents an agent is given to read.

use domain::agent::Agent;
use domain::key::Scope;
use domain::knowledge::{DOCUMENTS_MAX, Document};
use domain::{AgentId, Change, ChangeSet, DocumentId, ProjectId, Timestamp};
use jiff::SignedDuration;
use ports::tool::{ExtractError, ExtractedText};
use tokio::sync::Mutex;

use crate::error::{Error, FieldError};
use crate::{App, Ctx};

/// Most bytes of one document, as sent and as text.
const DOCUMENT_BYTES_MAX: usize = 20 * 1024 * 1024;

const NAME_CHARS_MAX: usize = 120;

/// How long a temporary document stays.
const TEMPORARY_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A document on its way in.
#[derive(Debug)]
pub struct AddDocument {
    /// The project it belongs to.
    pub project: ProjectId,
    /// The agent that reads it.
    pub agent: AgentId,
    /// The file's name: 1–120 letters, digits, spaces, `-`, `_`, `.`, `(`, `)`.
    pub name: String,
    /// Where its text comes from.
    pub source: DocumentSource,
    /// Whether it is removed after a day.
    pub temporary: bool,
}

/// Where a document's text comes from.
#[derive(Debug)]
pub enum DocumentSource {
    /// The caller sent the text.
    Text(String),
    /// The caller sent a file, whose text is taken out.
    File {
        /// The file.
        bytes: Vec<u8>,
    },
}

/// Uploads to one agent take turns, so that the bound on documents and their names holds.
#[derive(Default)]
pub(crate) struct UploadTurns([Mutex<()>; 16]);

impl UploadTurns {
    fn of(&self, agent: AgentId) -> &Mutex<()> {
        &self.0[agent.0.as_u128() as usize % self.0.len()]
    }
}

impl App {
    /// Adds a document, or replaces the text of the agent's document of this name.
    ///
    /// # Errors
    /// Name or text break a rule, the file cannot be read, the agent has its most
    /// documents, it is not there, the scope is missing, or the store failed.
    pub async fn add_document(&self, ctx: &Ctx, add: AddDocument) -> Result<Document, Error> {
        ctx.require(Scope::KnowledgeWrite)?;
        let AddDocument { project, agent, name, source, temporary } = add;
        let found = self.newest_agent(ctx, agent).await?;
        if found.project != project {
            return Err(Error::not_found(agent));
        }
        check_name(&name)?;
        let ExtractedText { kind, text } = self.text_of(&name, source).await?;
        let _turn = self.0.uploads.of(agent).lock().await;
        let store = self.store(ctx.org);
        let others = store.list_documents(agent, ctx.now).await?;
        let replaced = others.iter().find(|document| document.name == name);
        if replaced.is_none() && others.len() >= DOCUMENTS_MAX {
            let message = format!("the agent has {DOCUMENTS_MAX} documents, which is the most it may have");
            return Err(Error::Invalid(vec![FieldError::new("agent", message).code("too_many_documents")]));
        }
        let document = Document {
            id: replaced.map_or_else(|| self.fresh(), |document| document.id),
            project,
            agent,
            name,
            kind,
            text_bytes: text.len() as u64,
            expires_at: temporary.then(|| expiry(ctx.now)),
            created_at: replaced.map_or(ctx.now, |document| document.created_at),
        };
        let changes = ChangeSet::of([Change::PutDocument { document: document.clone(), text }]);
        crate::commit_in_time(&*store, changes).await?.ok_or_else(|| Error::contended("agent"))?;
        Ok(document)
    }

    /// A document, without its text.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_document(&self, ctx: &Ctx, id: DocumentId) -> Result<Document, Error> {
        ctx.require(Scope::KnowledgeRead)?;
        self.reachable_document(ctx, id).await
    }

    /// The documents of an agent, oldest first.
    ///
    /// # Errors
    /// The agent is not there, the scope is missing, or the store failed.
    pub async fn list_documents(&self, ctx: &Ctx, project: ProjectId, agent: AgentId) -> Result<Vec<Document>, Error> {
        ctx.require(Scope::KnowledgeRead)?;
        let found = self.newest_agent(ctx, agent).await?;
        if found.project != project {
            return Err(Error::not_found(agent));
        }
        Ok(self.store(ctx.org).list_documents(agent, ctx.now).await?)
    }

    /// Removes a document.
    ///
    /// # Errors
    /// As [`App::find_document`].
    pub async fn delete_document(&self, ctx: &Ctx, id: DocumentId) -> Result<(), Error> {
        ctx.require(Scope::KnowledgeWrite)?;
        self.reachable_document(ctx, id).await?;
        let changes = ChangeSet::of([Change::DeleteDocument(id)]);
        let committed = crate::commit_in_time(&*self.store(ctx.org), changes).await?;
        committed.map(|_| ()).ok_or_else(|| Error::not_found(id))
    }

    /// Copies of documents for a new agent of the same project.
    pub(crate) async fn copies(&self, ctx: &Ctx, ids: &[DocumentId], agent: &Agent) -> Result<Vec<Change>, Error> {
        let store = self.store(ctx.org);
        let unknown = |index| {
            let fault = FieldError::new(format!("contexts[{index}].id"), "is not a document of this project");
            Error::Invalid(vec![fault.code("unknown_document")])
        };
        if ids.len() > DOCUMENTS_MAX {
            return Err(Error::invalid("contexts", format!("must have at most {DOCUMENTS_MAX} entries")));
        }
        let mut copies = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let found = self.reachable_document(ctx, *id).await.map_err(|_| unknown(index))?;
            let text = store.read_document(*id).await?.filter(|_| found.project == agent.project);
            let text = text.ok_or_else(|| unknown(index))?;
            let document = Document { id: self.fresh(), agent: agent.id, created_at: ctx.now, ..found };
            copies.push(Change::PutDocument { document, text });
        }
        Ok(copies)
    }

    async fn reachable_document(&self, ctx: &Ctx, id: DocumentId) -> Result<Document, Error> {
        let found = self.store(ctx.org).find_document(id).await?;
        let living = found.filter(|document| document.expires_at.is_none_or(|end| ctx.now < end));
        let document = ctx.reach(living, |document| document.project, id)?;
        self.may_read_along(ctx, document.agent).await?;
        Ok(document)
    }

    async fn text_of(&self, name: &str, source: DocumentSource) -> Result<ExtractedText, Error> {
        let extracted = match source {
            DocumentSource::Text(text) => ExtractedText { kind: kind_of_text(name).to_owned(), text },
            DocumentSource::File { bytes } if bytes.len() > DOCUMENT_BYTES_MAX => return Err(too_large()),
            DocumentSource::File { bytes } => {
                self.ports().extractor.extract(name, bytes).await.map_err(|error| unreadable(&error))?
            }
        };
        match extracted.text.len() {
            0 => Err(Error::invalid("content", "must not be empty")),
            bytes if bytes > DOCUMENT_BYTES_MAX => Err(too_large()),
            _ => Ok(extracted),
        }
    }
}

fn too_large() -> Error {
    Error::TooLarge { what: "the document", max_bytes: DOCUMENT_BYTES_MAX as u64 }
}

fn unreadable(error: &ExtractError) -> Error {
    let code = match error {
        ExtractError::UnknownKind(_) => "unknown_kind",
        ExtractError::NoText => "no_text",
        ExtractError::Unreadable(_) => "unreadable",
    };
    Error::Invalid(vec![FieldError::new("file", error.to_string()).code(code)])
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "-_.()".contains(c);
    let chars = name.chars().count();
    if (1..=NAME_CHARS_MAX).contains(&chars) && name.chars().all(plain) && !name.trim().is_empty() {
        return Ok(());
    }
    Err(Error::invalid("name", "must have 1 to 120 letters, digits, spaces, - _ . ( or )"))
}

/// The kind of a text by its name.
fn kind_of_text(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["md", "csv", "json"].into_iter().find(|kind| extension.eq_ignore_ascii_case(kind)).unwrap_or("txt")
}

fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(TEMPORARY_FOR).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "Preise 2026 (neu).csv", "naïve_file-1.txt", &"n".repeat(120)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", " ", "a/b", "a\nb", "../x", "a\0b", "a\"b", &"n".repeat(121)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_text_is_of_the_kind_its_name_says() {
        assert_eq!(
            ["a.CSV", "b.md", "c.json", "d.txt", "e", "f.exe"].map(kind_of_text),
            ["csv", "md", "json", "txt", "txt", "txt"]
        );
    }
}

//! Knowledge: the documents that one agent is given to read, or all of an organization.

use domain::agent::Agent;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::knowledge::{DOCUMENTS_MAX, Document, ORG_DOCUMENTS_MAX, Reader};
use domain::{AgentId, Change, ChangeSet, DocumentId, ProjectId, Timestamp};
use jiff::SignedDuration;
use ports::tool::{ExtractError, ExtractedText};
use tokio::sync::Mutex;

use crate::error::{Error, FieldError};
use crate::{App, Ctx};

/// Most bytes of one document, as sent and as text.
const DOCUMENT_BYTES_MAX: usize = 20 * 1024 * 1024;

const NAME_CHARS_MAX: usize = 120;

/// Characters of the title and of the text of a document for all.
const TITLE_CHARS_MAX: usize = 255;
const ORG_TEXT_CHARS_MAX: usize = 100 << 10;

/// How long a temporary document stays.
const TEMPORARY_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A document on its way in.
#[derive(Debug)]
pub struct AddDocument {
    /// The project that the agent must be of; whichever it is of if absent.
    pub project: Option<ProjectId>,
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

/// A document for every agent of the organization, on its way in.
#[derive(Debug)]
pub struct AddOrgDocument {
    /// What it is called: 1–255 characters.
    pub title: String,
    /// The text: 1–102,400 characters.
    pub text: String,
    /// `md` or `txt`.
    pub kind: &'static str,
}

/// Uploads to one agent take turns, so that the bound on documents and their names holds.
#[derive(Default)]
pub(crate) struct UploadTurns([Mutex<()>; 16]);

impl UploadTurns {
    fn of(&self, agent: AgentId) -> &Mutex<()> {
        &self.0[agent.0.as_u128() as usize % self.0.len()]
    }

    /// Documents for all are few, and seldom added.
    fn of_organizations(&self) -> &Mutex<()> {
        &self.0[0]
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
        let project = self.reading_project(ctx, project, agent).await?;
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
            reader: Reader::Agent { project, agent },
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

    /// Adds a document that every agent of the organization reads, or replaces the text of the
    /// one of this title.
    ///
    /// # Errors
    /// Title (at `name`) or text (at `content`) break a rule, there are as many as there may
    /// be, the scope is missing, or the store failed.
    pub async fn add_org_document(&self, ctx: &Ctx, add: AddOrgDocument) -> Result<Document, Error> {
        ctx.require(Scope::KnowledgeWrite)?;
        if ctx.project.is_some() {
            return Err(Error::Forbidden { missing: None });
        }
        if let Some(Made::Document { document }) = ctx.made_before() {
            return self.reachable_document(ctx, *document).await;
        }
        let AddOrgDocument { title, text, kind } = add;
        check_org_document(&title, &text)?;
        let _turn = self.0.uploads.of_organizations().lock().await;
        let store = self.store(ctx.org);
        let others = store.list_documents_of_all().await?;
        let replaced = others.iter().find(|document| document.name == title);
        if replaced.is_none() && others.len() >= ORG_DOCUMENTS_MAX {
            let message = format!("the organization has {ORG_DOCUMENTS_MAX} documents, which is the most it may have");
            return Err(Error::Invalid(vec![FieldError::new("name", message).code("too_many_documents")]));
        }
        let document = Document {
            id: replaced.map_or_else(|| self.fresh(), |document| document.id),
            reader: Reader::Organization,
            name: title,
            kind: kind.to_owned(),
            text_bytes: text.len() as u64,
            expires_at: None,
            created_at: replaced.map_or(ctx.now, |document| document.created_at),
        };
        let ctx = ctx.making(|| Made::Document { document: document.id });
        let changes = ctx.recording(ChangeSet::of([Change::PutDocument { document: document.clone(), text }]));
        crate::commit_in_time(&*store, changes).await?.ok_or_else(|| Error::contended("organization"))?;
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

    /// The documents of an agent, oldest first. A project that is given must be the agent's.
    ///
    /// # Errors
    /// The agent is not there, the scope is missing, or the store failed.
    pub async fn list_documents(
        &self,
        ctx: &Ctx,
        project: Option<ProjectId>,
        agent: AgentId,
    ) -> Result<Vec<Document>, Error> {
        ctx.require(Scope::KnowledgeRead)?;
        self.reading_project(ctx, project, agent).await?;
        Ok(self.store(ctx.org).list_documents(agent, ctx.now).await?)
    }

    /// The documents that every agent of the organization reads, oldest first.
    ///
    /// # Errors
    /// The caller is kept to one project, the scope is missing, or the store failed.
    pub async fn list_org_documents(&self, ctx: &Ctx) -> Result<Vec<Document>, Error> {
        ctx.require_whole(Scope::KnowledgeRead)?;
        Ok(self.store(ctx.org).list_documents_of_all().await?)
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
            let is_of_project = found.reader.project() == Some(agent.project);
            let text = store.read_document(*id).await?.filter(|_| is_of_project);
            let text = text.ok_or_else(|| unknown(index))?;
            let reader = Reader::Agent { project: agent.project, agent: agent.id };
            let document = Document { id: self.fresh(), reader, created_at: ctx.now, ..found };
            copies.push(Change::PutDocument { document, text });
        }
        Ok(copies)
    }

    /// The project of an agent, which must be this one if one is given.
    async fn reading_project(&self, ctx: &Ctx, project: Option<ProjectId>, agent: AgentId) -> Result<ProjectId, Error> {
        let found = self.newest_agent(ctx, agent).await?.project;
        if project.is_none_or(|project| project == found) { Ok(found) } else { Err(Error::not_found(agent)) }
    }

    async fn reachable_document(&self, ctx: &Ctx, id: DocumentId) -> Result<Document, Error> {
        let found = self.store(ctx.org).find_document(id).await?;
        let is_there = |document: &Document| {
            let lives = document.expires_at.is_none_or(|end| ctx.now < end);
            // What is for all is beyond whoever is kept to one project.
            lives && document.reader.project().map_or(ctx.project.is_none(), |project| ctx.reaches(project))
        };
        let document = found.filter(is_there).ok_or_else(|| Error::not_found(id))?;
        if let Some(agent) = document.reader.agent() {
            self.may_read_along(ctx, agent).await?;
        }
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

fn check_org_document(title: &str, text: &str) -> Result<(), Error> {
    let chars = title.chars().count();
    if !(1..=TITLE_CHARS_MAX).contains(&chars) || title.trim().is_empty() || title.contains(char::is_control) {
        return Err(Error::invalid("name", "must have 1 to 255 characters, on one line"));
    }
    if text.trim().is_empty() || text.chars().count() > ORG_TEXT_CHARS_MAX {
        return Err(Error::invalid("content", "must have 1 to 102400 characters"));
    }
    Ok(())
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

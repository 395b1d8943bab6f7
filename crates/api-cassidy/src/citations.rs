//! The sources of an answer.

use domain::citation::{self, Source};
use serde::Serialize;
use utoipa::ToSchema;

/// A source. The marker `[[0]]` in an answer names the first of its references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Reference {
    /// What it is called.
    name: String,
    /// Where it is, if it has an address.
    #[schema(required)]
    url: Option<String>,
    /// Its id.
    id: String,
    /// What kind of source it is.
    #[serde(rename = "type")]
    #[schema(example = "document")]
    kind: &'static str,
}

/// An answer as it is shown, and the sources that its markers name.
pub(crate) fn cited(text: &str, sources: &[Source]) -> (String, Vec<Reference>) {
    let cited = citation::cite(text, sources.len());
    let reference = |place: usize| {
        let source = sources.get(place)?;
        Some(Reference { name: source.name.clone(), url: None, id: source.document.compact(), kind: "document" })
    };
    (cited.text, cited.sources.into_iter().filter_map(reference).collect())
}

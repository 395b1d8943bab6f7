//! Content blocks on the wire.

use domain::DocumentId;
use domain::citation::Source;
use domain::model::Block;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ContentBlock {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: ImageSource,
    },
    /// A document.
    Document {
        /// Where it is.
        source: DocumentSource,
        /// Its title.
        #[serde(default)]
        title: Option<String>,
        /// What the model should know about it.
        #[serde(default)]
        context: Option<String>,
    },
    /// Something that a search found; only in a tool's answer.
    SearchResult(SearchResult),
}

/// Something that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SearchResult {
    /// Where it was found.
    source: String,
    /// Its title.
    title: String,
    /// What it says.
    content: Vec<TextBlock>,
    /// Whether the model is asked to cite it.
    #[serde(default)]
    citations: Citations,
}

/// Whether something is to be cited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Citations {
    #[serde(default)]
    enabled: bool,
}

impl From<SearchResult> for Block {
    fn from(SearchResult { source, title, content, citations }: SearchResult) -> Self {
        let texts = content.into_iter().map(|TextBlock::Text { text }| text).collect();
        Block::SearchResult { source, title, texts, citations: citations.enabled }
    }
}

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ImageSource {
    /// In the request.
    Base64 { media_type: String, data: String },
    /// At an address.
    Url { url: String },
    /// An uploaded file; not served in this release.
    File { file_id: String },
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum DocumentSource {
    /// In the request.
    Base64 { media_type: String, data: String },
    /// In the request, as text.
    Text { media_type: PlainText, data: String },
    /// At an address.
    Url { url: String },
    /// An uploaded file; not served in this release.
    File { file_id: String },
}

/// The one media type of a document that is sent as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum PlainText {
    #[serde(rename = "text/plain")]
    Plain,
}

/// A block of text; where nothing else may stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum TextBlock {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
}

impl From<TextBlock> for Block {
    fn from(TextBlock::Text { text }: TextBlock) -> Self {
        Block::Text { text }
    }
}

impl From<ContentBlock> for Block {
    fn from(block: ContentBlock) -> Self {
        match block {
            ContentBlock::Text { text } => Block::Text { text },
            ContentBlock::Image { source } => Block::Image { source: json!(source) },
            ContentBlock::Document { source, title, context } => {
                Block::Document { source: json!(source), title, context }
            }
            ContentBlock::SearchResult(found) => found.into(),
        }
    }
}

/// A block as it is shown: with the sources as they were sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ContentView {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// As sent.
        #[schema(value_type = Object)]
        source: Value,
    },
    /// A document.
    Document {
        /// As sent.
        #[schema(value_type = Object)]
        source: Value,
        title: Option<String>,
        context: Option<String>,
    },
    /// Something that a search found.
    SearchResult(SearchResult),
}

impl From<&Block> for ContentView {
    fn from(block: &Block) -> Self {
        match block.clone() {
            Block::Text { text } => ContentView::Text { text },
            Block::Image { source } => ContentView::Image { source },
            Block::Document { source, title, context } => ContentView::Document { source, title, context },
            Block::SearchResult { source, title, texts, citations } => ContentView::SearchResult(SearchResult {
                source,
                title,
                content: texts.into_iter().map(|text| TextBlock::Text { text }).collect(),
                citations: Citations { enabled: citations },
            }),
        }
    }
}

/// A document that an answer may cite.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SourceView {
    #[schema(value_type = String)]
    document_id: DocumentId,
    /// Its name when the answer was written.
    name: String,
}

impl From<Source> for SourceView {
    fn from(Source { document, name }: Source) -> Self {
        Self { document_id: document, name }
    }
}

/// All of them, as they are shown.
pub(crate) fn shown(content: &[Block]) -> Vec<ContentView> {
    content.iter().map(ContentView::from).collect()
}

/// All of them, as the core knows them.
pub(crate) fn taken<B: Into<Block>>(content: Vec<B>) -> Vec<Block> {
    content.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_shown_as_it_was_sent() {
        for sent in [
            json!({"type": "text", "text": "hi"}),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}),
            json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"},
                   "title": "t", "context": null}),
            json!({"type": "search_result", "source": "https://example.com", "title": "t",
                   "content": [{"type": "text", "text": "x"}], "citations": {"enabled": true}}),
        ] {
            let block = Block::from(serde_json::from_value::<ContentBlock>(sent.clone()).unwrap());
            assert_eq!(serde_json::to_value(ContentView::from(&block)).unwrap(), sent);
        }
    }

    #[test]
    fn a_block_of_no_known_form_is_refused() {
        for wrong in [
            json!({"type": "sound"}),
            json!({"type": "text"}),
            json!({"type": "image", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}),
            json!({"type": "document", "source": {"type": "text", "media_type": "text/html", "data": "d"}}),
        ] {
            assert!(serde_json::from_value::<ContentBlock>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}

//! The output parser: the shape of an answer as Make's fields, and as the JSON Schema that
//! the core keeps and models are given.
//!
//! [`OutputParser::read`] checks a request's fields, [`OutputParser::schema`] makes the
//! schema of them, and [`shown`] makes fields of a schema again. A field type is one line in
//! each of [`FieldType`], `schema.rs` and `shown.rs`.

mod field;
mod schema;
mod shown;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use field::{Field, FieldType, Items, Shape};
pub(crate) use shown::{FieldView, OutputParserView, fields_shown, shown};

use crate::reading::At;

/// The shape a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutputParser {
    /// Plain text.
    Text,
    /// An object with these fields.
    MakeSchema(Vec<Field>),
}

impl OutputParser {
    /// Reads `{"type":"text"}` or `{"type":"make-schema","schema":[…]}`.
    pub(crate) fn read(at: &At<'_>) -> Option<Self> {
        at.object()?;
        match at.field("type").required(|at| at.text(0..=usize::MAX))? {
            "text" => Some(OutputParser::Text),
            "make-schema" => field::read_all(&at.field("schema")).map(OutputParser::MakeSchema),
            _ => {
                at.field("type").fault("must be text or make-schema");
                None
            }
        }
    }

    /// The JSON Schema of the answer; `None` for plain text.
    pub(crate) fn schema(&self) -> Option<Value> {
        match self {
            OutputParser::Text => None,
            OutputParser::MakeSchema(fields) => Some(schema::of_answer(fields)),
        }
    }
}

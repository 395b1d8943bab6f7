//! From JSON Schema back to fields, as reads show them. What Make has no field for, since
//! the agent was described elsewhere, is shown as `any`.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::FieldType;
use super::schema::COLOR;

/// The name under which the items of a list are shown: a schema has none for them.
const ITEM: &str = "item";

/// Schemas within schemas that are shown; a schema made elsewhere may hold more.
const DEPTH_MAX: usize = 10;

/// The shape of an answer: plain text, or an object with the fields in `schema`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OutputParser)]
pub(crate) struct OutputParserView {
    /// `text` or `make-schema`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The fields, with `make-schema`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    schema: Option<Vec<FieldView>>,
}

/// A field of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OutputField)]
pub(crate) struct FieldView {
    /// The property's name.
    name: String,
    /// Its type.
    #[serde(rename = "type")]
    kind: FieldType,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<String>,
    /// Whether every answer has it.
    #[schema(required = false)]
    required: bool,
    /// The fields of a collection, or what a list holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    spec: Option<SpecView>,
    /// The choices of a select.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    options: Option<Vec<OptionView>>,
}

/// One field, or several.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OutputFieldSpec)]
#[serde(untagged)]
enum SpecView {
    /// What a list holds.
    #[schema(no_recursion)]
    One(Box<FieldView>),
    /// The fields of an object.
    #[schema(no_recursion)]
    Several(Vec<FieldView>),
}

/// A choice of a select.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OutputFieldOption)]
struct OptionView {
    /// The value.
    value: String,
}

/// The output parser of an agent that answers in this schema; plain text without one.
pub(crate) fn shown(schema: Option<&Value>) -> OutputParserView {
    match schema {
        None => OutputParserView { kind: "text", schema: None },
        Some(schema) => OutputParserView { kind: "make-schema", schema: Some(fields(schema, 1)) },
    }
}

/// The fields of an object that is described by this schema.
pub(crate) fn fields_shown(schema: &Value) -> Vec<FieldView> {
    fields(schema, 1)
}

fn fields(schema: &Value, depth: usize) -> Vec<FieldView> {
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_required = |name: &str| required.iter().any(|listed| listed.as_str() == Some(name));
    properties.iter().map(|(name, schema)| field(name, is_required(name), schema, depth)).collect()
}

fn field(name: &str, required: bool, schema: &Value, depth: usize) -> FieldView {
    let kind = if depth > DEPTH_MAX { FieldType::Any } else { type_of(schema) };
    let spec = match kind {
        FieldType::Collection => Some(SpecView::Several(fields(schema, depth + 1))),
        FieldType::Array => items(schema.get("items"), depth + 1),
        _ => None,
    };
    let options = (kind == FieldType::Select).then(|| choices(schema));
    let label = schema.get("title").and_then(Value::as_str).map(str::to_owned);
    FieldView { name: name.to_owned(), kind, label, required, spec, options }
}

fn items(schema: Option<&Value>, depth: usize) -> Option<SpecView> {
    let schema = schema.filter(|schema| schema.as_object().is_some_and(|schema| !schema.is_empty()))?;
    // An object with a title of its own was described by one field, not by several.
    let several = type_of(schema) == FieldType::Collection && schema.get("title").is_none();
    Some(match several {
        true if depth <= DEPTH_MAX => SpecView::Several(fields(schema, depth)),
        _ => SpecView::One(Box::new(field(ITEM, false, schema, depth))),
    })
}

fn type_of(schema: &Value) -> FieldType {
    let word = |key| schema.get(key).and_then(Value::as_str);
    match word("type") {
        Some("string") => text_type(word("format"), word("pattern"), schema.get("enum").is_some_and(Value::is_array)),
        Some("number") => FieldType::Number,
        Some("integer") if schema.get("minimum").and_then(Value::as_i64) == Some(0) => FieldType::Uinteger,
        Some("integer") => FieldType::Integer,
        Some("boolean") => FieldType::Boolean,
        Some("array") => FieldType::Array,
        Some("object") if schema.get("additionalProperties") == Some(&Value::Bool(true)) => {
            FieldType::DynamicCollection
        }
        Some("object") => FieldType::Collection,
        _ => FieldType::Any,
    }
}

fn text_type(format: Option<&str>, pattern: Option<&str>, has_choices: bool) -> FieldType {
    match (format, pattern) {
        _ if has_choices => FieldType::Select,
        (Some("email"), _) => FieldType::Email,
        (Some("uri"), _) => FieldType::Url,
        (Some("uuid"), _) => FieldType::Uuid,
        (Some("date-time"), _) => FieldType::Date,
        (_, Some(COLOR)) => FieldType::Color,
        _ => FieldType::String,
    }
}

fn choices(schema: &Value) -> Vec<OptionView> {
    let listed = schema.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    listed.iter().filter_map(Value::as_str).map(|value| OptionView { value: value.to_owned() }).collect()
}

//! From fields to JSON Schema. The mapping follows Make's own converter for collections,
//! arrays, numbers, text-like types and select.

use serde_json::{Map, Value, json};

use super::{Field, FieldType, Items, Shape};

/// What every colour looks like.
pub(super) const COLOR: &str = "^#[0-9a-fA-F]{6}$";

/// The schema of a whole answer.
pub(super) fn of_answer(fields: &[Field]) -> Value {
    let mut schema = object(fields);
    schema.insert("additionalProperties".into(), Value::Bool(false));
    Value::Object(schema)
}

fn object(fields: &[Field]) -> Map<String, Value> {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.clone(), of_field(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema.insert("required".into(), required.into());
    schema
}

fn of_field(field: &Field) -> Value {
    let mut schema = match &field.shape {
        Shape::Plain(kind) => of_plain(*kind),
        Shape::Collection(fields) => Value::Object(object(fields)),
        Shape::Array(items) => json!({ "type": "array", "items": of_items(items) }),
        Shape::Select(choices) if choices.is_empty() => json!({ "type": "string" }),
        Shape::Select(choices) => json!({ "type": "string", "enum": choices }),
    };
    if let (Some(label), Some(schema)) = (&field.label, schema.as_object_mut()) {
        schema.insert("title".into(), label.as_str().into());
    }
    schema
}

fn of_items(items: &Items) -> Value {
    match items {
        Items::Any => json!({}),
        Items::One(field) => of_field(field),
        Items::Several(fields) => Value::Object(object(fields)),
    }
}

fn of_plain(kind: FieldType) -> Value {
    match kind {
        FieldType::String | FieldType::Text | FieldType::Select => json!({ "type": "string" }),
        FieldType::Email => json!({ "type": "string", "format": "email" }),
        FieldType::Url => json!({ "type": "string", "format": "uri" }),
        FieldType::Uuid => json!({ "type": "string", "format": "uuid" }),
        FieldType::Date => json!({ "type": "string", "format": "date-time" }),
        FieldType::Color => json!({ "type": "string", "pattern": COLOR }),
        FieldType::Number => json!({ "type": "number" }),
        FieldType::Integer => json!({ "type": "integer" }),
        FieldType::Uinteger => json!({ "type": "integer", "minimum": 0 }),
        FieldType::Boolean => json!({ "type": "boolean" }),
        FieldType::Json | FieldType::Any => json!({}),
        FieldType::Collection => Value::Object(object(&[])),
        FieldType::DynamicCollection => json!({ "type": "object", "additionalProperties": true }),
        FieldType::Array => json!({ "type": "array", "items": {} }),
    }
}

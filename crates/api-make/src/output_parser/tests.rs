use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Field, FieldType, Items, OutputParser, Shape, shown};
use crate::reading::{At, Fault, Faults};

fn read(format: &Value) -> Result<OutputParser, Vec<String>> {
    let faults = Faults::default();
    let read = OutputParser::read(&At::root(format, &faults));
    faults.unless_any(read).map_err(|faults| faults.iter().map(Fault::to_string).collect())
}

fn schema_of(fields: Value) -> Value {
    read(&json!({"type": "make-schema", "schema": fields})).unwrap().schema().unwrap()
}

/// The property that one field becomes, and the type under which it is shown again.
fn both_ways(field: Value) -> (Value, Value) {
    let schema = schema_of(json!([field]));
    let back = serde_json::to_value(shown(Some(&schema))).unwrap();
    (schema["properties"]["f"].clone(), back["schema"][0].clone())
}

#[test]
fn every_type_converts_both_ways() {
    let cases = [
        ("string", json!({"type": "string"}), "string"),
        ("text", json!({"type": "string"}), "string"),
        ("email", json!({"type": "string", "format": "email"}), "email"),
        ("url", json!({"type": "string", "format": "uri"}), "url"),
        ("uuid", json!({"type": "string", "format": "uuid"}), "uuid"),
        ("date", json!({"type": "string", "format": "date-time"}), "date"),
        ("color", json!({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}), "color"),
        ("number", json!({"type": "number"}), "number"),
        ("integer", json!({"type": "integer"}), "integer"),
        ("uinteger", json!({"type": "integer", "minimum": 0}), "uinteger"),
        ("boolean", json!({"type": "boolean"}), "boolean"),
        ("json", json!({}), "any"),
        ("any", json!({}), "any"),
        ("collection", json!({"type": "object", "properties": {}, "required": []}), "collection"),
        ("dynamicCollection", json!({"type": "object", "additionalProperties": true}), "dynamicCollection"),
        ("array", json!({"type": "array", "items": {}}), "array"),
        ("select", json!({"type": "string", "enum": ["a", "b"]}), "select"),
    ];
    assert_eq!(cases.len(), FieldType::ALL.len());
    for (kind, schema, back) in cases {
        let (property, field) = both_ways(json!({"name": "f", "type": kind, "options": ["a", {"value": "b"}, "a"]}));
        assert_eq!((property, &field["type"]), (schema, &json!(back)), "{kind}");
    }
}

#[test]
fn spec_names_what_stands_inside() {
    let several = json!({"name": "f", "type": "array", "spec": [{"name": "a", "type": "number", "required": true}]});
    let (property, field) = both_ways(several);
    let item = json!({"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]});
    assert_eq!(property, json!({"type": "array", "items": item}));
    assert_eq!(field["spec"], json!([{"name": "a", "type": "number", "required": true}]));

    let (property, field) = both_ways(json!({"name": "f", "type": "array", "spec": {"type": "email", "label": "L"}}));
    assert_eq!(property["items"], json!({"type": "string", "format": "email", "title": "L"}));
    assert_eq!(field["spec"], json!({"name": "item", "type": "email", "label": "L", "required": false}));

    let (property, _) = both_ways(json!({"name": "f", "type": "collection", "spec": {"name": "a", "type": "boolean"}}));
    assert_eq!(property["properties"], json!({"a": {"type": "boolean"}}));

    let (property, _) = both_ways(json!({"name": "f", "type": "array", "spec": {"type": "of another world"}}));
    assert_eq!(property["items"], json!({}), "an unknown type inside is any");
}

#[test]
fn the_answer_is_a_closed_object_in_the_fields_order() {
    let schema = schema_of(json!([
        {"name": "z", "type": "text", "label": "Last", "required": true},
        {"name": "a", "type": "uinteger"},
    ]));
    assert_eq!(
        schema.to_string(),
        r#"{"type":"object","properties":{"z":{"type":"string","title":"Last"},"a":{"type":"integer","minimum":0}},"required":["z"],"additionalProperties":false}"#
    );
    let back = serde_json::to_string(&shown(Some(&schema))).unwrap();
    assert_eq!(
        back,
        r#"{"type":"make-schema","schema":[{"name":"z","type":"string","label":"Last","required":true},{"name":"a","type":"uinteger","required":false}]}"#
    );
    assert_eq!(serde_json::to_value(shown(None)).unwrap(), json!({"type": "text"}));
}

#[test]
fn what_is_wrong_is_named_with_its_path() {
    let field = |rest: Value| json!({"type": "make-schema", "schema": [rest]});
    let eleven: Vec<Value> = (0..11).map(|n| json!({"name": format!("n{n}"), "type": "any"})).collect();
    let many: Vec<Value> = (0..201).map(|n| json!({"name": format!("n{n}"), "type": "any"})).collect();
    let cases = [
        (json!([]), "body: must be an object"),
        (json!({}), "type: required"),
        (json!({"type": "xml"}), "type: must be text or make-schema"),
        (json!({"type": "make-schema"}), "schema: required"),
        (json!({"type": "make-schema", "schema": []}), "schema: must not be empty"),
        (json!({"type": "make-schema", "schema": many}), "schema: must have at most 200 entries"),
        (field(json!({"type": "text"})), "schema[0].name: required"),
        (field(json!({"name": "", "type": "text"})), "schema[0].name: must not be empty"),
        (field(json!({"name": "f"})), "schema[0].type: required"),
        (field(json!({"name": "f", "type": "f"})), "schema[0].type: must be one of string, text,"),
        (field(json!({"name": "f", "type": "text", "required": "yes"})), "schema[0].required: must be true or false"),
        (field(json!({"name": "f", "type": "select", "options": [{}]})), "schema[0].options[0].value: required"),
        (field(json!({"name": "f", "type": "array", "spec": eleven})), "schema[0].spec: must have at most 10 entries"),
        (field(json!({"name": "f", "type": "array", "spec": 7})), "schema[0].spec: must be a field or an array of"),
        (
            field(
                json!({"name": "f", "type": "collection", "spec": [{"name": "a", "type": "any"}, {"name": "a", "type": "any"}]}),
            ),
            "schema[0].spec[1].name: \"a\" is used twice",
        ),
        (field(json!({"name": "f", "type": "collection", "spec": {"type": "any"}})), "schema[0].spec.name: required"),
    ];
    for (format, expected) in cases {
        let faults = read(&format).unwrap_err();
        assert!(faults.len() == 1 && faults[0].starts_with(expected), "{format}: {faults:?}");
    }
}

#[test]
fn nesting_and_number_are_bounded() {
    let nested = |depth: usize| {
        let innermost = json!({"name": "f", "type": "text"});
        (1..depth).fold(innermost, |inner, _| json!({"name": "f", "type": "collection", "spec": inner}))
    };
    let format = |field: Value| json!({"type": "make-schema", "schema": [field]});
    assert!(read(&format(nested(10))).is_ok());
    let faults = read(&format(nested(11))).unwrap_err();
    assert!(faults[0].ends_with("must not be nested more than 10 deep"), "{faults:?}");

    let ten = |inner: &dyn Fn(usize) -> Value| (0..10).map(inner).collect::<Vec<_>>();
    let leaf = |n: usize| json!({"name": format!("n{n}"), "type": "any"});
    let wide = |n: usize| json!({"name": format!("n{n}"), "type": "collection", "spec": ten(&leaf)});
    let field = json!({"name": "f", "type": "collection", "spec": ten(&wide)});
    assert!(read(&format(field.clone())).is_ok(), "111 fields");
    let faults =
        read(&json!({"type": "make-schema", "schema": [field, {"name": "g", "type": "array", "spec": ten(&wide)}]}));
    assert_eq!(faults.unwrap_err(), ["schema: must have at most 200 fields in all"]);
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    let plain = prop::sample::select(FieldType::ALL).prop_filter_map("shaped", |kind| match kind {
        FieldType::Collection | FieldType::Array | FieldType::Select => None,
        plain => Some(Shape::Plain(plain)),
    });
    let select =
        prop::collection::btree_set("[a-z]{1,4}", 0..4).prop_map(|all| Shape::Select(all.into_iter().collect()));
    prop::collection::vec(named(prop_oneof![plain, select].boxed(), 3), 1..5).prop_map(distinct)
}

fn named(shape: BoxedStrategy<Shape>, depth: u32) -> BoxedStrategy<Field> {
    let field = |shape: BoxedStrategy<Shape>| {
        (".{1,8}", prop::option::of(".{0,8}"), any::<bool>(), shape)
            .prop_map(|(name, label, required, shape)| Field { name, label, required, shape })
            .boxed()
    };
    if depth == 0 {
        return field(shape);
    }
    let inner = named(shape.clone(), depth - 1);
    let several = prop::collection::vec(inner.clone(), 1..4).prop_map(distinct);
    let shape = prop_oneof![
        shape,
        several.clone().prop_map(Shape::Collection),
        several.prop_map(|fields| Shape::Array(Items::Several(fields))),
        inner.prop_map(|field| Shape::Array(Items::One(Box::new(field)))),
        Just(Shape::Array(Items::Any)),
    ];
    field(shape.boxed())
}

fn distinct(fields: Vec<Field>) -> Vec<Field> {
    let number = |(index, field): (usize, Field)| Field { name: format!("{index}{}", field.name), ..field };
    fields.into_iter().enumerate().map(number).collect()
}

proptest! {
    /// What is shown can be sent back, and asks for the same answers.
    #[test]
    fn what_is_shown_means_the_same(fields in fields()) {
        let schema = OutputParser::MakeSchema(fields).schema().unwrap();
        let shown = serde_json::to_value(shown(Some(&schema))).unwrap();
        let again = read(&shown);
        prop_assert!(again.is_ok(), "{again:?}");
        prop_assert_eq!(again.unwrap().schema().unwrap().to_string(), schema.to_string());
    }

    #[test]
    fn schemas_can_be_used(fields in fields()) {
        let schema = OutputParser::MakeSchema(fields).schema().unwrap();
        prop_assert!(domain::output::Schema::new(&schema).is_ok());
    }

    /// Schemas made elsewhere are shown without a panic, and what is shown can be sent back
    /// unless a name of theirs is too long.
    #[test]
    fn any_schema_is_shown(text in "\\PC{0,60}", kind in prop::sample::select(&["object", "array", "string", "x"])) {
        let schema = json!({"type": kind, "properties": {text.clone(): {"type": kind, "items": {"type": kind}}}, "required": [7, text]});
        let shown = serde_json::to_value(shown(Some(&schema))).unwrap();
        prop_assert_eq!(shown["type"].as_str(), Some("make-schema"));
    }
}

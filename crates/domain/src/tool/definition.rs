//! Whether a tool can be offered and called as it is written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{HttpTool, UrlTemplate};
use crate::output::Schema;

/// The methods a tool may use.
pub const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

const NAME_MAX: usize = 128;
const DESCRIPTION_MAX: usize = 4096;
const URL_MAX: usize = 2048;
const HEADERS_MAX: usize = 50;
const HEADER_BYTES_MAX: usize = 8192;
const SCHEMA_BYTES_MAX: usize = 64 << 10;
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=600_000;

/// Headers the client sets itself.
const RESERVED_HEADERS: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "idempotency-key",
];

/// What is wrong with one field of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Which field: `input_schema.type`.
    pub field: String,
    /// What it must be.
    pub message: String,
}

impl Flaw {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// What is wrong with an HTTP tool; empty if it can be called. Whether its address may be
/// called is not known here, and the values of its headers are secrets (see
/// [`header_value_fault`]).
pub fn flaws(tool: &HttpTool) -> Vec<Flaw> {
    let mut flaws = offer_flaws(&tool.name, &tool.description, &tool.input_schema);
    if !METHODS.contains(&tool.method.as_str()) {
        flaws.push(Flaw::new("method", format!("must be one of {}", METHODS.join(", "))));
    }
    if !TIMEOUT_MS.contains(&tool.timeout_ms) {
        let (least, most) = TIMEOUT_MS.into_inner();
        flaws.push(Flaw::new("timeout_ms", format!("must be from {least} to {most}")));
    }
    flaws.extend(url_flaws(tool));
    flaws.extend(header_flaws(tool));
    flaws
}

/// What is wrong with what a model is told of a tool, whoever runs it.
pub fn offer_flaws(name: &str, description: &str, input_schema: &Value) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !plain || !(1..=NAME_MAX).contains(&name.len()) {
        flaws.push(Flaw::new("name", format!("must have 1 to {NAME_MAX} letters, digits, _ or -")));
    }
    if description.trim().is_empty() {
        flaws.push(Flaw::new("description", "must say what the tool does: the model reads it"));
    } else if description.chars().count() > DESCRIPTION_MAX {
        flaws.push(Flaw::new("description", format!("must have at most {DESCRIPTION_MAX} characters")));
    }
    flaws.extend(schema_flaw(input_schema));
    flaws
}

fn schema_flaw(schema: &Value) -> Option<Flaw> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Some(Flaw::new("input_schema.type", "must be object"));
    }
    let message = if schema.to_string().len() > SCHEMA_BYTES_MAX {
        format!("must have at most {SCHEMA_BYTES_MAX} bytes")
    } else if let Some(place) = remote_reference(schema) {
        format!("`$ref` must stay within the schema (`#/…`), not lead to `{place}`")
    } else {
        Schema::new(schema).err()?.to_string()
    };
    Some(Flaw::new("input_schema", message))
}

/// A reference that leaves the document, wherever it stands.
fn remote_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| match (key.as_str(), value) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(place)) if !place.starts_with('#') => {
                Some(place.as_str())
            }
            (_, value) => remote_reference(value),
        }),
        Value::Array(items) => items.iter().find_map(remote_reference),
        _ => None,
    }
}

fn url_flaws(tool: &HttpTool) -> Vec<Flaw> {
    if tool.url.len() > URL_MAX {
        return vec![Flaw::new("url", format!("must have at most {URL_MAX} bytes"))];
    }
    let template = match UrlTemplate::parse(&tool.url) {
        Ok(template) => template,
        Err(message) => return vec![Flaw::new("url", message)],
    };
    if schema_flaw(&tool.input_schema).is_some() {
        return Vec::new();
    }
    let properties = tool.input_schema.get("properties");
    let unknown = |name: &&str| properties.is_none_or(|all| all.get(name).is_none());
    let names: BTreeSet<&str> = template.names().filter(unknown).collect();
    let message = |name| format!("`{{{name}}}` is not among the properties of input_schema");
    names.into_iter().map(|name| Flaw::new("url", message(name))).collect()
}

fn header_flaws(tool: &HttpTool) -> Vec<Flaw> {
    if tool.headers.len() > HEADERS_MAX {
        return vec![Flaw::new("headers", format!("must be at most {HEADERS_MAX}"))];
    }
    let flaw = |name: &String| {
        let message = if !is_header_name(name) {
            "is no name for a header"
        } else if RESERVED_HEADERS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            "is set by Sortie; leave it out"
        } else {
            return None;
        };
        Some(Flaw::new(format!("headers.{name}"), message))
    };
    tool.headers.keys().filter_map(flaw).collect()
}

/// A token of RFC 9110, section 5.6.2.
fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

/// What is wrong with a header's value, if anything. Asked before it is sealed.
pub fn header_value_fault(value: &str) -> Option<String> {
    if value.len() > HEADER_BYTES_MAX {
        return Some(format!("must have at most {HEADER_BYTES_MAX} bytes"));
    }
    let printable = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    (!printable).then(|| "must be printable ASCII characters".to_owned())
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::json;

    use super::*;
    use crate::secret::Secret;
    use crate::tool::Effect;

    fn tool() -> HttpTool {
        HttpTool {
            name: "find_user".to_owned(),
            description: "Finds a user.".to_owned(),
            input_schema: json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}),
            method: "GET".to_owned(),
            url: "https://a.test/users/{id}".to_owned(),
            headers: IndexMap::from([("Authorization".to_owned(), Secret::Kept)]),
            timeout_ms: HttpTool::DEFAULT_TIMEOUT_MS,
            effect: Effect::Read,
        }
    }

    /// The fields that are complained about once the tool is changed so.
    fn wrong(change: impl FnOnce(&mut HttpTool)) -> Vec<String> {
        let mut tool = tool();
        change(&mut tool);
        flaws(&tool).into_iter().map(|flaw| flaw.field).collect()
    }

    #[test]
    fn each_field_is_checked() {
        assert_eq!(flaws(&tool()), []);
        assert_eq!(wrong(|tool| tool.name = "two words".to_owned()), ["name"]);
        assert_eq!(wrong(|tool| tool.name = String::new()), ["name"]);
        assert_eq!(wrong(|tool| tool.name = "x".repeat(129)), ["name"]);
        assert_eq!(wrong(|tool| tool.description = " ".to_owned()), ["description"]);
        assert_eq!(wrong(|tool| tool.description = "ä".repeat(4097)), ["description"]);
        assert_eq!(wrong(|tool| tool.method = "get".to_owned()), ["method"]);
        assert_eq!(wrong(|tool| tool.method = "CONNECT".to_owned()), ["method"]);
        assert_eq!(wrong(|tool| tool.url = "https://{id}/".to_owned()), ["url"]);
        assert_eq!(wrong(|tool| tool.url = "https://a.test/{other}".to_owned()), ["url"]);
        assert_eq!(wrong(|tool| tool.url = "x".repeat(3000)), ["url"]);
        assert_eq!(wrong(|tool| tool.timeout_ms = 99), ["timeout_ms"]);
        assert_eq!(wrong(|tool| tool.timeout_ms = 600_001), ["timeout_ms"]);
        assert_eq!(
            wrong(|tool| {
                tool.name = "?".to_owned();
                tool.timeout_ms = 0;
            }),
            ["name", "timeout_ms"]
        );
    }

    #[test]
    fn schemas_are_objects_and_refer_to_nobody() {
        let with = |schema: Value| wrong(|tool| tool.input_schema = schema);
        assert_eq!(with(json!({"type": "string"})), ["input_schema.type"]);
        assert_eq!(with(json!("object")), ["input_schema.type"]);
        assert_eq!(with(json!({"type": "object", "properties": 7})), ["input_schema"]);
        for place in ["http://a.test/s.json", "other.json", "file:///etc/passwd"] {
            let nested = json!({"type": "object", "properties": {"id": {"items": [{"$ref": place}]}}});
            assert_eq!(with(nested), ["input_schema"], "{place}");
        }
        let within = json!({
            "type": "object",
            "properties": {"id": {"$ref": "#/$defs/id"}},
            "$defs": {"id": {"type": "integer"}},
        });
        assert_eq!(with(within), Vec::<String>::new());
    }

    #[test]
    fn headers_are_well_formed_and_not_ours() {
        let with = |name: &str| {
            wrong(|tool| {
                tool.headers.insert(name.to_owned(), Secret::Kept);
            })
        };
        assert_eq!(with("X-Mine"), Vec::<String>::new());
        assert_eq!(with("two words"), ["headers.two words"]);
        assert_eq!(with(""), ["headers."]);
        assert_eq!(with("Host"), ["headers.Host"]);
        assert_eq!(with("Idempotency-Key"), ["headers.Idempotency-Key"]);
        for value in ["a\r\nHost: b", "zwölf", Secret::MASK, &"x".repeat(8193)] {
            assert!(header_value_fault(value).is_some(), "{value}");
        }
        assert_eq!(header_value_fault("Bearer x\ty~"), None);
    }
}

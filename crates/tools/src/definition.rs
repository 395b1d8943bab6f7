//! Whether an HTTP tool can be called as it is written.

use std::collections::HashSet;

use domain::output::Schema;
use domain::tool::HttpTool;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::template::UrlTemplate;

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

/// What is wrong with a tool: the path of each field, and what it must be. Empty if it can
/// be called. Whether its address is allowed is the guarded client's affair
/// ([`HttpTools::check`](crate::HttpTools::check) asks both).
pub fn check(tool: &HttpTool) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let mut complain = |path: &str, message: String| wrong.push((path.to_owned(), message));

    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if tool.name.is_empty() || tool.name.len() > NAME_MAX || !tool.name.chars().all(is_plain) {
        let message = format!("must be 1 to {NAME_MAX} letters, digits, `_` or `-`");
        complain("name", message);
    }
    if tool.description.trim().is_empty() {
        complain("description", "must say what the tool does: the model reads it".to_owned());
    } else if tool.description.chars().count() > DESCRIPTION_MAX {
        complain("description", format!("must be at most {DESCRIPTION_MAX} characters"));
    }
    if !METHODS.contains(&tool.method.as_str()) {
        complain("method", format!("must be one of {}", METHODS.join(", ")));
    }
    if !TIMEOUT_MS.contains(&tool.timeout_ms) {
        let (least, most) = TIMEOUT_MS.into_inner();
        complain("timeout_ms", format!("must be from {least} to {most}"));
    }
    let schema = check_schema(&tool.input_schema);
    if let Err(message) = &schema {
        complain("input_schema", message.clone());
    }
    match check_url(&tool.url) {
        Err(message) => complain("url", message),
        Ok(names) => {
            let known =
                |name: &str| tool.input_schema.pointer("/properties").is_some_and(|all| all.get(name).is_some());
            for name in names.into_iter().filter(|name| schema.is_ok() && !known(name)) {
                complain("url", format!("`{{{name}}}` is not among the properties of input_schema"));
            }
        }
    }
    wrong.extend(check_headers(tool));
    wrong
}

fn check_url(url: &str) -> Result<HashSet<&str>, String> {
    if url.len() > URL_MAX {
        return Err(format!("must be at most {URL_MAX} bytes"));
    }
    Ok(UrlTemplate::parse(url)?.names().collect())
}

fn check_schema(schema: &Value) -> Result<(), String> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err("must be a JSON Schema with `\"type\": \"object\"`".to_owned());
    }
    if schema.to_string().len() > SCHEMA_BYTES_MAX {
        return Err(format!("must be at most {SCHEMA_BYTES_MAX} bytes"));
    }
    if let Some(place) = remote_reference(schema) {
        return Err(format!("`$ref` must stay within the schema (`#/…`), not lead to `{place}`"));
    }
    Schema::new(schema).map(drop).map_err(|error| error.to_string())
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

fn check_headers(tool: &HttpTool) -> Vec<(String, String)> {
    if tool.headers.len() > HEADERS_MAX {
        return vec![("headers".to_owned(), format!("must be at most {HEADERS_MAX}"))];
    }
    let wrong = tool.headers.iter().filter_map(|(name, value)| {
        let message = match name.parse::<HeaderName>() {
            Err(_) => "is no name for a header".to_owned(),
            Ok(name) if RESERVED_HEADERS.contains(&name.as_str()) => "is set by Sortie; leave it out".to_owned(),
            Ok(_) if value.len() > HEADER_BYTES_MAX => format!("must be at most {HEADER_BYTES_MAX} bytes"),
            Ok(_) if HeaderValue::from_str(value).is_err() => "holds characters that no header may".to_owned(),
            Ok(_) => return None,
        };
        Some((format!("headers.{name}"), message))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use domain::tool::Effect;
    use serde_json::json;

    use super::*;

    fn tool() -> HttpTool {
        HttpTool {
            name: "find_user".to_owned(),
            description: "Finds a user.".to_owned(),
            input_schema: json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}),
            method: "GET".to_owned(),
            url: "https://a.test/users/{id}".to_owned(),
            headers: [("Authorization".to_owned(), "Bearer x".to_owned())].into_iter().collect(),
            timeout_ms: HttpTool::DEFAULT_TIMEOUT_MS,
            effect: Effect::Read,
        }
    }

    /// The paths that are complained about once the tool is changed so.
    fn wrong(change: impl FnOnce(&mut HttpTool)) -> Vec<String> {
        let mut tool = tool();
        change(&mut tool);
        check(&tool).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn each_field_is_checked() {
        assert_eq!(check(&tool()), []);
        assert_eq!(wrong(|tool| tool.name = "two words".to_owned()), ["name"]);
        assert_eq!(wrong(|tool| tool.name = String::new()), ["name"]);
        assert_eq!(wrong(|tool| tool.name = "x".repeat(129)), ["name"]);
        assert_eq!(wrong(|tool| tool.description = " ".to_owned()), ["description"]);
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
        assert_eq!(with(json!({"type": "string"})), ["input_schema"]);
        assert_eq!(with(json!("object")), ["input_schema"]);
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
        let with = |name: &str, value: &str| {
            wrong(|tool| {
                tool.headers.insert(name.to_owned(), value.to_owned());
            })
        };
        assert_eq!(with("X-Mine", "yes"), Vec::<String>::new());
        assert_eq!(with("two words", "x"), ["headers.two words"]);
        assert_eq!(with("X-Mine", "a\r\nHost: b"), ["headers.X-Mine"]);
        assert_eq!(with("Host", "b"), ["headers.Host"]);
        assert_eq!(with("Idempotency-Key", "b"), ["headers.Idempotency-Key"]);
    }
}

//! Structured answers: whether a text is the JSON value that a schema asks for.

use serde_json::Value;

/// Faults that are told of at once.
const FAULTS_TOLD: usize = 5;

/// A schema is sent with each model call and compiled for each run.
const BYTES_MAX: usize = 256 << 10;

/// How deep objects and lists may lie in each other in a schema.
const LEVELS_MAX: usize = 64;

/// What is wrong with a schema before anybody looks at what it says: that it is too large or
/// too deep.
pub fn bounds_flaw(schema: &Value) -> Option<&'static str> {
    if levels_exceed(schema, LEVELS_MAX) {
        return Some("must have at most 64 levels");
    }
    let bytes = serde_json::to_vec(schema).map_or(usize::MAX, |json| json.len());
    (bytes > BYTES_MAX).then_some("must have at most 256 KiB")
}

fn levels_exceed(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|inner| levels_exceed(inner, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|inner| levels_exceed(inner, levels - 1)),
        _ => false,
    }
}

/// A JSON Schema made ready for checking. Remote references are never followed.
#[derive(Debug)]
pub struct Schema(jsonschema::Validator);

/// A schema that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a usable JSON schema: {0}")]
pub struct BadSchema(pub String);

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// [`BadSchema`] if it is not valid JSON Schema or refers to another document.
    pub fn new(schema: &Value) -> Result<Self, BadSchema> {
        jsonschema::options().build(schema).map(Self).map_err(|error| BadSchema(error.to_string()))
    }

    /// Checks a value.
    ///
    /// # Errors
    /// What is wrong and where, one line per fault, at most five.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let faults: Vec<String> = self.0.iter_errors(value).take(FAULTS_TOLD).map(told).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    /// Checks a value some places of which (JSON pointers) are yet to be filled: whatever will
    /// stand there, what is told of is wrong.
    ///
    /// # Errors
    /// As [`Schema::check`].
    pub fn check_around(&self, value: &Value, places: &[String]) -> Result<(), String> {
        let is_certain = |error: &jsonschema::ValidationError<'_>| {
            let (at, rule) = (error.instance_path().as_str(), error.schema_path().as_str());
            let holds = |outer: &str, inner: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let is_open = places.iter().any(|place| holds(place, at));
            let has_open = places.iter().any(|place| holds(at, place));
            // Of what has open places in it, only its names are known.
            let concerns_names = ["/required", "/additionalProperties"].iter().any(|end| rule.ends_with(end));
            // What will stand there may decide whether the rule applies at all.
            let applies = places.is_empty() || !hangs_on_a_condition(error.evaluation_path().as_str());
            applies && !is_open && (!has_open || concerns_names)
        };
        let faults = self.0.iter_errors(value).filter(is_certain).take(FAULTS_TOLD).map(told);
        let faults: Vec<String> = faults.collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    /// Reads a model's answer as JSON that fits the schema. A Markdown code fence around
    /// the whole answer is forgiven, since small models cannot leave it out.
    ///
    /// # Errors
    /// What the model should be told.
    pub fn read(&self, answer: &str) -> Result<Value, String> {
        let value: Value = serde_json::from_str(unfenced(answer)).map_err(|error| format!("not JSON: {error}"))?;
        self.check(&value).map(|()| value)
    }
}

/// Whether a rule applies only to values that meet another one, by its path in the schema.
fn hangs_on_a_condition(path: &str) -> bool {
    let mut steps = path.split('/').skip(1);
    while let Some(step) = steps.next() {
        match step {
            "then" | "else" | "dependentSchemas" | "dependencies" => return true,
            // What follows is a name, whatever it is.
            "properties" | "patternProperties" | "$defs" | "definitions" => {
                steps.next();
            }
            _ => {}
        }
    }
    false
}

fn told(error: jsonschema::ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => error.to_string(),
        path => format!("{path}: {error}"),
    }
}

/// The answer without a code fence around it.
pub fn unfenced(answer: &str) -> &str {
    let trimmed = answer.trim();
    let inner = trimmed.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inner {
        Some(inner) => inner.strip_prefix("json").unwrap_or(inner).trim(),
        None => trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_read_with_or_without_a_fence() {
        let schema = Schema::new(&json!({"type": "object", "required": ["n"]})).unwrap();
        assert_eq!(schema.read(" {\"n\": 1}\n"), Ok(json!({"n": 1})));
        assert_eq!(schema.read("```json\n{\"n\": 1}\n```"), Ok(json!({"n": 1})));
        assert!(schema.read("{}").unwrap_err().contains("\"n\""));
        assert!(schema.read("no").unwrap_err().starts_with("not JSON"));
    }

    #[test]
    fn a_rule_that_may_not_apply_in_the_end_is_no_fault_yet() {
        let (named, strict) = (json!({ "required": ["name"] }), json!({ "additionalProperties": false }));
        let is_text = json!({ "properties": { "to": { "type": "string" } } });
        let value = json!({ "to": "{environment}", "target": {} });
        let places = ["/to".to_owned()];
        for schema in [
            json!({ "if": is_text, "then": named }),
            json!({ "if": { "not": is_text }, "else": strict }),
            json!({ "if": is_text, "then": { "properties": { "target": named } } }),
            json!({ "$defs": { "named": named }, "if": is_text, "then": { "$ref": "#/$defs/named" } }),
            json!({ "allOf": [{ "dependentSchemas": { "to": named } }] }),
        ] {
            let checked = Schema::new(&schema).unwrap();
            assert!(checked.check(&value).is_err() && checked.check_around(&value, &[]).is_err(), "{schema}");
            assert_eq!(checked.check_around(&value, &places), Ok(()), "{schema}");
        }
        let certain = Schema::new(&json!({ "properties": { "then": named } })).unwrap();
        assert!(certain.check_around(&json!({ "to": "{commit}", "then": {} }), &places).is_err(), "that is a name");
    }

    #[test]
    fn a_schema_has_bounds() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!([inner]));
        assert_eq!(bounds_flaw(&nested(64)), None);
        assert!(bounds_flaw(&nested(65)).is_some_and(|flaw| flaw.contains("levels")));
        assert!(bounds_flaw(&json!({ "title": "t".repeat(256 << 10) })).is_some_and(|flaw| flaw.contains("256 KiB")));
    }

    #[test]
    fn a_schema_that_points_elsewhere_is_refused() {
        assert!(Schema::new(&json!({"$ref": "http://localhost:1/schema.json"})).is_err());
        assert!(Schema::new(&json!({"type": 7})).is_err());
    }
}

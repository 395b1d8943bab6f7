//! Places in a fixed input that a rollout fills: `{commit}` stands for the rollout's commit.
//!
//! Only values are filled in, never names, and a value stays a value: whatever a pipeline
//! reports, it becomes one JSON value, or a part of one string.

use serde_json::Value;

use crate::rollout::Rollout;

/// Most places in one input.
const PLACES_MAX: usize = 50;

/// What can stand in braces, besides `metadata.NAME`.
const FIELDS: [&str; 9] =
    ["commit", "environment", "external_url", "ref", "rollout", "run_id", "run_url", "status", "workflow_id"];

const METADATA: &str = "metadata.";
const METADATA_NAME_CHARS_MAX: usize = 100;

/// A piece of a string.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

/// What is wrong with the places of an input, if anything.
pub(super) fn fault(input: &Value) -> Option<String> {
    let mut places = 0;
    let mut wrong = None;
    each_string(input, String::new(), &mut |_, text| match pieces(text) {
        Ok(pieces) => places += pieces.iter().filter(|piece| matches!(piece, Piece::Field(_))).count(),
        Err(why) => wrong = wrong.take().or(Some(why)),
    });
    wrong.or_else(|| (places > PLACES_MAX).then(|| format!("must have at most {PLACES_MAX} placeholders")))
}

/// Where values are filled in, as JSON pointers.
pub(super) fn places(input: &Value) -> Vec<String> {
    let mut places = Vec::new();
    each_string(input, String::new(), &mut |pointer, text| {
        if pieces(text).is_ok_and(|pieces| pieces.iter().any(|piece| matches!(piece, Piece::Field(_)))) {
            places.push(pointer.to_owned());
        }
    });
    places
}

/// The input with the rollout's values in its places. A string that is nothing but a place
/// becomes the value itself, null if there is none; within a longer one there must be a value,
/// and one that can be written in a line.
pub(super) fn fill(input: &Value, rollout: &Rollout) -> Result<Value, String> {
    match input {
        Value::String(text) => fill_text(text, rollout),
        Value::Array(items) => items.iter().map(|item| fill(item, rollout)).collect::<Result<_, _>>().map(Value::Array),
        Value::Object(fields) => {
            let filled = fields.iter().map(|(name, value)| Ok((name.clone(), fill(value, rollout)?)));
            filled.collect::<Result<_, String>>().map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

fn fill_text(text: &str, rollout: &Rollout) -> Result<Value, String> {
    let pieces = pieces(text)?;
    if let [Piece::Field(name)] = pieces.as_slice() {
        return Ok(value_of(name, rollout));
    }
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Field(name) => match value_of(name, rollout) {
                Value::String(value) => filled.push_str(&value),
                value @ (Value::Number(_) | Value::Bool(_)) => filled.push_str(&value.to_string()),
                Value::Null => return Err(format!("the rollout was reported without {name}")),
                Value::Array(_) | Value::Object(_) => return Err(format!("{name} of the rollout is no text")),
            },
        }
    }
    Ok(Value::String(filled))
}

fn value_of(name: &str, rollout: &Rollout) -> Value {
    let details = &rollout.details;
    let text = |field: &Option<String>| field.clone().map_or(Value::Null, Value::String);
    let metadata = |name: &str| details.metadata.get(name).cloned().unwrap_or(Value::Null);
    match name {
        "commit" => text(&details.commit),
        "environment" => metadata("environment"),
        "external_url" => text(&details.external_url),
        "ref" => text(&details.git_ref),
        "rollout" => Value::String(rollout.id.to_string()),
        "run_id" => text(&details.run_id),
        "run_url" => text(&details.run_url),
        "status" => Value::String(rollout.status.as_str().to_owned()),
        "workflow_id" => text(&details.workflow_id),
        other => other.strip_prefix(METADATA).map_or(Value::Null, metadata),
    }
}

/// A string in its pieces. `{{` and `}}` are braces.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from_brace) = rest.split_at(at);
        if from_brace.starts_with("{{") || from_brace.starts_with("}}") {
            pieces.push(Piece::Text(&rest[..=at]));
            rest = &from_brace[2..];
            continue;
        }
        let inside = from_brace.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let Some((name, behind)) = inside else {
            return Err(format!("has a brace that stands alone in {text:?}: double it if it is meant"));
        };
        if !is_field(name) {
            let known = FIELDS.join(", ");
            return Err(format!("has no meaning for {{{name}}}: a rollout has {known} and metadata.NAME"));
        }
        pieces.extend((!before.is_empty()).then_some(Piece::Text(before)));
        pieces.push(Piece::Field(name));
        rest = behind;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Text(rest)));
    Ok(pieces)
}

fn is_field(name: &str) -> bool {
    let is_named = |name: &str| (1..=METADATA_NAME_CHARS_MAX).contains(&name.chars().count());
    FIELDS.contains(&name) || name.strip_prefix(METADATA).is_some_and(is_named)
}

/// Shows each string that is a value, with the JSON pointer to it.
fn each_string(value: &Value, pointer: String, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(&pointer, text),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| each_string(item, format!("{pointer}/{index}"), see));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, item)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            each_string(item, format!("{pointer}/{name}"), see);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::watch::tests::rollout;
    use proptest::prelude::*;
    use serde_json::json;

    fn reported() -> Rollout {
        let mut rollout = rollout(crate::rollout::RolloutStatus::Running);
        rollout.details.commit = Some("4f2c1e0".into());
        rollout.details.metadata =
            json!({ "environment": "production", "replicas": 3, "hosts": ["a"] }).as_object().cloned().unwrap();
        rollout
    }

    #[test]
    fn a_place_becomes_the_rollouts_value() {
        for (input, filled) in [
            (json!("{commit}"), json!("4f2c1e0")),
            (json!("back from {commit} in {environment}"), json!("back from 4f2c1e0 in production")),
            (json!("{ref}"), Value::Null),
            (json!("{metadata.replicas}"), json!(3)),
            (json!("{metadata.replicas} of them"), json!("3 of them")),
            (json!("{metadata.hosts}"), json!(["a"])),
            (json!("{{commit}} {status}"), json!("{commit} running")),
            (json!("{{{commit}}}"), json!("{4f2c1e0}")),
            (json!({ "{commit}": ["{commit}", 1, true, null] }), json!({ "{commit}": ["4f2c1e0", 1, true, null] })),
        ] {
            assert_eq!(fault(&input), None, "{input}");
            assert_eq!(fill(&input, &reported()), Ok(filled), "{input}");
        }
    }

    #[test]
    fn what_cannot_be_filled_is_said() {
        for input in ["to {ref}", "to {metadata.hosts}"] {
            assert!(fill(&json!(input), &reported()).is_err(), "{input}");
        }
        for wrong in ["{", "}", "{comit}", "a { b", "{metadata.}", "{}"] {
            assert!(fault(&json!({ "a": [wrong] })).is_some(), "{wrong}");
        }
        assert!(fault(&json!(vec!["{commit}"; 51])).is_some());
    }

    #[test]
    fn places_are_told_by_their_pointers() {
        let input = json!({ "a/b": ["x", "{commit}"], "c": { "d": "to {ref}", "e": "{{" } });
        assert_eq!(places(&input), ["/a~1b/1", "/c/d"]);
    }

    proptest! {
        /// Whatever is reported is one value or a part of one string: the shape stays.
        #[test]
        fn what_is_reported_changes_no_shape(commit: String, text in "[a-z{}]{0,12}") {
            let mut rollout = reported();
            rollout.details.commit = Some(commit.clone());
            let input = json!({ "one": "{commit}", "more": "at {commit}.", "free": text });
            if fault(&input).is_none() {
                let filled = fill(&input, &rollout).unwrap_or_default();
                if let Some(fields) = filled.as_object() {
                    prop_assert_eq!(fields.len(), 3);
                    prop_assert_eq!(fields["one"].as_str(), Some(commit.as_str()));
                    prop_assert_eq!(fields["more"].clone(), format!("at {commit}."));
                }
            }
        }
    }
}

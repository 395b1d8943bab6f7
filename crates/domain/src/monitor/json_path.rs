//! Paths into JSON answers, as RFC 9535 writes them, without what makes one of them take long:
//! an answer comes from outside, and a path from whoever may set up a project.

use serde_json::Value;

const CHARS_MAX: usize = 200;

/// A path that leads to some places of a JSON value, in few steps.
#[derive(Debug, Clone)]
pub(super) struct JsonPath(serde_json_path::JsonPath);

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What it must be.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // With these a short path visits a value more often than it has parts. A name that holds
        // one of them cannot be reached; that is worth it.
        let is_plain = !text.contains(['?', ',']) && text.matches("..").count() <= 1;
        if !(1..=CHARS_MAX).contains(&text.chars().count()) || !is_plain {
            return Err(format!(
                "must be a JSON path of at most {CHARS_MAX} characters, without `?` and `,` and with at most one `..`"
            ));
        }
        let path = serde_json_path::JsonPath::parse(text);
        path.map(Self).map_err(|error| format!("must be a JSON path, `$.queue.depth` for one: {error}"))
    }

    /// The number there; the sum, if it leads to several. Truth counts as 1, and a text that is
    /// a number as that number. What is none of these is left out.
    pub(super) fn number(&self, value: &Value) -> Option<f64> {
        let numbers = self.0.query(value).all().into_iter().filter_map(number);
        numbers.reduce(|sum, number| sum + number).filter(|sum| sum.is_finite())
    }

    /// Whether it leads somewhere, and everything there is this.
    pub(super) fn leads_only_to(&self, value: &Value, expected: &Value) -> bool {
        let found = self.0.query(value).all();
        !found.is_empty() && found.into_iter().all(|found| is_same(found, expected))
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(holds) => Some(f64::from(u8::from(*holds))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// 1 and 1.0 are the same number, however a server writes it.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn number_at(path: &str, value: Value) -> Option<f64> {
        JsonPath::parse(path).unwrap().number(&value)
    }

    #[test]
    fn a_path_leads_to_a_number() {
        let answer = json!({ "queue": { "depth": 7, "old": "2.5", "ok": true, "name": "x" }, "parts": [{ "n": 1 }, { "n": 2 }] });
        for (path, found) in [
            ("$.queue.depth", Some(7.0)),
            ("$['queue']['old']", Some(2.5)),
            ("$.queue.ok", Some(1.0)),
            ("$.queue.name", None),
            ("$.queue", None),
            ("$.none", None),
            ("$.parts[1].n", Some(2.0)),
            ("$.parts[*].n", Some(3.0)),
            ("$..n", Some(3.0)),
        ] {
            assert_eq!(number_at(path, answer.clone()), found, "{path}");
        }
        assert_eq!(number_at("$", json!(5)), Some(5.0));
        assert_eq!(number_at("$", json!("NaN")), None);
        assert_eq!(number_at("$[*]", json!([1e308, 1e308])), None, "no sum is infinite");
    }

    #[test]
    fn everything_there_must_be_as_expected() {
        let holds = |path: &str, expected: Value| {
            let answer = json!({ "ok": true, "n": 1.0, "parts": [{ "up": true }, { "up": false }] });
            JsonPath::parse(path).unwrap().leads_only_to(&answer, &expected)
        };
        assert!(holds("$.ok", json!(true)) && holds("$.n", json!(1)) && holds("$.parts[0].up", json!(true)));
        assert!(!holds("$.parts[*].up", json!(true)) && !holds("$.none", json!(true)) && !holds("$.ok", json!("true")));
    }

    #[test]
    fn a_path_that_could_take_long_is_refused() {
        for wrong in ["", "queue.depth", "$.", "$..a..b", "$[?@.a]", "$[0,0]", &format!("$.{}", "a".repeat(200))] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(text in "\\$?[.\\[\\]*'a-z0-9:?,@()-]{0,40}") {
            if let Ok(path) = JsonPath::parse(&text) {
                let number = path.number(&json!({ "a": [1, { "b": 2 }], "c": "3" }));
                prop_assert!(number.is_none_or(f64::is_finite));
            }
        }
    }
}

//! Reading the fields of a body, noting every fault.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// The fields of a body, taken one by one; what nobody takes is left.
pub(crate) struct Fields {
    left: Map<String, Value>,
    faults: Vec<(String, String)>,
}

impl Fields {
    pub(crate) fn of(body: Map<String, Value>) -> Self {
        Self { left: body, faults: Vec::new() }
    }

    /// A field as it is; null counts as absent.
    pub(crate) fn any(&mut self, name: &str) -> Option<Value> {
        self.left.shift_remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.any(name)? {
            Value::String(text) => Some(text),
            _ => self.fault(name, "Must be a string."),
        }
    }

    /// A text, or a number, which is taken as its text; of at most so many characters, cut
    /// beyond.
    pub(crate) fn name(&mut self, name: &str, chars_max: usize) -> Option<String> {
        match self.any(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(cut(&text, chars_max)),
            Value::Number(number) => Some(number.to_string()),
            _ => self.fault(name, "Must be a string or a number."),
        }
    }

    /// A text of at most so many characters, cut beyond.
    pub(crate) fn cut_text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        self.text(name).map(|text| cut(&text, chars_max))
    }

    /// A text that must be there and hold more than spaces, at most so many characters, cut
    /// beyond.
    pub(crate) fn required_text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        if !self.left.contains_key(name) {
            return self.fault(name, "This field is required.");
        }
        let text = self.text(name);
        match text.as_deref().map(str::trim) {
            None if self.is_faulty(name) => None,
            None | Some("") => self.fault(name, "Must not be empty."),
            Some(text) => Some(cut(text, chars_max)),
        }
    }

    /// An address that a person may follow; empty is none.
    pub(crate) fn address(&mut self, name: &str) -> Option<String> {
        let text = self.text(name).filter(|text| !text.is_empty())?;
        let scheme = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let is_good = matches!(scheme, Some((scheme, rest)) if (scheme == "http" || scheme == "https")
            && !rest.is_empty()
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control()));
        match is_good && text.chars().count() <= ADDRESS_CHARS_MAX {
            true => Some(text),
            false => self.fault(name, "Must be an http or https address of at most 2000 characters."),
        }
    }

    /// An object; another value stands in one under `raw`, and null is an empty one.
    pub(crate) fn object(&mut self, name: &str) -> Map<String, Value> {
        self.any(name).map(as_object).unwrap_or_default()
    }

    /// A yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.any(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.fault(name, "Must be true or false."),
        }
    }

    /// One of some words, as `read` reads it.
    pub(crate) fn word<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>, must: &str) -> Option<T> {
        let text = self.text(name)?;
        read(&text).or_else(|| self.fault(name, must))
    }

    /// Notes that a field is wrong.
    pub(crate) fn fault<T>(&mut self, name: &str, message: &str) -> Option<T> {
        self.faults.push((name.to_owned(), message.to_owned()));
        None
    }

    /// Notes that a field is wrong, unless that is known.
    pub(crate) fn fault_once<T>(&mut self, name: &str, message: &str) -> Option<T> {
        if self.is_faulty(name) { None } else { self.fault(name, message) }
    }

    fn is_faulty(&self, name: &str) -> bool {
        self.faults.iter().any(|(faulty, _)| faulty == name)
    }

    /// What was left, unless something is wrong.
    pub(crate) fn rest(self) -> Result<Map<String, Value>, ApiError> {
        if self.faults.is_empty() { Ok(self.left) } else { Err(ApiError::invalid(self.faults)) }
    }
}

const ADDRESS_CHARS_MAX: usize = 2_000;

/// A value as an object.
pub(crate) fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => Map::from_iter([("raw".to_owned(), other)]),
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

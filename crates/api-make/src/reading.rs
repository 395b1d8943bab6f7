//! Reads untyped JSON into checked values and notes every fault on the way, with its path.
//!
//! A typed deserializer stops at the first fault; a client that left out five fields is to
//! hear of all five. Each reader here returns `None` for what is absent or wrong and notes
//! the latter; whether anything was wrong is asked once, at the end.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value};

/// Faults that are kept. A hostile body can hold millions.
const FAULTS_MAX: usize = 100;

/// Entries of one list, where the contract names no bound.
pub(crate) const ENTRIES_MAX: usize = 200;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where it stands, as in `messages[0].role`.
    pub(crate) path: String,
    /// What it should have been.
    pub(crate) message: String,
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// The faults of one request.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// Notes a fault.
    pub(crate) fn note(&self, path: String, message: impl Into<String>) {
        let mut noted = self.0.borrow_mut();
        if noted.len() < FAULTS_MAX {
            noted.push(Fault { path, message: message.into() });
        }
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn unless_any<T>(self, read: Option<T>) -> Result<T, Vec<Fault>> {
        let faults = self.0.into_inner();
        match read {
            Some(read) if faults.is_empty() => Ok(read),
            _ => Err(faults),
        }
    }
}

/// A place in a JSON document, with the value that stands there, if one does.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    value: Option<&'a Value>,
    step: Step<'a>,
    parent: Option<&'a At<'a>>,
    faults: &'a Faults,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Entry(usize),
}

impl<'a> At<'a> {
    /// The whole document.
    pub(crate) fn root(value: &'a Value, faults: &'a Faults) -> Self {
        Self { value: Some(value), step: Step::Root, parent: None, faults }
    }

    /// A field of the object here. Absent if there is no object.
    pub(crate) fn field(&'a self, name: &'a str) -> At<'a> {
        let value = self.value.and_then(|value| value.get(name));
        At { value, step: Step::Field(name), parent: Some(self), faults: self.faults }
    }

    /// Notes a fault of what stands here.
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.faults.note(self.path(), message);
    }

    /// Whether something stands here, `null` included.
    pub(crate) fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Whether `null` stands here.
    pub(crate) fn is_null(&self) -> bool {
        self.value.is_some_and(Value::is_null)
    }

    /// What `read` makes of it; a fault if it is absent.
    pub(crate) fn required<T>(&'a self, read: impl FnOnce(&'a At<'a>) -> Option<T>) -> Option<T> {
        if self.value.is_none() {
            self.fault("required");
            return None;
        }
        read(self)
    }

    /// What `read` makes of it, unless it is absent.
    pub(crate) fn optional<T>(&'a self, read: impl FnOnce(&'a At<'a>) -> Option<T>) -> Option<T> {
        self.value.and_then(|_| read(self))
    }

    /// A string of so many characters.
    pub(crate) fn text(&self, length: RangeInclusive<usize>) -> Option<&'a str> {
        let Some(text) = self.value?.as_str() else {
            self.fault("must be a string");
            return None;
        };
        // Bytes bound the characters from above and, by a quarter, from below: most texts
        // need no counting.
        let fits = length.contains(&text.len()) && text.len() >= 4 * length.start();
        if !fits && !length.contains(&text.chars().count()) {
            self.fault(match (length.start(), length.end()) {
                (1, _) if text.is_empty() => "must not be empty".to_owned(),
                (min, max) => format!("must have {min} to {max} characters"),
            });
            return None;
        }
        Some(text)
    }

    /// A whole number in a range.
    pub(crate) fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        // `5.0` is a whole number to JSON Schema and to JavaScript.
        let whole = |value: &Value| match value.as_f64() {
            Some(float) if float.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER as f64).contains(&float) => {
                Some(float as u64)
            }
            _ => None,
        };
        let number = self.value.and_then(|value| value.as_u64().or_else(|| whole(value)));
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(match (*range.start(), *range.end()) {
                (1, MAX_SAFE_INTEGER) => "must be an integer above 0".to_owned(),
                (min, MAX_SAFE_INTEGER) => format!("must be an integer of at least {min}"),
                (min, max) => format!("must be an integer from {min} to {max}"),
            });
        }
        number
    }

    /// An id, in any of its spellings.
    pub(crate) fn id<T: FromStr>(&self) -> Option<T> {
        let read = self.value.and_then(Value::as_str).and_then(|text| text.parse().ok());
        if read.is_none() {
            self.fault(NOT_AN_ID);
        }
        read
    }

    /// True or false.
    pub(crate) fn boolean(&self) -> Option<bool> {
        let read = self.value.and_then(Value::as_bool);
        if read.is_none() {
            self.fault("must be true or false");
        }
        read
    }

    /// An object.
    pub(crate) fn object(&self) -> Option<&'a Map<String, Value>> {
        let read = self.value.and_then(Value::as_object);
        if read.is_none() {
            self.fault("must be an object");
        }
        read
    }

    /// The value itself.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// A list of so many entries, each read by `read`. `None` if one of them is wrong, after
    /// all have been looked at.
    pub(crate) fn list<T>(
        &self,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&At<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(entries) = self.value.and_then(Value::as_array) else {
            self.fault("must be an array");
            return None;
        };
        if !length.contains(&entries.len()) {
            self.fault(match (*length.start(), *length.end()) {
                (1, _) if entries.is_empty() => "must not be empty".to_owned(),
                (_, max) => format!("must have at most {max} entries"),
            });
            return None;
        }
        let entry = |(index, value)| At { value: Some(value), step: Step::Entry(index), parent: Some(self), ..*self };
        let read: Vec<Option<T>> = entries.iter().enumerate().map(entry).map(|at| read(&at)).collect();
        read.into_iter().collect()
    }

    fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(at) = place {
            steps.push(at.step);
            place = at.parent;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Entry(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if path.is_empty() { "body".to_owned() } else { path }
    }
}

/// The largest integer that every JSON reader takes whole.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// What is said of a text that is no id.
pub(crate) const NOT_AN_ID: &str = "must be a UUID";

/// An integer id, as all those the façade shows.
pub(crate) const ANY_NUMBER: RangeInclusive<u64> = 1..=MAX_SAFE_INTEGER;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults_of(value: Value, read: impl for<'a> FnOnce(&'a At<'a>)) -> Vec<String> {
        let faults = Faults::default();
        read(&At::root(&value, &faults));
        faults.unless_any(None::<()>).unwrap_err().iter().map(Fault::to_string).collect()
    }

    #[test]
    fn all_faults_are_noted_with_their_paths() {
        let body = json!({"name": "", "count": -1, "list": [{"role": "a"}, {}, 3], "nested": {"deep": []}});
        let noted = faults_of(body, |at| {
            at.field("name").required(|at| at.text(1..=5));
            at.field("count").required(|at| at.integer(1..=10));
            at.field("list").required(|at| {
                at.list(1..=5, |entry| {
                    entry.object()?;
                    entry.field("role").required(|at| at.text(2..=3)).map(drop)
                })
            });
            at.field("nested").field("deep").required(|at| at.boolean());
            at.field("gone").required(|at| at.object());
        });
        assert_eq!(
            noted,
            [
                "name: must not be empty",
                "count: must be an integer from 1 to 10",
                "list[0].role: must have 2 to 3 characters",
                "list[1].role: required",
                "list[2]: must be an object",
                "nested.deep: must be true or false",
                "gone: required",
            ]
        );
    }

    #[test]
    fn lengths_count_characters_and_whole_floats_are_integers() {
        let noted = faults_of(json!({"text": "äöü", "number": 5.0}), |at| {
            assert_eq!(at.field("text").text(3..=3), Some("äöü"));
            assert_eq!(at.field("text").text(1..=2), None);
            assert_eq!(at.field("number").integer(5..=5), Some(5));
            assert_eq!(at.field("number").integer(6..=9), None);
        });
        assert_eq!(noted, ["text: must have 1 to 2 characters", "number: must be an integer from 6 to 9"]);
    }

    #[test]
    fn faults_are_bounded() {
        let entries: Vec<Value> = vec![json!(null); 10_000];
        let noted = faults_of(Value::Array(entries), |at| {
            at.list(0..=usize::MAX, |entry| entry.boolean());
        });
        assert_eq!(noted.len(), FAULTS_MAX);
    }
}

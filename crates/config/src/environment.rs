//! The environment: which variables are configuration, and how their text is read.
//!
//! A variable names a path of the file, in upper case, its parts joined by two underscores:
//! `SORTIE_PROVIDERS__MOCK__BASE_URL` is `providers.mock.base_url`. Text alone does not say
//! whether `123` is a number or a key made of digits; the type of the option does.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::ConfigError;
use crate::keys::{Holds, Key, Kind};

/// Names the key that the first start gives the owner.
pub const BOOTSTRAP_KEY: &str = "SORTIE_BOOTSTRAP_KEY";

/// Holds the key that stored secrets are encrypted with, instead of the data directory's own.
pub(crate) const ENCRYPTION_KEY: &str = "SORTIE_ENCRYPTION_KEY";

const PREFIX: &str = "SORTIE_";
const SEPARATOR: &str = "__";

/// Environment variables, as handed in.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Environment {
    /// The variables of this process. One that is not UTF-8 cannot be ours.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).collect()
    }

    /// A variable; an empty one counts as not set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What the environment sets, in the shape of the file.
    pub(crate) fn values(&self, keys: &Key) -> Result<Map<String, Value>, ConfigError> {
        let mut values = Map::new();
        for (name, text) in self.0.iter().filter(|(_, text)| !text.is_empty()) {
            let Some(path) = path_of(name, keys)? else { continue };
            let value = match keys.at(&path).map(|key| &key.holds) {
                Some(Holds::Value(kind)) => read(text, *kind),
                // A section as a whole, or nothing known: refused where all sources are.
                _ => Value::String(text.clone()),
            };
            insert(&mut values, &path, value);
        }
        Ok(values)
    }
}

/// The name of the variable for a path.
pub(crate) fn name_of(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join(SEPARATOR).to_uppercase())
}

/// The path that a variable names, if it is one of ours.
///
/// Names without two underscores are left alone: others (orchestrators, for one) set such
/// variables too. Only one that spells a known path with single underscores is refused.
fn path_of(name: &str, keys: &Key) -> Result<Option<Vec<String>>, ConfigError> {
    let Some(rest) = name.strip_prefix(PREFIX) else { return Ok(None) };
    if rest.contains(SEPARATOR) {
        return Ok(Some(rest.to_lowercase().split(SEPARATOR).map(str::to_owned).collect()));
    }
    let meant = keys.paths(&[]).into_iter().find(|path| path.join("_").eq_ignore_ascii_case(rest));
    match meant {
        Some(path) => Err(ConfigError::SingleUnderscore { written: name.to_owned(), meant: name_of(&path) }),
        None => Ok(None),
    }
}

fn read(text: &str, kind: Kind) -> Value {
    let as_toml = || -> Option<Value> {
        let mut table: Map<String, Value> = toml::from_str(&format!("value = {text}")).ok()?;
        table.remove("value").filter(|_| table.is_empty())
    };
    let as_text = || Value::String(text.to_owned());
    match kind {
        Kind::Text => as_text(),
        Kind::Other => as_toml().unwrap_or_else(as_text),
        Kind::List if text.trim_start().starts_with('[') => as_toml().unwrap_or_else(as_text),
        Kind::List => text.split(',').map(|item| Value::String(item.trim().to_owned())).collect(),
    }
}

fn insert(values: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        values.insert(name.clone(), value);
        return;
    }
    let below = values.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
    if !below.is_object() {
        *below = Value::Object(Map::new());
    }
    if let Value::Object(below) = below {
        insert(below, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(variables: &[(&str, &str)]) -> Value {
        let environment: Environment = variables.iter().copied().collect();
        Value::Object(environment.values(&Key::root()).expect("readable"))
    }

    #[test]
    fn text_is_read_by_the_type_of_its_option() {
        let read = values(&[
            ("SORTIE_PROVIDERS__MOCK__API_KEY", "12345"),
            ("SORTIE_PROVIDERS__MOCK__ALLOW_PRIVATE", "true"),
            ("SORTIE_PROVIDERS__MOCK__MODELS", "small, large"),
            ("SORTIE_LIMITS__MAKE_PER_MINUTE", "0"),
            ("SORTIE_SERVER__TRUSTED_PROXIES", r#"["10.0.0.0/8"]"#),
            ("SORTIE_LOG__FORMAT", ""),
        ]);
        assert_eq!(
            read,
            json!({
                "limits": { "make_per_minute": 0 },
                "providers": { "mock": { "allow_private": true, "api_key": "12345", "models": ["small", "large"] } },
                "server": { "trusted_proxies": ["10.0.0.0/8"] },
            })
        );
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_key() {
        let read = values(&[("SORTIE_LIMITS__MAKE_PER_MINUTE", "1\nother = 2")]);
        assert_eq!(read["limits"], json!({ "make_per_minute": "1\nother = 2" }));
    }

    #[test]
    fn names_of_others_are_left_alone() {
        assert_eq!(
            values(&[("SORTIE_PORT", "tcp://10.0.0.1:80"), ("SORTIE_BOOTSTRAP_KEY", "x"), ("PATH", "/")]),
            json!({})
        );
    }

    #[test]
    fn a_key_is_not_shown() {
        let environment: Environment = [("SORTIE_PROVIDERS__A__API_KEY", "sk-123")].into_iter().collect();
        assert!(!format!("{environment:?}").contains("sk-123"));
    }
}

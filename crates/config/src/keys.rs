//! The keys that exist, read out of the options' own JSON schema, so that there is no
//! second list of them.

use indexmap::IndexMap;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Config;

/// One place in the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Its manual.
    pub(crate) doc: String,
    pub(crate) holds: Holds,
}

#[derive(Debug, Clone)]
pub(crate) enum Holds {
    /// Keys of its own, by name.
    Table(IndexMap<String, Key>),
    /// Names of the operator's choice, and what each holds.
    Named(Box<Key>),
    /// A value.
    Value(Kind),
}

/// What a value is, as far as text from the environment must be read by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    List,
    Other,
}

/// The stand-in for a name of the operator's choice in a written path.
pub(crate) const ANY_NAME: &str = "NAME";

impl Key {
    /// The whole configuration.
    pub(crate) fn root() -> Key {
        Reader { schema: schema() }.root()
    }

    /// What stands at a path, if anything can.
    pub(crate) fn at<'a>(&'a self, path: &[String]) -> Option<&'a Key> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        match &self.holds {
            Holds::Table(keys) => keys.get(name)?.at(rest),
            Holds::Named(each) => each.at(rest),
            Holds::Value(_) => None,
        }
    }

    /// The paths of all values, names of the operator's choice taken from `like` where it
    /// has them.
    pub(crate) fn paths(&self, like: &[String]) -> Vec<Vec<String>> {
        let below = |name: &String, key: &Key| -> Vec<Vec<String>> {
            let rest = like.get(1..).unwrap_or_default();
            let with_name = |mut path: Vec<String>| {
                path.insert(0, name.clone());
                path
            };
            key.paths(rest).into_iter().map(with_name).collect()
        };
        match &self.holds {
            Holds::Table(keys) => keys.iter().flat_map(|(name, key)| below(name, key)).collect(),
            Holds::Named(each) => below(like.first().unwrap_or(&ANY_NAME.to_owned()), each),
            Holds::Value(_) => vec![Vec::new()],
        }
    }

    /// The known path that looks most like an unknown one, if one does.
    pub(crate) fn nearest(&self, path: &[String]) -> Option<String> {
        /// Below this two names have little in common.
        const LIKENESS_MIN: f64 = 0.7;
        let is_lone = path.len() == 1;
        let mut known: Vec<String> = self.paths(path).iter().flat_map(|path| prefixes(path, is_lone)).collect();
        known.sort();
        known.dedup();
        let scored = known.into_iter().map(|known| (likeness(&known, path), known));
        let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (best.0 >= LIKENESS_MIN).then_some(best.1)
    }
}

/// Likeness of two paths, 0 to 1. The same last name in another place counts as like.
fn likeness(known: &str, written: &[String]) -> f64 {
    let whole = strsim::jaro_winkler(known, &written.join("."));
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let moved = written.last().is_some_and(|name| *name == last(known));
    if moved { whole.max(0.9) } else { whole }
}

/// What an unknown path may have meant: the path of a value, or, for a lone name, a section.
fn prefixes(path: &[String], is_lone: bool) -> Vec<String> {
    let mut all = vec![path.join(".")];
    if is_lone {
        all.extend(path.first().cloned());
    }
    all
}

/// The schema of the configuration, as [`schemars`] derives it.
pub(crate) fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>().to_value()
}

struct Reader {
    schema: Value,
}

impl Reader {
    fn root(&self) -> Key {
        self.key(&self.schema)
    }

    fn key(&self, schema: &Value) -> Key {
        let doc = schema["description"].as_str().unwrap_or_default().to_owned();
        let mut key = self.described(self.resolved(schema));
        if !doc.is_empty() {
            key.doc = doc;
        }
        // A map's comment speaks of what it maps to.
        if let Holds::Named(each) = &mut key.holds
            && each.doc.is_empty()
        {
            each.doc.clone_from(&key.doc);
        }
        key
    }

    fn described(&self, schema: &Value) -> Key {
        let doc = schema["description"].as_str().unwrap_or_default().to_owned();
        let holds = if let Some(properties) = schema["properties"].as_object() {
            Holds::Table(self.table(properties))
        } else if schema["additionalProperties"].is_object() {
            Holds::Named(Box::new(self.key(&schema["additionalProperties"])))
        } else {
            Holds::Value(kind(schema))
        };
        Key { doc, holds }
    }

    fn table(&self, properties: &Map<String, Value>) -> IndexMap<String, Key> {
        properties.iter().map(|(name, schema)| (name.clone(), self.key(schema))).collect()
    }

    /// Follows a reference, and looks through "this or nothing".
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            return self.schema.pointer(pointer).map_or(schema, |target| self.resolved(target));
        }
        let Some(choices) = schema["anyOf"].as_array() else { return schema };
        let mut real = choices.iter().filter(|choice| choice["type"] != "null");
        match (real.next(), real.next()) {
            (Some(only), None) => self.resolved(only),
            _ => schema,
        }
    }
}

fn kind(schema: &Value) -> Kind {
    let is = |name: &str| match &schema["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let all_text = || choices.is_some_and(|choices| choices.iter().all(|choice| choice["type"] == "string"));
    match () {
        () if is("array") => Kind::List,
        () if is("string") || all_text() => Kind::Text,
        () => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(written: &str) -> Vec<String> {
        written.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn every_value_has_a_manual() {
        let root = Key::root();
        for known in root.paths(&[]) {
            let key = root.at(&known).expect("it is known");
            assert!(!key.doc.is_empty(), "{} has no comment", known.join("."));
        }
    }

    #[test]
    fn the_kinds_are_read_from_the_types() {
        let root = Key::root();
        let kind = |written: &str| match root.at(&path(written)).map(|key| &key.holds) {
            Some(Holds::Value(kind)) => Some(*kind),
            _ => None,
        };
        assert_eq!(kind("server.listen"), Some(Kind::Text));
        assert_eq!(kind("server.public_url"), Some(Kind::Text));
        assert_eq!(kind("server.trusted_proxies"), Some(Kind::List));
        assert_eq!(kind("limits.make_per_minute"), Some(Kind::Other));
        assert_eq!(kind("providers.mine.api_key"), Some(Kind::Text));
        assert_eq!(kind("providers.mine.kind"), Some(Kind::Text));
        assert_eq!(kind("providers.mine.models"), Some(Kind::List));
        assert_eq!(kind("providers.mine.allow_private"), Some(Kind::Other));
        assert_eq!(kind("providers.mine.prices.small.input"), Some(Kind::Text));
        assert_eq!(kind("log.format"), Some(Kind::Text));
        assert_eq!(kind("server"), None);
    }

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let root = Key::root();
        let cases = [
            ("server.listn", Some("server.listen")),
            ("servr.listen", Some("server.listen")),
            ("make_per_minute", Some("limits.make_per_minute")),
            ("providers.mock.base_uri", Some("providers.mock.base_url")),
            ("logs", Some("log")),
            ("zzzzzz.qqqqq", None),
        ];
        for (written, nearest) in cases {
            assert_eq!(root.nearest(&path(written)).as_deref(), nearest, "{written}");
        }
    }
}

//! Query strings as clients of several habits write them: `a[]=1&a[]=2`, `a=1&a=2`,
//! `created_at[gte]=…`, brackets raw or percent-encoded, unknown names ignored.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Pairs that are looked at; what is beyond is ignored.
const PAIRS_MAX: usize = 1_000;

/// The decoded pairs of a query string, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string, without its question mark.
    pub fn parse(raw: &str) -> Self {
        let pairs = form_urlencoded::parse(raw.as_bytes()).take(PAIRS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of this name; the last one if it stands more than once.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a list, `name[]=` and `name=` alike, in order.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_named = move |key: &str| key == name || key.strip_suffix("[]") == Some(name);
        self.0.iter().filter(move |(key, _)| is_named(key)).map(|(_, value)| value.as_str())
    }

    /// The value of `name[part]=`.
    pub fn part(&self, name: &str, part: &str) -> Option<&str> {
        let is_named = |key: &str| {
            key.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.strip_suffix(']'))
                == Some(part)
        };
        self.0.iter().rev().find(|(key, _)| is_named(key)).map(|(_, value)| value.as_str())
    }

    /// The parts of a name that are there: `gte` and `lt` of `at[gte]=…&at[lt]=…`.
    pub fn parts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let part = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((part, value.as_str()))
        })
    }

    /// All pairs as sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Query::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_every_spelling() {
        let query = Query::parse("types[]=a&types%5B%5D=b&types=c&type=d&types[0]=e");
        assert_eq!(query.list("types").collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn parts_are_read_raw_and_encoded() {
        let query = Query::parse("created_at[gte]=2026-01-01T00%3A00%3A00Z&created_at%5Blt%5D=x&pg[limit]=5");
        assert_eq!(query.part("created_at", "gte"), Some("2026-01-01T00:00:00Z"));
        assert_eq!(query.part("created_at", "lt"), Some("x"));
        assert_eq!(query.part("created_at", "gt"), None);
        assert_eq!(query.parts("pg").collect::<Vec<_>>(), [("limit", "5")]);
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let query = Query::parse("limit=1&limit=2&empty=&name=a+b%20c");
        assert_eq!((query.find("limit"), query.find("empty"), query.find("none")), (Some("2"), Some(""), None));
        assert_eq!(query.find("name"), Some("a b c"));
    }

    #[test]
    fn any_bytes_are_read_and_many_are_bounded() {
        let query = Query::parse("%ff=%ff&=&&&%=%&a");
        assert_eq!(query.find("a"), Some(""));
        assert_eq!(Query::parse(&"a&".repeat(100_000)).pairs().count(), PAIRS_MAX);
    }
}

//! Repositories of code, by the name under which pipelines know them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name of a repository.
const CHARS_MAX: usize = 200;

/// A repository, `owner/name`, as it was written. Two names that differ in case alone are of
/// one repository.
#[derive(Debug, Clone)]
pub struct Repository(String);

/// A text that names no repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be owner/name, of at most {CHARS_MAX} characters")]
pub struct NotARepository;

impl Repository {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling by which repositories are compared.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl PartialEq for Repository {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for Repository {}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Repository {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, NotARepository> {
        let is_name =
            |part: &str| !part.is_empty() && !part.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control());
        let is_repository = text.chars().count() <= CHARS_MAX
            && text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name));
        if is_repository { Ok(Self(text.to_owned())) } else { Err(NotARepository) }
    }
}

impl Serialize for Repository {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Repository {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        for text in ["acme/shop", "ACME/Api.v2", "münchen/straße", &format!("a/{}", "b".repeat(198))] {
            assert_eq!(text.parse::<Repository>().unwrap().as_str(), text);
        }
        for text in ["", "acme", "/shop", "acme/", "a/b/c", "a b/c", "a/b\n", &format!("a/{}", "b".repeat(199))] {
            assert_eq!(text.parse::<Repository>(), Err(NotARepository), "{text}");
        }
    }

    #[test]
    fn case_makes_no_difference() {
        let [one, other] = ["Acme/Shop", "aCME/sHOP"].map(|text| text.parse::<Repository>().unwrap());
        assert_eq!((&one, one.folded()), (&other, other.folded()));
    }
}

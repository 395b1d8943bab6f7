//! A field of an update: left out, null, or given.

use serde::{Deserialize, Deserializer};

/// A field of an update. Needs `#[serde(default)]`, since left out and null differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Patch<T> {
    /// Left out: stays as it is.
    #[default]
    Keep,
    /// Null: cleared.
    Clear,
    /// Replaced.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Patch::Clear, Patch::Set))
    }
}

impl<T> Patch<T> {
    /// Whether the update speaks of the field.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Patch::Keep)
    }

    /// The value after the update; cleared is the type's default.
    pub(crate) fn or(self, current: T) -> T
    where
        T: Default,
    {
        match self {
            Patch::Keep => current,
            Patch::Clear => T::default(),
            Patch::Set(value) => value,
        }
    }

    /// The value if the update speaks of the field; cleared is the type's default.
    pub(crate) fn given(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Patch::Keep => None,
            Patch::Clear => Some(T::default()),
            Patch::Set(value) => Some(value),
        }
    }

    /// The same field, its value turned into something else.
    pub(crate) fn map<U>(self, turn: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => Patch::Set(turn(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        field: Patch<String>,
    }

    #[test]
    fn left_out_null_and_given_are_three_things() {
        for (body, expected) in
            [("{}", Patch::Keep), (r#"{"field":null}"#, Patch::Clear), (r#"{"field":"a"}"#, Patch::Set("a".to_owned()))]
        {
            assert_eq!(serde_json::from_str::<Body>(body).unwrap().field, expected);
        }
    }
}

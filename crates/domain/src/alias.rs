//! Random names of things, and the beginnings of such names: people type what a program
//! printed, and programs print only so much.

use uuid::Uuid;

/// Fewer characters than this name nothing.
const CHARS_MIN: usize = 8;

/// All UUIDs that begin in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AliasRange {
    /// The first.
    pub first: Uuid,
    /// The last.
    pub last: Uuid,
}

impl AliasRange {
    /// The names that begin with this text: a UUID, or at least eight characters of one.
    pub fn beginning_with(text: &str) -> Option<Self> {
        let (mut first, mut last) = (0, u128::MAX);
        let mut digits = 0;
        for (place, character) in text.chars().enumerate() {
            if [8, 13, 18, 23].contains(&place) {
                if character != '-' {
                    return None;
                }
                continue;
            }
            // Digits behind the last place would move the first ones out.
            let shift = 124_u32.checked_sub(4 * digits)?;
            let digit = u128::from(character.to_digit(16)?);
            first |= digit << shift;
            last &= !(0xf << shift) | (digit << shift);
            digits += 1;
        }
        let is_enough = text.len() >= CHARS_MIN;
        is_enough.then(|| Self { first: Uuid::from_u128(first), last: Uuid::from_u128(last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_beginning_holds_its_own_and_no_other(bits: u128, other: u128, chars in 8usize..=36) {
            let (name, other) = (Uuid::from_u128(bits), Uuid::from_u128(other));
            let text = &name.to_string()[..chars];
            let range = AliasRange::beginning_with(text).unwrap();
            prop_assert!((range.first..=range.last).contains(&name));
            prop_assert_eq!((range.first..=range.last).contains(&other), other.to_string().starts_with(text));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Some(range) = AliasRange::beginning_with(&text) {
                prop_assert!(range.first.to_string().starts_with(&text.to_lowercase()));
            }
        }
    }

    #[test]
    fn too_little_names_nothing() {
        for text in ["", "0123456", "0123456-", "01234567a", "01234567-89ab-4cde-8f01-23456789abcde", "g1234567"] {
            assert_eq!(AliasRange::beginning_with(text), None, "{text}");
        }
        let whole = "01234567-89ab-4cde-8f01-23456789abcd";
        let range = AliasRange::beginning_with(whole).unwrap();
        assert_eq!((range.first, range.first.to_string().as_str()), (range.last, whole));
    }
}

//! How messages of ours, which are fragments, are told by façades that write sentences.

use std::time::Duration;

/// The fragment, with a capital letter.
pub fn capitalized(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// The fragment as a sentence, with its end.
pub fn sentence(fragment: &str) -> String {
    let end = if fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{end}", capitalized(fragment))
}

/// The time in whole seconds, never too few: for `Retry-After`.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).max(1).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_sentences() {
        for (fragment, told) in [("no key", "No key."), ("éa!", "Éa!"), ("", "."), ("A?", "A?")] {
            assert_eq!(sentence(fragment), told);
        }
    }

    #[test]
    fn waiting_is_never_told_too_short() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}

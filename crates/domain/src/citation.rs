//! Citations: where an answer has things from.
//!
//! A model cites a source by its number in double square brackets, `[[0]]`. It may write any
//! number, so whoever shows an answer with its sources takes out the markers that lead
//! nowhere and counts the others anew.

use serde::{Deserialize, Serialize};

use crate::id::DocumentId;

/// Something that an answer may cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The document.
    pub document: DocumentId,
    /// Its name when the answer was written.
    pub name: String,
}

/// A text whose every marker leads to one of its sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cited {
    /// The text; its markers count from 0 in the order in which sources first come up.
    pub text: String,
    /// The place of each source among those that were offered, in the markers' order.
    pub sources: Vec<usize>,
}

const OPENS: &str = "[[";
const CLOSES: &str = "]]";

/// Whether a text has a marker, be it one that leads nowhere.
pub fn has_marker(text: &str) -> bool {
    text.match_indices(CLOSES).any(|(end, _)| opening(&text[..end]).is_some())
}

/// The text with the markers that lead to one of so many `offered` sources.
pub fn cite(text: &str, offered: usize) -> Cited {
    let mut cited = Cited { text: String::with_capacity(text.len()), sources: Vec::new() };
    for letter in text.chars() {
        cited.text.push(letter);
        let Some(before) = cited.text.strip_suffix(CLOSES) else { continue };
        let Some(start) = opening(before) else { continue };
        let number = before[start + OPENS.len()..].parse().ok().filter(|number| *number < offered);
        // What is left when a marker goes may close another one: it is looked at like the rest.
        cited.text.truncate(start);
        if let Some(number) = number {
            let known = cited.sources.iter().position(|source| *source == number);
            let place = known.unwrap_or_else(|| {
                cited.sources.push(number);
                cited.sources.len() - 1
            });
            cited.text.push_str(&format!("{OPENS}{place}{CLOSES}"));
        }
    }
    cited
}

/// Where the marker begins whose digits this text ends with.
fn opening(text: &str) -> Option<usize> {
    let before = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let has_digits = before.len() < text.len();
    before.strip_suffix(OPENS).filter(|_| has_digits).map(str::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, offered: usize) -> (String, Vec<usize>) {
        let Cited { text, sources } = cite(text, offered);
        (text, sources)
    }

    /// The numbers of all markers, in order.
    fn markers(text: &str) -> Vec<String> {
        let ends = text.match_indices(CLOSES).map(|(end, _)| end);
        ends.filter_map(|end| Some(text[opening(&text[..end])? + 2..end].to_owned())).collect()
    }

    #[test]
    fn invented_markers_go_and_the_others_count_from_nought() {
        for (text, offered, expected, sources) in [
            ("plain", 2, "plain", vec![]),
            ("See [[0]] and [[1]].", 2, "See [[0]] and [[1]].", vec![0, 1]),
            ("See [[1]], [[0]], [[1]].", 2, "See [[0]], [[1]], [[0]].", vec![1, 0]),
            ("No [[7]] here.", 2, "No  here.", vec![]),
            ("[[0]]", 0, "", vec![]),
            ("[[99999999999999999999999999]][[01]]", 2, "[[0]]", vec![1]),
            ("a[[]] [[x]] [0] [[ 1 ]] [[-1]] [[0,1]]", 2, "a[[]] [[x]] [0] [[ 1 ]] [[-1]] [[0,1]]", vec![]),
            // Taking a marker out must not make one.
            ("[[[[7]]0]]", 1, "[[0]]", vec![0]),
            ("[[[[7]]7]]", 1, "", vec![]),
            ("[[[0]]]", 1, "[[[0]]]", vec![0]),
            ("[[٣]] é[[0]]é", 1, "[[٣]] é[[0]]é", vec![0]),
        ] {
            assert_eq!(shown(text, offered), (expected.to_owned(), sources), "{text}");
        }
    }

    #[test]
    fn a_marker_is_seen_wherever_it_leads() {
        assert!(has_marker("a [[0]]") && has_marker("]] [[123]]x"));
        assert!(!has_marker("a [0] [[x]] [[]] ]]"));
    }

    proptest! {
        #[test]
        fn every_marker_leads_to_a_source(text in "([\\[\\]0-9 a]|\\[\\[[0-9]{1,3}\\]\\]){0,60}", offered in 0usize..5) {
            let Cited { text: shown, sources } = cite(&text, offered);
            let found = markers(&shown);
            let mut seen = 0;
            for marker in &found {
                let number: usize = marker.parse().unwrap();
                prop_assert!(number < sources.len() && number <= seen, "{marker} in {shown}");
                seen = seen.max(number + 1);
            }
            prop_assert_eq!(seen, sources.len());
            let mut distinct = sources.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), sources.len());
            prop_assert!(sources.iter().all(|source| *source < offered));
            // Once more changes nothing.
            let again = cite(&shown, sources.len());
            prop_assert_eq!(again.text, shown);
        }
    }
}

//! Texts that are shown in part.

/// The text, cut behind so many characters; what is cut shows that it is, without the space that
/// stood before it.
pub fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_between_characters_and_shows_it() {
        for (text, chars_max, shown) in [
            ("", 0, ""),
            ("née", 3, "née"),
            ("née", 2, "né…"),
            ("one two", 4, "one…"),
            ("one two", 0, "…"),
            ("one ", 4, "one "),
        ] {
            assert_eq!(cut(text, chars_max), shown, "{text:?} {chars_max}");
        }
    }
}

//! Texts as they may leave the house: what looks like a key is blacked out, and what is long
//! is cut.

/// Bytes of a text that are sent.
const BYTES_MAX: usize = 8_192;
const BLACK: &str = "[redacted]";

/// How keys of well-known kinds begin: ours, and those that people paste most often.
const BEGINNINGS: [&str; 12] =
    ["srt_", "sk-", "sk_", "pk_", "rk_", "ghp_", "gho_", "github_pat_", "glpat-", "xox", "AKIA", "eyJ"];
/// Words that say that the next one is a key.
const ANNOUNCEMENTS: [&str; 4] = ["bearer", "token", "basic", "password"];
/// A shorter word is no key, whatever it begins with.
const KEY_CHARS_MIN: usize = 12;

/// The text without what looks like a key.
pub(crate) fn redacted(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(BYTES_MAX));
    let mut is_announced = false;
    for piece in text.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        let is_long = word.chars().count() >= KEY_CHARS_MIN;
        let is_key = BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)) || is_announced;
        if is_long && is_key {
            clean.push_str(BLACK);
            clean.push_str(&piece[word.len()..]);
        } else {
            clean.push_str(piece);
        }
        // Between an announcement and its key there may be more than one character.
        if !word.is_empty() {
            is_announced = ANNOUNCEMENTS.iter().any(|announcement| word.eq_ignore_ascii_case(announcement));
        }
        if clean.len() > BYTES_MAX {
            return cut(clean);
        }
    }
    clean
}

/// What stands between words; no key holds one of these.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '"' | '\'' | '`' | ',' | ';' | ':' | '=' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>')
}

fn cut(text: String) -> String {
    format!("{}…", &text[..text.floor_char_boundary(BYTES_MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_blacked_out() {
        let cases = [
            ("use srt_0123456789abcdef please", "use [redacted] please"),
            ("{\"api_key\":\"sk-0123456789abcdef\"}", "{\"api_key\":\"[redacted]\"}"),
            ("Authorization: Bearer 0123456789abcdef", "Authorization: Bearer [redacted]"),
            ("password=correct-horse-battery", "password=[redacted]"),
            ("the password of this house is long", "the password of this house is long"),
            ("sk-8 is a road, and a token is a coin", "sk-8 is a road, and a token is a coin"),
            ("", ""),
        ];
        for (text, clean) in cases {
            assert_eq!(redacted(text), clean);
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        for text in ["é ".repeat(BYTES_MAX), "x".repeat(10 * BYTES_MAX), "日本".repeat(BYTES_MAX)] {
            let clean = redacted(&text);
            assert!(clean.ends_with('…') && clean.len() <= BYTES_MAX + '…'.len_utf8());
        }
    }
}

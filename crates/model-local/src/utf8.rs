//! Text out of tokens. A token is some bytes, not some characters.

/// Holds back the bytes of a character that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Utf8Joiner {
    pending: Vec<u8>,
}

impl Utf8Joiner {
    /// Takes the next bytes and returns all text that is certain. Bytes that cannot become
    /// text are replaced by `U+FFFD`.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = self.pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    rest = after;
                    // Without a length the bytes are the beginning of a character.
                    let Some(bad) = error.error_len() else { break };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[bad..];
                }
            }
        }
        self.pending = rest.to_vec();
        text
    }

    /// What is left when nothing more comes.
    pub(crate) fn finish(self) -> String {
        String::from_utf8_lossy(&self.pending).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_split_over_tokens_comes_whole() {
        let mut joiner = Utf8Joiner::default();
        let bytes = "a😀b".as_bytes();
        let parts: Vec<_> = bytes.iter().map(|byte| joiner.push(&[*byte])).collect();
        assert_eq!(parts, ["a", "", "", "", "😀", "b"]);
        assert_eq!(joiner.finish(), "");
    }

    #[test]
    fn an_unfinished_character_at_the_end_is_replaced() {
        let mut joiner = Utf8Joiner::default();
        assert_eq!(joiner.push(b"ok\xf0\x9f"), "ok");
        assert_eq!(joiner.finish(), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_split_of_any_bytes_reads_as_the_whole_does(bytes in proptest::collection::vec(any::<u8>(), 0..60), cut in 1usize..5) {
            let mut joiner = Utf8Joiner::default();
            let mut text: String = bytes.chunks(cut).map(|part| joiner.push(part)).collect();
            text.push_str(&joiner.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}

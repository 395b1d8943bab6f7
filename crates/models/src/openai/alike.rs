//! Events that differ in one text alone, as nearly all of an answer do.

use serde_json::value::RawValue;

/// What stood around the text of an event that said nothing else. Where the same bytes stand around
/// another JSON string, that event says the same but for it, and need not be read as a whole.
#[derive(Default)]
pub(super) struct Alike {
    around: Vec<u8>,
    /// Where the text stood in it.
    text_at: usize,
}

impl Alike {
    /// The text of an event that is like the one before it; `None` if it is not.
    pub(super) fn text_of(&self, event: &[u8]) -> Option<String> {
        if self.text_at == 0 {
            return None;
        }
        let (before, after) = self.around.split_at(self.text_at);
        let text = event.strip_prefix(before)?.strip_suffix(after)?;
        // One string and nothing behind it, or it is no event of this kind.
        serde_json::from_slice(text).ok()
    }

    /// Remembers an event, of which this part was its only text.
    pub(super) fn remember(&mut self, event: &[u8], text: &RawValue) {
        let text = text.get();
        // A part of the event, so it begins where the event does or behind that.
        let begin = text.as_ptr().addr().saturating_sub(event.as_ptr().addr());
        let (Some(before), Some(after)) = (event.get(..begin), event.get(begin + text.len()..)) else { return };
        self.around.clear();
        self.around.extend_from_slice(before);
        self.around.extend_from_slice(after);
        self.text_at = begin;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(event: &str, text: &str) -> Alike {
        let at = event.find(text).unwrap();
        let mut alike = Alike::default();
        alike.remember(event.as_bytes(), serde_json::from_str(&event[at..at + text.len()]).unwrap());
        alike
    }

    #[test]
    fn an_event_is_like_another_if_one_string_alone_differs() {
        let alike = remembered(r#"{"n":1,"text":"a\n","end":null}"#, r#""a\n""#);
        for (event, text) in [
            (r#"{"n":1,"text":"b","end":null}"#, Some("b")),
            (r#"{"n":1,"text":"","end":null}"#, Some("")),
            (r#"{"n":1,"text":"\"é\u00e9\\","end":null}"#, Some("\"éé\\")),
            // More than one string, none, or another event.
            (r#"{"n":1,"text":"b","more":"c","end":null}"#, None),
            (r#"{"n":1,"text":"b","text":"c","end":null}"#, None),
            (r#"{"n":1,"text":null,"end":null}"#, None),
            (r#"{"n":1,"text":"b","end":"x"}"#, None),
            (r#"{"n":2,"text":"b","end":null}"#, None),
            (r#"{"n":1,"text":"b\","end":null}"#, None),
            ("{\"n\":1,\"text\":\"b\n\",\"end\":null}", None),
            (r#"{"n":1,"text":,"end":null}"#, None),
            (r#"{"n":1,"text":"end":null}"#, None),
            (r#"{"n":1,"text":"#, None),
            ("", None),
        ] {
            assert_eq!(alike.text_of(event.as_bytes()).as_deref(), text, "{event}");
        }
        assert_eq!(alike.text_of(b"{\"n\":1,\"text\":\"\xff\",\"end\":null}"), None, "not UTF-8");
        assert_eq!(Alike::default().text_of(b"\"a\""), None);
    }
}

//! Texts that say where a list or a stream goes on.

use domain::{AgentId, EventId, RunId, SessionId};
use web::paging;

const LIST: &str = "sessions";
const FILTERS: &str = r#"{"statuses":["idle"]}"#;

/// A page text, a cursor, an id.
pub fn cursors(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check_page(&text);
    check_position(&text);
    check_id::<EventId>(&text, |id| (id.to_string(), id.0.to_string()));
    check_id::<SessionId>(&text, |id| (id.to_string(), id.0.to_string()));
    check_id::<AgentId>(&text, |id| (id.to_string(), id.0.to_string()));
    check_id::<RunId>(&text, |id| (id.to_string(), id.0.to_string()));
}

/// A page text that is taken is the one that was given, for this list and no other.
fn check_page(text: &str) {
    let Some(position) = paging::decode(LIST, FILTERS, text) else { return };
    assert_eq!(paging::encode(LIST, FILTERS, &position), text, "two texts lead to {position:?}");
    assert_eq!(paging::decode("agents", FILTERS, text), None, "it leads into another list");
    assert_eq!(paging::decode(LIST, "", text), None, "it leads past other filters");
}

/// Any position reads back, and not with a digit changed.
fn check_position(position: &str) {
    let page = paging::encode(LIST, FILTERS, position);
    let read = paging::decode(LIST, FILTERS, &page);
    // Longer ones than any list has are not looked at.
    assert!(read.as_deref() == Some(position) || page.len() > 512, "{position:?} reads back as {read:?}");
    let Some((at, digit)) = page.char_indices().nth(position.len() % page.len()) else { return };
    let mut changed = page.clone();
    changed.replace_range(at..=at, if digit == '0' { "1" } else { "0" });
    assert_eq!(paging::decode(LIST, FILTERS, &changed), None, "{changed} was never given");
}

/// An id that is taken is in one of its two spellings.
fn check_id<I: std::str::FromStr>(text: &str, spelled: impl Fn(I) -> (String, String)) {
    let Ok(id) = text.parse::<I>() else { return };
    let (ours, uuid) = spelled(id);
    assert!(text == ours || text.eq_ignore_ascii_case(&uuid), "{text} is taken for {ours}");
}

//! Keys, and the headers in which they come.

use std::sync::LazyLock;

use app::NewSecret;
use app::secret::{PREFIX, is_mangled};
use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use web::HeaderOrder::{ApiKeyFirst, AuthorizationFirst};
use web::presented_key;

/// More than this is no slip.
const SLIP_CHARS: usize = 4;

/// A key of our own form.
static KEY: LazyLock<String> = LazyLock::new(|| match NewSecret::sortie() {
    Ok(secret) => secret.reveal().to_owned(),
    Err(error) => panic!("no key: {error}"),
});

/// A key, or a header that may hold one; behind a line feed, a second header.
pub fn keys(data: &[u8]) {
    check_headers(data);
    let text = String::from_utf8_lossy(data);
    check_slip(&text);
    if NewSecret::given(&SecretString::from(&*text)).is_ok() {
        assert!((32..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    }
    assert!(text.starts_with(PREFIX) || !is_mangled(&text), "{text:?} is none of ours");
}

/// Whatever the headers hold, the key is a part of one of them, as it stands there.
fn check_headers(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let names = ["authorization", "x-api-key"];
    let values = names.into_iter().filter_map(|name| Some((name, HeaderValue::from_bytes(lines.next()?).ok()?)));
    let headers = HeaderMap::from_iter(values.map(|(name, value)| (http::HeaderName::from_static(name), value)));
    let found = [AuthorizationFirst, ApiKeyFirst].map(|order| presented_key(&headers, order));
    for key in found.into_iter().flatten() {
        assert!(!key.is_empty() && key.trim() == key, "{key:?} has blanks around it");
        let stands_in = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains(key));
        assert!(headers.values().any(stands_in), "{key:?} was never sent");
    }
    let is_word = |value: &str| ["bearer", "token"].iter().any(|word| value.trim().eq_ignore_ascii_case(word));
    let alone = headers.get("authorization").and_then(|value| value.to_str().ok()).filter(|_| headers.len() == 1);
    assert!(found[0].is_none() || !alone.is_some_and(is_word), "a header that lost its key has {found:?}");
    assert_eq!(found[0].is_some(), found[1].is_some(), "which header counts decides whether there is a key");
}

/// A key that was mistyped or cut is noticed. (What is longer than a slip may be another key.)
fn check_slip(text: &str) {
    let (key, typed) = (KEY.as_str(), text.char_indices().nth(SLIP_CHARS).map_or(text, |(end, _)| &text[..end]));
    assert!(!is_mangled(key), "a key is whole");
    let at = PREFIX.len() + text.len() % (key.len() - PREFIX.len());
    assert!(is_mangled(&key[..at]), "{at} characters are no key");
    let replaced = format!("{}{typed}{}", &key[..at], key.get(at + typed.len()..).unwrap_or_default());
    assert!(replaced == key || is_mangled(&replaced), "{replaced} passes for {key}");
}

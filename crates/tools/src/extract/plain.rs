//! Files that are text already.

use ports::tool::ExtractError;

/// Decodes UTF-8, with or without a mark, and UTF-16 with one.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, ExtractError> {
    let unreadable = |wrong: &str| ExtractError::Unreadable(wrong.to_owned());
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    };
    let text = text.ok_or_else(|| unreadable("it is not text in UTF-8 or UTF-16; save it as UTF-8"))?;
    match text.contains('\0') {
        true => Err(unreadable("it holds binary data")),
        false => Ok(text),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_is_read_and_binary_is_not() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(decode(bytes.to_vec()).ok().as_deref(), expected, "{bytes:?}");
        };
        check("zwölf 雪".as_bytes(), Some("zwölf 雪"));
        check(b"\xef\xbb\xbfhi", Some("hi"));
        check(b"\xff\xfeh\0i\0", Some("hi"));
        check(b"\xfe\xff\0h\0i", Some("hi"));
        check(b"\xff\xfe\x3d\xd8\x80\xde", Some("🚀"));
        check(b"\xff\xfeh\0i", None);
        check(b"\xff\xfe\x00\xd8", None);
        check(b"caf\xe9", None);
        check(b"MZ\0\0", None);
    }
}

//! Page texts: where a list goes on. Opaque to clients, good for one list with one set of
//! filters, and good for as long as the thing they point to.

use fast32::base32::CROCKFORD_LOWER;
use sha2::{Digest, Sha256};

/// Bytes of the digest that ties a page text to its list.
const SEAL_BYTES: usize = 8;

/// Longest page text that is looked at.
const TEXT_BYTES_MAX: usize = 512;

/// The page text for a position (an id, a `seq`) in a list under some filters.
pub fn encode(list: &str, filters: &str, position: &str) -> String {
    let mut bytes = seal(list, filters, position).to_vec();
    bytes.extend_from_slice(position.as_bytes());
    CROCKFORD_LOWER.encode(&bytes)
}

/// The position of a page text; `None` if it is not one, or one of another list or of other
/// filters.
pub fn decode(list: &str, filters: &str, page: &str) -> Option<String> {
    if page.len() > TEXT_BYTES_MAX {
        return None;
    }
    let bytes = CROCKFORD_LOWER.decode(page.as_bytes()).ok()?;
    if CROCKFORD_LOWER.encode(&bytes) != page {
        // Capitals and look-alikes were never given.
        return None;
    }
    let (sealed, position) = bytes.split_at_checked(SEAL_BYTES)?;
    let position = std::str::from_utf8(position).ok()?;
    (sealed == seal(list, filters, position)).then(|| position.to_owned())
}

/// Not a secret: it only tells a slip from a page text.
fn seal(list: &str, filters: &str, position: &str) -> [u8; SEAL_BYTES] {
    let mut digest = Sha256::new();
    for part in [list, filters, position] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_text_is_good_for_its_list_and_filters_only() {
        let page = encode("agents", "limit=10", "agent_01");
        assert_eq!(decode("agents", "limit=10", &page).as_deref(), Some("agent_01"));
        assert_eq!(decode("agents", "limit=10", &page.to_uppercase()), None);
        assert_eq!(decode("sessions", "limit=10", &page), None);
        assert_eq!(decode("agents", "limit=11", &page), None);
        assert_eq!(decode("agent", "slimit=10", &page), None);
    }

    #[test]
    fn junk_is_no_page_text() {
        for junk in ["", "junk", "0", "ü", "zzzzzzzzzzzzzzzzzzzzzzzz", &"0".repeat(100_000)] {
            assert_eq!(decode("agents", "", junk), None, "{junk:.20}");
        }
    }
}

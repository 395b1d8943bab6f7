//! The guard of calls to the outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use outbound::{Outbound, OutboundOptions};

use crate::addresses::{SPELLINGS, is_public, spelled};

/// As it stands by default: nothing private is allowed.
static GUARD: LazyLock<Outbound> = LazyLock::new(|| match Outbound::new(&OutboundOptions::default()) {
    Ok(guard) => guard,
    Err(error) => panic!("no guard: {error}"),
});

/// A URL; or, behind a zero byte, the bytes of an address and how it is spelled.
pub fn url_guard(data: &[u8]) {
    match data.split_first() {
        Some((0, [spelling, address @ ..])) => check_address(usize::from(*spelling), address),
        _ => check_url(&String::from_utf8_lossy(data)),
    }
}

/// Whatever the text, no address passes that is not public by the standard library's word.
fn check_url(text: &str) {
    let Ok(url) = GUARD.check_url(text) else { return };
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url} holds credentials");
    let host = url.host_str().unwrap_or_else(|| panic!("{url} names no host"));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => assert!(is_public(ip), "{text:?} leads to {ip}"),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            assert!(name != "localhost" && !name.ends_with(".localhost"), "{text:?} leads to this machine");
        }
    }
    // What was checked is what is called: read again, it is the same.
    let again = GUARD.check_url(url.as_str());
    assert_eq!(again.ok().as_ref(), Some(&url), "{text:?} is read in two ways");
}

/// An address that is not public does not pass in any spelling.
fn check_address(spelling: usize, address: &[u8]) {
    let mut bytes = [0; 16];
    let length = address.len().min(16);
    bytes[..length].copy_from_slice(&address[..length]);
    let v4 = Ipv4Addr::from([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let (text, ip) = match spelling % (SPELLINGS + 1) {
        SPELLINGS => (format!("http://[{}]/", Ipv6Addr::from(bytes)), IpAddr::V6(Ipv6Addr::from(bytes))),
        spelling => (format!("http://{}/", spelled(v4, spelling)), IpAddr::V4(v4)),
    };
    if GUARD.check_url(&text).is_ok() {
        assert!(is_public(ip), "{text} leads to {ip}");
    }
}

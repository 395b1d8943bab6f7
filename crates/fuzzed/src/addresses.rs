//! Addresses in all their spellings, and which of them are public: decided apart from the guard
//! that is checked, by the standard library as far as it goes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many spellings of an IPv4 address there are here.
pub(crate) const SPELLINGS: usize = 20;

/// The host of a URL that means this address. Each spelling is one that some client takes.
pub(crate) fn spelled(ip: Ipv4Addr, spelling: usize) -> String {
    let [a, b, c, d] = ip.octets();
    let number = u32::from(ip);
    let (high, low) = (number >> 16, number & 0xffff);
    match spelling {
        0 => ip.to_string(),
        1 => format!("{number}"),
        2 => format!("{number:#x}"),
        3 => format!("0{number:o}"),
        4 => format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        5 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        6 => format!("{a}.{}", number & 0x00ff_ffff),
        7 => format!("{a}.{b}.{low}"),
        8 => format!("{a:#X}.{b}.0{c:o}.{d}"),
        9 => format!("{ip}."),
        10 => percent_encoded(&ip.to_string()),
        11 => full_width(&ip.to_string()),
        12 => ip.to_string().replace('.', "\u{3002}"),
        13 => format!("[::ffff:{ip}]"),
        14 => format!("[::ffff:{high:x}:{low:x}]"),
        15 => format!("[0:0:0:0:0:FFFF:{high:04X}:{low:04X}]"),
        16 => format!("[::{ip}]"),
        17 => format!("[64:ff9b::{high:x}:{low:x}]"),
        18 => format!("[2002:{high:x}:{low:x}::1]"),
        _ => format!("[2001:0:{high:x}:{low:x}:0:0:{:x}:{:x}]", high ^ 0xffff, low ^ 0xffff),
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Digits and dots as East Asian typography has them; names are mapped to plain ones.
fn full_width(text: &str) -> String {
    text.chars().filter_map(|character| char::from_u32(character as u32 + 0xfee0)).collect()
}

/// Whether an address belongs to the public internet.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_unspecified();
    // What the standard library has no stable word for.
    let is_carriers = a == 100 && b & 0xc0 == 64;
    let is_for_benchmarks = a == 198 && b & 0xfe == 18;
    let is_for_protocols = (a, b, c) == (192, 0, 0);
    !(is_special || is_carriers || is_for_benchmarks || is_for_protocols || a == 0 || a >= 240)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [first, second, ..] = ip.segments();
    let octets = ip.octets();
    let last = Ipv4Addr::from([octets[12], octets[13], octets[14], octets[15]]);
    if octets[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] {
        return is_public_v4(last);
    }
    let is_special = ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local();
    let is_compatible = octets[..12] == [0; 12];
    let is_tunnel = first == 0x2002 || (first, second) == (0x2001, 0);
    let is_documentation = (first, second) == (0x2001, 0x0db8);
    !(is_special || is_compatible || is_tunnel || is_documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_on_what_is_public_is_right_where_it_is_known() {
        for (ip, expected) in [
            ("8.8.8.8", true),
            ("100.128.0.1", true),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("198.19.255.255", false),
            ("0.1.2.3", false),
            ("2606:4700::1111", true),
            ("::ffff:8.8.8.8", true),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::10.0.0.1", false),
            ("2002:7f00:1::", false),
            ("fd00::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}

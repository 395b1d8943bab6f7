//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::error::{BadOptions, OutboundError};

/// Decides about URLs and addresses. Knows no network.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    allowed: Vec<Allowed>,
    everything: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    place: Place,
    /// `None`: every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Name(String),
    Net(IpNet),
}

impl Guard {
    /// Refuses what is not public, but for what the operator allowed.
    pub(crate) fn new(allow: &[String]) -> Result<Self, BadOptions> {
        let allowed = allow.iter().map(|entry| parse_allowed(entry));
        Ok(Self { allowed: allowed.collect::<Result<_, _>>()?, everything: false })
    }

    /// Refuses no address. URLs are still checked.
    pub(crate) fn open() -> Self {
        Self { allowed: Vec::new(), everything: true }
    }

    /// Checks what can be known without resolving the name.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), OutboundError> {
        if !matches!(url.scheme(), "http" | "https") {
            let wrong = format!("only http and https URLs can be called, not `{}:`", url.scheme());
            return Err(OutboundError::BadUrl(wrong));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let wrong = "a URL must not hold a user name or password; send credentials in a header";
            return Err(OutboundError::BadUrl(wrong.to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let checked = match url.host() {
            None => return Err(OutboundError::BadUrl("the URL names no host".to_owned())),
            Some(Host::Ipv4(ip)) => self.check_address(ip.into(), port),
            Some(Host::Ipv6(ip)) => self.check_address(ip.into(), port),
            Some(Host::Domain(name)) if self.allows_name(name, port) => Ok(()),
            // What these resolve to is fixed by RFC 6761.
            Some(Host::Domain(name)) if is_localhost(name) => self.check_address(Ipv4Addr::LOCALHOST.into(), port),
            Some(Host::Domain(_)) => Ok(()),
        };
        checked.map_err(|why| OutboundError::NotAllowed { host: host_of(url), why })
    }

    /// Whether this name may be called wherever it leads.
    pub(crate) fn allows_name(&self, name: &str, port: u16) -> bool {
        let name = canonical(name);
        let fits = |allowed: &Allowed| {
            matches!(&allowed.place, Place::Name(known) if *known == name) && allowed.port.is_none_or(|p| p == port)
        };
        self.everything || self.allowed.iter().any(fits)
    }

    /// Whether this address may be called; if not, what it is.
    pub(crate) fn check_address(&self, ip: IpAddr, port: u16) -> Result<(), &'static str> {
        let ip = ip.to_canonical();
        let fits = |allowed: &Allowed| {
            matches!(&allowed.place, Place::Net(net) if net.contains(&ip)) && allowed.port.is_none_or(|p| p == port)
        };
        if self.everything || self.allowed.iter().any(fits) {
            return Ok(());
        }
        match why_not_public(ip) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }
}

/// Host and port for a message.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether this name means this machine, whatever a name server says.
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = canonical(name);
    name == "localhost" || name.ends_with(".localhost")
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn parse_allowed(entry: &str) -> Result<Allowed, BadOptions> {
    let net = |ip: IpAddr| Place::Net(IpNet::from(ip.to_canonical()));
    if let Ok(address) = entry.parse::<SocketAddr>() {
        return Ok(Allowed { place: net(address.ip()), port: Some(address.port()) });
    }
    if let Ok(ip) = entry.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(Allowed { place: net(ip), port: None });
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return Ok(Allowed { place: Place::Net(network), port: None });
    }
    let (name, port) = match entry.split_once(':') {
        Some((name, port)) => (name, Some(port.parse().map_err(|_| BadOptions::Allow(entry.to_owned()))?)),
        None => (entry, None),
    };
    match Host::parse(name) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(Allowed { place: Place::Name(canonical(&name)), port }),
        _ => Err(BadOptions::Allow(entry.to_owned())),
    }
}

/// What an address is, if it is not a public one.
fn why_not_public(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => why_not_public_v4(ip),
        IpAddr::V6(ip) => why_not_public_v6(ip),
    }
}

/// Source: IANA special-purpose address registry; and the address under which one large
/// provider serves its machines' metadata although it is public.
const NOT_PUBLIC_V4: [([u8; 4], u32, &str); 17] = [
    ([0, 0, 0, 0], 8, "an unspecified address"),
    ([10, 0, 0, 0], 8, "a private address"),
    ([100, 64, 0, 0], 10, "a carrier's internal address"),
    ([127, 0, 0, 0], 8, "a loopback address"),
    ([168, 63, 129, 16], 32, "a metadata address"),
    ([169, 254, 0, 0], 16, "a link-local or metadata address"),
    ([172, 16, 0, 0], 12, "a private address"),
    ([192, 0, 0, 0], 24, "a reserved address"),
    ([192, 0, 2, 0], 24, "a documentation address"),
    ([192, 31, 196, 0], 24, "a reserved address"),
    ([192, 88, 99, 0], 24, "a relay address"),
    ([192, 168, 0, 0], 16, "a private address"),
    ([198, 18, 0, 0], 15, "a benchmarking address"),
    ([198, 51, 100, 0], 24, "a documentation address"),
    ([203, 0, 113, 0], 24, "a documentation address"),
    ([224, 0, 0, 0], 4, "a multicast address"),
    ([240, 0, 0, 0], 4, "a reserved address"),
];

fn why_not_public_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(ip);
    let within = |net: [u8; 4], length: u32| (bits ^ u32::from(Ipv4Addr::from(net))) >> (32 - length) == 0;
    let found = NOT_PUBLIC_V4.iter().find(|(net, length, _)| within(*net, *length));
    found.map(|(_, _, why)| *why)
}

fn why_not_public_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let [a, b, c, d, e, f, ..] = ip.segments();
    // NAT64 (RFC 6052) is how networks without IPv4 reach it, so it is judged by what it
    // leads to. A mapped address was turned into an IPv4 one before.
    if [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., w, x, y, z] = ip.octets();
        return why_not_public_v4(Ipv4Addr::new(w, x, y, z));
    }
    match (a, b) {
        _ if ip.is_unspecified() => Some("an unspecified address"),
        _ if ip.is_loopback() => Some("a loopback address"),
        _ if ip.is_multicast() => Some("a multicast address"),
        _ if ip.is_unicast_link_local() => Some("a link-local address"),
        _ if ip.is_unique_local() => Some("a private address"),
        // 6to4 and Teredo carry an IPv4 address of the writer's choice.
        (0x2002, _) | (0x2001, 0) => Some("a tunnel address"),
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => Some("a documentation address"),
        (0x2001, 0..=0x01ff) => Some("a reserved address"),
        // Only 2000::/3 is given out; everything else is special in some way.
        (0x2000..=0x3fff, _) => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
        Guard::new(&allow).expect("readable")
    }

    fn passes(guard: &Guard, url: &str) -> bool {
        guard.check_url(&Url::parse(url).expect("a URL")).is_ok()
    }

    #[test]
    fn only_public_addresses_pass() {
        let refused = [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0.0.0.0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.168.0.1/",
            "http://100.64.0.1/",
            "http://100.100.100.200/",
            "http://169.254.169.254/latest/meta-data/",
            "http://168.63.129.16/",
            "http://192.0.0.192/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://240.0.0.1/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2002:808:808::]/",
            "http://[2001:0:808:808::]/",
            "http://[2001:db8::1]/",
            "http://[3fff::1]/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[fd00:ec2::254]/",
            "http://[ff02::1]/",
            "http://localhost/",
            "http://LOCALHOST../",
            "http://LOCALHOST./",
            "http://a.localhost:8080/",
            "ftp://8.8.8.8/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "http://user@8.8.8.8/",
            "http://:secret@8.8.8.8/",
        ];
        for url in refused {
            assert!(!passes(&guard(&[]), url), "{url} must be refused");
        }
        let accepted = [
            "http://8.8.8.8/",
            "https://1.1.1.1:8443/",
            "http://172.32.0.1/",
            "http://100.128.0.1/",
            "http://[2606:4700::1111]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[64:ff9b::808:808]/",
            "https://example.com/",
        ];
        for url in accepted {
            assert!(passes(&guard(&[]), url), "{url} must be accepted");
        }
    }

    #[test]
    fn an_operator_allows_by_name_port_address_or_network() {
        assert!(passes(&guard(&["localhost"]), "http://localhost:1/"));
        assert!(!passes(&guard(&["localhost"]), "http://127.0.0.1:1/"));
        assert!(passes(&guard(&["localhost:80"]), "http://localhost/"));
        assert!(!passes(&guard(&["localhost:80"]), "http://localhost:81/"));
        assert!(passes(&guard(&["127.0.0.1:80"]), "http://127.0.0.1/"));
        assert!(!passes(&guard(&["127.0.0.1:80"]), "http://127.0.0.1:81/"));
        assert!(passes(&guard(&["10.0.0.0/8"]), "http://10.9.9.9:5/"));
        assert!(passes(&guard(&["10.0.0.0/8"]), "http://[::ffff:10.9.9.9]/"));
        assert!(!passes(&guard(&["10.0.0.0/8"]), "http://11.0.0.0.localhost/"));
        assert!(passes(&guard(&["[::1]:80"]), "http://[::1]/"));
        assert!(passes(&guard(&["::1"]), "http://[::1]:8080/"));
        assert!(guard(&["Intranet.Example."]).allows_name("intranet.example", 80));
        assert!(!guard(&["intranet.example"]).allows_name("evil.intranet.example", 80));
    }

    #[test]
    fn entries_that_mean_nothing_are_errors() {
        for entry in ["", "*.example.com", "host:port", "10.0.0.0/99", "a b", "http://x"] {
            assert!(Guard::new(&[entry.to_owned()]).is_err(), "{entry}");
        }
    }

    #[test]
    fn an_open_guard_still_refuses_what_is_no_call() {
        assert!(passes(&Guard::open(), "http://127.0.0.1/"));
        assert!(!passes(&Guard::open(), "file:///etc/passwd"));
        assert!(!passes(&Guard::open(), "http://user:secret@127.0.0.1/"));
    }
}

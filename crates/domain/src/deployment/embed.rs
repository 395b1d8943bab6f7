//! A page with a chat: where it may stand, and how it looks.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Most sites that may show a page.
pub const ORIGINS_MAX: usize = 50;

/// Most openings that a visitor is offered.
pub const STARTERS_MAX: usize = 10;

/// A chat with the agent, on a page of ours that other sites show in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embed {
    /// The sites that may show it: `scheme://host[:port]`, or `https://*.example.org`. None is
    /// any site, or, in secure mode, no site.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Whether a visitor needs a token that the site's back end asked for.
    #[serde(default)]
    pub secure: bool,
    /// `light`, `dark` or `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// The colour of what can be pressed, as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The corner of a page that its button floats in: `right` or `left`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// What stands there before anything is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// What a visitor might begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starters: Vec<String>,
}

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin such as https://example.org, https://*.example.org or http://localhost:3000")]
pub struct BadOrigin;

impl Embed {
    /// What a policy says of the pages around it; `None` if any page may show it.
    pub fn ancestors(&self) -> Option<String> {
        match (self.allowed_origins.is_empty(), self.secure) {
            (true, false) => None,
            (true, true) => Some("'none'".to_owned()),
            (false, _) => Some(self.allowed_origins.join(" ")),
        }
    }

    /// Whether a page of this origin may show it.
    pub fn lets(&self, origin: &str) -> bool {
        if self.allowed_origins.is_empty() {
            return !self.secure;
        }
        let Ok(origin) = Self::origin(origin) else { return false };
        !origin.contains('*') && self.allowed_origins.iter().any(|allowed| covers(allowed, &origin))
    }

    /// Whether a text is a colour as `#rrggbb`.
    pub fn is_color(text: &str) -> bool {
        let digits = text.strip_prefix('#').unwrap_or_default();
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    }

    /// An origin as it is written in a policy of a page: lower case, no path, no default port.
    ///
    /// # Errors
    /// It is no origin.
    pub fn origin(text: &str) -> Result<String, BadOrigin> {
        let (scheme, host) = text.split_once("://").ok_or(BadOrigin)?;
        let bare = host.strip_prefix("*.");
        let url = Url::parse(&format!("{scheme}://{}", bare.unwrap_or(host))).map_err(|_| BadOrigin)?;
        let is_origin = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && !text.ends_with('/')
            && matches!(url.scheme(), "http" | "https");
        let host = match url.host() {
            // A policy would read any of these as another word.
            Some(Host::Domain(name)) if name.bytes().all(is_of_a_name) => name.to_owned(),
            Some(Host::Ipv4(address)) if bare.is_none() => address.to_string(),
            Some(Host::Ipv6(address)) if bare.is_none() => format!("[{address}]"),
            _ => return Err(BadOrigin),
        };
        // A whole top-level domain is nobody's site.
        let is_too_wide = bare.is_some() && (!host.contains('.') || url.scheme() != "https");
        if !is_origin || is_too_wide {
            return Err(BadOrigin);
        }
        let any = if bare.is_some() { "*." } else { "" };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(format!("{}://{any}{host}{port}", url.scheme()))
    }
}

/// Whether an origin, as written in a policy, is of those that `allowed` stands for.
fn covers(allowed: &str, origin: &str) -> bool {
    match allowed.split_once("://*.") {
        // Of the names below it, and not of the name itself, as browsers have it.
        Some((scheme, parent)) => {
            let host = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
            host.and_then(|host| host.strip_suffix(parent)).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        }
        None => allowed == origin,
    }
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_let_in_by_the_list_as_browsers_read_it() {
        let of = |origins: &[&str], secure| Embed {
            allowed_origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            secure,
            ..Embed::default()
        };
        let some = of(&["https://site.test", "https://*.example.org", "https://*.example.net:8443"], false);
        for (origin, lets) in [
            ("https://site.test", true),
            ("https://SITE.test:443", true),
            ("http://site.test", false),
            ("https://site.test:444", false),
            ("https://site.test.evil.test", false),
            ("https://a.example.org", true),
            ("https://a.b.example.org", true),
            ("https://example.org", false),
            ("https://.example.org", false),
            ("https://badexample.org", false),
            ("https://*.example.org", false),
            ("https://a.example.net:8443", true),
            ("https://a.example.net", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(some.lets(origin), lets, "{origin}");
        }
        assert_eq!(
            some.ancestors().as_deref(),
            Some("https://site.test https://*.example.org https://*.example.net:8443")
        );
        assert!(of(&[], false).lets("https://any.test") && of(&[], false).ancestors().is_none());
        assert!(!of(&[], true).lets("https://any.test"));
        assert_eq!(of(&[], true).ancestors().as_deref(), Some("'none'"));
    }

    #[test]
    fn a_color_is_six_digits() {
        assert!(Embed::is_color("#0a7Bff"));
        for text in ["", "#", "0a7bff", "#0a7bf", "#0a7bff0", "#0a7bfg", "red", "#fff", "#0a7bf;"] {
            assert!(!Embed::is_color(text), "{text}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, written) in [
            ("https://site.test", "https://site.test"),
            ("HTTPS://Site.Test:443", "https://site.test"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://*.example.org", "https://*.example.org"),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(Embed::origin(text).as_deref(), Ok(written), "{text}");
        }
        for text in [
            "",
            "*",
            "site.test",
            "https://",
            "https://site.test/",
            "https://site.test/path",
            "https://site.test?x",
            "https://user@site.test",
            "ftp://site.test",
            "javascript://x",
            "https://*",
            "https://*.org",
            "http://*.example.org",
            "https://a.*.org",
            "https://*.127.0.0.1",
            "https://site.test; script-src *",
            "https://site.test 'unsafe-inline'",
        ] {
            assert_eq!(Embed::origin(text), Err(BadOrigin), "{text}");
        }
    }
}

//! What browsers are told: the cookies that stand for a login and for one that has begun
//! elsewhere, who may send them, and where browsers are sent.

use std::sync::Arc;

use app::Error;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};

/// A cookie of ours.
struct Cookie {
    /// What it is called where connections are not encrypted.
    name: &'static str,
    /// What it is called where they are: browsers take it from nobody but this host, over TLS.
    host_name: &'static str,
    /// How long the browser keeps it.
    seconds: i64,
}

/// Kept as long as a login lasts.
const LOGIN: Cookie =
    Cookie { name: "sortie_login", host_name: "__Host-sortie_login", seconds: domain::person::Login::LASTS.as_secs() };

/// Kept while somebody logs in elsewhere. Whoever takes longer is told so, and not that nothing
/// was begun.
const ATTEMPT: Cookie = Cookie { name: "sortie_attempt", host_name: "__Host-sortie_attempt", seconds: 15 * 60 };

/// Longest path that a browser is sent to after a login.
const PATH_BYTES_MAX: usize = 1_024;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Where people reach the server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site {
    url: Arc<str>,
    /// Scheme, host and port, as browsers name them.
    origin: Arc<str>,
    is_encrypted: bool,
}

impl Site {
    /// The site at this address.
    pub fn new(url: &str) -> Self {
        let url = url.trim_end_matches('/');
        let is_encrypted = url.starts_with("https://");
        Self { url: url.into(), origin: origin_of(url).into(), is_encrypted }
    }

    /// The address of the page for a link.
    pub fn link(&self, token: &str) -> String {
        format!("{}/invite/{token}", self.url)
    }

    /// Where the issuer of this name sends browsers back to.
    pub fn callback(&self, issuer: &str) -> String {
        format!("{}/login/oidc/{issuer}/callback", self.url)
    }

    /// What the browser shows of a login.
    pub fn shown_login<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.shown(&LOGIN, headers)
    }

    /// The header that gives a browser its login.
    pub fn set_login(&self, token: &str) -> Option<HeaderValue> {
        self.set(&LOGIN, token, LOGIN.seconds)
    }

    /// The header that takes it away.
    pub fn unset_login(&self) -> Option<HeaderValue> {
        self.set(&LOGIN, "", 0)
    }

    /// What the browser shows of a login that has begun elsewhere.
    pub fn shown_attempt<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.shown(&ATTEMPT, headers)
    }

    /// The header that gives a browser what it keeps meanwhile. The issuer's page sends it back
    /// by a link, with which `SameSite=Lax` cookies travel.
    pub fn set_attempt(&self, sealed: &str) -> Option<HeaderValue> {
        self.set(&ATTEMPT, sealed, ATTEMPT.seconds)
    }

    /// The header that takes it away.
    pub fn unset_attempt(&self) -> Option<HeaderValue> {
        self.set(&ATTEMPT, "", 0)
    }

    fn shown<'a>(&self, cookie: &Cookie, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let shown = pairs.find(|(name, _)| name.trim() == self.name_of(cookie)).map(|(_, value)| value.trim());
        shown.filter(|shown| !shown.is_empty())
    }

    fn set(&self, cookie: &Cookie, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.is_encrypted { "; Secure" } else { "" };
        let name = self.name_of(cookie);
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&cookie).ok()
    }

    fn name_of(&self, cookie: &Cookie) -> &'static str {
        if self.is_encrypted { cookie.host_name } else { cookie.name }
    }

    /// Whether a request that shows a login, and changes something, comes from this site's own
    /// pages: a browser sends the cookie along whoever wrote the page.
    ///
    /// # Errors
    /// [`Error::NotForYou`].
    pub fn check_own(&self, method: &Method, headers: &HeaderMap) -> Result<(), Error> {
        let why = "a request with a login must come from this server's own pages: elsewhere, send an API key";
        let is_own = method.is_safe() || self.says_own(headers).unwrap_or(false);
        if is_own { Ok(()) } else { Err(Error::NotForYou(why)) }
    }

    /// Whether a request that would log a browser in may: not if a page elsewhere sends it. What
    /// is no browser says nothing.
    ///
    /// # Errors
    /// [`Error::NotForYou`].
    pub fn check_not_foreign(&self, headers: &HeaderMap) -> Result<(), Error> {
        let why = "only this server's own pages can log a browser in";
        if self.says_own(headers).unwrap_or(true) { Ok(()) } else { Err(Error::NotForYou(why)) }
    }

    /// What the browser says of where a request comes from; `None` if it says nothing.
    fn says_own(&self, headers: &HeaderMap) -> Option<bool> {
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            return Some(site == "same-origin");
        }
        let origin = headers.get(ORIGIN)?;
        let Ok(origin) = origin.to_str() else { return Some(false) };
        // The address that people use is not always the configured one: this machine's, for one.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_host = || origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
        Some(origin == &*self.origin || is_host())
    }
}

/// Whether an address leads to a page of ours and nowhere else, whatever a browser makes of it:
/// `//elsewhere` and `/\elsewhere` are other servers, and tabs and line ends are passed over.
pub fn is_own_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    path.len() <= PATH_BYTES_MAX && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(is_plain)
}

/// Whether a browser says that a page of another site has sent it here.
pub fn is_sent_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none")
}

/// Scheme and authority of an address, without the port that goes without saying.
fn origin_of(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return url.to_owned() };
    let (scheme, authority) =
        (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |found| found.as_str()));
    let implied = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", authority.strip_suffix(implied).unwrap_or(authority)).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_cookie_is_for_this_host_alone_and_for_no_script() {
        let cookie = |url| Site::new(url).set_login("abc").unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            cookie("http://127.0.0.1:7717"),
            "sortie_login=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            cookie("https://a.example/sortie/"),
            "__Host-sortie_login=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
        );
        let gone = Site::new("http://a").unset_login().unwrap();
        assert!(gone.to_str().unwrap().starts_with("sortie_login=; Path=/; Max-Age=0;"));
    }

    #[test]
    fn what_is_begun_elsewhere_has_a_cookie_of_its_own() {
        let site = Site::new("https://a.example/sortie/");
        let cookie = site.set_attempt("abc").unwrap();
        assert_eq!(cookie, "__Host-sortie_attempt=abc; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure");
        let both = headers(&[("cookie", "__Host-sortie_login=one; __Host-sortie_attempt=two")]);
        assert_eq!((site.shown_login(&both), site.shown_attempt(&both)), (Some("one"), Some("two")));
        assert_eq!(site.callback("corp"), "https://a.example/sortie/login/oidc/corp/callback");
    }

    #[test]
    fn nobody_is_sent_to_another_server() {
        for path in ["/", "/agents?tab=deploy#x", "/sessions/sesn_1", "/login?next=%2F%2Fevil.example", "/.//a"] {
            assert!(is_own_path(path), "{path}");
        }
        for path in [
            "",
            "agents",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/a\r\nSet-Cookie: a=b",
            "https://evil.example/",
            "javascript:alert(1)",
            "/ä",
        ] {
            assert!(!is_own_path(path), "{path:?}");
        }
        assert!(!is_own_path(&format!("/{}", "a".repeat(PATH_BYTES_MAX))));
    }

    #[test]
    fn a_browser_says_whether_a_page_elsewhere_sent_it() {
        for (site, is_elsewhere) in
            [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true), ("", true)]
        {
            assert_eq!(is_sent_from_elsewhere(&headers(&[("sec-fetch-site", site)])), is_elsewhere, "{site}");
        }
        assert!(!is_sent_from_elsewhere(&headers(&[])), "it is none, or an old one");
    }

    #[test]
    fn a_login_is_found_among_other_cookies() {
        let plain = Site::new("http://a.example");
        for (line, shown) in [
            ("sortie_login=abc", Some("abc")),
            ("theme=dark; sortie_login=abc; x=y", Some("abc")),
            ("sortie_login=", None),
            ("__Host-sortie_login=abc", None),
            ("xsortie_login=abc; sortie_loginx=abc", None),
            ("sortie_login", None),
        ] {
            assert_eq!(plain.shown_login(&headers(&[("cookie", line)])), shown, "{line}");
        }
        let encrypted = Site::new("https://a.example");
        assert_eq!(encrypted.shown_login(&headers(&[("cookie", "__Host-sortie_login=abc")])), Some("abc"));
        assert_eq!(encrypted.shown_login(&headers(&[("cookie", "sortie_login=abc")])), None, "anybody could set it");
    }

    /// What a request says, whether it may change something, and whether it may log in.
    type Case<'a> = (&'a [(&'a str, &'a str)], bool, bool);

    #[test]
    fn only_own_pages_change_something_with_a_login() {
        let site = Site::new("https://a.example:443/");
        let cases: &[Case<'_>] = &[
            (&[("sec-fetch-site", "same-origin")], true, true),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://a.example")], false, false),
            (&[("sec-fetch-site", "cross-site")], false, false),
            (&[("sec-fetch-site", "none")], false, false),
            (&[("origin", "https://a.example")], true, true),
            (&[("origin", "http://127.0.0.1:7717"), ("host", "127.0.0.1:7717")], true, true),
            (&[("origin", "https://b.example"), ("host", "a.example")], false, false),
            (&[("origin", "null"), ("host", "a.example")], false, false),
            (&[("host", "a.example")], false, true),
        ];
        for (said, changes, logs_in) in cases {
            let said: HeaderMap =
                said.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>();
            assert_eq!(site.check_own(&Method::POST, &said).is_ok(), *changes, "{said:?}");
            assert_eq!(site.check_not_foreign(&said).is_ok(), *logs_in, "{said:?}");
            assert!(site.check_own(&Method::GET, &said).is_ok());
        }
    }
}

//! What browsers are told: the cookie that stands for a login, and who may send it.

use std::sync::Arc;

use app::Error;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};

/// What the cookie is called where connections are not encrypted.
const COOKIE_NAME: &str = "sortie_login";

/// What it is called where they are: browsers take it from nobody but this host, over TLS.
const HOST_COOKIE_NAME: &str = "__Host-sortie_login";

/// How long the browser keeps it: as long as a login lasts.
const COOKIE_SECONDS: i64 = domain::person::Login::LASTS.as_secs();

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

    /// What the browser shows of a login.
    pub fn shown_login<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let shown = pairs.find(|(name, _)| name.trim() == self.cookie_name()).map(|(_, value)| value.trim());
        shown.filter(|shown| !shown.is_empty())
    }

    /// The header that gives a browser its login.
    pub fn set_login(&self, token: &str) -> Option<HeaderValue> {
        self.cookie(token, COOKIE_SECONDS)
    }

    /// The header that takes it away.
    pub fn unset_login(&self) -> Option<HeaderValue> {
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.is_encrypted { "; Secure" } else { "" };
        let name = self.cookie_name();
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&cookie).ok()
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_encrypted { HOST_COOKIE_NAME } else { COOKIE_NAME }
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

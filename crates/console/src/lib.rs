//! The console: serves the front end of `console/`, which was built into this crate.
//!
//! It knows files, their types and how long a browser may keep them. It holds no data and no
//! logic, and knows no other crate of ours: whatever the pages show they ask the APIs for.
//! One more page of the front end is one more line in [`ADDRESSES`].

mod asset;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use asset::Asset;

/// What the front end's build left, by path.
const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The page that every address of the front end shows.
const PAGE: &str = "index.html";

/// Where the front end's pages are. `*` is one segment of a path.
const ADDRESSES: &[&str] = &[
    "",
    "login",
    "invite/*",
    "cli/verify",
    "welcome",
    "sessions/*",
    "agents",
    "agents/*",
    "agents/*/edit",
    "rollouts",
    "rollouts/*",
    "approvals",
    "knowledge",
    "usage",
    "settings",
    "settings/*",
    "settings/*/*",
];

/// What answers programs, who must not be shown a page.
const APIS: &[&str] = &["v1", "api", "embed"];

/// Nothing from elsewhere, nothing inline, nobody's frame. Pictures that are in the page's own
/// data come as `data:`; the page frames only what this server serves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sortie</title>\
    <h1>The console is not in this build</h1>\
    <p>The APIs work. To have the console too: <code>cd console &amp;&amp; npm ci &amp;&amp; npm run build</code>, then build \
    Sortie again; or start with <code>cargo xtask start</code>, which does both.</p></html>";

/// The files that the page loads.
pub fn assets() -> Router {
    ASSETS.iter().filter(|asset| asset.path != PAGE).fold(Router::new(), |router, asset| {
        let served = get(async |headers: HeaderMap| asset.response(&headers));
        router.route(&format!("/{}", asset.path), served)
    })
}

/// The page, for who asks for one at an address that no API has; with 404 where the front end
/// has none either. Nothing for programs.
pub fn page(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path().trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let is_asked_for = matches!(*method, Method::GET | Method::HEAD) && accepts_html(headers) && !APIS.contains(&first);
    if !is_asked_for {
        return None;
    }
    let mut response = match ASSETS.iter().find(|asset| asset.path == PAGE) {
        Some(page) => page.response(headers),
        None => Html(NOT_BUILT).into_response(),
    };
    if response.status() == StatusCode::OK && !ADDRESSES.iter().any(|address| is_at(address, path)) {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let guards = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    response.headers_mut().extend(guards.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Some(response)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT);
    accepts.iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

fn is_at(address: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (address.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, path: &str, accept: &'static str) -> Option<Response> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        page(&method, &path.parse().unwrap(), &headers)
    }

    #[test]
    fn a_browser_is_shown_the_page_at_the_addresses_of_the_front_end() {
        for path in ["/", "/agents/0190b2c4-5d6e-7f80-9a1b-2c3d4e5f6071", "/cli/verify?code=A", "/settings/api/"] {
            let response = asked(Method::GET, path, "text/html,*/*;q=0.8").unwrap();
            assert_eq!(response.status(), 200, "{path}");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        }
    }

    #[test]
    fn elsewhere_the_page_says_that_nothing_is_there() {
        for path in ["/nothing", "/agents/a/b/c", "/sessions", "/settings/a/b/c"] {
            assert_eq!(asked(Method::GET, path, "text/html").unwrap().status(), 404, "{path}");
        }
    }

    #[test]
    fn programs_are_shown_no_page() {
        assert!(asked(Method::GET, "/", "application/json").is_none());
        assert!(asked(Method::GET, "/", "*/*").is_none());
        assert!(asked(Method::POST, "/login", "text/html").is_none());
        for path in ["/v1/nothing", "/api/v2/nothing", "/v1", "/embed/x"] {
            assert!(asked(Method::GET, path, "text/html").is_none(), "{path}");
        }
    }

    #[test]
    fn every_page_of_the_front_end_has_its_address() {
        let routes = include_str!("../../../console/src/app/routes.tsx");
        let mut known = 0;
        let mut parent = "";
        for block in routes.split("createRoute(") {
            let Some(path) = block.split("path: '").nth(1).and_then(|rest| rest.split('\'').next()) else { continue };
            parent = if block.contains("getParentRoute: () => settings") { "/settings" } else { "" };
            let path = format!("{parent}{path}");
            let segments = path.trim_matches('/').split('/');
            let path =
                segments.map(|part| if part.starts_with('$') { "x" } else { part }).collect::<Vec<_>>().join("/");
            assert!(ADDRESSES.iter().any(|address| is_at(address, &path)), "/{path} has no line in ADDRESSES");
            known += 1;
        }
        assert!(known > 20 && parent == "/settings", "the routes were not found: {known}");
    }
}

//! The plain pages that this API's answers lead to. They hold no data of any session and no
//! key: each asks for a key, keeps it in memory alone, and asks the API with it.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;

const SESSION: &str = include_str!("../assets/session.html");
const SESSION_SCRIPT: &str = include_str!("../assets/session.js");
const VERIFY: &str = include_str!("../assets/verify.html");
const VERIFY_SCRIPT: &str = include_str!("../assets/verify.js");
const STYLE: &str = include_str!("../assets/page.css");

/// Nothing from elsewhere, nothing inline, nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages, and what they load.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/agents/{id}", get(async || (guarded(), Html(SESSION))))
        .route("/agents/session.js", get(async || script(SESSION_SCRIPT)))
        .route("/agents/page.css", get(style))
        .route("/cli/verify", get(async || (guarded(), Html(VERIFY))))
        .route("/cli/verify.js", get(async || script(VERIFY_SCRIPT)))
        .route("/cli/page.css", get(style))
}

fn guarded() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

fn script(text: &'static str) -> impl IntoResponse {
    (guarded(), [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text)
}

async fn style() -> impl IntoResponse {
    (guarded(), [(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_nothing_that_is_elsewhere_and_holds_nothing_inline() {
        for page in [SESSION, VERIFY] {
            for foreign in ["http:", "https:", "//", "onclick", "onload", "style=", "javascript:"] {
                assert!(!page.contains(foreign), "{foreign}");
            }
            assert!(page.matches("<script").count() == 1 && page.contains("<script src=\"/"), "no inline script");
        }
        for script in [SESSION_SCRIPT, VERIFY_SCRIPT] {
            for kept in ["localStorage", "sessionStorage", "document.cookie", "indexedDB", "innerHTML", "eval("] {
                assert!(!script.contains(kept), "{kept}");
            }
        }
    }
}

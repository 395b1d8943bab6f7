//! `/docs`: the reference of every API, drawn in the browser from the documents that the
//! façades serve.
//!
//! It works without a network: its one script is in the binary, packed as it is sent. The
//! page may load nothing from elsewhere and run nothing but that script.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;

/// An API and where its document is.
struct Reference {
    /// Where its page is.
    page: &'static str,
    title: &'static str,
    document: &'static str,
}

/// One more API is one more line.
const REFERENCES: [Reference; 4] = [
    Reference { page: "/docs", title: "Native API", document: "/openapi.json" },
    Reference { page: "/docs/cassidy", title: "Cassidy-compatible API", document: "/api/openapi.json" },
    Reference { page: "/docs/make", title: "Make-compatible API", document: "/api/v2/openapi.json" },
    Reference { page: "/docs/cased", title: "Cased-compatible API", document: "/api/v1/openapi.json" },
];

const PAGE: &str = include_str!("../assets/reference.html");
/// See `generated/README.md`. The version is in its address, so that it can be kept for ever.
const SCRIPT: &[u8] = include_bytes!("../generated/redoc-2.5.4.js.gz");
const SCRIPT_ADDRESS: &str = "/docs/redoc-2.5.4.js";

/// Styles are made by the script as it draws; its search runs in a worker made of a blob.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The pages and their script.
pub(crate) fn router() -> Router {
    let pages = REFERENCES.iter().fold(Router::new(), |router, reference| {
        let page = page(reference);
        router.route(reference.page, get(async move || (guarded(), Html(page.clone()))))
    });
    pages.route(SCRIPT_ADDRESS, get(script))
}

fn page(shown: &Reference) -> String {
    let link = |reference: &Reference| {
        let current = if reference.page == shown.page { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{}\"{current}>{}</a>", reference.page, reference.title)
    };
    let links: String = REFERENCES.iter().map(link).collect();
    PAGE.replace("{title}", shown.title)
        .replace("{links}", &links)
        .replace("{document}", shown.document)
        .replace("{script}", SCRIPT_ADDRESS)
}

fn guarded() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

async fn script() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, SCRIPT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, Response};
    use sha2::{Digest, Sha256};
    use tower::ServiceExt;

    /// Of the packed script; `generated/README.md` tells how it is made.
    const SCRIPT_SHA256: &str = "3116e001880678a88aa94fe39e117b2d73254665b62169de01c89dfca86c09be";

    async fn get(path: &str) -> (Response<()>, Vec<u8>) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let (head, body) = router().oneshot(request).await.unwrap().into_parts();
        assert_eq!(head.status, 200, "{path}");
        (Response::from_parts(head, ()), to_bytes(body, 1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn a_page_names_nothing_that_is_elsewhere() {
        for reference in &REFERENCES {
            let (head, page) = get(reference.page).await;
            let page = String::from_utf8(page).unwrap();
            assert!(!page.contains("http:") && !page.contains("https:"), "{page}");
            assert!(page.contains(&format!("spec-url=\"{}\"", reference.document)), "{page}");
            assert!(page.contains("<script src=\"/docs/") && page.matches("<script").count() == 1, "{page}");
            let policy = head.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        }
    }

    #[tokio::test]
    async fn the_script_is_the_one_that_was_checked_in() {
        let (head, script) = get(SCRIPT_ADDRESS).await;
        assert_eq!(head.headers()[header::CONTENT_ENCODING], "gzip");
        let hash = Sha256::digest(script).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hash, SCRIPT_SHA256);
    }
}

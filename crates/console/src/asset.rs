//! One file of the front end, as it is stored and sent.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file. `build.rs` writes them.
pub(crate) struct Asset {
    /// Where it is served, without the first slash.
    pub(crate) path: &'static str,
    /// Of its plain bytes.
    pub(crate) tag: &'static str,
    /// Whether `bytes` are gzip.
    pub(crate) packed: bool,
    pub(crate) bytes: &'static [u8],
}

/// Names below `assets/` hold a hash of the file.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

impl Asset {
    /// The answer to who asks for it.
    pub(crate) fn response(&self, asked: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.tag);
        let keep = if self.path.starts_with("assets/") { FOR_EVER } else { "no-cache" };
        let shared = [
            (header::CACHE_CONTROL, keep),
            (header::ETAG, &tag),
            (header::VARY, "accept-encoding"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let names = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        if names(header::IF_NONE_MATCH).split(',').any(|known| known.trim().trim_start_matches("W/") == tag) {
            return (StatusCode::NOT_MODIFIED, shared).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind())];
        match self.packed {
            true if takes_gzip(names(header::ACCEPT_ENCODING)) => {
                (shared, kind, [(header::CONTENT_ENCODING, "gzip")], Body::from(self.bytes)).into_response()
            }
            true => (shared, kind, self.unpacked()).into_response(),
            false => (shared, kind, Body::from(self.bytes)).into_response(),
        }
    }

    /// For the rare client that takes no gzip.
    fn unpacked(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        // Packed by our own build: it can be read.
        match flate2::read::GzDecoder::new(self.bytes).read_to_end(&mut plain) {
            Ok(_) => plain,
            Err(_) => Vec::new(),
        }
    }

    fn kind(&self) -> &'static str {
        match self.path.rsplit('.').next().unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "woff2" => "font/woff2",
            "json" | "webmanifest" => "application/json",
            _ => "application/octet-stream",
        }
    }
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        named && !parts.any(|part| matches!(part.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use axum::body::to_bytes;

    const TEXT: &[u8] = b"const answer = 42";

    fn script() -> Asset {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(TEXT).unwrap();
        let bytes = encoder.finish().unwrap().leak();
        Asset { path: "assets/index-1.js", tag: "abc", packed: true, bytes }
    }

    fn asked(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[tokio::test]
    async fn a_file_is_sent_as_the_client_takes_it() {
        let script = script();
        for (accepted, packed) in [("gzip, br", true), ("br;q=1, GZIP;q=0.5", true), ("gzip;q=0", false), ("", false)] {
            let response = script.response(&asked(header::ACCEPT_ENCODING, accepted));
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), packed, "{accepted}");
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            assert_eq!(&body[..], if packed { script.bytes } else { TEXT }, "{accepted}");
        }
    }

    #[test]
    fn a_file_with_a_hash_in_its_name_is_kept_and_the_page_is_asked_for_again() {
        let script = script();
        assert_eq!(script.response(&HeaderMap::new()).headers()[header::CACHE_CONTROL], FOR_EVER);
        let page = Asset { path: "index.html", ..script };
        assert_eq!(page.response(&HeaderMap::new()).headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(page.response(&asked(header::IF_NONE_MATCH, "\"x\", W/\"abc\"")).status(), 304);
        assert_eq!(page.response(&asked(header::IF_NONE_MATCH, "\"abd\"")).status(), 200);
    }
}

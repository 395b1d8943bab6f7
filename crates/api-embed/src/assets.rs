//! The built front end, as it is sent: each file plain and packed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// A file of the front end.
struct Asset {
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

/// The loader, the panel's script and its style; `None` if the front end was not built.
static BUILT: Option<[Asset; 3]> = include!(concat!(env!("OUT_DIR"), "/built.rs"));

/// What to do about a front end that is not there.
pub(crate) const HOW_TO_BUILD: &str = "The chat's front end is not in this binary. Build it with `npm ci && npm run \
                                       build` in the folder embed/, then build the server again; `cargo xtask \
                                       start` does both.";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Asked for again after five minutes: sites include it under one address for ever.
const SHORT: &str = "public, max-age=300";
/// The address has its version in it.
const LONG: &str = "public, max-age=31536000, immutable";

/// What stands in the addresses of the panel's files. It changes with them and with nothing
/// else, on every node of the same build alike.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    // Of a fixed algorithm within one toolchain; another build may well have other addresses.
    let mut hasher = DefaultHasher::new();
    BUILT.iter().flatten().for_each(|asset| asset.plain.hash(&mut hasher));
    format!("{:016x}", hasher.finish())
});

/// Where the panel's script and style are, if it was built.
pub(crate) fn panel() -> Option<[String; 2]> {
    let at = |file: &str| format!("/embed/assets/{}/{file}", *VERSION);
    BUILT.as_ref().map(|_| ["panel.js", "panel.css"].map(at))
}

/// The loader. Any site may load it, however strict it is about what it loads.
pub(crate) async fn modal(headers: HeaderMap) -> Response {
    let Some([modal, _, _]) = &BUILT else {
        let said = format!("/* {HOW_TO_BUILD} */\n");
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, SCRIPT)], said).into_response();
    };
    let any = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))];
    (any, send(modal, SCRIPT, SHORT, &headers)).into_response()
}

/// A file of the panel, under its version.
pub(crate) async fn of_panel(Path((version, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match (&BUILT, file.as_str()) {
        (Some([_, script, _]), "panel.js") if version == *VERSION => send(script, SCRIPT, LONG, &headers),
        (Some([_, _, style]), "panel.css") if version == *VERSION => send(style, STYLE, LONG, &headers),
        _ => ApiError::not_found().into_response(),
    }
}

fn send(asset: &Asset, kind: &'static str, kept: &'static str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", *VERSION);
    let given = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, kept),
        (header::VARY, "accept-encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, given, [(header::ETAG, tag)]).into_response();
    }
    let (encoding, bytes) = match accepted(headers) {
        Encoding::Brotli => (Some("br"), asset.brotli),
        Encoding::Gzip => (Some("gzip"), asset.gzip),
        Encoding::Plain => (None, asset.plain),
    };
    let encoding = encoding.map(|name| [(header::CONTENT_ENCODING, name)]);
    let mut response = (given, [(header::ETAG, tag)], bytes).into_response();
    if let Some([(name, value)]) = encoding {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

/// The smallest form that the client takes.
fn accepted(headers: &HeaderMap) -> Encoding {
    let takes = |wanted: &str| {
        let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|entry| {
            let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
            let is_refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(wanted) && !is_refused
        })
    };
    match () {
        () if takes("br") => Encoding::Brotli,
        () if takes("gzip") => Encoding::Gzip,
        () => Encoding::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_form_that_is_taken_is_sent() {
        for (header, encoding) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip;q=1.0, br;q=0", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("identity", Encoding::Plain),
            ("", Encoding::Plain),
            ("brotli, xbr", Encoding::Plain),
        ] {
            let headers = [(header::ACCEPT_ENCODING, header.parse().unwrap())].into_iter().collect();
            assert_eq!(accepted(&headers), encoding, "{header}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Encoding::Plain);
    }
}

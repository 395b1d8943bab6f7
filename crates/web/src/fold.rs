//! One spelling for one path: doubled slashes and a final slash are folded away before
//! routing, so that no client is redirected.

use std::borrow::Cow;

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Folds the path of a request's address.
pub(crate) fn fold_uri(uri: &mut Uri) {
    let Cow::Owned(mut folded) = fold(uri.path()) else { return };
    if let Some(query) = uri.query() {
        folded.push('?');
        folded.push_str(query);
    }
    let mut parts = std::mem::take(uri).into_parts();
    // What is left of a valid path after folding is a valid path.
    parts.path_and_query = PathAndQuery::try_from(folded).ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// `//a///b/` is `/a/b`. A path that is folded already is not copied.
fn fold(path: &str) -> Cow<'_, str> {
    let is_folded = !path.contains("//") && (path.len() <= 1 || !path.ends_with('/'));
    if is_folded {
        return Cow::Borrowed(path);
    }
    let mut folded = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        folded.push('/');
        folded.push_str(segment);
    }
    if folded.is_empty() {
        folded.push('/');
    }
    Cow::Owned(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_folded_and_nothing_else() {
        for (path, folded) in [
            ("/", "/"),
            ("//", "/"),
            ("/v1/agents", "/v1/agents"),
            ("/v1/agents/", "/v1/agents"),
            ("//v1///agents//", "/v1/agents"),
            ("/v1/a%2Fb/", "/v1/a%2Fb"),
            ("/V1/../x", "/V1/../x"),
        ] {
            assert_eq!(fold(path), folded, "{path}");
        }
    }

    #[test]
    fn the_query_and_the_host_stay() {
        for (uri, folded) in [
            ("/v1//agents/?a[]=1&b=//x/", "/v1/agents?a[]=1&b=//x/"),
            ("http://host:1/v1//agents/", "http://host:1/v1/agents"),
            ("/v1?next=/", "/v1?next=/"),
        ] {
            let mut uri: Uri = uri.parse().unwrap();
            fold_uri(&mut uri);
            assert_eq!(uri.to_string(), folded);
        }
    }
}

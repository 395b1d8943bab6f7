//! Paths that lead nowhere: because nothing is there, or not yet.

use axum::http::Uri;

use crate::error::ApiError;

/// What stands below `/v1` in a later release.
const LATER: [&str; 4] = ["environments", "vaults", "memory_stores", "stream"];

/// What stands below a session in a later release.
const LATER_IN_SESSION: [&str; 2] = ["resources", "threads"];

/// Any path below `/v1` that no operation has.
pub(crate) async fn nothing_here(uri: Uri) -> ApiError {
    let mut segments = uri.path().split('/').skip(2);
    match (segments.next(), segments.next(), segments.next()) {
        (Some(first), ..) if LATER.contains(&first) => ApiError::not_available(),
        (Some("sessions"), Some(_), Some(part)) if LATER_IN_SESSION.contains(&part) => ApiError::not_available(),
        _ => ApiError::not_found("Nothing is at this path."),
    }
}

/// A path that has operations, but not by this method.
pub(crate) async fn wrong_method() -> ApiError {
    ApiError::wrong_method()
}

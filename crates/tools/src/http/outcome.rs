//! What came of a call, as the engine and the model are told.

use std::fmt::Write;

use domain::tool::ToolOutcome;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use outbound::{OutboundError, Response, Rest};

use super::ANSWER_BYTES_MAX;

/// The outcome of a call that was answered.
pub(super) async fn of_response(response: Response, head_only: bool) -> ToolOutcome {
    let status = response.status();
    let headers = response.headers().clone();
    let (body, rest) = response.bytes_up_to(ANSWER_BYTES_MAX).await;
    let mut content = match head_only {
        true => shown_headers(&headers),
        false => shown_body(&headers, &body),
    };
    let mut is_error = status.as_u16() >= 400;
    match &rest {
        Rest::Nothing => {}
        Rest::Unread => {
            // Writing to a string cannot fail.
            let _ = write!(content, "\n[cut after {} bytes; there is more]", body.len());
        }
        // It did happen, for the status came; only what it said is not all there.
        Rest::Lost(error) => {
            is_error = true;
            let _ = write!(content, "\n[the rest did not arrive: {error}]");
        }
    }
    // Where the body says it all, it is passed on as it is.
    if is_error || head_only || content.is_empty() {
        content = format!("HTTP {status}\n{content}").trim_end().to_owned();
    }
    ToolOutcome::Answered { content, is_error }
}

/// The outcome of a call without an answer.
pub(super) fn of_error(error: &OutboundError) -> ToolOutcome {
    match error {
        error if error.nothing_was_sent() => ToolOutcome::NotReached(error.to_string()),
        // The tool answered: with a redirect that leads nowhere.
        OutboundError::TooManyRedirects { .. } => failed(error),
        OutboundError::Redirected(next) if next.nothing_was_sent() => failed(error),
        error => ToolOutcome::Unknown(error.to_string()),
    }
}

fn failed(error: &OutboundError) -> ToolOutcome {
    ToolOutcome::Answered { content: error.to_string(), is_error: true }
}

fn shown_headers(headers: &HeaderMap) -> String {
    let shown = headers.iter().filter(|(name, _)| *name != SET_COOKIE);
    shown.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))).collect()
}

fn shown_body(headers: &HeaderMap, body: &[u8]) -> String {
    let text = match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        // A character that the bound cut in two is left out.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&body[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    match text {
        Some(text) if !text.contains('\0') => text.to_owned(),
        _ => {
            let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            format!("[{} bytes of {}, not text]", body.len(), kind.unwrap_or("unknown kind"))
        }
    }
}

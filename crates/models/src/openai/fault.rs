//! What went wrong, in the engine's words.

use std::time::{Duration, SystemTime};

use domain::model::{FaultKind, ModelFault};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use outbound::OutboundError;

use super::chunk::{Chunk, WireError};
use crate::options::ApiKey;

/// Whom a fault is about.
#[derive(Debug)]
pub(super) struct Provider {
    /// Its name in the configuration.
    pub(super) name: String,
    /// Our key, which no message may show, whatever the provider quotes.
    pub(super) key: Option<ApiKey>,
}

impl Provider {
    /// A fault in our own words.
    pub(super) fn fault(&self, kind: FaultKind, wrong: &str) -> ModelFault {
        ModelFault::new(kind, format!("provider {}: {wrong}", self.name))
    }

    /// What the provider said, fit for a message: one line of bounded length.
    fn quoted(&self, text: &str) -> String {
        let line = match &self.key {
            Some(key) if !key.expose().is_empty() => text.replace(key.expose(), "[secret]"),
            _ => text.to_owned(),
        };
        let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = line.char_indices().nth(TEXT_MAX) {
            line.truncate(end);
            line.push('…');
        }
        line
    }
}

/// How much of a provider's error text is passed on.
const TEXT_MAX: usize = 300;
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A fault of the way to the provider and back.
pub(super) fn of_transport(provider: &Provider, error: &OutboundError) -> ModelFault {
    let kind = match error {
        OutboundError::NotReached { .. } => FaultKind::Unreachable,
        OutboundError::Silent { .. } | OutboundError::TimedOut { .. } => FaultKind::Silent,
        OutboundError::Cut { .. } | OutboundError::NoAnswer { .. } => FaultKind::Cut,
        OutboundError::TooLarge { .. } => FaultKind::TooLarge,
        OutboundError::NotAllowed { host, why } => {
            let name = &provider.name;
            let wrong = format!("`{host}` is {why}; if it is meant to be, set providers.{name}.allow_private = true");
            return provider.fault(FaultKind::Rejected, &wrong);
        }
        OutboundError::BadUrl(_) | OutboundError::TooManyRedirects { .. } | OutboundError::Redirected(_) => {
            FaultKind::Rejected
        }
    };
    provider.fault(kind, &error.to_string())
}

/// A fault that the provider answered with.
pub(super) fn of_status(provider: &Provider, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ModelFault {
    let error = serde_json::from_slice::<Chunk<'_>>(body).ok().and_then(|body| body.error);
    let text = match &error {
        Some(error) => provider.quoted(error.message()),
        None => provider.quoted(&String::from_utf8_lossy(body)),
    };
    let mut kind = kind_of(status.as_u16());
    // Waiting does not bring money.
    if error.is_some_and(|error| error.is("insufficient_quota")) {
        kind = FaultKind::Rejected;
    }
    let name = &provider.name;
    let message = match kind {
        // What providers say here often quotes the key.
        FaultKind::Unauthorized => {
            format!("provider {name} refused our credentials ({status}): check providers.{name}.api_key")
        }
        _ if status.is_redirection() => format!(
            "provider {name} answered with a redirect ({status}), which is not followed: \
             check providers.{name}.base_url"
        ),
        _ if text.is_empty() => format!("provider {name} answered {status}"),
        _ => format!("provider {name} answered {status}: {text}"),
    };
    ModelFault { kind, message, retry_after: retry_after(headers, SystemTime::now()) }
}

/// An error in the middle of an answer that had begun well.
pub(super) fn within_reply(provider: &Provider, error: &WireError<'_>) -> ModelFault {
    let kind = match error.status() {
        Some(status) => kind_of(status),
        None if error.is("rate_limit_exceeded") => FaultKind::RateLimited,
        None => FaultKind::ServerError,
    };
    let text = provider.quoted(error.message());
    provider.fault(kind, &format!("it broke off with an error: {text}"))
}

fn kind_of(status: u16) -> FaultKind {
    match status {
        401 | 403 => FaultKind::Unauthorized,
        429 => FaultKind::RateLimited,
        503 | 529 => FaultKind::Overloaded,
        // The provider waited for our request; asking again is what it expects.
        408 | 500.. => FaultKind::ServerError,
        _ => FaultKind::Rejected,
    }
}

/// Both forms of `Retry-After` (RFC 9110, section 10.2.3), and the finer one some
/// providers add.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = if let Some(wait) = text("retry-after-ms").and_then(|ms| ms.parse().ok()) {
        Duration::from_millis(wait)
    } else {
        let value = text(RETRY_AFTER.as_str())?;
        match value.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
            Err(_) => {
                let at = httpdate::parse_http_date(value).ok()?;
                at.duration_since(now).unwrap_or(Duration::ZERO)
            }
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_read_in_each_form() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        let check = |name: &'static str, value: &str, expected: Option<Duration>| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).expect("a value"));
            assert_eq!(retry_after(&headers, now), expected, "{name}: {value}");
        };
        check("retry-after", "7", Some(Duration::from_secs(7)));
        check("retry-after", "0.5", Some(Duration::from_millis(500)));
        check("retry-after-ms", "20", Some(Duration::from_millis(20)));
        check("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(Duration::from_secs(30)));
        check("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(Duration::ZERO));
        check("retry-after", "99999999999", Some(RETRY_AFTER_MAX));
        check("retry-after", "-1", None);
        check("retry-after", "NaN", None);
        check("retry-after", "soon", None);
    }

    #[test]
    fn a_status_says_what_to_do() {
        let fault = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).expect("a status");
            let provider = Provider { name: "mock".to_owned(), key: Some(ApiKey::new("sk-secret")) };
            of_status(&provider, status, &HeaderMap::new(), body.as_bytes())
        };
        assert_eq!(fault(400, "").kind, FaultKind::Rejected);
        assert_eq!(fault(401, "").kind, FaultKind::Unauthorized);
        assert_eq!(fault(404, "").kind, FaultKind::Rejected);
        assert_eq!(fault(429, "").kind, FaultKind::RateLimited);
        assert_eq!(fault(500, "").kind, FaultKind::ServerError);
        assert_eq!(fault(503, "").kind, FaultKind::Overloaded);
        assert_eq!(fault(529, "").kind, FaultKind::Overloaded);
        assert_eq!(fault(302, "").kind, FaultKind::Rejected);
        let out_of_money = r#"{"error":{"message":"no money","code":"insufficient_quota"}}"#;
        assert_eq!(fault(429, out_of_money).kind, FaultKind::Rejected);

        let quoting = fault(401, r#"{"error":{"message":"Incorrect API key provided: sk-secret"}}"#);
        assert!(!quoting.message.contains("sk-secret"), "{quoting}");
        let quoting = fault(400, "the header `Bearer sk-secret` is odd");
        assert!(quoting.message.ends_with("`Bearer [secret]` is odd"), "{quoting}");
        let long = fault(500, &"word ".repeat(10_000));
        assert!(long.message.len() < 400, "{}", long.message.len());
        assert!(fault(500, r#"{"error":"just text"}"#).message.ends_with("just text"));
    }
}

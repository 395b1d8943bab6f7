//! What went wrong, in the engine's words.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use domain::model::{FaultKind, ModelFault};
use domain::text::cut;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use outbound::OutboundError;
use serde::Deserialize;

use crate::options::ApiKey;

/// Whom a fault is about.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// Our key, which no message may show, whatever the provider quotes.
    pub(crate) key: Option<ApiKey>,
}

impl Provider {
    /// A fault in our own words.
    pub(crate) fn fault(&self, kind: FaultKind, wrong: &str) -> ModelFault {
        ModelFault::new(kind, format!("provider {}: {wrong}", self.name))
    }

    /// What it sent cannot be read. The reader's own words may quote all of it.
    pub(crate) fn misread(&self, wrong: &str, error: &serde_json::Error) -> ModelFault {
        self.fault(FaultKind::Malformed, &format!("{wrong} ({})", self.quoted(&error.to_string())))
    }

    /// What the provider said, fit for a message: one line of bounded length.
    fn quoted(&self, text: &str) -> String {
        let line = match &self.key {
            Some(key) if !key.expose().is_empty() => text.replace(key.expose(), "[secret]"),
            _ => text.to_owned(),
        };
        cut(&line.split_whitespace().collect::<Vec<_>>().join(" "), TEXT_MAX)
    }
}

/// The body of an answer that is an error.
#[derive(Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    error: ToldError<'a>,
}

/// An error as a provider tells it, in place of an answer or within one; they disagree on
/// its form.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ToldError<'a> {
    Object {
        #[serde(borrow, default)]
        message: Option<Cow<'a, str>>,
        #[serde(default)]
        code: Option<serde_json::Value>,
        #[serde(borrow, default, rename = "type")]
        kind: Option<Cow<'a, str>>,
        #[serde(default)]
        details: Option<serde_json::Value>,
    },
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl ToldError<'_> {
    fn message(&self) -> &str {
        match self {
            Self::Object { message: Some(message), .. } => message,
            Self::Object { .. } => "no reason given",
            Self::Text(text) => text,
        }
    }

    /// The words that classify it, the finest first.
    fn words(&self) -> impl Iterator<Item = &str> {
        let (code, kind, details) = match self {
            Self::Object { code, kind, details, .. } => (code.as_ref(), kind.as_deref(), details.as_ref()),
            Self::Text(_) => (None, None, None),
        };
        let detail = details.and_then(|details| details.get("error_code")?.as_str());
        [detail, code.and_then(serde_json::Value::as_str), kind].into_iter().flatten()
    }

    /// Whether nothing but a payment will help. Some say so with a status that elsewhere
    /// means "wait".
    fn is_about_money(&self) -> bool {
        self.words().any(|word| matches!(word, "insufficient_quota" | "billing_error" | "enforced_spend_limit_reached"))
    }

    /// Whether the conversation is more than the model can hold. Few say so by a word of
    /// their own; the others are known by their sentences.
    fn is_about_length(&self) -> bool {
        if self.words().any(|word| matches!(word, "context_length_exceeded" | "exceed_context_size_error")) {
            return true;
        }
        let said = self.message().to_ascii_lowercase();
        TOO_LONG.iter().any(|sentence| said.contains(sentence))
    }

    /// What its words mean, where no status says it.
    fn kind(&self) -> Option<FaultKind> {
        self.words().find_map(|word| {
            Some(match word {
                "rate_limit_exceeded" | "rate_limit_error" => FaultKind::RateLimited,
                "overloaded_error" => FaultKind::Overloaded,
                "api_error" | "timeout_error" => FaultKind::ServerError,
                "authentication_error" | "permission_error" => FaultKind::Unauthorized,
                "invalid_request_error" | "not_found_error" | "request_too_large" => FaultKind::Rejected,
                _ => return None,
            })
        })
    }

    /// The HTTP status that some servers give as `code`.
    fn status(&self) -> Option<u16> {
        let Self::Object { code: Some(code), .. } = self else {
            return None;
        };
        let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
        u16::try_from(number).ok().filter(|status| (400..600).contains(status))
    }
}

/// What providers say, in lower case, when a conversation is more than the model can hold.
const TOO_LONG: &[&str] = &[
    "prompt is too long",
    "input is too long",
    "maximum context length",
    "context length exceeded",
    "exceeds the context window",
    "exceed context limit",
    "exceeds the available context size",
    "exceeds the maximum number of tokens",
    "larger than the maximum context",
];

/// How much of a provider's error text is passed on.
const TEXT_MAX: usize = 300;
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A fault of the way to the provider and back.
pub(crate) fn of_transport(provider: &Provider, error: &OutboundError) -> ModelFault {
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
pub(crate) fn of_status(provider: &Provider, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ModelFault {
    let error = serde_json::from_slice::<ErrorBody<'_>>(body).ok().map(|body| body.error);
    let text = match &error {
        Some(error) => provider.quoted(error.message()),
        None => provider.quoted(&String::from_utf8_lossy(body)),
    };
    let kind = match &error {
        // Waiting does not bring money.
        Some(error) if error.is_about_money() => FaultKind::Unpaid,
        Some(error) if is_client_error(status) && error.is_about_length() => FaultKind::TooLong,
        _ => kind_of(status.as_u16()),
    };
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
    #[expect(clippy::disallowed_methods, reason = "a date in Retry-After is one of the real world's clock")]
    let now = SystemTime::now();
    ModelFault { kind, message, retry_after: retry_after(headers, now) }
}

/// An error in the middle of an answer that had begun well.
pub(crate) fn within_reply(provider: &Provider, error: &ToldError<'_>) -> ModelFault {
    let kind = match error.status() {
        _ if error.is_about_money() => FaultKind::Unpaid,
        _ if error.is_about_length() => FaultKind::TooLong,
        Some(status) => kind_of(status),
        None => error.kind().unwrap_or(FaultKind::ServerError),
    };
    let text = provider.quoted(error.message());
    provider.fault(kind, &format!("it broke off with an error: {text}"))
}

/// A refusal of this request, and not of all of them for a while.
fn is_client_error(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 413 | 422)
}

fn kind_of(status: u16) -> FaultKind {
    match status {
        402 => FaultKind::Unpaid,
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
        assert_eq!(fault(429, out_of_money).kind, FaultKind::Unpaid);
        assert_eq!(fault(402, "").kind, FaultKind::Unpaid);
        for too_long in [
            r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            r#"{"error":{"message":"the request exceeds the available context size, try increasing it"}}"#,
        ] {
            assert_eq!(fault(400, too_long).kind, FaultKind::TooLong, "{too_long}");
            assert_eq!(fault(503, too_long).kind, FaultKind::Overloaded, "{too_long}");
        }

        let quoting = fault(401, r#"{"error":{"message":"Incorrect API key provided: sk-secret"}}"#);
        assert!(!quoting.message.contains("sk-secret"), "{quoting}");
        let quoting = fault(400, "the header `Bearer sk-secret` is odd");
        assert!(quoting.message.ends_with("`Bearer [secret]` is odd"), "{quoting}");
        let long = fault(500, &"word ".repeat(10_000));
        assert!(long.message.len() < 400, "{}", long.message.len());
        assert!(fault(500, r#"{"error":"just text"}"#).message.ends_with("just text"));
    }
}

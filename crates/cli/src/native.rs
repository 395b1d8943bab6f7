//! The native API, `/v1`, as its client sees it.

mod changes;
mod line;
mod stream;

use std::path::Path;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::failure::{Code, Failure};

pub(crate) use changes::Changes;
pub(crate) use stream::{Follow, Update};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take that is no stream.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an answer may take that the server holds when it is asked to: longer than it does.
const HELD_TIMEOUT: Duration = Duration::from_secs(350);
/// Things asked for at once in a list.
const PAGE: &str = "100";

/// A client that trusts the authority of this certificate too, if there is one.
pub(crate) fn trusting(builder: ClientBuilder, ca_cert: Option<&Path>) -> Result<Client, Failure> {
    let Some(path) = ca_cert else { return builder.build().map_err(|error| Failure::usage(error.to_string())) };
    let unusable = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
    let authority = Certificate::from_pem(&pem).map_err(|error| unusable(&error))?;
    builder.add_root_certificate(authority).build().map_err(|error| unusable(&error))
}

/// A server and a key it knows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Native {
    client: Client,
    address: String,
}

impl Native {
    /// A client of the server at this address. Calls nobody yet.
    pub(crate) fn new(address: &str, key: &SecretString, ca_cert: Option<&Path>) -> Result<Self, Failure> {
        let mut key = HeaderValue::from_str(key.expose_secret())
            .map_err(|_| Failure::usage("the key holds characters that no key has"))?;
        key.set_sensitive(true);
        let headers = HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-api-key"), key)]);
        let agent = concat!("sortie/", env!("CARGO_PKG_VERSION"));
        let builder = Client::builder().connect_timeout(CONNECT_TIMEOUT).default_headers(headers).user_agent(agent);
        let client = trusting(builder, ca_cert)?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned() })
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.request(Method::GET, path)).await
    }

    /// Reads something that may hold its answer for as long as the path says.
    pub(crate) async fn wait(&self, path: &str) -> Result<Value, Failure> {
        let response = self.send(self.request(Method::GET, path).timeout(HELD_TIMEOUT)).await?;
        response.json().await.map_err(|error| self.unreachable(&error))
    }

    /// Makes or changes something.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(self.request(Method::POST, path).json(body)).await
    }

    /// Removes something.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.request(Method::DELETE, path)).await
    }

    /// All of a list, or its first `limit` entries.
    pub(crate) async fn list(&self, path: &str, limit: Option<usize>) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let mut request = self.request(Method::GET, path).query(&[("limit", PAGE)]);
            if let Some(page) = &page {
                request = request.query(&[("page", page)]);
            }
            let mut answer = self.answer(request).await?;
            if let Value::Array(entries) = answer["data"].take() {
                all.extend(entries);
            }
            page = answer["next_page"].as_str().map(str::to_owned);
            if page.is_none() || limit.is_some_and(|limit| all.len() >= limit) {
                all.truncate(limit.unwrap_or(usize::MAX));
                return Ok(all);
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/v1/{path}", self.address))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.send(request.timeout(ANSWER_TIMEOUT)).await?;
        response.json().await.map_err(|error| self.unreachable(&error))
    }

    /// Sends a request; an answer that is an error becomes a failure with its words.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body: Value = response.json().await.unwrap_or_default();
        Err(refusal(status, &body))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(deeper) = cause {
            words = deeper.to_string();
            cause = deeper.source();
        }
        let message = format!("no answer from {}: {words}; is `sortie serve` running there?", self.address);
        Failure::new(Code::Unreachable, message)
    }
}

fn refusal(status: StatusCode, body: &Value) -> Failure {
    let code = match status {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => Code::Usage,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Code::NotAllowed,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::CONFLICT => Code::Conflict,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Code::Unreachable,
        _ => Code::Failed,
    };
    let message = body["error"]["message"].as_str().unwrap_or("the server said no more");
    let request = body["request_id"].as_str().map(|id| format!(" ({id})")).unwrap_or_default();
    Failure::new(code, format!("{message} [{status}]{request}"))
}

/// A text as one part of a path.
pub(crate) fn part(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let escaped = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    match text {
        // As a part of a path these mean something else.
        "." | ".." => text.replace('.', "%2E"),
        _ => text.bytes().map(escaped).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_one_part() {
        assert_eq!(part("agent_0a-b"), "agent_0a-b");
        assert_eq!(part("../a b?c"), "..%2Fa%20b%3Fc");
        assert_eq!(part(".."), "%2E%2E");
    }
}

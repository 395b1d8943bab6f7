//! A provider over HTTP: where it is, who we are to it, and what an answer may cost.
//!
//! What the wires have in common. Each adds its paths, its request and its
//! [`Wire`](crate::reply::Wire).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::model::{FaultKind, ModelFault, ModelInfo};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use outbound::{Outbound, OutboundOptions, Request, Response};
use ports::ModelStream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::fault::{self, Provider};
use crate::options::{ApiKey, BadProvider, ProviderOptions};
use crate::reply::{self, ReplyBounds, Wire};

/// One provider, set up.
pub(crate) struct Endpoint {
    provider: Arc<Provider>,
    outbound: Outbound,
    base: Url,
    /// Credentials; or why every call must fail.
    headers: Result<HeaderMap, ModelFault>,
    bounds: ReplyBounds,
    listed: Option<Vec<ModelInfo>>,
    concurrent_max: Option<usize>,
}

/// The header that carries a key, and what stands before the key in it.
pub(crate) struct Credential {
    pub(crate) header: HeaderName,
    pub(crate) prefix: &'static str,
}

const ERROR_BYTES_MAX: usize = 16 << 10;
const ERROR_TIMEOUT: Duration = Duration::from_secs(10);
const LIST_BYTES_MAX: usize = 4 << 20;
/// What a stream wraps around a few bytes of text can be many times their size; this
/// bounds time and traffic, memory is bounded by the pieces.
const WIRE_FACTOR: usize = 128;

impl Endpoint {
    /// Sets the provider up under the name it has in the configuration. Calls nobody.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub(crate) fn new(
        name: &str,
        base: Url,
        options: &ProviderOptions,
        outbound: &OutboundOptions,
        credential: &Credential,
    ) -> Result<Self, BadProvider> {
        let wrong = |why: String| BadProvider { name: name.to_owned(), why };
        let outbound =
            Outbound::for_provider(options.allow_private, outbound).map_err(|error| wrong(error.to_string()))?;
        if base.cannot_be_a_base() {
            return Err(wrong(format!("`{base}` is no base_url")));
        }
        outbound.check_url(base.as_str()).map_err(|error| wrong(error.to_string()))?;
        let key = key_of(name, options);
        let headers = match &key {
            Ok(key) => Ok(headers(key.as_ref(), credential).map_err(wrong)?),
            Err(fault) => Err(fault.clone()),
        };
        let key = key.ok().flatten();
        Ok(Self {
            base,
            headers,
            bounds: ReplyBounds {
                first_byte_timeout: options.first_byte_timeout,
                chunk_timeout: options.chunk_timeout,
                bytes_max: options.reply_bytes_max,
            },
            listed: options.models.as_ref().map(|models| models.iter().map(ModelInfo::from).collect()),
            concurrent_max: (options.concurrent_max > 0).then_some(options.concurrent_max),
            provider: Arc::new(Provider { name: name.to_owned(), key }),
            outbound,
        })
    }

    /// The models the configuration lists, if it does.
    pub(crate) fn listed(&self) -> Option<&[ModelInfo]> {
        self.listed.as_deref()
    }

    pub(crate) fn concurrent_max(&self) -> Option<usize> {
        self.concurrent_max
    }

    /// The address of a path under the base.
    pub(crate) fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A fault of this provider in our own words.
    pub(crate) fn fault(&self, kind: FaultKind, wrong: &str) -> ModelFault {
        self.provider.fault(kind, wrong)
    }

    /// Reads a JSON document, such as a list of models.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: Request, timeout: Duration) -> Result<T, ModelFault> {
        let reading = request.timeout(timeout).bytes_max(LIST_BYTES_MAX);
        let body = self.send(reading).await?.bytes().await;
        let body = body.map_err(|error| fault::of_transport(&self.provider, &error))?;
        serde_json::from_slice(&body)
            .map_err(|error| self.provider.misread("its list of models cannot be read", &error))
    }

    /// A request's body.
    pub(crate) fn write(&self, body: &impl Serialize) -> Result<Bytes, ModelFault> {
        serde_json::to_vec(body).map(Bytes::from).map_err(|error| {
            let wrong = format!("the request cannot be written: {error}");
            self.provider.fault(FaultKind::Rejected, &wrong)
        })
    }

    /// Asks, and returns the answer as it arrives.
    pub(crate) async fn ask(&self, request: Request, wire: impl Wire) -> Result<ModelStream, ModelFault> {
        let asking = request
            .head_timeout(self.bounds.first_byte_timeout)
            .idle_timeout(self.bounds.chunk_timeout)
            .bytes_max(self.bounds.bytes_max.saturating_mul(WIRE_FACTOR));
        let response = self.send(asking).await?;

        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("application/json") {
            // Escapes can make text six times as long.
            let max = self.bounds.bytes_max.saturating_mul(6);
            let body = response.at_most(max).bytes().await;
            let body = body.map_err(|error| fault::of_transport(&self.provider, &error))?;
            return reply::whole(self.provider.clone(), wire, &body, self.bounds);
        }
        if kind.starts_with("text/html") {
            let wrong = format!("it answered with a web page; check providers.{}.base_url", self.provider.name);
            return Err(self.provider.fault(FaultKind::Malformed, &wrong));
        }
        Ok(reply::streamed(self.provider.clone(), wire, response, self.bounds))
    }

    async fn send(&self, request: Request) -> Result<Response, ModelFault> {
        let headers = self.headers.clone()?;
        let sent = self.outbound.send(request.headers(headers)).await;
        let response = sent.map_err(|error| fault::of_transport(&self.provider, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let headers = response.headers().clone();
        let body = tokio::time::timeout(ERROR_TIMEOUT, response.bytes_up_to(ERROR_BYTES_MAX)).await;
        let body = body.map(|(body, _)| body).unwrap_or_default();
        Err(fault::of_status(&self.provider, status, &headers, &body))
    }
}

/// The key, if there is one. A key that is promised by the environment and absent is no
/// reason not to start: other providers may be fine. It fails each call, and says why.
fn key_of(name: &str, options: &ProviderOptions) -> Result<Option<ApiKey>, ModelFault> {
    let variable = match (&options.api_key, &options.api_key_env) {
        (Some(key), _) => return Ok(Some(key.clone())),
        (None, None) => return Ok(None),
        (None, Some(variable)) => variable,
    };
    std::env::var(variable).map(|key| Some(ApiKey::new(key))).map_err(|_| {
        let message = format!(
            "the key of provider {name} is missing: the environment variable {variable} \
             (providers.{name}.api_key_env) is not set"
        );
        tracing::warn!("{message}");
        ModelFault::new(FaultKind::Unauthorized, message)
    })
}

/// The headers of every call.
fn headers(key: Option<&ApiKey>, credential: &Credential) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    if let Some(key) = key {
        let value = HeaderValue::try_from(format!("{}{}", credential.prefix, key.expose()));
        let mut value = value.map_err(|_| "api_key holds characters that no header may".to_owned())?;
        value.set_sensitive(true);
        headers.insert(credential.header.clone(), value);
    }
    Ok(headers)
}

//! Chat completions, as OpenAI and every compatible endpoint speak them.
//!
//! The answer is streamed. A call is made once: a lost connection, a silent provider and
//! a refused request are each reported as what they are, and whether to ask again is the
//! engine's decision.

mod chunk;
mod fault;
mod reply;
mod request;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::model::{FaultKind, ModelFault, ModelInfo, ModelRequest};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use outbound::{Outbound, OutboundOptions, Request, Response};
use ports::{Model, ModelStream};
use serde::Deserialize;
use url::Url;

use crate::options::{ApiKey, BadProvider, ProviderOptions};
use fault::Provider;
use reply::ReplyBounds;

/// One OpenAI-compatible provider.
pub struct OpenAi {
    provider: Arc<Provider>,
    outbound: Outbound,
    completions: Url,
    models: Url,
    /// Credentials; or why every call must fail.
    headers: Result<HeaderMap, ModelFault>,
    listed: Option<Vec<ModelInfo>>,
    bounds: ReplyBounds,
    concurrent_max: Option<usize>,
}

const ERROR_BYTES_MAX: usize = 16 << 10;
const ERROR_TIMEOUT: Duration = Duration::from_secs(10);
const LIST_BYTES_MAX: usize = 4 << 20;
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// What a stream wraps around a few bytes of text can be many times their size; this
/// bounds time and traffic, memory is bounded by the pieces.
const WIRE_FACTOR: usize = 128;

impl OpenAi {
    /// Sets the provider up under the name it has in the configuration. Calls nobody.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn new(name: &str, options: &ProviderOptions, outbound: &OutboundOptions) -> Result<Self, BadProvider> {
        let wrong = |why: String| BadProvider { name: name.to_owned(), why };
        let base = options.base_url.as_ref();
        let base =
            base.ok_or_else(|| wrong("base_url is missing (for example https://api.openai.com/v1)".to_owned()))?;
        let outbound =
            Outbound::for_provider(options.allow_private, outbound).map_err(|error| wrong(error.to_string()))?;
        let at = |path: &[&str]| {
            let mut url = base.clone();
            match url.path_segments_mut() {
                Ok(mut segments) => segments.pop_if_empty().extend(path),
                Err(()) => return Err(wrong(format!("`{base}` is no base_url"))),
            };
            Ok(url)
        };
        let completions = at(&["chat", "completions"])?;
        outbound.check_url(completions.as_str()).map_err(|error| wrong(error.to_string()))?;
        let key = key_of(name, options);
        let headers = match &key {
            Ok(key) => Ok(headers(key.as_ref()).map_err(wrong)?),
            Err(fault) => Err(fault.clone()),
        };
        let key = key.ok().flatten();
        Ok(Self {
            completions,
            models: at(&["models"])?,
            headers,
            listed: options.models.as_ref().map(|models| models.iter().map(ModelInfo::from).collect()),
            bounds: ReplyBounds {
                first_byte_timeout: options.first_byte_timeout,
                chunk_timeout: options.chunk_timeout,
                bytes_max: options.reply_bytes_max,
            },
            concurrent_max: (options.concurrent_max > 0).then_some(options.concurrent_max),
            provider: Arc::new(Provider { name: name.to_owned(), key }),
            outbound,
        })
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

    fn body_of(&self, request: &ModelRequest) -> Result<Bytes, ModelFault> {
        let body = serde_json::to_vec(&request::Completion::from(request));
        body.map(Bytes::from).map_err(|error| {
            let wrong = format!("the request cannot be written: {error}");
            self.provider.fault(FaultKind::Rejected, &wrong)
        })
    }

    /// The models the provider lists.
    async fn ask_for_models(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        let request = Request::new(Method::GET, self.models.clone()).timeout(LIST_TIMEOUT).bytes_max(LIST_BYTES_MAX);
        let response = self.send(request).await?;
        let body = response.bytes().await;
        let body = body.map_err(|error| fault::of_transport(&self.provider, &error))?;
        let list: ModelList = serde_json::from_slice(&body).map_err(|error| {
            let wrong = format!("its list of models cannot be read: {error}");
            self.provider.fault(FaultKind::Malformed, &wrong)
        })?;
        let models = list.data.into_iter().map(|listed| ModelInfo {
            model: listed.id,
            context_tokens: listed.context_length.or(listed.max_model_len),
            output_tokens: None,
        });
        Ok(models.collect())
    }
}

#[async_trait]
impl Model for OpenAi {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        let body = self.body_of(&request)?;
        drop(request);
        let wire_max = self.bounds.bytes_max.saturating_mul(WIRE_FACTOR);
        let asking = Request::new(Method::POST, self.completions.clone())
            .body(body)
            .head_timeout(self.bounds.first_byte_timeout)
            .idle_timeout(self.bounds.chunk_timeout)
            .bytes_max(wire_max);
        let response = self.send(asking).await?;

        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("application/json") {
            // Escapes can make text six times as long.
            let max = self.bounds.bytes_max.saturating_mul(6);
            let body = response.at_most(max).bytes().await;
            let body = body.map_err(|error| fault::of_transport(&self.provider, &error))?;
            return reply::whole(self.provider.clone(), &body, self.bounds);
        }
        if kind.starts_with("text/html") {
            let wrong = format!("it answered with a web page; check providers.{}.base_url", self.provider.name);
            return Err(self.provider.fault(FaultKind::Malformed, &wrong));
        }
        Ok(reply::streamed(self.provider.clone(), response, self.bounds))
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        match &self.listed {
            Some(models) => Ok(models.clone()),
            None => self.ask_for_models().await,
        }
    }

    fn concurrent_max(&self) -> Option<usize> {
        self.concurrent_max
    }
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    /// Not OpenAI's, but given by several compatible servers.
    #[serde(default)]
    context_length: Option<u32>,
    #[serde(default)]
    max_model_len: Option<u32>,
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
fn headers(key: Option<&ApiKey>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    if let Some(key) = key {
        let value = HeaderValue::try_from(format!("Bearer {}", key.expose()));
        let mut value = value.map_err(|_| "api_key holds characters that no header may".to_owned())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

//! The Messages API, as Anthropic and endpoints compatible with it speak it.
//!
//! Two things this API wants to know are not in a request: how many tokens an answer may
//! have at most ([`limits`]), and how to ask for an answer that fits a schema
//! ([`request`]). What the model thought is passed on as it comes and never sent back: a
//! thought is valid only behind exactly the conversation it was thought in, and ours may be
//! shortened; the API lets it be left out, whole.

mod answering;
mod event;
mod limits;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::model::{Block, FaultKind, ModelFault, ModelInfo, ModelRequest};
use http::{HeaderName, HeaderValue, Method};
use outbound::{OutboundOptions, Request};
use ports::{Model, ModelStream};
use serde::Deserialize;
use url::Url;

use crate::endpoint::{Credential, Endpoint};
use crate::options::{BadProvider, ProviderOptions};
use crate::reply::{self, Arrived};
use crate::windows::Windows;
use answering::Answering;
use limits::Limits;
use request::Asking;

/// One provider that speaks the Messages API.
pub struct Anthropic {
    endpoint: Endpoint,
    limits: Limits,
    windows: Windows,
}

const HOME: &str = "https://api.anthropic.com";
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));
/// Models for which the fast mode is a preview want to be told that we know.
const FAST_MODE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-beta"), HeaderValue::from_static("fast-mode-2026-02-01"));

const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// Asked before a run's first answer, so not for long.
const LIMITS_TIMEOUT: Duration = Duration::from_secs(5);
const PAGE_MODELS: &str = "1000";
/// More pages than this are no list of models but a loop.
const PAGES_MAX: usize = 20;

impl Anthropic {
    /// Sets the provider up under the name it has in the configuration. Calls nobody.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn new(name: &str, options: &ProviderOptions, outbound: &OutboundOptions) -> Result<Self, BadProvider> {
        let base = options.base_url.clone().map_or_else(|| HOME.parse(), Ok);
        let base = base.map_err(|error| BadProvider { name: name.to_owned(), why: format!("`{HOME}`: {error}") })?;
        let credential = Credential { header: API_KEY, prefix: "" };
        let endpoint = Endpoint::new(name, without_version(base), options, outbound, &credential)?;
        Ok(Self { endpoint, limits: Limits::default(), windows: Windows::default() })
    }

    /// What the model may write at most, as the configuration or the provider says.
    async fn output_tokens_of(&self, model: &str) -> Option<u32> {
        let listed = self.endpoint.listed().unwrap_or_default();
        if let Some(known) = listed.iter().find(|info| info.model == model).and_then(|info| info.output_tokens) {
            return Some(known);
        }
        if let Some(known) = self.limits.find(model) {
            return known;
        }
        let url = self.endpoint.at(&["v1", "models", model]);
        // A provider without such a list is none the worse for it; if something else is
        // wrong, the call itself will tell.
        let found: Result<ListedModel, _> = self.endpoint.read(get(url), LIMITS_TIMEOUT).await;
        let found = found.ok().map(ModelInfo::from);
        self.windows.remember(found.as_slice());
        let known = found.and_then(|info| info.output_tokens);
        self.limits.remember(model, known);
        known
    }

    /// The models as the provider tells them, page by page.
    async fn told(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        let mut models = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut url = self.endpoint.at(&["v1", "models"]);
            url.query_pairs_mut().append_pair("limit", PAGE_MODELS);
            if let Some(after) = &after {
                url.query_pairs_mut().append_pair("after_id", after);
            }
            let page: ModelPage = self.endpoint.read(get(url), LIST_TIMEOUT).await?;
            models.extend(page.data.into_iter().map(ModelInfo::from));
            after = page.last_id.filter(|_| page.has_more);
            if after.is_none() {
                break;
            }
        }
        self.windows.remember(&models);
        for ModelInfo { model, output_tokens, .. } in &models {
            self.limits.remember(model, *output_tokens);
        }
        Ok(models)
    }
}

/// Reads an answer that came in these packets, as from a connection that then ended; it may
/// hold so many bytes of text.
pub fn read_packets(packets: impl IntoIterator<Item = Bytes>, bytes_max: usize) -> Arrived {
    reply::read_packets(Answering::default(), packets, bytes_max)
}

/// Reads an answer that came as one document.
pub fn read_document(body: &[u8], bytes_max: usize) -> Arrived {
    reply::read_document(Answering::default(), body, bytes_max)
}

#[async_trait]
impl Model for Anthropic {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        let max_tokens = match limits::without_asking(request.max_tokens) {
            Some(max_tokens) => max_tokens,
            None => limits::within(request.max_tokens, self.output_tokens_of(&request.model).await),
        };
        let asking = Asking::new(&request, max_tokens);
        let asking = asking.map_err(|wrong| self.endpoint.fault(FaultKind::Rejected, &wrong))?;
        let is_fast = asking.is_fast();
        let body = self.endpoint.write(&asking)?;
        drop(asking);
        drop(request);
        let mut call = Request::new(Method::POST, self.endpoint.at(&["v1", "messages"])).body(body);
        call = call.header(VERSION.0, VERSION.1);
        if is_fast {
            call = call.header(FAST_MODE.0, FAST_MODE.1);
        }
        self.endpoint.ask(call, Answering::default()).await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        match self.endpoint.listed() {
            Some(models) => Ok(models.to_vec()),
            None => self.told().await,
        }
    }

    async fn probe(&self) -> Result<(), ModelFault> {
        self.told().await.map(|_| ())
    }

    fn check_block(&self, block: &Block) -> Result<(), String> {
        request::check_block(block)
    }

    fn context_tokens(&self, model: &str) -> Option<u32> {
        self.windows.find(self.endpoint.listed(), model)
    }

    fn concurrent_max(&self) -> Option<usize> {
        self.endpoint.concurrent_max()
    }
}

#[derive(Deserialize)]
struct ModelPage {
    data: Vec<ListedModel>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    #[serde(default)]
    max_input_tokens: Option<u32>,
    #[serde(default)]
    max_tokens: Option<u32>,
}

impl From<ListedModel> for ModelInfo {
    fn from(listed: ListedModel) -> Self {
        Self { model: listed.id, context_tokens: listed.max_input_tokens, output_tokens: listed.max_tokens }
    }
}

fn get(url: Url) -> Request {
    Request::new(Method::GET, url).header(VERSION.0, VERSION.1)
}

/// The version is part of this API's paths; a base that has it already, as the base of
/// other providers does, is meant the same.
fn without_version(mut base: Url) -> Url {
    let ends_so = base.path().trim_end_matches('/').ends_with("/v1");
    if let (true, Ok(mut segments)) = (ends_so, base.path_segments_mut()) {
        segments.pop_if_empty().pop();
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_may_be_in_the_base_or_not() {
        for (base, expected) in [
            ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
            ("https://proxy.example/anthropic/", "https://proxy.example/anthropic/v1/messages"),
            ("https://proxy.example/my-v1", "https://proxy.example/my-v1/v1/messages"),
        ] {
            let options = ProviderOptions { base_url: base.parse().ok(), ..ProviderOptions::default() };
            let provider = Anthropic::new("mock", &options, &OutboundOptions::default()).unwrap();
            assert_eq!(provider.endpoint.at(&["v1", "messages"]).as_str(), expected);
        }
        let provider = Anthropic::new("mock", &ProviderOptions::default(), &OutboundOptions::default()).unwrap();
        assert_eq!(provider.endpoint.at(&[]).as_str(), "https://api.anthropic.com/");
    }
}

//! Chat completions, as OpenAI and every compatible endpoint speak them.
//!
//! The answer is streamed. A call is made once: a lost connection, a silent provider and
//! a refused request are each reported as what they are, and whether to ask again is the
//! engine's decision.

mod alike;
mod chunk;
mod completing;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::model::{Block, ModelFault, ModelInfo, ModelRequest};
use http::Method;
use http::header::AUTHORIZATION;
use outbound::{OutboundOptions, Request};
use ports::{Model, ModelStream};
use serde::Deserialize;

use crate::endpoint::{Credential, Endpoint};
use crate::options::{BadProvider, ProviderOptions};
use crate::reply::{self, Arrived};
use crate::windows::Windows;
use completing::Completing;
use request::Completion;

/// One OpenAI-compatible provider.
pub struct OpenAi {
    endpoint: Endpoint,
    windows: Windows,
}

const LIST_TIMEOUT: Duration = Duration::from_secs(15);

impl OpenAi {
    /// Sets the provider up under the name it has in the configuration. Calls nobody.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn new(name: &str, options: &ProviderOptions, outbound: &OutboundOptions) -> Result<Self, BadProvider> {
        let Some(base) = options.base_url.clone() else {
            let why = "base_url is missing (for example https://api.openai.com/v1)".to_owned();
            return Err(BadProvider { name: name.to_owned(), why });
        };
        let credential = Credential { header: AUTHORIZATION, prefix: "Bearer " };
        let endpoint = Endpoint::new(name, base, options, outbound, &credential)?;
        Ok(Self { endpoint, windows: Windows::default() })
    }
}

impl OpenAi {
    /// The models as the provider tells them.
    async fn told(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        let asking = Request::new(Method::GET, self.endpoint.at(&["models"]));
        let list: ModelList = self.endpoint.read(asking, LIST_TIMEOUT).await?;
        let models = list.data.into_iter().map(|listed| ModelInfo {
            model: listed.id,
            context_tokens: listed.context_length.or(listed.max_model_len),
            output_tokens: None,
        });
        let models: Vec<ModelInfo> = models.collect();
        self.windows.remember(&models);
        Ok(models)
    }
}

/// Reads an answer that came in these packets, as from a connection that then ended; it may
/// hold so many bytes of text.
pub fn read_packets(packets: impl IntoIterator<Item = Bytes>, bytes_max: usize) -> Arrived {
    reply::read_packets(Completing::default(), packets, bytes_max)
}

/// Reads an answer that came as one document.
pub fn read_document(body: &[u8], bytes_max: usize) -> Arrived {
    reply::read_document(Completing::default(), body, bytes_max)
}

#[async_trait]
impl Model for OpenAi {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        let body = self.endpoint.write(&Completion::from(&request))?;
        drop(request);
        let asking = Request::new(Method::POST, self.endpoint.at(&["chat", "completions"])).body(body);
        self.endpoint.ask(asking, Completing::default()).await
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

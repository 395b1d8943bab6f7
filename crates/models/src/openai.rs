//! Chat completions, as OpenAI and every compatible endpoint speak them.
//!
//! The answer is streamed. A call is made once: a lost connection, a silent provider and
//! a refused request are each reported as what they are, and whether to ask again is the
//! engine's decision.

mod chunk;
mod reply;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use domain::model::{ModelFault, ModelInfo, ModelRequest};
use http::Method;
use http::header::AUTHORIZATION;
use outbound::{OutboundOptions, Request};
use ports::{Model, ModelStream};
use serde::Deserialize;

use crate::endpoint::{Credential, Endpoint};
use crate::options::{BadProvider, ProviderOptions};
use reply::Completing;
use request::Completion;

/// One OpenAI-compatible provider.
pub struct OpenAi(Endpoint);

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
        Endpoint::new(name, base, options, outbound, &credential).map(Self)
    }
}

#[async_trait]
impl Model for OpenAi {
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault> {
        let body = self.0.write(&Completion::from(&request))?;
        drop(request);
        let asking = Request::new(Method::POST, self.0.at(&["chat", "completions"])).body(body);
        self.0.ask(asking, Completing::default()).await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        if let Some(models) = self.0.listed() {
            return Ok(models.to_vec());
        }
        let asking = Request::new(Method::GET, self.0.at(&["models"]));
        let list: ModelList = self.0.read(asking, LIST_TIMEOUT).await?;
        let models = list.data.into_iter().map(|listed| ModelInfo {
            model: listed.id,
            context_tokens: listed.context_length.or(listed.max_model_len),
            output_tokens: None,
        });
        Ok(models.collect())
    }

    fn concurrent_max(&self) -> Option<usize> {
        self.0.concurrent_max()
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

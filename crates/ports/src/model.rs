//! Language models.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::agent::ModelChoice;
use domain::model::{Block, ModelChunk, ModelFault, ModelInfo, ModelName, ModelRequest};
use domain::money::{Currency, Price, Prices};
use domain::provider::{self, OwnProvider};
use domain::{OrgId, ProviderId};
use futures::stream::BoxStream;

use crate::StoreError;

/// A reply as it arrives. Ends after [`ModelChunk::Stop`] or the first fault; dropping it
/// cancels the generation. A stream that ends without `Stop` was cut.
pub type ModelStream = BoxStream<'static, Result<ModelChunk, ModelFault>>;

/// One provider of models, set up and ready to be called.
#[async_trait]
pub trait Model: Send + Sync + 'static {
    /// Asks the model. Returns when the provider has accepted the request.
    ///
    /// Implementations never retry and never reconnect: retrying is the engine's policy,
    /// and every call may cost money. They bound what they hold: no line, event or reply
    /// may grow without limit, and they fault with `Silent` when nothing comes for too long.
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelFault>;

    /// The models this provider offers, as it or the configuration lists them.
    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault>;

    /// Whether the provider answers and knows us, without having it generate anything.
    async fn probe(&self) -> Result<(), ModelFault> {
        self.list().await.map(|_| ())
    }

    /// Whether a model here can be given this block of what a user says, as far as that is known
    /// without asking.
    ///
    /// # Errors
    /// Why it cannot.
    fn check_block(&self, _block: &Block) -> Result<(), String> {
        Ok(())
    }

    /// How many tokens this model can hold, as far as it is known by now. Asks nobody.
    fn context_tokens(&self, _model: &str) -> Option<u32> {
        None
    }

    /// How many calls may be under way at once; `None` is no limit. A run that finds no
    /// place waits for one within its own deadline.
    fn concurrent_max(&self) -> Option<usize> {
        None
    }
}

/// The models that organizations can use.
#[async_trait]
pub trait Models: Send + Sync + 'static {
    /// What an organization can use now. Remembered until it is told that something changed.
    ///
    /// # Errors
    /// What is the organization's own could not be read.
    async fn of(&self, org: OrgId) -> Result<Arc<Offering>, StoreError>;

    /// The currency of the operator's prices.
    fn currency(&self) -> Currency;

    /// Something of the organization's own has changed.
    fn forget(&self, org: OrgId);

    /// Sets a provider of an organization up, without keeping it. Calls nobody.
    ///
    /// # Errors
    /// What is wrong with it.
    fn set_up(&self, org: OrgId, provider: &OwnProvider) -> Result<Arc<dyn Model>, String>;
}

/// What an organization can use, as of one moment: providers by name, and other names for
/// their models.
#[derive(Clone, Default)]
pub struct Offering {
    providers: BTreeMap<String, Provider>,
    aliases: BTreeMap<String, Alias>,
}

/// A provider that can be called.
#[derive(Clone)]
pub struct Provider {
    /// Its kind as the configuration spells it: `openai`, `anthropic`, `local`, `scripted`.
    pub kind: String,
    /// The provider itself.
    pub model: Arc<dyn Model>,
    /// Which of the organization's own it is, and at which version; `None` for the operator's.
    pub own: Option<(ProviderId, u64)>,
    /// What its models cost by the operator's prices; nothing is known of an organization's own.
    pub prices: Prices,
}

/// What another name for a model means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The model's full name.
    pub model: String,
    /// Whether it is the organization's own, and not the operator's.
    pub is_own: bool,
}

impl Offering {
    /// Adds a provider. One that has the name already is replaced.
    pub fn add(&mut self, name: impl Into<String>, provider: Provider) {
        self.providers.insert(name.into(), provider);
    }

    /// Adds another name for a model. One that is there already is replaced.
    pub fn add_alias(&mut self, name: impl Into<String>, alias: Alias) {
        self.aliases.insert(name.into(), alias);
    }

    /// What the models of a provider cost that was added before.
    pub fn set_prices(&mut self, provider: &str, prices: Prices) {
        if let Some(provider) = self.providers.get_mut(provider) {
            provider.prices = prices;
        }
    }

    /// The provider of this name.
    pub fn find(&self, provider: &str) -> Option<&Provider> {
        self.providers.get(provider)
    }

    /// All providers, by name.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.providers.iter().map(|(name, provider)| (name.as_str(), provider))
    }

    /// What a model costs by the operator's prices, if they say.
    pub fn price(&self, model: &ModelName<'_>) -> Option<Price> {
        self.find(model.provider)?.prices.of(model.model)
    }

    /// All other names for models.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &Alias)> {
        self.aliases.iter().map(|(name, alias)| (name.as_str(), alias))
    }

    /// The full name of a model as an agent writes it; `None` if no provider here has it.
    pub fn resolve(&self, name: &str) -> Option<String> {
        let alias = |name: &str| self.aliases.get(name).map(|alias| alias.model.as_str());
        provider::resolve(name, alias, |provider| self.providers.contains_key(provider))
    }

    /// The models of an agent in the order in which they are asked, by their full names. One
    /// that is not there any more stays as it is written: the call of it will say so.
    pub fn chain(&self, choice: &ModelChoice) -> Vec<String> {
        choice.names().map(|name| self.resolve(name).unwrap_or_else(|| name.to_owned())).collect()
    }
}

//! The providers of models that an organization can use.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::key::Scope;
use domain::model::{ModelInfo, ModelName};
use domain::money::Price;
use jiff::SignedDuration;

use crate::error::{Error, Missing};
use crate::{App, Ctx};

/// How long a provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long its list is believed: what asks for it comes in bursts, and models come and go
/// in days.
const LIST_FRESH: SignedDuration = SignedDuration::from_secs(15);

/// How long its silence is believed, so that not each of a burst waits for the timeout.
const FAULT_FRESH: SignedDuration = SignedDuration::from_secs(5);

/// What a provider said of its models, and when.
#[derive(Debug, Clone)]
pub(crate) struct ModelList {
    asked_at: Timestamp,
    answer: Result<Arc<[ModelInfo]>, String>,
}

impl ModelList {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let fresh = if self.answer.is_ok() { LIST_FRESH } else { FAULT_FRESH };
        (SignedDuration::ZERO..fresh).contains(&now.duration_since(self.asked_at))
    }
}

/// A provider as façades with integer ids show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderView {
    /// Its number; never changes.
    pub number: u64,
    /// The name before the slash of a model name.
    pub name: String,
    /// `openai`, `anthropic`, `local`, `scripted`.
    pub kind: String,
}

impl App {
    /// The providers, by name.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_providers(&self, ctx: &Ctx) -> Result<Vec<ProviderView>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let mut views = Vec::new();
        for (name, provider) in self.ports().models.of(ctx.org).await?.providers() {
            let number = self.number_of(name).await?;
            views.push(ProviderView { number, name: name.to_owned(), kind: provider.kind.clone() });
        }
        Ok(views)
    }

    /// A provider by its number.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_provider_numbered(&self, ctx: &Ctx, number: u64) -> Result<ProviderView, Error> {
        let views = self.list_providers(ctx).await?;
        let found = views.into_iter().find(|provider| provider.number == number);
        found.ok_or_else(|| Error::NotFound(Missing::new("provider", number)))
    }

    /// The number of a provider by its name; also of one that has left the configuration,
    /// since agents may still name it.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn provider_number(&self, ctx: &Ctx, name: &str) -> Result<u64, Error> {
        ctx.require(Scope::AgentsRead)?;
        self.number_of(name).await
    }

    /// The models that a provider offers, as it or the configuration lists them. The answer
    /// may be some seconds old.
    ///
    /// # Errors
    /// There is no such provider, it did not answer within five seconds, or the scope is
    /// missing.
    pub async fn list_models(&self, ctx: &Ctx, provider: &str) -> Result<Vec<ModelInfo>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let offering = self.ports().models.of(ctx.org).await?;
        let found = offering.find(provider).ok_or_else(|| Error::NotFound(Missing::new("provider", provider)))?;
        let model = Arc::clone(&found.model);
        let ask = async {
            let answer = match tokio::time::timeout(LIST_TIMEOUT, model.list()).await {
                Ok(Ok(models)) => Ok(models.into()),
                Ok(Err(fault)) => Err(fault.message),
                Err(_) => Err("it did not list its models within 5 s".to_owned()),
            };
            Ok::<_, Error>(Some(ModelList { asked_at: ctx.now, answer }))
        };
        let lists = &self.known().model_lists;
        let list = lists.find_fresh(&(ctx.org, provider.to_owned()), |list| list.is_fresh(ctx.now), ask).await?;
        list.map_or_else(|| Ok(Vec::new()), |list| list.answer.map(|models| models.to_vec()).map_err(Error::Provider))
    }

    /// What a model costs by the operator's prices, by its full name; `None` if they do not say.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn model_price(&self, ctx: &Ctx, full: &str) -> Result<Option<Price>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let offering = self.ports().models.of(ctx.org).await?;
        Ok(ModelName::parse(full).and_then(|name| offering.price(&name)))
    }

    async fn number_of(&self, name: &str) -> Result<u64, Error> {
        let load = async { Ok::<_, Error>(Some(self.ports().store.provider_number(name).await?)) };
        let number = self.known().provider_numbers.find(&name.to_owned(), load).await?;
        Ok(number.unwrap_or_default())
    }
}

//! The providers of models that an organization can use.

use std::time::Duration;

use domain::key::Scope;
use domain::model::ModelInfo;

use crate::error::{Error, Missing};
use crate::{App, Ctx};

/// How long a provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

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
        for provider in self.ports().models.list(ctx.org) {
            let number = self.number_of(&provider.name).await?;
            views.push(ProviderView { number, name: provider.name, kind: provider.kind });
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

    /// The models that a provider offers, as it or the configuration lists them.
    ///
    /// # Errors
    /// There is no such provider, it did not answer within five seconds, or the scope is
    /// missing.
    pub async fn list_models(&self, ctx: &Ctx, provider: &str) -> Result<Vec<ModelInfo>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let found = self.ports().models.find(ctx.org, provider);
        let model = found.ok_or_else(|| Error::NotFound(Missing::new("provider", provider)))?;
        match tokio::time::timeout(LIST_TIMEOUT, model.list()).await {
            Ok(Ok(models)) => Ok(models),
            Ok(Err(fault)) => Err(Error::Provider(fault.message)),
            Err(_) => Err(Error::Provider("it did not list its models within 5 s".into())),
        }
    }

    async fn number_of(&self, name: &str) -> Result<u64, Error> {
        let load = async { Ok::<_, Error>(Some(self.ports().store.provider_number(name).await?)) };
        let number = self.known().provider_numbers.find(&name.to_owned(), load).await?;
        Ok(number.unwrap_or_default())
    }
}

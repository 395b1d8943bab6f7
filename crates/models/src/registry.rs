//! The providers by name.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::OrgId;
use domain::model::{FaultKind, ModelFault, ModelInfo, ModelRequest};
use domain::money::{Currency, Prices};
use domain::provider::{ModelAlias, OwnProvider, WireKind};
use domain::secret::{SealingKey, Secret};
use lru::LruCache;
use outbound::OutboundOptions;
use ports::{Alias, Model, ModelStream, Models, Offering, Provider, Store, StoreError};
use secrecy::ExposeSecret;

use crate::options::{ApiKey, ModelOptions, ProviderKind, ProviderOptions};
use crate::{Anthropic, OpenAi};

/// Organizations whose offering is remembered.
const ORGS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// What organizations can use: the operator's providers, which each of them sees, and their
/// own, which win over the operator's of the same name.
///
/// The operator's are built once, at start. An organization's own are read from the store
/// when they are first asked for, and again after [`Models::forget`].
pub struct Registry {
    operator: Arc<Offering>,
    own: Option<Own>,
    known: Mutex<Known>,
    currency: Currency,
}

/// How organizations' own providers are found and set up.
struct Own {
    store: Arc<dyn Store>,
    key: SealingKey,
    outbound: OutboundOptions,
}

struct Known {
    offerings: LruCache<OrgId, Entry>,
    /// Grows with each change; a load that began before the last one is not believed.
    changes: u64,
}

#[derive(Clone)]
struct Entry {
    offering: Arc<Offering>,
    is_fresh: bool,
}

/// Collects the operator's part of a [`Registry`].
#[derive(Default)]
pub struct RegistryBuilder {
    operator: Offering,
    currency: Option<Currency>,
}

impl Registry {
    /// Starts with no providers.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, own: &Own, org: OrgId, before: Option<Arc<Offering>>) -> Result<Arc<Offering>, StoreError> {
        let store = own.store.of(org);
        let (providers, aliases) = (store.list_providers().await?, store.list_aliases().await?);
        if providers.is_empty() && aliases.is_empty() {
            return Ok(Arc::clone(&self.operator));
        }
        let mut offering = Offering::clone(&self.operator);
        for provider in providers {
            // One that has not changed keeps its connections, and what it has learnt.
            let at = Some((provider.id, provider.version));
            let found = before.as_ref().and_then(|before| before.find(&provider.settings.name));
            let model = match found.filter(|found| found.own == at) {
                Some(found) => Arc::clone(&found.model),
                None => own.set_up(org, &provider).unwrap_or_else(|why| Arc::new(Unfit::new(&provider, &why))),
            };
            let kind = provider.settings.kind.as_str().to_owned();
            offering.add(provider.settings.name, Provider { kind, model, own: at, prices: Prices::default() });
        }
        for ModelAlias { name, model, .. } in aliases {
            offering.add_alias(name, Alias { model, is_own: true });
        }
        Ok(Arc::new(offering))
    }
}

impl RegistryBuilder {
    /// Adds a provider of the operator's configuration. A second one of the same name
    /// replaces the first.
    #[must_use]
    pub fn add(mut self, name: impl Into<String>, kind: impl Into<String>, model: Arc<dyn Model>) -> Self {
        self.operator.add(name, Provider { kind: kind.into(), model, own: None, prices: Prices::default() });
        self
    }

    /// What the models of a provider cost that was added before.
    #[must_use]
    pub fn priced(mut self, provider: &str, prices: Prices) -> Self {
        self.operator.set_prices(provider, prices);
        self
    }

    /// The currency of all prices; US dollars if it is not said.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// Adds another name for a model, for every organization that has none of its own like it.
    #[must_use]
    pub fn add_alias(mut self, name: impl Into<String>, model: impl Into<String>) -> Self {
        self.operator.add_alias(name, Alias { model: model.into(), is_own: false });
        self
    }

    /// The registry, for organizations that bring nothing.
    pub fn build(self) -> Registry {
        self.with(None)
    }

    /// The registry, with what organizations keep in this store. Their providers' keys are
    /// opened with `key`, and they are called as other addresses that users name are: not
    /// at private ones.
    pub fn build_with_own(self, store: Arc<dyn Store>, key: SealingKey, outbound: OutboundOptions) -> Registry {
        self.with(Some(Own { store, key, outbound }))
    }

    fn with(self, own: Option<Own>) -> Registry {
        let known = Mutex::new(Known { offerings: LruCache::new(ORGS_MAX), changes: 0 });
        let currency = self.currency.unwrap_or(Currency::USD);
        Registry { operator: Arc::new(self.operator), own, known, currency }
    }
}

#[async_trait]
impl Models for Registry {
    async fn of(&self, org: OrgId) -> Result<Arc<Offering>, StoreError> {
        let Some(own) = &self.own else { return Ok(Arc::clone(&self.operator)) };
        let (entry, changes) = {
            let mut known = self.known();
            (known.offerings.get(&org).cloned(), known.changes)
        };
        let before = match entry {
            Some(Entry { offering, is_fresh: true }) => return Ok(offering),
            stale => stale.map(|entry| entry.offering),
        };
        let offering = self.load(own, org, before).await?;
        let mut known = self.known();
        if known.changes == changes {
            known.offerings.put(org, Entry { offering: Arc::clone(&offering), is_fresh: true });
        }
        Ok(offering)
    }

    fn currency(&self) -> Currency {
        self.currency
    }

    fn forget(&self, org: OrgId) {
        let mut known = self.known();
        known.changes += 1;
        if let Some(entry) = known.offerings.get_mut(&org) {
            entry.is_fresh = false;
        }
    }

    fn set_up(&self, org: OrgId, provider: &OwnProvider) -> Result<Arc<dyn Model>, String> {
        let own = self.own.as_ref().ok_or("providers of organizations are not served here")?;
        own.set_up(org, provider)
    }
}

impl Own {
    fn set_up(&self, org: OrgId, provider: &OwnProvider) -> Result<Arc<dyn Model>, String> {
        let settings = &provider.settings;
        let kind = match settings.kind {
            WireKind::Openai => ProviderKind::Openai,
            WireKind::Anthropic => ProviderKind::Anthropic,
        };
        let base_url = settings.base_url.as_deref().map(str::parse).transpose();
        let options = ProviderOptions {
            kind,
            base_url: base_url.map_err(|error| format!("base_url: {error}"))?,
            api_key: self.key_of(org, provider)?,
            models: settings.models.as_ref().map(|models| models.iter().map(ModelOptions::from).collect()),
            ..ProviderOptions::default()
        };
        let (name, outbound) = (&settings.name, &self.outbound);
        match settings.kind {
            WireKind::Openai => OpenAi::new(name, &options, outbound).map(|model| Arc::new(model) as Arc<dyn Model>),
            WireKind::Anthropic => {
                Anthropic::new(name, &options, outbound).map(|model| Arc::new(model) as Arc<dyn Model>)
            }
        }
        .map_err(|bad| bad.why)
    }

    fn key_of(&self, org: OrgId, provider: &OwnProvider) -> Result<Option<ApiKey>, String> {
        let Some(secret) = &provider.settings.api_key else { return Ok(None) };
        let Secret::Sealed(sealed) = secret else { return Err("api_key is not sealed".to_owned()) };
        let origin = provider.settings.origin();
        let opened = self.key.open(sealed, OwnProvider::key_place(provider.id, org, &origin));
        opened.map(|key| Some(ApiKey::new(key.expose_secret()))).map_err(|error| format!("api_key: {error}"))
    }
}

/// A provider that cannot be set up as it is stored: every call of it says why.
struct Unfit(ModelFault);

impl Unfit {
    fn new(provider: &OwnProvider, why: &str) -> Self {
        let name = &provider.settings.name;
        tracing::warn!(provider = %provider.id, why, "an organization's provider cannot be used");
        Self(ModelFault::new(FaultKind::Unavailable, format!("provider {name} cannot be used: {why}")))
    }
}

#[async_trait]
impl Model for Unfit {
    async fn stream(&self, _: ModelRequest) -> Result<ModelStream, ModelFault> {
        Err(self.0.clone())
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, ModelFault> {
        Err(self.0.clone())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Demo;
    use futures::executor::block_on;

    #[test]
    fn what_the_operator_offers_is_there_for_everyone() {
        let registry = Registry::builder()
            .add("zeta", "scripted", Arc::new(Demo))
            .add("mock", "scripted", Arc::new(Demo))
            .add_alias("fast", "mock/demo")
            .add_alias("lost", "gone/demo")
            .build();
        let offering = block_on(registry.of(OrgId(uuid::Uuid::nil()))).expect("nothing is read");
        assert_eq!(offering.providers().map(|(name, _)| name).collect::<Vec<_>>(), ["mock", "zeta"]);
        assert_eq!(offering.resolve("fast").as_deref(), Some("mock/demo"));
        assert_eq!(offering.resolve("lost"), None);
        let choice = domain::agent::ModelChoice {
            id: "fast".to_owned(),
            fallbacks: vec!["lost".to_owned(), "zeta/demo".to_owned()],
            ..Default::default()
        };
        assert_eq!(offering.chain(&choice), ["mock/demo", "lost", "zeta/demo"]);
    }
}

//! The adapters, built from the configuration and put together: what `serve` runs and what
//! the operator's commands work on when no server runs.

use std::sync::Arc;

use app::{App, Joining, KeySecrets, Operator, TrustedIssuer, WaysIn};
use config::{Config, LocalModelOptions};
use demo::Demo;
use domain::provider::ModelAlias;
use domain::secret::SealingKey;
use model_local::{LocalModel, LocalOptions};
use models::{Anthropic, BadProvider, OpenAi, ProviderKind, ProviderOptions, Registry, RegistryBuilder};
use oidc::{OidcOptions, OpenId};
use outbound::Outbound;
use ports::time::SystemSources;
use ports::{Clock, Feed, IdSource, Metrics, Model, SignalReader, Store, ToolRunner, WebhookSender, Workers};
use store_sqlite::SqliteStore;
use tools::{Extractor, HttpTools, Signals, Webhooks};

use crate::fault::StartError;
use crate::secrets::Secrets;

/// An open data directory and the ways out of it. No other process can use the directory
/// meanwhile.
pub(crate) struct House {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) feed: Feed,
    pub(crate) models: Arc<Registry>,
    pub(crate) outbound: Outbound,
    pub(crate) tools: Arc<dyn ToolRunner>,
    pub(crate) signals: Arc<dyn SignalReader>,
    pub(crate) webhooks: Arc<dyn WebhookSender>,
    extractor: Arc<Extractor>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) metrics: Metrics,
    /// Whether what is in it is made up.
    pub(crate) is_demo: bool,
    default_model: Arc<str>,
    ways_in: Arc<WaysIn>,
    secrets: Secrets,
    sealing_key: SealingKey,
}

impl House {
    /// Opens the data directory, which is made if it is not there.
    pub(crate) async fn open(config: &Config) -> Result<Self, StartError> {
        Self::open_with(config, registry(config)?).await
    }

    /// Opens it for a demo, which takes the place of the world outside: nobody is called.
    pub(crate) async fn open_for(demo: &Demo, config: &Config) -> Result<Self, StartError> {
        let models = Registry::builder().add(demo::PROVIDER, ProviderKind::Scripted.as_str(), demo.model());
        let house = Self::open_with(config, models.priced(demo::PROVIDER, demo.prices())).await?;
        Ok(Self {
            tools: demo.tools(),
            signals: demo.signals(),
            webhooks: demo.webhooks(),
            clock: demo.clock(),
            ids: demo.ids(),
            is_demo: true,
            ..house
        })
    }

    async fn open_with(config: &Config, models: RegistryBuilder) -> Result<Self, StartError> {
        let given_key = Secrets::sealing_key_of(config)?;
        let outbound = Outbound::new(&config.outbound).map_err(|error| StartError::Options(error.to_string()))?;
        let ways_in = Arc::new(ways_in(config)?);
        let extractor = Extractor::new(config.extract.clone());
        let extractor =
            Arc::new(extractor.map_err(|error| StartError::Other(format!("this binary is gone: {error}")))?);
        let directory = &config.server.data_dir;
        let feed = Feed::default();
        let store = SqliteStore::open(directory, &config.store, feed.clone())?;
        let secrets = match Secrets::read(directory)? {
            Some(secrets) => secrets,
            None if is_empty(&store).await? => Secrets::create(directory)?,
            None => return Err(Secrets::missing(directory)),
        };
        let sealing_key = given_key.unwrap_or_else(|| secrets.sealing_key());
        let tools = HttpTools::new(outbound.clone(), sealing_key.clone());
        let signals = Signals::new(outbound.clone());
        let webhooks = Webhooks::new(&config.outbound, sealing_key.clone());
        let webhooks = webhooks.map_err(|error| StartError::Options(error.to_string()))?;
        let metrics = Metrics::new(config.all_providers().into_keys(), store.metrics(), feed.laggards());
        let kept = Arc::clone(&store) as Arc<dyn Store>;
        let models = Arc::new(models.build_with_own(kept, sealing_key.clone(), config.outbound.clone()));
        Ok(Self {
            store,
            feed,
            models,
            outbound,
            tools: Arc::new(tools),
            signals: Arc::new(signals),
            webhooks: Arc::new(webhooks),
            extractor,
            clock: Arc::new(SystemSources),
            ids: Arc::new(SystemSources),
            metrics,
            is_demo: false,
            default_model: config.bootstrap.model.as_str().into(),
            ways_in,
            secrets,
            sealing_key,
        })
    }

    /// Opens a data directory that is there already.
    pub(crate) async fn open_existing(config: &Config) -> Result<Self, StartError> {
        if Secrets::read(&config.server.data_dir)?.is_none() {
            return Err(StartError::NoData(config.server.data_dir.clone()));
        }
        Self::open(config).await
    }

    /// The operations over this house.
    pub(crate) fn app(&self, workers: Arc<dyn Workers>) -> App {
        let outbound = self.outbound.clone();
        let ports = app::Ports {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            feed: self.feed.clone(),
            models: Arc::clone(&self.models) as Arc<dyn ports::Models>,
            extractor: Arc::clone(&self.extractor) as Arc<dyn ports::TextExtractor>,
            workers,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            url_check: Arc::new(move |url| outbound.check_url(url).map(|_| ()).map_err(|error| error.to_string())),
            metrics: self.metrics.clone(),
            default_model: Arc::clone(&self.default_model),
            ways_in: Arc::clone(&self.ways_in),
        };
        App::new(ports, KeySecrets::new(self.secrets.hashing_key()), self.sealing_key.clone())
    }
}

/// Whoever has opened the directory or reached its socket is its operator.
pub(crate) fn operator() -> Operator {
    Operator::of_this_installation()
}

async fn is_empty(store: &SqliteStore) -> Result<bool, StartError> {
    let orgs = store.list_orgs().await.map_err(|error| StartError::Other(error.to_string()))?;
    Ok(orgs.is_empty())
}

fn registry(config: &Config) -> Result<RegistryBuilder, StartError> {
    let currency = models::currency_of(&config.providers).map_err(StartError::Options)?;
    let mut registry = Registry::builder().currency(currency);
    for (name, options) in config.all_providers() {
        let model = provider(&name, &options, config)?;
        let prices = models::prices_of(&options, currency).map_err(StartError::Options)?;
        registry = registry.add(name.clone(), options.kind.as_str(), model).priced(&name, prices);
    }
    for (name, model) in &config.models.aliases {
        if let Some((field, wrong)) = ModelAlias::faults(name, model).into_iter().next() {
            return Err(StartError::Options(format!("models.aliases.{name}: its {field} {wrong}")));
        }
        registry = registry.add_alias(name, model);
    }
    Ok(registry)
}

/// One provider. A new kind is one more arm.
pub(crate) fn provider(name: &str, options: &ProviderOptions, config: &Config) -> Result<Arc<dyn Model>, StartError> {
    let unfit = |error: BadProvider| StartError::Options(error.to_string());
    Ok(match options.kind {
        ProviderKind::Openai => Arc::new(OpenAi::new(name, options, &config.outbound).map_err(unfit)?),
        ProviderKind::Anthropic => Arc::new(Anthropic::new(name, options, &config.outbound).map_err(unfit)?),
        ProviderKind::Local => Arc::new(LocalModel::new(local_options(&config.local))),
        ProviderKind::Scripted => Arc::new(models::scripted::Demo),
    })
}

/// The issuers are asked nothing: one that cannot be reached now keeps nobody from starting.
fn ways_in(config: &Config) -> Result<WaysIn, StartError> {
    let trusted = |(name, options): (&String, &OidcOptions)| {
        let issuer = OpenId::new(name, options, &config.outbound);
        let issuer = issuer.map_err(|error| StartError::Options(error.to_string()))?;
        Ok(TrustedIssuer {
            name: name.clone(),
            title: options.title(name),
            domains: options.domains.clone(),
            joining: options.join.clone().map(|join| Joining { org: join.org, role: join.role.into() }),
            issuer: Arc::new(issuer),
        })
    };
    let issuers = config.login.oidc.iter().map(trusted).collect::<Result<_, StartError>>()?;
    Ok(WaysIn { passwords: config.login.passwords, issuers })
}

fn local_options(options: &LocalModelOptions) -> LocalOptions {
    let defaults = LocalOptions::default();
    LocalOptions {
        dir: options.dir.clone().unwrap_or(defaults.dir),
        files: options.files.clone(),
        window_tokens: options.window_tokens,
        threads: options.threads,
        idle_timeout: options.idle_timeout,
        ..defaults
    }
}

//! The providers that an organization brings: made, changed, tried out, removed.
//!
//! Their keys are sealed before anything is decided, as tools' headers are, and shown to
//! nobody. They are called as every address that users name is: not at private ones.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::model::{Block, FaultKind, Message, ModelChunk, ModelFault, ModelRequest};
use domain::provider::{OwnProvider, PROVIDERS_MAX, ProviderSettings};
use domain::{Change, ChangeSet, ProviderId};
use futures::StreamExt as _;
use ports::Model;

use crate::error::{Error, Faults, FieldError, Missing, Refused};
use crate::{App, Ctx, TRIES};

/// How long a provider that is tried out may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a model that is tried out may take to begin: some have to be loaded first.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Tokens that a model which is tried out may write. Some providers take no smaller number.
const ANSWER_TOKENS: u32 = 16;

/// A provider that an organization can use.
#[derive(Debug, Clone, PartialEq)]
pub struct UsableProvider {
    /// The name before the slash of a model name.
    pub name: String,
    /// `openai`, `anthropic`, `local`, `scripted`.
    pub kind: String,
    /// What the organization has written about it; `None` for the operator's.
    pub own: Option<OwnProvider>,
}

/// What a caller names a provider by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderKey {
    /// The id of an own one.
    Id(ProviderId),
    /// The name, of an own one or one of the operator's.
    Name(String),
}

impl ProviderKey {
    fn fits(&self, provider: &UsableProvider) -> bool {
        match self {
            ProviderKey::Id(id) => provider.own.as_ref().is_some_and(|own| own.id == *id),
            ProviderKey::Name(name) => provider.name == *name,
        }
    }

    fn missing(&self) -> Error {
        match self {
            ProviderKey::Id(id) => Error::not_found(*id),
            ProviderKey::Name(name) => Error::NotFound(Missing::new("provider", name)),
        }
    }
}

impl App {
    /// All providers that the organization can use, by name.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_usable_providers(&self, ctx: &Ctx) -> Result<Vec<UsableProvider>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        self.usable_providers(ctx).await
    }

    /// One of them.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_usable_provider(&self, ctx: &Ctx, key: &ProviderKey) -> Result<UsableProvider, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let found = self.usable_providers(ctx).await?.into_iter().find(|provider| key.fits(provider));
        found.ok_or_else(|| key.missing())
    }

    /// Makes a provider. Nobody is called.
    ///
    /// # Errors
    /// A field breaks a rule, the name is taken, there are too many, the scope is missing, or
    /// the store failed.
    pub async fn create_provider(&self, ctx: &Ctx, settings: ProviderSettings) -> Result<OwnProvider, Error> {
        self.require_providers_write(ctx)?;
        let own = self.store(ctx.org).list_providers().await?;
        if let Some(Made::Provider { provider: made }) = ctx.made_before()
            && let Some(provider) = own.iter().find(|provider| provider.id == *made)
        {
            return Ok(provider.clone());
        }
        let id = self.fresh();
        let ctx = &ctx.making(|| Made::Provider { provider: id });
        let settings = self.settled(ctx, id, settings, None)?;
        check_name(&own, id, &settings)?;
        if own.len() >= PROVIDERS_MAX {
            return Err(Refused::Enough { things: "providers", max: PROVIDERS_MAX }.into());
        }
        let (provider, changes) = OwnProvider::create(id, settings, ctx.now);
        self.check_set_up(ctx, &provider)?;
        let changes = changes.with(self.audited(ctx, described(Action::ProviderCreated, &provider)));
        match self.commit_models(ctx, changes).await? {
            true => Ok(provider),
            false => Err(Error::contended("list of providers")),
        }
    }

    /// Changes a provider. `change` is asked again if somebody else was faster. The stored key
    /// stays where none is given, if the address still leads to the same place.
    ///
    /// # Errors
    /// As [`App::create_provider`]; also if it is not there, or the operator's.
    pub async fn update_provider(
        &self,
        ctx: &Ctx,
        key: &ProviderKey,
        change: impl Fn(&ProviderSettings) -> Result<ProviderSettings, Error> + Send + Sync,
    ) -> Result<OwnProvider, Error> {
        self.require_providers_write(ctx)?;
        for _ in 0..TRIES {
            let current = self.own_provider(ctx, key).await?;
            let settings = change(&current.settings)?;
            let settings = self.settled(ctx, current.id, settings, Some(&current.settings))?;
            check_name(&self.store(ctx.org).list_providers().await?, current.id, &settings)?;
            let (next, changes) = current.update(settings, ctx.now);
            if changes.is_empty() {
                return Ok(next);
            }
            self.check_set_up(ctx, &next)?;
            let changes = changes.with(self.audited(ctx, described(Action::ProviderUpdated, &next)));
            if self.commit_models(ctx, changes).await? {
                return Ok(next);
            }
        }
        Err(Error::contended("provider"))
    }

    /// Removes a provider. Agents that name it stay, and their runs fail and say so.
    ///
    /// # Errors
    /// It is not there, or the operator's; the scope is missing, or the store failed.
    pub async fn delete_provider(&self, ctx: &Ctx, key: &ProviderKey) -> Result<ProviderId, Error> {
        self.require_providers_write(ctx)?;
        let provider = self.own_provider(ctx, key).await?;
        let (id, act) = (provider.id, described(Action::ProviderDeleted, &provider));
        let gone = ChangeSet::of([Change::DeleteProvider(id)]).with(self.audited(ctx, act));
        if self.commit_models(ctx, gone).await? { Ok(id) } else { Err(key.missing()) }
    }

    /// Asks a provider whether it answers and knows us; it generates nothing.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed. What the provider says is
    /// the answer.
    pub async fn test_provider(&self, ctx: &Ctx, key: &ProviderKey) -> Result<Result<(), ModelFault>, Error> {
        let (name, asked) = self.tried_out(ctx, key).await?;
        Ok(in_time(&name, PROBE_TIMEOUT, asked.probe()).await)
    }

    /// Has a model of a provider begin to answer, which costs its few tokens and is counted
    /// nowhere: only who may change providers, and with them what is paid for, has it done.
    ///
    /// # Errors
    /// As [`App::test_provider`].
    pub async fn test_model(&self, ctx: &Ctx, key: &ProviderKey, model: &str) -> Result<Result<(), ModelFault>, Error> {
        let (name, asked) = self.tried_out(ctx, key).await?;
        Ok(in_time(&name, ANSWER_TIMEOUT, begins_to_answer(&*asked, model)).await)
    }

    async fn tried_out(&self, ctx: &Ctx, key: &ProviderKey) -> Result<(String, Arc<dyn Model>), Error> {
        self.require_providers_write(ctx)?;
        let provider = self.find_usable_provider(ctx, key).await?;
        let offering = self.ports().models.of(ctx.org).await?;
        let found = offering.find(&provider.name).ok_or_else(|| key.missing())?;
        Ok((provider.name, Arc::clone(&found.model)))
    }

    /// Whether the caller may change what the whole organization uses: not with a key for one
    /// project.
    pub(crate) fn require_providers_write(&self, ctx: &Ctx) -> Result<(), Error> {
        ctx.require_whole(Scope::ProvidersWrite)
    }

    /// Commits a change of what models mean and forgets what was known; `false` if it came too
    /// late.
    pub(crate) async fn commit_models(&self, ctx: &Ctx, changes: ChangeSet) -> Result<bool, Error> {
        let (app, org, changes) = (self.clone(), ctx.org, ctx.recording(changes));
        self.to_the_end(async move {
            let committed = crate::commit_in_time(&*app.store(org), changes).await;
            // Also after a failure: what the store did then is not known.
            app.ports().models.forget(org);
            app.known().model_lists.forget_all();
            Ok(committed?.is_some())
        })
        .await
    }

    async fn usable_providers(&self, ctx: &Ctx) -> Result<Vec<UsableProvider>, Error> {
        let mut own = self.store(ctx.org).list_providers().await?;
        let mut usable: Vec<UsableProvider> = Vec::new();
        for (name, provider) in self.ports().models.of(ctx.org).await?.providers() {
            let at = own.iter().position(|own| own.settings.name == name);
            let own = at.map(|at| own.swap_remove(at));
            let kind = own.as_ref().map_or(provider.kind.as_str(), |own| own.settings.kind.as_str()).to_owned();
            usable.push(UsableProvider { name: name.to_owned(), kind, own });
        }
        Ok(usable)
    }

    async fn own_provider(&self, ctx: &Ctx, key: &ProviderKey) -> Result<OwnProvider, Error> {
        let found = self.usable_providers(ctx).await?.into_iter().find(|provider| key.fits(provider));
        let found = found.ok_or_else(|| key.missing())?;
        found.own.ok_or_else(|| Refused::OperatorsProvider(found.name).into())
    }

    /// The settings with their key sealed, checked.
    fn settled(
        &self,
        ctx: &Ctx,
        id: ProviderId,
        settings: ProviderSettings,
        stored: Option<&ProviderSettings>,
    ) -> Result<ProviderSettings, Error> {
        let mut faults = Faults::default();
        for (field, wrong) in settings.faults() {
            faults.add(field, wrong);
        }
        faults.into_result()?;
        if let Some(address) = settings.address()
            && let Err(refused) = self.check_url(address)
        {
            return Err(Error::invalid("base_url", refused));
        }
        let origin = settings.origin();
        let kept = stored.filter(|stored| stored.origin() == origin).and_then(|stored| stored.api_key.as_ref());
        let place = OwnProvider::key_place(id, ctx.org, &origin);
        let api_key = match settings.api_key {
            Some(given) => Some(self.seal(given, kept, place, "api_key")?),
            None => None,
        };
        Ok(ProviderSettings { api_key, ..settings })
    }

    /// What only whoever speaks to it can know.
    fn check_set_up(&self, ctx: &Ctx, provider: &OwnProvider) -> Result<(), Error> {
        let set_up = self.ports().models.set_up(ctx.org, provider);
        set_up.map(|_| ()).map_err(|why| Error::invalid("base_url", why))
    }
}

/// What the audit log tells of a provider: whom it is at, without path, person or key.
fn described(action: Action, provider: &OwnProvider) -> Act {
    let settings = &provider.settings;
    let act = Act::new(action, provider.id).with("name", settings.name.clone()).with("kind", settings.kind.as_str());
    act.with("origin", settings.origin()).with("has_key", settings.api_key.is_some())
}

fn check_name(own: &[OwnProvider], id: ProviderId, settings: &ProviderSettings) -> Result<(), Error> {
    match own.iter().any(|other| other.id != id && other.settings.name == settings.name) {
        false => Ok(()),
        true => Err(Error::Invalid(vec![FieldError::new("name", "is taken").code("name_taken")])),
    }
}

/// What came of an attempt, or that it took too long.
async fn in_time(
    provider: &str,
    most: Duration,
    attempt: impl Future<Output = Result<(), ModelFault>>,
) -> Result<(), ModelFault> {
    tokio::time::timeout(most, attempt).await.unwrap_or_else(|_| {
        let message = format!("provider {provider} did not answer within {} s", most.as_secs());
        Err(ModelFault::new(FaultKind::Silent, message))
    })
}

/// Its first words are enough; what it would say after them is called off.
async fn begins_to_answer(asked: &dyn Model, model: &str) -> Result<(), ModelFault> {
    let hello = Message::User { content: vec![Block::text("Say OK.")] };
    let request = ModelRequest {
        model: model.to_owned(),
        messages: vec![Arc::new(hello)],
        max_tokens: Some(ANSWER_TOKENS),
        ..ModelRequest::default()
    };
    let mut answer = asked.stream(request).await?;
    while let Some(chunk) = answer.next().await {
        match chunk? {
            ModelChunk::Usage(_) => {}
            ModelChunk::Text(_) | ModelChunk::Thinking(_) | ModelChunk::ToolCall { .. } | ModelChunk::Stop(_) => {
                return Ok(());
            }
        }
    }
    Err(ModelFault::new(FaultKind::Cut, format!("model {model} ended its answer before it began")))
}

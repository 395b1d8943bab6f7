//! Other names for models: an organization's own, and the operator's.

use domain::audit::{Act, Action};
use domain::key::Scope;
use domain::provider::{ALIASES_MAX, ModelAlias};
use domain::{Change, ChangeSet, Timestamp};

use crate::error::{Error, Faults, FieldError, Missing, Refused};
use crate::{App, Ctx};

/// Another name for a model, as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasView {
    /// The name.
    pub name: String,
    /// The model's full name.
    pub model: String,
    /// When it was given this meaning; `None` for the operator's.
    pub updated_at: Option<Timestamp>,
}

impl App {
    /// All other names for models that mean something here, by name. An own one hides the
    /// operator's of that name.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_aliases(&self, ctx: &Ctx) -> Result<Vec<AliasView>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        let own = self.store(ctx.org).list_aliases().await?;
        let changed = |name: &str| own.iter().find(|alias| alias.name == name).map(|alias| alias.updated_at);
        let offering = self.ports().models.of(ctx.org).await?;
        let view = |(name, alias): (&str, &ports::Alias)| AliasView {
            name: name.to_owned(),
            model: alias.model.clone(),
            updated_at: changed(name).filter(|_| alias.is_own),
        };
        Ok(offering.aliases().map(view).collect())
    }

    /// The full name of a model as an agent may write it; `None` if it means nothing here.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn resolve_model(&self, ctx: &Ctx, written: &str) -> Result<Option<String>, Error> {
        ctx.require(Scope::ProvidersRead)?;
        Ok(self.ports().models.of(ctx.org).await?.resolve(written))
    }

    /// One of them.
    ///
    /// # Errors
    /// There is none of this name, the scope is missing, or the store failed.
    pub async fn find_alias(&self, ctx: &Ctx, name: &str) -> Result<AliasView, Error> {
        let found = self.list_aliases(ctx).await?.into_iter().find(|alias| alias.name == name);
        found.ok_or_else(|| Error::NotFound(Missing::new("model alias", name)))
    }

    /// Gives a name a meaning, whether it had one or not. Runs that have begun keep to the
    /// model they began with.
    ///
    /// # Errors
    /// A field breaks a rule, no provider here has the model, there are too many aliases, the
    /// scope is missing, or the store failed.
    pub async fn put_alias(&self, ctx: &Ctx, name: String, model: String) -> Result<AliasView, Error> {
        self.require_providers_write(ctx)?;
        let mut faults = Faults::default();
        for (field, wrong) in ModelAlias::faults(&name, &model) {
            faults.add(field, wrong);
        }
        faults.into_result()?;
        if self.ports().models.of(ctx.org).await?.resolve(&model).is_none() {
            let fault = FieldError::new("model", "no provider of that name is set up: see the list of providers");
            return Err(Error::Invalid(vec![fault.code("unknown_model")]));
        }
        let own = self.store(ctx.org).list_aliases().await?;
        if own.len() >= ALIASES_MAX && own.iter().all(|alias| alias.name != name) {
            return Err(Refused::Enough { things: "model aliases", max: ALIASES_MAX }.into());
        }
        let alias = ModelAlias { name, model, updated_at: ctx.now };
        let act = Act::new(Action::ModelAliasSet, &alias.name).with("model", alias.model.clone());
        let changes = ChangeSet::of([Change::PutAlias(alias.clone())]).with(self.audited(ctx, act));
        self.commit_models(ctx, changes).await?;
        let ModelAlias { name, model, updated_at } = alias;
        Ok(AliasView { name, model, updated_at: Some(updated_at) })
    }

    /// Takes a name's meaning away. If the operator has one for it, it has that again.
    ///
    /// # Errors
    /// The organization has none of this name, the scope is missing, or the store failed.
    pub async fn delete_alias(&self, ctx: &Ctx, name: &str) -> Result<(), Error> {
        self.require_providers_write(ctx)?;
        let own = self.store(ctx.org).list_aliases().await?;
        if own.iter().all(|alias| alias.name != name) {
            let offering = self.ports().models.of(ctx.org).await?;
            let is_the_operators = offering.aliases().any(|(known, _)| known == name);
            return Err(match is_the_operators {
                true => Refused::OperatorsAlias(name.to_owned()).into(),
                false => Error::NotFound(Missing::new("model alias", name)),
            });
        }
        let recorded = self.audited(ctx, Act::new(Action::ModelAliasDeleted, name));
        let changes = ChangeSet::of([Change::DeleteAlias(name.to_owned())]).with(recorded);
        self.commit_models(ctx, changes).await.map(|_| ())
    }
}

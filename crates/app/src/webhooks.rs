//! The webhooks of an organization: made, changed, tried out, looked at, removed.
//!
//! What is told them shows what happens in all sessions, and leaves the house, so all of this
//! is for who administers. A caller that is kept to one project manages that project's.

use domain::audit::{Act, Action};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::secret::Secret;
use domain::webhook::{Delivery, Notice, WEBHOOKS_MAX, Webhook, WebhookSettings};
use domain::{Change, ChangeSet, DeliveryId, OrgId, WebhookId};
use secrecy::SecretString;

use crate::error::{Error, Faults, Missing, Refused};
use crate::secret::WebhookSecret;
use crate::{App, Ctx, TRIES};

/// A webhook, and the secret that it signs with from now on: to be shown once.
#[derive(Debug, Clone)]
pub struct SignedWebhook {
    /// It.
    pub webhook: Webhook,
    /// What receivers verify with.
    pub secret: WebhookSecret,
}

/// What of a webhook is to be another.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookChange {
    /// What is said of it.
    pub settings: WebhookSettings,
    /// Whether it is told anything; `None` leaves that as it is.
    pub disabled: Option<bool>,
}

impl App {
    /// Makes a webhook. Nobody is called.
    ///
    /// # Errors
    /// A field breaks a rule, the project is not there, there are too many, the scope is
    /// missing, or the store failed.
    pub async fn create_webhook(&self, ctx: &Ctx, settings: WebhookSettings) -> Result<SignedWebhook, Error> {
        ctx.require(Scope::Admin)?;
        if let Some(Made::Webhook { webhook, version }) = ctx.made_before() {
            return self.signed_webhook(ctx, *webhook, *version).await;
        }
        self.check_webhook(ctx, &settings).await?;
        let store = self.store(ctx.org);
        if store.list_webhooks().await?.len() >= WEBHOOKS_MAX {
            return Err(Refused::Enough { things: "webhooks", max: WEBHOOKS_MAX }.into());
        }
        let id: WebhookId = self.fresh();
        let secret = WebhookSecret::fresh()?;
        let (webhook, changes) = Webhook::create(id, settings, self.seal_webhook(ctx.org, id, &secret)?, ctx.now);
        let changes = changes.with(self.audited(ctx, deed(Action::WebhookCreated, &webhook)));
        let changes = ctx.making(|| Made::Webhook { webhook: id, version: 1 }).recording(changes);
        crate::commit_in_time(&*store, changes).await?.ok_or_else(|| Error::contended("list of webhooks"))?;
        Ok(SignedWebhook { webhook, secret })
    }

    /// The webhooks that the caller reaches, oldest first.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_webhooks(&self, ctx: &Ctx) -> Result<Vec<Webhook>, Error> {
        ctx.require(Scope::Admin)?;
        let mut webhooks = self.store(ctx.org).list_webhooks().await?;
        webhooks.retain(|webhook| reaches(ctx, webhook));
        Ok(webhooks)
    }

    /// A webhook.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn find_webhook(&self, ctx: &Ctx, id: WebhookId) -> Result<Webhook, Error> {
        ctx.require(Scope::Admin)?;
        let found = self.store(ctx.org).find_webhook(id).await?;
        found.filter(|webhook| reaches(ctx, webhook)).ok_or_else(|| Error::not_found(id))
    }

    /// Changes a webhook, switches it off or on. `change` is asked again if somebody else was
    /// faster. Its project stays: who is kept to one project reads what was sent before.
    ///
    /// # Errors
    /// As [`App::create_webhook`]; also if it is not there, is to be of another project, or is
    /// to be switched on without a secret.
    pub async fn update_webhook(
        &self,
        ctx: &Ctx,
        id: WebhookId,
        change: impl Fn(&WebhookSettings) -> Result<WebhookChange, Error> + Send + Sync,
    ) -> Result<Webhook, Error> {
        for _ in 0..TRIES {
            let current = self.find_webhook(ctx, id).await?;
            let WebhookChange { settings, disabled } = change(&current.settings)?;
            if settings.project != current.settings.project {
                return Err(Error::invalid("project_id", "cannot be changed: make another webhook"));
            }
            self.check_webhook(ctx, &settings).await?;
            // One version, whatever changes.
            let described = Webhook { settings, ..current.clone() };
            let switched = match disabled {
                None => described,
                Some(true) => described.disabled(ctx.now).0,
                Some(false) => described.enabled(ctx.now).map_err(Refused::from)?.0,
            };
            let (next, changes) = current.become_like(switched, ctx.now);
            if changes.is_empty() {
                return Ok(next);
            }
            let act = deed(Action::WebhookUpdated, &next).with("is_disabled", next.disabled.is_some());
            let changes = changes.with(self.audited(ctx, act));
            if crate::commit_in_time(&*self.store(ctx.org), changes).await?.is_some() {
                return Ok(next);
            }
        }
        Err(Error::contended("webhook"))
    }

    /// Gives a webhook another secret. The one before goes on signing for a day beside it.
    ///
    /// # Errors
    /// It is not there, the scope is missing, or the store failed.
    pub async fn rotate_webhook_secret(&self, ctx: &Ctx, id: WebhookId) -> Result<SignedWebhook, Error> {
        if let Some(Made::Webhook { webhook, version }) = ctx.made_before()
            && *webhook == id
        {
            return self.signed_webhook(ctx, id, *version).await;
        }
        let secret = WebhookSecret::fresh()?;
        for _ in 0..TRIES {
            let current = self.find_webhook(ctx, id).await?;
            let (webhook, changes) = current.rotated(self.seal_webhook(ctx.org, id, &secret)?, ctx.now);
            let made = || Made::Webhook { webhook: id, version: webhook.version };
            let changes = changes.with(self.audited(ctx, deed(Action::WebhookSecretRotated, &webhook)));
            let changes = ctx.making(made).recording(changes);
            if crate::commit_in_time(&*self.store(ctx.org), changes).await?.is_some() {
                return Ok(SignedWebhook { webhook, secret });
            }
        }
        Err(Error::contended("webhook"))
    }

    /// Removes a webhook with its deliveries.
    ///
    /// # Errors
    /// As [`App::find_webhook`].
    pub async fn delete_webhook(&self, ctx: &Ctx, id: WebhookId) -> Result<(), Error> {
        let webhook = self.find_webhook(ctx, id).await?;
        let recorded = self.audited(ctx, deed(Action::WebhookDeleted, &webhook));
        let changes = ChangeSet::of([Change::DeleteWebhook(id), recorded]);
        crate::commit_in_time(&*self.store(ctx.org), changes).await?.map(drop).ok_or_else(|| Error::not_found(id))
    }

    /// Sends a webhook something to try it out. The delivery that was queued.
    ///
    /// # Errors
    /// As [`App::find_webhook`]; also if it is disabled, or too much waits for it.
    pub async fn test_webhook(&self, ctx: &Ctx, id: WebhookId) -> Result<Delivery, Error> {
        let webhook = self.enabled_webhook(ctx, id).await?;
        let notice = Notice::test(self.0.ports.ids.uuid_v7(), ctx.now);
        let delivery = Delivery::of(&notice, webhook.id, None);
        let changes = ChangeSet::of([Change::Notify { webhook: id, notice: Box::new(notice) }]);
        if crate::commit_in_time(&*self.store(ctx.org), changes).await?.is_none() {
            // If it was not disabled meanwhile, there is no room.
            self.enabled_webhook(ctx, id).await?;
            return Err(Refused::WebhookFull.into());
        }
        Ok(delivery)
    }

    /// Deliveries to a webhook, newest first, behind `after`, at most `limit`.
    ///
    /// # Errors
    /// As [`App::find_webhook`].
    pub async fn list_deliveries(
        &self,
        ctx: &Ctx,
        id: WebhookId,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        self.find_webhook(ctx, id).await?;
        Ok(self.store(ctx.org).list_deliveries(id, after, limit).await?)
    }

    /// A delivery to a webhook.
    ///
    /// # Errors
    /// As [`App::find_webhook`]; also if the delivery is not there.
    pub async fn find_delivery(&self, ctx: &Ctx, id: WebhookId, delivery: DeliveryId) -> Result<Delivery, Error> {
        self.find_webhook(ctx, id).await?;
        let found = self.store(ctx.org).find_delivery(id, delivery).await?;
        found.ok_or_else(|| Error::NotFound(Missing::new("delivery", delivery)))
    }

    /// Sends a delivery again, whatever came of it, under the same id.
    ///
    /// # Errors
    /// As [`App::find_delivery`]; also if the webhook is disabled.
    pub async fn redeliver(&self, ctx: &Ctx, id: WebhookId, delivery: DeliveryId) -> Result<Delivery, Error> {
        let found = self.find_delivery(ctx, id, delivery).await?;
        self.enabled_webhook(ctx, id).await?;
        let (again, changes) = found.again(ctx.now);
        let committed = crate::commit_in_time(&*self.store(ctx.org), changes).await?;
        committed.map(|_| again).ok_or_else(|| Error::NotFound(Missing::new("delivery", delivery)))
    }

    async fn enabled_webhook(&self, ctx: &Ctx, id: WebhookId) -> Result<Webhook, Error> {
        let webhook = self.find_webhook(ctx, id).await?;
        match webhook.disabled {
            Some(disabled) => Err(Refused::WebhookDisabled(disabled.why).into()),
            None => Ok(webhook),
        }
    }

    async fn check_webhook(&self, ctx: &Ctx, settings: &WebhookSettings) -> Result<(), Error> {
        let mut faults = Faults::default();
        for (field, wrong) in settings.faults() {
            faults.add(field, wrong);
        }
        faults.into_result()?;
        if let Err(refused) = self.check_url(&settings.url) {
            return Err(Error::invalid("url", refused));
        }
        match settings.project {
            // A caller that is kept to a project is told of no other.
            None if ctx.project.is_some() => {
                Err(Error::invalid("project_id", "must be your key's project: the key is kept to it"))
            }
            None => Ok(()),
            Some(project) => {
                let found = self.store(ctx.org).find_project(project).await?.filter(|found| ctx.reaches(found.id));
                found.map(drop).ok_or_else(|| Error::invalid("project_id", "is no project of this organization"))
            }
        }
    }

    /// A webhook that a request sent before has made, with the secret that it showed: the one
    /// that came with this version, and no other since.
    async fn signed_webhook(&self, ctx: &Ctx, id: WebhookId, version: u64) -> Result<SignedWebhook, Error> {
        let webhook = self.find_webhook(ctx, id).await?;
        let place = Webhook::secret_place(id, ctx.org);
        let opened = match &webhook.secret {
            Some(Secret::Sealed(sealed)) if webhook.secret_since == version => {
                self.sealing_key().open(sealed, place).ok()
            }
            _ => None,
        };
        let secret = opened.ok_or_else(|| Error::Conflict("the webhook's secret cannot be shown again".to_owned()))?;
        Ok(SignedWebhook { webhook, secret: WebhookSecret::from(secret) })
    }

    fn seal_webhook(&self, org: OrgId, id: WebhookId, secret: &WebhookSecret) -> Result<Secret, Error> {
        let given = Secret::Given(SecretString::from(secret.reveal()));
        self.seal(given, None, Webhook::secret_place(id, org), "secret")
    }
}

/// What was done to a webhook. Of its address only the host: the rest of it may be a secret.
fn deed(action: Action, webhook: &Webhook) -> Act {
    let WebhookSettings { event_types, project, .. } = &webhook.settings;
    let host = webhook.settings.host();
    let types = event_types.as_ref().map(|types| serde_json::json!(types));
    let project = project.map(|project| project.to_string());
    Act::new(action, webhook.id)
        .with_some("host", host)
        .with_some("event_types", types)
        .with_some("project_id", project)
}

fn reaches(ctx: &Ctx, webhook: &Webhook) -> bool {
    ctx.project.is_none_or(|only| webhook.settings.project == Some(only))
}

//! Messages from outside, and the runs they begin.

use domain::deployment::{Begun, Cause, Deployment, DeploymentRun, Payload, SignatureScheme, Trigger, Webhook};
use domain::key::Scope;
use domain::secret::Secret;
use domain::{DeploymentId, OrgId};
use serde_json::Value;

use super::begin::Occasion;
use super::rules::signature_place;
use super::signatures::{Proof, is_signed};
use crate::error::{AuthFault, Error};
use crate::{App, Ctx, Operator, RunWatch};

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its bytes, which its signature is of.
    pub bytes: &'a [u8],
    /// What they are, as JSON.
    pub payload: &'a Value,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
    /// `webhook-id`.
    pub webhook_id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub webhook_timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub webhook_signature: Option<&'a str>,
    /// `x-hub-signature-256`.
    pub github_signature: Option<&'a str>,
    /// `x-github-delivery`.
    pub github_delivery: Option<&'a str>,
}

/// A webhook that takes messages.
#[derive(Debug, Clone)]
pub struct OpenWebhook {
    org: OrgId,
    deployment: Deployment,
    webhook: Webhook,
}

impl OpenWebhook {
    /// Whether a sender needs an API key.
    pub fn requires_key(&self) -> bool {
        self.webhook.requires_key
    }

    /// Whether its owner wants the answer to wait for the end of the run.
    pub fn returns_results(&self) -> bool {
        self.webhook.returns_results
    }

    /// Its deployment.
    pub fn id(&self) -> DeploymentId {
        self.deployment.id
    }
}

/// What came of a message.
pub struct Delivered {
    /// What it began, or what the same message began before.
    pub begun: DeploymentRun,
    /// The run, if this message began one.
    pub watch: Option<RunWatch>,
    /// Whoever may read what came of it.
    pub reader: Ctx,
}

impl App {
    /// The webhook of this id, if there is one that takes messages. Whoever knows the id may
    /// send one, unless the webhook wants a key or a signature.
    ///
    /// # Errors
    /// There is none, it is switched off, or the store failed.
    pub async fn open_webhook(&self, _operator: &Operator, id: DeploymentId) -> Result<OpenWebhook, Error> {
        let found = self.ports().store.find_deployment(id).await?;
        let open = found.filter(|(_, deployment)| deployment.check_open().is_ok());
        match open {
            Some((org, deployment)) => match deployment.trigger.clone() {
                Trigger::Webhook(webhook) => Ok(OpenWebhook { org, deployment, webhook }),
                Trigger::Schedule(_) | Trigger::Embed(_) | Trigger::RolloutMonitor(_) => Err(Error::not_found(id)),
            },
            None => Err(Error::not_found(id)),
        }
    }

    /// Whether the holder of a key may send messages to a webhook that wants one.
    ///
    /// # Errors
    /// They are of another organization or project, may start no runs, or may not use the
    /// webhook's agent.
    pub async fn may_deliver(&self, caller: &Ctx, to: &OpenWebhook) -> Result<(), Error> {
        if caller.org != to.org || !caller.reaches(to.deployment.project) {
            return Err(Error::not_found(to.deployment.id));
        }
        caller.require(Scope::AgentsRun)?;
        self.may_read_along(caller, to.deployment.agent).await
    }

    /// Takes a message in. One that came before, by its name, begins nothing again within a day.
    ///
    /// # Errors
    /// The signature is missing or wrong, or the store failed.
    pub async fn deliver_webhook(
        &self,
        operator: &Operator,
        to: &OpenWebhook,
        delivery: Delivery<'_>,
    ) -> Result<Delivered, Error> {
        let OpenWebhook { org, deployment, webhook } = to;
        self.check_signature(*org, deployment, webhook, delivery)?;
        let (begun, watch) = self.take_in(*org, deployment, webhook, delivery).await?;
        Ok(Delivered { begun, watch, reader: operator.acting_for(*org, self.now()) })
    }

    fn check_signature(
        &self,
        org: OrgId,
        deployment: &Deployment,
        webhook: &Webhook,
        delivery: Delivery<'_>,
    ) -> Result<(), Error> {
        let Some(signature) = &webhook.signature else { return Ok(()) };
        let wrong = || Error::Unauthenticated(AuthFault::BadSignature);
        let Secret::Sealed(sealed) = &signature.secret else { return Err(wrong()) };
        let place = signature_place(org, deployment, signature.scheme.as_str());
        let secret = self.sealing_key().open(sealed, place).map_err(|_| wrong())?;
        let proof = match signature.scheme {
            SignatureScheme::StandardWebhooks => Proof {
                id: delivery.webhook_id,
                timestamp: delivery.webhook_timestamp,
                signature: delivery.webhook_signature,
            },
            SignatureScheme::Github => Proof { signature: delivery.github_signature, ..Proof::default() },
        };
        let is_signed = is_signed(signature.scheme, &secret, proof, delivery.bytes, self.now());
        if is_signed { Ok(()) } else { Err(wrong()) }
    }

    async fn take_in(
        &self,
        org: OrgId,
        deployment: &Deployment,
        webhook: &Webhook,
        delivery: Delivery<'_>,
    ) -> Result<(DeploymentRun, Option<RunWatch>), Error> {
        let (payload, now) = (Payload(delivery.payload), self.now());
        let name = name_of(webhook, delivery);
        if let Some(name) = &name
            && let Some(first) = self.store(org).find_named_run(deployment.id, name, now).await?
        {
            return Ok((first, None));
        }
        let message = Some(webhook.tell(payload)).filter(|text| !text.trim().is_empty());
        let occasion = Occasion { cause: Cause::Webhook, message, name };
        let taken = if webhook.takes(payload) {
            self.begin_and_record(org, deployment, &occasion, now).await?
        } else {
            (self.record(org, deployment, &occasion, Begun::Filtered, now).await?, None)
        };
        if webhook.known_fields.is_none() {
            self.note_fields(org, deployment, webhook, payload).await;
        }
        Ok(taken)
    }

    /// The first message shows what fields there are.
    async fn note_fields(&self, org: OrgId, deployment: &Deployment, webhook: &Webhook, payload: Payload<'_>) {
        let known_fields = Some(Webhook::fields_of(payload));
        let trigger = Trigger::Webhook(Webhook { known_fields, ..webhook.clone() });
        let changed = Deployment { trigger, ..deployment.clone() };
        let Ok((_, changes)) = deployment.clone().update(changed, deployment.updated_at) else { return };
        // If it has changed meanwhile, the next message is the first.
        if let Err(error) = crate::commit_in_time(&*self.store(org), changes).await {
            tracing::warn!(%error, deployment.id = %deployment.id, "the fields of a webhook were not noted");
        }
    }
}

/// The name under which a message begins one run: what the sender calls it, or what stands in it.
fn name_of(webhook: &Webhook, delivery: Delivery<'_>) -> Option<String> {
    /// Longer ones would only fill the disk.
    const CHARS_MAX: usize = 255;
    let signed = webhook.signature.as_ref().and_then(|signature| match signature.scheme {
        SignatureScheme::StandardWebhooks => delivery.webhook_id,
        SignatureScheme::Github => delivery.github_delivery,
    });
    let inside = webhook.name_of(Payload(delivery.payload)).map(|name| format!("field:{name}"));
    let sent = delivery.idempotency_key.map(|name| format!("key:{name}"));
    let name = inside.or(sent).or_else(|| signed.map(|name| format!("message:{name}")))?;
    Some(name.chars().take(CHARS_MAX).collect())
}

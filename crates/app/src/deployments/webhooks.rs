//! Messages from outside, and the runs they begin.

use domain::deployment::{Begun, Cause, Deployment, DeploymentRun, Payload, SignatureScheme, Trigger, Webhook};
use domain::key::Scope;
use domain::secret::Secret;
use domain::{DeploymentId, OrgId, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

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
}

/// A message whose sender has shown who they are, as far as its webhook asks for that. What is
/// in it may be read now.
#[derive(Debug, Clone, Copy)]
pub struct ProvenDelivery<'a> {
    to: &'a OpenWebhook,
    delivery: Delivery<'a>,
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

    /// Whose it is.
    pub fn org(&self) -> OrgId {
        self.org
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

    /// Whether a message is signed as its webhook wants it. Asked of its bytes, before anybody
    /// reads what is in them.
    ///
    /// # Errors
    /// The signature is missing or wrong.
    pub fn prove_delivery<'a>(&self, to: &'a OpenWebhook, delivery: Delivery<'a>) -> Result<ProvenDelivery<'a>, Error> {
        let OpenWebhook { org, deployment, webhook } = to;
        let Some(signature) = &webhook.signature else { return Ok(ProvenDelivery { to, delivery }) };
        let wrong = || Error::Unauthenticated(AuthFault::BadSignature);
        let Secret::Sealed(sealed) = &signature.secret else { return Err(wrong()) };
        let place = signature_place(*org, deployment, signature.scheme.as_str());
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
        if is_signed { Ok(ProvenDelivery { to, delivery }) } else { Err(wrong()) }
    }

    /// Takes a message in, which is this as JSON. One that began a run before, by its name,
    /// begins none again within a day.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deliver_webhook(
        &self,
        operator: &Operator,
        ProvenDelivery { to, delivery }: ProvenDelivery<'_>,
        payload: &Value,
    ) -> Result<Delivered, Error> {
        let (payload, now) = (Payload(payload), self.now());
        let (begun, watch) = match to.webhook.takes(payload) {
            true => self.take_in(to, delivery, payload, now).await?,
            false => {
                let passed = Occasion { cause: Cause::Webhook, message: None, name: None, asked_by: None };
                (self.record(to.org, &to.deployment, &passed, Begun::Filtered, now).await?, None)
            }
        };
        if to.webhook.known_fields.is_none() {
            self.note_fields(to, payload).await;
        }
        Ok(Delivered { begun, watch, reader: operator.acting_for(to.org, now) })
    }

    async fn take_in(
        &self,
        OpenWebhook { org, deployment, webhook }: &OpenWebhook,
        delivery: Delivery<'_>,
        payload: Payload<'_>,
        now: Timestamp,
    ) -> Result<(DeploymentRun, Option<RunWatch>), Error> {
        let name = name_of(webhook, delivery, payload);
        if let Some(name) = &name
            && let Some(first) = self.store(*org).find_named_run(deployment.id, name, now).await?
        {
            return Ok((first, None));
        }
        let message = Some(webhook.tell(payload)).filter(|text| !text.trim().is_empty());
        let occasion = Occasion { cause: Cause::Webhook, message, name, asked_by: None };
        self.begin_and_record(*org, deployment, &occasion, now).await
    }

    /// The first message shows what fields there are.
    async fn note_fields(&self, OpenWebhook { org, deployment, webhook }: &OpenWebhook, payload: Payload<'_>) {
        let known_fields = Some(Webhook::fields_of(payload));
        let trigger = Trigger::Webhook(Webhook { known_fields, ..webhook.clone() });
        let changed = Deployment { trigger, ..deployment.clone() };
        let Ok((_, changes)) = deployment.clone().update(changed, None, deployment.updated_at) else { return };
        // If it has changed meanwhile, the next message is the first.
        if let Err(error) = crate::commit_in_time(&*self.store(*org), changes).await {
            tracing::warn!(%error, deployment.id = %deployment.id, "the fields of a webhook were not noted");
        }
    }
}

/// The name under which a message begins one run: what stands in it, or what its sender calls
/// it. Where messages are signed it is of what is signed: somebody who has seen one could send
/// it again under any other name.
fn name_of(webhook: &Webhook, delivery: Delivery<'_>, payload: Payload<'_>) -> Option<String> {
    let scheme = webhook.signature.as_ref().map(|signature| signature.scheme);
    let outside = || match scheme {
        None => delivery.idempotency_key.map(|name| format!("key:{name}")),
        Some(SignatureScheme::StandardWebhooks) => delivery.webhook_id.map(|name| format!("message:{name}")),
        Some(SignatureScheme::Github) => Some(format!("body:{}", digest(delivery.bytes))),
    };
    let inside = webhook.name_of(payload).map(|name| format!("field:{name}"));
    inside.or_else(outside).map(short)
}

/// A name that fills no disk. A long one stands for itself by its digest: two that begin alike
/// are two.
fn short(name: String) -> String {
    const BYTES_MAX: usize = 255;
    if name.len() > BYTES_MAX { format!("long:{}", digest(name.as_bytes())) } else { name }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::deployment::Signature;
    use serde_json::json;

    fn delivery(bytes: &'static [u8]) -> Delivery<'static> {
        Delivery {
            bytes,
            idempotency_key: Some("k"),
            webhook_id: Some("m"),
            webhook_timestamp: None,
            webhook_signature: None,
            github_signature: None,
        }
    }

    fn signed(scheme: Option<SignatureScheme>, dedupe: Option<&str>) -> Webhook {
        let signature = scheme.map(|scheme| Signature { scheme, secret: Secret::Kept });
        Webhook { signature, dedupe: dedupe.map(str::to_owned), ..Webhook::default() }
    }

    #[test]
    fn a_name_is_of_what_is_signed() {
        use SignatureScheme::{Github, StandardWebhooks};
        let name = |webhook: Webhook, bytes, payload: Value| name_of(&webhook, delivery(bytes), Payload(&payload));
        assert_eq!(name(signed(None, None), b"1", json!(1)).as_deref(), Some("key:k"));
        assert_eq!(name(signed(Some(StandardWebhooks), None), b"1", json!(1)).as_deref(), Some("message:m"));
        let github = |bytes| name(signed(Some(Github), None), bytes, json!(1)).unwrap();
        assert!(github(b"1").starts_with("body:") && github(b"1") != github(b"2"));
        for scheme in [None, Some(Github), Some(StandardWebhooks)] {
            let inside = name(signed(scheme, Some("/id")), b"1", json!({ "id": 7 }));
            assert_eq!(inside.as_deref(), Some("field:7"));
        }
    }

    #[test]
    fn two_long_names_are_two() {
        let webhook = signed(None, Some(""));
        let name = |payload: Value| name_of(&webhook, delivery(b""), Payload(&payload)).unwrap();
        let long = "x".repeat(1_000);
        let names = [name(json!({ "a": long, "b": 1 })), name(json!({ "a": long, "b": 2 })), name(json!(long))];
        assert!(names.iter().all(|name| name.len() <= 255));
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
        assert_eq!(name(json!({ "a": long, "b": 1 })), names[0]);
    }
}

//! Sending deliveries to webhooks.

use async_trait::async_trait;
use domain::webhook::{Delivery, Reached, Webhook};
use domain::{OrgId, Timestamp};

/// Sends deliveries, signed.
#[async_trait]
pub trait WebhookSender: Send + Sync + 'static {
    /// Sends a delivery to its webhook, once, signed as of `now`. Never fails otherwise than by
    /// what it gives.
    async fn send(&self, org: OrgId, webhook: &Webhook, delivery: &Delivery, now: Timestamp) -> Reached;
}

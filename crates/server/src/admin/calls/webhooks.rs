//! How webhooks do.

use serde::{Deserialize, Serialize};

use crate::admin::views::WebhookHealthView;
use crate::admin::{AdminError, Call, Desk};

/// All webhooks, and whether they are told what happens.
#[derive(Debug, Serialize, Deserialize)]
pub struct LookAtWebhooks {}

impl Call for LookAtWebhooks {
    const NAME: &'static str = "look-at-webhooks";
    type Reply = Vec<WebhookHealthView>;

    async fn answer(self, desk: &Desk) -> Result<Vec<WebhookHealthView>, AdminError> {
        let mut looked_at = Vec::new();
        for org in desk.orgs().await? {
            for webhook in desk.app.list_webhooks(&desk.acting_for(org.id)).await? {
                looked_at.push(WebhookHealthView {
                    org: org.name.clone(),
                    id: webhook.id,
                    disabled: webhook.disabled,
                    failing_since: webhook.failing_since,
                });
            }
        }
        Ok(looked_at)
    }
}

//! The webhooks of all organizations: whether their receivers take what is sent.

use config::Config;
use domain::webhook::WhyDisabled;

use super::Finding;
use crate::admin::Admin;
use crate::admin::calls::LookAtWebhooks;
use crate::admin::views::WebhookHealthView;

const WEBHOOKS: &str = "webhooks";

/// One finding for each that is told nothing, or takes nothing.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let webhooks = match look(config).await {
        Ok(webhooks) => webhooks,
        Err(message) => return vec![Finding::warn(WEBHOOKS, message, "ask again when nothing else fails")],
    };
    let all = webhooks.len();
    let troubled: Vec<Finding> = webhooks.into_iter().filter_map(trouble).collect();
    match (all, troubled.is_empty()) {
        (0, _) => Vec::new(),
        (_, true) => vec![Finding::ok(WEBHOOKS, format!("{all}, and each takes what is sent"))],
        (_, false) => troubled,
    }
}

async fn look(config: &Config) -> Result<Vec<WebhookHealthView>, String> {
    let admin = Admin::reach(config).await.map_err(|error| error.to_string())?;
    let looked_at = admin.call(LookAtWebhooks {}).await;
    admin.close().await;
    looked_at.map_err(|error| error.to_string())
}

fn trouble(webhook: WebhookHealthView) -> Option<Finding> {
    let WebhookHealthView { org, id, disabled, failing_since } = webhook;
    let check = format!("webhook {id} of {org}");
    match (disabled, failing_since) {
        (Some(disabled), _) if disabled.why == WhyDisabled::ByHand => None,
        (Some(disabled), _) => {
            let message = format!("disabled since {}: {}", disabled.at, disabled.why.sentence());
            let advice = "see `sortie webhooks deliveries`, mend its receiver, then `sortie webhooks update --enable`";
            Some(Finding::warn(check, message, advice))
        }
        (None, Some(since)) => {
            let message = format!("its receiver has taken nothing since {since}");
            Some(Finding::warn(check, message, "see `sortie webhooks deliveries` for what it says"))
        }
        (None, None) => None,
    }
}

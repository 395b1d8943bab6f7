//! Deliveries to webhooks, signed by the Standard Webhooks scheme.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::secret::{SealingKey, Secret};
use domain::webhook::{Answer, Delivery, RESPONSE_BYTES_MAX, Reached, Webhook};
use domain::{OrgId, Timestamp};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method};
use outbound::{Outbound, OutboundOptions, Request};
use ports::WebhookSender;
use secrecy::ExposeSecret;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

/// How long a delivery may take, from the first packet to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends deliveries.
#[derive(Clone)]
pub struct Webhooks {
    outbound: Outbound,
    key: SealingKey,
}

impl Webhooks {
    /// Sends under these options, but follows no redirect: what is signed is for the address
    /// that was registered. The key opens the webhooks' secrets.
    ///
    /// # Errors
    /// If the options cannot be followed.
    pub fn new(options: &OutboundOptions, key: SealingKey) -> Result<Self, outbound::BadOptions> {
        let options = OutboundOptions { redirects_max: 0, ..options.clone() };
        Ok(Self { outbound: Outbound::new(&options)?, key })
    }

    fn request(&self, org: OrgId, webhook: &Webhook, delivery: &Delivery, now: Timestamp) -> Result<Request, String> {
        let url = self.outbound.check_url(&webhook.settings.url).map_err(|error| error.to_string())?;
        let (id, at) = (delivery.id.to_string(), now.as_second());
        let signature = self.signature(org, webhook, &id, at, &delivery.body, now)?;
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in
            [(HEADER_WEBHOOK_ID, id), (HEADER_WEBHOOK_TIMESTAMP, at.to_string()), (HEADER_WEBHOOK_SIGNATURE, signature)]
        {
            let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Request::new(Method::POST, url).headers(headers).body(delivery.body.clone()).timeout(TIMEOUT))
    }

    /// One signature for each secret that is good at the time, the newest first.
    fn signature(
        &self,
        org: OrgId,
        webhook: &Webhook,
        id: &str,
        at: i64,
        body: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let mut signatures = Vec::with_capacity(2);
        for secret in webhook.secrets_at(now) {
            let Secret::Sealed(sealed) = secret else { return Err("the webhook's secret is not sealed".to_owned()) };
            let opened = self.key.open(sealed, Webhook::secret_place(webhook.id, org));
            let opened = opened.map_err(|error| format!("the webhook's secret cannot be used: {error}"))?;
            // Their messages could show a part of the secret, and help nobody.
            let unusable = |_| "the webhook's secret cannot be used: rotate it".to_owned();
            let signer = standardwebhooks::Webhook::new(opened.expose_secret()).map_err(unusable)?;
            signatures.push(signer.sign(id, at, body.as_bytes()).map_err(unusable)?);
        }
        match signatures.is_empty() {
            true => Err("the webhook has no secret here: rotate it".to_owned()),
            false => Ok(signatures.join(" ")),
        }
    }
}

#[async_trait]
impl WebhookSender for Webhooks {
    async fn send(&self, org: OrgId, webhook: &Webhook, delivery: &Delivery, now: Timestamp) -> Reached {
        let request = match self.request(org, webhook, delivery, now) {
            Ok(request) => request,
            Err(why) => return failed(why),
        };
        let response = match self.outbound.send(request).await {
            Ok(response) => response,
            Err(error) => return failed(error.to_string()),
        };
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let (body, _) = response.bytes_up_to(RESPONSE_BYTES_MAX).await;
        let mut body = String::from_utf8_lossy(&body).into_owned();
        // What is no text takes more room as text than it took as bytes.
        body.truncate(body.floor_char_boundary(RESPONSE_BYTES_MAX));
        Reached { answer: Answer::Status { status, body }, retry_after }
    }
}

fn failed(why: String) -> Reached {
    Reached { answer: Answer::Failed { why }, retry_after: None }
}

/// Both forms of `Retry-After`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    #[expect(clippy::disallowed_methods, reason = "a date in Retry-After is one of the real world's clock")]
    let now = SystemTime::now();
    Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_both_forms() {
        let wait = |text: &str| {
            let value = HeaderValue::try_from(text).unwrap();
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
        };
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO), "it is over");
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(wait(text), None, "{text}");
        }
    }
}

//! What was sent to a webhook, and what came of it.

use app::App;
use axum::Json;
use axum::extract::State;
use domain::webhook::{Answer, Attempt, Delivery, DeliveryState};
use domain::{DeliveryId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::{Named, PathId, PathIds};
use crate::query::Query;

/// Something that was sent to a webhook, or is to be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// What `webhook-id` says, the same with each attempt.
    #[schema(value_type = String)]
    id: DeliveryId,
    #[serde(rename = "type")]
    kind: DeliveryType,
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    event_type: &'static str,
    status: DeliveryStatus,
    /// How often it was sent since it was queued.
    attempts: u32,
    /// When it is sent next.
    next_attempt_at: Option<Timestamp>,
    last_attempt: Option<AttemptView>,
    /// What is sent.
    #[schema(value_type = Object)]
    payload: Value,
    created_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryType {
    WebhookDelivery,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryStatus {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was not, and is sent no more.
    GivenUp,
}

/// What came of sending it.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    at: Timestamp,
    took_ms: u64,
    /// The receiver's status; null if it gave none.
    status: Option<u16>,
    /// The beginning of what it said.
    response: Option<String>,
    /// Why it gave no answer.
    error: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let next_attempt_at = delivery.due();
        Self {
            id: delivery.id,
            kind: DeliveryType::WebhookDelivery,
            webhook_id: delivery.webhook,
            event_type: delivery.kind.as_str(),
            status: match delivery.state {
                DeliveryState::Waiting { .. } => DeliveryStatus::Waiting,
                DeliveryState::Delivered => DeliveryStatus::Delivered,
                DeliveryState::GivenUp => DeliveryStatus::GivenUp,
            },
            attempts: delivery.attempts,
            next_attempt_at,
            last_attempt: delivery.last.map(AttemptView::from),
            // It was made here, as JSON.
            payload: serde_json::from_str(&delivery.body).unwrap_or_default(),
            created_at: delivery.created_at,
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let (status, response, error) = match attempt.answer {
            Answer::Status { status, body } => (Some(status), Some(body), None),
            Answer::Failed { why } => (None, None, Some(why)),
        };
        Self { at: attempt.at, took_ms: attempt.took_ms, status, response, error }
    }
}

/// Which deliveries to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// List deliveries
///
/// The newest first. Those that are over are kept for 30 days, at most 10,000.
#[utoipa::path(get, path = "/v1/webhooks/{webhook_id}/deliveries", tag = "webhooks",
    params(("webhook_id" = String, Path), ListDeliveries),
    responses((status = 200, body = Page<DeliveryView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_deliveries(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
    Query(query): Query<ListDeliveries>,
) -> Result<Json<Page<DeliveryView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of(format!("deliveries of {id}"), &query));
    let after: Option<DeliveryId> = pages.position(query.page.as_deref())?;
    let mut deliveries = app.list_deliveries(caller.ctx(), id, after, limit + 1).await?;
    let more = page::cut(&mut deliveries, limit);
    let next = deliveries.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(deliveries.into_iter().map(DeliveryView::from).collect(), next)))
}

/// Send a delivery again
///
/// Whatever came of it, under the same id, with all attempts before it.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", tag = "webhooks",
    params(("webhook_id" = String, Path), ("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn redeliver(
    State(app): State<App>,
    caller: Caller,
    PathIds(id, delivery): PathIds<WebhookId, DeliveryId>,
) -> Result<Json<DeliveryView>, ApiError> {
    Ok(Json(app.redeliver(caller.ctx(), id, delivery).await?.into()))
}

/// Test a webhook
///
/// Sends it an event of the type `webhook.test`, whatever it wants to be told of. What comes of
/// it stands in the list of deliveries.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/test", tag = "webhooks",
    params(("webhook_id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn test_webhook(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
) -> Result<Json<DeliveryView>, ApiError> {
    Ok(Json(app.test_webhook(caller.ctx(), id).await?.into()))
}

impl Named for DeliveryId {
    const NOUN: &'static str = "delivery";
}

//! `/v1/webhooks`: addresses that are told what happens. Ours.
//!
//! A secret is shown when it is made and never again; an answer that holds one is not kept for
//! requests that are sent again, which are answered anew.

pub(crate) mod deliveries;

use app::{App, Error, SignedWebhook, WebhookChange};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::webhook::{EventType, Webhook, WebhookSettings};
use domain::{ProjectId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::patch::Patch;
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// Every type of event, those to come included.
const ALL: &str = "*";

/// An address that is told what happens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    #[schema(value_type = String)]
    id: WebhookId,
    #[serde(rename = "type")]
    kind: WebhookType,
    url: String,
    /// Of what it is told; `*` is everything.
    event_types: Vec<&'static str>,
    /// The only project whose events it is told; null is all.
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    description: Option<String>,
    /// Whether nothing is sent to it.
    disabled: bool,
    disabled_at: Option<Timestamp>,
    /// `by_hand`, `gone`, `failing`, `too_far_behind` or `imported`.
    disabled_reason: Option<&'static str>,
    /// The same for people.
    notice: Option<&'static str>,
    /// Since when its receiver has taken nothing; null if it took what was sent last.
    failing_since: Option<Timestamp>,
    /// Until when the secret before the present one signs too.
    previous_secret_until: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookType {
    Webhook,
}

/// A webhook with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedWebhookView {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What receivers verify with: `whsec_…`. It is shown this once.
    secret: String,
}

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateWebhook {
    /// Where deliveries are posted to. Private addresses are refused.
    url: String,
    /// Of what it is to be told; everything if absent, or with `*`.
    #[serde(default)]
    event_types: Option<Vec<String>>,
    /// The only project whose events it is to be told, for good.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    #[serde(default)]
    description: Option<String>,
}

/// A change of a webhook. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateWebhook {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    url: Patch<String>,
    /// Null is everything.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    event_types: Patch<Vec<String>>,
    /// Stays what it was: another one is refused.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    project_id: Patch<ProjectId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// Switches it off, or on again.
    #[serde(default)]
    disabled: Option<bool>,
}

/// A webhook that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedWebhook {
    #[schema(value_type = String)]
    id: WebhookId,
    #[serde(rename = "type")]
    kind: DeletedWebhookType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedWebhookType {
    WebhookDeleted,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let WebhookSettings { url, event_types, project, description } = webhook.settings;
        let named = |types: Vec<EventType>| types.into_iter().map(EventType::as_str).collect();
        let why = webhook.disabled.map(|disabled| disabled.why);
        Self {
            id: webhook.id,
            kind: WebhookType::Webhook,
            url,
            event_types: event_types.map_or_else(|| vec![ALL], named),
            project_id: project,
            description,
            disabled: webhook.disabled.is_some(),
            disabled_at: webhook.disabled.map(|disabled| disabled.at),
            disabled_reason: why.map(|why| why.as_str()),
            notice: why.map(|why| why.sentence()),
            failing_since: webhook.failing_since,
            previous_secret_until: webhook.previous.map(|previous| previous.until),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

impl From<SignedWebhook> for SignedWebhookView {
    fn from(signed: SignedWebhook) -> Self {
        Self { webhook: signed.webhook.into(), secret: signed.secret.reveal().to_owned() }
    }
}

impl CreateWebhook {
    fn settings(self) -> Result<WebhookSettings, Error> {
        let event_types = self.event_types.as_deref().map(wanted).transpose()?.flatten();
        Ok(WebhookSettings { url: self.url, event_types, project: self.project_id, description: self.description })
    }
}

impl UpdateWebhook {
    fn apply(&self, current: &WebhookSettings) -> Result<WebhookChange, Error> {
        let url = match &self.url {
            Patch::Keep => current.url.clone(),
            Patch::Clear => return Err(Error::invalid("url", "cannot be cleared")),
            Patch::Set(url) => url.clone(),
        };
        let event_types = match &self.event_types {
            Patch::Keep => current.event_types.clone(),
            Patch::Clear => None,
            Patch::Set(types) => wanted(types)?,
        };
        let project = self.project_id.clone().map(Some).or(current.project);
        let description = self.description.clone().map(Some).or(current.description.clone());
        let settings = WebhookSettings { url, event_types, project, description };
        Ok(WebhookChange { settings, disabled: self.disabled })
    }
}

/// The types that a list names, each once; `None` is all.
fn wanted(texts: &[String]) -> Result<Option<Vec<EventType>>, Error> {
    let mut types = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        if text == ALL {
            return Ok(None);
        }
        let known = text.parse().map_err(|_| {
            let all: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::invalid(format!("event_types[{index}]"), format!("must be one of {}, or *", all.join(", ")))
        })?;
        if !types.contains(&known) {
            types.push(known);
        }
    }
    Ok(Some(types))
}

/// Which webhooks to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListWebhooks {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// An answer with a secret: nobody is to keep it.
type Unkept<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn unkept(signed: SignedWebhook) -> Unkept<SignedWebhookView> {
    ([(CACHE_CONTROL, "no-store")], Json(signed.into()))
}

/// Create a webhook
///
/// Nothing is sent yet: see *Test a webhook*. The answer holds its secret, once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = CreateWebhook,
    responses((status = 200, body = SignedWebhookView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_webhook(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateWebhook>,
) -> Result<Unkept<SignedWebhookView>, ApiError> {
    Ok(unkept(app.create_webhook(caller.ctx(), create.settings()?).await?))
}

/// List webhooks
///
/// The oldest first.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", params(ListWebhooks),
    responses((status = 200, body = Page<WebhookView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_webhooks(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListWebhooks>,
) -> Result<Json<Page<WebhookView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("webhooks", &query));
    let after: Option<WebhookId> = pages.position(query.page.as_deref())?;
    let mut webhooks = app.list_webhooks(caller.ctx()).await?;
    if let Some(after) = after {
        // Behind one that is gone meanwhile there is nothing to be found.
        let behind = webhooks.iter().position(|webhook| webhook.id == after).map_or(webhooks.len(), |at| at + 1);
        webhooks.drain(..behind);
    }
    let more = page::cut(&mut webhooks, limit);
    let next = webhooks.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(webhooks.into_iter().map(WebhookView::from).collect(), next)))
}

/// Read a webhook
#[utoipa::path(get, path = "/v1/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_webhook(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(app.find_webhook(caller.ctx(), id).await?.into()))
}

/// Update a webhook
///
/// While it is disabled nothing is queued for it; what waited for it is sent at once when it is
/// enabled again, with all attempts before it.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    request_body = UpdateWebhook,
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_webhook(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
    Body(update): Body<UpdateWebhook>,
) -> Result<Json<WebhookView>, ApiError> {
    let webhook = app.update_webhook(caller.ctx(), id, |current| update.apply(current)).await?;
    Ok(Json(webhook.into()))
}

/// Delete a webhook
///
/// With its deliveries.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    responses((status = 200, body = DeletedWebhook), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_webhook(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
) -> Result<Json<DeletedWebhook>, ApiError> {
    app.delete_webhook(caller.ctx(), id).await?;
    Ok(Json(DeletedWebhook { id, kind: DeletedWebhookType::WebhookDeleted }))
}

/// Rotate a webhook's secret
///
/// The answer holds the new secret, once. For a day deliveries are signed with both.
#[utoipa::path(post, path = "/v1/webhooks/{webhook_id}/rotate_secret", tag = "webhooks",
    params(("webhook_id" = String, Path)),
    responses((status = 200, body = SignedWebhookView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn rotate_secret(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<WebhookId>,
) -> Result<Unkept<SignedWebhookView>, ApiError> {
    Ok(unkept(app.rotate_webhook_secret(caller.ctx(), id).await?))
}

impl Named for WebhookId {
    const NOUN: &'static str = "webhook";
}

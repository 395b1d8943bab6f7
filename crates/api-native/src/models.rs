//! `/v1/models`, as the client library's `models` expects it: paged by the ids of models, and
//! not by `page` like the lists of this API.

use app::{App, Ctx, Error, Missing};
use axum::Json;
use axum::extract::{Path, State};
use domain::Timestamp;
use domain::model::{ModelInfo, ModelName};
use domain::money::{Currency, Price, decimal};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};
use crate::page;
use crate::query::Query;

const LIMIT_DEFAULT: u32 = 20;
const LIMIT_MAX: u32 = 1_000;

/// The models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelPage {
    data: Vec<ModelView>,
    /// Whether there are more in the direction of the page.
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
    /// Providers that did not list theirs. Ours.
    unavailable: Vec<UnavailableProvider>,
}

/// A model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// `provider/model`.
    id: String,
    #[serde(rename = "type")]
    kind: ModelType,
    display_name: String,
    /// Not known here: the beginning of time, as the client library expects.
    created_at: Timestamp,
    /// What a provider lists can be used.
    lifecycle: Lifecycle,
    /// Tokens it can hold, if known.
    max_input_tokens: Option<u32>,
    /// Tokens it can write in one answer, if known.
    max_tokens: Option<u32>,
    /// Other names that mean this model. Ours.
    aliases: Vec<String>,
    /// What it costs; left out if the operator has set no price. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    prices: Option<PricesView>,
}

/// What a million tokens cost, as decimal numbers of the currency's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PricesView {
    /// As by ISO 4217.
    #[schema(value_type = String)]
    currency: Currency,
    /// Tokens read.
    input: String,
    /// Tokens written.
    output: String,
    /// Tokens read from the provider's cache.
    cache_read: String,
    /// Tokens written to the provider's cache.
    cache_write: String,
}

impl From<Price> for PricesView {
    fn from(Price { input, output, cache_read, cache_write, currency }: Price) -> Self {
        let [input, output, cache_read, cache_write] = [input, output, cache_read, cache_write].map(decimal);
        Self { currency, input, output, cache_read, cache_write }
    }
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModelType {
    Model,
}

/// Where in its life a model is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Lifecycle {
    Active,
}

/// A provider that did not list its models.
#[derive(Debug, Serialize, ToSchema)]
struct UnavailableProvider {
    provider: String,
    message: String,
}

/// Which models to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListModels {
    /// Things on a page: 1 to 1000, 20 if absent.
    limit: Option<u32>,
    /// The page behind this model.
    after_id: Option<String>,
    /// The page before this model.
    before_id: Option<String>,
}

/// List models
///
/// Of all providers, by the providers' names. A provider that cannot be asked is named, and
/// hides no other.
#[utoipa::path(get, path = "/v1/models", tag = "models", params(ListModels),
    responses((status = 200, body = ModelPage), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_models(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListModels>,
) -> Result<Json<ModelPage>, ApiError> {
    let limit = page::limit_within(query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let names = Names::load(&app, caller.ctx()).await?;
    let providers = app.list_providers(caller.ctx()).await?;
    let asked = providers.iter().map(|provider| app.list_models(caller.ctx(), &provider.name));
    let (mut all, mut unavailable) = (Vec::new(), Vec::new());
    for (provider, listed) in providers.iter().zip(join_all(asked).await) {
        match listed {
            Ok(models) => all.extend(models.into_iter().map(|model| names.view(&provider.name, model))),
            Err(error) => {
                let message = error.to_string();
                unavailable.push(UnavailableProvider { provider: provider.name.clone(), message });
            }
        }
    }
    let (mut data, has_more) = cut(all, limit, &query)?;
    for model in &mut data {
        model.prices = app.model_price(caller.ctx(), &model.id).await?.map(PricesView::from);
    }
    let id = |model: Option<&ModelView>| model.map(|model| model.id.clone());
    let (first_id, last_id) = (id(data.first()), id(data.last()));
    Ok(Json(ModelPage { data, has_more, first_id, last_id, unavailable }))
}

/// Read a model
///
/// By its full name or any other name that means it.
#[utoipa::path(get, path = "/v1/models/{model}", tag = "models", params(("model" = String, Path)),
    responses((status = 200, body = ModelView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_model(
    State(app): State<App>,
    caller: Caller,
    Path(model): Path<String>,
) -> Result<Json<ModelView>, ApiError> {
    read_model(&app, caller.ctx(), &model).await
}

/// The same, for a client that sends the slash of a full name as it is.
pub(crate) async fn find_model_of(
    State(app): State<App>,
    caller: Caller,
    Path((provider, model)): Path<(String, String)>,
) -> Result<Json<ModelView>, ApiError> {
    read_model(&app, caller.ctx(), &format!("{provider}/{model}")).await
}

async fn read_model(app: &App, ctx: &Ctx, written: &str) -> Result<Json<ModelView>, ApiError> {
    let missing = || Error::NotFound(Missing::new("model", written));
    let names = Names::load(app, ctx).await?;
    let full = app.resolve_model(ctx, written).await?.ok_or_else(missing)?;
    let ModelName { provider, model } = ModelName::parse(&full).ok_or_else(missing)?;
    let listed = app.list_models(ctx, provider).await?;
    let found = listed.into_iter().find(|listed| listed.model == model).ok_or_else(missing)?;
    let prices = app.model_price(ctx, &full).await?.map(PricesView::from);
    Ok(Json(ModelView { prices, ..names.view(provider, found) }))
}

/// The other names of models: name and what it means.
struct Names(Vec<(String, String)>);

impl Names {
    async fn load(app: &App, ctx: &Ctx) -> Result<Self, Error> {
        let aliases = app.list_aliases(ctx).await?;
        Ok(Self(aliases.into_iter().map(|alias| (alias.name, alias.model)).collect()))
    }

    fn view(&self, provider: &str, model: ModelInfo) -> ModelView {
        let id = format!("{provider}/{}", model.model);
        let aliases = self.0.iter().filter(|(_, meant)| *meant == id).map(|(name, _)| name.clone()).collect();
        ModelView {
            id,
            kind: ModelType::Model,
            display_name: model.model,
            created_at: Timestamp::UNIX_EPOCH,
            lifecycle: Lifecycle::Active,
            max_input_tokens: model.context_tokens,
            max_tokens: model.output_tokens,
            aliases,
            prices: None,
        }
    }
}

/// The page that is asked for, and whether there are more in its direction.
fn cut(mut all: Vec<ModelView>, limit: usize, query: &ListModels) -> Result<(Vec<ModelView>, bool), ApiError> {
    let place = |id: &str, param| {
        let found = all.iter().position(|model| model.id == id);
        found.ok_or_else(|| ApiError::invalid(param, "is no model of this list"))
    };
    match (&query.after_id, &query.before_id) {
        (Some(_), Some(_)) => Err(ApiError::invalid("before_id", "cannot stand beside after_id")),
        (None, Some(before)) => {
            all.truncate(place(before, "before_id")?);
            let skipped = all.len().saturating_sub(limit);
            Ok((all.split_off(skipped), skipped > 0))
        }
        (after, None) => {
            let behind = after.as_deref().map(|after| place(after, "after_id").map(|place| place + 1)).transpose()?;
            let mut data = all.split_off(behind.unwrap_or_default());
            let more = page::cut(&mut data, limit);
            Ok((data, more))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_both_ways() {
        let names = Names(vec![("first".to_owned(), "p/0".to_owned())]);
        let info = |n: usize| ModelInfo { model: n.to_string(), context_tokens: None, output_tokens: None };
        let all: Vec<ModelView> = (0..5).map(|n| names.view("p", info(n))).collect();
        assert_eq!((all[0].aliases.len(), all[1].aliases.len()), (1, 0));
        let page = |after: Option<&str>, before: Option<&str>| {
            let [after_id, before_id] = [after, before].map(|id| id.map(str::to_owned));
            let cut = cut(all.clone(), 2, &ListModels { limit: None, after_id, before_id }).ok()?;
            Some((cut.0.into_iter().map(|model| model.display_name).collect::<Vec<_>>().join(""), cut.1))
        };
        let found = |text: &str, more| Some((text.to_owned(), more));
        assert_eq!(page(None, None), found("01", true));
        assert_eq!(page(Some("p/1"), None), found("23", true));
        assert_eq!(page(Some("p/3"), None), found("4", false));
        assert_eq!(page(Some("p/4"), None), found("", false));
        assert_eq!(page(None, Some("p/3")), found("12", true));
        assert_eq!(page(None, Some("p/1")), found("0", false));
        assert_eq!(page(Some("p/9"), None), None);
        assert_eq!(page(Some("p/0"), Some("p/2")), None);
    }
}

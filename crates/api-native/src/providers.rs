//! `/v1/providers`: where an organization's models come from. Ours.
//!
//! The operator's providers are shown too, without where they are; an organization's own can
//! be made, changed, tried out and deleted. Keys are taken and never shown.

use std::convert::Infallible;
use std::str::FromStr;

use app::{App, Error, ProviderKey, UsableProvider};
use axum::Json;
use axum::extract::State;
use domain::model::{FaultKind, ModelFault, ModelInfo};
use domain::provider::{OwnProvider, ProviderSettings, WireKind};
use domain::secret::Secret;
use domain::{ProviderId, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::model_aliases::OwnerView;
use crate::page::{self, Page, Pages};
use crate::patch::Patch;
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// A provider of models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// Null for the operator's, which are named by their names.
    #[schema(value_type = Option<String>)]
    id: Option<ProviderId>,
    #[serde(rename = "type")]
    kind: ProviderType,
    /// What stands before the slash of a model's name.
    name: String,
    /// How it is spoken to: `openai`, `anthropic`, `local` or `scripted`.
    provider: String,
    /// Whose it is. An organization's own hides the operator's of that name.
    owner: OwnerView,
    /// Where it is, if it is the organization's own and was told.
    base_url: Option<String>,
    /// Dots if a key is stored; the key itself is never shown.
    api_key: Option<&'static str>,
    /// The models it offers, if they were told; else it is asked.
    models: Option<Vec<OfferedModel>>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderType {
    Provider,
}

/// A model that a provider offers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct OfferedModel {
    /// Its name at the provider.
    name: String,
    /// Tokens it can hold, prompt and answer together.
    #[serde(default)]
    context_tokens: Option<u32>,
    /// Tokens it can write in one answer.
    #[serde(default)]
    output_tokens: Option<u32>,
}

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WireParam {
    /// Chat completions, as OpenAI and compatible servers speak them.
    Openai,
    /// The Messages API, as Anthropic and compatible servers speak it.
    Anthropic,
}

impl From<WireParam> for WireKind {
    fn from(param: WireParam) -> Self {
        match param {
            WireParam::Openai => WireKind::Openai,
            WireParam::Anthropic => WireKind::Anthropic,
        }
    }
}

/// A new provider.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateProvider {
    /// 1–64 of a–z, 0–9, `_` and `-`.
    name: String,
    provider: WireParam,
    /// Where it is. `openai` needs it, up to and including the version.
    #[serde(default)]
    base_url: Option<String>,
    /// What it is to know us by. Stored encrypted, never shown.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    api_key: Option<SecretString>,
    /// The models to offer; the provider is asked if absent.
    #[serde(default)]
    models: Option<Vec<OfferedModel>>,
}

/// A change of a provider. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateProvider {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    /// Null goes back to where providers of this kind are.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    base_url: Patch<String>,
    /// Has to be given again with an address at another place. Null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    api_key: Patch<Key>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<OfferedModel>>)]
    models: Patch<Vec<OfferedModel>>,
}

/// A key in a change.
#[derive(Debug, Clone, Deserialize)]
struct Key(SecretString);

/// A provider that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedProvider {
    #[schema(value_type = String)]
    id: ProviderId,
    #[serde(rename = "type")]
    kind: DeletedProviderType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedProviderType {
    ProviderDeleted,
}

/// What is tried out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct TryProvider {
    /// A model as the provider calls it (`gpt-5`): it is asked for a word, which costs its few
    /// tokens. Without it the provider is asked for its list of models, which costs nothing.
    #[serde(default)]
    model: Option<String>,
}

/// What came of trying a provider out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderTest {
    #[serde(rename = "type")]
    kind: ProviderTestType,
    /// Whether it answered and knows us.
    ok: bool,
    error: Option<ProviderFault>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderTestType {
    ProviderTest,
}

/// Why a provider cannot be used.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderFault {
    /// `unauthorized`, `unreachable`, `silent`, `rejected`, …
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: FaultKind,
    message: String,
}

impl From<ModelInfo> for OfferedModel {
    fn from(info: ModelInfo) -> Self {
        Self { name: info.model, context_tokens: info.context_tokens, output_tokens: info.output_tokens }
    }
}

impl From<OfferedModel> for ModelInfo {
    fn from(model: OfferedModel) -> Self {
        Self { model: model.name, context_tokens: model.context_tokens, output_tokens: model.output_tokens }
    }
}

impl From<UsableProvider> for ProviderView {
    fn from(provider: UsableProvider) -> Self {
        match provider.own {
            Some(own) => own.into(),
            None => Self {
                id: None,
                kind: ProviderType::Provider,
                name: provider.name,
                provider: provider.kind,
                owner: OwnerView::Operator,
                base_url: None,
                api_key: None,
                models: None,
                created_at: None,
                updated_at: None,
            },
        }
    }
}

impl From<OwnProvider> for ProviderView {
    fn from(own: OwnProvider) -> Self {
        let ProviderSettings { name, kind, base_url, api_key, models } = own.settings;
        Self {
            id: Some(own.id),
            kind: ProviderType::Provider,
            name,
            provider: kind.as_str().to_owned(),
            owner: OwnerView::Organization,
            base_url,
            api_key: api_key.map(|_| Secret::MASK),
            models: models.map(|models| models.into_iter().map(OfferedModel::from).collect()),
            created_at: Some(own.created_at),
            updated_at: Some(own.updated_at),
        }
    }
}

impl From<CreateProvider> for ProviderSettings {
    fn from(create: CreateProvider) -> Self {
        Self {
            name: create.name,
            kind: create.provider.into(),
            base_url: create.base_url,
            api_key: create.api_key.map(Secret::from_caller),
            models: create.models.map(|models| models.into_iter().map(ModelInfo::from).collect()),
        }
    }
}

impl UpdateProvider {
    fn apply(&self, current: &ProviderSettings) -> Result<ProviderSettings, Error> {
        let name = match &self.name {
            Patch::Keep => current.name.clone(),
            Patch::Clear => return Err(Error::invalid("name", "cannot be cleared")),
            Patch::Set(name) => name.clone(),
        };
        let api_key = match &self.api_key {
            // The stored one, if it may still be sent where the address leads.
            Patch::Keep => current.api_key.as_ref().map(|_| Secret::Kept),
            Patch::Clear => None,
            Patch::Set(Key(key)) => Some(Secret::from_caller(key.clone())),
        };
        let as_told = |models: Vec<OfferedModel>| Some(models.into_iter().map(ModelInfo::from).collect());
        Ok(ProviderSettings {
            name,
            kind: current.kind,
            base_url: self.base_url.clone().map(Some).or(current.base_url.clone()),
            api_key,
            models: self.models.clone().map(as_told).or(current.models.clone()),
        })
    }
}

/// Which providers to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProviders {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// Create a provider
///
/// It is not called: see *Test a provider*. Private addresses are refused.
#[utoipa::path(post, path = "/v1/providers", tag = "providers", request_body = CreateProvider,
    responses((status = 200, body = ProviderView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_provider(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateProvider>,
) -> Result<Json<ProviderView>, ApiError> {
    Ok(Json(app.create_provider(caller.ctx(), create.into()).await?.into()))
}

/// List providers
///
/// The organization's own and the operator's, by name.
#[utoipa::path(get, path = "/v1/providers", tag = "providers", params(ListProviders),
    responses((status = 200, body = Page<ProviderView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_providers(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListProviders>,
) -> Result<Json<Page<ProviderView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("providers", &query));
    let after: Option<String> = pages.position(query.page.as_deref())?;
    let mut providers = app.list_usable_providers(caller.ctx()).await?;
    providers.retain(|provider| after.as_ref().is_none_or(|after| provider.name > *after));
    let more = page::cut(&mut providers, limit);
    let next = providers.last().filter(|_| more).map(|last| pages.text(&last.name));
    Ok(Json(Page::new(providers.into_iter().map(ProviderView::from).collect(), next)))
}

/// Read a provider
///
/// By its id or its name.
#[utoipa::path(get, path = "/v1/providers/{provider}", tag = "providers", params(("provider" = String, Path)),
    responses((status = 200, body = ProviderView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_provider(
    State(app): State<App>,
    caller: Caller,
    PathId(ProviderName(key)): PathId<ProviderName>,
) -> Result<Json<ProviderView>, ApiError> {
    Ok(Json(app.find_usable_provider(caller.ctx(), &key).await?.into()))
}

/// Update a provider
///
/// By its id or its name. Runs under way go on with what they have begun.
#[utoipa::path(post, path = "/v1/providers/{provider}", tag = "providers", params(("provider" = String, Path)),
    request_body = UpdateProvider,
    responses((status = 200, body = ProviderView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_provider(
    State(app): State<App>,
    caller: Caller,
    PathId(ProviderName(key)): PathId<ProviderName>,
    Body(update): Body<UpdateProvider>,
) -> Result<Json<ProviderView>, ApiError> {
    let updated = app.update_provider(caller.ctx(), &key, |current| update.apply(current)).await?;
    Ok(Json(updated.into()))
}

/// Delete a provider
///
/// By its id or its name. Agents that name it stay; their runs fail and say so.
#[utoipa::path(delete, path = "/v1/providers/{provider}", tag = "providers", params(("provider" = String, Path)),
    responses((status = 200, body = DeletedProvider), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_provider(
    State(app): State<App>,
    caller: Caller,
    PathId(ProviderName(key)): PathId<ProviderName>,
) -> Result<Json<DeletedProvider>, ApiError> {
    let id = app.delete_provider(caller.ctx(), &key).await?;
    Ok(Json(DeletedProvider { id, kind: DeletedProviderType::ProviderDeleted }))
}

/// Test a provider
///
/// Asks it for its list of models, and for nothing that costs money; or has one of its models
/// begin to answer. What it says is the answer, with status 200.
#[utoipa::path(post, path = "/v1/providers/{provider}/test", tag = "providers",
    params(("provider" = String, Path)), request_body = TryProvider,
    responses((status = 200, body = ProviderTest), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn test_provider(
    State(app): State<App>,
    caller: Caller,
    PathId(ProviderName(key)): PathId<ProviderName>,
    Body(TryProvider { model }): Body<TryProvider>,
) -> Result<Json<ProviderTest>, ApiError> {
    let tested = match model {
        Some(model) => app.test_model(caller.ctx(), &key, &model).await?,
        None => app.test_provider(caller.ctx(), &key).await?,
    };
    let error = tested.err().map(|ModelFault { kind, message, .. }| ProviderFault { kind, message });
    Ok(Json(ProviderTest { kind: ProviderTestType::ProviderTest, ok: error.is_none(), error }))
}

/// What a path names a provider by.
#[derive(Debug, Clone)]
pub(crate) struct ProviderName(ProviderKey);

impl FromStr for ProviderName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let by_name = || ProviderKey::Name(text.to_owned());
        Ok(Self(text.parse().map(ProviderKey::Id).unwrap_or_else(|_| by_name())))
    }
}

impl Named for ProviderName {
    const NOUN: &'static str = "provider";
}

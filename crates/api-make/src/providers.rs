//! Model providers, and the models they offer.

use app::ProviderView;
use axum::Json;
use axum::extract::State;
use domain::model::ModelInfo;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Make;
use crate::agents::config::DEFAULT_MAX_TOKENS;
use crate::caller::{Number, Reading, Team, TeamQuery};
use crate::error::ApiError;

/// The operations.
pub(crate) fn routes() -> OpenApiRouter<Make> {
    OpenApiRouter::new().routes(routes!(list_providers)).routes(routes!(show_provider)).routes(routes!(list_models))
}

/// A provider, as the list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProviderItem {
    /// Its number; the connection's number too.
    id: u64,
    /// What kind of provider it is to Make.
    provider: &'static str,
    /// Its name here.
    account_name: String,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
struct ProviderRef {
    /// Its number; the connection's number too.
    id: u64,
    /// What kind of provider it is to Make.
    provider: &'static str,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModelItem {
    /// Its name at the provider.
    model: String,
    /// What kind of provider offers it.
    provider: &'static str,
    /// Tokens it can hold; where the provider does not say, what an agent may write by
    /// default.
    token_limit: u64,
    /// What can be set.
    settings: ModelSettings,
}

/// What can be set of a model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModelSettings {
    /// Most tokens of one answer, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_tokens: Option<u32>,
}

/// List model providers
#[utoipa::path(get, path = "/ai-agents/v1/llm-providers", tag = "LLM Providers", params(TeamQuery), responses(
    (status = 200, description = "The providers.", body = Vec<ProviderItem>), crate::openapi::Failures
))]
async fn list_providers(State(make): State<Make>, Reading(team): Reading) -> Result<Json<Vec<ProviderItem>>, ApiError> {
    let providers = make.app.list_providers(&team.ctx).await?;
    let item = |provider: ProviderView| ProviderItem {
        id: provider.number,
        provider: makes_word(&provider.kind),
        account_name: provider.name,
    };
    Ok(Json(providers.into_iter().map(item).collect()))
}

/// Show a model provider
///
/// The answer is an array with this one.
#[utoipa::path(get, path = "/ai-agents/v1/llm-providers/{providerId}", tag = "LLM Providers",
    params(("providerId" = u64, Path, description = "The provider.", minimum = 1), TeamQuery),
    responses((status = 200, description = "The provider.", body = Vec<ProviderRef>), crate::openapi::Failures)
)]
async fn show_provider(
    State(make): State<Make>,
    Number(number): Number,
    Reading(team): Reading,
) -> Result<Json<Vec<ProviderRef>>, ApiError> {
    let provider = find_provider(&make, &team, number).await?;
    Ok(Json(vec![ProviderRef { id: provider.number, provider: makes_word(&provider.kind) }]))
}

/// List a provider's models
#[utoipa::path(get, path = "/ai-agents/v1/llm-providers/{providerId}/models", tag = "LLM Providers",
    params(("providerId" = u64, Path, description = "The provider.", minimum = 1), TeamQuery),
    responses((status = 200, description = "The models.", body = Vec<ModelItem>), crate::openapi::Failures)
)]
async fn list_models(
    State(make): State<Make>,
    Number(number): Number,
    Reading(team): Reading,
) -> Result<Json<Vec<ModelItem>>, ApiError> {
    let provider = find_provider(&make, &team, number).await?;
    let models = make.app.list_models(&team.ctx, &provider.name).await?;
    let kind = makes_word(&provider.kind);
    Ok(Json(models.into_iter().map(|model| ModelItem::of(model, kind)).collect()))
}

async fn find_provider(make: &Make, team: &Team, number: u64) -> Result<ProviderView, ApiError> {
    make.app.find_provider_numbered(&team.ctx, number).await.map_err(ApiError::from)
}

impl ModelItem {
    fn of(model: ModelInfo, provider: &'static str) -> Self {
        let token_limit = model.context_tokens.or(model.output_tokens).map_or(DEFAULT_MAX_TOKENS, u64::from);
        let settings = ModelSettings { max_tokens: model.output_tokens };
        Self { model: model.model, provider, token_limit, settings }
    }
}

/// A provider's kind in Make's words. What speaks the OpenAI wire, our own models included,
/// is one kind.
fn makes_word(kind: &str) -> &'static str {
    match kind {
        "anthropic" => "anthropic",
        _ => "openai-api-spec-compatible",
    }
}

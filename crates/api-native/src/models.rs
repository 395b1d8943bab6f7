//! `/v1/models`.

use app::App;
use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::model::ModelInfo;
use futures::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;
use web::Caller;

use crate::error::{ApiError, ErrorEnvelope};

/// The models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelPage {
    data: Vec<ModelView>,
    /// Always false: the list comes whole.
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
    /// Providers that did not list theirs. Ours.
    unavailable: Vec<UnavailableProvider>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
struct ModelView {
    /// `provider/model`.
    id: String,
    #[serde(rename = "type")]
    kind: ModelType,
    display_name: String,
    /// Not known here: the beginning of time, as the client library expects.
    created_at: Timestamp,
    /// Tokens it can hold, if known.
    max_input_tokens: Option<u32>,
    /// Tokens it can write in one answer, if known.
    max_tokens: Option<u32>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModelType {
    Model,
}

/// A provider that did not list its models.
#[derive(Debug, Serialize, ToSchema)]
struct UnavailableProvider {
    provider: String,
    message: String,
}

/// List models
///
/// Of all providers, by name. A provider that cannot be asked is named, and hides no other.
#[utoipa::path(get, path = "/v1/models", tag = "models",
    responses((status = 200, body = ModelPage), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_models(State(app): State<App>, caller: Caller) -> Result<Json<ModelPage>, ApiError> {
    let providers = app.list_providers(caller.ctx()).await?;
    let asked = providers.iter().map(|provider| app.list_models(caller.ctx(), &provider.name));
    let (mut data, mut unavailable) = (Vec::new(), Vec::new());
    for (provider, listed) in providers.iter().zip(join_all(asked).await) {
        match listed {
            Ok(models) => data.extend(models.into_iter().map(|model| ModelView::new(&provider.name, model))),
            Err(error) => {
                let message = error.to_string();
                unavailable.push(UnavailableProvider { provider: provider.name.clone(), message });
            }
        }
    }
    let id = |model: Option<&ModelView>| model.map(|model| model.id.clone());
    let (first_id, last_id) = (id(data.first()), id(data.last()));
    Ok(Json(ModelPage { data, has_more: false, first_id, last_id, unavailable }))
}

impl ModelView {
    fn new(provider: &str, model: ModelInfo) -> Self {
        Self {
            id: format!("{provider}/{}", model.model),
            kind: ModelType::Model,
            display_name: model.model,
            created_at: Timestamp::UNIX_EPOCH,
            max_input_tokens: model.context_tokens,
            max_tokens: model.output_tokens,
        }
    }
}

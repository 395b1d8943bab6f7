//! `/v1/model_aliases`: other names for models. Ours.

use app::{AliasView, App};
use axum::Json;
use axum::extract::{Path, State};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::query::Query;

/// Another name for a model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelAliasView {
    /// What an agent's `model` may say.
    name: String,
    #[serde(rename = "type")]
    kind: ModelAliasType,
    /// What it means, `provider/model`.
    model: String,
    /// Whose it is. An organization's own hides the operator's of that name.
    owner: OwnerView,
    /// When it was given this meaning; null for the operator's.
    updated_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModelAliasType {
    ModelAlias,
}

/// Whose something is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OwnerView {
    /// The operator's: it stands in the server's configuration.
    Operator,
    /// The organization's own.
    Organization,
}

/// An alias that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedAlias {
    name: String,
    #[serde(rename = "type")]
    kind: DeletedAliasType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedAliasType {
    ModelAliasDeleted,
}

impl From<AliasView> for ModelAliasView {
    fn from(alias: AliasView) -> Self {
        let owner = match alias.updated_at {
            Some(_) => OwnerView::Organization,
            None => OwnerView::Operator,
        };
        let AliasView { name, model, updated_at } = alias;
        Self { name, kind: ModelAliasType::ModelAlias, model, owner, updated_at }
    }
}

/// What a name is to mean.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PutAlias {
    /// The model's full name, `provider/model`.
    model: String,
}

/// Which aliases to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAliases {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// List model aliases
///
/// The organization's own and the operator's, by name.
#[utoipa::path(get, path = "/v1/model_aliases", tag = "models", params(ListAliases),
    responses((status = 200, body = Page<ModelAliasView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_aliases(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListAliases>,
) -> Result<Json<Page<ModelAliasView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("model aliases", &query));
    let after: Option<String> = pages.position(query.page.as_deref())?;
    let mut aliases = app.list_aliases(caller.ctx()).await?;
    aliases.retain(|alias| after.as_ref().is_none_or(|after| alias.name > *after));
    let more = page::cut(&mut aliases, limit);
    let next = aliases.last().filter(|_| more).map(|last| pages.text(&last.name));
    Ok(Json(Page::new(aliases.into_iter().map(ModelAliasView::from).collect(), next)))
}

/// Read a model alias
#[utoipa::path(get, path = "/v1/model_aliases/{name}", tag = "models", params(("name" = String, Path)),
    responses((status = 200, body = ModelAliasView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_alias(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ModelAliasView>, ApiError> {
    Ok(Json(app.find_alias(caller.ctx(), &name).await?.into()))
}

/// Set a model alias
///
/// Whether the name meant something before or not. Runs that have begun keep to the model
/// they began with.
#[utoipa::path(post, path = "/v1/model_aliases/{name}", tag = "models", params(("name" = String, Path)),
    request_body = PutAlias,
    responses((status = 200, body = ModelAliasView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn put_alias(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Body(put): Body<PutAlias>,
) -> Result<Json<ModelAliasView>, ApiError> {
    Ok(Json(app.put_alias(caller.ctx(), name, put.model).await?.into()))
}

/// Delete a model alias
///
/// If the operator has one of that name, it counts again.
#[utoipa::path(delete, path = "/v1/model_aliases/{name}", tag = "models", params(("name" = String, Path)),
    responses((status = 200, body = DeletedAlias), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_alias(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<DeletedAlias>, ApiError> {
    app.delete_alias(caller.ctx(), &name).await?;
    Ok(Json(DeletedAlias { name, kind: DeletedAliasType::ModelAliasDeleted }))
}

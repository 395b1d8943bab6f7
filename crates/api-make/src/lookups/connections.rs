//! Connections: the providers of models.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use web::Query;

use super::table::{Row, Table, TableQuery};
use crate::Make;
use crate::caller::{AnyToken, TeamQuery, no_team};
use crate::error::ApiError;
use crate::query::number;

/// Connections.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionsReply {
    #[schema(value_type = Vec<ConnectionRow>)]
    connections: Vec<serde_json::Value>,
}

type ConnectionRow = Row<ConnectionView>;

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
struct ConnectionView {
    /// Its number; the provider's number too.
    id: u64,
    /// The provider's name.
    name: String,
    /// The provider's kind.
    account_name: String,
    /// The provider's kind.
    account_label: String,
    /// Null.
    package_name: Option<String>,
    /// Null: it does not expire.
    expire: Option<String>,
    /// Null.
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// The team.
    team_id: u64,
    /// A colour.
    theme: &'static str,
    /// No.
    upgradeable: bool,
    /// 0.
    scopes_cnt: u64,
    /// No.
    scoped: bool,
    /// Always `other`.
    account_type: &'static str,
    /// No: providers are set up in the configuration.
    editable: bool,
    /// Null.
    uid: Option<u64>,
    /// Null.
    connected_system_id: Option<String>,
}

/// List connections
#[utoipa::path(get, path = "/connections", tag = "Look-ups", params(TeamQuery, TableQuery), responses(
    (status = 200, description = "The connections.", body = ConnectionsReply), crate::openapi::Failures
))]
pub(super) async fn list_connections(
    State(make): State<Make>,
    token: AnyToken,
    query: Query,
) -> Result<Json<ConnectionsReply>, ApiError> {
    let team_id = number(&query, "teamId").map_err(|fault| ApiError::invalid([fault]))?;
    let table = Table::of(&query)?;
    make.app.find_project_numbered(&token.ctx, team_id).await.map_err(no_team(team_id))?;
    let providers = make.app.list_providers(&token.ctx).await?;
    let view = |provider: app::ProviderView| ConnectionView {
        id: provider.number,
        name: provider.name,
        account_name: provider.kind.clone(),
        account_label: provider.kind,
        package_name: None,
        expire: None,
        metadata: None,
        team_id,
        theme: "#6366f1",
        upgradeable: false,
        scopes_cnt: 0,
        scoped: false,
        account_type: "other",
        editable: false,
        uid: None,
        connected_system_id: None,
    };
    let views: Vec<ConnectionView> = providers.into_iter().map(view).collect();
    Ok(Json(ConnectionsReply { connections: table.rows(&views) }))
}

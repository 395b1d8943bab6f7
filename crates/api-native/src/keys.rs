//! `/v1/keys`: what programs prove themselves with. Ours.
//!
//! A secret is shown when it is made and never again: nobody keeps it, the server neither.

use app::{App, KeyFilter, MadeKey};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use domain::budget::Account;
use domain::key::{Key, Scope};
use domain::{KeyId, MemberId, ProjectId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::budget::{BudgetParam, BudgetView, Money};
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::{Named, PathId};
use crate::query::Query;
use crate::usage::seconds;

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    #[schema(value_type = String)]
    id: KeyId,
    #[serde(rename = "type")]
    kind: KeyType,
    name: String,
    /// How the secret begins. Never enough to use it.
    hint: String,
    maker: MakerView,
    /// What it may do, as far as its maker's role holds it.
    scopes: Vec<&'static str>,
    /// The only project it reaches; null is all.
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// What all runs that are begun with it may spend, and have spent.
    budget: Option<KeyBudget>,
    created_at: Timestamp,
    /// When it stops working by itself.
    expires_at: Option<Timestamp>,
    /// To the minute.
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyType {
    Key,
}

/// The person a key acts as.
#[derive(Debug, Serialize, ToSchema)]
struct MakerView {
    #[schema(value_type = String)]
    id: MemberId,
    name: String,
    email: String,
    role: &'static str,
    /// Whether they are neither suspended nor gone: the key opens nothing otherwise.
    active: bool,
}

/// A key's budget, and what was spent of it.
#[derive(Debug, Serialize, ToSchema)]
struct KeyBudget {
    limit: BudgetView,
    spent: SpentView,
}

/// What was spent since the budget was set.
#[derive(Debug, Serialize, ToSchema)]
struct SpentView {
    list_cost: Option<Money>,
    tokens: u64,
    steps: u64,
    tool_calls: u64,
    active_seconds: f64,
}

/// A key with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    #[serde(flatten)]
    described: KeyView,
    /// The key itself. It is shown this once.
    key: String,
}

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateKey {
    /// For people: 1 to 256 characters.
    name: String,
    /// What it may do; nothing that the caller may not.
    scopes: Vec<String>,
    /// The only project it reaches; all that the caller reaches if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// When it stops working by itself.
    #[serde(default)]
    expires_at: Option<Timestamp>,
    /// How it is spelled.
    #[serde(default)]
    #[schema(inline)]
    format: FormatParam,
    /// What all runs that are begun with it may spend together.
    #[serde(default)]
    budget: Option<BudgetParam>,
    /// Whom it acts as; the caller if absent. For others only by whoever administers the
    /// organization.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    member_id: Option<MemberId>,
}

/// How a key is spelled. Both work everywhere.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormatParam {
    /// `srt_…`, with a checksum.
    #[default]
    Sortie,
    /// A random UUID, for clients that take nothing else for a key.
    Uuid,
}

/// A key that opens nothing any more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevokedKey {
    #[schema(value_type = String)]
    id: KeyId,
    #[serde(rename = "type")]
    kind: RevokedKeyType,
    revoked_at: Option<Timestamp>,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RevokedKeyType {
    KeyRevoked,
}

/// Which keys to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeys {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
    /// Revoked ones too.
    include_revoked: Option<bool>,
}

/// List keys
///
/// The newest first: those that the caller made, or all, for whoever administers the
/// organization.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(ListKeys),
    responses((status = 200, body = Page<KeyView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_keys(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListKeys>,
) -> Result<Json<Page<KeyView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("keys", &query));
    let after: Option<KeyId> = pages.position(query.page.as_deref())?;
    let include_revoked = query.include_revoked.unwrap_or_default();
    let mut keys = app.page_keys(caller.ctx(), KeyFilter { include_revoked, after, limit: limit + 1 }).await?;
    let more = page::cut(&mut keys, limit);
    let next = keys.last().filter(|_| more).map(|last| pages.text(last.key.id));
    Ok(Json(Page::new(keys.into_iter().map(KeyView::from).collect(), next)))
}

/// Create a key
///
/// The answer holds its secret, once. A request that is sent again under the same
/// `Idempotency-Key` is answered with 409 then: nobody knows the secret any more.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = CreateKey,
    responses((status = 200, body = NewKeyView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_key(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateKey>,
) -> Result<([(HeaderName, &'static str); 1], Json<NewKeyView>), ApiError> {
    let (key, secret) = app.create_key(caller.ctx(), create.read()?).await?;
    let described = app.made_key(caller.ctx(), key).await?.into();
    let made = NewKeyView { described, key: secret.reveal().to_owned() };
    // Nobody is to keep it.
    Ok(([(CACHE_CONTROL, "no-store")], Json(made)))
}

/// Read a key
#[utoipa::path(get, path = "/v1/keys/{key}", tag = "keys", params(("key" = String, Path)),
    responses((status = 200, body = KeyView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_key(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<KeyId>,
) -> Result<Json<KeyView>, ApiError> {
    Ok(Json(app.find_key(caller.ctx(), id).await?.into()))
}

/// Revoke a key
///
/// No request with it succeeds any more, and what it has open ends. Revoking twice changes
/// nothing.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "keys", params(("key" = String, Path)),
    responses((status = 200, body = RevokedKey), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn revoke_key(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<KeyId>,
) -> Result<Json<RevokedKey>, ApiError> {
    let Key { revoked_at, .. } = app.revoke_key(caller.ctx(), id).await?;
    Ok(Json(RevokedKey { id, kind: RevokedKeyType::KeyRevoked, revoked_at }))
}

impl CreateKey {
    fn read(self) -> Result<app::CreateKey, ApiError> {
        let scopes = self.scopes.iter().enumerate().map(|(index, text)| {
            let known = text.parse::<Scope>();
            known.map_err(|_| ApiError::invalid(&format!("scopes[{index}]"), "names no scope"))
        });
        let scopes = scopes.collect::<Result<Vec<_>, _>>()?;
        Ok(app::CreateKey {
            name: self.name,
            scopes,
            project: self.project_id,
            expires_at: self.expires_at,
            format: match self.format {
                FormatParam::Sortie => app::KeyFormat::Sortie,
                FormatParam::Uuid => app::KeyFormat::Uuid,
            },
            budget: self.budget.as_ref().map(BudgetParam::read).transpose()?,
            member: self.member_id,
        })
    }
}

impl From<MadeKey> for KeyView {
    fn from(MadeKey { key, maker, account }: MadeKey) -> Self {
        let active = maker.is_active();
        Self {
            id: key.id,
            kind: KeyType::Key,
            name: key.name,
            hint: key.hint,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            maker: MakerView { id: maker.id, name: maker.name, email: maker.email, role: maker.role.as_str(), active },
            project_id: key.project,
            budget: account.map(KeyBudget::from),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

impl From<Account> for KeyBudget {
    fn from(Account { budget, spent, .. }: Account) -> Self {
        let spent = SpentView {
            list_cost: spent.cost.map(Money::from),
            tokens: spent.tokens,
            steps: spent.steps,
            tool_calls: spent.tool_calls,
            active_seconds: seconds(spent.active_ms),
        };
        Self { limit: budget.into(), spent }
    }
}

impl Named for KeyId {
    const NOUN: &'static str = "key";
}

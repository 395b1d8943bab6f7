//! `/v1/members`: the people of the organization. Ours.

use app::{AddMember, App, MemberPatch};
use axum::Json;
use axum::extract::State;
use domain::org::{Member, Role};
use domain::{MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::approval_rules::RoleView;
use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    #[schema(value_type = String)]
    id: MemberId,
    #[serde(rename = "type")]
    kind: MemberType,
    name: String,
    email: String,
    role: RoleView,
    created_at: Timestamp,
    /// Since when they, and the keys they made, may do nothing for now.
    suspended_at: Option<Timestamp>,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MemberType {
    Member,
}

/// A person on their way in.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AddMemberBody {
    /// 1 to 256 characters.
    name: String,
    /// Nobody else's in the organization.
    email: String,
    role: RoleView,
}

/// A change of a person. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateMember {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// Their keys have its rights from the next request on.
    #[serde(default)]
    role: Option<RoleView>,
}

/// A person who left.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedMember {
    #[schema(value_type = String)]
    id: MemberId,
    #[serde(rename = "type")]
    kind: RemovedMemberType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RemovedMemberType {
    MemberRemoved,
}

/// Which people to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMembers {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// List members
///
/// The oldest first. Those who left are not among them.
#[utoipa::path(get, path = "/v1/members", tag = "members", params(ListMembers),
    responses((status = 200, body = Page<MemberView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_members(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListMembers>,
) -> Result<Json<Page<MemberView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("members", &query));
    let after: Option<u64> = pages.position(query.page.as_deref())?;
    let mut members = app.list_members(caller.ctx()).await?;
    // Numbers are given in order, so that one who left meanwhile is still a place.
    members.retain(|member| after.is_none_or(|after| member.number > after));
    let more = page::cut(&mut members, limit);
    let next = members.last().filter(|_| more).map(|last| pages.text(last.number));
    Ok(Json(Page::new(members.into_iter().map(MemberView::from).collect(), next)))
}

/// Add a member
///
/// They can do nothing before they have a key or a login.
#[utoipa::path(post, path = "/v1/members", tag = "members", request_body = AddMemberBody,
    responses((status = 200, body = MemberView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn add_member(
    State(app): State<App>,
    caller: Caller,
    Body(add): Body<AddMemberBody>,
) -> Result<Json<MemberView>, ApiError> {
    let add = AddMember { name: add.name, email: add.email, role: add.role.into() };
    Ok(Json(app.add_member(caller.ctx(), add).await?.into()))
}

/// Read a member
#[utoipa::path(get, path = "/v1/members/{member}", tag = "members", params(("member" = String, Path)),
    responses((status = 200, body = MemberView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_member(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<MemberId>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(app.find_member(caller.ctx(), id).await?.into()))
}

/// Update a member
///
/// Owners are made and changed by owners, and one who may act stays.
#[utoipa::path(post, path = "/v1/members/{member}", tag = "members", params(("member" = String, Path)),
    request_body = UpdateMember,
    responses((status = 200, body = MemberView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_member(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<MemberId>,
    Body(update): Body<UpdateMember>,
) -> Result<Json<MemberView>, ApiError> {
    let patch = MemberPatch { name: update.name, email: update.email, role: update.role.map(Role::from) };
    Ok(Json(app.update_member(caller.ctx(), id, patch).await?.into()))
}

/// Suspend a member
///
/// No key of theirs opens anything until they are let in again. Suspending twice changes nothing.
#[utoipa::path(post, path = "/v1/members/{member}/suspend", tag = "members", params(("member" = String, Path)),
    responses((status = 200, body = MemberView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn suspend_member(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<MemberId>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(app.suspend_member(caller.ctx(), id).await?.into()))
}

/// Let a suspended member in again
///
/// With the keys they had.
#[utoipa::path(post, path = "/v1/members/{member}/resume", tag = "members", params(("member" = String, Path)),
    responses((status = 200, body = MemberView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn resume_member(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<MemberId>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(app.reinstate_member(caller.ctx(), id).await?.into()))
}

/// Remove a member
///
/// For good. What they made stays; no key of theirs opens anything.
#[utoipa::path(delete, path = "/v1/members/{member}", tag = "members", params(("member" = String, Path)),
    responses((status = 200, body = RemovedMember), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<MemberId>,
) -> Result<Json<RemovedMember>, ApiError> {
    app.remove_member(caller.ctx(), id).await?;
    Ok(Json(RemovedMember { id, kind: RemovedMemberType::MemberRemoved }))
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            kind: MemberType::Member,
            name: member.name,
            email: member.email,
            role: member.role.into(),
            created_at: member.created_at,
            suspended_at: member.suspended_at,
        }
    }
}

impl Named for MemberId {
    const NOUN: &'static str = "member";
}

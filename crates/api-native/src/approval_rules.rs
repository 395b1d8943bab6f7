//! `/v1/approval_rules`: which rollouts wait for approval, and for whom. Ours.

use app::App;
use axum::Json;
use axum::extract::State;
use domain::approval::{ApprovalRule, Approvers, Day, EXPIRES_AFTER_DEFAULT, RuleSpec, TimeOfDay, Window};
use domain::rights::Role;
use domain::{ApprovalRuleId, MemberId, ProjectId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::Caller;

use crate::body::Body;
use crate::error::{ApiError, ErrorEnvelope};
use crate::page::{self, Page, Pages};
use crate::patch::Patch;
use crate::path_id::{Named, PathId};
use crate::query::Query;

/// A rule of approvals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalRuleView {
    #[schema(value_type = String)]
    id: ApprovalRuleId,
    #[serde(rename = "type")]
    kind: ApprovalRuleType,
    name: String,
    /// Of this project only; null is all.
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// Rollouts that change one of these paths only; empty is any.
    paths: Vec<String>,
    /// Of one of these branches only; empty is any.
    branches: Vec<String>,
    /// That are reported in these hours only; null is always.
    window: Option<WindowView>,
    approvers: ApproversView,
    /// How many of them must approve.
    min_count: u32,
    /// Whether they may decide about what they reported themselves.
    allow_own: bool,
    /// Seconds after which a rollout that nobody decided about is rejected.
    expires_after_seconds: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What kind of thing it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ApprovalRuleType {
    ApprovalRule,
}

/// Who decides: people by name, and whoever has one of these roles at the moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct ApproversView {
    /// Ids of members.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    members: Vec<MemberId>,
    /// `owner`, `admin` and `member`.
    #[serde(default)]
    roles: Vec<RoleView>,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleView {
    Owner,
    Admin,
    Member,
    Viewer,
}

/// Hours of some days, by the clock of the organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
struct WindowView {
    /// The days on which it begins; empty is every day.
    #[serde(default)]
    days: Vec<DayView>,
    /// When it begins.
    #[schema(value_type = String, example = "18:00")]
    from: TimeOfDay,
    /// When it ends. At or before `from`, it ends on the next day.
    #[schema(value_type = String, example = "08:00")]
    until: TimeOfDay,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DayView {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A new rule.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateApprovalRule {
    /// 1–256 characters.
    name: String,
    /// Of this project only.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// Rollouts that change one of these paths only: patterns from the root of the repository,
    /// such as `infra/**`.
    #[serde(default)]
    paths: Vec<String>,
    /// Of one of these branches only: patterns such as `main` and `release/*`.
    #[serde(default)]
    branches: Vec<String>,
    /// That are reported in these hours only.
    #[serde(default)]
    window: Option<WindowView>,
    /// Owners and admins if absent.
    #[serde(default)]
    approvers: Option<ApproversView>,
    /// How many of them must approve.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 20, default = 1)]
    min_count: Option<u32>,
    /// Whether they may decide about what they reported themselves.
    #[serde(default)]
    #[schema(default = false)]
    allow_own: Option<bool>,
    /// Seconds after which a rollout that nobody decided about is rejected: a minute to a week.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 604_800, default = 86_400)]
    expires_after_seconds: Option<u32>,
}

/// A change of a rule. What is left out stays; lists replace those there were.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateApprovalRule {
    #[serde(default)]
    name: Option<String>,
    /// Null is all projects.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    project_id: Patch<ProjectId>,
    #[serde(default)]
    paths: Option<Vec<String>>,
    #[serde(default)]
    branches: Option<Vec<String>>,
    /// Null is always.
    #[serde(default)]
    #[schema(value_type = Option<WindowView>)]
    window: Patch<WindowView>,
    #[serde(default)]
    approvers: Option<ApproversView>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 20)]
    min_count: Option<u32>,
    #[serde(default)]
    allow_own: Option<bool>,
    #[serde(default)]
    #[schema(minimum = 60, maximum = 604_800)]
    expires_after_seconds: Option<u32>,
}

/// A rule that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedApprovalRule {
    #[schema(value_type = String)]
    id: ApprovalRuleId,
    #[serde(rename = "type")]
    kind: DeletedApprovalRuleType,
}

/// What kind of thing it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletedApprovalRuleType {
    ApprovalRuleDeleted,
}

/// Which rules to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListApprovalRules {
    /// Things on a page: 1 to 100, 20 if absent.
    #[serde(skip_serializing)]
    limit: Option<u32>,
    /// `next_page` of the page before.
    #[serde(skip_serializing)]
    page: Option<String>,
}

/// Create an approval rule
///
/// It asks about what is reported from now on. A rollout that several rules mean waits for all
/// of them.
#[utoipa::path(post, path = "/v1/approval_rules", tag = "approvals", request_body = CreateApprovalRule,
    responses((status = 200, body = ApprovalRuleView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn create_rule(
    State(app): State<App>,
    caller: Caller,
    Body(create): Body<CreateApprovalRule>,
) -> Result<Json<ApprovalRuleView>, ApiError> {
    Ok(Json(app.create_approval_rule(caller.ctx(), create.into()).await?.into()))
}

/// List approval rules
///
/// The oldest first.
#[utoipa::path(get, path = "/v1/approval_rules", tag = "approvals", params(ListApprovalRules),
    responses((status = 200, body = Page<ApprovalRuleView>), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn list_rules(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListApprovalRules>,
) -> Result<Json<Page<ApprovalRuleView>>, ApiError> {
    let (limit, pages) = (page::limit(query.limit)?, Pages::of("approval rules", &query));
    let after: Option<ApprovalRuleId> = pages.position(query.page.as_deref())?;
    let rules = app.list_approval_rules(caller.ctx()).await?;
    let behind =
        after.map_or(0, |after| rules.iter().position(|rule| rule.id == after).map_or(rules.len(), |at| at + 1));
    let mut rules: Vec<_> = rules.into_iter().skip(behind).take(limit + 1).collect();
    let more = page::cut(&mut rules, limit);
    let next = rules.last().filter(|_| more).map(|last| pages.text(last.id));
    Ok(Json(Page::new(rules.into_iter().map(ApprovalRuleView::from).collect(), next)))
}

/// Read an approval rule
#[utoipa::path(get, path = "/v1/approval_rules/{rule_id}", tag = "approvals", params(("rule_id" = String, Path)),
    responses((status = 200, body = ApprovalRuleView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn find_rule(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ApprovalRuleId>,
) -> Result<Json<ApprovalRuleView>, ApiError> {
    Ok(Json(app.find_approval_rule(caller.ctx(), id).await?.into()))
}

/// Update an approval rule
///
/// What it has asked about already waits as it was asked.
#[utoipa::path(post, path = "/v1/approval_rules/{rule_id}", tag = "approvals", params(("rule_id" = String, Path)),
    request_body = UpdateApprovalRule,
    responses((status = 200, body = ApprovalRuleView), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn update_rule(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ApprovalRuleId>,
    Body(update): Body<UpdateApprovalRule>,
) -> Result<Json<ApprovalRuleView>, ApiError> {
    let updated = app.update_approval_rule(caller.ctx(), id, |spec| Ok(update.apply(spec))).await?;
    Ok(Json(updated.into()))
}

/// Delete an approval rule
///
/// What it has asked about waits on.
#[utoipa::path(delete, path = "/v1/approval_rules/{rule_id}", tag = "approvals", params(("rule_id" = String, Path)),
    responses((status = 200, body = DeletedApprovalRule), (status = "4XX", body = ErrorEnvelope)))]
pub(crate) async fn delete_rule(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ApprovalRuleId>,
) -> Result<Json<DeletedApprovalRule>, ApiError> {
    app.delete_approval_rule(caller.ctx(), id).await?;
    Ok(Json(DeletedApprovalRule { id, kind: DeletedApprovalRuleType::ApprovalRuleDeleted }))
}

impl Named for ApprovalRuleId {
    const NOUN: &'static str = "approval rule";
}

impl From<CreateApprovalRule> for RuleSpec {
    fn from(create: CreateApprovalRule) -> Self {
        let by_default = || Approvers { members: Vec::new(), roles: vec![Role::Owner, Role::Admin] };
        Self {
            name: create.name,
            project: create.project_id,
            paths: create.paths,
            branches: create.branches,
            window: create.window.map(Window::from),
            approvers: create.approvers.map_or_else(by_default, Approvers::from),
            min_count: create.min_count.unwrap_or(1),
            allow_own: create.allow_own.unwrap_or_default(),
            expires_after: create.expires_after_seconds.unwrap_or(EXPIRES_AFTER_DEFAULT),
        }
    }
}

impl UpdateApprovalRule {
    fn apply(&self, spec: RuleSpec) -> RuleSpec {
        let (project, window) = (self.project_id.clone(), self.window.clone().map(Window::from));
        RuleSpec {
            name: self.name.clone().unwrap_or(spec.name),
            project: given_or(project, spec.project),
            paths: self.paths.clone().unwrap_or(spec.paths),
            branches: self.branches.clone().unwrap_or(spec.branches),
            window: given_or(window, spec.window),
            approvers: self.approvers.clone().map_or(spec.approvers, Approvers::from),
            min_count: self.min_count.unwrap_or(spec.min_count),
            allow_own: self.allow_own.unwrap_or(spec.allow_own),
            expires_after: self.expires_after_seconds.unwrap_or(spec.expires_after),
        }
    }
}

fn given_or<T>(patch: Patch<T>, current: Option<T>) -> Option<T> {
    patch.map(Some).or(current)
}

impl From<ApprovalRule> for ApprovalRuleView {
    fn from(rule: ApprovalRule) -> Self {
        let spec = rule.spec;
        Self {
            id: rule.id,
            kind: ApprovalRuleType::ApprovalRule,
            name: spec.name,
            project_id: spec.project,
            paths: spec.paths,
            branches: spec.branches,
            window: spec.window.map(WindowView::from),
            approvers: spec.approvers.into(),
            min_count: spec.min_count,
            allow_own: spec.allow_own,
            expires_after_seconds: spec.expires_after,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

impl From<Approvers> for ApproversView {
    fn from(Approvers { members, roles }: Approvers) -> Self {
        Self { members, roles: roles.into_iter().map(RoleView::from).collect() }
    }
}

impl From<ApproversView> for Approvers {
    fn from(ApproversView { members, roles }: ApproversView) -> Self {
        Self { members, roles: roles.into_iter().map(Role::from).collect() }
    }
}

impl From<Window> for WindowView {
    fn from(Window { days, from, until }: Window) -> Self {
        Self { days: days.into_iter().map(DayView::from).collect(), from, until }
    }
}

impl From<WindowView> for Window {
    fn from(WindowView { days, from, until }: WindowView) -> Self {
        Self { days: days.into_iter().map(Day::from).collect(), from, until }
    }
}

macro_rules! same_words {
    ($view:ident = $domain:ident: $($word:ident),+) => {
        impl From<$domain> for $view {
            fn from(word: $domain) -> Self {
                match word { $($domain::$word => $view::$word,)+ }
            }
        }

        impl From<$view> for $domain {
            fn from(word: $view) -> Self {
                match word { $($view::$word => $domain::$word,)+ }
            }
        }
    };
}

same_words! { RoleView = Role: Owner, Admin, Member, Viewer }
same_words! { DayView = Day: Mon, Tue, Wed, Thu, Fri, Sat, Sun }

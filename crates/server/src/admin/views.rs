//! What the operator is shown.

use domain::budget::{Account, Budget, Totals};
use domain::key::{Key, Scope};
use domain::model::{FaultKind, ModelFault};
use domain::monitor::MonitorSpec;
use domain::org::{Member, Org, Project};
use domain::rights::Role;
use domain::webhook::Disabled;
use domain::{KeyId, MemberId, OrgId, ProjectId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrgView {
    /// Its id.
    pub id: OrgId,
    /// The id in its other spelling.
    pub uuid: Uuid,
    /// Its number.
    pub number: u64,
    /// For people.
    pub name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Whether a rollout of a repository that no project has makes a project.
    #[serde(default)]
    pub makes_projects: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its runs may spend together.
    #[serde(default)]
    pub budget: Option<BudgetView>,
}

/// A budget, what was spent of it since it was set, and what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetView {
    /// What may be spent.
    pub limits: Budget,
    /// What was.
    pub spent: Totals,
    /// What is left, of each unit that is bounded.
    pub left: Budget,
}

impl From<Account> for BudgetView {
    fn from(account: Account) -> Self {
        Self { limits: account.budget, spent: account.spent, left: account.left() }
    }
}

impl OrgView {
    /// This organization with its account, if it has a budget.
    pub(super) fn new(org: &Org, account: Option<Account>) -> Self {
        Self {
            id: org.id,
            uuid: org.id.0,
            number: org.number,
            name: org.name.clone(),
            time_zone: org.time_zone.clone(),
            makes_projects: org.rollouts.make_projects,
            created_at: org.created_at,
            budget: account.map(BudgetView::from),
        }
    }
}

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// The id in its other spelling.
    pub uuid: Uuid,
    /// Its number; the Make-compatible API calls it `teamId`.
    pub number: u64,
    /// For people.
    pub name: String,
    /// The repository whose rollouts are its.
    #[serde(default)]
    pub repository: Option<String>,
    /// How its rollouts are watched; not told in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<MonitorSpec>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        let Project { id, number, name, repository, created_at, version: _ } = project;
        let repository = repository.map(|repository| repository.to_string());
        Self { id, uuid: id.0, number, name, repository, monitor: None, created_at }
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Their id.
    pub id: MemberId,
    /// The id in its other spellings.
    pub uuid: Uuid,
    /// The spelling that the Cassidy-compatible API shows.
    pub compact: String,
    /// Their number.
    pub number: u64,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// When they joined.
    pub created_at: Timestamp,
    /// Since when they are kept out.
    pub suspended_at: Option<Timestamp>,
    /// When they left.
    pub removed_at: Option<Timestamp>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { id, number, name, email, role, created_at, suspended_at, removed_at } = member;
        let (uuid, compact) = (id.0, id.compact());
        Self { id, uuid, compact, number, name, email, role, created_at, suspended_at, removed_at }
    }
}

/// A link by which somebody comes in, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkView {
    /// What to send to them, and to nobody else.
    pub url: String,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// A key, without the key itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its id.
    pub id: KeyId,
    /// The id in its other spelling.
    pub uuid: Uuid,
    /// For people.
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whom it acts as.
    pub member: MemberId,
    /// The only project it reaches.
    pub project: Option<ProjectId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// What the runs that are begun with it may spend together.
    #[serde(default)]
    pub budget: Option<BudgetView>,
}

impl KeyView {
    /// This key with its account, if it has a budget.
    pub(super) fn new(key: Key, account: Option<Account>) -> Self {
        Self {
            id: key.id,
            uuid: key.id.0,
            name: key.name,
            hint: key.hint,
            scopes: key.scopes,
            member: key.creator,
            project: key.project,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            budget: account.map(BudgetView::from),
        }
    }
}

/// A key that was just made: the only time it is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct NewKeyView {
    /// What is known of it.
    #[serde(flatten)]
    pub view: KeyView,
    /// The key itself.
    pub key: String,
}

impl std::fmt::Debug for NewKeyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKeyView").field("view", &self.view).finish_non_exhaustive()
    }
}

/// An organization that was just made, with what is needed to use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewOrgView {
    /// The organization.
    #[serde(flatten)]
    pub org: OrgView,
    /// Its first project.
    pub project: ProjectView,
    /// The owner's key.
    pub first_key: NewKeyView,
}

/// What came of asking a provider that an organization brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProviderTestView {
    /// The organization's name.
    pub org: String,
    /// The provider's.
    pub name: String,
    /// Why it is of no use; absent if it answers and knows us.
    pub fault: Option<FaultView>,
}

/// How a webhook does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookHealthView {
    /// The organization's name.
    pub org: String,
    /// Its id.
    pub id: WebhookId,
    /// Why nothing is sent to it, if so.
    pub disabled: Option<Disabled>,
    /// Since when its receiver took nothing, if so.
    pub failing_since: Option<Timestamp>,
}

/// Why a provider is of no use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FaultView {
    /// What a program acts on.
    pub kind: FaultKind,
    /// For people; without the key.
    pub message: String,
}

impl From<ModelFault> for FaultView {
    fn from(fault: ModelFault) -> Self {
        Self { kind: fault.kind, message: fault.message }
    }
}

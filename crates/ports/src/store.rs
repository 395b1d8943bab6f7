//! The store: state, log, queue and leases, in one database.

mod deployments;
mod desk;
mod due;
mod faults;
mod filters;
mod people;
mod retention;

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::agent::Agent;
use domain::alias::AliasRange;
use domain::approval::ApprovalRule;
use domain::audit::AuditEntry;
use domain::budget::{Account, AccountId, Payers};
use domain::deployment::{Deployment, DeploymentRun};
use domain::idempotency::{RequestName, RequestRecord};
use domain::key::{Key, KeyHash};
use domain::knowledge::Document;
use domain::monitor::{Sample, SampledSource, SourceDigest, Watch};
use domain::org::{Member, Org, Project};
use domain::person::Login;
use domain::provider::{ModelAlias, OwnProvider};
use domain::repository::Repository;
use domain::rollout::{Rollout, Source};
use domain::run::{Fence, Run};
use domain::secret::Secret;
use domain::session::overview::Stretch;
use domain::session::{InboxItem, Progress, Session, SessionState, Standing};
use domain::tool::Tool;
use domain::webhook::{Delivery, Webhook};
use domain::{
    AgentId, ChangeSet, DeliveryId, DeploymentId, DeploymentRunId, DocumentId, Event, EventId, KeyId, LoginId,
    MemberId, OrgId, PersonId, ProjectId, RolloutId, RunId, SessionId, Timestamp, ToolId, WebhookId,
};
use uuid::Uuid;

use crate::metrics::OpenRuns;

pub use deployments::{DeploymentFilter, DeploymentRunFilter, DueDeployment};
pub use desk::{
    AskingFilter, AskingRollout, AskingRun, RunSpending, SessionTold, SpendingFilter, SpendingPage, SpendingPlace,
};
pub use due::{DueApproval, DueCallback, DueWatch, DueWebhook, LateRun, ReadyRun};
pub use faults::{CommitError, Refusal, StoreError};
pub use filters::{
    AgentFilter, AuditFilter, ChangeFilter, EventFilter, Order, PurposefulFilter, RolloutFilter, SessionFilter,
};
pub use people::{LinkOfMember, LoginOfMember, Membership, PeopleStore};
pub use retention::{RestingFilter, RestingPage, RestingPlace};

/// How long it is known in which order the sessions of an organization changed.
pub const CHANGES_KEPT: Duration = Duration::from_hours(7 * 24);

/// The store of the whole installation. Everything of an organization goes through
/// [`Store::of`]; what stands here concerns all of them.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The part of one organization. Things of others are not there.
    fn of(&self, org: OrgId) -> Arc<dyn OrgStore>;

    /// The part of nobody's organization: people who log in.
    fn people(&self) -> Arc<dyn PeopleStore>;

    /// The key with this hash, and whose it is.
    async fn find_key(&self, hash: KeyHash) -> Result<Option<KeyOfMember>, StoreError>;

    /// The deployment of this id, whosever it is: messages from outside know nothing else.
    async fn find_deployment(&self, id: DeploymentId) -> Result<Option<(OrgId, Deployment)>, StoreError>;

    /// The deployment that is due first, if any ever is.
    async fn next_due_deployment(&self) -> Result<Option<DueDeployment>, StoreError>;

    /// All organizations, oldest first.
    async fn list_orgs(&self) -> Result<Vec<Org>, StoreError>;

    /// The number under which façades with integer ids show a provider of the operator's
    /// configuration: from 1, given on first sight, never changed.
    async fn provider_number(&self, name: &str) -> Result<u64, StoreError>;

    /// Takes a lease for a worker. Runs held by leases that are no longer good (all earlier
    /// ones, for a store that one process owns) become queued and ready; their sessions
    /// are rescheduling.
    async fn take_lease(&self, now: Timestamp) -> Result<Fence, StoreError>;

    /// Renews a lease. `false` if it was lost: the worker must drop its runs.
    async fn renew_lease(&self, fence: Fence, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives a lease back. Runs still held by it become queued and ready.
    async fn end_lease(&self, fence: Fence) -> Result<(), StoreError>;

    /// The runs that are to be claimed next, at most `limit`: the oldest ready one of the
    /// first organization after `after` that has one, then of the next organization, going
    /// round and round. Claims nothing.
    async fn next_ready(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<ReadyRun>, StoreError>;

    /// The earliest deadline among runs that no worker holds and that are not ready.
    async fn next_deadline(&self) -> Result<Option<LateRun>, StoreError>;

    /// The addresses that are still to be told how a run ended, in the order they came.
    async fn list_callbacks(&self) -> Result<Vec<DueCallback>, StoreError>;

    /// The watches that are due by `now`, first due first, at most `limit`, whosever they are
    /// but for those of the organizations that are passed over. Behind them, if there is room,
    /// the first of all that is due later.
    async fn next_watches(
        &self,
        now: Timestamp,
        passed_over: &[OrgId],
        limit: usize,
    ) -> Result<Vec<DueWatch>, StoreError>;

    /// The organizations behind `after` that have sources which are sampled, in their order, at
    /// most `limit`. Costs nothing to speak of where there are none.
    async fn sampled_orgs(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<OrgId>, StoreError>;

    /// The rollouts whose approval is over first, at most `limit`, whosever they are.
    async fn next_approvals(&self, limit: usize) -> Result<Vec<DueApproval>, StoreError>;

    /// The webhooks for which deliveries wait, whosever they are, but for those that are
    /// disabled; each once, with the time at which the first of its deliveries is due.
    async fn list_due_webhooks(&self) -> Result<Vec<DueWebhook>, StoreError>;

    /// Forgets some of what sources gave before a time, whosever they are. When the oldest of
    /// what is left was taken: before that time, if there is more to forget.
    async fn forget_samples(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Forgets some of the deliveries that are over and are from before a time, whosever they
    /// are. Of when the oldest is that is over and left, as [`Store::forget_samples`] has it.
    async fn forget_deliveries(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// How many runs of all organizations are not over.
    async fn count_open_runs(&self) -> Result<OpenRuns, StoreError>;

    /// Whether the store answers and can write.
    async fn check(&self) -> Result<(), StoreError>;
}

/// A key, and whom it acts for.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyOfMember {
    /// The organization.
    pub org: OrgId,
    /// The key.
    pub key: Key,
    /// The person who made it.
    pub maker: Member,
}

/// The store of one organization.
#[async_trait]
pub trait OrgStore: Send + Sync {
    /// Applies a change set, whole or not at all. When this returns, it is on disk, and
    /// the events are on their way to the [`crate::Feed`].
    ///
    /// # Errors
    /// [`CommitError::Refused`] if a guard does not hold: load and decide again.
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError>;

    /// The organization itself.
    async fn find_org(&self) -> Result<Option<Org>, StoreError>;

    /// The accounts of these payers and of the organization that have a budget.
    async fn list_accounts(&self, payers: Payers) -> Result<Vec<Account>, StoreError>;

    /// One account; `None` if it has no budget.
    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// A person.
    async fn find_member(&self, id: MemberId) -> Result<Option<Member>, StoreError>;

    /// All people, those who left included, oldest first.
    async fn list_members(&self) -> Result<Vec<Member>, StoreError>;

    /// Who logs in as a member, if anybody does.
    async fn find_person_of(&self, member: MemberId) -> Result<Option<PersonId>, StoreError>;

    /// A login to the organization, with the member it is of.
    async fn find_login(&self, id: LoginId) -> Result<Option<(Login, Member)>, StoreError>;

    /// A project by its id.
    async fn find_project(&self, id: ProjectId) -> Result<Option<Project>, StoreError>;

    /// A project by its number.
    async fn find_project_numbered(&self, number: u64) -> Result<Option<Project>, StoreError>;

    /// The project of a repository.
    async fn find_project_of(&self, repository: &Repository) -> Result<Option<Project>, StoreError>;

    /// All projects, oldest first.
    async fn list_projects(&self) -> Result<Vec<Project>, StoreError>;

    /// A key.
    async fn find_key(&self, id: KeyId) -> Result<Option<Key>, StoreError>;

    /// All keys, revoked ones included, oldest first.
    async fn list_keys(&self) -> Result<Vec<Key>, StoreError>;

    /// What is kept of a request that may be sent again.
    async fn find_request(&self, request: &RequestName) -> Result<Option<RequestRecord>, StoreError>;

    /// An agent at its newest version.
    async fn find_agent(&self, id: AgentId) -> Result<Option<Agent>, StoreError>;

    /// An agent at one of its versions; found also after the agent was deleted.
    async fn find_agent_version(&self, id: AgentId, version: u32) -> Result<Option<Agent>, StoreError>;

    /// The versions of an agent, newest first, below `before` (all if `None`), at most `limit`.
    async fn list_agent_versions(
        &self,
        id: AgentId,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Agent>, StoreError>;

    /// Agents at their newest versions.
    async fn list_agents(&self, filter: AgentFilter) -> Result<Vec<Agent>, StoreError>;

    /// A deployment, archived or not.
    async fn find_deployment(&self, id: DeploymentId) -> Result<Option<Deployment>, StoreError>;

    /// Deployments.
    async fn list_deployments(&self, filter: DeploymentFilter) -> Result<Vec<Deployment>, StoreError>;

    /// How many deployments are not archived.
    async fn count_deployments(&self) -> Result<usize, StoreError>;

    /// What a deployment began.
    async fn find_deployment_run(&self, id: DeploymentRunId) -> Result<Option<DeploymentRun>, StoreError>;

    /// What a deployment began with the message of this name, within the day before `now`.
    async fn find_named_run(
        &self,
        deployment: DeploymentId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<DeploymentRun>, StoreError>;

    /// What deployments began, the newest first. Kept for 90 days.
    async fn list_deployment_runs(&self, filter: DeploymentRunFilter) -> Result<Vec<DeploymentRun>, StoreError>;

    /// What the organization's tokens for visitors are signed with, if there is such a thing yet.
    async fn find_embed_secret(&self) -> Result<Option<Secret>, StoreError>;

    /// A tool.
    async fn find_tool(&self, id: ToolId) -> Result<Option<Tool>, StoreError>;

    /// A tool by its number.
    async fn find_tool_numbered(&self, number: u64) -> Result<Option<Tool>, StoreError>;

    /// The tools of a project (of all projects if `None`), oldest first.
    async fn list_tools(&self, project: Option<ProjectId>) -> Result<Vec<Tool>, StoreError>;

    /// The providers that the organization brought, by name. At most
    /// [`domain::provider::PROVIDERS_MAX`] or so.
    async fn list_providers(&self) -> Result<Vec<OwnProvider>, StoreError>;

    /// The organization's other names for models, by name.
    async fn list_aliases(&self) -> Result<Vec<ModelAlias>, StoreError>;

    /// A document, without its text.
    async fn find_document(&self, id: DocumentId) -> Result<Option<Document>, StoreError>;

    /// The documents of an agent, oldest first, expired ones left out.
    async fn list_documents(&self, agent: AgentId, now: Timestamp) -> Result<Vec<Document>, StoreError>;

    /// The documents that an agent reads: its own, oldest first, expired ones left out; then
    /// those that every agent of the organization reads.
    async fn list_documents_read_by(&self, agent: AgentId, now: Timestamp) -> Result<Vec<Document>, StoreError>;

    /// The documents that every agent of the organization reads, oldest first.
    async fn list_documents_of_all(&self) -> Result<Vec<Document>, StoreError>;

    /// The text of a document.
    async fn read_document(&self, id: DocumentId) -> Result<Option<String>, StoreError>;

    /// A session. Wherever one is read, it is rescheduling if it rests by its log and a run
    /// is ready in it: the log does not know of a run before its worker does.
    async fn find_session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// The session of a thread.
    async fn find_thread(
        &self,
        project: ProjectId,
        agent: AgentId,
        thread: &str,
    ) -> Result<Option<Session>, StoreError>;

    /// Sessions.
    async fn list_sessions(&self, filter: SessionFilter) -> Result<Vec<Session>, StoreError>;

    /// Sessions in which nothing goes on, waits or is watched, and nothing was said for long.
    async fn list_resting(&self, filter: RestingFilter) -> Result<RestingPage, StoreError>;

    /// Where these sessions stand, each at its place; `None` for one that is not there. With
    /// what was said last in each, if that is wanted.
    async fn tell_sessions(
        &self,
        sessions: Vec<SessionId>,
        with_last_said: bool,
    ) -> Result<Vec<Option<SessionTold>>, StoreError>;

    /// Runs that wait for a person's word.
    async fn list_asking_runs(&self, filter: AskingFilter) -> Result<Vec<AskingRun>, StoreError>;

    /// Rollouts that wait for approval.
    async fn list_asking_rollouts(&self, filter: AskingFilter) -> Result<Vec<AskingRollout>, StoreError>;

    /// What runs have spent, page by page, in no order to speak of. Runs that no worker ever
    /// took are not among them, nor are those of sessions that were deleted.
    async fn list_spending(&self, filter: SpendingFilter) -> Result<SpendingPage, StoreError>;

    /// The sessions that are this person's threads, of this project (of all if `None`), the one
    /// that changed last first, at most `limit`.
    async fn list_threads(
        &self,
        owner: MemberId,
        project: Option<ProjectId>,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// A session by the random id it also has.
    async fn find_session_by_alias(&self, alias: Uuid) -> Result<Option<Session>, StoreError>;

    /// Sessions with a purpose whose random id is in this range, at most two: enough to know
    /// whether the range names one.
    async fn list_sessions_named(&self, range: AliasRange) -> Result<Vec<PurposefulSession>, StoreError>;

    /// Sessions with a purpose, newest first.
    async fn list_purposeful(&self, filter: PurposefulFilter) -> Result<Vec<PurposefulSession>, StoreError>;

    /// How many sessions with a purpose there are, whatever the filter's limit.
    async fn count_purposeful(&self, filter: PurposefulFilter) -> Result<u64, StoreError>;

    /// A rollout.
    async fn find_rollout(&self, id: RolloutId) -> Result<Option<Rollout>, StoreError>;

    /// Rollouts whose random id is in this range, at most two.
    async fn list_rollouts_named(&self, range: AliasRange) -> Result<Vec<Rollout>, StoreError>;

    /// The newest rollout of a project that was first reported after `since` from the same
    /// source, with no other commit or environment.
    async fn find_same_rollout(
        &self,
        project: ProjectId,
        source: &Source,
        since: Timestamp,
    ) -> Result<Option<Rollout>, StoreError>;

    /// Rollouts, newest first.
    async fn list_rollouts(&self, filter: RolloutFilter) -> Result<Vec<Rollout>, StoreError>;

    /// How many rollouts there are, whatever the filter's limit.
    async fn count_rollouts(&self, filter: RolloutFilter) -> Result<u64, StoreError>;

    /// The rules of approvals, oldest first. At most [`domain::approval::RULES_MAX`] or so.
    async fn list_approval_rules(&self) -> Result<Vec<ApprovalRule>, StoreError>;

    /// Entries of the audit log, newest first.
    async fn list_audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>, StoreError>;

    /// The watch that is told of in a session.
    async fn find_watch(&self, session: SessionId) -> Result<Option<Watch>, StoreError>;

    /// The watches that are told of in these sessions, in no order.
    async fn list_watches(&self, sessions: Vec<SessionId>) -> Result<Vec<Watch>, StoreError>;

    /// The sources that are sampled; [`crate::Feed::watch_monitors`] tells when they may have
    /// changed.
    async fn sampled_sources(&self) -> Result<Vec<SampledSource>, StoreError>;

    /// What a source gave within a time, oldest first.
    async fn list_samples(&self, source: SourceDigest, within: Range<Timestamp>) -> Result<Vec<Sample>, StoreError>;

    /// A webhook.
    async fn find_webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;

    /// All webhooks, oldest first. At most [`domain::webhook::WEBHOOKS_MAX`] or so.
    async fn list_webhooks(&self) -> Result<Vec<Webhook>, StoreError>;

    /// A delivery to this webhook. One to another is not there.
    async fn find_delivery(&self, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// The deliveries to a webhook, newest first, behind `after` in that order (from the
    /// newest if `None`), at most `limit`.
    async fn list_deliveries(
        &self,
        webhook: WebhookId,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The deliveries to a webhook that are due by then, those first that are due first, at
    /// most `limit`.
    async fn list_due_deliveries(
        &self,
        webhook: WebhookId,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// A run.
    async fn find_run(&self, id: RunId) -> Result<Option<Run>, StoreError>;

    /// The last queued run of a session that has not begun, if any: input may still join it.
    async fn find_queued_run(&self, session: SessionId) -> Result<Option<Run>, StoreError>;

    /// The queued runs of a session that have not begun, oldest first.
    async fn list_queued_runs(&self, session: SessionId) -> Result<Vec<Run>, StoreError>;

    /// Runs of a session, oldest first.
    async fn list_runs(&self, session: SessionId) -> Result<Vec<Run>, StoreError>;

    /// What waits for a run, oldest first.
    async fn list_inbox(&self, run: RunId) -> Result<Vec<InboxItem>, StoreError>;

    /// All that waits in a session, oldest first.
    async fn list_session_inbox(&self, session: SessionId) -> Result<Vec<InboxItem>, StoreError>;

    /// An event of a session by its id. An event of another session is not there.
    async fn find_event(&self, session: SessionId, id: EventId) -> Result<Option<Event>, StoreError>;

    /// Events of a session.
    async fn list_events(&self, session: SessionId, filter: EventFilter) -> Result<Vec<Event>, StoreError>;

    /// The log from the first `seq` to the last, both included, in at most so many parts. Reads
    /// no event's body.
    async fn survey_log(
        &self,
        session: SessionId,
        seqs: RangeInclusive<u64>,
        parts: u64,
    ) -> Result<Vec<Stretch>, StoreError>;

    /// The position of the last commit that changed a session; 0 before the first. Positions
    /// count from 1 without a gap.
    async fn last_position(&self) -> Result<u64, StoreError>;

    /// When the change at a position was made. Absent if it is yet to come, or was made
    /// longer ago than [`CHANGES_KEPT`] and is not kept any more.
    async fn find_change(&self, position: u64) -> Result<Option<Timestamp>, StoreError>;

    /// Which sessions changed, one for each commit and session, by position.
    async fn list_changes(&self, filter: ChangeFilter) -> Result<Vec<SessionChange>, StoreError>;
}

/// What a commit gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Committed {
    /// The events appended, in the order of the change set's `Append`s, with their `seq`.
    pub events: Vec<Arc<[Event]>>,
    /// The numbers given to organizations, members, projects and tools, in the order of the
    /// change set.
    pub numbers: Vec<u64>,
}

/// A commit that changed a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionChange {
    /// Its place in the order of the organization's commits.
    pub position: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The session as it is now, which may be later than the commit. `None` if it is not
    /// there any more.
    pub session: Option<Arc<SessionSummary>>,
}

/// What a list that many follow tells of a session: little, however large the session's own
/// description of its agent is.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// Its project.
    pub project: ProjectId,
    /// Its agent.
    pub agent: AgentId,
    /// For people.
    pub title: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// What its log amounts to.
    pub state: SessionState,
}

/// A session that has a purpose, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PurposefulSession {
    /// It.
    pub session: Session,
    /// Where it stands.
    pub progress: Progress,
}

//! The store of one organization: every read and write names it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use async_trait::async_trait;
use domain::agent::Agent;
use domain::alias::AliasRange;
use domain::approval::ApprovalRule;
use domain::audit::AuditEntry;
use domain::budget::{Account, AccountId, Payers};
use domain::deployment::{Deployment, DeploymentRun};
use domain::idempotency::{RequestName, RequestRecord};
use domain::key::Key;
use domain::knowledge::Document;
use domain::monitor::{Sample, SampledSource, SourceDigest, Watch};
use domain::org::{Member, Org, Project};
use domain::person::Login;
use domain::provider::{ModelAlias, OwnProvider};
use domain::repository::Repository;
use domain::rollout::{Rollout, Source};
use domain::run::Run;
use domain::secret::Secret;
use domain::session::overview::Stretch;
use domain::session::{InboxItem, Session};
use domain::tool::Tool;
use domain::webhook::{Delivery, Webhook};
use domain::{
    AgentId, ChangeSet, DeliveryId, DeploymentId, DeploymentRunId, DocumentId, Event, EventId, KeyId, LoginId,
    MemberId, OrgId, PersonId, ProjectId, RolloutId, RunId, SessionId, Timestamp, ToolId, WebhookId,
};
use ports::store::{
    AgentFilter, AskingFilter, AskingRollout, AskingRun, AuditFilter, ChangeFilter, DeploymentFilter,
    DeploymentRunFilter, EventFilter, PurposefulFilter, PurposefulSession, RestingFilter, RestingPage, RolloutFilter,
    SessionChange, SessionFilter, SessionTold, SpendingFilter, SpendingPage,
};
use ports::{CommitError, Committed, OrgStore, StoreError};
use rusqlite::Connection;
use uuid::Uuid;

use crate::store::Inner;
use crate::{
    agents, aliases, approval_rules, asking, audit, budgets, deliveries, deployments, documents, events, inbox, keys,
    logins, members, orgs, persons, positions, projects, providers, purposeful, requests, retention, rollouts, runs,
    samples, sessions, spending, tools, watches, webhooks,
};

pub(crate) struct OrgView {
    pub(crate) org: OrgId,
    pub(crate) inner: Arc<Inner>,
}

type Found<T> = Result<Option<T>, StoreError>;
type Listed<T> = Result<Vec<T>, StoreError>;

#[async_trait]
impl OrgStore for OrgView {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        let org = self.org;
        Ok(self.inner.write(Some(org), move |desk| desk.apply(org, changes)).await?)
    }

    async fn find_org(&self) -> Found<Org> {
        self.inner.readers.short(|db| orgs::find(db, self.org)).await
    }

    async fn list_accounts(&self, payers: Payers) -> Listed<Account> {
        self.inner.readers.short(|db| budgets::list(db, self.org, payers)).await
    }

    async fn find_account(&self, id: AccountId) -> Found<Account> {
        self.inner.readers.short(|db| budgets::find(db, self.org, id)).await
    }

    async fn find_member(&self, id: MemberId) -> Found<Member> {
        self.inner.readers.short(|db| members::find(db, self.org, id)).await
    }

    async fn list_members(&self) -> Listed<Member> {
        let org = self.org;
        self.inner.readers.long(move |db| members::list(db, org)).await
    }

    async fn find_person_of(&self, member: MemberId) -> Found<PersonId> {
        self.inner.readers.short(|db| persons::find_of_member(db, self.org, member)).await
    }

    async fn find_login(&self, id: LoginId) -> Found<(Login, Member)> {
        self.inner.readers.short(|db| logins::find(db, self.org, id)).await
    }

    async fn find_project(&self, id: ProjectId) -> Found<Project> {
        self.inner.readers.short(|db| projects::find(db, self.org, id)).await
    }

    async fn find_project_numbered(&self, number: u64) -> Found<Project> {
        self.inner.readers.short(|db| projects::find_numbered(db, self.org, number)).await
    }

    async fn find_project_of(&self, repository: &Repository) -> Found<Project> {
        self.inner.readers.short(|db| projects::find_of(db, self.org, repository)).await
    }

    async fn list_projects(&self) -> Listed<Project> {
        let org = self.org;
        self.inner.readers.long(move |db| projects::list(db, org)).await
    }

    async fn find_key(&self, id: KeyId) -> Found<Key> {
        self.inner.readers.short(|db| keys::find(db, self.org, id)).await
    }

    async fn list_keys(&self) -> Listed<Key> {
        let org = self.org;
        self.inner.readers.long(move |db| keys::list(db, org)).await
    }

    async fn find_request(&self, request: &RequestName) -> Found<RequestRecord> {
        self.inner.readers.short(|db| requests::find(db, self.org, request)).await
    }

    async fn find_agent(&self, id: AgentId) -> Found<Agent> {
        self.inner.readers.short(|db| agents::find(db, self.org, id)).await
    }

    async fn find_agent_version(&self, id: AgentId, version: u32) -> Found<Agent> {
        self.inner.readers.short(|db| agents::find_version(db, self.org, id, version)).await
    }

    async fn list_agent_versions(&self, id: AgentId, before: Option<u32>, limit: usize) -> Listed<Agent> {
        let org = self.org;
        self.inner.readers.long(move |db| agents::list_versions(db, org, id, before, limit)).await
    }

    async fn list_agents(&self, filter: AgentFilter) -> Listed<Agent> {
        let org = self.org;
        self.inner.readers.long(move |db| agents::list(db, org, &filter)).await
    }

    async fn find_deployment(&self, id: DeploymentId) -> Found<Deployment> {
        self.inner.readers.short(|db| deployments::find(db, self.org, id)).await
    }

    async fn list_deployments(&self, filter: DeploymentFilter) -> Listed<Deployment> {
        let org = self.org;
        self.inner.readers.long(move |db| deployments::list(db, org, &filter)).await
    }

    async fn count_deployments(&self) -> Result<usize, StoreError> {
        self.inner.readers.short(|db| deployments::count(db, self.org)).await
    }

    async fn find_deployment_run(&self, id: DeploymentRunId) -> Found<DeploymentRun> {
        self.inner.readers.short(|db| deployments::find_run(db, self.org, id)).await
    }

    async fn find_named_run(&self, deployment: DeploymentId, name: &str, now: Timestamp) -> Found<DeploymentRun> {
        self.inner.readers.short(|db| deployments::find_named_run(db, self.org, deployment, name, now)).await
    }

    async fn list_deployment_runs(&self, filter: DeploymentRunFilter) -> Listed<DeploymentRun> {
        let org = self.org;
        self.inner.readers.long(move |db| deployments::list_runs(db, org, &filter)).await
    }

    async fn find_embed_secret(&self) -> Found<Secret> {
        self.inner.readers.short(|db| orgs::find_embed_secret(db, self.org)).await
    }

    async fn find_tool(&self, id: ToolId) -> Found<Tool> {
        self.inner.readers.short(|db| tools::find(db, self.org, id)).await
    }

    async fn find_tool_numbered(&self, number: u64) -> Found<Tool> {
        self.inner.readers.short(|db| tools::find_numbered(db, self.org, number)).await
    }

    async fn list_tools(&self, project: Option<ProjectId>) -> Listed<Tool> {
        let org = self.org;
        self.inner.readers.long(move |db| tools::list(db, org, project)).await
    }

    async fn list_providers(&self) -> Listed<OwnProvider> {
        let org = self.org;
        self.inner.readers.long(move |db| providers::list(db, org)).await
    }

    async fn list_aliases(&self) -> Listed<ModelAlias> {
        let org = self.org;
        self.inner.readers.long(move |db| aliases::list(db, org)).await
    }

    async fn find_document(&self, id: DocumentId) -> Found<Document> {
        self.inner.readers.short(|db| documents::find(db, self.org, id)).await
    }

    async fn list_documents(&self, agent: AgentId, now: Timestamp) -> Listed<Document> {
        if !self.inner.documented.may_have_some(agent) {
            return Ok(Vec::new());
        }
        // At most `DOCUMENTS_MAX` rows without their texts.
        self.inner.readers.short(|db| documents::list(db, self.org, agent, now)).await
    }

    async fn list_documents_read_by(&self, agent: AgentId, now: Timestamp) -> Listed<Document> {
        if !self.inner.documented.may_read_some(self.org, agent) {
            return Ok(Vec::new());
        }
        // As few, and asked for by every run.
        self.inner.readers.short(|db| documents::list_read_by(db, self.org, agent, now)).await
    }

    async fn list_documents_of_all(&self) -> Listed<Document> {
        self.inner.readers.short(|db| documents::list_of_all(db, self.org)).await
    }

    async fn read_document(&self, id: DocumentId) -> Found<String> {
        let org = self.org;
        self.inner.readers.long(move |db| documents::text(db, org, id)).await
    }

    async fn find_session(&self, id: SessionId) -> Found<Session> {
        let planted = self.inner.planted;
        self.inner.readers.short(|db| sessions::find(db, planted.org_of(db, id, self.org), id)).await
    }

    async fn find_thread(&self, project: ProjectId, agent: AgentId, thread: &str) -> Found<Session> {
        self.inner.readers.short(|db| sessions::find_thread(db, self.org, project, agent, thread)).await
    }

    async fn list_sessions(&self, filter: SessionFilter) -> Listed<Session> {
        let org = self.org;
        self.inner.readers.long(move |db| sessions::list(db, org, &filter)).await
    }

    async fn list_threads(&self, owner: MemberId, project: Option<ProjectId>, limit: usize) -> Listed<SessionId> {
        let org = self.org;
        self.inner.readers.long(move |db| sessions::list_threads(db, org, owner, project, limit)).await
    }

    async fn find_session_by_alias(&self, alias: Uuid) -> Found<Session> {
        self.inner.readers.short(|db| sessions::find_by_alias(db, self.org, alias)).await
    }

    async fn list_sessions_named(&self, range: AliasRange) -> Listed<PurposefulSession> {
        self.inner.readers.short(|db| purposeful::list_named(db, self.org, range)).await
    }

    async fn list_purposeful(&self, filter: PurposefulFilter) -> Listed<PurposefulSession> {
        let org = self.org;
        self.inner.readers.long(move |db| purposeful::list(db, org, &filter)).await
    }

    async fn count_purposeful(&self, filter: PurposefulFilter) -> Result<u64, StoreError> {
        let org = self.org;
        self.inner.readers.long(move |db| purposeful::count(db, org, &filter)).await
    }

    async fn list_resting(&self, filter: RestingFilter) -> Result<RestingPage, StoreError> {
        let org = self.org;
        self.inner.readers.long(move |db| retention::list_resting(db, org, &filter)).await
    }

    async fn tell_sessions(&self, sessions: Vec<SessionId>, with_last_said: bool) -> Listed<Option<SessionTold>> {
        let org = self.org;
        let is_much = with_last_said || sessions.len() > 1;
        let tell = move |db: &Connection| {
            sessions.into_iter().map(|id| crate::sessions::tell(db, org, id, with_last_said)).collect()
        };
        match is_much {
            true => self.inner.readers.long(tell).await,
            false => self.inner.readers.short(tell).await,
        }
    }

    async fn list_asking_runs(&self, filter: AskingFilter) -> Listed<AskingRun> {
        let org = self.org;
        self.inner.readers.long(move |db| asking::list_runs(db, org, &filter)).await
    }

    async fn list_asking_rollouts(&self, filter: AskingFilter) -> Listed<AskingRollout> {
        let org = self.org;
        self.inner.readers.long(move |db| asking::list_rollouts(db, org, &filter)).await
    }

    async fn list_spending(&self, filter: SpendingFilter) -> Result<SpendingPage, StoreError> {
        let org = self.org;
        self.inner.readers.long(move |db| spending::list(db, org, &filter)).await
    }

    async fn find_rollout(&self, id: RolloutId) -> Found<Rollout> {
        self.inner.readers.short(|db| rollouts::find(db, self.org, id)).await
    }

    async fn list_rollouts_named(&self, range: AliasRange) -> Listed<Rollout> {
        self.inner.readers.short(|db| rollouts::list_named(db, self.org, range)).await
    }

    async fn find_same_rollout(&self, project: ProjectId, source: &Source, since: Timestamp) -> Found<Rollout> {
        self.inner.readers.short(|db| rollouts::find_same(db, self.org, project, source, since)).await
    }

    async fn list_rollouts(&self, filter: RolloutFilter) -> Listed<Rollout> {
        let org = self.org;
        self.inner.readers.long(move |db| rollouts::list(db, org, &filter)).await
    }

    async fn count_rollouts(&self, filter: RolloutFilter) -> Result<u64, StoreError> {
        let org = self.org;
        self.inner.readers.long(move |db| rollouts::count(db, org, &filter)).await
    }

    async fn list_approval_rules(&self) -> Listed<ApprovalRule> {
        self.inner.readers.short(|db| approval_rules::list(db, self.org)).await
    }

    async fn list_audit(&self, filter: AuditFilter) -> Listed<AuditEntry> {
        let org = self.org;
        self.inner.readers.long(move |db| audit::list(db, org, &filter)).await
    }

    async fn find_watch(&self, session: SessionId) -> Found<Watch> {
        self.inner.readers.short(|db| watches::find(db, self.org, session)).await
    }

    async fn list_watches(&self, sessions: Vec<SessionId>) -> Listed<Watch> {
        self.inner.readers.short(|db| watches::list(db, self.org, &sessions)).await
    }

    async fn sampled_sources(&self) -> Listed<SampledSource> {
        let org = self.org;
        self.inner.readers.long(move |db| deployments::list_sampled(db, org)).await
    }

    async fn list_samples(&self, source: SourceDigest, within: Range<Timestamp>) -> Listed<Sample> {
        let org = self.org;
        self.inner.readers.long(move |db| samples::list(db, org, source, within)).await
    }

    async fn find_webhook(&self, id: WebhookId) -> Found<Webhook> {
        self.inner.readers.short(|db| webhooks::find(db, self.org, id)).await
    }

    async fn list_webhooks(&self) -> Listed<Webhook> {
        self.inner.readers.short(|db| webhooks::list(db, self.org)).await
    }

    async fn find_delivery(&self, webhook: WebhookId, id: DeliveryId) -> Found<Delivery> {
        self.inner.readers.short(|db| deliveries::find(db, self.org, webhook, id)).await
    }

    async fn list_deliveries(&self, webhook: WebhookId, after: Option<DeliveryId>, limit: usize) -> Listed<Delivery> {
        let org = self.org;
        self.inner.readers.long(move |db| deliveries::list(db, org, webhook, after, limit)).await
    }

    async fn list_due_deliveries(&self, webhook: WebhookId, by: Timestamp, limit: usize) -> Listed<Delivery> {
        self.inner.readers.short(|db| deliveries::list_due(db, self.org, webhook, by, limit)).await
    }

    async fn find_run(&self, id: RunId) -> Found<Run> {
        self.inner.readers.short(|db| runs::find(db, self.org, id)).await
    }

    async fn find_queued_run(&self, session: SessionId) -> Found<Run> {
        self.inner.readers.short(|db| runs::find_queued(db, self.org, session)).await
    }

    async fn list_queued_runs(&self, session: SessionId) -> Listed<Run> {
        let org = self.org;
        self.inner.readers.long(move |db| runs::list_queued(db, org, session)).await
    }

    async fn list_runs(&self, session: SessionId) -> Listed<Run> {
        let org = self.org;
        self.inner.readers.long(move |db| runs::list(db, org, session)).await
    }

    async fn list_inbox(&self, run: RunId) -> Listed<InboxItem> {
        // Almost always few rows, asked for before every step.
        self.inner.readers.short(|db| inbox::list_of_run(db, self.org, run)).await
    }

    async fn list_session_inbox(&self, session: SessionId) -> Listed<InboxItem> {
        let org = self.org;
        self.inner.readers.long(move |db| inbox::list_of_session(db, org, session)).await
    }

    async fn find_event(&self, session: SessionId, id: EventId) -> Found<Event> {
        self.inner.readers.short(|db| events::find(db, self.org, session, id)).await
    }

    async fn list_events(&self, session: SessionId, filter: EventFilter) -> Listed<Event> {
        let (org, planted) = (self.org, self.inner.planted);
        let filter = EventFilter { after: filter.after.map(|after| planted.cursor(after)), ..filter };
        self.inner.readers.long(move |db| events::list(db, org, session, &filter)).await
    }

    async fn survey_log(&self, session: SessionId, seqs: RangeInclusive<u64>, parts: u64) -> Listed<Stretch> {
        let org = self.org;
        self.inner.readers.long(move |db| events::survey(db, org, session, &seqs, parts)).await
    }

    async fn last_position(&self) -> Result<u64, StoreError> {
        self.inner.readers.short(|db| positions::last_of(db, self.org)).await
    }

    async fn find_change(&self, position: u64) -> Found<Timestamp> {
        self.inner.readers.short(|db| positions::find(db, self.org, position)).await
    }

    async fn list_changes(&self, filter: ChangeFilter) -> Listed<SessionChange> {
        let org = self.org;
        let filter = ChangeFilter { after: self.inner.planted.cursor(filter.after), ..filter };
        self.inner.readers.long(move |db| positions::list(db, org, &filter)).await
    }
}

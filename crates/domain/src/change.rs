//! Change sets: what a decision changes, and what must still hold for it to be true.
//!
//! A store applies a change set whole or not at all. It refuses one whose guards no longer
//! hold, and the caller loads and decides again. It gives `seq`, `position` and numbers.

use jiff::Timestamp;

use crate::agent::Agent;
use crate::approval::ApprovalRule;
use crate::audit::AuditEntry;
use crate::budget::{AccountId, Budget, Payers, Reservation, Totals};
use crate::deployment::{Deployment, DeploymentRun};
use crate::event::NewEvent;
use crate::id::{
    AgentId, ApprovalRuleId, DeliveryId, DeploymentId, DocumentId, EventId, KeyId, MemberId, ProjectId, ProviderId,
    RolloutId, RunId, SessionId, ToolId, WebhookId,
};
use crate::idempotency::RequestRecord;
use crate::key::Key;
use crate::knowledge::Document;
use crate::monitor::{Samples, Watch};
use crate::org::{Member, Org, Project};
use crate::person::PersonChange;
use crate::provider::{ModelAlias, OwnProvider};
use crate::rollout::Rollout;
use crate::run::{Fence, Run};
use crate::secret::Secret;
use crate::session::{InboxItem, Session, SessionState};
use crate::tool::Tool;
use crate::webhook::{Delivery, Notice, Webhook, WhyDisabled};

/// What one decision changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeSet {
    /// What must hold when it is applied.
    pub guards: Vec<Guard>,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// These changes, unguarded.
    pub fn of(changes: impl IntoIterator<Item = Change>) -> Self {
        Self { guards: Vec::new(), changes: changes.into_iter().collect() }
    }

    /// With one more guard.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// With one more change, behind the others.
    #[must_use]
    pub fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Both, as one.
    #[must_use]
    pub fn and(mut self, other: ChangeSet) -> Self {
        self.guards.extend(other.guards);
        self.changes.extend(other.changes);
        self
    }

    /// Whether there is nothing to apply.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What must hold for a change set to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The agent exists, is not archived or deleted, and this is its newest version.
    AgentAt {
        /// The agent.
        agent: AgentId,
        /// Its version.
        version: u32,
    },
    /// The agent exists and is not deleted. A run goes on under it, so that none outlives
    /// its agent, whatever crashes when.
    AgentLives {
        /// The agent.
        agent: AgentId,
    },
    /// The project is at this version.
    ProjectAt {
        /// The project.
        project: ProjectId,
        /// Its version.
        version: u64,
    },
    /// The deployment is at this version.
    DeploymentAt {
        /// The deployment.
        deployment: DeploymentId,
        /// Its version.
        version: u64,
    },
    /// The organization's provider is at this version.
    ProviderAt {
        /// The provider.
        provider: ProviderId,
        /// Its version.
        version: u64,
    },
    /// The session's last event has this `seq`, no run has the session and none is queued
    /// in it.
    SessionFree {
        /// The session.
        session: SessionId,
        /// Its last `seq`.
        seq: u64,
    },
    /// The session's last event has this `seq`.
    SessionAt {
        /// The session.
        session: SessionId,
        /// Its last `seq`.
        seq: u64,
    },
    /// What the session is (its title, its metadata, its agent) has not changed since it was
    /// at this version.
    SessionDescribedAt {
        /// The session.
        session: SessionId,
        /// [`Session::version`].
        version: u64,
    },
    /// The rollout is at this version.
    RolloutAt {
        /// The rollout.
        rollout: RolloutId,
        /// Its version.
        version: u64,
    },
    /// The rule of approvals is at this version.
    ApprovalRuleAt {
        /// The rule.
        rule: ApprovalRuleId,
        /// Its version.
        version: u64,
    },
    /// The watch in this session is at this version.
    WatchAt {
        /// The session.
        session: SessionId,
        /// The watch's version.
        version: u64,
    },
    /// The webhook is at this version.
    WebhookAt {
        /// The webhook.
        webhook: WebhookId,
        /// Its version.
        version: u64,
    },
    /// The delivery waits, and was tried so often since it was queued.
    DeliveryAt {
        /// The webhook.
        webhook: WebhookId,
        /// The delivery.
        delivery: DeliveryId,
        /// [`Delivery::attempts`].
        attempts: u32,
    },
    /// The run is at this version.
    RunAt {
        /// The run.
        run: RunId,
        /// Its version.
        version: u64,
    },
    /// The run is running, and held under exactly this lease, which is still good.
    Held {
        /// The run.
        run: RunId,
        /// The worker's lease.
        fence: Fence,
    },
    /// No budget of these accounts, or of the organization, forbids one more model call.
    Affords(Payers),
    /// Nothing waits in the inbox for this run once the changes are applied: a run does not
    /// end or let go of its worker past input that is on the way. Checked last.
    NoInput {
        /// The run.
        run: RunId,
    },
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new organization. Its number is given by the store.
    InsertOrg(Org),
    /// A new person. Their number is given by the store.
    InsertMember(Member),
    /// A person as they are now. Refused if another who is here has their address, or if no
    /// owner is left who may act.
    PutMember(Member),
    /// Something about how people log in.
    Person(PersonChange),
    /// The organization as it is now.
    PutOrg(Org),
    /// A new project. Its number is given by the store. Refused if its repository is another
    /// project's.
    InsertProject(Project),
    /// A project as it is now. Refused if its repository is another project's.
    PutProject(Project),
    /// A new key.
    InsertKey(Key),
    /// A key stops working.
    RevokeKey {
        /// The key.
        key: KeyId,
        /// When.
        at: Timestamp,
    },
    /// A key was used.
    TouchKey {
        /// The key.
        key: KeyId,
        /// When.
        at: Timestamp,
    },
    /// A new agent at version 1.
    InsertAgent(Agent),
    /// The next version of an agent.
    PutAgentVersion(Agent),
    /// An agent takes no new session.
    ArchiveAgent {
        /// The agent.
        agent: AgentId,
        /// When.
        at: Timestamp,
    },
    /// An agent is gone from every API; its sessions stay. Its runs that wait for someone
    /// are queued again and ready, and the workers of the others are told, so that each run
    /// is looked at and ended soon; [`Guard::AgentLives`] sees to it that none goes on.
    DeleteAgent {
        /// The agent.
        agent: AgentId,
        /// When.
        at: Timestamp,
    },
    /// Whom an agent is open to from now on; `None` is everybody.
    OpenAgent {
        /// The agent.
        agent: AgentId,
        /// They alone.
        members: Option<Vec<MemberId>>,
    },
    /// A new tool of a project. Its number is given by the store.
    InsertTool(Tool),
    /// A tool is gone.
    DeleteTool(ToolId),
    /// A new deployment.
    InsertDeployment(Box<Deployment>),
    /// A deployment as it is now, but for when it is due and when it last ran.
    PutDeployment(Box<Deployment>),
    /// When a deployment is due from now on; `None` is not at all.
    SetDue {
        /// The deployment.
        deployment: DeploymentId,
        /// When.
        due: Option<Timestamp>,
    },
    /// A deployment began something, or tried to. Refused if it has for this scheduled time,
    /// or under this name within a day.
    InsertDeploymentRun {
        /// What it began.
        begun: DeploymentRun,
        /// What the message that began it is called.
        name: Option<String>,
        /// When it is due next, if this was for the time it was due.
        next_due: Option<Timestamp>,
    },
    /// What the organization's tokens for visitors are signed with. Refused if there is one.
    KeepEmbedSecret(Secret),
    /// A new provider of the organization. Refused if its name is taken.
    InsertProvider(OwnProvider),
    /// A provider as it is now. Refused if its name is taken.
    PutProvider(OwnProvider),
    /// A provider is gone.
    DeleteProvider(ProviderId),
    /// Another name for a model, new or with another meaning.
    PutAlias(ModelAlias),
    /// Another name for a model is gone.
    DeleteAlias(String),
    /// A new or replaced document with its text.
    PutDocument {
        /// The document.
        document: Document,
        /// Its text.
        text: String,
    },
    /// A document is gone.
    DeleteDocument(DocumentId),
    /// A new session. Refused if its project, agent and thread are taken.
    InsertSession(Session),
    /// What a session is, as it is now: title, metadata, agent. Its `version` grows by one.
    /// Refused if it is archived.
    PutSession(Session),
    /// A session takes no new run and no change. Refused while a run of it is not over, so
    /// this comes behind the end of one that waits.
    ArchiveSession {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// A session is gone with its log, its runs and all that waits in it. Refused while a
    /// run of it is held or due.
    DeleteSession {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// A rollout that was reported for the first time. Refused if it has a source and was not
    /// the first: a rollout of the project was first reported less than
    /// [`crate::rollout::SAME_FOR`] before from the same source, with no other commit or
    /// environment.
    InsertRollout(Rollout),
    /// A rollout as it is now. Its version is the one before, and grows by one.
    PutRollout(Rollout),
    /// The same after one more report of it, which webhooks are told of.
    ReportRollout(Rollout),
    /// A new rule of approvals.
    InsertApprovalRule(ApprovalRule),
    /// A rule of approvals as it is now, with the version it has from now on.
    PutApprovalRule(ApprovalRule),
    /// A rule of approvals is gone.
    DeleteApprovalRule(ApprovalRuleId),
    /// Something was done that the audit log tells of.
    Audit(AuditEntry),
    /// A rollout is watched from now on.
    InsertWatch(Watch),
    /// A watch as it is now, with the version it has from now on.
    PutWatch(Watch),
    /// What an organization's sampled sources gave at a moment. A source has one number at one
    /// second: the first. Some of what was kept for longer than
    /// [`crate::monitor::SAMPLES_KEPT_FOR`] goes, of whichever organization.
    KeepSamples(Samples),
    /// A new webhook. It is told of what is committed behind it.
    InsertWebhook(Box<Webhook>),
    /// A webhook as it is now. If that enables it, what waits for it is due at once with all
    /// attempts before it, and as many more may wait as [`crate::webhook::waiting_max`] says.
    PutWebhook(Box<Webhook>),
    /// A webhook is gone, with its deliveries.
    DeleteWebhook(WebhookId),
    /// A webhook's receiver took what was sent.
    WebhookTook(WebhookId),
    /// It did not. The first such time counts until one is taken.
    WebhookFailed {
        /// The webhook.
        webhook: WebhookId,
        /// When.
        at: Timestamp,
    },
    /// Nothing is sent to a webhook any more. One that is disabled stays as it is. Its version
    /// grows by one.
    DisableWebhook {
        /// The webhook.
        webhook: WebhookId,
        /// When.
        at: Timestamp,
        /// Why.
        why: WhyDisabled,
    },
    /// A webhook is told of this, whether it wants such things or not; refused if it is disabled
    /// or too many wait for it. What the other changes
    /// of the set have to tell is queued by the store itself ([`crate::webhook::notices`]).
    Notify {
        /// The webhook.
        webhook: WebhookId,
        /// Of what.
        notice: Box<Notice>,
    },
    /// A delivery as it is now. What is sent stays as it was.
    PutDelivery(Box<Delivery>),
    /// A new run, refused if its session is archived. If it is queued and nothing is before it in its session, it is ready to
    /// be claimed; otherwise it becomes so when the session is released.
    InsertRun(Run),
    /// A run as it is now. Its `version` grows by one. A queued run that has its session
    /// is ready to be claimed.
    PutRun(Run),
    /// New events at the end of a session's log, and the state they amount to; `None` if the
    /// events leave the state as it is but for `seq` and `updated_at`. The store gives `seq`
    /// to the events and to the state, whatever the state says.
    Append {
        /// The session.
        session: SessionId,
        /// The events, in order.
        events: Vec<NewEvent>,
        /// The state after them.
        state: Option<SessionState>,
    },
    /// If no run has the session, its oldest queued run, if any, is ready to be claimed.
    /// Comes after the `Append` whose state has no active run. Twice is as once.
    Release(SessionId),
    /// An address is to be told how a run ended. Kept, whatever crashes, until
    /// [`Change::CallbackMade`].
    AddCallback {
        /// The run.
        run: RunId,
        /// The address.
        url: String,
    },
    /// The address of a run was told, or given up. Twice is as once.
    CallbackMade(RunId),
    /// What came of a request that may be sent again.
    KeepRequest(Box<RequestRecord>),
    /// Input for a run that has not begun, or an interrupt for one that has.
    Enqueue(InboxItem),
    /// What a key or an organization may spend from now on; `None` is all it wants. What was
    /// spent counts on from where it was, and from nothing where there was no budget. The
    /// budgets of sessions and agents are set with them.
    SetBudget {
        /// Whose.
        account: AccountId,
        /// How much.
        budget: Option<Budget>,
    },
    /// So much was spent, on the accounts that have a budget. Costs nothing where none has.
    Spend {
        /// Who pays, with the organization.
        payers: Payers,
        /// How much.
        amount: Totals,
    },
    /// A call that is about to be made is counted on the accounts that have a budget. Refused
    /// if one of them forbids it.
    Reserve {
        /// Who pays, with the organization.
        payers: Payers,
        /// The call.
        call: Reservation,
    },
    /// Input was taken from the inbox. Refused if it is not there.
    TakeInput {
        /// The session.
        session: SessionId,
        /// The items.
        items: Vec<EventId>,
    },
}

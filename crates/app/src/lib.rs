//! The operations: one function for each thing a caller can ask for.
//!
//! An operation asks whether it is allowed, loads what it needs, lets `domain` decide and
//! commits the decision; a commit that came too late is decided again. Whatever two façades
//! must agree on is a rule here. This crate knows neither HTTP nor SQL: callers are
//! [`Ctx`]s, failures are [`Error`]s, and everything outside is one of the [`Ports`].
//!
//! A new operation is a method on [`App`] in the module of its noun; it takes the `Ctx`
//! first, begins with [`Ctx::require`], and treats what the caller may not see as absent.

mod agent_rules;
mod agents;
mod aliases;
mod approval_rules;
mod approvals;
mod asking;
mod audit;
mod budgets;
mod callbacks;
mod ctx;
mod deployments;
mod entry;
mod error;
mod events;
mod follow;
mod idempotency;
mod input_rules;
mod investigator;
mod keys;
mod knowledge;
mod known;
mod members;
mod model_inputs;
mod org_stream;
mod orgs;
mod own_providers;
mod people;
mod projects;
mod providers;
mod purposeful;
mod retention;
mod rollbacks;
mod rollouts;
mod runs;
mod sealing;
pub mod secret;
mod send;
mod sessions;
mod streams;
mod threads;
mod tools;
mod usage;
mod wait;
mod watch;
mod watched;
mod webhooks;

use std::future::Future;
use std::sync::Arc;

use domain::budget::{self, Reservation, Totals};
use domain::secret::SealingKey;
use domain::turn::Moment;
use domain::{ChangeSet, EventId, Guard, OrgId, Timestamp};
use ports::{Clock, CommitError, Committed, Feed, IdSource, Models, OrgStore, Refusal, Store, TextExtractor, Workers};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use aliases::AliasView;
pub use approvals::DecideRollout;
pub use asking::{Asked, Asking, AskingCall, AskingKind, AskingPlace, ListAsking, NotAPlace};
pub use ctx::{Ctx, Operator, ShownLogin};
pub use deployments::{
    Activity, Conversation, CreateDeployment, Delivered, Delivery, EmbedClaims, EmbedToken, MESSAGE_CHARS_MAX,
    OpenEmbed, OpenWebhook, Party, ProvenDelivery, Told, Visitor,
};
pub use domain::tool::HttpTool;
pub use error::{AuthFault, Error, FieldError, Missing, Refused, Repeated};
pub use follow::StoredEvent;
pub use idempotency::{Begun, NamedRequest, RequestPlace};
pub use keys::{CreateKey, KeyFilter, KeyFormat, MadeKey};
pub use knowledge::{AddDocument, AddOrgDocument, DocumentSource};
pub use members::{AddMember, MemberPatch};
pub use org_stream::{ChangedSession, FromPosition, OrgStream};
pub use orgs::is_name;
pub use orgs::{Bootstrap, CallerView, CreateOrg, FirstKey, OrgPatch};
pub use own_providers::{ProviderKey, UsableProvider};
pub use people::{
    BegunElsewhere, Browser, CameBack, CameIn, Joining, LinkView, LogIn, LogOut, LoggedIn, LoginView, NewLink,
    NotLetIn, TrustedIssuer, TurnedAway, UseLink, WaysIn, network_of,
};
pub use ports::feed::PreviewItem;
pub use ports::metrics::{Metrics, OpenStream};
pub use ports::store::{
    AgentFilter, AuditFilter, DeploymentFilter, DeploymentRunFilter, DueCallback, EventFilter, Order, PurposefulFilter,
    PurposefulSession, RolloutFilter, SessionFilter, SessionSummary,
};
pub use projects::ProjectPatch;
pub use providers::ProviderView;
pub use purposeful::Investigate;
pub use rollouts::{ReportRollout, ReportedRollout};
pub use runs::StartRun;
pub use secret::{KeySecrets, NewSecret, WebhookSecret};
pub use send::SentEvent;
pub use sessions::{AgentChoice, CreateSession, LastLine, SessionTelling, Speaker};
pub use streams::{From, SessionStream, StreamItem};
pub use usage::{USAGE_DAYS_MAX, UsageBy, UsageOf, UsageQuery, UsageReport, UsageRow, Used};
pub use wait::{Rest, TurnWatch};
pub use watch::{FinishedRun, RunWatch};
pub use watched::{Reporter, WatchedRollout};
pub use webhooks::{SignedWebhook, WebhookChange};

/// How often an operation decides again when its commit came too late.
const TRIES: usize = 8;

/// Checks whether an address may be called on a caller's behalf.
pub type UrlCheck = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// Everything outside that the operations need.
#[derive(Clone)]
pub struct Ports {
    /// State, log and queue.
    pub store: Arc<dyn Store>,
    /// Live events of this process.
    pub feed: Feed,
    /// The providers of models.
    pub models: Arc<dyn Models>,
    /// Text of uploaded files.
    pub extractor: Arc<dyn TextExtractor>,
    /// Free hands for a run that is accepted now.
    pub workers: Arc<dyn Workers>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
    /// Whether an address may be called.
    pub url_check: UrlCheck,
    /// What is counted.
    pub metrics: Metrics,
    /// The model of agents that are made by themselves.
    pub default_model: Arc<str>,
    /// How people log in.
    pub ways_in: Arc<WaysIn>,
}

/// The operations. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    ports: Ports,
    secrets: KeySecrets,
    sealing_key: SealingKey,
    known: known::Known,
    attempts: people::Attempts,
    passwords: people::Passwords,
    elsewhere: people::Elsewhere,
    uploads: knowledge::UploadTurns,
    usage: usage::UsageTurns,
    investigators: investigator::MakingTurn,
    monitors: investigator::MakingTurn,
    reports: rollouts::ReportTurns,
    tails: org_stream::Tails,
    requests: idempotency::UnderWay,
    member_changes: Arc<tokio::sync::Mutex<()>>,
    thread_turns: threads::ThreadTurns,
    /// Told when a deployment may be due sooner than was known.
    schedules: tokio::sync::Notify,
    /// Work that goes on when its caller has left.
    tasks: TaskTracker,
}

impl App {
    /// The operations over these ports. `secrets` holds the key that API keys are hashed
    /// with; `sealing_key` seals what must be read again.
    pub fn new(ports: Ports, secrets: KeySecrets, sealing_key: SealingKey) -> App {
        let known = known::Known::default();
        let (attempts, passwords, elsewhere) = Default::default();
        let uploads = knowledge::UploadTurns::default();
        let usage = usage::UsageTurns::default();
        let (investigators, monitors) = Default::default();
        let reports = rollouts::ReportTurns::default();
        let tails = org_stream::Tails::default();
        let requests = idempotency::UnderWay::default();
        let tasks = TaskTracker::new();
        let (member_changes, thread_turns) = (Arc::default(), threads::ThreadTurns::default());
        App(Arc::new(Inner {
            ports,
            secrets,
            sealing_key,
            known,
            attempts,
            passwords,
            elsewhere,
            uploads,
            usage,
            investigators,
            monitors,
            reports,
            tails,
            requests,
            member_changes,
            thread_turns,
            schedules: tokio::sync::Notify::new(),
            tasks,
        }))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    /// A fresh random id, for things that façades name themselves (requests, frames).
    pub fn fresh_uuid(&self) -> uuid::Uuid {
        self.0.ports.ids.uuid_v4()
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.ports.metrics
    }

    /// Whether the store answers and can write.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self) -> Result<(), Error> {
        Ok(self.0.ports.store.check().await?)
    }

    /// The model of agents that come with an organization, if nothing else is said.
    pub fn default_model(&self) -> &str {
        &self.0.ports.default_model
    }

    /// Checks an address that a caller wants called.
    ///
    /// # Errors
    /// Why it is refused, for the caller.
    pub fn check_url(&self, url: &str) -> Result<(), String> {
        (self.0.ports.url_check)(url)
    }

    /// Begins work of a façade that goes on when its caller has left, and that
    /// [`App::settle`] waits for. It must end by itself soon after the server begins to stop.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(work.in_current_span());
    }

    /// Waits for work whose caller has left. Called once, when no request is served any more.
    pub async fn settle(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn ports(&self) -> &Ports {
        &self.0.ports
    }

    fn sealing_key(&self) -> &SealingKey {
        &self.0.sealing_key
    }

    fn known(&self) -> &known::Known {
        &self.0.known
    }

    fn store(&self, org: OrgId) -> Arc<dyn OrgStore> {
        self.0.ports.store.of(org)
    }

    fn fresh<Id: std::convert::From<uuid::Uuid>>(&self) -> Id {
        Id::from(self.0.ports.ids.uuid_v7())
    }

    /// Lets `decide` decide at `now`, with fresh event ids.
    fn decide<T>(&self, now: Timestamp, decide: impl FnOnce(&mut Moment<'_>) -> T) -> T {
        let ids = &self.0.ports.ids;
        let mut fresh = || EventId(ids.uuid_v7());
        decide(&mut Moment { now, ids: &mut fresh })
    }

    /// Does `work` to its end even if the caller leaves meanwhile (a server drops the
    /// request of a client that hangs up). For what must not stop half way: a commit and
    /// what this process has to do because of it.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        match self.0.tasks.spawn(work.in_current_span()).await {
            Ok(done) => done,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Draining),
            },
        }
    }
}

/// Commits; `None` if the decision came too late and must be taken again. A budget that is
/// used up is an error.
async fn commit_in_time(store: &dyn OrgStore, changes: ChangeSet) -> Result<Option<Committed>, Error> {
    match store.commit(changes).await {
        Ok(committed) => Ok(Some(committed)),
        Err(CommitError::Refused(Refusal::Guard(Guard::Affords(payers)))) => {
            let accounts = store.list_accounts(payers).await?;
            let used_up = budget::forbids(&accounts, &Totals::default(), Reservation::ModelCall);
            used_up.map_or(Ok(None), |used_up| Err(Error::UsedUp(used_up)))
        }
        Err(CommitError::Refused(refusal)) => {
            tracing::debug!(%refusal, "decided too late, deciding again");
            Ok(None)
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

//! The agent loop: claims runs, calls models and tools, appends events.
//!
//! [`Engine::start`] takes a lease and starts five tasks: the *dispatcher* claims ready
//! runs, organizations in turn, as long as there are free slots; the *heartbeat* renews the
//! lease; the *listener* tells workers of input that came for their runs; the *monitor* looks
//! at rollouts that are due; the *sampler* keeps numbers of signals that have no past of their
//! own; one ends *approvals* that nobody gave in time; the *messenger* sends what is due to
//! webhooks. Each claimed run has one *worker*, which does what its [`domain::turn::Turn`] says
//! and commits what it decides. The rules of a run stand in `domain`; here is only their
//! carrying out.
//!
//! The engine knows no HTTP, no façade and no SQL. One more thing that an agent can do is
//! a variant of [`domain::turn::Doing`] and a hand in [`hands`].

mod approvals;
mod commits;
mod context;
mod dispatch;
mod generate;
mod hands;
mod inbox;
mod lease;
mod materials;
mod monitor;
mod options;
mod rescue;
mod signals;
mod slots;
mod trail;
mod transcripts;
mod webhooks;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use domain::agent::AgentSpec;
use domain::run::Fence;
use domain::turn::{Claim, Moment};
use domain::{EventId, OrgId};
use ports::store::{Store, StoreError};
use ports::{Clock, Feed, IdSource, Metrics, Models, SignalReader, Slot, Spans, ToolRunner, WebhookSender, Workers};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use options::EngineOptions;

/// What the engine needs from outside.
#[derive(Clone)]
pub struct EnginePorts {
    /// State, log, queue.
    pub store: Arc<dyn Store>,
    /// Where live text goes, and where hints come from.
    pub feed: Feed,
    /// The models.
    pub models: Arc<dyn Models>,
    /// Runs HTTP tools.
    pub tools: Arc<dyn ToolRunner>,
    /// Asks for the signals of rollouts.
    pub signals: Arc<dyn SignalReader>,
    /// Sends to webhooks.
    pub webhooks: Arc<dyn WebhookSender>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids and jitter.
    pub ids: Arc<dyn IdSource>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where runs are traced, if they are.
    pub spans: Option<Arc<dyn Spans>>,
}

/// The service; see the crate's documentation.
#[derive(Debug)]
pub struct Engine;

impl Engine {
    /// Takes a lease and begins to work. Runs that an earlier process left behind are
    /// resumed at once.
    ///
    /// # Errors
    /// If the store cannot give a lease.
    pub async fn start(ports: EnginePorts, options: EngineOptions) -> Result<Handle, StoreError> {
        let fence = ports.store.take_lease(ports.clock.now()).await?;
        let shared = Arc::new(Shared {
            slots: slots::Slots::new(options.runs_max),
            mailbox: inbox::Mailbox::default(),
            transcripts: transcripts::Transcripts::new(options.transcripts_cached),
            model_places: generate::ModelPlaces::default(),
            fence,
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
            workers: TaskTracker::new(),
            messengers: TaskTracker::new(),
            ports,
            options,
        });
        let tasks = vec![
            tokio::spawn(dispatch::run(Arc::clone(&shared))),
            tokio::spawn(lease::keep(Arc::clone(&shared))),
            tokio::spawn(inbox::listen(Arc::clone(&shared))),
            tokio::spawn(monitor::run(Arc::clone(&shared))),
            tokio::spawn(signals::sampler::run(Arc::clone(&shared))),
            tokio::spawn(approvals::run(Arc::clone(&shared))),
            shared.messengers.spawn(webhooks::run(Arc::clone(&shared))),
        ];
        Ok(Handle { shared, tasks: Arc::new(std::sync::Mutex::new(tasks)) })
    }
}

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    tasks: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>>,
}

impl Handle {
    /// Stops in order: nothing new is claimed; each run is handed back to the queue after
    /// the step it is in, and after `grace` in any case. Then the lease is given back.
    pub async fn drain(&self, grace: Duration) {
        self.shared.draining.cancel();
        self.shared.workers.close();
        self.shared.messengers.close();
        // What is under way to a webhook would be sent again by the next start.
        let over = async { tokio::join!(self.shared.workers.wait(), self.shared.messengers.wait()) };
        if tokio::time::timeout(grace, over).await.is_err() {
            self.shared.stopped.cancel();
            self.shared.workers.wait().await;
        }
        self.stop_tasks();
        if let Err(error) = self.shared.ports.store.end_lease(self.shared.fence).await {
            tracing::warn!(%error, "could not give the lease back; the next start voids it");
        }
    }

    /// Stops as a crash would: nothing more is written, nothing handed back.
    pub fn stop_now(&self) {
        self.shared.draining.cancel();
        self.stop_tasks();
        self.shared.workers.close();
        self.shared.slots.close();
    }

    /// Runs that are being worked on.
    pub fn running(&self) -> usize {
        self.shared.workers.len()
    }

    fn stop_tasks(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tasks.drain(..).for_each(|task| task.abort());
    }
}

impl Workers for Handle {
    fn try_slot(&self) -> Option<Box<dyn Slot>> {
        let permit = self.shared.slots.try_take().filter(|_| !self.shared.draining.is_cancelled())?;
        Some(Box::new(slots::FreeSlot { shared: Arc::clone(&self.shared), permit }))
    }
}

/// What dispatcher and workers share.
struct Shared {
    ports: EnginePorts,
    options: EngineOptions,
    fence: Fence,
    slots: slots::Slots,
    mailbox: inbox::Mailbox,
    transcripts: transcripts::Transcripts,
    model_places: generate::ModelPlaces,
    /// No new step begins.
    draining: CancellationToken,
    /// Work under way is dropped.
    stopped: CancellationToken,
    workers: TaskTracker,
    /// The task that sends to webhooks.
    messengers: TaskTracker,
}

impl Shared {
    fn org(&self, org: OrgId) -> Arc<dyn ports::OrgStore> {
        self.ports.store.of(org)
    }

    /// What a worker here takes a run with.
    async fn claim<'a>(&self, org: OrgId, spec: &'a AgentSpec) -> Result<Claim<'a>, StoreError> {
        let models = self.ports.models.of(org).await?.chain(&spec.model);
        Ok(Claim { fence: self.fence, spec, models })
    }

    /// Lets `decide` decide at this moment.
    fn at<T>(&self, decide: impl FnOnce(&mut Moment<'_>) -> T) -> T {
        let ids = &self.ports.ids;
        decide(&mut Moment { now: self.ports.clock.now(), ids: &mut || EventId(ids.uuid_v7()) })
    }
}

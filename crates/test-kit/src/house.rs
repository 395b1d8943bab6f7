//! The test house: a whole Sortie, its store in a folder of its own.

mod ways_in;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::{AddMember, App, CreateKey, CreateOrg, KeyFormat, Operator, WaysIn};
use axum::Router;
use domain::Timestamp;
use domain::key::Scope;
use domain::model::ModelRequest;
use domain::money::{Currency, Price, Prices};
use domain::org::Role;
use domain::secret::SealingKey;
use engine::EngineOptions;
use models::scripted::{Demo, Reply, Scripted};
use models::{Anthropic, OpenAi, ProviderKind, ProviderOptions, Registry};
use outbound::OutboundOptions;
use ports::time::SystemSources;
use ports::{Clock, IdSource, Model, Store};
use secrecy::SecretString;
use store_sqlite::{PlantedBug, StoreOptions};
use tempfile::TempDir;

use crate::caller::Caller;
use crate::listening::Listening;
use crate::power::Recording;
use crate::running::Running;
use crate::sources::CountingIds;

/// The key of the first organization's owner: given, so that it is the same after a restart.
const OWNER_KEY: &str = "owner-key-of-the-test-house-0000000000";

/// Where people would reach it.
const PUBLIC_URL: &str = "http://house.example/";

/// A whole Sortie. Ends, without a goodbye, when it is dropped.
pub struct TestHouse {
    plan: HouseBuilder,
    dir: TempDir,
    running: Running,
    listening: Option<Listening>,
    owner_key: String,
    orgs: u32,
}

/// What a house is to be.
#[derive(Clone)]
pub struct HouseBuilder {
    script: Arc<Scripted>,
    uses_demo: bool,
    prices: Prices,
    pub(crate) providers: Vec<(String, String, Arc<dyn Model>)>,
    aliases: Vec<(String, String)>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) engine: EngineOptions,
    pub(crate) outbound: OutboundOptions,
    pub(crate) web: web::WebOptions,
    pub(crate) planted: Option<PlantedBug>,
    pub(crate) stalls: bool,
    pub(crate) store: StoreOptions,
    pub(crate) default_model: String,
    pub(crate) ways_in: WaysIn,
}

impl TestHouse {
    /// A house with the machine's clock and, unless a script is given, the demo model.
    #[expect(clippy::new_ret_no_self, reason = "reads as a sentence: TestHouse::new().model(…).start()")]
    pub fn new() -> HouseBuilder {
        HouseBuilder {
            script: Arc::new(Scripted::new([])),
            uses_demo: true,
            prices: Prices::default(),
            providers: Vec::new(),
            aliases: Vec::new(),
            clock: Arc::new(SystemSources),
            ids: Arc::new(SystemSources),
            engine: EngineOptions::default(),
            // Stubs live on the loopback, which the guard refuses unless it is allowed.
            outbound: OutboundOptions { allow: vec!["127.0.0.1".to_owned()], ..OutboundOptions::default() },
            web: web::WebOptions { public_url: PUBLIC_URL.to_owned(), ..web::WebOptions::default() },
            planted: None,
            stalls: false,
            store: StoreOptions::default(),
            default_model: "scripted/demo".to_owned(),
            ways_in: WaysIn::default(),
        }
    }

    /// The first organization's owner, who may do everything in it.
    pub fn owner(&self) -> Caller {
        self.caller(Some(self.owner_key.clone()))
    }

    /// Somebody without a key.
    pub fn nobody(&self) -> Caller {
        self.caller(None)
    }

    /// The owner of one more organization, with every right in it.
    pub async fn other_org(&mut self) -> Caller {
        self.orgs += 1;
        let create = CreateOrg {
            name: format!("Other {}", self.orgs),
            time_zone: "Europe/Berlin".to_owned(),
            owner_name: "Olga Other".to_owned(),
            owner_email: "olga@other.example".to_owned(),
            model: None,
            investigator: None,
            key: None,
        };
        let operator = Operator::of_this_installation();
        let made = self.app().create_org(&operator, create).await.expect("one more organization");
        self.caller(Some(made.secret.reveal().to_owned()))
    }

    /// Somebody of the first organization whose key has these scopes only.
    pub async fn key(&self, scopes: impl IntoIterator<Item = Scope>) -> Caller {
        self.keyed(CreateKey {
            name: "test".to_owned(),
            scopes: scopes.into_iter().collect(),
            project: None,
            expires_at: None,
            budget: None,
            member: None,
            format: KeyFormat::Sortie,
        })
        .await
    }

    /// Somebody of the first organization with a key of the test's choosing.
    pub async fn keyed(&self, create: CreateKey) -> Caller {
        let owner = self.app().authenticate(&self.owner_key).await.expect("the owner's key");
        let (_, secret) = self.app().create_key(&owner, create).await.expect("a key");
        self.caller(Some(secret.reveal().to_owned()))
    }

    /// A person of the first organization, with a key that carries every scope.
    pub async fn person(&self, name: &str, role: Role) -> Caller {
        let owner = self.owner_ctx().await;
        let add = AddMember { name: name.to_owned(), email: format!("{name}@house.example"), role };
        let member = self.app().add_member(&owner, add).await.expect("a member");
        self.keyed(CreateKey {
            name: name.to_owned(),
            scopes: vec![Scope::Admin],
            project: None,
            expires_at: None,
            budget: None,
            member: Some(member.id),
            format: KeyFormat::Sortie,
        })
        .await
    }

    /// The operations, for what no façade offers.
    pub fn app(&self) -> &App {
        &self.running.app
    }

    /// The owner as the operations know them.
    pub async fn owner_ctx(&self) -> app::Ctx {
        self.app().authenticate(&self.owner_key).await.expect("the owner's key")
    }

    /// The file of the data directory that holds this text, if one does.
    pub fn file_with(&self, text: &str) -> Option<PathBuf> {
        file_with(self.dir.path(), text)
    }

    /// The store, for what no operation offers.
    pub fn store(&self) -> Arc<dyn Store> {
        self.running.store()
    }

    /// The store fails to change what is in this table from now on, and reads as before, until
    /// [`TestHouse::mend`].
    pub fn break_changes_of(&self, table: &str) {
        // An overflow is an error of no kind that the store knows.
        self.on_disk(&format!(
            "create trigger broken before update on {table} begin select abs(-9223372036854775807 - 1); end"
        ));
    }

    /// What was broken works again.
    pub fn mend(&self) {
        self.on_disk("drop trigger broken");
    }

    fn on_disk(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.dir.path().join("sortie.db")).expect("the database");
        db.busy_timeout(std::time::Duration::from_secs(30)).expect("a timeout");
        db.execute_batch(sql).expect("a change of the schema");
    }

    /// The engine.
    pub fn engine(&self) -> &engine::Handle {
        &self.running.engine
    }

    /// The scripted model, to add replies and to look at what it was asked.
    pub fn model(&self) -> &Scripted {
        &self.plan.script
    }

    /// What the scripted model was asked so far.
    pub fn model_requests(&self) -> Vec<ModelRequest> {
        self.plan.script.requests()
    }

    /// A second worker takes the lease and the runs over, as another process does from one
    /// that stalls. See [`HouseBuilder::whose_worker_stalls`].
    pub async fn take_over(&mut self) {
        self.running.take_over(&self.plan).await;
    }

    /// Live events of this life of the house.
    pub fn feed(&self) -> &ports::Feed {
        &self.running.feed
    }

    /// Tells streams and waiting calls that the server stops, as SIGTERM does.
    pub fn begin_drain(&self) {
        self.running.shared.drain.begin();
    }

    /// What time it is here.
    pub fn now(&self) -> Timestamp {
        self.plan.clock.now()
    }

    /// The routers as the server mounts them, for requests of any make.
    pub fn router(&self) -> Router {
        self.running.router.clone()
    }

    /// Listens on a real socket from now on; gives its address, `http://…` without a final
    /// slash. The same until a restart.
    pub async fn listen(&mut self) -> String {
        if self.listening.is_none() {
            self.listening = Some(Listening::start(self.router()).await);
        }
        self.listening.as_ref().map(Listening::url).unwrap_or_default()
    }

    /// Ends everything at once, as a crash would, and starts again on the same data.
    ///
    /// Callers and addresses from before are of no use afterwards.
    pub async fn restart(&mut self) {
        self.listening = None;
        self.running.crash().await;
        self.running = Running::start(&self.plan, self.dir.path()).await;
    }

    /// Starts again, as [`TestHouse::restart`] does, on a store that breaks a promise from now on.
    pub async fn restart_planted(&mut self, bug: PlantedBug) {
        self.plan.planted = Some(bug);
        self.restart().await;
    }

    /// Starts again, as [`TestHouse::restart`] does, after the operator has changed how people log
    /// in.
    pub async fn restart_with_ways_in(&mut self, change: impl FnOnce(&mut WaysIn)) {
        change(&mut self.plan.ways_in);
        self.restart().await;
    }

    /// Stops in order, handing runs back, and starts again on the same data.
    pub async fn restart_in_order(&mut self, grace: std::time::Duration) {
        self.listening = None;
        self.running.engine.drain(grace).await;
        self.running.crash().await;
        self.running = Running::start(&self.plan, self.dir.path()).await;
    }

    fn caller(&self, key: Option<String>) -> Caller {
        Caller::new(self.router(), key)
    }
}

impl Drop for TestHouse {
    fn drop(&mut self) {
        self.running.stop_engines();
        let complaints = self.plan.script.complaints();
        if !std::thread::panicking() {
            assert!(complaints.is_empty(), "the scripted model has complaints: {complaints:#?}");
        }
    }
}

impl HouseBuilder {
    /// The models named `scripted/…` play this script, one reply for each request.
    #[must_use]
    pub fn model(mut self, script: impl IntoIterator<Item = Reply>) -> Self {
        self.script = Arc::new(Scripted::new(script));
        self.uses_demo = false;
        self
    }

    /// The models named `scripted/…` answer each request by this rule.
    #[must_use]
    pub fn answering(mut self, rule: impl FnMut(&ModelRequest) -> Reply + Send + 'static) -> Self {
        self.script = Arc::new(Scripted::answering(rule));
        self.uses_demo = false;
        self
    }

    /// The models named `scripted/…` are this one.
    #[must_use]
    pub fn scripted(mut self, script: Scripted) -> Self {
        self.script = Arc::new(script);
        self.uses_demo = false;
        self
    }

    /// A million tokens, read or written, of `scripted/demo` cost so many US dollars. Without
    /// this no price is known of it.
    #[must_use]
    pub fn priced(mut self, dollars: u64) -> Self {
        let millionths = dollars * 1_000_000;
        let price = Price { input: millionths, output: millionths, ..Price::nothing(Currency::USD) };
        self.prices = Prices { by_model: [("demo".to_owned(), price)].into(), others: None };
        self
    }

    /// One more provider of models.
    #[must_use]
    pub fn provider(mut self, name: &str, kind: &str, model: Arc<dyn Model>) -> Self {
        self.providers.push((name.to_owned(), kind.to_owned(), model));
        self
    }

    /// One more provider, at an OpenAI-compatible endpoint of this machine.
    #[must_use]
    pub fn openai(self, name: &str, base_url: &str) -> Self {
        self.endpoint(ProviderKind::Openai, name, base_url, |_| {})
    }

    /// One more provider, at an endpoint of this machine that speaks as this kind does.
    ///
    /// # Panics
    /// If the kind is none that is reached over HTTP.
    #[must_use]
    pub fn endpoint(
        self,
        kind: ProviderKind,
        name: &str,
        base_url: &str,
        change: impl FnOnce(&mut ProviderOptions),
    ) -> Self {
        let mut options = ProviderOptions {
            kind,
            base_url: Some(base_url.parse().expect("a base_url")),
            allow_private: true,
            ..ProviderOptions::default()
        };
        change(&mut options);
        let model: Arc<dyn Model> = match kind {
            ProviderKind::Openai => Arc::new(OpenAi::new(name, &options, &self.outbound).unwrap()),
            ProviderKind::Anthropic => Arc::new(Anthropic::new(name, &options, &self.outbound).unwrap()),
            ProviderKind::Local | ProviderKind::Scripted => panic!("{kind:?} is not reached over HTTP"),
        };
        self.provider(name, kind.as_str(), model)
    }

    /// Another name for a model, of the operator's.
    #[must_use]
    pub fn alias(mut self, name: &str, model: &str) -> Self {
        self.aliases.push((name.to_owned(), model.to_owned()));
        self
    }

    /// This clock instead of the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// These ids instead of random ones.
    #[must_use]
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Ids that count from 1.
    #[must_use]
    pub fn counting_ids(mut self) -> Self {
        self.ids = Arc::new(CountingIds::default());
        self
    }

    /// Agents that are made by themselves are on this model.
    #[must_use]
    pub fn default_model(mut self, name: &str) -> Self {
        name.clone_into(&mut self.default_model);
        self
    }

    /// Other options of the engine.
    #[must_use]
    pub fn engine(mut self, change: impl FnOnce(&mut EngineOptions)) -> Self {
        change(&mut self.engine);
        self
    }

    /// With a store that breaks a promise, to see whether a battery notices.
    #[must_use]
    pub fn planted(mut self, bug: PlantedBug) -> Self {
        self.planted = Some(bug);
        self
    }

    /// Every write and flush of its store is recorded. The write-ahead log is moved into the
    /// database often, so that a power cut falls into that too.
    #[must_use]
    pub fn recorded(mut self, recording: &Recording) -> Self {
        let vfs = Some(recording.vfs().to_owned());
        self.store = StoreOptions { vfs, checkpoint_pages: 40, ..StoreOptions::default() };
        self
    }

    /// The worker never hears that its lease is lost: its heartbeat hangs.
    #[must_use]
    pub fn whose_worker_stalls(mut self) -> Self {
        self.stalls = true;
        self
    }

    /// Other options of the API: limits, sizes.
    #[must_use]
    pub fn web(mut self, change: impl FnOnce(&mut web::WebOptions)) -> Self {
        change(&mut self.web);
        self
    }

    /// Other options of calls to the outside.
    #[must_use]
    pub fn outbound(mut self, change: impl FnOnce(&mut OutboundOptions)) -> Self {
        change(&mut self.outbound);
        self
    }

    /// Builds it, with one organization, its owner, a project and no agent.
    pub async fn start(self) -> TestHouse {
        let dir = tempfile::tempdir().expect("a folder for the data");
        let running = Running::start(&self, dir.path()).await;
        let first = CreateOrg {
            name: "Test House".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            owner_name: "Otto Owner".to_owned(),
            owner_email: "otto@house.example".to_owned(),
            model: None,
            investigator: None,
            key: Some(SecretString::from(OWNER_KEY)),
        };
        let operator = Operator::of_this_installation();
        running.app.create_org(&operator, first).await.expect("the first organization");
        TestHouse { plan: self, dir, running, listening: None, owner_key: OWNER_KEY.to_owned(), orgs: 1 }
    }

    pub(crate) fn registry(&self, store: Arc<dyn Store>, key: SealingKey) -> Registry {
        let scripted: Arc<dyn Model> = if self.uses_demo { Arc::new(Demo) } else { self.script.clone() };
        let builder = Registry::builder().add("scripted", "scripted", scripted).priced("scripted", self.prices.clone());
        let providers = self.providers.iter().cloned();
        let builder = providers.fold(builder, |builder, (name, kind, model)| builder.add(name, kind, model));
        let aliases = self.aliases.iter();
        let builder = aliases.fold(builder, |builder, (name, model)| builder.add_alias(name, model));
        builder.build_with_own(store, key, self.outbound.clone())
    }
}

/// The file below a directory that holds this text, if one does: what a secret must not be in.
pub fn file_with(directory: &Path, text: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("readable").path());
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return file_with(&path, text);
        }
        // Sockets cannot be read, and hold nothing.
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes()).then_some(path)
    })
}

//! One life of a test house: from opening the data to losing it.

use std::path::Path;
use std::sync::Arc;

use app::{App, KeySecrets, Operator};
use axum::Router;
use domain::secret::SealingKey;
use engine::{Engine, EnginePorts};
use outbound::Outbound;
use ports::{Feed, Metrics, Models, Store, ToolRunner, Workers};
use store_sqlite::{Planted, SqliteStore, StoreOptions};
use tools::extract::ChildCommand;
use tools::{ExtractOptions, Extractor, HttpTools, Webhooks};

use crate::callbacks::GuardedCallbacks;
use crate::house::HouseBuilder;
use crate::stalled::Stalled;

/// The hashing key of every test house, so that keys work after a restart.
const HASHING_KEY: [u8; 32] = [7; 32];

/// What its secrets are sealed with, likewise.
const SEALING_KEY: [u8; 32] = [8; 32];

pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) engine: engine::Handle,
    pub(crate) feed: Feed,
    pub(crate) shared: web::Shared,
    pub(crate) router: Router,
    store: Arc<SqliteStore>,
    engine_ports: EnginePorts,
    #[expect(dead_code, reason = "it goes on as long as it lives")]
    schedules: AbortOnDrop,
    /// The worker that has taken over from `engine`.
    successor: Option<engine::Handle>,
}

/// A task that ends when its owner does.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Running {
    /// Opens the data and begins to work, as the server does.
    pub(crate) async fn start(plan: &HouseBuilder, data: &Path) -> Self {
        let feed = Feed::default();
        let planted = plan.planted.map(Planted::with).unwrap_or_default();
        let options = StoreOptions { planted, ..plan.store.clone() };
        let store = SqliteStore::open(data, &options, feed.clone()).expect("the store opens");
        let providers = plan.providers.iter().map(|(name, ..)| name.clone()).chain(["scripted".to_owned()]);
        let metrics = Metrics::new(providers, store.metrics(), feed.laggards());
        let outbound = Outbound::new(&plan.outbound).expect("options of the outbound client");
        let sealing_key = SealingKey::new(SEALING_KEY);
        let kept = Arc::clone(&store) as Arc<dyn Store>;
        let models: Arc<dyn Models> = Arc::new(plan.registry(kept, sealing_key.clone()));
        let engine_ports = EnginePorts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            feed: feed.clone(),
            models: Arc::clone(&models),
            tools: Arc::new(HttpTools::new(outbound.clone(), sealing_key.clone())) as Arc<dyn ToolRunner>,
            signals: Arc::new(tools::Signals::new(outbound.clone())),
            webhooks: Arc::new(Webhooks::new(&plan.outbound, sealing_key.clone()).expect("options of webhooks")),
            clock: Arc::clone(&plan.clock),
            ids: Arc::clone(&plan.ids),
            metrics: metrics.clone(),
            spans: None,
        };
        let mut ports_of_the_first = engine_ports.clone();
        if plan.stalls {
            ports_of_the_first.store = Arc::new(Stalled(engine_ports.store.clone()));
        }
        let engine = Engine::start(ports_of_the_first, plan.engine.clone()).await.expect("the engine starts");
        let checked = outbound.clone();
        let ports = app::Ports {
            store: Arc::clone(&store) as Arc<dyn Store>,
            feed: feed.clone(),
            models,
            extractor: Arc::new(Extractor::with_command(ExtractOptions::default(), extract_command())),
            workers: Arc::new(engine.clone()) as Arc<dyn Workers>,
            clock: Arc::clone(&plan.clock),
            ids: Arc::clone(&plan.ids),
            url_check: Arc::new(move |url| checked.check_url(url).map(|_| ()).map_err(|error| error.to_string())),
            metrics,
            default_model: plan.default_model.as_str().into(),
            ways_in: Arc::new(plan.ways_in.clone()),
        };
        let callbacks: Arc<dyn api_make::Callbacks> = Arc::new(GuardedCallbacks(outbound));
        let app = App::new(ports, KeySecrets::new(HASHING_KEY), sealing_key);
        let shared = web::Shared::new(&app, &plan.web);
        let facades = api_native::router(app.clone(), shared.clone())
            .merge(api_make::router(app.clone(), shared.clone(), Arc::clone(&callbacks)))
            .merge(api_cassidy::router(app.clone(), shared.clone()))
            .merge(api_cased::router(app.clone(), shared.clone(), &plan.web.public_url))
            .merge(api_embed::router(app.clone(), shared.clone()));
        api_make::resume_callbacks(app.clone(), shared.clone(), callbacks, Operator::of_this_installation()).await;
        let router = web::finish(facades, &shared);
        let clocked = app.clone();
        let schedules = tokio::spawn(async move {
            clocked.run_schedules(&Operator::of_this_installation(), std::future::pending()).await;
        });
        Self {
            app,
            engine,
            feed,
            shared,
            router,
            store,
            engine_ports,
            successor: None,
            schedules: AbortOnDrop(schedules),
        }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    /// See [`crate::TestHouse::take_over`].
    pub(crate) async fn take_over(&mut self, plan: &HouseBuilder) {
        let successor = Engine::start(self.engine_ports.clone(), plan.engine.clone()).await;
        self.successor = Some(successor.expect("a second engine starts"));
    }

    /// Stops all work as a crash would.
    pub(crate) fn stop_engines(&self) {
        self.engine.stop_now();
        self.successor.iter().for_each(engine::Handle::stop_now);
    }

    /// Loses everything at once. What was acknowledged is on disk, and nothing else is asked for.
    pub(crate) async fn crash(&self) {
        self.stop_engines();
        self.store.close().await;
    }
}

/// PDF and DOCX are read in a child process. For a test that is its own binary, which needs
/// the following in the root of its `main.rs`:
///
/// ```ignore
/// #[test]
/// #[ignore = "not a test: the child process in which other tests read documents"]
/// fn extract_text_child() {
///     test_kit::extract_text_child();
/// }
/// ```
fn extract_command() -> ChildCommand {
    let binary = std::env::current_exe().expect("the path of the test binary");
    ChildCommand::new(binary, ["extract_text_child", "--exact", "--ignored", "--nocapture"])
}

/// Reads one document, as the child process of a test house.
pub fn extract_text_child() {
    tools::extract::child_main();
}

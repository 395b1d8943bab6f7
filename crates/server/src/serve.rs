//! The life of a server: start, serve, drain, stop.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use config::Config;
use engine::{Engine, EnginePorts};
use ports::Store;
use store_sqlite::SqliteStore;
use telemetry::Traces;

use crate::admin::Desk;
use crate::admin::socket::{self, Socket};
use crate::descriptors;
use crate::facades::Facades;
use crate::fault::StartError;
use crate::first_start::{self, Started};
use crate::house::{House, operator};
use crate::listener::{Listener, Stop};
use crate::proxies::TrustedProxies;
use crate::tls;

/// How long work under way may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(25);
/// How much longer the last answers may take to leave.
const FAREWELL: Duration = Duration::from_secs(3);

/// A server that listens and answers once it is [run](Server::run).
pub struct Server {
    started: Started,
    listener: Listener,
    socket: Socket,
    app: App,
    engine: engine::Handle,
    store: Arc<SqliteStore>,
    traces: Option<Arc<Traces>>,
    facades: Facades,
}

impl Server {
    /// Takes the port and the data directory, and starts the engine. On an empty directory
    /// it makes the first organization.
    ///
    /// # Errors
    /// See [`StartError`]; nothing that was there is damaged.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let server = &config.server;
        let acceptor = match (&server.tls_cert, &server.tls_key) {
            (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
            _ => None,
        };
        // The port first: a second server on the same port touches no data.
        let listener = Listener::bind(server.listen).await?;
        let listens = listener.address().map_err(|error| StartError::Unlistenable { address: server.listen, error })?;
        let house = House::open(config).await?;
        let traces = Traces::start(&config.telemetry).map_err(|error| StartError::Options(error.to_string()))?;
        let engine = Engine::start(house.engine_ports(traces.clone()), config.engine.clone())
            .await
            .map_err(|error| StartError::Other(error.to_string()))?;
        let app = house.app(Arc::new(engine.clone()));
        let first_key = first_start::bootstrap(&app, config).await?;
        let started = first_start::describe(&app, config, listens, first_key).await?;
        let facades = Facades::new(&app, &house, config, &started.url, GRACE).await;
        let connections_max = descriptors::room_for_connections(server.connections_max);
        let proxies = TrustedProxies::new(server.trusted_proxies.clone());
        Ok(Self {
            started,
            listener: listener.with_tls(acceptor).with_bounds(proxies, connections_max),
            socket: Socket::bind(&server.data_dir)?,
            app,
            engine,
            store: house.store,
            traces,
            facades,
        })
    }

    /// What whoever started it is to be told.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// Serves until `stop` ends, then drains: streams are told, runs go back to the queue
    /// after the step they are in, and what is acknowledged is on disk.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let ends = Stop::default();
        let desk = Desk::new(self.app.clone(), Arc::clone(&self.store), &self.started.url);
        let (clocked, stops) = (self.app.clone(), ends.gently.clone());
        let schedules = tokio::spawn(async move { clocked.run_schedules(&operator(), stops.cancelled_owned()).await });
        let serving = tokio::spawn(self.listener.serve(self.facades.router, ends.clone()));
        let administering = tokio::spawn(self.socket.serve(socket::router(desk), ends.clone()));
        stop.await;
        tracing::info!(runs = self.engine.running(), "stopping: streams are told, runs go back to the queue");
        self.facades.shared.drain.begin();
        ends.gently.cancel();
        let cut = tokio::spawn(async move {
            tokio::time::sleep(GRACE + FAREWELL).await;
            ends.now.cancel();
        });
        self.engine.drain(GRACE).await;
        for task in [serving, administering, schedules] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a listener ended in a panic");
            }
        }
        cut.abort();
        self.app.settle().await;
        self.store.close().await;
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
        tracing::info!("stopped");
    }
}

impl House {
    fn engine_ports(&self, traces: Option<Arc<Traces>>) -> EnginePorts {
        EnginePorts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            feed: self.feed.clone(),
            models: Arc::clone(&self.models) as Arc<dyn ports::Models>,
            tools: Arc::new(self.tools.clone()),
            signals: Arc::new(tools::Signals::new(self.outbound.clone())),
            webhooks: Arc::new(self.webhooks.clone()),
            clock: Arc::clone(&self.sources) as Arc<dyn ports::Clock>,
            ids: Arc::clone(&self.sources) as Arc<dyn ports::IdSource>,
            metrics: self.metrics.clone(),
            spans: traces.map(|traces| traces as Arc<dyn ports::Spans>),
        }
    }
}

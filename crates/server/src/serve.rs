//! The life of a server: start, serve, drain, stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use config::Config;
use demo::{Demo, Life};
use domain::retention::Retention;
use engine::{Engine, EnginePorts};
use ports::time::SystemSources;
use ports::{Clock, Store};
use store_sqlite::SqliteStore;
use telemetry::Traces;

use crate::admin::Desk;
use crate::admin::socket::{self, Socket};
use crate::demonstration::{self, DemoDirectory};
use crate::descriptors;
use crate::facades::Facades;
use crate::fault::StartError;
use crate::first_start::{self, Started};
use crate::house::{House, operator};
use crate::listener::{Listener, Stop};
use crate::proxies::TrustedProxies;
use crate::tls;

/// The grace of everything but a demo.
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
    life: Option<Life>,
    /// The directory of a demo, which goes away with it.
    demo_directory: Option<DemoDirectory>,
    retention: Retention,
    /// How long work under way may go on after the signal to stop.
    grace: Duration,
}

impl Server {
    /// Takes the port and the data directory, and starts the engine. On an empty directory
    /// it makes the first organization.
    ///
    /// # Errors
    /// See [`StartError`]; nothing that was there is damaged.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        // The port first: a second server on the same port touches no data.
        let listens = Listens::at(config).await?;
        demonstration::refuse_made_up(&config.server.data_dir)?;
        let house = House::open(config).await?;
        Self::on(config, listens, house, None).await
    }

    /// Starts a demo: an organization that is made up, in a directory of its own, which is gone
    /// at the end, or in this one, which must be empty and stays.
    ///
    /// # Errors
    /// As [`Server::start`], or the directory is not empty.
    pub async fn start_demo(config: &Config, directory: Option<&Path>) -> Result<Self, StartError> {
        let listens = Listens::at(config).await?;
        let directory = DemoDirectory::make(directory)?;
        let config = directory.configuration(config);
        let demo = Demo::ending_at(SystemSources.now());
        let house = House::open_for(&demo, &config).await?;
        let server = Self::on(&config, listens, house, Some(demo)).await?;
        Ok(Self { demo_directory: Some(directory), ..server })
    }

    async fn on(config: &Config, listens: Listens, house: House, demo: Option<Demo>) -> Result<Self, StartError> {
        let (server, Listens { listener, address }) = (&config.server, listens);
        // What is made up is told to no collector, whoever named one. Nor is there anything in it
        // that somebody would wait for at the end.
        let (traces, grace) = match demo {
            Some(_) => (None, Duration::ZERO),
            None => (Traces::start(&config.telemetry).map_err(|error| StartError::Options(error.to_string()))?, GRACE),
        };
        let engine = Engine::start(house.engine_ports(traces.clone()), config.engine.clone())
            .await
            .map_err(|error| StartError::Other(error.to_string()))?;
        let app = house.app(Arc::new(engine.clone()));
        let first_key = first_start::bootstrap(&app, config).await?;
        let life = match demo {
            Some(demo) => Some(demonstration::furnish(&demo, &house, &app, first_key.as_ref()).await?),
            None => None,
        };
        let started = first_start::describe(&app, config, address, first_key).await?;
        let started = Started { demo: life.as_ref().map(|life| life.entry().clone()), ..started };
        let facades = Facades::new(&app, &house, config, &started.url, grace).await;
        let connections_max = descriptors::room_for_connections(server.connections_max);
        let proxies = TrustedProxies::new(server.trusted_proxies.clone());
        Ok(Self {
            started,
            listener: listener.with_bounds(proxies, connections_max),
            socket: Socket::bind(&server.data_dir)?,
            app,
            engine,
            store: house.store,
            traces,
            facades,
            life,
            demo_directory: None,
            retention: config.retention.rules(),
            grace,
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
        let (life, stops) = (self.life, ends.gently.clone());
        let living = tokio::spawn(async move {
            if let Some(life) = life {
                Box::pin(life.go_on(stops.cancelled_owned())).await;
            }
        });
        let (keeper, rules, stops) = (self.app.clone(), self.retention, ends.gently.clone());
        let letting_go =
            tokio::spawn(async move { keeper.run_retention(&operator(), rules, stops.cancelled_owned()).await });
        let serving = tokio::spawn(self.listener.serve(self.facades.router, ends.clone()));
        let administering = tokio::spawn(self.socket.serve(socket::router(desk), ends.clone()));
        stop.await;
        tracing::info!(runs = self.engine.running(), "stopping: streams are told, runs go back to the queue");
        self.facades.shared.drain.begin();
        ends.gently.cancel();
        let grace = self.grace;
        let cut = tokio::spawn(async move {
            tokio::time::sleep(grace + FAREWELL).await;
            ends.now.cancel();
        });
        self.engine.drain(grace).await;
        for task in [serving, administering, schedules, living, letting_go] {
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
        if let Some(directory) = self.demo_directory {
            directory.leave();
        }
        tracing::info!("stopped");
    }
}

/// The port, taken.
struct Listens {
    listener: Listener,
    address: SocketAddr,
}

impl Listens {
    async fn at(config: &Config) -> Result<Self, StartError> {
        let server = &config.server;
        let acceptor = match (&server.tls_cert, &server.tls_key) {
            (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
            _ => None,
        };
        let listener = Listener::bind(server.listen).await?;
        let address = listener.address().map_err(|error| StartError::Unlistenable { address: server.listen, error })?;
        Ok(Self { listener: listener.with_tls(acceptor), address })
    }
}

impl House {
    fn engine_ports(&self, traces: Option<Arc<Traces>>) -> EnginePorts {
        EnginePorts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            feed: self.feed.clone(),
            models: Arc::clone(&self.models) as Arc<dyn ports::Models>,
            tools: Arc::clone(&self.tools),
            signals: Arc::clone(&self.signals),
            webhooks: Arc::clone(&self.webhooks),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            metrics: self.metrics.clone(),
            spans: traces.map(|traces| traces as Arc<dyn ports::Spans>),
        }
    }
}

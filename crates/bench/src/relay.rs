//! The yardstick: the least that a durable relay in front of a model can be.
//!
//! An axum handler writes a row, calls the model, writes the rest of the rows and answers. The
//! rows go through one writer that groups what waits into one SQLite transaction, flushed before
//! anybody is answered. There are no agents, no log, no checks: what Sortie needs beyond this is
//! what its features cost. A stream is passed on as the bytes that come, and nothing is written.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rusqlite::Connection;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// How many rows may share one flush.
const GROUP_MAX: usize = 512;

pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    /// Where the model answers, as a `base_url`.
    pub(crate) model: String,
    /// The file with who vouches for the model.
    pub(crate) authority: Option<PathBuf>,
    pub(crate) database: PathBuf,
    /// How many writes a run makes: one before the call, the others after it.
    pub(crate) writes: usize,
}

struct Relay {
    model: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    writer: mpsc::Sender<Write>,
    writes: usize,
}

struct Write {
    row: String,
    flushed: oneshot::Sender<()>,
}

/// Serves until the process is ended.
pub(crate) async fn serve(options: Options) -> Result<()> {
    let (writer, writes) = mpsc::channel(4096);
    let database = open(&options.database)?;
    thread::spawn(move || write_in_groups(database, writes));
    let relay = Arc::new(Relay {
        model: Client::builder(TokioExecutor::new()).build(connector(options.authority.as_deref())?),
        url: format!("{}/chat/completions", options.model),
        writer,
        writes: options.writes,
    });
    let router = Router::new()
        .route("/readyz", get(|| async { "ready" }))
        .route("/run", post(run))
        .route("/stream", post(stream));
    let router = router.with_state(relay);
    let listener = tokio::net::TcpListener::bind(options.listen).await.context("starting the relay")?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |connection| {
        // Without this the kernel would wait for more to send, and that would be measured.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await.context("serving the relay")
}

async fn run(State(relay): State<Arc<Relay>>, Json(request): Json<Value>) -> Result<Json<Value>, StatusCode> {
    relay.write(request.to_string()).await?;
    let answer = relay.ask(&request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    for _ in 1..relay.writes {
        relay.write(answer.clone()).await?;
    }
    Ok(Json(json!({ "response": answer })))
}

async fn stream(State(relay): State<Arc<Relay>>, Json(request): Json<Value>) -> Result<Response, StatusCode> {
    let answer = relay.call(&request).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::new(answer.into_body())).into_response())
}

impl Relay {
    async fn write(&self, row: String) -> Result<(), StatusCode> {
        let (flushed, wait) = oneshot::channel();
        self.writer.send(Write { row, flushed }).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        wait.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    async fn call(&self, request: &Value) -> Result<hyper::Response<Incoming>> {
        let body = json!({ "model": "instant", "stream": true, "messages": request["messages"] }).to_string();
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        Ok(self.model.request(request).await?)
    }

    async fn ask(&self, request: &Value) -> Result<String> {
        let reply = self.call(request).await?.into_body().collect().await?.to_bytes();
        let mut answer = String::new();
        for line in std::str::from_utf8(&reply)?.lines() {
            let data = line.strip_prefix("data: ").filter(|data| *data != "[DONE]");
            let Some(chunk) = data.map(serde_json::from_str::<Value>).transpose()? else { continue };
            answer.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
        Ok(answer)
    }
}

/// How the model is reached, over whatever it speaks.
fn connector(authority: Option<&Path>) -> Result<HttpsConnector<HttpConnector>> {
    let mut trusted = RootCertStore::empty();
    for certificate in authority.map(CertificateDer::pem_file_iter).transpose()?.into_iter().flatten() {
        trusted.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(trusted).with_no_client_auth();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_all_versions();
    Ok(builder.wrap_connector(connector))
}

fn open(path: &PathBuf) -> Result<Connection> {
    let database = Connection::open(path).with_context(|| format!("opening {}", path.display()))?;
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", "full")?;
    database.execute_batch("create table rows (id integer primary key, row text not null)")?;
    Ok(database)
}

/// Ends when the last sender is gone, or with the first failed write: then nobody is answered.
fn write_in_groups(mut database: Connection, mut writes: mpsc::Receiver<Write>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while writes.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        if let Err(error) = write(&mut database, &group) {
            eprintln!("relay: {error}");
            return;
        }
        for done in group.drain(..) {
            // The client may have gone; its row is written all the same.
            let _ = done.flushed.send(());
        }
    }
}

fn write(database: &mut Connection, group: &[Write]) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut insert = transaction.prepare_cached("insert into rows (row) values (?1)")?;
        for write in group {
            insert.execute([&write.row])?;
        }
    }
    transaction.commit()
}

//! The `sortie serve` whose investigator is judged.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::script;

const KEY: &str = "eval-key-0123456789-0123456789-0123456789";
const READY_WITHIN: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// The running server, on an empty data folder. Ended when dropped.
pub(crate) struct Server {
    url: String,
    client: reqwest::Client,
    child: Child,
    data: TempDir,
}

impl Server {
    pub(crate) async fn start(program: &Path, model: &str, scripted: &SocketAddr) -> Result<Self> {
        // Refused if there is one, which is as good: nothing here speaks TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = fs::File::create(data.path().join("log"))?;
        let mut command = Command::new(program);
        let model = if model == script::MODEL { "script/case" } else { model };
        command
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(data.path().join("sortie"))
            .env("SORTIE_BOOTSTRAP_KEY", KEY)
            .env("SORTIE_BOOTSTRAP__MODEL", model)
            .env("SORTIE_PROVIDERS__SCRIPT__KIND", "openai")
            .env("SORTIE_PROVIDERS__SCRIPT__BASE_URL", format!("http://{scripted}/v1"))
            .env("SORTIE_PROVIDERS__SCRIPT__API_KEY", "none")
            .env("SORTIE_PROVIDERS__SCRIPT__ALLOW_PRIVATE", "true")
            .env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let url = format!("http://{address}");
        let mut server = Self { url, client: reqwest::Client::new(), child, data };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let asking = async {
            loop {
                if let Some(status) = self.child.try_wait()? {
                    bail!("the server ended with {status}");
                }
                match self.client.get(format!("{}/readyz", self.url)).send().await {
                    Ok(response) if response.status().is_success() => return Ok(()),
                    _ => tokio::time::sleep(ASK_EVERY).await,
                }
            }
        };
        let asked = tokio::time::timeout(READY_WITHIN, asking).await.context("the server was not ready in time");
        asked.and_then(|outcome| outcome).with_context(|| format!("it says: {}", self.log()))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(KEY).json(body);
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("{path} answered {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
    }

    /// The answer, of which a stream is yet to come.
    pub(crate) async fn get(&self, path: &str) -> Result<reqwest::Response> {
        let response = self.client.get(format!("{}{path}", self.url)).bearer_auth(KEY).send().await?;
        response.error_for_status().with_context(|| format!("opening {path}"))
    }

    /// What it printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data.path().join("log")).unwrap_or_default()
    }
}

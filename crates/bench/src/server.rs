//! The processes that are measured: a real `sortie serve`, and the relay.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hyper::{Method, StatusCode};
use tempfile::TempDir;

use crate::client::Client;
use crate::listener::Listener;
use crate::measures::Bench;
use crate::mock::Mock;
use crate::{data_folder, free_port, within};

/// How long a server may take to be ready before that is an error and not a figure.
const READY_WITHIN: Duration = Duration::from_secs(20);
const ASK_EVERY: Duration = Duration::from_millis(1);
/// Linux counts a process's time in hundredths of a second.
const TICKS_PER_SECOND: u64 = 100;

/// A running process with a data folder of its own. Ended when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    /// From starting the process to its first 200 on `/readyz`.
    pub(crate) ready_after: Duration,
    child: Child,
    data: TempDir,
}

impl Server {
    /// Sortie on an empty data folder, with the mock as its only provider and no request limit.
    pub(crate) async fn sortie(bench: &Bench, model: &Mock) -> Result<Self> {
        Self::sortie_at(bench, &model.base_url(), None).await
    }

    /// The same with a model elsewhere, and the file with who vouches for that.
    pub(crate) async fn sortie_at(bench: &Bench, base_url: &str, authority: Option<&Path>) -> Result<Self> {
        let data = data_folder(bench)?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let key = "bench-key-0123456789-0123456789-0123456789".to_owned();
        let mut command = Command::new(&bench.server);
        command
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(within(&data, "sortie"))
            .env("SORTIE_BOOTSTRAP_KEY", &key)
            .env("SORTIE_PROVIDERS__MOCK__KIND", "openai")
            .env("SORTIE_PROVIDERS__MOCK__BASE_URL", base_url)
            .env("SORTIE_PROVIDERS__MOCK__API_KEY", "none")
            .env("SORTIE_PROVIDERS__MOCK__ALLOW_PRIVATE", "true")
            .env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#)
            .env("SORTIE_LIMITS__MAKE_PER_MINUTE", "0")
            .env("SORTIE_LIMITS__CASSIDY_PER_MINUTE", "0")
            .env("SORTIE_LIMITS__CASED_PER_MINUTE", "0");
        if let Some(file) = authority {
            command.env("SORTIE_OUTBOUND__CA_FILE", file);
        }
        Self::spawn(command, address, key, data).await
    }

    /// The relay with so many writes a run.
    pub(crate) async fn relay(bench: &Bench, base_url: &str, authority: Option<&Path>, writes: usize) -> Result<Self> {
        let data = data_folder(bench)?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new(&bench.program);
        command
            .args(["--serve-relay", "--listen", &address.to_string(), "--model", base_url])
            .args(["--writes", &writes.to_string(), "--database"])
            .arg(within(&data, "relay.db"));
        if let Some(file) = authority {
            command.arg("--authority").arg(file);
        }
        Self::spawn(command, address, String::new(), data).await
    }

    async fn spawn(mut command: Command, address: SocketAddr, key: String, data: TempDir) -> Result<Self> {
        let log = fs::File::create(within(&data, "log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("starting {:?}", command.get_program()))?;
        let mut server = Self { address, key, ready_after: Duration::ZERO, child, data };
        server.wait_until_ready(started).await?;
        server.ready_after = started.elapsed();
        Ok(server)
    }

    async fn wait_until_ready(&mut self, started: Instant) -> Result<()> {
        while !self.is_ready().await {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.log());
            }
            if started.elapsed() > READY_WITHIN {
                bail!("the server was not ready within {READY_WITHIN:?}: {}", self.log());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut client) = self.client().await else { return false };
        client.status("/readyz").await.is_ok_and(|status| status == StatusCode::OK)
    }

    /// A new connection with the key of the first start.
    pub(crate) async fn client(&self) -> Result<Client> {
        Client::connect(self.address, &self.key).await
    }

    /// The answer to one request on a connection of its own, as it stands on the wire.
    pub(crate) async fn listener(&self, method: Method, path: &str, body: Bytes) -> Result<Listener> {
        Listener::ask(self.address, &self.key, method, path, body).await
    }

    /// What it printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(within(&self.data, "log")).unwrap_or_default()
    }

    /// Memory that is its own and in use.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }

    /// Processor time it has used so far, on both sides of the kernel.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        // The name, in parentheses, may hold anything; what follows it is numbers.
        let (_, numbers) = stat.rsplit_once(')').context("no process name")?;
        let ticks = |at: usize| numbers.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<u64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("no times")?;
        Ok(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The server as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The key that scripts set.
pub(super) const KEY: &str = "a-bootstrap-key-of-the-crash-battery-0123456789";

/// A client without connections.
pub(super) fn http() -> reqwest::Client {
    // The first caller installs it; for the others it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// A running server. Killed, as by `kill -9`, when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    /// Starts `sortie serve` on the data directory and waits until it is ready. With a planted
    /// bug, to see whether the checker notices.
    pub(super) async fn start(data: &Path, world: &str, planted: Option<&str>) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("../server.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_sortie"))
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(data)
            .env("SORTIE_BOOTSTRAP_KEY", KEY)
            .env("SORTIE_PROVIDERS__MOCK__KIND", "openai")
            .env("SORTIE_PROVIDERS__MOCK__BASE_URL", format!("{world}/v1"))
            .env("SORTIE_PROVIDERS__MOCK__ALLOW_PRIVATE", "true")
            .env("SORTIE_OUTBOUND__ALLOW", r#"["127.0.0.1"]"#)
            .env("SORTIE_LIMITS__MAKE_PER_MINUTE", "0")
            .envs(planted.map(|bug| ("SORTIE_PLANTED_BUG", bug)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { child, url: format!("http://{address}") };
        server.wait_until_ready(data).await;
        server
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn wait_until_ready(&mut self, data: &Path) {
        let client = http();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let ready = client.get(format!("{}/readyz", self.url)).send().await;
            if ready.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "not ready: {ended:?}\n{}", log_tail(data));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines the server wrote.
pub(super) fn log_tail(data: &Path) -> String {
    let Ok(file) = std::fs::File::open(data.join("../server.log")) else { return String::new() };
    let lines: Vec<String> = BufReader::new(file).lines().map_while(Result::ok).collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

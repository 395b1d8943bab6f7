//! The published command line, unmodified, over a real socket.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use test_kit::{TestHouse, says};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Names the interpreter beside which the command is installed; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

struct Cli {
    command: PathBuf,
    home: tempfile::TempDir,
    url: String,
}

impl Cli {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.command);
        command.env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin").env("BROWSER", "true");
        command.env("COLUMNS", "200").env("NO_COLOR", "1").env("PYTHONUNBUFFERED", "1").env("CASED_API_URL", &self.url);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn run(&self, key: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.args(arguments);
        key.map(|key| command.env("CASED_API_KEY", key));
        tokio::time::timeout(Duration::from_secs(60), command.output()).await.expect("within a minute").unwrap()
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_works_unmodified() {
    let Some(command) = command() else { return };
    let mut house = TestHouse::new().answering(|_| says("The cache is cold.")).start().await;
    let url = house.listen().await;
    let cli = Cli { command, home: tempfile::tempdir().unwrap(), url: url.clone() };
    let owner = house.owner();
    let begun = owner.post("/api/v1/agent-sessions/", json!({ "prompt": "Why is p95 up?" })).await.expect(201);
    let id = begun["session_id"].as_str().unwrap();
    owner
        .post("/api/v1/deployments/", json!({ "deployment_request": "Deploy 2.5.1", "status": "running" }))
        .await
        .expect(201);
    test_kit::wait::until("the model was asked", || !house.model_requests().is_empty()).await;

    // Logged in by the browser, whose part the test plays.
    let mut login =
        cli.command().args(["configure", "--force", "--api-url", &url]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(login.stdout.take().unwrap()).lines();
    let code = loop {
        let line = lines.next_line().await.unwrap().expect("a code");
        let word = line.trim();
        if word.len() == 9 && word.as_bytes()[4] == b'-' {
            break word.to_owned();
        }
    };
    owner.post("/api/v1/cli/auth/decide", json!({ "user_code": code, "decision": "allow" })).await.ok();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said += &line;
    }
    assert!(login.wait().await.unwrap().success() && said.contains("Successfully authenticated"), "{said}");
    let known = cli.run(None, &["configure"]).await;
    assert!(text(&known).contains("otto@house.example") && text(&known).contains("Test House"), "{}", text(&known));

    // With the key of that login, and with one from the environment.
    for key in [None, Some(owner.key())] {
        let listed = cli.run(key, &["sessions", "--since", "7d", "--limit", "5", "--json"]).await;
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_else(|_| panic!("{}", text(&listed)));
        assert_eq!(listed["count"], 2, "{listed}");
        let filtered = cli.run(key, &["sessions", "--type", "deploy_monitor", "--status", "agent_running"]).await;
        assert!(filtered.status.success() && text(&filtered).contains("Deploy 2.5.1"), "{}", text(&filtered));
        let shown = cli.run(key, &["session", &id[..12], "--logs", "--conversation"]).await;
        assert!(shown.status.success() && text(&shown).contains("The cache is cold."), "{}", text(&shown));
        let shown = cli.run(key, &["session", &id[..12], "--json"]).await;
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap_or_else(|_| panic!("{}", text(&shown)));
        assert_eq!(shown["id"], id);
    }
    let missing = cli.run(None, &["session", "0a1b2c3d-000"]).await;
    assert!(!missing.status.success() && text(&missing).contains("not found"), "{}", text(&missing));
    let file = cli.home.path().join("runbook.md");
    std::fs::write(&file, "# Runbook\n\nRestart it.\n").unwrap();
    let uploaded = cli.run(None, &["docs", "upload", file.to_str().unwrap(), "--title", "Runbook"]).await;
    assert!(uploaded.status.success() && text(&uploaded).contains("was stored"), "{}", text(&uploaded));
}

/// The command. Without one the test is passed over on a developer's machine, aloud, and fails
/// where everything must run.
fn command() -> Option<PathBuf> {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} must name an interpreter with the command line");
        eprintln!("left out: {PYTHON} is not set");
        return None;
    };
    Some(Path::new(&python).with_file_name("cased"))
}

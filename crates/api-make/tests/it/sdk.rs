//! Make's own SDK, unmodified, over a real socket.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ports::Clock;
use serde_json::json;
use test_kit::sources::ShiftedClock;
use test_kit::{TestHouse, ToolStub, says};
use tokio::process::Command;

use crate::team::{BASE, Team, agents};

/// Section 10, row 1.
#[tokio::test]
async fn the_sdk_does_every_json_operation() {
    let Some(clients) = clients() else { return };
    let mut team = Team::of(TestHouse::new().answering(|_| says("Hello."))).await;
    let stub = ToolStub::start([]).await;
    team.scenario("add", &stub).await;
    let address = team.house.listen().await;
    for token in [team.t.key().to_owned(), team.house.owner().key().to_owned()] {
        run_script(&clients, "operations.mjs", &address, &token).await;
    }
}

/// Case 38, second half.
#[tokio::test]
async fn the_sdk_waits_as_it_is_told_and_succeeds() {
    let Some(clients) = clients() else { return };
    let clock = Arc::new(ShiftedClock::default());
    let house = TestHouse::new().clock(Arc::clone(&clock) as Arc<dyn Clock>).web(|web| web.make_per_minute = 2);
    let mut team = Team::of(house.answering(|_| says("ok"))).await;
    // The fixture's first request began the minute; it is nearly over when the SDK comes.
    team.t.get(&agents()).await.ok();
    clock.shift(Duration::from_secs(55));
    assert_eq!(team.t.get(&agents()).await.status, 429);
    let address = team.house.listen().await;
    run_script(&clients, "retries.mjs", &address, team.t.key()).await;
}

/// The folder whose `node_modules` has the SDK. Without it the test is passed over on a
/// developer's machine, aloud, and fails where everything must run.
fn clients() -> Option<PathBuf> {
    let clients = match std::env::var_os("SORTIE_TEST_NODE") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../test-kit/clients")),
    };
    if clients.join("node_modules/@makehq/sdk/package.json").exists() {
        return Some(clients);
    }
    assert!(std::env::var_os("CI").is_none(), "{} has no @makehq/sdk: run `npm ci` there", clients.display());
    eprintln!("passed over: {} has no @makehq/sdk; `npm ci` there brings it", clients.display());
    None
}

async fn run_script(clients: &std::path::Path, script: &str, address: &str, token: &str) {
    let output = Command::new("node")
        .arg(clients.join("make").join(script))
        .env("MAKE_ADDRESS", address.trim_start_matches("http://"))
        .env("MAKE_TOKEN", token)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output =
        tokio::time::timeout(Duration::from_secs(120), output).await.expect("the script ends").expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
    let reported: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the script reports");
    assert_eq!(reported, json!({"done": true}), "{BASE}");
}

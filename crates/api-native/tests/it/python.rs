//! The published Python client, unmodified, over a real socket.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use test_kit::sources::ShiftedClock;
use test_kit::{TestHouse, ToolStub};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// Names an interpreter that knows the package; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

/// Cases 1, 7, 9–11, 13, 15, 16, 18, 20, 23, 25, 30, 31, 36 and 42, with the synchronous and
/// the asynchronous client, and the latter's tool runner (section 7).
#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_works_unmodified() {
    let Some(mut python) = script("native_api.py") else { return };
    let stub = ToolStub::start([]).await;
    let mut house = TestHouse::new().start().await;
    let url = house.listen().await;
    let output = python.args([&url, house.owner().key(), &stub.url("/add")]).output().await.expect("python starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for kind in ["sync", "async"] {
        assert_eq!(said.lines().filter(|line| line.starts_with(kind) && line.ends_with(": ok")).count(), 18, "{said}");
    }
}

/// Case 38.
#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_waits_as_it_is_told_and_gives_up_in_time() {
    let Some(mut python) = script("limits.py") else { return };
    let clock = Arc::new(ShiftedClock::default());
    let mut limited = TestHouse::new().clock(clock.clone()).web(|web| web.native_per_minute = 1).start().await;
    let mut crowded = TestHouse::new().web(|web| web.streams_per_org_max = 0).start().await;
    let key = limited.owner().key().to_owned();
    let mut child = python
        .args([&limited.listen().await, &crowded.listen().await, &key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(said.next_line().await.unwrap().as_deref(), Some("begun"));
    // Of the minute that began with the first request, a second is left.
    clock.shift(Duration::from_secs(59));
    child.stdin.take().unwrap().write_all(b"\n").await.unwrap();
    assert_eq!(said.next_line().await.unwrap().as_deref(), Some("done"));
    assert!(child.wait().await.unwrap().success());
}

/// An interpreter about to run a script. Without one the test is passed over on a developer's
/// machine, aloud, and fails where everything must run.
fn script(name: &str) -> Option<Command> {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} must name an interpreter with the client");
        eprintln!("left out: {PYTHON} is not set");
        return None;
    };
    let scripts: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-kit/clients/anthropic");
    let mut command = Command::new(python);
    command.arg(scripts.join(name)).kill_on_drop(true);
    Some(command)
}

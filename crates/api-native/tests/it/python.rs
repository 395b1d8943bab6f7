//! The published Python client, unmodified, over a real socket.

use std::path::Path;

use test_kit::{TestHouse, ToolStub};

/// Names an interpreter that knows the package; `cargo xtask test` makes one.
const PYTHON: &str = "SORTIE_TEST_PYTHON";

/// Cases 1, 7, 9–11, 13, 15, 16, 18, 20, 23, 25.
#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_works_unmodified() {
    let Some(python) = std::env::var_os(PYTHON) else {
        assert!(std::env::var_os("CI").is_none(), "{PYTHON} must name an interpreter with the client");
        eprintln!("left out: {PYTHON} is not set");
        return;
    };
    let stub = ToolStub::start([]).await;
    let mut house = TestHouse::new().start().await;
    let url = house.listen().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-kit/clients/anthropic/native_api.py");
    let output = tokio::process::Command::new(python)
        .arg(script)
        .args([&url, house.owner().key(), &stub.url("/add")])
        .kill_on_drop(true)
        .output()
        .await
        .expect("the interpreter starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.ends_with(": ok")).count(), 13, "{said}");
}

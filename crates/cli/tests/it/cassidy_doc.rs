//! The lines of docs/cassidy.md, as they stand there, against the real server.

use std::path::Path;
use std::process::Command;

use crate::sortie::House;

#[test]
fn the_lines_of_the_document_work() {
    let tools = ["bash", "curl", "sed"];
    let has = |tool: &&str| Command::new(tool).arg("--version").output().is_ok();
    if !tools.iter().all(has) {
        // A developer's machine may be without; where everything must run it is not.
        assert!(std::env::var_os("CI").is_none(), "bash, curl and sed are needed");
        eprintln!("left out: bash, curl or sed is missing");
        return;
    }
    let house = House::new();
    let server = house.serve();
    let agent = house.run(&["agents", "create", "Ada", "--model", "scripted/demo", "--json"]).json();
    let key = house.run(&["keys", "create", "program", "--json"]).json();
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cassidy.md")).unwrap();
    let lines = document.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let ran = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", lines])
        .env("SORTIE_URL", format!("http://{}", server.address()))
        .env("SORTIE_KEY", key["key"].as_str().unwrap())
        .env("AGENT", agent["id"].as_str().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("\"content\":\"You said: Hello!\""), "{said}");
    assert!(said.contains("\"name\":\"Hello!\"") && said.contains("\"threads\":[{"), "{said}");
}

//! The cases against the real server.

use std::path::PathBuf;
use std::process::Command;

/// The server to judge: what the suite built, or what a developer did.
fn server() -> Option<PathBuf> {
    let built = std::env::var_os("SORTIE_BIN").map(PathBuf::from);
    built
        .or_else(|| Some(PathBuf::from(env!("CARGO_BIN_EXE_eval")).with_file_name("sortie")))
        .filter(|file| file.is_file())
}

#[test]
fn a_good_investigator_scores_full_in_every_case() {
    let Some(server) = server() else {
        assert!(std::env::var_os("CI").is_none(), "there is no `sortie` to judge");
        eprintln!("left out: build `sortie` first");
        return;
    };
    let judged = Command::new(env!("CARGO_BIN_EXE_eval")).arg("--json").arg("--server").arg(server).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}\n{}", String::from_utf8_lossy(&judged.stderr));
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["points"], 1.0, "{said}");
    assert!(report["cases"].as_array().unwrap().len() >= 12);
}

#[test]
fn what_is_no_case_is_named() {
    let judged = Command::new(env!("CARGO_BIN_EXE_eval")).arg("nonsense").output().unwrap();
    assert_eq!(judged.status.code(), Some(2));
    let said = String::from_utf8_lossy(&judged.stderr);
    assert!(said.contains("no case `nonsense`") && said.contains("slow-query"), "{said}");
}

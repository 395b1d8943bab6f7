//! `sortie backup`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::sortie::{House, sortie};

pub(super) fn events_of(house: &House, session: &str) -> Vec<Value> {
    let told = house.run(&["sessions", "tail", session, "--json"]).done();
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) fn sessions_of(house: &House) -> Vec<String> {
    let listed = house.run(&["sessions", "list", "--limit", "1000", "--json"]).json();
    listed.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn files_of(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_backup_under_load_holds_all_that_was_acknowledged_and_starts_with_the_secrets() {
    let house = House::new();
    let server = house.serve();
    for text in ["one", "two", "three"] {
        house.run(&["run", text]).done();
    }
    let before: Vec<(String, Vec<Value>)> =
        sessions_of(&house).into_iter().map(|session| (session.clone(), events_of(&house, &session))).collect();
    assert_eq!(before.len(), 3);

    let line = house.run(&["backup", "copies/one"]).failed(2);
    assert!(line.contains("is not there"), "{line}");
    std::fs::create_dir(house.path().join("copies")).unwrap();
    let is_over = AtomicBool::new(false);
    let made = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    house.run(&["run", "load"]).done();
                }
            });
        }
        let made = house.run(&["backup", "copies/one", "--json"]);
        is_over.store(true, Ordering::Relaxed);
        made.json()
    });
    assert_eq!(made["left_out"], serde_json::json!(["secrets.toml", "login"]));
    let copy = house.path().join("copies/one");
    assert_eq!(files_of(&copy), ["backup.json", "sortie.db"]);
    house.run(&["backup", "copies/one"]).failed(5);
    assert_eq!(files_of(&house.path().join("copies")), ["one"]);
    drop(server);

    let restored = House::new();
    std::fs::rename(&copy, restored.data()).unwrap();
    let line = restored.run(&["serve", "--listen", "127.0.0.1:0"]).failed(16);
    assert!(line.contains("restore"), "{line}");
    for file in ["secrets.toml", "login"] {
        std::fs::copy(house.data().join(file), restored.data().join(file)).unwrap();
    }
    let _server = restored.serve();
    let kept = sessions_of(&restored);
    for (session, events) in before {
        assert!(kept.contains(&session), "{session} is gone");
        assert_eq!(events_of(&restored, &session), events);
    }
    assert_eq!(restored.run(&["run", "again"]).done(), "You said: again\n");
}

#[test]
fn without_a_server_the_directory_is_copied_under_its_lock() {
    let house = House::new();
    house.serve().stop();
    let made = sortie(house.path()).args(["backup", "copy"]).output().unwrap();
    assert!(
        made.status.success() && String::from_utf8_lossy(&made.stderr).contains("left out: secrets.toml"),
        "{made:?}"
    );
    assert_eq!(files_of(&house.path().join("copy")), ["backup.json", "sortie.db"]);
}

//! `sortie restore`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::backup::{events_of, files_of, sessions_of};
use crate::sortie::{Ended, House, sortie};

/// Bytes of a SQLite file's header: the version of the schema, and whose it is.
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;

/// A house in which something was said, and its backup.
fn backed_up() -> (House, PathBuf) {
    let house = House::new();
    let server = house.serve();
    house.run(&["run", "one"]).done();
    house.run(&["backup", "copy"]).done();
    server.stop();
    let copy = house.path().join("copy");
    (house, copy)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Changes the page of a backup.
fn rewrite(copy: &Path, change: impl FnOnce(&mut Value)) {
    let path = copy.join("backup.json");
    let mut page: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut page);
    fs::write(path, page.to_string()).unwrap();
}

/// Changes the database of a backup, and has the page say that it is as it should be.
fn rewrite_database(copy: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = copy.join("sortie.db");
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let summed = Command::new("sha256sum").arg(&path).output().unwrap();
    let hash = String::from_utf8(summed.stdout).unwrap()[..64].to_owned();
    rewrite(copy, |page| {
        page["sha256"] = hash.into();
        page["bytes"] = bytes.len().into();
    });
}

#[test]
fn a_backup_of_a_running_server_becomes_a_server_with_the_same_sessions_and_keys() {
    let house = House::new();
    let server = house.serve();
    for said in ["one", "two"] {
        house.run(&["run", said]).done();
    }
    let key = server.text("first_key").to_owned();
    let before: Vec<_> =
        sessions_of(&house).into_iter().map(|session| (session.clone(), events_of(&house, &session))).collect();
    let made = house.run(&["backup", "copy", "--json"]).json();
    house.run(&["run", "three"]).done();
    drop(server);

    let (elsewhere, copy) = (House::new(), house.path().join("copy"));
    let secrets = house.data().join("secrets.toml");
    let restored = elsewhere.run(&["restore", text(&copy), "--secrets", text(&secrets), "--json"]).json();
    for field in ["taken_at", "bytes", "sha256", "sortie"] {
        assert_eq!(restored[field], made[field], "{field}");
    }
    assert_eq!(restored["path"], text(&elsewhere.data()));
    assert_eq!((&restored["has_secrets"], &restored["replaced"]), (&Value::Bool(true), &Value::Array(vec![])));
    assert_eq!(files_of(&elsewhere.data()), ["lock", "secrets.toml", "sortie.db"]);
    assert_eq!(fs::read(elsewhere.data().join("secrets.toml")).unwrap(), fs::read(secrets).unwrap());

    let server = elsewhere.serve_with(|command| {
        command.env("SORTIE_BOOTSTRAP_KEY", "another-key-that-is-not-to-be-made-up");
    });
    assert!(server.started["first_key"].is_null(), "it is no new installation");
    let listed = elsewhere.run(&["sessions", "list", "--key", &key, "--server", &address(&server), "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "what came later is not in it");
    fs::write(elsewhere.data().join("login"), format!("x-api-key: {key}\nx-sortie-server: {}\n", address(&server)))
        .unwrap();
    for (session, events) in before {
        assert_eq!(events_of(&elsewhere, &session), events);
    }
    assert_eq!(elsewhere.run(&["run", "again"]).done(), "You said: again\n");
}

fn address(server: &crate::sortie::Server) -> String {
    format!("http://{}", server.address())
}

#[test]
fn data_that_is_there_is_replaced_only_when_that_is_said_and_is_kept() {
    let (house, _copy) = backed_up();
    let server = house.serve();
    house.run(&["run", "two"]).done();
    let line = house.run(&["restore", "copy", "--replace"]).failed(13);
    assert!(line.contains("in use"), "{line}");
    // As a crash leaves it: what was written last stands in the log alone.
    server.signal("KILL");
    drop(server);
    let line = house.run(&["restore", "copy"]).failed(5);
    assert!(line.contains("sortie.db") && line.contains("--replace"), "{line}");

    let replaced = house.run(&["restore", "copy", "--replace", "--json"]).json();
    let kept = house.data().join("sortie.db.replaced");
    assert_eq!(replaced["replaced"], serde_json::json!([kept]));
    let server = house.serve();
    assert_eq!(sessions_of(&house).len(), 1);
    server.stop();
    let earlier = House::new();
    fs::create_dir(earlier.data()).unwrap();
    fs::copy(kept, earlier.data().join("sortie.db")).unwrap();
    for file in ["secrets.toml", "login"] {
        fs::copy(house.data().join(file), earlier.data().join(file)).unwrap();
    }
    let _server = earlier.serve();
    assert_eq!(sessions_of(&earlier).len(), 2, "what was replaced is whole");
}

#[test]
fn a_damaged_database_is_replaced_and_the_secrets_of_another_installation_are_kept() {
    let (house, copy) = backed_up();
    let (other, _others) = backed_up();
    fs::write(other.data().join("sortie.db"), "a letter").unwrap();
    fs::write(other.data().join("sortie.db-wal"), "the rest of it").unwrap();
    let secrets = house.data().join("secrets.toml");
    let others = fs::read(other.data().join("secrets.toml")).unwrap();
    let arguments = ["restore", text(&copy), "--secrets", text(&secrets)];
    other.run(&arguments).failed(5);
    assert_eq!(fs::read(other.data().join("secrets.toml")).unwrap(), others);

    let ended = other.run(&[&arguments[..], &["--replace"]].concat());
    assert!(
        ended.stderr.contains("sortie.db.replaced") && ended.stderr.contains("secrets.toml.replaced"),
        "{ended:#?}"
    );
    ended.done();
    assert_eq!(fs::read(other.data().join("secrets.toml.replaced")).unwrap(), others);
    assert_eq!(fs::read(other.data().join("sortie.db.replaced")).unwrap(), b"a letter");
    assert!(!other.data().join("sortie.db-wal").exists());
    fs::copy(house.data().join("login"), other.data().join("login")).unwrap();
    let _server = other.serve();
    assert_eq!(sessions_of(&other).len(), 1);
}

#[test]
fn what_was_put_aside_is_not_written_over() {
    let (house, copy) = backed_up();
    let (other, _others) = backed_up();
    let secrets = [&other, &house].map(|house| fs::read(house.data().join("secrets.toml")).unwrap());
    let arguments = ["restore", text(&copy), "--replace", "--secrets", "given.toml"];
    // What is put aside is made one file first, which the head of a database tells.
    let database = |name: &str| fs::read(other.data().join(name)).unwrap().split_off(100);
    let mut databases = vec![database("sortie.db")];
    for given in [&secrets[1], &secrets[0]] {
        fs::write(other.path().join("given.toml"), given).unwrap();
        other.run(&arguments).done();
        databases.push(database("sortie.db"));
    }
    for (ending, (secrets, before)) in ["replaced", "replaced.2"].iter().zip(secrets.iter().zip(&databases)) {
        assert!(fs::read(other.data().join(format!("secrets.toml.{ending}"))).unwrap() == *secrets, "{ending}");
        assert!(database(&format!("sortie.db.{ending}")) == *before, "{ending}");
    }
}

/// As a crash leaves it behind the first step: the secrets are aside, the database is the old one.
#[test]
fn a_restore_that_was_stopped_half_way_is_noticed_and_can_be_done_again() {
    let (house, copy) = backed_up();
    let (other, _others) = backed_up();
    let secrets = house.data().join("secrets.toml");
    fs::rename(other.data().join("secrets.toml"), other.data().join("secrets.toml.replaced")).unwrap();
    let line = other.run(&["serve", "--listen", "127.0.0.1:0"]).failed(16);
    assert!(line.contains("secrets.toml") && line.contains("sortie restore") && line.contains("--replace"), "{line}");
    let restored = other.run(&["restore", text(&copy), "--replace", "--secrets", text(&secrets), "--json"]).json();
    assert_eq!(restored["has_secrets"], true);
    assert!(restored["replaced"][0].as_str().unwrap().ends_with("sortie.db.replaced"), "beside its secrets");
    fs::copy(house.data().join("login"), other.data().join("login")).unwrap();
    let _server = other.serve();
    assert_eq!(sessions_of(&other).len(), 1);
}

/// As a crash leaves it behind the second step: the database is the new one, and has no secrets yet.
#[test]
fn a_restore_that_was_stopped_before_the_secrets_is_done_again() {
    let (house, copy) = backed_up();
    let fresh = House::new();
    fresh.run(&["restore", text(&copy)]).done();
    let line = fresh.run(&["serve", "--listen", "127.0.0.1:0"]).failed(16);
    assert!(line.contains("--replace"), "{line}");
    let secrets = house.data().join("secrets.toml");
    fresh.run(&["restore", text(&copy), "--replace", "--secrets", text(&secrets)]).done();
    fs::copy(house.data().join("login"), fresh.data().join("login")).unwrap();
    let _server = fresh.serve();
    assert_eq!(sessions_of(&fresh).len(), 1);
}

#[test]
fn nothing_is_restored_into_a_demo() {
    let (_house, copy) = backed_up();
    let elsewhere = House::new();
    let server = elsewhere.serve_with(|command| {
        command.args(["--demo", "--data-dir", "made-up"]);
    });
    let arguments = ["restore", text(&copy), "--replace", "--data-dir", "made-up"];
    for is_running in [true, false] {
        if !is_running {
            server.signal("KILL");
        }
        let line = elsewhere.run(&arguments).failed(2);
        assert!(line.contains("serve --demo") && line.contains("made up"), "{line}");
    }
}

#[test]
fn the_secrets_are_asked_for_and_a_start_without_them_makes_nothing() {
    let (house, copy) = backed_up();
    let elsewhere = House::new();
    let ended = elsewhere.run(&["restore", text(&copy)]);
    assert!(ended.stderr.contains("put your copy of secrets.toml"), "{ended:#?}");
    ended.done();
    elsewhere.run(&["serve", "--listen", "127.0.0.1:0"]).failed(16);
    fs::copy(house.data().join("secrets.toml"), elsewhere.data().join("secrets.toml")).unwrap();
    elsewhere.serve().stop();

    // In the order of somebody who puts them there first.
    let first = House::new();
    fs::create_dir(first.data()).unwrap();
    fs::copy(house.data().join("secrets.toml"), first.data().join("secrets.toml")).unwrap();
    assert_eq!(first.run(&["restore", text(&copy), "--json"]).json()["has_secrets"], true);
    first.serve().stop();
}

#[test]
fn what_is_no_whole_backup_of_ours_changes_nothing() {
    let (house, copy) = backed_up();
    let kept = house.path().join("kept");
    let backup = || {
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir(&copy).unwrap();
        for file in files_of(&kept) {
            fs::copy(kept.join(&file), copy.join(file)).unwrap();
        }
        copy.as_path()
    };
    fs::rename(&copy, &kept).unwrap();
    let elsewhere = House::new();
    let refused = |code: i32, word: &str| {
        let line = elsewhere.run(&["restore", text(&copy)]).failed(code);
        assert!(line.contains(word) && line.contains("copy"), "{word}: {line}");
        assert!(!elsewhere.data().exists(), "{word}: something was left");
    };

    refused(3, "no backup is here");
    fs::remove_file(backup().join("backup.json")).unwrap();
    refused(3, "backup.json");
    fs::remove_file(backup().join("sortie.db")).unwrap();
    refused(3, "no backup is here");
    fs::write(backup().join("backup.json"), "{").unwrap();
    refused(14, "damaged");
    fs::write(backup().join("backup.json"), " ".repeat(70_000)).unwrap();
    refused(3, "too long");
    rewrite(backup(), |page| page["format"] = 2.into());
    refused(15, "newer");
    rewrite(backup(), |page| page["bytes"] = 1.into());
    refused(14, "bytes");
    rewrite(backup(), |page| page["sha256"] = "0".repeat(64).into());
    refused(14, "SHA-256");
    rewrite_database(backup(), |bytes| bytes.truncate(bytes.len() / 2));
    refused(14, "damaged");
    rewrite_database(backup(), |bytes| {
        let last = bytes.len() - 4096;
        bytes[last..].fill(0xa5);
    });
    refused(14, "damaged");
    rewrite_database(backup(), |bytes| bytes[APPLICATION_ID_AT] ^= 1);
    refused(14, "not a database of Sortie");
    rewrite_database(backup(), Vec::clear);
    refused(14, "not a database of Sortie");
    rewrite_database(backup(), |bytes| bytes[USER_VERSION_AT..USER_VERSION_AT + 4].copy_from_slice(&[0, 0, 0, 99]));
    refused(15, "schema 99");

    let line = elsewhere.run(&["restore", text(backup()), "--secrets", text(&copy.join("backup.json"))]).failed(16);
    assert!(line.contains("cannot be used"), "{line}");
    house.run(&["restore", "sortie-data", "--replace"]).failed(3);
    fs::copy(copy.join("backup.json"), house.data().join("backup.json")).unwrap();
    let line = house.run(&["restore", "sortie-data", "--replace"]).failed(2);
    assert!(line.contains("itself"), "{line}");
    assert!(!elsewhere.data().exists());
    elsewhere.run(&["restore", text(&copy)]).done();
}

/// In a namespace of its own, where a test may mount a small disk.
#[test]
fn a_disk_without_room_is_left_as_it_was() {
    let (house, copy) = backed_up();
    let disk = house.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = r#"
        mount -t tmpfs -o size=64k tmpfs "$0" || exit 99
        "$1" restore "$2" --data-dir "$0/data"; code=$?
        ls -A "$0"; exit $code
    "#;
    let mut unshared = Command::new("unshare");
    unshared.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(&disk);
    let binary = sortie(house.path());
    unshared.arg(binary.get_program()).arg(&copy).current_dir(house.path());
    for (name, value) in binary.get_envs() {
        match value {
            Some(value) => unshared.env(name, value),
            None => unshared.env_remove(name),
        };
    }
    let ended = Ended::of(&mut unshared);
    if ended.code == 99 || ended.stderr.contains("unshare: ") {
        eprintln!("skipped: this system lets no test mount a file system");
        return;
    }
    assert_eq!(ended.stdout, "", "something was left");
    assert!(ended.failed(12).contains("disk"));
}

/// As root only, who alone can give a directory away.
#[test]
fn a_directory_of_another_user_is_left_to_them() {
    let (_house, copy) = backed_up();
    let elsewhere = House::new();
    fs::create_dir(elsewhere.data()).unwrap();
    if std::os::unix::fs::chown(elsewhere.data(), Some(12_345), None).is_err() {
        return;
    }
    let line = elsewhere.run(&["restore", text(&copy)]).failed(11);
    assert!(line.contains("user 12345"), "{line}");
    assert_eq!(files_of(&elsewhere.data()), [""; 0]);
}

#[test]
fn health_is_asked_without_a_key() {
    let house = House::new();
    house.run(&["health", "--server", "http://127.0.0.1:1"]).failed(6);
    let server = house.serve();
    assert!(house.run(&["health"]).done().contains("is ready"));
    let url = address(&server);
    assert_eq!(House::new().run(&["health", "--server", &url, "--json"]).json()["status"], "ready");
    server.stop();
    house.run(&["health"]).failed(6);
}

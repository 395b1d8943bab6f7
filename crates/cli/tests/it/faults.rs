//! A start that cannot succeed: one clear line, a code of its own, and nothing damaged.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::sortie::{Ended, House, sortie};

/// Bytes of a SQLite file's header: the version of the schema, and whose it is.
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;

fn start(house: &House) -> Ended {
    house.run(&["serve", "--listen", "127.0.0.1:0"])
}

/// A house whose data is whole, and no server runs.
fn stopped() -> House {
    let house = House::new();
    house.serve().stop();
    house
}

/// Changes the database, sees how the start fails, changes it back and starts.
#[track_caller]
fn check_refused(house: &House, damage: impl FnOnce(&mut Vec<u8>), code: i32, word: &str) {
    let path = house.data().join("sortie.db");
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damage(&mut damaged);
    std::fs::write(&path, &damaged).unwrap();

    let line = start(house).failed(code);
    assert!(line.contains("sortie.db") && line.contains(word), "{line}");
    assert!(std::fs::read(&path).unwrap() == damaged, "the file was changed");

    std::fs::write(&path, whole).unwrap();
    let _ = std::fs::remove_file(path.with_extension("db-wal"));
    house.serve().stop();
}

#[test]
fn a_taken_port_leaves_the_data_alone() {
    let house = House::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = house.run(&["serve", "--listen", &address]).failed(10);
    assert!(line.contains(&address) && line.contains("--listen"), "{line}");
    assert!(!house.data().exists());
}

#[test]
fn two_servers_on_one_directory() {
    let house = House::new();
    let server = house.serve();
    let line = start(&house).failed(13);
    assert!(line.contains("in use") && line.contains("--data-dir"), "{line}");
    assert_eq!(server.get("/readyz").0, 200);
}

#[test]
fn a_foreign_database() {
    let house = stopped();
    check_refused(&house, |file| file[APPLICATION_ID_AT] ^= 1, 14, "not a database of Sortie");
    check_refused(
        &house,
        |file| *file = b"This is somebody's letter, and no database at all.".repeat(40),
        14,
        "not a database of Sortie",
    );
}

#[test]
fn a_damaged_database() {
    let house = stopped();
    let damage = |file: &mut Vec<u8>| file[100..2000].fill(0xa5);
    check_refused(&house, damage, 14, "damaged");
}

#[test]
fn a_database_of_a_newer_release() {
    let house = stopped();
    let newer = |file: &mut Vec<u8>| file[USER_VERSION_AT..][..4].copy_from_slice(&9999u32.to_be_bytes());
    check_refused(&house, newer, 15, "newer");
}

#[test]
fn secrets_that_are_gone_are_not_made_anew() {
    let house = stopped();
    let (path, kept) = (house.data().join("secrets.toml"), house.path().join("kept"));
    std::fs::rename(&path, &kept).unwrap();
    assert!(start(&house).failed(16).contains("restore"));
    assert!(!path.exists());
    std::fs::rename(&kept, &path).unwrap();
    house.serve().stop();
}

#[test]
fn a_file_where_the_directory_should_be() {
    let house = House::new();
    std::fs::write(house.data(), "a file").unwrap();
    let line = start(&house).failed(11);
    assert!(line.contains("sortie-data"), "{line}");
    assert_eq!(std::fs::read_to_string(house.data()).unwrap(), "a file");
}

/// A start on a file system of its own, mounted where nobody else sees it. `None` where the
/// system lets no one do that.
fn start_on(mount: &Path, options: &str) -> Option<Ended> {
    std::fs::create_dir_all(mount).unwrap();
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command.arg(format!("mount -t tmpfs -o {options} tmpfs \"$0\" && {script}")).arg(mount);
        command
    };
    if !inside("true").output().is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: this system lets no test mount a file system");
        return None;
    }
    let binary = sortie(mount);
    let mut command =
        inside(&format!("exec {} serve --listen 127.0.0.1:0 --data-dir \"$0/data\"", env!("CARGO_BIN_EXE_sortie")));
    for (name, value) in binary.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Some(Ended::of(&mut command))
}

#[test]
fn a_full_disk() {
    let house = House::new();
    let Some(ended) = start_on(&house.path().join("mount"), "size=64k") else { return };
    assert!(ended.failed(12).contains("disk"));
}

#[test]
fn a_read_only_directory() {
    let house = House::new();
    let Some(ended) = start_on(&house.path().join("mount"), "ro") else { return };
    assert!(ended.failed(11).contains("read-only"));
}

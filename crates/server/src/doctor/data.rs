//! The data directory and what is in it.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use config::Config;
use domain::Timestamp;
use ports::Clock;
use ports::time::SystemSources;
use store_sqlite::{Inspection, OpenError};
use tokio::net::UnixStream;

use super::{Finding, Verdict};
use crate::admin::socket;
use crate::backup;
use crate::secrets::Secrets;

const DIRECTORY: &str = "data directory";
const DISK: &str = "disk space";
const LOCK: &str = "lock";
const DATABASE: &str = "database";
const SECRETS: &str = "secrets file";
const CLOCK: &str = "clock";

/// Below this a server cannot work for long.
const FREE_BYTES_MIN: u64 = 64 << 20;
/// Below this it is time to do something.
const FREE_BYTES_GOOD: u64 = 1 << 30;
/// Neighbours of the data directory that are looked at.
const NEIGHBOURS_MAX: usize = 1_000;

/// What was found, and whether a server runs on the directory.
pub(super) async fn examine(config: &Config) -> (Vec<Finding>, bool) {
    let dir = &config.server.data_dir;
    let mut found = vec![directory(dir)];
    if !dir.is_dir() {
        return (found, false);
    }
    let (lock, is_running) = lock(dir).await;
    found.extend([disk(dir), lock]);
    let inspected = dir.clone();
    let database = tokio::task::spawn_blocking(move || store_sqlite::inspect(&inspected)).await;
    let database = database.unwrap_or_else(|error| Err(OpenError::Io { path: dir.clone(), reason: error.to_string() }));
    found.push(database_of(&database));
    let has_data = !matches!(database, Ok(None));
    found.extend(secrets(config, has_data));
    let last_start = database.ok().flatten().and_then(|inspection| inspection.last_start);
    found.push(clock(SystemSources.now(), last_start));
    (found, is_running)
}

/// Whether what is stored can be looked into without changing it: it is whole and of this
/// release, and so are its secrets.
pub(super) fn can_be_read(found: &[Finding]) -> bool {
    let is_good = |check: &str| {
        let mut of_it = found.iter().filter(|finding| finding.check == check).peekable();
        of_it.peek().is_some() && of_it.all(|finding| finding.verdict != Verdict::Fail)
    };
    let is_current = found.iter().any(|finding| finding.check == DATABASE && finding.verdict == Verdict::Ok);
    is_current && is_good(LOCK) && is_good(SECRETS)
}

fn directory(dir: &Path) -> Finding {
    let shown = dir.display();
    let found = match std::fs::metadata(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let advice = "`sortie serve` makes it; if there should be data, name it with --data-dir";
            return Finding::warn(DIRECTORY, format!("{shown} is not there"), advice);
        }
        Err(error) => {
            return Finding::fail(DIRECTORY, format!("{shown}: {error}"), "check the rights of the way to it");
        }
    };
    let own = rustix::process::geteuid().as_raw();
    let access = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    if !found.is_dir() {
        Finding::fail(DIRECTORY, format!("{shown} is no directory"), "name another with --data-dir")
    } else if access.is_err() {
        let advice = format!("it belongs to user {}: use that user, or chown it", found.uid());
        Finding::fail(DIRECTORY, format!("{shown} cannot be written"), advice)
    } else if found.uid() != own {
        let advice = format!("run this as user {}, who owns it", found.uid());
        Finding::warn(DIRECTORY, format!("{shown} belongs to somebody else"), advice)
    } else if found.permissions().mode() & 0o077 != 0 {
        Finding::warn(DIRECTORY, format!("others can look into {shown}"), format!("chmod 700 {shown}"))
    } else {
        Finding::ok(DIRECTORY, format!("{shown}, yours alone"))
    }
}

fn disk(dir: &Path) -> Finding {
    let room = match rustix::fs::statvfs(dir) {
        Ok(room) => room,
        Err(error) => return Finding::warn(DISK, error.to_string(), "look with `df`"),
    };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let message = format!("{} MiB free", free >> 20);
    match free {
        FREE_BYTES_GOOD.. => Finding::ok(DISK, message),
        FREE_BYTES_MIN.. => Finding::warn(DISK, message, "make room soon: a full disk stops all writing"),
        _ => Finding::fail(DISK, message, "make room: a full disk stops all writing"),
    }
}

/// Who holds the directory; and whether it is a server that answers.
async fn lock(dir: &Path) -> (Finding, bool) {
    let answers = UnixStream::connect(socket::path_in(dir)).await.is_ok();
    match store_sqlite::is_held(dir) {
        Ok(true) if answers => (Finding::ok(LOCK, "a server is running"), true),
        Ok(true) => {
            let advice = "wait if it is starting or stopping; else find it with `fuser` on the file `lock`";
            (Finding::fail(LOCK, "held by a process that does not answer on admin.sock", advice), true)
        }
        Ok(false) => (Finding::ok(LOCK, "free: no server is running"), false),
        Err(error) => (Finding::fail(LOCK, error.to_string(), "check the rights of the file `lock`"), false),
    }
}

fn database_of(inspected: &Result<Option<Inspection>, OpenError>) -> Finding {
    match inspected {
        Ok(None) => Finding::warn(DATABASE, "there is none yet", "`sortie serve` makes it"),
        Ok(Some(Inspection { faults, .. })) if !faults.is_empty() => {
            let message = format!("damaged: {}", faults.join("; "));
            Finding::fail(
                DATABASE,
                message,
                "stop the server, then `sortie restore --replace` a backup: it keeps the file",
            )
        }
        Ok(Some(Inspection { schema, newest_schema, .. })) if schema < newest_schema => {
            let message = format!("whole; schema {schema}, of an earlier release");
            Finding::warn(DATABASE, message, "the next `sortie serve` brings it up to date: make a backup first")
        }
        Ok(Some(Inspection { schema, .. })) => Finding::ok(DATABASE, format!("whole; schema {schema}")),
        Err(error) => Finding::fail(DATABASE, error.to_string(), "see docs/operations.md, Restoring"),
    }
}

fn secrets(config: &Config, has_data: bool) -> Vec<Finding> {
    let dir = &config.server.data_dir;
    let mut found = vec![secrets_file(dir, has_data)];
    if let Err(error) = Secrets::sealing_key_of(config) {
        found.push(Finding::fail(SECRETS, error.to_string(), "correct the variable"));
    }
    found.extend(backups_with_secrets(dir).map(|backup| {
        let advice = "keep secrets.toml elsewhere: whoever has both can read everything";
        Finding::warn(SECRETS, format!("{} is a backup and holds the secrets too", backup.display()), advice)
    }));
    found
}

fn secrets_file(dir: &Path, has_data: bool) -> Finding {
    let mode = std::fs::metadata(Secrets::path_in(dir)).map(|found| found.permissions().mode());
    match Secrets::read(dir) {
        Ok(Some(_)) if mode.is_ok_and(|mode| mode & 0o077 != 0) => {
            let advice = "it is closed to them now; if somebody may have read it, make new keys";
            Finding::warn(SECRETS, "others could read secrets.toml", advice)
        }
        Ok(Some(_)) => {
            Finding::ok(SECRETS, "secrets.toml is whole; `sortie backup` leaves it out: keep a copy elsewhere")
        }
        Ok(None) if has_data => {
            let advice = "put it back from where you keep it: without it no key works";
            Finding::fail(SECRETS, "secrets.toml is missing", advice)
        }
        Ok(None) => Finding::ok(SECRETS, "`sortie serve` makes it with the database"),
        Err(error) => Finding::fail(SECRETS, error.to_string(), "put it back from where you keep it"),
    }
}

/// Backups beside the data directory that somebody has put the secrets into.
fn backups_with_secrets(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let own = dir.canonicalize().ok();
    let beside = own.as_deref().and_then(Path::parent).and_then(|parent| std::fs::read_dir(parent).ok());
    let others = beside.into_iter().flatten().take(NEIGHBOURS_MAX).flatten().map(|entry| entry.path());
    others.filter(move |path| {
        Some(path) != own.as_ref() && path.join(backup::PAGE).is_file() && Secrets::path_in(path).exists()
    })
}

fn clock(now: Timestamp, last_start: Option<Timestamp>) -> Finding {
    match last_start {
        Some(started) if started > now => {
            let message = format!("it is {now}, and a server started at {started}: the clock was set back");
            Finding::fail(CLOCK, message, "set the clock, and keep it with NTP: deadlines and expiries go by it")
        }
        _ => Finding::ok(CLOCK, format!("{now:.0}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_noticed() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(clock(at(10), Some(at(9))).verdict, Verdict::Ok);
        assert_eq!(clock(at(10), Some(at(11))).verdict, Verdict::Fail);
    }

    #[test]
    fn a_backup_that_holds_the_secrets_is_noticed() {
        let beside = tempfile::tempdir().unwrap();
        let [data, backup] = ["data", "backup"].map(|name| beside.path().join(name));
        for dir in [&data, &backup] {
            std::fs::create_dir(dir).unwrap();
            std::fs::write(dir.join(backup::PAGE), "{}").unwrap();
        }
        std::fs::write(Secrets::path_in(&data), "").unwrap();
        assert_eq!(backups_with_secrets(&data).count(), 0, "the data directory may have been a backup once");
        std::fs::write(Secrets::path_in(&backup), "").unwrap();
        assert_eq!(backups_with_secrets(&data).count(), 1);
    }
}

//! Opening: a directory that cannot be used is refused in one clear line, and left as it is.

use std::path::Path;
use std::sync::Arc;

use domain::OrgId;
use ports::time::SystemSources;
use ports::{Clock, Feed, Store, StoreError};
use rusqlite::Connection;
use store_sqlite::{OpenError, SqliteStore, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

fn open(dir: &Path) -> Result<Arc<SqliteStore>, OpenError> {
    SqliteStore::open(dir, &StoreOptions::default(), Feed::default())
}

/// Why the directory is refused; what it holds stays as it is.
fn refusal(dir: &TempDir) -> OpenError {
    let file = dir.path().join("sortie.db");
    let before = std::fs::read(&file).unwrap();
    let error = open(dir.path()).map(|_| ()).unwrap_err();
    assert!(std::fs::read(&file).unwrap() == before, "the file was touched");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains(&*dir.path().to_string_lossy()), "{line}");
    error
}

/// A directory that a store has used and left.
async fn used() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    store.provider_number("local").await.unwrap();
    store.close().await;
    dir
}

#[tokio::test]
async fn a_directory_is_made_for_its_owner_only_and_belongs_to_one_process() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/data");
    let store = open(&dir).unwrap();
    assert!(matches!(open(&dir), Err(OpenError::InUse(taken)) if taken == dir));
    store.check().await.unwrap();

    store.close().await;

    assert!(matches!(store.check().await, Err(StoreError::Closed)));
    let again = open(&dir).unwrap();
    store.close().await;
    assert!(matches!(open(&dir), Err(OpenError::InUse(_))), "closing the first again changes nothing");
    again.check().await.unwrap();
    #[cfg(unix)]
    for (path, mode) in [(dir.clone(), 0o700), (dir.join("sortie.db"), 0o600), (dir.join("sortie.db-wal"), 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn dropping_the_last_handle_gives_the_directory_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let view = store.of(OrgId(Uuid::nil()));
    drop(store);
    assert!(matches!(open(dir.path()), Err(OpenError::InUse(_))), "a view still reads from it");
    assert_eq!(view.find_org().await.unwrap(), None);
    drop(view);
    open(dir.path()).unwrap();
}

#[tokio::test]
async fn what_was_written_is_in_the_file_after_closing() {
    let dir = used().await;
    let log = dir.path().join("sortie.db-wal");
    assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0, "nothing is left in the log");
    let store = open(dir.path()).unwrap();
    assert_eq!(store.provider_number("other").await.unwrap(), 2);
    assert_eq!(store.take_lease(SystemSources.now()).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_foreign_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sortie.db");
    std::fs::write(&file, "Dear diary, ".repeat(500)).unwrap();
    assert!(matches!(refusal(&dir), OpenError::Foreign(_)));
    std::fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("create table diary (day, text)").unwrap();
    assert!(matches!(refusal(&dir), OpenError::Foreign(_)));
    Connection::open(&file)
        .unwrap()
        .execute_batch("pragma journal_mode = wal; insert into diary values (1, 2)")
        .unwrap();
    assert!(matches!(refusal(&dir), OpenError::Foreign(_)));
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_refused() {
    let dir = used().await;
    let db = Connection::open(dir.path().join("sortie.db")).unwrap();
    db.execute_batch("pragma user_version = 99; pragma wal_checkpoint(truncate)").unwrap();
    drop(db);
    assert!(matches!(refusal(&dir), OpenError::Newer { found: 99, .. }));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let dir = used().await;
    let file = dir.path().join("sortie.db");
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], &whole[..5000], &[&whole[..100], &[0xff; 8000]].concat()] {
        std::fs::write(&file, damaged).unwrap();
        assert!(matches!(refusal(&dir), OpenError::Corrupt { .. }));
    }
    std::fs::write(&file, [&[0; 100], &whole[100..]].concat()).unwrap();
    assert!(matches!(refusal(&dir), OpenError::Foreign(_)), "what it was cannot be told");
    std::fs::write(&file, &whole).unwrap();
    open(dir.path()).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_path_that_is_no_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert!(matches!(open(&file), Err(OpenError::Io { .. })));
    assert!(open(&file.join("below")).is_err());
    std::fs::create_dir_all(dir.path().join("data/sortie.db")).unwrap();
    assert!(open(&dir.path().join("data")).is_err(), "a directory where the database should be");
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_directory_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(dir.path().join("probe"), "").is_ok() {
        return; // The superuser may write anywhere.
    }
    let error = open(dir.path()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly(_)), "{error}");
}

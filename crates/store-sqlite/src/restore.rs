//! Putting a copy of a database into a data directory.
//!
//! The copy is made beside its place, flushed and looked at there, and then gets its name in
//! one step: whatever stops it half way, the directory is as it was. A database that was there
//! keeps its bytes under another name, which nothing had before.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use crate::inspect::{Inspection, inspect};
use crate::open::{Connector, DATABASE, DirectoryLock, LOCK, OpenError, lock, private_file};

/// Where the copy is made. One that is there was cut off, and is nobody's.
const STAGING: &str = "restore.unfinished";
/// How the names of what was there end afterwards; with a number behind it from the second time on.
const REPLACED: &str = ".replaced";
/// What may stand beside a database and belongs to it.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];
/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

/// A copy that cannot be put in place. The directory is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// What is to be copied cannot be read.
    #[error("{}: {error}", .path.display())]
    Unreadable {
        /// It.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The copy is no database that a server of this release can work on.
    #[error(transparent)]
    Unfit(OpenError),
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] OpenError),
}

/// A data directory that is about to get a database. No other process has it meanwhile.
#[derive(Debug)]
pub struct Restoring {
    dir: PathBuf,
    /// Whether the directory was made for this.
    is_new: bool,
    is_done: bool,
    #[expect(dead_code, reason = "the directory is ours as long as this lives")]
    lock: DirectoryLock,
}

impl Restoring {
    /// Takes the directory, which is made if it is not there.
    ///
    /// # Errors
    /// A server or another command holds it, or it cannot be written.
    pub fn begin(dir: &Path) -> Result<Self, OpenError> {
        let is_new = !dir.exists();
        let lock = lock(dir)?;
        let restoring = Self { dir: dir.to_owned(), is_new, is_done: false, lock };
        restoring.sweep().map_err(|error| restoring.unusable(&error))?;
        Ok(restoring)
    }

    /// Whether there is a database, or what one has left.
    pub fn has_database(&self) -> bool {
        let companions = COMPANIONS.map(|companion| format!("{DATABASE}{companion}"));
        let is_there = |name: &str| self.dir.join(name).symlink_metadata().is_ok();
        is_there(DATABASE) || companions.iter().any(|name| is_there(name))
    }

    /// Copies a database to where it can be looked at, flushed, readable by its owner only.
    /// The path of the copy.
    ///
    /// # Errors
    /// It cannot be read, or there is no room.
    pub fn copy(&self, from: &Path) -> Result<PathBuf, RestoreError> {
        let unreadable = |error| RestoreError::Unreadable { path: from.to_owned(), error };
        let unwritable = |error: io::Error| RestoreError::Directory(self.unusable(&error));
        let mut source = File::open(from).map_err(unreadable)?;
        DirBuilder::new().mode(0o700).create(self.staging()).map_err(unwritable)?;
        let to = self.staging().join(DATABASE);
        let mut copy = private_file().create_new(true).open(&to).map_err(unwritable)?;
        let mut piece = vec![0; PIECE];
        loop {
            match source.read(&mut piece).map_err(unreadable)? {
                0 => break,
                bytes => copy.write_all(&piece[..bytes]).map_err(unwritable)?,
            }
        }
        copy.sync_all().map_err(unwritable)?;
        Ok(to)
    }

    /// Reads all of the copy.
    ///
    /// # Errors
    /// It is no whole database of ours, or one of a newer release.
    pub fn inspect(&self) -> Result<Inspection, RestoreError> {
        let staged = self.staging().join(DATABASE);
        match inspect(&self.staging()).map_err(RestoreError::Unfit)? {
            // An empty file is what a new database begins as, and nobody's backup.
            None | Some(Inspection { schema: 0, .. }) => Err(RestoreError::Unfit(OpenError::Foreign(staged))),
            Some(found) if !found.faults.is_empty() => {
                Err(RestoreError::Unfit(OpenError::Corrupt { path: staged, reason: found.faults.join("; ") }))
            }
            Some(found) => Ok(found),
        }
    }

    /// An ending under which nothing was put aside yet: neither a database, nor one of these files
    /// of the directory.
    pub fn unused_ending(&self, files: &[&str]) -> String {
        let beside = COMPANIONS.map(|companion| (DATABASE, companion));
        let names = files.iter().map(|file| (*file, "")).chain(beside).collect::<Vec<_>>();
        let is_unused = |ending: &String| {
            let is_free = |(file, more): &(&str, &str)| {
                self.dir.join(format!("{file}{ending}{more}")).symlink_metadata().is_err()
            };
            names.iter().all(is_free) && !self.is_taken(&self.dir.join(format!("{DATABASE}{ending}")))
        };
        let numbered = (2u64..).map(|number| format!("{REPLACED}.{number}"));
        let mut endings = [REPLACED.to_owned()].into_iter().chain(numbered);
        endings.find(is_unused).unwrap_or_else(|| unreachable!("numbers do not end"))
    }

    /// Whether something has this name, other than the database that is there: a restore that was
    /// cut off has given it a second one.
    fn is_taken(&self, path: &Path) -> bool {
        let file = |path: &Path| path.symlink_metadata().map(|found| (found.dev(), found.ino())).ok();
        file(path).is_some_and(|found| file(&self.dir.join(DATABASE)) != Some(found))
    }

    /// Gives the copy its name. What a database that was there is called now, if there was one:
    /// with this [unused ending](Self::unused_ending).
    ///
    /// # Errors
    /// The system refuses. The directory is as it was.
    pub fn finish(&mut self, ending: &str) -> Result<Option<PathBuf>, OpenError> {
        let kept = self.dir.join(format!("{DATABASE}{ending}"));
        if self.has_database() {
            self.fold_log()?;
        }
        let named = self.name_anew(&kept).and_then(|()| self.name_the_copy(&kept));
        if let Err(error) = named {
            self.name_as_before(&kept);
            return Err(self.unusable(&error));
        }
        self.is_done = true;
        Ok(Some(kept).filter(|kept| kept.exists()))
    }

    /// Gives the database that is there a second name, which it keeps when its first is taken.
    fn name_anew(&self, kept: &Path) -> io::Result<()> {
        let current = self.dir.join(DATABASE);
        if !self.is_taken(kept) {
            // Its own already, by a restore that was cut off.
            gone(fs::remove_file(kept))?;
        }
        gone(fs::hard_link(&current, kept))?;
        // What could not be folded in goes with it: beside the new database it would spoil that.
        for companion in COMPANIONS {
            gone(fs::rename(beside(&current, companion), beside(kept, companion)))?;
        }
        Ok(())
    }

    /// Gives the copy the name. If that cannot be made to last, it is what it was before.
    fn name_the_copy(&self, kept: &Path) -> io::Result<()> {
        let current = self.dir.join(DATABASE);
        self.sync()?;
        fs::rename(self.staging().join(DATABASE), &current)?;
        self.sync().inspect_err(|_| {
            let taken_back = match fs::rename(kept, &current) {
                Err(error) if error.kind() == ErrorKind::NotFound => fs::remove_file(&current),
                done => done,
            };
            warn_unless(taken_back, kept);
        })
    }

    /// Takes back the second name of what is there, and what went with it.
    fn name_as_before(&self, kept: &Path) {
        let current = self.dir.join(DATABASE);
        // The only name of anything else is left alone.
        let removed = if self.is_taken(kept) { Ok(()) } else { gone(fs::remove_file(kept)) };
        warn_unless(removed, kept);
        for companion in COMPANIONS {
            warn_unless(gone(fs::rename(beside(kept, companion), beside(&current, companion))), kept);
        }
        warn_unless(self.sync(), kept);
    }

    /// Moves the log of the database that is there into it, so that it is one file and can be
    /// replaced in one step. One so damaged that it cannot be done opens for nobody anyway.
    fn fold_log(&self) -> Result<(), OpenError> {
        let connector = Connector::new(&self.dir, None);
        if !connector.exists() {
            return Ok(());
        }
        let folded = connector
            .connect(OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|db| db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())));
        match folded.map_err(|error| connector.unusable(&error)) {
            Err(OpenError::Foreign(_) | OpenError::Corrupt { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn staging(&self) -> PathBuf {
        self.dir.join(STAGING)
    }

    fn sweep(&self) -> io::Result<()> {
        gone(fs::remove_dir_all(self.staging()))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn unusable(&self, error: &io::Error) -> OpenError {
        OpenError::of_system(&self.dir, error)
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        if let Err(error) = self.sweep() {
            tracing::warn!(%error, path = %self.staging().display(), "an unfinished copy could not be removed");
        }
        if self.is_new && !self.is_done {
            // Still under the lock, so that nobody has begun to use it. What is in use stays.
            let _ = fs::remove_file(self.dir.join(LOCK)).and_then(|()| fs::remove_dir(&self.dir));
        }
    }
}

/// What stands beside a database, and belongs to it.
fn beside(database: &Path, companion: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(companion);
    PathBuf::from(name)
}

fn warn_unless(done: io::Result<()>, kept: &Path) {
    if let Err(error) = done {
        tracing::warn!(%error, kept = %kept.display(), "what was put aside could not be put back");
    }
}

/// What is not there need not be moved away.
fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SqliteStore, StoreOptions};
    use domain::Timestamp;
    use ports::Store;
    use std::sync::Arc;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn open(dir: &Path) -> Arc<SqliteStore> {
        SqliteStore::open(dir, &StoreOptions::default(), ports::Feed::default()).unwrap()
    }

    /// A copy of a database that was started on so many times.
    async fn copy_of(starts: usize, to: &Path) -> PathBuf {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        for _ in 0..starts {
            store.take_lease(Timestamp::UNIX_EPOCH).await.unwrap();
        }
        let copy = to.join(format!("{starts}.db"));
        store.copy_to(copy.clone()).await.unwrap();
        copy
    }

    fn finish(mut restoring: Restoring) -> Option<PathBuf> {
        let ending = restoring.unused_ending(&[]);
        restoring.finish(&ending).unwrap()
    }

    async fn starts(dir: &Path) -> i64 {
        open(dir).take_lease(Timestamp::UNIX_EPOCH).await.unwrap().0 as i64 - 1
    }

    #[tokio::test]
    async fn a_replaced_database_is_kept_and_nothing_of_it_spoils_the_new_one() {
        let (copies, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = copy_of(5, copies.path()).await;
        let data = dir.path().join("data");
        let restoring = Restoring::begin(&data).unwrap();
        assert!(!restoring.has_database());
        restoring.copy(&copy).unwrap();
        assert_eq!(restoring.inspect().unwrap().schema, crate::migrations::NEWEST);
        assert_eq!(finish(restoring), None);
        assert_eq!((names(&data), starts(&data).await), (vec!["lock".to_owned(), "sortie.db".to_owned()], 5));

        // What was written last stands in the log alone, as after a crash.
        let store = open(&data);
        store.take_lease(Timestamp::UNIX_EPOCH).await.unwrap();
        let files = ["sortie.db", "sortie.db-wal"].map(|name| data.join(name));
        let crashed = files.clone().map(|file| fs::read(file).unwrap());
        drop(store);
        files.iter().zip(crashed).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
        let mut put_aside = Vec::new();
        for (times, before, name) in [(2, 7, "sortie.db.replaced"), (3, 3, "sortie.db.replaced.2")] {
            let copy = copy_of(times, copies.path()).await;
            let restoring = Restoring::begin(&data).unwrap();
            assert!(restoring.has_database());
            restoring.copy(&copy).unwrap();
            let kept = finish(restoring).expect("one was there");
            put_aside.push(name.to_owned());
            assert_eq!((&kept, names(&data)[2..].to_vec()), (&data.join(name), put_aside.clone()));
            assert_eq!(starts(&data).await, i64::try_from(times).unwrap());
            let elsewhere = tempfile::tempdir().unwrap();
            fs::copy(kept, elsewhere.path().join("sortie.db")).unwrap();
            assert_eq!(starts(elsewhere.path()).await, before);
        }
    }

    #[tokio::test]
    async fn nothing_that_was_put_aside_is_written_over() {
        let (copies, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = copy_of(1, copies.path()).await;
        for file in ["sortie.db", "sortie.db.replaced-wal", "secrets.toml.replaced.2", "sortie.db.replaced.3"] {
            fs::write(dir.path().join(file), file).unwrap();
        }
        let restoring = Restoring::begin(dir.path()).unwrap();
        assert_eq!(restoring.unused_ending(&["secrets.toml"]), ".replaced.4");
        assert_eq!(restoring.unused_ending(&[]), ".replaced.2");
        // One that was cut off gave it a second name, and may have it again.
        fs::hard_link(dir.path().join("sortie.db"), dir.path().join("sortie.db.replaced.2")).unwrap();
        assert_eq!(restoring.unused_ending(&[]), ".replaced.2");
        restoring.copy(&copy).unwrap();
        let kept = finish(restoring).unwrap();
        assert_eq!(fs::read(kept).unwrap(), b"sortie.db");
        for file in ["sortie.db.replaced-wal", "secrets.toml.replaced.2", "sortie.db.replaced.3"] {
            assert_eq!(fs::read(dir.path().join(file)).unwrap(), file.as_bytes());
        }
    }

    #[tokio::test]
    async fn what_cannot_be_put_in_place_leaves_what_was_there() {
        let (copies, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = copy_of(1, copies.path()).await;
        fs::write(dir.path().join("sortie.db"), "sortie.db").unwrap();
        // Nothing was copied, so there is nothing to be named.
        assert!(Restoring::begin(dir.path()).unwrap().finish(".replaced").is_err());
        assert_eq!(names(dir.path()), ["lock", "sortie.db"]);
        // A name that something has is no other's, whoever asks for it.
        fs::write(dir.path().join("sortie.db.replaced"), "kept").unwrap();
        let mut restoring = Restoring::begin(dir.path()).unwrap();
        restoring.copy(&copy).unwrap();
        assert!(restoring.finish(".replaced").is_err());
        for (file, text) in [("sortie.db", "sortie.db"), ("sortie.db.replaced", "kept")] {
            assert_eq!(fs::read(dir.path().join(file)).unwrap(), text.as_bytes());
        }
    }

    #[tokio::test]
    async fn what_is_not_finished_leaves_nothing() {
        let (copies, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = copy_of(1, copies.path()).await;
        let data = dir.path().join("data");
        let restoring = Restoring::begin(&data).unwrap();
        assert!(matches!(Restoring::begin(&data), Err(OpenError::InUse(_))));
        restoring.copy(&copy).unwrap();
        drop(restoring);
        assert_eq!(names(dir.path()), [""; 0]);

        fs::create_dir(&data).unwrap();
        fs::create_dir(data.join(STAGING)).unwrap();
        fs::write(data.join(STAGING).join(DATABASE), "cut off").unwrap();
        let restoring = Restoring::begin(&data).unwrap();
        restoring.copy(&copy).unwrap();
        drop(restoring);
        assert_eq!(names(&data), ["lock"], "the directory was there before");
    }

    #[tokio::test]
    async fn only_a_whole_database_of_ours_is_fit() {
        let (copies, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let whole = fs::read(copy_of(1, copies.path()).await).unwrap();
        let fitness = |bytes: &[u8]| {
            let file = copies.path().join("file");
            fs::write(&file, bytes).unwrap();
            let restoring = Restoring::begin(dir.path()).unwrap();
            restoring.copy(&file).unwrap();
            restoring.inspect()
        };
        assert!(fitness(&whole).is_ok());
        let mut damaged = whole.clone();
        let last = damaged.len() - 4096;
        damaged[last..].fill(0xa5);
        assert!(matches!(fitness(&damaged), Err(RestoreError::Unfit(OpenError::Corrupt { .. }))));
        assert!(fitness(&whole[..whole.len() / 2]).is_err());
        for foreign in [&b""[..], &[7; 5_000]] {
            assert!(matches!(fitness(foreign), Err(RestoreError::Unfit(OpenError::Foreign(_)))));
        }
        assert_eq!(names(dir.path()), ["lock"]);
    }
}

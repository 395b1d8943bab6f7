//! Moving what the write-ahead log holds into the database file.
//!
//! When the log is long enough, a thread of its own moves its pages while the writer goes
//! on. What came meanwhile is little; the writer moves that itself, between two commits and
//! after the callers were answered. Since readers hold no long read transactions, nothing is
//! then left to move, and the log begins anew in the same file, which stops growing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// Decides when, for the writer.
pub(crate) struct Checkpoints {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    at_pages: u32,
    mover: Option<Mover>,
    is_moving: bool,
}

/// The thread that does the most of it.
struct Mover {
    wake: SyncSender<()>,
    is_done: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Watches the log through the writer's connection; `mover_db` is for the thread.
    pub(crate) fn start(db: &mut Connection, mover_db: Connection, at_pages: u32) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&pages);
        db.wal_hook(Some(move |_: &mut Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        // Without the thread the writer does all of it.
        let mover = Mover::start(mover_db).inspect_err(|error| tracing::warn!(%error, "no thread for checkpoints"));
        Ok(Self { pages, at_pages, mover: mover.ok(), is_moving: false })
    }

    /// Begins or ends a move if it is time.
    pub(crate) fn after_commit(&mut self, db: &Connection) {
        let is_long = self.pages.load(Ordering::Relaxed) >= self.at_pages;
        let Some(mover) = &self.mover else {
            if is_long {
                self.finish(db);
            }
            return;
        };
        if !self.is_moving {
            self.is_moving = is_long && mover.wake.try_send(()).is_ok();
        } else if mover.is_done.swap(false, Ordering::AcqRel) {
            self.is_moving = false;
            self.finish(db);
        }
    }

    /// Moves everything, so that the next start finds nothing to do.
    pub(crate) fn at_close(&mut self, db: &Connection) {
        if let Some(Mover { wake, thread, .. }) = self.mover.take() {
            drop(wake);
            if thread.join().is_err() {
                tracing::error!("the checkpoint thread had ended in a panic");
            }
        }
        checkpoint(db, "pragma wal_checkpoint(truncate)");
    }

    fn finish(&self, db: &Connection) {
        checkpoint(db, PASSIVE);
        self.pages.store(0, Ordering::Relaxed);
    }
}

impl Mover {
    fn start(db: Connection) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let thread = std::thread::Builder::new().name("store-checkpoint".to_owned());
        let thread = thread.spawn(move || move_when_woken(&db, &woken, &done))?;
        Ok(Self { wake, is_done, thread })
    }
}

fn move_when_woken(db: &Connection, woken: &Receiver<()>, is_done: &AtomicBool) {
    while woken.recv().is_ok() {
        checkpoint(db, PASSIVE);
        is_done.store(true, Ordering::Release);
    }
}

/// Moves what no reader still needs in the log, waiting for nobody.
const PASSIVE: &str = "pragma wal_checkpoint(passive)";

fn checkpoint(db: &Connection, sql: &str) {
    // The log stays as it is if this fails, and with it everything that was committed.
    if let Err(error) = db.query_row(sql, [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be moved into the database");
    }
}

//! Telling a worker that input came for its run.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use domain::RunId;
use lru::LruCache;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::Shared;

/// Hints remembered for runs whose worker is about to begin.
const EARLY_MAX: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Who is to be told about which run.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Boxes>);

struct Boxes {
    workers: HashMap<RunId, Arc<Notify>>,
    /// Input that came between a run's commit and its worker's registration.
    early: LruCache<RunId, ()>,
}

impl Default for Boxes {
    fn default() -> Self {
        Self { workers: HashMap::new(), early: LruCache::new(EARLY_MAX) }
    }
}

/// A worker's place in the mailbox; given up when dropped.
pub(crate) struct Registration<'a> {
    mailbox: &'a Mailbox,
    run: RunId,
    bell: Arc<Notify>,
}

impl Mailbox {
    pub(crate) fn register(&self, run: RunId) -> Registration<'_> {
        let bell = Arc::new(Notify::new());
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.early.pop(&run).is_some() {
            bell.notify_one();
        }
        boxes.workers.insert(run, Arc::clone(&bell));
        Registration { mailbox: self, run, bell }
    }

    fn ring(&self, run: RunId) {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match boxes.workers.get(&run) {
            Some(bell) => bell.notify_one(),
            None => {
                boxes.early.put(run, ());
            }
        }
    }

    fn ring_all(&self) {
        let boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        boxes.workers.values().for_each(|bell| bell.notify_one());
    }
}

impl Registration<'_> {
    /// Waits until input may be there.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        let mut boxes = self.mailbox.0.lock().unwrap_or_else(PoisonError::into_inner);
        boxes.workers.remove(&self.run);
    }
}

/// Carries the feed's hints to the workers, until the feed closes.
pub(crate) async fn listen(shared: Arc<Shared>) {
    let mut hints = shared.ports.feed.watch_inbox();
    loop {
        match hints.recv().await {
            Ok(run) => shared.mailbox.ring(run),
            Err(RecvError::Lagged(_)) => shared.mailbox.ring_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

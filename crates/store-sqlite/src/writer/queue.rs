//! What waits to be written: bounded for each organization, taken in the order it came.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use domain::OrgId;
use ports::StoreError;
use ports::metrics::StoreMetrics;

use super::job::Job;

/// The queue between callers and the writer's thread.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    max_per_org: usize,
    metrics: StoreMetrics,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Option<OrgId>, Box<dyn Job>)>,
    by_org: HashMap<OrgId, usize>,
    writer_sleeps: bool,
    is_closed: bool,
}

impl Queue {
    pub(crate) fn new(max_per_org: usize, metrics: StoreMetrics) -> Self {
        Self { waiting: Mutex::default(), came: Condvar::new(), max_per_org, metrics }
    }

    /// Adds a job, of an organization or of the store itself, which is not bounded.
    pub(crate) fn push(&self, org: Option<OrgId>, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(StoreError::Closed);
        }
        if let Some(org) = org {
            let count = waiting.by_org.entry(org).or_default();
            if *count >= self.max_per_org {
                return Err(StoreError::Busy);
            }
            *count += 1;
        }
        waiting.jobs.push_back((org, job));
        self.metrics.waits(waiting.jobs.len());
        let writer_sleeps = waiting.writer_sleeps;
        // Woken with the lock free: the writer would only wait for it.
        drop(waiting);
        if writer_sleeps {
            self.came.notify_one();
        }
        Ok(())
    }

    /// Waits for jobs and takes all that are there, at most `max`. `None` once the queue is
    /// closed and empty.
    pub(super) fn take(&self, max: usize) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.lock();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting.writer_sleeps = true;
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.writer_sleeps = false;
        }
        Some(self.taken_from(&mut waiting, max))
    }

    /// The same without waiting: nothing if no job is there.
    pub(super) fn take_waiting(&self, max: usize) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.lock();
        let is_over = waiting.is_closed && waiting.jobs.is_empty();
        (!is_over).then(|| self.taken_from(&mut waiting, max))
    }

    fn taken_from(&self, waiting: &mut Waiting, max: usize) -> Vec<Box<dyn Job>> {
        let taken = waiting.take(max);
        self.metrics.waits(waiting.jobs.len());
        taken
    }

    /// Takes no more jobs. Those that wait are still written.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.came.notify_one();
    }

    /// The writer is gone: whoever waits is told so.
    pub(super) fn abandon(&self) {
        self.close();
        // Dropped unanswered, a job tells its caller that the store is closed.
        let jobs = std::mem::take(&mut self.lock().jobs);
        drop(jobs);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can panic half way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The oldest jobs, at most `max`.
    fn take(&mut self, max: usize) -> Vec<Box<dyn Job>> {
        let count = self.jobs.len().min(max.max(1));
        let taken: Vec<_> = self.jobs.drain(..count).collect();
        for org in taken.iter().filter_map(|(org, _)| *org) {
            self.forget_one(org);
        }
        taken.into_iter().map(|(_, job)| job).collect()
    }

    fn forget_one(&mut self, org: OrgId) {
        if let Some(count) = self.by_org.get_mut(&org) {
            *count -= 1;
            if *count == 0 {
                self.by_org.remove(&org);
            }
        }
    }
}

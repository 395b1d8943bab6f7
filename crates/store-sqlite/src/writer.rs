//! The writer: one thread that applies what callers decided, many change sets to a flush.
//!
//! It takes whatever waits, applies each change set in a savepoint of one transaction,
//! commits, and only then tells the streams and answers the callers. While it flushes, the
//! next batch gathers; nobody waits for a batch to fill.

pub(crate) mod desk;
pub(crate) mod job;
mod pruning;
pub(crate) mod queue;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use ports::StoreError;
use ports::feed::Feed;
use ports::metrics::StoreMetrics;

use self::desk::{Desk, Recorded};
use self::job::Job;
use self::pruning::Pruning;
use self::queue::Queue;
use crate::changes::Effects;
use crate::checkpoint::Checkpoints;
use crate::deletions;
use crate::fault::Fault;
use crate::planted::PlantedBug;

/// Starts the writer's thread. It ends when the queue is closed and empty.
pub(crate) fn start(
    desk: Desk,
    queue: Arc<Queue>,
    told: Told,
    batch_max: usize,
    checkpoints: Checkpoints,
) -> std::io::Result<JoinHandle<()>> {
    // Those of an earlier life; looking for them is tried again with the next deletion.
    let has_leftovers = deletions::wait(desk.db()).unwrap_or(false);
    let writer = Writer { desk, told, batch_max, checkpoints, pruning: Pruning::default(), has_leftovers };
    std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let queue = Abandoning(queue);
        writer.run(&queue.0);
    })
}

/// Sees to it that nobody waits for a writer that is gone, if only by a panic.
struct Abandoning(Arc<Queue>);

impl Drop for Abandoning {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Whom the writer tells of what is on disk.
pub(crate) struct Told {
    /// The streams and the workers.
    pub(crate) feed: Feed,
    /// The operator.
    pub(crate) metrics: StoreMetrics,
}

struct Writer {
    desk: Desk,
    told: Told,
    batch_max: usize,
    checkpoints: Checkpoints,
    pruning: Pruning,
    /// Whether deleted sessions and webhooks have left something to be cleared away.
    has_leftovers: bool,
}

type Done = (Box<dyn Job>, Result<(), Fault>);

impl Writer {
    fn run(mut self, queue: &Queue) {
        while let Some(jobs) = self.next_jobs(queue) {
            if !jobs.is_empty() {
                self.write(jobs);
            }
            if self.has_leftovers {
                self.clear_some();
            }
            self.pruning.after_commit(&mut self.desk);
            self.checkpoints.after_commit(self.desk.db());
        }
        self.checkpoints.at_close(self.desk.db());
    }

    /// What is to be written next. Does not wait while there is something to clear away.
    fn next_jobs(&self, queue: &Queue) -> Option<Vec<Box<dyn Job>>> {
        if self.has_leftovers { queue.take_waiting(self.batch_max) } else { queue.take(self.batch_max) }
    }

    /// Clears away a bite of what deleted sessions and webhooks left, between two batches.
    fn clear_some(&mut self) {
        let cleared = self.desk.begin().and_then(|()| {
            let more = deletions::clear_some(self.desk.db())?;
            self.desk.statement("commit")?;
            Ok(more)
        });
        self.has_leftovers = cleared.unwrap_or_else(|fault| {
            self.desk.roll_back();
            tracing::warn!(
                ?fault,
                "what was left behind by deletions could not be cleared away: it is tried again later"
            );
            false
        });
    }

    /// Writes one batch and answers every job of it.
    fn write(&mut self, jobs: Vec<Box<dyn Job>>) {
        if let Err(fault) = self.desk.begin() {
            self.desk.roll_back();
            return fail(jobs.into_iter().map(|job| (job, Ok(()))).collect(), &fault);
        }
        match self.work(jobs) {
            Ok(done) => self.finish(done),
            Err((done, fault)) => {
                self.desk.roll_back();
                fail(done, &fault);
            }
        }
    }

    /// Does the work of one batch, up to the commit. `Err` if nothing of it can stay.
    fn work(&mut self, mut jobs: Vec<Box<dyn Job>>) -> Result<Vec<Done>, (Vec<Done>, Fault)> {
        // A job that has the transaction to itself is undone with it. A savepoint would cost
        // it a copy of each page that it changes.
        if jobs.len() == 1
            && let Some(mut job) = jobs.pop()
        {
            let end = job.work(&mut self.desk);
            let done = vec![(job, Ok(()))];
            return match end {
                Ok(()) => Ok(done),
                Err(fault) => Err((done, fault)),
            };
        }
        let mut done: Vec<Done> = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        while let Some(mut job) = jobs.next() {
            match self.desk.alone(|desk| job.work(desk)) {
                Ok(end) => done.push((job, end)),
                Err(fault) => {
                    done.push((job, Ok(())));
                    done.extend(jobs.map(|job| (job, Ok(()))));
                    return Err((done, fault));
                }
            }
        }
        Ok(done)
    }

    /// Commits what was done, and only then tells of it.
    fn finish(&mut self, mut done: Vec<Done>) {
        if self.desk.planted.is(PlantedBug::AcknowledgeBeforeCommit) {
            answer(std::mem::take(&mut done));
            // However fast the disk is: callers act on the answer before it is true.
            std::thread::sleep(PlantedBug::HEAD_START);
        }
        let began = Instant::now();
        match self.commit() {
            Ok(recorded) => {
                self.told.metrics.committed(done.len(), began.elapsed());
                self.pruning.note(&recorded);
                self.publish(recorded);
                answer(done);
            }
            Err(fault) => {
                self.desk.roll_back();
                self.told.metrics.failed();
                fail(done, &fault);
            }
        }
    }

    fn commit(&mut self) -> Result<Recorded, Fault> {
        let recorded = self.desk.record_positions()?;
        self.desk.statement("commit")?;
        Ok(recorded)
    }

    /// Tells the streams and the workers of this process, in commit order.
    fn publish(&mut self, recorded: Recorded) {
        let effects = std::mem::take(&mut self.desk.effects);
        let Effects {
            appended,
            deleted,
            inputs,
            works,
            timers,
            approvals,
            monitors,
            rollouts,
            deliveries,
            leftovers,
            ended,
            ..
        } = effects;
        let Told { feed, metrics } = &self.told;
        for (session, events) in appended {
            feed.stored(session, events);
        }
        for (org, position) in recorded.positions {
            feed.changed(org, position);
        }
        self.has_leftovers |= leftovers || !deleted.is_empty();
        for (session, at) in deleted {
            feed.deleted(session, at);
        }
        for run in inputs {
            feed.input_waits(run);
        }
        if works > 0 {
            feed.work_waits();
        }
        if timers > 0 {
            feed.timer_is_set();
        }
        if approvals > 0 {
            feed.approval_waits();
        }
        for org in monitors.into_iter().collect::<BTreeSet<_>>() {
            feed.monitors_changed(org);
        }
        for rollout in rollouts {
            feed.rollout_changed(rollout);
        }
        if deliveries > 0 {
            feed.delivery_waits();
        }
        ended.into_iter().for_each(|end| metrics.run_ended(end));
    }
}

fn answer(done: Vec<Done>) {
    for (job, end) in done {
        job.answer(end);
    }
}

/// A commit that failed is an error for all of its change sets but those that had been
/// refused before.
fn fail(done: Vec<Done>, fault: &Fault) {
    if let Fault::Store(StoreError::Unwritable(why) | StoreError::Failed(why)) = fault {
        tracing::error!(changes = done.len(), "the store could not commit: {why}");
    }
    for (job, end) in done {
        job.answer(Err(end.err().unwrap_or_else(|| fault.clone())));
    }
}

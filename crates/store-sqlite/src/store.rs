//! The store of the whole installation.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use domain::deployment::Deployment;
use domain::key::KeyHash;
use domain::org::Org;
use domain::run::Fence;
use domain::{DeploymentId, OrgId, Timestamp};
use ports::feed::Feed;
use ports::metrics::{OpenRuns, StoreMetrics};
use ports::store::{
    DueApproval, DueCallback, DueDeployment, DueWatch, DueWebhook, KeyOfMember, LateRun, PeopleStore, ReadyRun,
};
use ports::{OrgStore, Store, StoreError};
use rusqlite::Connection;

use crate::checkpoint::Checkpoints;
use crate::documents::Documented;
use crate::fault::Fault;
use crate::open::{Connector, DirectoryLock, OpenError, lock};
use crate::options::StoreOptions;
use crate::people::PeopleView;
use crate::planted::PlantedBug;
use crate::readers::Readers;
use crate::retention::Old;
use crate::subscribed::Subscribed;
use crate::view::OrgView;
use crate::writer::Told;
use crate::writer::desk::Desk;
use crate::writer::job::job;
use crate::writer::queue::Queue;
use crate::{
    callbacks, deliveries, deployments, keys, orgs, provider_numbers, rollouts, runs, samples, watches, writer,
};

/// The embedded store. Closing it, or dropping the last of its views, writes what waits and
/// gives the directory back.
pub struct SqliteStore {
    inner: Arc<Inner>,
}

/// What the store and the views of its organizations share.
pub(crate) struct Inner {
    pub(crate) readers: Readers,
    pub(crate) documented: Arc<Documented>,
    pub(crate) planted: crate::Planted,
    metrics: StoreMetrics,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    lock: Mutex<Option<DirectoryLock>>,
}

impl SqliteStore {
    /// Opens the store in a directory, which is made if it is not there and which no other
    /// process can use meanwhile. What is committed is published to `feed`.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was damaged.
    pub fn open(dir: &Path, options: &StoreOptions, feed: Feed) -> Result<Arc<Self>, OpenError> {
        let lock = lock(dir)?;
        let planted = options.planted.or_from_environment();
        let connector = Connector::new(dir, options.vfs.clone());
        let mut db = connector.writer()?;
        let refused = |error: rusqlite::Error| OpenError::of_database(dir, &error);
        if planted.is(PlantedBug::SkipFlush) {
            db.pragma_update(None, "synchronous", "off").map_err(refused)?;
        }
        let mover = connector.mover().map_err(refused)?;
        let checkpoints = Checkpoints::start(&mut db, mover, options.checkpoint_pages).map_err(refused)?;
        let metrics = StoreMetrics::default();
        let queue = Arc::new(Queue::new(options.queue_max_per_org, metrics.clone()));
        let told = Told { feed, metrics: metrics.clone() };
        let documented = Arc::new(Documented::read(&db).map_err(refused)?);
        let subscribed = Subscribed::read(&db).map_err(refused)?;
        let desk = Desk::new(db, Arc::clone(&documented), subscribed, planted);
        let thread = writer::start(desk, Arc::clone(&queue), told, options.batch_max, checkpoints)
            .map_err(|error| OpenError::of_system(dir, &error))?;
        let readers = Readers::new(connector, options.readers);
        let (writer, lock) = (Mutex::new(Some(thread)), Mutex::new(Some(lock)));
        let inner = Inner { readers, documented, planted, metrics, queue, writer, lock };
        Ok(Arc::new(Self { inner: Arc::new(inner) }))
    }

    /// Does work of the installation's own in the writer's transaction.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&mut Desk) -> Result<T, Fault> + Send + 'static,
    {
        self.inner.write(None, work).await
    }

    /// Lets go of what was found to be old; of when the oldest is that is left.
    async fn forget(
        &self,
        old: Old,
        forget: fn(&Connection, &[i64]) -> Result<(), Fault>,
    ) -> Result<Option<Timestamp>, Fault> {
        let Old { places, oldest_left } = old;
        if !places.is_empty() {
            self.write(move |desk| forget(desk.db(), &places)).await?;
        }
        Ok(oldest_left)
    }

    pub(crate) fn connector(&self) -> &Connector {
        self.inner.readers.connector()
    }

    /// What it counts of itself.
    pub fn metrics(&self) -> &StoreMetrics {
        &self.inner.metrics
    }

    /// Writes what waits, moves the write-ahead log into the database and gives the
    /// directory back. Changes that come later are refused; closing twice is as once.
    pub async fn close(&self) {
        self.inner.queue.close();
        let inner = Arc::clone(&self.inner);
        if let Err(error) = tokio::task::spawn_blocking(move || inner.finish()).await {
            tracing::error!(%error, "the store was not closed in order");
        }
    }
}

impl Inner {
    /// Does work in the writer's transaction; returns when it is on disk.
    pub(crate) async fn write<T, W>(&self, org: Option<OrgId>, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&mut Desk) -> Result<T, Fault> + Send + 'static,
    {
        let (job, receipt) = job(work);
        self.queue.push(org, job).map_err(Fault::Store)?;
        receipt.answer().await
    }

    fn finish(&self) {
        self.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the store's writer had ended in a panic");
        }
        // Only now may another process come.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.finish();
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn of(&self, org: OrgId) -> Arc<dyn OrgStore> {
        Arc::new(OrgView { org, inner: Arc::clone(&self.inner) })
    }

    fn people(&self) -> Arc<dyn PeopleStore> {
        Arc::new(PeopleView { inner: Arc::clone(&self.inner) })
    }

    async fn find_key(&self, hash: KeyHash) -> Result<Option<KeyOfMember>, StoreError> {
        self.inner.readers.short(|db| keys::find_by_hash(db, hash)).await
    }

    async fn find_deployment(&self, id: DeploymentId) -> Result<Option<(OrgId, Deployment)>, StoreError> {
        self.inner.readers.short(|db| deployments::find_anyones(db, id)).await
    }

    async fn next_due_deployment(&self) -> Result<Option<DueDeployment>, StoreError> {
        self.inner.readers.short(deployments::next_due).await
    }

    async fn list_orgs(&self) -> Result<Vec<Org>, StoreError> {
        self.inner.readers.long(orgs::list).await
    }

    async fn provider_number(&self, name: &str) -> Result<u64, StoreError> {
        if let Some(number) = self.inner.readers.short(|db| provider_numbers::find(db, name)).await? {
            return Ok(number);
        }
        let name = name.to_owned();
        Ok(self.inner.write(None, move |desk| provider_numbers::number_of(desk.db(), &name)).await?)
    }

    async fn take_lease(&self, now: Timestamp) -> Result<Fence, StoreError> {
        Ok(self.inner.write(None, move |desk| desk.take_lease(now)).await?)
    }

    async fn renew_lease(&self, fence: Fence, _now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.inner.write(None, move |desk| Ok(desk.is_good(fence))).await?)
    }

    async fn end_lease(&self, fence: Fence) -> Result<(), StoreError> {
        Ok(self.inner.write(None, move |desk| desk.end_lease(fence)).await?)
    }

    async fn next_ready(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<ReadyRun>, StoreError> {
        self.inner.readers.short(|db| runs::next_ready(db, after, limit)).await
    }

    async fn next_deadline(&self) -> Result<Option<LateRun>, StoreError> {
        self.inner.readers.short(runs::next_deadline).await
    }

    async fn list_callbacks(&self) -> Result<Vec<DueCallback>, StoreError> {
        self.inner.readers.long(callbacks::list).await
    }

    async fn next_watches(
        &self,
        now: Timestamp,
        passed_over: &[OrgId],
        limit: usize,
    ) -> Result<Vec<DueWatch>, StoreError> {
        self.inner.readers.short(|db| watches::next(db, now, passed_over, limit)).await
    }

    async fn sampled_orgs(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<OrgId>, StoreError> {
        self.inner.readers.long(move |db| deployments::list_sampled_orgs(db, after, limit)).await
    }

    async fn next_approvals(&self, limit: usize) -> Result<Vec<DueApproval>, StoreError> {
        self.inner.readers.short(|db| rollouts::next_due(db, limit)).await
    }

    async fn list_due_webhooks(&self) -> Result<Vec<DueWebhook>, StoreError> {
        self.inner.readers.short(deliveries::due_webhooks).await
    }

    async fn forget_samples(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let old = self.inner.readers.long(move |db| samples::old(db, before)).await?;
        Ok(self.forget(old, samples::forget).await?)
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let old = self.inner.readers.long(move |db| deliveries::old(db, before)).await?;
        Ok(self.forget(old, deliveries::forget).await?)
    }

    async fn count_open_runs(&self) -> Result<OpenRuns, StoreError> {
        self.inner.readers.long(runs::count_open).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(self.inner.write(None, |desk| desk.check()).await?)
    }
}

#[cfg(test)]
mod tests {
    use domain::change::{Change, ChangeSet};
    use domain::org::Project;
    use domain::{OrgId, ProjectId, Timestamp};
    use ports::time::SystemSources;
    use ports::{CommitError, Feed, IdSource, Store, StoreError};
    use uuid::Uuid;

    use super::SqliteStore;
    use crate::StoreOptions;

    fn a_project() -> ChangeSet {
        let name = "p".repeat(10_000);
        let id = ProjectId(SystemSources.uuid_v7());
        let created_at = Timestamp::UNIX_EPOCH;
        ChangeSet::of([Change::InsertProject(Project {
            id,
            number: 0,
            name,
            repository: None,
            version: 0,
            created_at,
        })])
    }

    /// Lets the database grow to so many pages and no further, as a full disk does.
    async fn grow_to(store: &SqliteStore, pages: i64) {
        let set = store.inner.write(None, move |desk| Ok(desk.db().pragma_update(None, "max_page_count", pages)?));
        set.await.unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_gotten_over() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), &StoreOptions::default(), Feed::default()).unwrap();
        let view = store.of(OrgId(Uuid::nil()));
        view.commit(a_project()).await.unwrap();
        grow_to(&store, 1).await;

        for _ in 0..3 {
            let refused = futures::future::join_all((0..10).map(|_| view.commit(a_project()))).await;
            for end in refused {
                assert!(matches!(end, Err(CommitError::Store(StoreError::Unwritable(_)))), "{end:?}");
            }
        }
        assert_eq!(view.list_projects().await.unwrap().len(), 1, "what is there is still read");

        grow_to(&store, 1_000_000).await;
        assert_eq!(view.commit(a_project()).await.unwrap().numbers, [2]);
        store.check().await.unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_a_writer_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), &StoreOptions::default(), Feed::default()).unwrap();
        let gone: Result<(), _> = store.inner.write(None, |_| panic!("on purpose")).await;
        assert!(gone.is_err());
        assert!(matches!(store.check().await, Err(StoreError::Closed)));
        store.close().await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_organization_cannot_fill_the_queue() {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions { queue_max_per_org: 5, ..StoreOptions::default() };
        let store = SqliteStore::open(dir.path(), &options, Feed::default()).unwrap();
        let (greedy, modest) = (store.of(OrgId(Uuid::from_u128(1))), store.of(OrgId(Uuid::from_u128(2))));
        // The writer is kept busy until all have tried.
        let (begun, began) = tokio::sync::oneshot::channel();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let blocking = store.inner.write(None, move |_| {
            let _ = begun.send(());
            let _ = gate.recv();
            Ok(())
        });
        let others = async {
            began.await.unwrap();
            let tries = futures::future::join_all((0..20).map(|_| greedy.commit(a_project())));
            futures::join!(tries, modest.commit(a_project()), async { open.send(()).unwrap() })
        };

        let (blocked, (tried, modest, ())) = futures::join!(blocking, others);

        blocked.unwrap();
        let busy = tried.iter().filter(|end| matches!(end, Err(CommitError::Store(StoreError::Busy)))).count();
        assert_eq!(busy, 15);
        assert_eq!(tried.iter().filter(|end| end.is_ok()).count(), 5);
        modest.unwrap();
        assert!(greedy.commit(a_project()).await.is_ok(), "there is room again");
    }
}

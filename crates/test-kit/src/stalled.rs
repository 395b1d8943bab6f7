//! A store as a stalled worker meets it: its heartbeat is never answered, so it does not hear
//! that another has taken its lease. Everything else reaches the store, late as it may be.

use std::sync::Arc;

use async_trait::async_trait;
use domain::deployment::Deployment;
use domain::key::KeyHash;
use domain::org::Org;
use domain::run::Fence;
use domain::{DeploymentId, OrgId, Timestamp};
use ports::metrics::OpenRuns;
use ports::store::{
    DueApproval, DueCallback, DueDeployment, DueWatch, DueWebhook, KeyOfMember, LateRun, PeopleStore, ReadyRun,
};
use ports::{OrgStore, Store, StoreError};

pub(crate) struct Stalled(pub(crate) Arc<dyn Store>);

#[async_trait]
impl Store for Stalled {
    fn of(&self, org: OrgId) -> Arc<dyn OrgStore> {
        self.0.of(org)
    }

    fn people(&self) -> Arc<dyn PeopleStore> {
        self.0.people()
    }

    async fn find_key(&self, hash: KeyHash) -> Result<Option<KeyOfMember>, StoreError> {
        self.0.find_key(hash).await
    }

    async fn find_deployment(&self, id: DeploymentId) -> Result<Option<(OrgId, Deployment)>, StoreError> {
        self.0.find_deployment(id).await
    }

    async fn next_due_deployment(&self) -> Result<Option<DueDeployment>, StoreError> {
        self.0.next_due_deployment().await
    }

    async fn list_orgs(&self) -> Result<Vec<Org>, StoreError> {
        self.0.list_orgs().await
    }

    async fn provider_number(&self, name: &str) -> Result<u64, StoreError> {
        self.0.provider_number(name).await
    }

    async fn take_lease(&self, now: Timestamp) -> Result<Fence, StoreError> {
        self.0.take_lease(now).await
    }

    async fn renew_lease(&self, _: Fence, _: Timestamp) -> Result<bool, StoreError> {
        std::future::pending().await
    }

    async fn end_lease(&self, fence: Fence) -> Result<(), StoreError> {
        self.0.end_lease(fence).await
    }

    /// It claims nothing new either: what it has in its hands is the danger.
    async fn next_ready(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<ReadyRun>, StoreError> {
        let _ = (after, limit);
        Ok(Vec::new())
    }

    async fn next_deadline(&self) -> Result<Option<LateRun>, StoreError> {
        Ok(None)
    }

    async fn list_callbacks(&self) -> Result<Vec<DueCallback>, StoreError> {
        self.0.list_callbacks().await
    }

    /// Nor does it look at anything.
    async fn next_watches(
        &self,
        now: Timestamp,
        passed_over: &[OrgId],
        limit: usize,
    ) -> Result<Vec<DueWatch>, StoreError> {
        let _ = (now, passed_over, limit);
        Ok(Vec::new())
    }

    async fn sampled_orgs(&self, after: Option<OrgId>, limit: usize) -> Result<Vec<OrgId>, StoreError> {
        let _ = (after, limit);
        Ok(Vec::new())
    }

    async fn next_approvals(&self, limit: usize) -> Result<Vec<DueApproval>, StoreError> {
        let _ = limit;
        Ok(Vec::new())
    }

    /// Nor sends anything.
    async fn list_due_webhooks(&self) -> Result<Vec<DueWebhook>, StoreError> {
        Ok(Vec::new())
    }

    async fn forget_samples(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.0.forget_samples(before).await
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.0.forget_deliveries(before).await
    }

    async fn count_open_runs(&self) -> Result<OpenRuns, StoreError> {
        self.0.count_open_runs().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.0.check().await
    }
}

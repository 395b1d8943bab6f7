//! How a watch is to be watched.

use domain::deployment::Deployment;
use domain::monitor::{MonitorSpec, Watch};
use ports::OrgStore;
use ports::store::StoreError;

/// As its monitor is set now, be it in force or not. Where nobody watches there is nothing to
/// look at.
pub(crate) async fn spec_of(store: &dyn OrgStore, watch: &Watch) -> Result<MonitorSpec, StoreError> {
    let Some(monitor) = watch.deployment else { return Ok(MonitorSpec::default()) };
    let found = store.find_deployment(monitor).await?;
    Ok(found.as_ref().and_then(Deployment::monitor).map(|monitor| monitor.monitor.clone()).unwrap_or_default())
}

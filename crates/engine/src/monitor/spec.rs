//! What a rollout is watched by: the one place where that is looked up.

use domain::deployment::{Deployment, Trigger, who_watches};
use domain::monitor::{MonitorSpec, Watch};
use domain::{ProjectId, SessionId};
use ports::OrgStore;
use ports::store::{DeploymentFilter, Order, StoreError};

/// How something is watched, and the project whose tools its signals may call.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) spec: MonitorSpec,
    pub(crate) tools_of: ProjectId,
}

/// How a rollout is watched: as its monitor is set now, be it in force or not. Where nobody
/// watches there is nothing to look at.
pub(crate) async fn spec_of(store: &dyn OrgStore, watch: &Watch) -> Result<Watched, StoreError> {
    let monitor = match watch.deployment {
        Some(monitor) => store.find_deployment(monitor).await?,
        None => None,
    };
    Ok(watched_by(monitor.as_ref(), watch.project))
}

/// What a run sees in a session of a project: how the session's rollout is watched, else how the
/// project's rollouts are.
pub(crate) async fn seen_from(
    store: &dyn OrgStore,
    session: SessionId,
    project: ProjectId,
) -> Result<(Option<Watch>, Watched), StoreError> {
    if let Some(watch) = store.find_watch(session).await?.filter(|watch| watch.deployment.is_some()) {
        let watched = spec_of(store, &watch).await?;
        return Ok((Some(watch), watched));
    }
    let monitors = DeploymentFilter {
        kind: Some(Trigger::ROLLOUT_MONITOR),
        order: Order::OldestFirst,
        ..DeploymentFilter::default()
    };
    let monitors = store.list_deployments(monitors).await?;
    // What a project is watched by is known of it while that is paused, too.
    let own = monitors.iter().find(|one| one.monitor().is_some_and(|monitor| monitor.project == Some(project)));
    Ok((None, watched_by(own.or_else(|| who_watches(&monitors, project)), project)))
}

fn watched_by(monitor: Option<&Deployment>, project: ProjectId) -> Watched {
    let spec = monitor.and_then(Deployment::monitor).map(|monitor| monitor.monitor.clone());
    Watched { spec: spec.unwrap_or_default(), tools_of: monitor.map_or(project, |monitor| monitor.project) }
}

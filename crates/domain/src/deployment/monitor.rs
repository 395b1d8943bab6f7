//! Monitors of rollouts: whose rollouts they watch, and which of them watches one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Begun, Cause, Deployment, DeploymentRun, Trigger};
use crate::change::{Change, ChangeSet, Guard};
use crate::id::{DeploymentRunId, OrgId, ProjectId, RolloutId, SessionId};
use crate::monitor::{MonitorSpec, Rollback, SampledSource, Watcher};

/// Watches the rollouts that pipelines report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RolloutMonitor {
    /// Whose rollouts; `None` is those of all projects that have no monitor of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// How they are watched. The tools that its signals may call are those of the deployment's
    /// project.
    #[serde(default)]
    pub monitor: MonitorSpec,
}

/// Who watches a rollout of this project, of an organization's monitors in the order in which
/// they were made: the first that is in force and the project's own, else the first for all.
pub fn who_watches(monitors: &[Deployment], project: ProjectId) -> Option<&Deployment> {
    let first_of = |whose: Option<ProjectId>| {
        let is_its = |one: &&Deployment| one.monitor().is_some_and(|monitor| monitor.project == whose);
        monitors.iter().filter(|one| one.check_open().is_ok()).find(is_its)
    };
    first_of(Some(project)).or_else(|| first_of(None))
}

impl Deployment {
    /// What it watches and how, if it is a monitor of rollouts.
    pub fn monitor(&self) -> Option<&RolloutMonitor> {
        match &self.trigger {
            Trigger::RolloutMonitor(monitor) => Some(monitor),
            Trigger::Schedule(_) | Trigger::Webhook(_) | Trigger::Embed(_) => None,
        }
    }

    /// Whether it watches the rollouts of all projects that have no monitor of their own.
    pub fn watches_all(&self) -> bool {
        self.monitor().is_some_and(|monitor| monitor.project.is_none())
    }

    /// What a watch takes over from it, if it is a monitor of rollouts.
    pub fn watcher(&self) -> Option<Watcher> {
        let schedule = self.monitor()?.monitor.schedule.clone();
        Some(Watcher { deployment: self.id, schedule, rollback: Rollback::default() })
    }

    /// The sources that are sampled for it, paused or not: what it began to watch goes on, and
    /// what it will watch is compared with now. None once it is archived.
    pub fn sampled_sources(&self, org: OrgId) -> Vec<SampledSource> {
        let Some(RolloutMonitor { monitor, .. }) = self.monitor().filter(|_| self.archived_at.is_none()) else {
            return Vec::new();
        };
        let (project, every) = (self.project, monitor.sample_every);
        let sources = monitor.signals.iter().map(|signal| &signal.source).filter(|source| source.is_sampled());
        sources.map(|source| SampledSource { org, project, source: source.clone(), every }).collect()
    }

    /// Keeps in the history that it began to watch a rollout, unless it has changed meanwhile.
    pub fn began_to_watch(
        &self,
        id: DeploymentRunId,
        rollout: RolloutId,
        session: SessionId,
        at: Timestamp,
    ) -> ChangeSet {
        let (cause, outcome) = (Cause::Rollout { rollout }, Begun::Watch { session });
        let begun = DeploymentRun { id, deployment: self.id, cause, at, outcome };
        let guard = Guard::DeploymentAt { deployment: self.id, version: self.version };
        ChangeSet::of([Change::InsertDeploymentRun { begun, name: None, next_due: None }]).guarded(guard)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, hourly};
    use super::*;
    use crate::id::DeploymentId;
    use uuid::Uuid;

    fn project(number: u128) -> ProjectId {
        ProjectId(Uuid::from_u128(number))
    }

    fn monitor(id: u128, of: Option<ProjectId>) -> Deployment {
        let trigger = Trigger::RolloutMonitor(RolloutMonitor { project: of, ..RolloutMonitor::default() });
        Deployment { id: DeploymentId(Uuid::from_u128(id)), trigger, next_run_at: None, ..hourly() }
    }

    fn watched_by(monitors: &[Deployment], of: u128) -> Option<u128> {
        who_watches(monitors, project(of)).map(|one| one.id.0.as_u128())
    }

    #[test]
    fn the_oldest_in_force_of_the_project_watches_and_else_the_oldest_for_all() {
        let now = at("2026-11-22T12:40:00Z");
        let (one, two) = (Some(project(1)), Some(project(2)));
        let monitors = [monitor(1, None), monitor(2, two), monitor(3, None), monitor(4, one), monitor(5, one)];
        assert_eq!([1, 2, 3].map(|of| watched_by(&monitors, of)), [Some(4), Some(2), Some(1)]);
        let [all, of_two, other, of_one, second] = monitors;
        let (all, of_two, of_one) = (all.archive(now).0, of_two.pause(now).unwrap().0, of_one.pause(now).unwrap().0);
        let monitors = [all, of_two, other, of_one, second];
        assert_eq!([1, 2, 3].map(|of| watched_by(&monitors, of)), [Some(5), Some(3), Some(3)]);
        assert_eq!(watched_by(&monitors[..2], 2), None);
        assert_eq!(watched_by(&[hourly()], 1), None, "a clock watches nothing");
    }

    #[test]
    fn one_that_was_changed_meanwhile_begins_nothing() {
        let now = at("2026-11-22T12:40:00Z");
        let monitor = monitor(1, None);
        let (rollout, session) = (RolloutId(Uuid::nil()), SessionId(Uuid::nil()));
        let begun = monitor.began_to_watch(DeploymentRunId(Uuid::nil()), rollout, session, now);
        let guard = Guard::DeploymentAt { deployment: monitor.id, version: monitor.version };
        assert_eq!(begun.guards, [guard]);
        assert_ne!(monitor.clone().pause(now).unwrap().0.version, monitor.version);
    }

    #[test]
    fn a_monitor_goes_on_where_it_is_taken_to() {
        let mut taken = monitor(1, None);
        assert!(!taken.make_portable());
        assert_eq!(taken.check_open(), Ok(()), "rollouts are reported to one place");
        let mut clock = hourly();
        clock.make_portable();
        assert!(clock.check_open().is_err());
    }
}

//! Monitors of rollouts: the one that an organization begins with, the one that watches a
//! project, and a look on demand.
//!
//! Which one watches is asked with each report, so it is remembered; whoever changes a
//! deployment has it forgotten.

use std::sync::Arc;

use domain::agent::Agent;
use domain::audit::Action;
use domain::deployment::{
    Begun, Cause, Deployment, DeploymentRefusal, DeploymentRun, RolloutMonitor, Trigger, who_watches,
};
use domain::idempotency::Made;
use domain::monitor::MonitorSpec;
use domain::org::Project;
use domain::{Change, ChangeSet, DeploymentId, MemberId, ProjectId, Timestamp};
use indexmap::IndexMap;
use ports::store::{DeploymentFilter, DeploymentRunFilter, Order};

use crate::error::{Error, Refused};
use crate::{App, Ctx, TRIES};

/// What the monitor is called that an organization begins with.
const FIRST_NAME: &str = "Rollout monitor";

/// Characters of a project's name that stand in that of its monitor.
const PROJECT_CHARS: usize = 200;

/// The monitor that an organization begins with: of all projects, with the usual schedule and
/// no signals yet. It is the operator's, so that it goes on when its first owner leaves.
pub(crate) fn first_monitor(id: DeploymentId, agent: &Agent, now: Timestamp) -> Deployment {
    describe(id, agent, FIRST_NAME.to_owned(), None, RolloutMonitor::default(), now)
}

impl App {
    /// Who watches the rollouts of a project, if anybody does.
    pub(crate) async fn monitor_of(&self, ctx: &Ctx, project: ProjectId) -> Result<Option<Deployment>, Error> {
        let load = async { self.load_monitors(ctx).await.map(Some) };
        let monitors = self.known().monitors.find(&ctx.org, load).await?.unwrap_or_default();
        Ok(who_watches(&monitors, project).cloned())
    }

    /// How the rollouts of a project are watched: as the monitor says that watches them, or
    /// as its own would if nobody does.
    ///
    /// # Errors
    /// The store failed.
    pub async fn monitor_spec(&self, ctx: &Ctx, project: ProjectId) -> Result<MonitorSpec, Error> {
        let monitor = match self.monitor_of(ctx, project).await? {
            Some(watching) => Some(watching),
            None => self.own_monitor(ctx, project).await?,
        };
        let spec = monitor.as_ref().and_then(Deployment::monitor).map(|monitor| monitor.monitor.clone());
        Ok(spec.unwrap_or_default())
    }

    /// Has a project watched like this, by its own monitor, which is made if it has none. One
    /// that is paused stays so.
    pub(crate) async fn watch_project(&self, ctx: &Ctx, project: &Project, monitor: MonitorSpec) -> Result<(), Error> {
        let agent = self.investigator(ctx, project.id).await?;
        let _turn = self.0.monitors.lock().await;
        for _ in 0..TRIES {
            let watches = RolloutMonitor { project: Some(project.id), monitor: monitor.clone() };
            let (action, (monitor, changes)) = match self.own_monitor(ctx, project.id).await? {
                Some(own) => {
                    let trigger = Trigger::RolloutMonitor(watches);
                    (Action::DeploymentUpdated, own.clone().update(Deployment { trigger, ..own }, ctx.member, ctx.now)?)
                }
                None => {
                    self.check_deployment_count(ctx).await?;
                    let of: String = project.name.chars().take(PROJECT_CHARS).collect();
                    let name = format!("{FIRST_NAME} of {of}");
                    let new = describe(self.fresh(), &agent, name, ctx.member, watches, ctx.now);
                    (Action::DeploymentCreated, new.create())
                }
            };
            let changes = self.with_deed(ctx, action, &monitor, changes);
            if self.commit_deployment(ctx, changes).await? {
                return Ok(());
            }
        }
        Err(Error::contended("deployment"))
    }

    /// Has a monitor look, at once, at the rollout that it began to watch last.
    pub(super) async fn look_now(&self, ctx: &Ctx, monitor: &Deployment) -> Result<DeploymentRun, Error> {
        const NOTHING: Error = Error::Refused(Refused::Deployment(DeploymentRefusal::NothingWatched));
        let store = self.store(ctx.org);
        let began = DeploymentRunFilter {
            deployment: Some(monitor.id),
            cause: Some(Cause::ROLLOUT),
            limit: Some(1),
            ..DeploymentRunFilter::default()
        };
        for _ in 0..TRIES {
            let last = store.list_deployment_runs(began.clone()).await?.pop();
            let Some(Begun::Watch { session }) = last.map(|begun| begun.outcome) else { return Err(NOTHING) };
            let watch = store.find_watch(session).await?.filter(|watch| watch.deployment == Some(monitor.id));
            let asked = watch.map(|watch| self.decide(ctx.now, |at| watch.asked(at))).unwrap_or_default();
            if asked.is_empty() {
                return Err(NOTHING);
            }
            let (cause, outcome) = (Cause::Manual, Begun::Watch { session });
            let begun = DeploymentRun { id: self.fresh(), deployment: monitor.id, cause, at: ctx.now, outcome };
            let recorded = Change::InsertDeploymentRun { begun: begun.clone(), name: None, next_due: None };
            let changes = asked.and(ChangeSet::of([recorded]));
            let changes = ctx.making(|| Made::DeploymentRun { run: begun.id }).recording(changes);
            if crate::commit_in_time(&*store, changes).await?.is_some() {
                return Ok(begun);
            }
        }
        Err(Error::contended("watch"))
    }

    /// Those that are not archived, the oldest first. An organization that never had one for all
    /// projects is given its first, be there monitors of single projects or not.
    async fn load_monitors(&self, ctx: &Ctx) -> Result<Arc<[Deployment]>, Error> {
        if !self.had_one_for_all(ctx).await? {
            let whole = Ctx { project: None, ..ctx.clone() };
            let agent = self.investigator(&whole, self.first_project(&whole).await?).await?;
            let _turn = self.0.monitors.lock().await;
            if !self.had_one_for_all(ctx).await? {
                let (_, changes) = first_monitor(self.fresh(), &agent, ctx.now).create();
                self.commit_deployment(ctx, changes).await?;
            }
        }
        Ok(self.list_monitors(ctx, false).await?.into())
    }

    /// Whether it has one, or had one that was archived: that was somebody's will.
    async fn had_one_for_all(&self, ctx: &Ctx) -> Result<bool, Error> {
        let is_for_all = |monitors: Vec<Deployment>| monitors.iter().any(Deployment::watches_all);
        Ok(is_for_all(self.list_monitors(ctx, false).await?) || is_for_all(self.list_monitors(ctx, true).await?))
    }

    /// The monitor of a project that is shown and changed as its own: the oldest in force, or
    /// else the oldest.
    async fn own_monitor(&self, ctx: &Ctx, project: ProjectId) -> Result<Option<Deployment>, Error> {
        let mut own = self.list_monitors(ctx, false).await?;
        own.retain(|one| one.monitor().is_some_and(|monitor| monitor.project == Some(project)));
        let in_force = own.iter().position(|one| one.check_open().is_ok());
        Ok((!own.is_empty()).then(|| own.swap_remove(in_force.unwrap_or_default())))
    }

    async fn list_monitors(&self, ctx: &Ctx, include_archived: bool) -> Result<Vec<Deployment>, Error> {
        let filter = DeploymentFilter {
            kind: Some(Trigger::ROLLOUT_MONITOR),
            include_archived,
            order: Order::OldestFirst,
            ..DeploymentFilter::default()
        };
        Ok(self.store(ctx.org).list_deployments(filter).await?)
    }
}

fn describe(
    id: DeploymentId,
    agent: &Agent,
    name: String,
    acts_as: Option<MemberId>,
    monitor: RolloutMonitor,
    now: Timestamp,
) -> Deployment {
    Deployment {
        id,
        project: agent.project,
        agent: agent.id,
        name,
        acts_as,
        trigger: Trigger::RolloutMonitor(monitor),
        initial_events: Vec::new(),
        metadata: IndexMap::new(),
        budget: None,
        version: 0,
        created_at: now,
        updated_at: now,
        archived_at: None,
        paused_at: None,
        last_run_at: None,
        next_run_at: None,
    }
}

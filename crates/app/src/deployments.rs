//! Deployments: made, changed, paused, archived; what they begin stands in the modules below.

mod begin;
mod conversations;
mod embed_tokens;
mod monitors;
mod rules;
mod schedules;
mod signatures;
mod visitors;
mod webhooks;

use domain::audit::{Act, Action};
use domain::budget::Budget;
use domain::deployment::{DEPLOYMENTS_MAX, Deployment, DeploymentRun, Trigger};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::{AgentId, ChangeSet, DeploymentId, DeploymentRunId, EventBody};
use indexmap::IndexMap;
use ports::store::{DeploymentFilter, DeploymentRunFilter};

use crate::agents::only_reachable;
use crate::error::{Error, Refused};
use crate::{App, Ctx, TRIES};

pub use conversations::{Activity, Conversation, Party, Told};
pub use embed_tokens::{EmbedClaims, EmbedToken};
pub(crate) use monitors::first_monitor;
pub use visitors::{MESSAGE_CHARS_MAX, OpenEmbed, Visitor};
pub use webhooks::{Delivered, Delivery, OpenWebhook, ProvenDelivery};

/// What a new deployment is to be.
#[derive(Debug, Clone)]
pub struct CreateDeployment {
    /// Who answers.
    pub agent: AgentId,
    /// For people, 1–256 characters.
    pub name: String,
    /// What begins its runs.
    pub trigger: Trigger,
    /// What each of its sessions begins with; one that goes by the clock needs it.
    pub initial_events: Vec<EventBody>,
    /// Free pairs.
    pub metadata: IndexMap<String, String>,
    /// What each of its sessions may spend.
    pub budget: Option<Budget>,
}

impl App {
    /// Makes a deployment. Its runs have the rights of whoever said last what it does.
    ///
    /// # Errors
    /// The agent is not there or archived, a field breaks a rule, there are too many, the
    /// scope is missing, or the store failed.
    pub async fn create_deployment(&self, ctx: &Ctx, create: CreateDeployment) -> Result<Deployment, Error> {
        ctx.require(Scope::DeploymentsWrite)?;
        ctx.require(Scope::AgentsRun)?;
        if let Some(Made::Deployment { deployment }) = ctx.made_before() {
            return self.reachable_deployment(ctx, *deployment).await;
        }
        let agent = self.newest_agent(ctx, create.agent).await?;
        self.check_deployment_count(ctx).await?;
        let described = Deployment {
            id: self.fresh(),
            project: agent.project,
            agent: agent.id,
            name: create.name,
            acts_as: ctx.member,
            trigger: create.trigger,
            initial_events: create.initial_events,
            metadata: create.metadata,
            budget: create.budget,
            version: 0,
            created_at: ctx.now,
            updated_at: ctx.now,
            archived_at: None,
            paused_at: None,
            last_run_at: None,
            next_run_at: None,
        };
        let ready = self.ready_deployment(ctx, described, None).await?;
        let (deployment, changes) = ready.create();
        let changes = self.with_deed(ctx, Action::DeploymentCreated, &deployment, changes);
        let changes = ctx.making(|| Made::Deployment { deployment: deployment.id }).recording(changes);
        match self.commit_deployment(ctx, changes).await? {
            true => Ok(deployment),
            false => Err(Error::not_found(agent.id)),
        }
    }

    /// A deployment.
    ///
    /// # Errors
    /// It is not there, its agent is not open to the caller, the scope is missing, or the
    /// store failed.
    pub async fn find_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<Deployment, Error> {
        ctx.require(Scope::DeploymentsRead)?;
        self.reachable_deployment(ctx, id).await
    }

    /// Deployments.
    ///
    /// # Errors
    /// The scope is missing, or the store failed.
    pub async fn list_deployments(&self, ctx: &Ctx, filter: DeploymentFilter) -> Result<Vec<Deployment>, Error> {
        ctx.require(Scope::DeploymentsRead)?;
        let Some(project) = only_reachable(ctx, filter.project) else { return Ok(Vec::new()) };
        let open_to = ctx.restricted();
        Ok(self.store(ctx.org).list_deployments(DeploymentFilter { project, open_to, ..filter }).await?)
    }

    /// Changes a deployment. `change` is asked again if somebody else was faster. Whoever says
    /// what its runs begin with must be allowed to begin runs, which have their rights from then
    /// on: nobody speaks with another's.
    ///
    /// # Errors
    /// It is archived, what it is to be breaks a rule, or as [`App::find_deployment`].
    pub async fn update_deployment(
        &self,
        ctx: &Ctx,
        id: DeploymentId,
        change: impl Fn(&Deployment) -> Result<Deployment, Error> + Send + Sync,
    ) -> Result<Deployment, Error> {
        ctx.require(Scope::DeploymentsWrite)?;
        ctx.require(Scope::AgentsRun)?;
        for _ in 0..TRIES {
            let before = self.reachable_deployment(ctx, id).await?;
            may_change(ctx, &before)?;
            before.check_lives()?;
            let changed = self.ready_deployment(ctx, change(&before)?, Some(&before)).await?;
            let (after, changes) = before.update(changed, ctx.member, ctx.now)?;
            let changes = self.with_deed(ctx, Action::DeploymentUpdated, &after, changes);
            if self.commit_deployment(ctx, changes).await? {
                return Ok(after);
            }
        }
        Err(Error::contended("deployment"))
    }

    /// Lets a deployment begin nothing by itself. Pausing twice changes nothing.
    ///
    /// # Errors
    /// It is archived, or as [`App::find_deployment`].
    pub async fn pause_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<Deployment, Error> {
        self.change_deployment(ctx, id, Action::DeploymentPaused, |before| Ok(before.pause(ctx.now)?)).await
    }

    /// Lets a deployment begin by itself again, which takes the right to begin runs. What was
    /// missed is not made up for.
    ///
    /// # Errors
    /// It is archived, or as [`App::find_deployment`].
    pub async fn resume_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<Deployment, Error> {
        ctx.require(Scope::AgentsRun)?;
        self.change_deployment(ctx, id, Action::DeploymentResumed, |before| Ok(before.resume(ctx.now)?)).await
    }

    /// Ends a deployment for good. Its history stays, and so do its sessions. Archiving twice
    /// changes nothing.
    ///
    /// # Errors
    /// As [`App::find_deployment`].
    pub async fn archive_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<Deployment, Error> {
        self.change_deployment(ctx, id, Action::DeploymentArchived, |before| Ok(before.archive(ctx.now))).await
    }

    /// What deployments began, the newest first.
    ///
    /// # Errors
    /// The deployment that is asked for is not there, or watches more than the caller reaches;
    /// the scope is missing, or the store failed.
    pub async fn list_deployment_runs(
        &self,
        ctx: &Ctx,
        filter: DeploymentRunFilter,
    ) -> Result<Vec<DeploymentRun>, Error> {
        ctx.require(Scope::DeploymentsRead)?;
        match filter.deployment {
            Some(id) => may_ask(ctx, &self.reachable_deployment(ctx, id).await?)?,
            // A list over all of them would show what the caller does not reach.
            None if ctx.project.is_some() || ctx.restricted().is_some() => {
                let message = "must be given by a caller who does not reach all of the organization";
                return Err(Error::invalid("deployment_id", message));
            }
            None => {}
        }
        Ok(self.store(ctx.org).list_deployment_runs(filter).await?)
    }

    /// A time that a deployment began something, or tried to.
    ///
    /// # Errors
    /// It is not there, it is of a deployment that watches more than the caller reaches, the
    /// scope is missing, or the store failed.
    pub async fn find_deployment_run(&self, ctx: &Ctx, id: DeploymentRunId) -> Result<DeploymentRun, Error> {
        ctx.require(Scope::DeploymentsRead)?;
        let found = self.store(ctx.org).find_deployment_run(id).await?;
        let begun = found.ok_or_else(|| Error::not_found(id))?;
        match self.reachable_deployment(ctx, begun.deployment).await {
            Err(Error::NotFound(_)) => Err(Error::not_found(id)),
            reached => may_ask(ctx, &reached?).map(|()| begun),
        }
    }

    async fn change_deployment(
        &self,
        ctx: &Ctx,
        id: DeploymentId,
        action: Action,
        decide: impl Fn(Deployment) -> Result<(Deployment, ChangeSet), Error> + Send + Sync,
    ) -> Result<Deployment, Error> {
        ctx.require(Scope::DeploymentsWrite)?;
        for _ in 0..TRIES {
            let before = self.reachable_deployment(ctx, id).await?;
            may_change(ctx, &before)?;
            let (after, changes) = decide(before)?;
            let changes = self.with_deed(ctx, action, &after, changes);
            if self.commit_deployment(ctx, changes).await? {
                return Ok(after);
            }
        }
        Err(Error::contended("deployment"))
    }

    /// What was done to a deployment, written down with it; nothing if nothing was. What it says
    /// to its agent stays with the deployment.
    fn with_deed(&self, ctx: &Ctx, action: Action, deployment: &Deployment, changes: ChangeSet) -> ChangeSet {
        if changes.is_empty() {
            return changes;
        }
        let name = deployment.name.clone();
        let act = Act::new(action, deployment.id).with("name", name).with("kind", deployment.trigger.kind());
        changes.with(self.audited(ctx, act))
    }

    /// Whether one more deployment may be made.
    async fn check_deployment_count(&self, ctx: &Ctx) -> Result<(), Error> {
        if self.store(ctx.org).count_deployments().await? >= DEPLOYMENTS_MAX {
            return Err(Refused::Enough { things: "deployments", max: DEPLOYMENTS_MAX }.into());
        }
        Ok(())
    }

    /// Commits a change, and lets the clock and whoever reports rollouts look again; `false` if
    /// it came too late.
    async fn commit_deployment(&self, ctx: &Ctx, changes: ChangeSet) -> Result<bool, Error> {
        if changes.is_empty() {
            return Ok(true);
        }
        let (app, org) = (self.clone(), ctx.org);
        self.to_the_end(async move {
            let committed = crate::commit_in_time(&*app.store(org), changes).await;
            app.known().monitors.forget(&org);
            app.0.schedules.notify_one();
            Ok(committed?.is_some())
        })
        .await
    }

    pub(crate) async fn reachable_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<Deployment, Error> {
        let found = self.store(ctx.org).find_deployment(id).await?;
        let deployment = ctx.reach(found, |deployment| deployment.project, id)?;
        self.may_read_along(ctx, deployment.agent).await?;
        Ok(deployment)
    }
}

/// Whether the caller may have it do something, and read what it began: a monitor for all
/// projects is the organization's, though its agent is of one of them.
fn may_ask(ctx: &Ctx, deployment: &Deployment) -> Result<(), Error> {
    match deployment.watches_all() && ctx.project.is_some() {
        true => Err(Error::Forbidden { missing: None }),
        false => Ok(()),
    }
}

/// Whether the caller may change it: what watches for all is for those to change who administer
/// the organization.
fn may_change(ctx: &Ctx, deployment: &Deployment) -> Result<(), Error> {
    may_ask(ctx, deployment)?;
    if deployment.watches_all() { ctx.require(Scope::Admin) } else { Ok(()) }
}

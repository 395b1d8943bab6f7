//! How a deployment begins a run: in a session of its own, with the rights that whoever it
//! acts as has at that moment, and with its place in the history, in one commit.

use std::sync::Arc;

use domain::agent::AgentRefusal;
use domain::deployment::{Begun, Cause, Deployment, DeploymentRun};
use domain::idempotency::Made;
use domain::key::{Scope, Scopes};
use domain::model::Block;
use domain::rights::Role;
use domain::session::{Origin, Session, SessionAgent};
use domain::turn::Input;
use domain::{Change, ChangeSet, DeploymentId, EventBody, OrgId, Timestamp};

use crate::entry::{Entered, Entry};
use crate::error::{Error, Refused};
use crate::keys::fault_of_maker;
use crate::{App, Ctx, RunWatch, TRIES};

/// What runs of deployments may do, if whom they act as may.
const RUNNING: [Scope; 4] = [Scope::AgentsRead, Scope::AgentsRun, Scope::SessionsRead, Scope::SessionsWrite];

/// Why and with what a deployment begins.
pub(super) struct Occasion<'a> {
    pub(super) cause: Cause,
    /// What is said behind the deployment's own first events.
    pub(super) message: Option<String>,
    /// The name of what came: it begins one run.
    pub(super) name: Option<String>,
    /// Whoever asked for it: a request of theirs is kept with what it began.
    pub(super) asked_by: Option<&'a Ctx>,
}

impl App {
    /// Begins a run of a deployment at once, be it paused or not. A monitor of rollouts looks
    /// at the last one that it watches.
    ///
    /// # Errors
    /// It cannot be begun by hand, it could not begin, or as [`App::find_deployment`].
    pub async fn run_deployment(&self, ctx: &Ctx, id: DeploymentId) -> Result<DeploymentRun, Error> {
        ctx.require(Scope::DeploymentsWrite)?;
        ctx.require(Scope::AgentsRun)?;
        let deployment = self.reachable_deployment(ctx, id).await?;
        super::may_ask(ctx, &deployment)?;
        if let Some(Made::DeploymentRun { run }) = ctx.made_before() {
            let began = self.store(ctx.org).find_deployment_run(*run).await?;
            return began.ok_or_else(|| Error::not_found(*run));
        }
        deployment.check_by_hand()?;
        if deployment.monitor().is_some() {
            return self.look_now(ctx, &deployment).await;
        }
        let occasion = Occasion { cause: Cause::Manual, message: None, name: None, asked_by: Some(ctx) };
        Ok(self.begin_and_record(ctx.org, &deployment, &occasion, ctx.now).await?.0)
    }

    /// Begins, and keeps in the history what came of it, a failure too.
    pub(super) async fn begin_and_record(
        &self,
        org: OrgId,
        deployment: &Deployment,
        occasion: &Occasion<'_>,
        now: Timestamp,
    ) -> Result<(DeploymentRun, Option<RunWatch>), Error> {
        let failed = match self.begin(org, deployment, occasion, now).await {
            Ok((begun, watch)) => return Ok((begun, watch)),
            Err(error) => error,
        };
        let error = match &failed {
            // Ours, or a matter of a moment: whoever asked may ask again, and a clock does.
            Error::Store(_) | Error::Busy | Error::Draining | Error::Conflict(_) => return Err(failed),
            Error::UsedUp(_) => "budget_used_up",
            Error::NotFound(_) | Error::Refused(_) => "agent_unavailable",
            Error::Unauthenticated(_) | Error::Forbidden { .. } | Error::NotForYou(_) => "maker_not_allowed",
            _ => "not_begun",
        };
        let message = match &failed {
            Error::Unauthenticated(_) => {
                "whoever said last what the deployment does may do nothing here any more".to_owned()
            }
            Error::Forbidden { .. } => {
                "whoever said last what the deployment does may not use its agent any more".to_owned()
            }
            other => other.to_string(),
        };
        let outcome = Begun::Failed { error: error.to_owned(), message };
        let begun = self.record(org, deployment, occasion, outcome, now).await?;
        Ok((begun, None))
    }

    /// Keeps in the history what came of an occasion that began no run. Its name is not used
    /// up: what comes under it again may begin one.
    pub(super) async fn record(
        &self,
        org: OrgId,
        deployment: &Deployment,
        occasion: &Occasion<'_>,
        outcome: Begun,
        now: Timestamp,
    ) -> Result<DeploymentRun, Error> {
        let begun = self.history(deployment, occasion, outcome, now);
        let changes = recorded(deployment, occasion, &begun, None);
        // Refused if it is there already, which is as good.
        crate::commit_in_time(&*self.store(org), changes).await?;
        Ok(begun)
    }

    async fn begin(
        &self,
        org: OrgId,
        deployment: &Deployment,
        occasion: &Occasion<'_>,
        now: Timestamp,
    ) -> Result<(DeploymentRun, Option<RunWatch>), Error> {
        let ctx = self.with_its_rights(org, deployment, now).await?;
        ctx.require(Scope::AgentsRun)?;
        let said = occasion
            .message
            .clone()
            .map(|text| EventBody::UserMessage { content: vec![Block::text(text)], dropped: false });
        let bodies: Vec<EventBody> = deployment.initial_events.iter().cloned().chain(said).collect();
        if !bodies.iter().any(|body| matches!(body, EventBody::UserMessage { .. })) {
            return Err(Error::invalid("initial_events", "must hold a message: there is nothing to begin with"));
        }
        for _ in 0..TRIES {
            let agent = self.newest_agent(&ctx, deployment.agent).await?;
            if agent.archived_at.is_some() {
                return Err(AgentRefusal::Archived.into());
            }
            let overrides = Box::default();
            let who = SessionAgent::Pinned { agent: agent.id, version: agent.version, overrides };
            let session = Session {
                title: Some(deployment.name.clone()),
                metadata: deployment.metadata.clone(),
                budget: deployment.budget,
                deployment: Some(deployment.id),
                ..self.new_session(&ctx, who, deployment.project, Origin::Native)
            };
            let run = self.new_run(&ctx, &session, &agent, Arc::default(), Origin::Native);
            let outcome = Begun::Run { session: session.id, run: run.id };
            let begun = self.history(deployment, occasion, outcome, now);
            let also = recorded(deployment, occasion, &begun, occasion.name.clone());
            let watch = self.watch(&ctx, run.clone(), session.clone());
            let inputs = bodies.iter().cloned().map(|body| Input { id: self.fresh(), body }).collect();
            let (version, spec, id) = (agent.version, Arc::clone(&agent.spec), agent.id);
            let entry = Entry { session, is_new: true, newest: agent, version, spec, run, inputs, also };
            match self.enter(&ctx, entry).await? {
                Entered::Claimed { .. } | Entered::Queued => return Ok((begun, Some(watch))),
                Entered::TooLate => self.known().agents.forget(&(org, id)),
            }
            // The same message may have come twice at the same moment.
            if let Some(name) = &occasion.name
                && let Some(first) = self.store(org).find_named_run(deployment.id, name, now).await?
            {
                return Ok((first, None));
            }
        }
        Err(Error::contended("deployment"))
    }

    /// Whoever the deployment acts as, with the rights they have now, in the deployment's project.
    pub(super) async fn with_its_rights(
        &self,
        org: OrgId,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Ctx, Error> {
        // Counted before the look-up: whoever is stopped after it is looked up again.
        let stops = self.known().stops.count();
        let role = match deployment.acts_as {
            None => Role::Owner,
            Some(id) => {
                let found = self.store(org).find_member(id).await?;
                let maker = found.ok_or_else(|| Error::not_found(id))?;
                if let Some(fault) = fault_of_maker(&maker) {
                    return Err(Error::Unauthenticated(fault));
                }
                maker.role
            }
        };
        Ok(Ctx {
            org,
            key: None,
            login: None,
            member: deployment.acts_as,
            role,
            scopes: Scopes::of(RUNNING).within(role),
            project: Some(deployment.project),
            key_expires_at: None,
            stops,
            now,
            request: None,
            trace: None,
        })
    }

    pub(super) fn history(
        &self,
        deployment: &Deployment,
        occasion: &Occasion<'_>,
        outcome: Begun,
        at: Timestamp,
    ) -> DeploymentRun {
        DeploymentRun { id: self.fresh(), deployment: deployment.id, cause: occasion.cause, at, outcome }
    }
}

/// What came of an occasion, under this name, with the request that asked for it.
pub(super) fn recorded(
    deployment: &Deployment,
    occasion: &Occasion<'_>,
    begun: &DeploymentRun,
    name: Option<String>,
) -> ChangeSet {
    let next_due = deployment.due_after(begun.at);
    let changes = ChangeSet::of([Change::InsertDeploymentRun { begun: begun.clone(), name, next_due }]);
    match occasion.asked_by {
        Some(ctx) => ctx.making(|| Made::DeploymentRun { run: begun.id }).recording(changes),
        None => changes,
    }
}

impl From<domain::deployment::DeploymentRefusal> for Error {
    fn from(refusal: domain::deployment::DeploymentRefusal) -> Self {
        Error::Refused(Refused::Deployment(refusal))
    }
}

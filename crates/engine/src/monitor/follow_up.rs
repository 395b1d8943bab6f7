//! What the monitor begins besides telling of what it saw: a run in which a model explains,
//! and a run that takes the rollout back.
//!
//! Both are queued in the commit of the look or of the end, so that neither is lost nor made
//! twice. A model is asked by one run at a time: what gets worse while one is asked is
//! explained at the next look, if it is still as bad. Without a model nothing of it is begun.

use domain::monitor::briefing::{Occasion, TOLD_OF, brief};
use domain::monitor::remedy::{self, Remedy, RollbackStep};
use domain::monitor::{FollowUp, RollbackSpec, Seen, Watch};
use domain::rollout::Rollout;
use domain::run::{Outcome, Run, RunStatus};
use domain::session::{Origin, Session, SessionStatus};
use domain::turn::{Queued, drop_queued, hand_over};
use domain::{ChangeSet, Event, EventBody, EventId, OrgId, RunId};
use jiff::SignedDuration;
use ports::OrgStore;
use ports::store::{EventFilter, Order, StoreError};

use crate::{Shared, dispatch};

/// How long a run of the monitor's that asks a model may take in all, waiting included: it
/// stands in the way of others in its session.
const EXPLAINED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Events of before that a model is told of.
const TOLD: usize = 30;

/// The monitor of one organization, with its hands on one watch.
pub(super) struct Aftermath<'a> {
    pub(super) shared: &'a Shared,
    pub(super) store: &'a dyn OrgStore,
    pub(super) org: OrgId,
    pub(super) watch: &'a Watch,
}

/// The session of a watch, as far as something can be begun in it.
struct Scene {
    session: Session,
    rollout: Rollout,
    is_agent_there: bool,
    /// The monitor's own runs that are not over.
    open: Vec<Run>,
}

impl Aftermath<'_> {
    /// What a look that showed this begins.
    pub(super) async fn of_check(&self, seen: &Seen, spec: &RollbackSpec) -> Result<FollowUp, StoreError> {
        let calls = self.watch.calls(seen);
        if !calls.explanation && !calls.rollback {
            return Ok(FollowUp::default());
        }
        let Some(scene) = self.scene().await? else { return Ok(FollowUp::default()) };
        let mut follow_up = FollowUp::default();
        if calls.rollback {
            follow_up = self.take_back(&scene, spec).await?;
        }
        if calls.explanation
            && let Some(run) = self.asking(&scene).await?
        {
            follow_up.owes_explanation = follow_up.rollback.is_some() || !scene.open.is_empty();
            if !follow_up.owes_explanation {
                let occasion = Occasion::Rise { check: self.watch.checks.saturating_add(1), seen };
                let asked = self.ask(&scene, run, occasion).await?;
                follow_up.changes = follow_up.changes.and(asked);
            }
        }
        Ok(follow_up)
    }

    /// What the end of the watch begins: a summary, unless somebody is still to decide about
    /// a rollback, behind whom it would come too late. It stands for whatever was to be
    /// explained and has not been begun.
    pub(super) async fn of_end(&self) -> Result<ChangeSet, StoreError> {
        let Some(scene) = self.scene().await? else { return Ok(ChangeSet::default()) };
        if scene.rollback().is_some() {
            return Ok(ChangeSet::default());
        }
        let Some(run) = self.asking(&scene).await? else { return Ok(ChangeSet::default()) };
        let mut changes = ChangeSet::default();
        for waiting in scene.open.iter().filter(|run| has_not_begun(run)) {
            changes = changes.and(self.call_off(waiting).await?);
        }
        let asked = self.ask(&scene, run, Occasion::End { finding: self.watch.finding() }).await?;
        Ok(changes.and(asked))
    }

    /// The session as it is now; `None` if nothing can be begun in it.
    async fn scene(&self) -> Result<Option<Scene>, StoreError> {
        let takes_runs =
            |session: &Session| session.archived_at.is_none() && session.state.status != SessionStatus::Terminated;
        let Some(session) = self.store.find_session(self.watch.session).await?.filter(takes_runs) else {
            return Ok(None);
        };
        let Some(rollout) = self.store.find_rollout(self.watch.rollout).await? else { return Ok(None) };
        let is_agent_there = self.store.find_agent(session.agent.id()).await?.is_some();
        let mut open = self.store.list_queued_runs(session.id).await?;
        if let Some(active) = session.state.active_run {
            open.extend(self.store.find_run(active).await?);
        }
        open.retain(|run| run.origin == Origin::Monitor && !run.status.is_over());
        Ok(Some(Scene { session, rollout, is_agent_there, open }))
    }

    /// Begins taking the rollout back, or says why that is impossible. One that is still open
    /// belongs to a round before, or was called off: this one has its turn behind it.
    async fn take_back(&self, scene: &Scene, spec: &RollbackSpec) -> Result<FollowUp, StoreError> {
        let remedy = match self.remedy(scene, spec).await? {
            Ok(remedy) => remedy,
            Err(why) => {
                tracing::warn!(session.id = %scene.session.id, why, "a rollout is to be taken back, and cannot be");
                return Ok(FollowUp { changes: self.tell_impossible(scene, &why), ..FollowUp::default() });
            }
        };
        let mut changes = ChangeSet::default();
        if remedy.is_automatic() {
            // A model is not waited for.
            for explaining in scene.open.iter().filter(|run| run.remedy.is_none()) {
                changes = changes.and(self.call_off(explaining).await?);
            }
        }
        let criticals = self.watch.rollback.criticals.saturating_add(1);
        let now = self.shared.ports.clock.now();
        let (deadline, told) = (Some(remedy.deadline(now)), remedy.called_for(criticals));
        let run = Run { remedy: Some(Box::new(remedy)), deadline, ..self.queued(scene) };
        let rollback = Some(run.id);
        let begun = self.shared.at(|at| remedy::begin(run, told, at));
        Ok(FollowUp { changes: changes.and(begun), rollback, ..FollowUp::default() })
    }

    async fn remedy(&self, scene: &Scene, spec: &RollbackSpec) -> Result<Result<Remedy, String>, StoreError> {
        if !scene.is_agent_there {
            return Ok(Err("the agent of this session was deleted".to_owned()));
        }
        let name = spec.tool.as_deref().unwrap_or_default();
        let tools = self.store.list_tools(Some(self.watch.project)).await?;
        let Some(tool) = tools.into_iter().find(|tool| tool.http.name == name) else {
            return Ok(Err(format!("the project has no tool named {name:?}")));
        };
        Ok(Remedy::of(spec, &tool, &scene.rollout))
    }

    fn tell_impossible(&self, scene: &Scene, why: &str) -> ChangeSet {
        let body = EventBody::MonitorRollback {
            rollout: scene.rollout.id,
            commit: scene.rollout.details.commit.clone(),
            step: RollbackStep::Impossible,
            summary: format!("The rollout is to be taken back and cannot be: {why}."),
        };
        self.shared.at(|at| remedy::tell(scene.session.id, body, at))
    }

    /// A run of the session's agent; `None` if it has no model, or is not there.
    async fn asking(&self, scene: &Scene) -> Result<Option<Run>, StoreError> {
        if !scene.is_agent_there {
            return Ok(None);
        }
        let run = self.queued(scene);
        let Some((_, spec)) = dispatch::resolve(self.store, &scene.session, &run).await? else { return Ok(None) };
        let models = self.shared.ports.models.of(self.org).await?;
        if models.resolve(&spec.model.id).is_none() {
            return Ok(None);
        }
        let wall = spec.limits.wall_ms.map(|ms| SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX)));
        let within = wall.map_or(EXPLAINED_WITHIN, |wall| wall.min(EXPLAINED_WITHIN));
        Ok(Some(Run { deadline: run.queued_at.checked_add(within).ok(), ..run }))
    }

    /// Has a model asked in this run.
    async fn ask(&self, scene: &Scene, run: Run, occasion: Occasion<'_>) -> Result<ChangeSet, StoreError> {
        let before = self.before(scene).await?;
        let message = brief(&scene.rollout, &before, occasion);
        Ok(self.shared.at(|at| remedy::begin(run, message, at)))
    }

    /// What has happened in the session, oldest first.
    async fn before(&self, scene: &Scene) -> Result<Vec<Event>, StoreError> {
        let types = TOLD_OF.map(str::to_owned).to_vec();
        let filter = EventFilter { types, order: Order::NewestFirst, limit: Some(TOLD), ..EventFilter::default() };
        let mut before = self.store.list_events(scene.session.id, filter).await?;
        before.reverse();
        Ok(before)
    }

    /// Ends a run of the monitor's, wherever it stands.
    async fn call_off(&self, run: &Run) -> Result<ChangeSet, StoreError> {
        if has_not_begun(run) {
            let queued = Queued { inbox: self.store.list_inbox(run.id).await?, run: run.clone() };
            return Ok(self.shared.at(|at| drop_queued(queued, Outcome::Interrupted, at)));
        }
        let interrupt = (EventId(self.shared.ports.ids.uuid_v7()), EventBody::UserInterrupt {});
        Ok(hand_over(run, vec![interrupt], self.shared.ports.clock.now()))
    }

    fn queued(&self, scene: &Scene) -> Run {
        let ports = &self.shared.ports;
        Run::queued(RunId(ports.ids.uuid_v7()), &scene.session, Origin::Monitor, ports.clock.now())
    }
}

impl Scene {
    /// The run that takes the rollout back, or asks whether to.
    fn rollback(&self) -> Option<&Run> {
        self.open.iter().find(|run| run.remedy.is_some())
    }
}

fn has_not_begun(run: &Run) -> bool {
    run.status == RunStatus::Queued && run.started_at.is_none()
}

/// The watch, knowing whether its rollout was taken back: whether the call that was to do it
/// has an answer, and a good one.
pub(super) async fn knowing_rollback(store: &dyn OrgStore, watch: Watch) -> Result<Watch, StoreError> {
    let Some(run) = watch.rollback.run.filter(|_| !watch.rollback.is_done) else { return Ok(watch) };
    let filter = EventFilter { run: Some(run), types: vec!["agent.tool_result".to_owned()], ..EventFilter::default() };
    let answers = store.list_events(watch.session, filter).await?;
    let is_good = |event: &Event| matches!(event.body, EventBody::AgentToolResult { is_error: false, .. });
    Ok(if answers.iter().any(is_good) { watch.taken_back() } else { watch })
}

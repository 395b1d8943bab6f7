//! Taking rollouts back: whether a project's way of doing it can work, who decides about it,
//! and when it is no longer in question.

use domain::monitor::{RollbackSpec, remedy};
use domain::run::{Run, RunStatus};
use domain::session::{Origin, Session};
use domain::turn::{Queued, call_off_queued, end_waiting, hand_over};
use domain::{Change, ChangeSet, EventBody, ProjectId};

use crate::error::Error;
use crate::sessions::unfinished;
use crate::{App, Ctx};

/// Whether the caller's word about the calls of a run counts.
///
/// # Errors
/// The run takes a rollout back, and somebody else is to decide about that.
pub(crate) fn check_decides(ctx: &Ctx, run: &Run) -> Result<(), Error> {
    match &run.remedy {
        Some(remedy) if !remedy.is_decided_by(ctx.member, ctx.role) => Err(Error::NotForYou(
            "only owners and those whom the project's rollback policy names as approvers may decide about this call",
        )),
        _ => Ok(()),
    }
}

impl App {
    /// What is wrong with how rollouts (of this project, or of all) are to be taken back, as
    /// far as that is known before one is: the field, and why.
    pub(crate) async fn rollback_fault(
        &self,
        ctx: &Ctx,
        project: Option<ProjectId>,
        spec: &RollbackSpec,
    ) -> Result<Option<(String, String)>, Error> {
        let store = self.store(ctx.org);
        for (index, approver) in spec.approvers.iter().enumerate() {
            let member = store.find_member(*approver).await?;
            if member.is_none_or(|member| member.removed_at.is_some()) {
                let rule = "must be a member of the organization".to_owned();
                return Ok(Some((format!("approvers[{index}]"), rule)));
            }
        }
        // Of all projects, each has tools of its own: what is missing is told when it is called.
        let (Some(name), Some(project)) = (&spec.tool, project) else { return Ok(None) };
        let tools = store.list_tools(Some(project)).await?;
        let Some(tool) = tools.iter().find(|tool| tool.http.name == *name) else {
            return Ok(Some(("tool".to_owned(), "names no tool of the project".to_owned())));
        };
        let misfit = spec.misfit(&tool.http.input_schema).unwrap_or_else(|bad| Some(bad.to_string()));
        Ok(misfit.map(|why| ("input".to_owned(), format!("does not fit the tool's schema: {why}"))))
    }

    /// What calls off an open rollback in this session; nothing if there is none, if its call
    /// is being made at this moment or may have been made, or if it is called off already.
    pub(crate) async fn void_rollback(&self, ctx: &Ctx, session: &Session, why: &str) -> Result<ChangeSet, Error> {
        let store = self.store(ctx.org);
        let mut changes = ChangeSet::default();
        let queued = store.list_queued_runs(session.id).await?;
        for run in queued.into_iter().filter(|run| run.remedy.is_some()) {
            changes = changes.and(self.drop_monitors(ctx, run, why).await?);
        }
        let active = match session.state.active_run {
            Some(active) => store.find_run(active).await?,
            None => None,
        };
        let Some(run) = active.filter(|run| run.remedy.is_some() && !run.is_in_doubt()) else {
            return Ok(changes);
        };
        let ended = match run.status {
            RunStatus::Waiting => self.end_waiting_rollback(ctx, session, why).await?,
            // Somebody has allowed it, and nobody has begun.
            RunStatus::Queued => self.interrupt_once(ctx, &run).await?,
            RunStatus::Running | RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => {
                ChangeSet::default()
            }
        };
        if ended.is_empty() {
            return Ok(changes);
        }
        let told = self.decide(ctx.now, |at| remedy::tell_void(&run, why, at));
        Ok(changes.and(told).and(ended))
    }

    /// What calls off all that the monitor has begun in a session and that waits there.
    pub(crate) async fn call_off_monitors(&self, ctx: &Ctx, session: &Session, why: &str) -> Result<ChangeSet, Error> {
        let mut changes = self.void_rollback(ctx, session, why).await?;
        for run in self.store(ctx.org).list_queued_runs(session.id).await? {
            if run.origin == Origin::Monitor && run.remedy.is_none() {
                changes = changes.and(self.drop_monitors(ctx, run, why).await?);
            }
        }
        Ok(changes)
    }

    async fn end_waiting_rollback(&self, ctx: &Ctx, session: &Session, why: &str) -> Result<ChangeSet, Error> {
        let unfinished = unfinished(&*self.store(ctx.org), session).await?;
        let Some(unfinished) = unfinished.filter(|unfinished| !unfinished.run.is_in_doubt()) else {
            return Ok(ChangeSet::default());
        };
        let mut state = session.state.clone();
        let ended = self.decide(ctx.now, |at| end_waiting(unfinished, &mut state, session.budget, why, at));
        Ok(ended.and(ChangeSet::of([Change::Release(session.id)])))
    }

    /// Has the worker that takes a run up end it, unless it is to already.
    async fn interrupt_once(&self, ctx: &Ctx, run: &Run) -> Result<ChangeSet, Error> {
        let inbox = self.store(ctx.org).list_inbox(run.id).await?;
        if inbox.iter().any(|item| item.body == EventBody::UserInterrupt {}) {
            return Ok(ChangeSet::default());
        }
        Ok(hand_over(run, vec![(self.fresh(), EventBody::UserInterrupt {})], ctx.now))
    }

    async fn drop_monitors(&self, ctx: &Ctx, run: Run, why: &str) -> Result<ChangeSet, Error> {
        let queued = Queued { inbox: self.store(ctx.org).list_inbox(run.id).await?, run };
        Ok(self.decide(ctx.now, |at| call_off_queued(queued, why, at)))
    }
}

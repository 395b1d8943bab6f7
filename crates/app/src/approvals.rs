//! Approvals of rollouts: asked when a rollout is reported, given and refused by people, and
//! waited for by pipelines.

use domain::approval::{Considered, Decision, Verdict};
use domain::audit::Actor;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::rollout::{Rollout, RolloutStatus, SAME_FOR, Source};
use domain::session::Session;
use domain::{ChangeSet, MemberId, SessionId};
use tokio::sync::broadcast::error::RecvError;

use crate::error::{Error, Refused};
use crate::{App, Ctx, ReportedRollout, TRIES};

/// Characters of what is said along with a decision.
const REASON_CHARS_MAX: usize = 2_000;

impl App {
    /// Decides about a rollout that waits for approval. Of several who decide at the same
    /// moment one is heard after the other, and nobody once it is decided.
    ///
    /// # Errors
    /// The rollout is not there or does not wait, the caller is none of its approvers or
    /// reported it themselves, the reason is too long, the scope is missing, or the store
    /// failed. The operator is nobody of the organization, and decides nothing.
    pub async fn decide_rollout(
        &self,
        ctx: &Ctx,
        name: &str,
        verdict: Verdict,
        reason: Option<String>,
    ) -> Result<ReportedRollout, Error> {
        ctx.require(Scope::ApprovalsDecide)?;
        let member = ctx.member.ok_or(Error::Forbidden { missing: None })?;
        if let Some(Made::Rollout { rollout }) = ctx.made_before() {
            return self.known_rollout(ctx, *rollout).await;
        }
        let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
            return Err(Error::invalid("reason", format!("must have at most {REASON_CHARS_MAX} characters")));
        }
        let (app, ctx, name) = (self.clone(), ctx.clone(), name.to_owned());
        self.to_the_end(async move { app.take_decision(&ctx, &name, member, verdict, reason).await }).await
    }

    /// A rollout, as soon as it does not wait for approval, or when `enough` is over.
    ///
    /// # Errors
    /// As [`App::find_rollout`]; also if the caller's key was stopped meanwhile.
    pub async fn wait_for_approval(
        &self,
        ctx: &Ctx,
        name: &str,
        enough: impl Future<Output = ()>,
    ) -> Result<ReportedRollout, Error> {
        let mut key = self.watch_key(ctx);
        // Listening begins before the look, so that nothing is missed in between.
        let mut changed = self.ports().feed.watch_rollouts();
        let mut enough = std::pin::pin!(enough);
        let mut found = self.find_rollout(ctx, name).await?;
        while found.rollout.is_asking() {
            tokio::select! {
                biased;
                fault = key.stopped() => return Err(Error::Unauthenticated(fault)),
                () = &mut enough => return self.find_rollout(ctx, name).await,
                other = changed.recv() => match other {
                    Ok(other) if other != found.rollout.id => continue,
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    // The feed lives as long as the operations do.
                    Err(RecvError::Closed) => return Err(Error::Draining),
                },
            }
            found = self.find_rollout(ctx, name).await?;
        }
        Ok(found)
    }

    /// The rollout, with what a report of it means for its approval.
    pub(crate) async fn considered(
        &self,
        ctx: &Ctx,
        mut rollout: Rollout,
        before: Option<&Rollout>,
    ) -> Result<Considered, Error> {
        rollout.reported_by(ctx.member);
        let rules = match rollout.status {
            RolloutStatus::Pending => self.store(ctx.org).list_approval_rules().await?,
            // Nobody is asked any more.
            _ => Vec::new(),
        };
        let zone = self.org(ctx).await?.zone();
        Ok(rollout.considered(before, &rules, &ctx.now.to_zoned(zone)))
    }

    /// What a new rollout means for the one before it that its pipeline reported of another
    /// commit: whatever was asked or said about that is worth nothing any more.
    pub(crate) async fn superseding(&self, ctx: &Ctx, new: &Rollout) -> Result<ChangeSet, Error> {
        let Some(source) = new.source.as_ref().filter(|source| source.commit.is_some()) else {
            return Ok(ChangeSet::default());
        };
        let of_any_commit = Source { commit: None, ..source.clone() };
        let since = ctx.now.saturating_sub(SAME_FOR).unwrap_or(domain::Timestamp::MIN);
        let found = self.store(ctx.org).find_same_rollout(new.project, &of_any_commit, since).await?;
        let Some(considered) = found.map(|before| before.superseded(ctx.now)).filter(|one| !one.is_nothing()) else {
            return Ok(ChangeSet::default());
        };
        self.write(ctx, &considered).await
    }

    async fn take_decision(
        &self,
        ctx: &Ctx,
        name: &str,
        member: MemberId,
        verdict: Verdict,
        reason: Option<String>,
    ) -> Result<ReportedRollout, Error> {
        let store = self.store(ctx.org);
        let person = store.find_member(member).await?.ok_or_else(|| Error::not_found(member))?;
        for _ in 0..TRIES {
            let rollout = self.named_rollout(ctx, name).await?;
            let (name, reason) = (person.name.clone(), reason.clone());
            let decision = Decision { member, name, role: ctx.role, verdict, reason };
            let considered = rollout.decided(decision, ctx.now).map_err(Refused::Decision)?;
            let rollout = considered.rollout.clone();
            let ctx = ctx.making(|| Made::Rollout { rollout: rollout.id });
            let changes = ctx.recording(self.write(&ctx, &considered).await?);
            if crate::commit_in_time(&*store, changes).await?.is_some() {
                return self.with_project(&ctx, rollout).await;
            }
        }
        Err(Error::contended("rollout"))
    }

    async fn write(&self, ctx: &Ctx, considered: &Considered) -> Result<ChangeSet, Error> {
        let open = self.open_session(ctx, considered.rollout.session).await?.map(|session| session.id);
        Ok(self.decide(ctx.now, |at| considered.changes(open, ctx.actor(), at)))
    }

    /// Where a rollout is told of, unless that takes nothing any more.
    pub(crate) async fn open_session(&self, ctx: &Ctx, id: SessionId) -> Result<Option<Session>, Error> {
        let found = self.store(ctx.org).find_session(id).await?;
        Ok(found.filter(|session| session.archived_at.is_none()))
    }

    /// What is told and recorded of a report, along with the report.
    pub(crate) fn told(&self, ctx: &Ctx, considered: &Considered, session: Option<SessionId>) -> ChangeSet {
        let actor: Actor = ctx.actor();
        self.decide(ctx.now, |at| considered.telling(session, actor, at))
    }
}

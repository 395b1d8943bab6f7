//! Approvals of rollouts: asked when a rollout is reported, given and refused by people, and
//! waited for by pipelines.

use std::sync::Arc;

use domain::approval::{Approval, Considered, Decision, DecisionRefusal, Verdict};
use domain::audit::Actor;
use domain::idempotency::Made;
use domain::key::Scope;
use domain::org::Member;
use domain::rollout::{Rollout, RolloutStatus};
use domain::session::Session;
use domain::{ChangeSet, MemberId, SessionId, Timestamp};
use tokio::sync::broadcast::error::RecvError;

use crate::error::{Error, Refused};
use crate::{App, Ctx, ReportedRollout, TRIES};

/// Characters of what is said along with a decision.
const REASON_CHARS_MAX: usize = 2_000;

/// What somebody says about a rollout.
#[derive(Debug, Clone)]
pub struct DecideRollout {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
    /// When that was asked which they saw. If something else is asked by now, nothing is
    /// decided.
    pub asked_at: Option<Timestamp>,
}

impl App {
    /// Decides about a rollout that waits for approval. Of several who decide at the same
    /// moment one is heard after the other, and nobody once it is decided.
    ///
    /// # Errors
    /// The rollout is not there or does not wait, was asked about anew since the caller looked,
    /// the caller is none of its approvers (any more) or reported it themselves, the reason is
    /// too long, the scope is missing, or the store failed. The operator is nobody of the
    /// organization, and decides nothing.
    pub async fn decide_rollout(&self, ctx: &Ctx, name: &str, said: DecideRollout) -> Result<ReportedRollout, Error> {
        ctx.require(Scope::ApprovalsDecide)?;
        let member = ctx.member.ok_or(Error::Forbidden { missing: None })?;
        if let Some(Made::Rollout { rollout }) = ctx.made_before() {
            return self.known_rollout(ctx, *rollout).await;
        }
        let reason = said.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
            return Err(Error::invalid("reason", format!("must have at most {REASON_CHARS_MAX} characters")));
        }
        let (app, ctx, name, said) = (self.clone(), ctx.clone(), name.to_owned(), DecideRollout { reason, ..said });
        self.to_the_end(async move { app.take_decision(&ctx, &name, member, said).await }).await
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
            RolloutStatus::Pending => self.judging_rules(ctx.org).await?,
            // Nobody is asked any more.
            _ => Arc::default(),
        };
        let zone = self.org(ctx).await?.zone();
        Ok(rollout.considered(before, &rules, &ctx.now.to_zoned(zone)))
    }

    /// What a new rollout means for the one before it, which its pipeline reported of another
    /// commit: whatever was asked or said about that is worth nothing any more.
    pub(crate) async fn superseding(&self, ctx: &Ctx, before: Rollout) -> Result<ChangeSet, Error> {
        let considered = before.superseded(ctx.now);
        if considered.is_nothing() {
            return Ok(ChangeSet::default());
        }
        self.write(ctx, &considered).await
    }

    async fn take_decision(
        &self,
        ctx: &Ctx,
        name: &str,
        member: MemberId,
        said: DecideRollout,
    ) -> Result<ReportedRollout, Error> {
        let store = self.store(ctx.org);
        let DecideRollout { verdict, reason, asked_at } = said;
        let mut seen = None;
        for _ in 0..TRIES {
            let person = self.deciding_member(ctx, member).await?;
            let rollout = self.named_rollout(ctx, name).await?;
            let question = rollout.approval.as_ref().map(Approval::question);
            let question = question.map(|(at, commit)| (at, commit.map(str::to_owned)));
            // A word about one question is none about the next, however soon that follows.
            if *seen.get_or_insert_with(|| question.clone()) != question {
                return Err(Refused::Decision(DecisionRefusal::AskedAnew).into());
            }
            let (name, role, reason) = (person.name, person.role, reason.clone());
            let decision = Decision { member, name, role, verdict, reason, asked_at };
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

    /// Who decides, as they are now: since the request began to arrive they may have been kept
    /// out, or have another role.
    async fn deciding_member(&self, ctx: &Ctx, member: MemberId) -> Result<Member, Error> {
        let person = self.store(ctx.org).find_member(member).await?;
        let may_decide = |person: &Member| person.is_active() && person.role.holds(Scope::ApprovalsDecide);
        person.filter(may_decide).ok_or(Error::Forbidden { missing: None })
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

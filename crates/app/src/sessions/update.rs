//! Changing what a session is.

use std::sync::Arc;

use domain::agent::{Agent, AgentSpec, Overrides};
use domain::budget::{self, AccountId, BudgetRefusal};
use domain::idempotency::Made;
use domain::key::Scope;
use domain::session::{Session, SessionAgent, SessionPatch};
use domain::turn;
use domain::{ChangeSet, Guard, SessionId};

use super::check_described;
use crate::agent_rules::check_served;
use crate::error::{Error, Faults, FieldError};
use crate::{App, Ctx, TRIES};

impl App {
    /// Changes a session's title, metadata, budget, or what its agent may call. One that its
    /// budget had stopped goes on when it is raised or removed. `change` is given the
    /// agent as it answers in the session, and asked again if somebody else was faster. What
    /// changes nothing is not told.
    ///
    /// # Errors
    /// The session is not there, archived, or (if the agent is to change) has a turn under
    /// way; a field breaks a rule; a scope is missing; or the store failed.
    pub async fn update_session(
        &self,
        ctx: &Ctx,
        id: SessionId,
        change: impl Fn(&AgentSpec) -> Result<SessionPatch, Error> + Send + Sync,
    ) -> Result<Session, Error> {
        ctx.require(Scope::SessionsWrite)?;
        if let Some(Made::Session { session }) = ctx.made_before() {
            return self.reachable_session(ctx, *session).await;
        }
        let ctx = &ctx.making(|| Made::Session { session: id });
        for _ in 0..TRIES {
            let session = self.reachable_session(ctx, id).await?;
            let agent = self.kept_agent(ctx, &session).await?;
            let answering = self.answering_agent(ctx, &session).await?;
            let mut patch = change(&answering.spec)?;
            self.settle_tools(ctx, &answering, &mut patch).await?;
            self.check_rebudget(ctx, &session, &answering, &patch).await?;
            let before = session.clone();
            let (next, mut changes) = self.decide(ctx.now, |at| session.update(patch, &agent, at))?;
            check_described(next.title.as_deref(), &next.metadata)?;
            let goes_on = next.budget != before.budget && before.is_stopped_by_its_budget();
            if goes_on {
                ctx.require(Scope::AgentsRun)?;
                changes = changes.and(self.continuation(ctx, &before, &answering));
            }
            if changes.is_empty() || self.commit_session(ctx, changes).await? {
                return if goes_on { self.reachable_session(ctx, id).await } else { Ok(next) };
            }
        }
        Err(Error::contended("session"))
    }

    /// What a session may spend is given when it is made, and stays above what it has spent.
    async fn check_rebudget(
        &self,
        ctx: &Ctx,
        session: &Session,
        answering: &Agent,
        patch: &SessionPatch,
    ) -> Result<(), Error> {
        let Some(next) = &patch.budget else { return Ok(()) };
        let mut faults = Faults::default();
        self.check_budget(next.as_ref(), &mut faults);
        faults.into_result()?;
        let account = self.store(ctx.org).find_account(AccountId::Session(session.id)).await?;
        let spent = account.map(|account| account.spent).unwrap_or_default();
        if let Err(refusal) = budget::check_change(session.budget.as_ref(), next.as_ref(), &spent) {
            let code = match refusal {
                BudgetRefusal::CreateOnly => "budget_create_only",
                BudgetRefusal::NotRaised(_) => "budget_not_raised",
            };
            return Err(Error::Invalid(vec![FieldError::new("budget", refusal.to_string()).code(code)]));
        }
        let mut faults = Faults::default();
        self.check_budgetable(ctx, next.as_ref(), &answering.spec.model, &mut faults).await?;
        faults.into_result()
    }

    /// A run without input, which goes on where the last one was stopped.
    fn continuation(&self, ctx: &Ctx, session: &Session, answering: &Agent) -> ChangeSet {
        let run = self.new_run(ctx, session, answering, Arc::default(), session.origin);
        let accepted = self.decide(ctx.now, |at| turn::accept(session, false, run, Vec::new(), None, at));
        // Another budget that is used up stops the run by its name, and not the raise.
        let ChangeSet { changes, .. } = accepted.changes;
        ChangeSet::of(changes).guarded(Guard::SessionFree { session: session.id, seq: session.state.seq })
    }

    /// The agent at the version the session keeps to, without the session's changes; the
    /// newest, if it keeps to none.
    async fn kept_agent(&self, ctx: &Ctx, session: &Session) -> Result<Agent, Error> {
        match &session.agent {
            SessionAgent::Pinned { agent, version, .. } => self.agent_version(ctx, *agent, *version).await,
            SessionAgent::Following { .. } => self.answering_agent(ctx, session).await,
        }
    }

    /// Seals the secrets of the tools that a patch brings, and checks what it makes of the
    /// agent by the rules of a new session.
    async fn settle_tools(&self, ctx: &Ctx, answering: &Agent, patch: &mut SessionPatch) -> Result<(), Error> {
        if !patch.concerns_agent() {
            return Ok(());
        }
        let mut overrides =
            Overrides { tools: patch.tools.take(), mcp_servers: patch.mcp_servers.clone(), ..Overrides::default() };
        self.seal_overrides(ctx.org, answering, &mut overrides)?;
        self.check_overrides(ctx, answering, &overrides).await?;
        check_served(&overrides.apply(&Arc::clone(&answering.spec)))?;
        patch.tools = overrides.tools;
        Ok(())
    }

    /// Commits a change of a session, to the end; `false` if it came too late.
    pub(crate) async fn commit_session(&self, ctx: &Ctx, changes: ChangeSet) -> Result<bool, Error> {
        let (store, changes) = (self.store(ctx.org), ctx.recording(changes));
        self.to_the_end(async move { Ok(crate::commit_in_time(&*store, changes).await?.is_some()) }).await
    }
}
